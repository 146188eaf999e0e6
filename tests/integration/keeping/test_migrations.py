"""Every earlier schema, with data in it, becomes the present one; a fresh journal is all migrations in turn."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from sqlite_utils.db import Database

from lined.i18n.catalogues import catalogue
from lined.i18n.facts import in_words
from lined.i18n.shown import Clock
from lined.journal import Journal
from lined.journal.database import Connection, open_readonly, open_writable
from lined.journal.schema import migrations
from lined.journal.tables import serials
from lined.journal.views import queries, work_items
from tests.harness import line as bench
from tests.harness.line import OIL, Line
from tests.integration.keeping.filling import OUT_OF_DRAWER, contents, fill, shape, tables

BINDING = {"profile": "asl-belgisi", "url": "http://127.0.0.1:1", "tin": "307797292", "business_place_id": "27"}
NAMES = [migration.name for migration in migrations.pending(Database(memory=True))]


def journal_of(path: Path, version: int) -> Connection:
    """A journal as the first `version` migrations left it."""
    database = open_writable(path)
    migrations.apply(database, stop_before=NAMES[version] if version < len(NAMES) else None)
    applied = {row["name"] for row in database["_sqlite_migrations"].rows}
    assert applied == set(NAMES[:version])
    return database.conn


def test_there_are_earlier_schemas_to_come_from() -> None:
    assert len(NAMES) >= 2
    assert sorted(NAMES) == NAMES, "migrations are applied in another order than they are numbered in"


@pytest.mark.parametrize("version", range(1, len(NAMES)), ids=NAMES[1:])
async def test_a_journal_of_each_earlier_schema_opens_with_all_its_data(tmp_path: Path, version: int) -> None:
    path = tmp_path / "line.db"
    old = journal_of(path, version)
    fill(old)
    if "account" in tables(old):
        old.execute(f"UPDATE account SET {', '.join(f'{key} = :{key}' for key in BINDING)}", BINDING)
    before = contents(old)
    old.close()
    fresh = journal_of(tmp_path / "fresh.db", len(NAMES))
    journal = Journal(path)
    await journal.open(BINDING, [])
    await journal.close()
    now = open_readonly(path)
    assert shape(now) == shape(fresh), "it is not what a fresh journal is"
    after = contents(now)
    if before.pop("meta", None):
        for question, expected in OUT_OF_DRAWER.items():
            assert now.execute(question).fetchall() == expected
    if age := before.pop("age", None):  # its commits rise with each opening
        assert after["age"][0]["journal"] == age[0]["journal"]
    for roll in before.get("roll", []):  # counted anew, of the codes that stand in `code`
        del roll["seen"]
    for table, rows in before.items():
        kept = [{name: row[name] for name in rows[0]} for row in after[table]]
        missing = [row for row in rows if row not in kept]
        assert not missing, f"{table} has lost or changed {missing}"
    assert not now.execute("PRAGMA foreign_key_check").fetchall()
    now.close()
    fresh.close()


async def test_sums_that_came_later_are_made_of_those_that_were_counted(tmp_path: Path) -> None:
    """Codes ever applied, and what was read before stations were told apart."""
    path = tmp_path / "line.db"
    old = journal_of(path, NAMES.index("m003_alarms"))
    counted = {"code.accepted": 5, "code.unreported": 2, "read.accepted": 7, "reason.duplicate": 1}
    for job in (1, 2):
        old.executemany(
            "INSERT INTO counter (job_id, name, n) VALUES (?, ?, ?)",
            [(job, key, n * job) for key, n in counted.items()],
        )
    old.close()
    journal = Journal(path)
    await journal.open(BINDING, [])
    await journal.close()
    now = open_readonly(path)
    for job in (1, 2):
        found = dict(now.execute("SELECT name, n FROM counter WHERE job_id = ?", (job,)).fetchall())
        assert {key: found[key] for key in counted} == {key: n * job for key, n in counted.items()}
        assert (found["code.applied"], found["station..read.accepted"]) == (7 * job, 7 * job)
        assert found["station..reason.duplicate"] == job
    now.close()


async def test_what_groups_tasks_and_the_code_to_blame_come_out_of_old_reasons(tmp_path: Path) -> None:
    path = tmp_path / "line.db"
    old = journal_of(path, NAMES.index("m014_task_words"))
    box, code = "00030779729200000084", "010478001234567021:x; y"
    for kind, reason in (
        ("refused-code", "already-aggregated"),
        ("package-holds-refused", f"already-aggregated: {code.replace(' ', '')}"),
        ("package-holds-refused", f"100: not yours: {box}"),
        ("refused-package", f"already-aggregated: {box}"),
        ("ejected-reported", "ejected after low-grade at quality"),
    ):
        old.execute("INSERT INTO task (kind, reason, created_ms) VALUES (?, ?, 0)", (kind, reason))
    old.close()
    journal = Journal(path)
    await journal.open(BINDING, [])
    found, _ = await journal.read(work_items.tasks)
    await journal.close()
    assert [(one.reason, one.about, one.word) for one in found[::-1]] == [
        ("already-aggregated", None, "already-aggregated"),
        ("already-aggregated", code.replace(" ", ""), "already-aggregated"),
        ("100: not yours", box, "100"),
        (f"already-aggregated: {box}", None, "already-aggregated"),
        ("ejected after low-grade at quality", None, "ejected after low-grade at quality"),
    ]
    assert found[2].whole_reason == f"100: not yours: {box}"


async def test_a_migration_that_fails_leaves_the_schema_it_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "line.db"
    old = journal_of(path, 1)
    fill(old)
    before = contents(old)
    old.execute("CREATE TABLE package (id INTEGER)")  # in the way of the second
    old.close()
    with pytest.raises(Exception, match="package"):
        await Journal(path).open(BINDING, [])
    now = open_readonly(path)
    after = contents(now)
    now.close()
    assert {table: after[table] for table in before} == before


JOURNALS = Path(__file__).parent / "journals"


@pytest.mark.parametrize(("name", "packages"), [("first", []), ("0.1.0", [("closed", 3), ("closed", 1)])])
async def test_a_journal_that_an_earlier_program_wrote_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, packages: list[tuple[str, int]]
) -> None:
    """Files as they were left by the program of the first schema, and by the one released as 0.1.0."""
    monkeypatch.setitem(bench.BINDING, "url", "http://127.0.0.1:1")  # the account that they belong to
    path = tmp_path / "j.db"
    path.write_bytes(gzip.decompress((JOURNALS / f"{name}.db.gz").read_bytes()))
    async with Line(path) as line:
        assert line.journal.was_clean
        story = await line.journal.read(queries.report_story, 1)
        whys = [event.why for event in story.events] if story is not None else []
        assert whys == ["first code", "command", "its turn", "the answer was lost"]
        for say in (catalogue("uz").gettext, catalogue("ru").gettext):
            assert [in_words(why, say, Clock("Asia/Tashkent")) for why in whys] == whys, "shown as they came"
        sums = await line.sums()
        assert (sums["code.applied"], sums["reason.duplicate"], sums["read.no-read"]) == (15, 1, 1)
        assert [report.state for report in await line.reports()][:2] == ["in_doubt", "open"]
        codes = [f"01{OIL}21serial{serial:07d}\x1d93abcd" for serial in (0, 20, 20)]
        known = "unknown-code" if packages else "duplicate"  # the later one has a pool in which only one code is
        assert await line.words("cam-1", *codes) == [known, "accept", "duplicate"]
        if packages:
            rows = await line.journal.read(
                lambda c: c.execute("SELECT state, holds FROM package ORDER BY id").fetchall()
            )
            assert [tuple(row) for row in rows] == packages
            assert await line.journal.read(serials.all_of) == {"0307797292": 3}
