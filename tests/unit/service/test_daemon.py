"""How the daemon ends when something goes wrong that nobody thought of."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from lined.config import load
from lined.journal import Journal
from lined.service import Service, assembly
from lined.vocabulary.errors import JournalBroken, NotSent, SettingsError

CONFIG = Path(__file__).parents[3] / "config" / "minimal.toml"


@pytest.mark.parametrize(
    ("surprise", "code"),
    [
        (RuntimeError("nobody thought of this"), 1),
        (NotSent("a failure of ours"), 1),
        (SettingsError([]), 78),
        (JournalBroken("input/output error"), 74),
    ],
)
async def test_whatever_ends_the_daemon_it_has_an_exit_code_and_the_journal_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, surprise: Exception, code: int
) -> None:
    file = tmp_path / "line.toml"
    file.write_text(CONFIG.read_text("utf-8").replace("tcp://10.0.0.21:9004", "tcp-listen://127.0.0.1:0"), "utf-8")
    (tmp_path / "api-key").write_text("key")
    (tmp_path / "api-key").chmod(0o600)
    service = Service(load(file))

    async def outward(_: asyncio.TaskGroup) -> None:
        raise surprise

    monkeypatch.setattr(service, "_start_outward", outward)
    async with asyncio.timeout(60):
        assert await service.run() == code
    again = Journal(service.config.journal.path)
    await again.open(assembly.binding_of(service.config), [])  # nobody holds its lock
    assert again.was_clean
    await again.close()
