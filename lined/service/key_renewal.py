"""Replacing the API key by command (API 1.21.1 §2.1.5): the regulator gives a new one and ends the old one at once.

Nothing is asked before it is certain that the answer can be stored; the new key has replaced the old one in its file,
synced, before anything is asked with it; and no connection that goes away, no time-out of whoever asked, cuts a renewal
short. It is only done by command: other programs with the same key are locked out by it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import structlog

from lined.config import Secret
from lined.journal import Journal
from lined.journal.files import sync_folder
from lined.journal.tables.commands import Command, earlier, once
from lined.regulator.client import Regulator
from lined.regulator.credentials import NewKey
from lined.vocabulary.errors import Conflict, NotNow, NotSent, OutcomeUnknown, Refused, clause

log = structlog.get_logger()

NAME = "key-renew"
BESIDE = ".new"  # the new key before it takes the file's place


class KeyFile:
    """The file of the API key; `secret` None where there is none (a technical user)."""

    def __init__(self, secret: Secret | None) -> None:
        self._secret = secret

    def prove(self) -> None:
        """Raises CommandError 409 where a new key could not be stored."""
        if self._secret is None:
            raise Conflict("not-allowed", "A technical user has a password, no API key.")
        try:
            self._write("")
            self._beside().unlink()
        except OSError as error:
            raise Conflict(
                "key-not-writable",
                f"{self._secret.name} cannot be replaced here ({error.strerror}), so nothing was asked: make a new key "
                "in the personal account and put it there.",
            ) from None

    async def store(self, new: NewKey) -> None:
        """Put the key in its file. Durable when it returns. Raises OSError."""
        await asyncio.to_thread(self._replace, new.api_key)

    def _replace(self, key: str) -> None:
        self._write(f"{key}\n")
        self._beside().replace(self._path())
        sync_folder(self._path().parent)

    def _write(self, text: str) -> None:
        beside = self._beside()
        beside.unlink(missing_ok=True)
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(OSError):  # as readable as the old one, where we may say so
            shutil.copymode(self._path(), beside)

    def _path(self) -> Path:
        path = None if self._secret is None or self._secret.is_credential else self._secret.path
        if path is None:
            raise OSError(0, "systemd hands it over, and only reads it")
        return path.resolve()  # a link keeps leading to the key

    def _beside(self) -> Path:
        path = self._path()
        return path.with_name(path.name + BESIDE)


class KeyRenewal:
    """`renew` is an operation of the endpoint; `finish` is called at the end of the program."""

    def __init__(self, regulator: Regulator, file: KeyFile, journal: Journal, wall_ms: Callable[[], int]) -> None:
        self._regulator = regulator
        self._file = file
        self._journal = journal
        self._wall_ms = wall_ms
        self._task: asyncio.Task[dict[str, Any]] | None = None

    async def renew(self, body: Mapping[str, Any], *, command_id: str = "", by: str = "") -> dict[str, Any]:
        """A new key. Durable when answered; once for each id. Raises CommandError, JournalError."""
        command = Command(command_id, by, NAME, dict(body), self._wall_ms())
        if self._task is not None and not self._task.done():
            raise Conflict("renewing", "The key is being renewed already: look at `lined status` in a minute.")
        self._task = asyncio.create_task(self._renew(command), name="key renewal")
        self._task.add_done_callback(_retrieve)
        return await asyncio.shield(self._task)

    async def finish(self, patience_s: float) -> None:
        """Wait so long for a renewal under way: a key that is not stored is lost with the program."""
        if self._task is not None and not self._task.done():
            await asyncio.wait({self._task}, timeout=patience_s)

    async def _renew(self, command: Command) -> dict[str, Any]:
        answered: dict[str, Any] | None = await self._journal.read(earlier, command)
        if answered is not None:
            return answered
        await asyncio.to_thread(self._file.prove)
        try:
            new = await self._regulator.refresh_api_key()
        except NotSent as error:
            raise NotNow("not-renewed", f"Not done: {error}") from error
        except Refused as error:
            raise Conflict("refused", f"The regulator refuses to renew the key: {error}") from error
        except OutcomeUnknown as error:
            raise NotNow(
                "outcome-unknown",
                f"Whether the key was renewed is unknown: {clause(error)}. If the regulator refuses the old one from "
                "now on, make a new key in the personal account and put it in the file.",
            ) from error
        log.info("api_key_renewed", by=command.by, id=new.id, expires_on=str(new.expires_on))
        answer = {"key_id": new.id, "expires_ms": new.expires_on and int(new.expires_on.timestamp() * 1000)}
        found: dict[str, Any] = await self._journal.do(lambda connection: once(connection, command, lambda: answer))
        return found


def _retrieve(task: asyncio.Task[dict[str, Any]]) -> None:
    """Whoever asked may have gone away: what became of it is in the log all the same."""
    if not task.cancelled() and task.exception() is not None:
        log.warning("api_key_not_renewed", error=str(task.exception()))
