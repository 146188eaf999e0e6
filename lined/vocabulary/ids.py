"""Ids of rows as the outside has them: opaque texts, which are the numbers of rows."""

from __future__ import annotations

import re

_NUMBER = re.compile("[0-9]{1,18}")  # SQLite's numbers have 63 bits


def row_number(text: str) -> int | None:
    """The row's number; None for what can be none."""
    return int(text) if _NUMBER.fullmatch(text) else None
