"""A damaged journal: set aside whole, never deleted. Damage to old data must never block new production."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import structlog

from lined.journal.age import age_in
from lined.journal.care.backup import integrity, newest
from lined.journal.care.takeover import DAMAGE, LOST, OLDER, Gap, newest_ms, note_older, take_over
from lined.journal.database import SqliteError, open_main
from lined.journal.files import beside, move_whole
from lined.journal.tables import age
from lined.journal.tables.age import Age
from lined.vocabulary.errors import JournalDamaged, JournalLost

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


def replace_lost(journal: Path, backups: Path, at_ms: int, error: JournalLost) -> Gap:
    """Put the newest backup in the place of a journal that is gone. Raises `error` where there is none: an empty one
    would take every code of the lost one for new.
    """
    backup = newest(journal, backups)
    if backup is None:
        raise error
    return begin_anew(journal, backup, at_ms)


def begin_anew(journal: Path, backup: Path | None, at_ms: int) -> Gap:
    """The backup, or nothing known at all, in the place of a journal that is gone."""
    suspect(journal, "being replaced")
    set_aside(journal, at_ms, "lost")  # what lies beside it
    gap = take_over(journal, backup, why=LOST, aside=None, at_ms=at_ms)
    clear_suspicion(journal)
    return gap


def replace_older(journal: Path, backups: Path, at_ms: int) -> Gap:
    """The journal that stands here goes on, with nothing sent before a person confirms; where it is not sound, as
    `replace_damaged`.
    """
    suspect(journal, "being noted as older")
    try:
        gap = note_older(journal, at_ms)
    except (JournalDamaged, SqliteError) as error:
        log.critical("older_journal_damaged", path=str(journal), error=str(error))
        return replace_damaged(journal, backups, at_ms)
    clear_suspicion(journal)
    return gap


def replace_spliced(journal: Path, backups: Path, at_ms: int) -> Gap:
    """Main file and WAL are set aside together. The main file alone takes over, where it is sound and no backup is
    newer; else as `replace_damaged`.
    """
    suspect(journal, "being replaced")
    aside = set_aside(journal, at_ms)
    backup = newest(journal, backups)
    alone = _sound_alone(aside)
    found = age_in(backup) if backup is not None else None
    if alone is not None and (found is None or found.name != alone.age.name or found.commits <= alone.age.commits):
        gap = take_over(journal, aside, why=OLDER, aside=aside, at_ms=at_ms, since_ms=alone.newest_ms)
    else:
        gap = take_over(journal, backup, why=DAMAGE, aside=aside, at_ms=at_ms)
    clear_suspicion(journal)
    return gap


class _Alone(NamedTuple):
    age: Age
    newest_ms: int


def _sound_alone(main: Path) -> _Alone | None:
    """A main file without its WAL, which may have been caught in the middle of a checkpoint."""
    try:
        with open_main(main) as connection:
            found = age.of(connection)
            return None if found is None or integrity(connection) else _Alone(found, newest_ms(connection))
    except SqliteError:
        return None


def refuse_half_replaced(journal: Path) -> None:
    """Raises JournalDamaged where a replacement was interrupted: the old file is away, the new one not there."""
    if not journal.exists() and is_suspect(journal):
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
