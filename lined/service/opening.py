"""Opening the journal, whatever state it is in: a damaged one is set aside and production goes on in a new one."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import structlog

from lined.config import Config
from lined.journal import Journal
from lined.journal.age import age_in
from lined.journal.care import damage
from lined.journal.care.backup import newest
from lined.journal.journal import take_lock
from lined.journal.tables.age import Age
from lined.service import assembly
from lined.vocabulary.errors import JournalBroken, JournalDamaged, JournalLost, JournalOlder, JournalSpliced

log = structlog.get_logger()

BACKUP_S = 2.0  # for the folder of the backups, which may lie on another machine


async def open_journal(journal: Journal, config: Config, at_ms: int) -> dict[str, int]:
    """The number of each device. Raises as Journal.open; JournalDamaged only where the configuration says `stop`, or
    where the journal is gone and there is no backup.
    """
    binding, devices = assembly.binding_of(config), assembly.device_ids_of(config)
    return await opened(journal, binding, devices, backup_folder(config), config.journal.on_damage, at_ms)


async def opened(
    journal: Journal,
    binding: Mapping[str, str],
    devices: Sequence[str],
    backups: Path,
    on_damage: str,
    at_ms: int,
) -> dict[str, int]:
    """As `open_journal`, for whoever has no configuration."""
    backup = await _newest_age(journal.path, backups)
    try:
        damage.refuse_half_replaced(journal.path)
        return await journal.open(binding, devices, backup)
    except JournalDamaged as error:
        found = error
        log.critical("journal_damaged", path=str(journal.path), error=str(error), on_damage=on_damage)
        if on_damage == "stop" and not isinstance(error, JournalOlder):
            if type(error) is JournalDamaged:
                damage.suspect(journal.path, str(error))
            raise
    journal.on_start(f"another journal takes the place of one that is {_word(found)}")
    await asyncio.to_thread(_replace, journal.path, backups, at_ms, found)
    return await journal.open(binding, devices)


async def _newest_age(path: Path, backups: Path) -> Age | None:
    """Of the newest backup; None where there is none, or where its folder does not answer in time."""

    def look() -> Age | None:
        found = newest(path, backups)
        return age_in(found) if found is not None else None

    try:
        async with asyncio.timeout(BACKUP_S):
            return await asyncio.to_thread(look)
    except (TimeoutError, OSError) as error:
        log.warning("newest_backup_not_seen", folder=str(backups), error=repr(error))
        return None


def _word(error: JournalDamaged) -> str:
    words = {JournalLost: "gone", JournalSpliced: "spliced", JournalOlder: "older than it should be"}
    return words.get(type(error), "damaged")


def _replace(path: Path, backups: Path, at_ms: int, error: JournalDamaged) -> None:
    lock = take_lock(path)
    try:
        if isinstance(error, JournalLost):
            damage.replace_lost(path, backups, at_ms, error)
        elif isinstance(error, JournalSpliced):
            damage.replace_spliced(path, backups, at_ms)
        elif isinstance(error, JournalOlder):
            damage.replace_older(path, backups, at_ms)
        else:
            damage.replace_damaged(path, backups, at_ms)
    finally:
        os.close(lock)


def backup_folder(config: Config) -> Path:
    """Where backups are made and looked for."""
    return config.journal.backup_folder or config.journal.path.resolve().parent


def note_damage(journal: Journal, group: BaseExceptionGroup[JournalBroken]) -> None:
    """The daemon ends because of its journal: where that is damaged, the next start looks at all of it."""
    found = group.subgroup(JournalDamaged)
    if found is not None or isinstance(journal.writer.broken, JournalDamaged):
        damage.suspect(journal.path, str(journal.writer.broken or found))
