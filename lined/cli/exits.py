"""Exit codes (docs/contract.md, Exit codes): 0 done, 1 it failed, 2 wrong usage, 74 the journal, 78 the settings.

3 and 4 are of `lined status` only: degraded, stopped.

74 and 78 are EX_IOERR and EX_CONFIG of sysexits.h; systemd does not restart after 78.
"""

from __future__ import annotations

import sys
from typing import Final

from lined.vocabulary.errors import (
    CallError,
    JournalBound,
    JournalBroken,
    JournalFull,
    JournalNewer,
    LinedError,
    SettingsError,
)

DONE: Final = 0
FAILED: Final = 1
USAGE: Final = 2
DEGRADED: Final = 3
STOPPED: Final = 4
JOURNAL: Final = 74
SETTINGS: Final = 78


def code_of(error: LinedError) -> int:
    if isinstance(error, SettingsError | JournalBound):
        return SETTINGS
    if isinstance(error, JournalBroken | JournalFull | JournalNewer):
        return JOURNAL
    if isinstance(error, CallError):
        return USAGE
    return FAILED


def tell(error: LinedError) -> None:
    """Say on stderr what is wrong: one line a problem where there are several."""
    problems = error.problems if isinstance(error, SettingsError | JournalBound | CallError) else []
    lines = [f"{problem.path}: {problem.message}" for problem in problems]
    if not lines or isinstance(error, CallError):
        lines.insert(0, str(error))
    for line in lines:
        print(f"lined: {line}", file=sys.stderr)  # noqa: T201 - the process's last words
