"""What moves to the archive is still read, and what is decided with never moves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from lined.journal import Journal
from lined.journal.care import archive
from lined.journal.care.keeping import Keeping, KeepingRules
from lined.journal.database import Connection
from lined.journal.tables import codes, counters, reports
from lined.journal.views import queries, stories

BINDING = {"profile": "asl-belgisi", "url": "http://127.0.0.1:1", "tin": "307797292", "business_place_id": "27"}
DAY_MS = 24 * 3600 * 1000
NOW_MS = 1_790_000_000_000  # September 2026
OLD_MS = NOW_MS - 200 * DAY_MS
LAST_YEAR_MS = NOW_MS - 400 * DAY_MS


@asynccontextmanager
async def kept(tmp_path: Path) -> AsyncIterator[tuple[Journal, Keeping]]:
    journal = Journal(tmp_path / "line.db")
    await journal.open(BINDING, ["cam-1"])
    try:
        async with Keeping(journal, KeepingRules(tmp_path), lambda: NOW_MS) as keeping:
            yield journal, keeping
    finally:
        await journal.close()


def finished_report(connection: Connection, at_ms: int, ident: str) -> int:
    """A report with one code, a duplicate read of it, a rejected read, a grade, a body; finished at that moment."""
    connection.execute(
        "INSERT OR IGNORE INTO job (id, gtin, product, mode, attributes, started_ms) "
        "VALUES (1, 'g', '{}', 'normal', '{}', 1)"
    )
    code_id = codes.last_id(connection) + 1
    report_id = reports.open_batch(
        connection, kind="utilisation", job_id=1, attributes={}, day=None, first_code=code_id, at_ms=at_ms, early=False
    )
    codes.insert(connection, [(code_id, ident, "tail", at_ms, 1, 1, report_id)])
    reports.change(connection, report_id, codes=1)
    connection.executemany(
        "INSERT INTO read (at_ms, device_no, job_id, verdict, code_id, raw) VALUES (?, 1, 1, ?, ?, ?)",
        [(at_ms, "duplicate", code_id, None), (at_ms, "malformed", None, b"?")],
    )
    connection.execute(
        "INSERT INTO grade (ident, at_ms, device_no, job_id, verdict) VALUES (?, ?, 1, 1, 'accept')", (ident, at_ms)
    )
    connection.execute("INSERT INTO body (report_id, packed) VALUES (?, ?)", (report_id, ident.encode()))
    for state in ("sealed", "sending", "submitted", "succeeded"):
        reports.move(connection, report_id, state, at_ms, "test")
    counters.add(connection, 1, {"read.accepted": 1, "read.rejected": 2})
    return report_id


async def test_old_rows_move_and_are_still_read_and_the_sums_and_duplicates_stay(tmp_path: Path) -> None:
    async with kept(tmp_path) as (journal, keeping):
        moments = {"last-year": LAST_YEAR_MS, "old": OLD_MS, "new": NOW_MS}
        numbers = {
            name: await journal.do(partial(finished_report, at_ms=at, ident=name)) for name, at in moments.items()
        }
        sums = await journal.read(queries.sums)
        told = {name: await journal.read(stories.code_story, name) for name in moments}
        histories = {name: await journal.read(queries.report_story, numbers[name]) for name in moments}
        assert await keeping.archive() == 2 * (2 + 1 + 5 + 1)
        assert sorted(path.name for path in archive.archives(journal.path)) == [
            "line.db.archive-2025.db",
            "line.db.archive-2026.db",
        ]
        assert (await journal.read(queries.sums)).life == sums.life
        for name in moments:
            assert (await journal.read(codes.find, [name]))[name].id
            assert await journal.read(stories.code_story, name) == told[name]
            assert await journal.read(queries.report_story, numbers[name]) == histories[name]
        assert await journal.read(archive.body_of, numbers["old"]) == b"old"
        left = await journal.read(
            lambda c: [c.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in archive.TABLES]
        )
        assert left == [2, 1, 5, 1]
        assert await keeping.archive() == 0


async def test_sums_by_the_minute_go_at_that_age_and_the_sums_of_the_journals_life_stay(tmp_path: Path) -> None:
    async with kept(tmp_path) as (journal, keeping):
        for minute in range(3 * archive.STEP_ROWS):
            at_ms = OLD_MS + minute * counters.MINUTE_MS
            await journal.do(partial(counters.add_in_time, job_id=1, changes={"station.a.triggers": 2}, at_ms=at_ms))
        await journal.do(partial(counters.add_in_time, job_id=1, changes={"station.a.triggers": 5}, at_ms=NOW_MS))
        await keeping.archive()
        assert await journal.read(counters.between, 0, NOW_MS + 1) == {"station.a.triggers": 5}
        assert (await journal.read(counters.of_job))["station.a.triggers"] == 2 * 3 * archive.STEP_ROWS + 5


async def test_what_is_not_finished_stays_however_old(tmp_path: Path) -> None:
    async with kept(tmp_path) as (journal, keeping):
        report = await journal.do(lambda c: finished_report(c, OLD_MS, "old"))
        await journal.do(lambda c: reports.change(c, report, state="held", final_ms=None))
        await journal.do(lambda c: finished_report(c, NOW_MS, "new"))
        await keeping.archive()
        story = await journal.read(queries.report_story, report)
        assert story is not None
        assert len(story.events) == 5
        assert await journal.read(lambda c: c.execute("SELECT count(*) FROM body").fetchone()[0]) == 2


async def test_a_crash_between_archive_and_journal_leaves_nothing_twice_and_nothing_missing(tmp_path: Path) -> None:
    async with kept(tmp_path) as (journal, keeping):
        await journal.do(lambda c: finished_report(c, OLD_MS, "old"))
        await journal.do(lambda c: finished_report(c, NOW_MS, "new"))
        told = await journal.read(stories.code_story, "old")
        found = await journal.read(archive.old_rows, "read", NOW_MS - DAY_MS, -1)
        await asyncio.to_thread(archive.put, journal.path, found)  # and the power fails
        assert await journal.read(stories.code_story, "old") == told
        await keeping.archive()
        assert await journal.read(stories.code_story, "old") == told


async def test_numbers_are_not_given_twice_when_everything_is_old(tmp_path: Path) -> None:
    async with kept(tmp_path) as (journal, keeping):
        await journal.do(lambda c: finished_report(c, OLD_MS, "old"))
        newest = await journal.read(lambda c: c.execute("SELECT max(id) FROM read").fetchone()[0])
        await keeping.archive()
        await journal.do(lambda c: finished_report(c, NOW_MS, "new"))
        first = await journal.read(
            lambda c: c.execute("SELECT min(id) FROM read WHERE at_ms = ?", (NOW_MS,)).fetchone()[0]
        )
        assert first > newest


async def test_a_verdict_waits_for_one_small_step_of_archiving_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with kept(tmp_path) as (journal, keeping):
        rows = [(OLD_MS, 1, 1, "malformed", None, b"?")] * 3_000
        await journal.do(
            lambda c: c.executemany(
                "INSERT INTO read (at_ms, device_no, job_id, verdict, code_id, raw) VALUES (?, ?, ?, ?, ?, ?)", rows
            )
        )
        steps: list[int] = []
        drop = archive.drop

        def counted(connection: Connection, found: archive.Slice) -> None:
            steps.append(len(found.rows))
            drop(connection, found)

        monkeypatch.setattr(archive, "drop", counted)
        assert await keeping.archive() == 2_999
        assert max(steps) <= archive.STEP_ROWS
