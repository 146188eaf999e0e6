"""A finding of `lined doctor`."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Finding(NamedTuple):
    """`state`: `bad` stops or endangers the line, `warning` will, `note` could not be looked at. `do`: empty where
    all is well.
    """

    state: Literal["ok", "note", "warning", "bad"]
    what: str
    says: str
    do: str = ""
