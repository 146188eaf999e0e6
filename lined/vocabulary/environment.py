"""Environment variables that lined reads: this file alone asks for them, and what comes out is text that can be shown.

CREDENTIALS_DIRECTORY             where systemd has put credentials
NOTIFY_SOCKET, WATCHDOG_USEC,     sd_notify(3), sd_watchdog_enabled(3)
WATCHDOG_PID
LINED_CRASH_AT, LINED_LOOP_WATCH  for tests
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

NAMES = (
    "CREDENTIALS_DIRECTORY",
    "NOTIFY_SOCKET",
    "WATCHDOG_USEC",
    "WATCHDOG_PID",
    "LINED_CRASH_AT",
    "LINED_LOOP_WATCH",
)
LIBRARIES = ("COLUMNS", "LINES")
"""What libraries read as a number, and cannot bear otherwise."""

CHARACTERS_MAX = 1_000
_NUMBER = re.compile("[0-9]{1,15}")


def variable(name: str) -> str:
    """Its value; empty where it is not set, or is nothing that such a variable may be."""
    value = os.environ.get(name, "")
    return value if len(value) <= CHARACTERS_MAX and value.isprintable() else ""


def inherited(more: Mapping[str, str]) -> dict[str, str]:
    """What a process that this one starts gets: what this one has, and more."""
    return {**os.environ, **more}


def whole_number(name: str) -> int | None:
    """Its value, with at most 15 digits; None where it is anything else."""
    value = variable(name)
    return int(value) if _NUMBER.fullmatch(value) else None


def without_nonsense() -> None:
    """Unset what would only make a library fail. For the beginning of the process."""
    for name in LIBRARIES:
        if name in os.environ and not re.fullmatch("[0-9]{1,4}", os.environ[name]):
            del os.environ[name]
