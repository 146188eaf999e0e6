"""A damaged journal: set aside whole, never deleted. Damage to old data must never block new production."""

from __future__ import annotations

from pathlib import Path

import structlog

from lined.journal.care.backup import newest
from lined.journal.care.takeover import DAMAGE, Gap, take_over
from lined.journal.files import beside, move_whole
from lined.vocabulary.errors import JournalDamaged

log = structlog.get_logger()

SUSPECT = ".suspect"  # beside the journal: its next start looks at all of it, however large it is


def set_aside(journal: Path, at_ms: int, what: str = "damaged") -> Path:
    """Rename the journal and what belongs to it. Raises OSError."""
    aside = beside(journal, what, at_ms)
    move_whole(journal, aside)
    log.critical("journal_set_aside", path=str(aside))
    return aside


def replace_damaged(journal: Path, backups: Path, at_ms: int) -> Gap:
    """Set the journal aside and put the newest backup, or an empty journal, in its place. Raises JournalError, OSError.

    The suspicion is noted first and cleared last, so that a start after a crash in between goes on with it.
    """
    suspect(journal, "being replaced")
    aside = set_aside(journal, at_ms)
    gap = take_over(journal, newest(journal, backups), why=DAMAGE, aside=aside, at_ms=at_ms)
    clear_suspicion(journal)
    return gap


def refuse_half_replaced(journal: Path) -> None:
    """Raises JournalDamaged where a replacement was interrupted: the old file is away, the new one not there."""
    if not journal.exists() and (is_suspect(journal) or journal.with_name(journal.name + "-wal").exists()):
        raise JournalDamaged(f"{journal} was being replaced when the program ended")


def suspect(journal: Path, why: str) -> None:
    """Have the next start look at the whole file. Never raises: the disk may be what is wrong."""
    try:
        journal.with_name(journal.name + SUSPECT).write_text(why)
    except OSError as error:
        log.error("suspicion_not_noted", error=str(error))


def is_suspect(journal: Path) -> bool:
    return journal.with_name(journal.name + SUSPECT).exists()


def clear_suspicion(journal: Path) -> None:
    journal.with_name(journal.name + SUSPECT).unlink(missing_ok=True)
