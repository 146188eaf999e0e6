"""Rows of reports and codes: the contract's edges and no other, and sums that move with every state."""

from __future__ import annotations

from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from lined.api.statuses import STATUS
from lined.codes import without_separators
from lined.journal.database import Connection
from lined.journal.tables import codes, counters, reports
from lined.journal.tables.codes import KnownCode
from lined.vocabulary.codes import CodeState
from lined.vocabulary.errors import CommandError
from lined.vocabulary.reports import CODES_OF, FINAL, TRANSITIONS, ReportKind, ReportState
from tests.harness.line import NOON, Line, ident, oil

# docs/contract.md, Reports. A batch whose codes were all withdrawn before it was sealed goes from open to void; what is
# held because it got no final status for 24 h is still looked at, so that it may get one.
CONTRACT = {
    "open": {"sealed", "void"},
    "sealed": {"sending", "held", "void"},
    "sending": {"submitted", "sealed", "in_doubt", "refused", "held"},
    "in_doubt": {"submitted", "sealed", "held"},
    "submitted": {"succeeded", "partial", "refused", "held"},
    "held": {"sealed", "submitted", "released", "succeeded", "partial", "refused"},
}
BUCKET_OF_STATE = {  # docs/contract.md, HTTP, `/status`
    "open": "unreported",
    "sealed": "unreported",
    "sending": "reported",
    "in_doubt": "reported",
    "submitted": "reported",
    "succeeded": "accepted",
    "partial": "accepted",
    "refused": "refused",
    "held": "held",
}


def test_the_states_and_their_edges_are_those_of_the_contract() -> None:
    assert {state: set(after) for state, after in TRANSITIONS.items()} == CONTRACT
    assert set(ReportState) == {*CONTRACT, *FINAL}
    assert {"succeeded", "partial", "refused", "released", "void"} == FINAL
    assert {state: CODES_OF[state] for state in BUCKET_OF_STATE} == BUCKET_OF_STATE


def a_batch(connection: Connection, state: str = "open") -> int:
    """A report with three codes of job 1, put into a state."""
    report_id = reports.open_batch(
        connection,
        kind=ReportKind.UTILISATION,
        job_id=1,
        attributes={},
        day=None,
        first_code=1,
        at_ms=NOON,
        early=False,
    )
    first = codes.last_id(connection) + 1
    codes.insert(connection, [(first + n, f"{report_id}-{n}", "t", NOON, 1, 1, report_id) for n in range(3)])
    reports.change(connection, report_id, codes=3, first_code=first, last_code=first + 2, state=state)
    counters.add(connection, 1, {f"code.{CODES_OF[state]}": 3})
    return report_id


def sums(connection: Connection, job_id: int = counters.LIFE) -> dict[str, int]:
    found = counters.of_job(connection, job_id)
    return {name: found[f"code.{name}"] for name in CodeState if found.get(f"code.{name}")}


@pytest.mark.parametrize("before", ReportState)
async def test_every_edge_moves_the_sums_and_every_other_is_refused(tmp_path: Path, before: str) -> None:
    async with Line(tmp_path / "j.db") as line:
        await line.job()

        def step(connection: Connection) -> None:
            for after in (*ReportState, "nonsense"):
                report_id = a_batch(connection, before)
                start = Counter(sums(connection))
                if after in CONTRACT.get(before, set()):
                    reports.move(connection, report_id, after, NOON, "why", evidence="e")
                    start.subtract({CODES_OF[before]: 3})
                    start.update({CODES_OF[after]: 3})
                    row = reports.get(connection, report_id)
                    assert row is not None
                    assert (row.state, row.final_ms) == (after, NOON if after in FINAL else None)
                    history = connection.execute(
                        "SELECT before, after, why, evidence FROM report_event WHERE report_id = ? ORDER BY id DESC",
                        (report_id,),
                    ).fetchone()
                    assert history == (before, after, "why", "e")
                else:
                    with pytest.raises(CommandError) as caught:
                        reports.move(connection, report_id, after, NOON, "why")
                    assert (STATUS[type(caught.value)], caught.value.code) == (409, "wrong-state")
                assert Counter(sums(connection)) == +start
                assert sums(connection) == sums(connection, 1)

        await line.read(step)


