"""When the journal is looked after: nothing that APScheduler drops in silence."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from lined.config import Config, load
from lined.journal import Journal
from lined.journal.care.backup import back_up
from lined.line.watch.defects import Defects
from lined.line.watch.problems import Problems
from lined.service import assembly, upkeep
from lined.service.upkeep import Upkeep
from tests.harness.daemon import configuration

NOW_MS = 1_790_000_000_000


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "api-key").write_text("key")
    settings = {"floor_bytes = 1_000_000": 'floor_bytes = 0\nbackup_at = "04:15"'}
    path = tmp_path / "lined.toml"
    path.write_text(configuration("http://127.0.0.1:1", [], 0, settings=settings))
    return load(path)


async def opened(config: Config) -> Journal:
    journal = Journal(config.journal.path)
    await journal.open(assembly.binding_of(config), [])
    return journal


def made(config: Config, journal: Journal, at_ms: int = NOW_MS) -> Upkeep:
    problems = Problems(lambda: at_ms)
    return Upkeep(config, journal, problems, lambda: at_ms, Defects(problems))


def test_each_job_has_grace_and_coalescing_and_the_line_s_time_zone_written_out(config: Config) -> None:
    scheduler = made(config, Journal(config.journal.path))._scheduler()
    jobs = {job.id: job for job in scheduler.get_jobs()}
    assert set(jobs) == {"backup", "check", "archive"}
    for job in jobs.values():
        assert job.misfire_grace_time == upkeep.GRACE_S
        assert job.coalesce
        assert job.max_instances == 1
        assert str(job.trigger.timezone) == config.line.timezone == "Asia/Tashkent"
    fields = {field.name: str(field) for field in jobs["backup"].trigger.fields}
    assert (fields["hour"], fields["minute"]) == ("4", "15")


async def run_until_backup(config: Config, journal: Journal, at_ms: int) -> list[Path]:
    """Run the upkeep until a backup is made, at most 3 s. The backups there are then."""
    task = asyncio.create_task(made(config, journal, at_ms).run())
    folder = config.journal.path.parent
    before = set(folder.glob("*.backup-*"))
    for _ in range(60):
        if {path for path in folder.glob("*.backup-*") if path.suffix != ".part"} - before:
            break
        await asyncio.sleep(0.05)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return [path for path in folder.glob("*.backup-*") if path.suffix != ".part"]


async def test_a_backup_that_was_missed_is_made_up_for(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "SETTLE_S", 0.05)
    journal = await opened(config)
    back_up(journal.path, journal.path.parent, NOW_MS - upkeep.OVERDUE_MS - 1)
    found = await run_until_backup(config, journal, NOW_MS)
    await journal.close()
    assert len(found) == 2


async def test_one_that_is_young_enough_is_left_alone(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "SETTLE_S", 0.05)
    journal = await opened(config)
    back_up(journal.path, journal.path.parent, NOW_MS - upkeep.OVERDUE_MS // 2)
    found = await run_until_backup(config, journal, NOW_MS)
    await journal.close()
    assert len(found) == 1


async def test_a_check_that_finds_damage_is_told_and_the_next_start_looks_at_everything(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lined.journal.care import damage, keeping

    journal = await opened(config)
    monkeypatch.setattr(keeping, "integrity", lambda *_: ["row 3 missing from index"])
    looking = made(config, journal)
    async with looking.keeping:
        assert await looking.keeping.check()
        looking._tell()
        told: list[Any] = looking._problems.all()
    await journal.close()
    assert [problem.kind for problem in told] == ["journal-damaged"]
    assert damage.is_suspect(config.journal.path)
