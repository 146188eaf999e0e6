"""Opening the journal, whatever state it is in: a damaged one is set aside and production goes on in a new one."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import structlog

from lined.config import Config
from lined.journal import Journal
from lined.journal.care import damage
from lined.journal.journal import take_lock
from lined.service import assembly
from lined.vocabulary.errors import JournalBroken, JournalDamaged

log = structlog.get_logger()


async def open_journal(journal: Journal, config: Config, at_ms: int) -> dict[str, int]:
    """The number of each device. Raises as Journal.open; JournalDamaged only where the configuration says `stop`."""
    binding, devices = assembly.binding_of(config), assembly.device_ids_of(config)
    try:
        damage.refuse_half_replaced(journal.path)
        return await journal.open(binding, devices)
    except JournalDamaged as error:
        log.critical("journal_damaged", path=str(journal.path), error=str(error), on_damage=config.journal.on_damage)
        if config.journal.on_damage == "stop":
            damage.suspect(journal.path, str(error))
            raise
    await asyncio.to_thread(_replace, journal.path, backup_folder(config), at_ms)
    return await journal.open(binding, devices)


def _replace(path: Path, backups: Path, at_ms: int) -> None:
    lock = take_lock(path)
    try:
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
