"""A new API key by command: in its file, synced, before anything is asked with it; nothing is asked where it could not
be stored.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import httpx
import pytest

from lined.config import Secret
from lined.journal import Journal
from lined.regulator import Account, Regulator
from lined.regulator.credentials import NewKey
from lined.sandbox import SandboxServer, SandboxSettings
from lined.service.key_renewal import BESIDE, KeyFile, KeyRenewal
from lined.vocabulary.errors import CommandError, Denied
from tests.harness.reporting import BINDING

MakeAccount = Callable[..., Account]
WAITS = {"read_timeout_s": 10.0, "exchange_timeout_s": 20.0}


class Bench:
    """A key in its file, a regulator that gave it, a journal that remembers commands."""

    def __init__(self, folder: Path, server: SandboxServer, journal: Journal, regulator: Regulator) -> None:
        self.file = folder / "api-key"
        self.server = server
        self.regulator = regulator
        self.key_file = KeyFile(Secret("regulator.api_key_file", str(self.file)))
        self.renewal = KeyRenewal(regulator, self.key_file, journal, lambda: 1)
        assert regulator._requester.key is not None
        self.key = regulator._requester.key
        self.key._on_new_secret = self.key_file.store

    async def fault(self, kind: str, **how: object) -> None:
        async with httpx.AsyncClient(base_url=self.server.url, trust_env=False) as control:
            path = "/public/api/v1/party/parties/307797292/api-keys/refresh"
            answer = await control.post("/sandbox/faults", json={"kind": kind, "path": path, **how})
            assert answer.status_code < 300, answer.text


Open = Callable[[], AbstractAsyncContextManager[Bench]]


@pytest.fixture
def bench(tmp_path: Path, account: MakeAccount) -> Open:
    @asynccontextmanager
    async def opened() -> AsyncIterator[Bench]:
        journal = Journal(tmp_path / "line.db")
        await journal.open(BINDING, [])
        file = tmp_path / "api-key"
        async with SandboxServer(SandboxSettings()) as server:
            file.write_text(server.credentials.api_key)
            who = account(server.url, api_key=file.read_text, **WAITS)
            async with Regulator(who) as regulator:
                try:
                    yield Bench(tmp_path, server, journal, regulator)
                finally:
                    await journal.close()

    return opened


async def test_the_new_key_stands_in_its_file_and_works(bench: Open) -> None:
    async with bench() as b:
        old = b.file.read_text()
        b.file.chmod(0o640)
        answer = await b.renewal.renew({}, command_id="c-1", by="Aziza")
        new = b.file.read_text().strip()
        assert new != old and new not in str(answer)
        assert b.file.stat().st_mode & 0o777 == 0o640
        assert not b.file.with_name(b.file.name + BESIDE).exists()
        assert b.regulator.credential_expires_at is not None
        assert int(b.regulator.credential_expires_at.timestamp() * 1000) == answer["expires_ms"]
        b.key._read_at = None  # as after a restart
        assert await b.regulator.document("none") is None
        assert await b.renewal.renew({}, command_id="c-1", by="Aziza") == answer
        assert b.file.read_text().strip() == new, "the same id was done again"


async def test_it_is_synced_then_takes_the_old_one_s_place_then_its_name_is_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing short of cutting the power shows a missing sync, so the order of the steps is looked at."""
    file, fsync = tmp_path / "api-key", os.fsync
    file.write_text("old\n")
    steps: list[tuple[str, str]] = []

    def noted(descriptor: int) -> None:
        synced = Path(f"/proc/self/fd/{descriptor}").readlink()
        holds = f" with {synced.read_text()!r}" if synced.is_file() else ""
        steps.append((f"{synced.name}{holds}", file.read_text()))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    await KeyFile(Secret("regulator.api_key_file", str(file))).store(NewKey("new", "1", None, ""))
    assert steps == [(f"api-key{BESIDE} with 'new\\n'", "old\n"), (tmp_path.name, "new\n")]


async def test_where_it_could_not_be_stored_nothing_is_asked(bench: Open, tmp_path: Path) -> None:
    async with bench() as b:
        old = b.file.read_text()
        (tmp_path / f"api-key{BESIDE}").mkdir()
        with pytest.raises(CommandError, match="nothing was asked") as caught:
            await b.renewal.renew({})
        assert caught.value.code == "key-not-writable"
        assert await b.regulator.document("none") is None
        assert b.file.read_text() == old


@pytest.mark.parametrize("secret", [None, Secret("regulator.api_key_file", "credential:api-key")])
async def test_a_technical_user_and_a_key_of_systemd_s_are_told_so(secret: Secret | None) -> None:
    with pytest.raises(CommandError, match="technical user" if secret is None else "nothing was asked"):
        KeyFile(secret).prove()


async def test_an_answer_that_is_lost_is_said_to_be(bench: Open) -> None:
    async with bench() as b:
        await b.fault("answer-lost")
        old = b.file.read_text()
        with pytest.raises(CommandError, match="unknown") as caught:
            await b.renewal.renew({})
        assert caught.value.code == "outcome-unknown"
        assert b.file.read_text() == old
        with pytest.raises(Denied):  # the old one is dead indeed
            await b.regulator.document("none")


async def test_whoever_asked_may_go_away(bench: Open) -> None:
    """A time-out of the endpoint, a connection that breaks: the answer of the regulator is stored all the same."""
    async with bench() as b:
        old = b.file.read_text()
        asking = asyncio.create_task(b.renewal.renew({}))
        while b.renewal._task is None:
            await asyncio.sleep(0)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        with pytest.raises(CommandError, match="already"):
            await b.renewal.renew({})
        await b.renewal.finish(20.0)
        assert b.file.read_text() != old
        assert await b.regulator.document("none") is None
