"""Answers for commands: from the running daemon, or from the journal itself where no daemon holds its lock."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lined.cli.daemon import NoDaemon, address_of, ask, command
from lined.vocabulary.errors import JournalBroken, JournalLocked, LinedError

if TYPE_CHECKING:
    from lined.config import Config
    from lined.journal.database import Connection


def loaded(path: Path) -> Config:
    """The configuration; secrets stay closed, since these commands need none. Raises SettingsError."""
    from lined.config import load

    return load(path, secrets=False)


def answered(config: Config, path: str, offline: Callable[[Connection], Any], **query: object) -> tuple[Any, bool]:
    """The answer, and whether the daemon gave it. Raises what `ask` does, and NoDaemon where neither can be asked."""
    try:
        return ask(config, path, **query), True
    except NoDaemon as nobody:
        with the_journal(config, nobody) as connection:
            return offline(connection), False


def done(config: Config, name: str, body: dict[str, object], by: str | None, subject: str = "") -> Any:
    """The answer of the running daemon to a command: nobody else may change the journal."""
    with a_daemon(config):
        return command(config, name, body, by, subject)


@contextmanager
def a_daemon(config: Config) -> Iterator[None]:
    """For what the running daemon alone can answer: where nothing answers, NoDaemon says what to do."""
    try:
        yield
    except NoDaemon as nobody:
        raise NoDaemon(
            f"The daemon is not running: {nobody}. Start it (lined run, or systemctl start lined@{config.line.id}), "
            "then say this again."
        ) from None


@contextmanager
def the_journal(config: Config, why: LinedError) -> Iterator[Connection]:
    """A read-only connection. Raises NoDaemon where there is no journal, JournalLocked where a daemon holds it,
    JournalBound and JournalNewer where it is not one that can be read.
    """
    from lined.journal.database import SqliteError, open_readonly, translated
    from lined.journal.ownership import check_ours

    path = config.journal.path.resolve()
    if not path.exists():
        raise NoDaemon(f"The daemon is not running ({why}), and there is no journal at {path} yet.")
    check_not_held(config)
    try:
        connection = open_readonly(path)
        try:
            check_ours(connection, path)
            yield connection
        finally:
            connection.close()
    except SqliteError as error:
        raise translated(error) or JournalBroken(f"{path} cannot be read: {error}") from error


def check_not_held(config: Config) -> None:
    """For who goes on where nothing answers. Raises JournalLocked: a daemon runs all the same."""
    path = config.journal.path.resolve()
    if is_held(path):
        raise JournalLocked(
            f"A daemon holds {path}, but nothing answers at {address_of(config)}: is it starting, or is its "
            "status.listen another one?"
        )


def is_held(journal: Path) -> bool:
    """Whether a process holds the journal's lock. It is let go at once: a daemon that starts now must get it."""
    try:
        descriptor = os.open(journal.with_name(journal.name + ".lock"), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise NoDaemon(
            f"{journal}.lock: {error.strerror}; run this as the user that the line runs as, or start the daemon"
        ) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False