@pytest.mark.parametrize("released_as", ["unreported", "accepted", "refused"])
async def test_what_a_person_releases_counts_as_the_person_said(tmp_path: Path, released_as: str) -> None:
    async with Line(tmp_path / "j.db") as line:
        await line.job()

        def step(connection: Connection) -> None:
            report_id = a_batch(connection, "held")
            reports.move(connection, report_id, "released", NOON, "why", released_as=released_as)
            assert sums(connection) == {released_as: 3}
            known = codes.find(connection, [f"{report_id}-0"])[f"{report_id}-0"]
            assert codes.bucket_of(connection, known) == released_as

        await line.read(step)


async def test_a_code_with_a_state_of_its_own_leaves_the_batch_and_stays_behind(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        await line.job()

        def step(connection: Connection) -> None:
            report_id = a_batch(connection, "submitted")
            name = f"{report_id}-1"

            def known() -> KnownCode:
                return codes.find(connection, [name])[name]

            codes.set_own(connection, known(), "refused", NOON, detail="code-not-found")
            codes.set_own(connection, known(), "refused", NOON, detail="again")
            assert sums(connection) == {"reported": 2, "refused": 1}
            reports.move(connection, report_id, "partial", NOON, "why")
            assert sums(connection) == {"accepted": 2, "refused": 1}
            codes.set_own(connection, known(), "held", NOON, detail="by hand")
            assert sums(connection) == {"accepted": 2, "held": 1}
            row = reports.get(connection, report_id)
            assert row is not None
            assert row.codes == 2
            assert connection.execute("SELECT count(*) FROM code_event").fetchone()[0] == 2

        await line.read(step)


async def test_a_successor_takes_what_is_left_and_becomes_the_one_that_counts(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        await line.job()

        def step(connection: Connection) -> None:
            report_id = a_batch(connection, "submitted")
            name = f"{report_id}-1"
            codes.set_own(connection, codes.find(connection, [name])[name], "refused", NOON, detail="x")
            reports.move(connection, report_id, "refused", NOON, "why")
            ended = reports.get(connection, report_id)
            assert ended is not None
            heir = reports.successor(connection, ended, NOON, "the others go on", left=2)
            assert sums(connection) == {"unreported": 2, "refused": 1}
            now = reports.current_report(connection, report_id)
            assert now is not None
            assert (now.id, now.batch_id, now.codes, now.state) == (heir, report_id, 2, "sealed")
            codes.set_own(
                connection, codes.find(connection, [f"{report_id}-0"])[f"{report_id}-0"], "withdrawn", NOON, detail="x"
            )
            assert sums(connection) == {"unreported": 1, "refused": 1, "withdrawn": 1}
            counts = connection.execute("SELECT codes FROM report ORDER BY id").fetchall()
            assert counts == [(2,), (1,)]

        await line.read(step)


@pytest.mark.parametrize("many", [0, 1, 7, 8, 249, 250, 251, 700])
async def test_looking_up_codes_finds_exactly_those_that_are_known(tmp_path: Path, many: int) -> None:
    async with Line(tmp_path / "j.db") as line:
        await line.job()
        await line.words("cam-1", *[oil(n) for n in range(0, 700, 3)])
        found = await line.read(lambda c: codes.find(c, [ident(n) for n in range(many)]))
        assert set(found) == {ident(n) for n in range(0, many, 3)}
        assert all(known.tail == "\x1d93abcd" for known in found.values())


async def test_a_code_is_found_by_any_text_that_begins_with_it(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        await line.job()
        await line.words("cam-1", oil(1), oil(3))
        for text in (ident(1), oil(1), without_separators(oil(1))):
            found = await line.read(partial(codes.beginning, text=text))
            assert found is not None and found.ident == ident(1)
        for text in (ident(1)[:-1], oil(2), ident(0), ""):
            assert await line.read(partial(codes.beginning, text=text)) is None


async def test_counters_of_a_job_and_of_the_life_of_the_journal_add_up(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        for job in range(3):
            await line.job(replace=True)
            await line.words("cam-1", *[oil(10 * job + n) for n in range(job + 1)], "x")
        await line.line.do("job-stop", {})
        await line.word("cam-1", "y")
        assert [(await line.sums(job))["code.unreported"] for job in (1, 2, 3)] == [1, 2, 3]
        assert [(await line.sums(job))["reason.malformed"] for job in (0, 1, 2, 3)] == [4, 1, 1, 1]
        assert (await line.sums())["code.unreported"] == 6
