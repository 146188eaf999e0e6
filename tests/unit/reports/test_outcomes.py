"""Outcomes of reports: each takes edges of the contract and no other, each edge is some outcome's, and one function
writes them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from lined.journal import outcomes
from lined.journal.care.takeover import Doubted, Gap
from lined.journal.database import Connection, open_writable
from lined.journal.outcomes import ReportOutcome, Sealed, SealedEmpty
from lined.journal.schema import migrations
from lined.journal.tables import reports
from lined.reports.outcomes import following, held, people, refusals, searching, sending
from lined.vocabulary.codes import CodeState
from lined.vocabulary.errors import Conflict, NotFound
from lined.vocabulary.facts import from_column
from lined.vocabulary.reports import FINAL, TRANSITIONS, ReportKind, ReportState

LINED = Path(__file__).parents[3] / "lined"
NOON = 1_795_942_800_000

SAMPLES: list[ReportOutcome] = [
    Sealed(reason="age", last_code=3),
    SealedEmpty(reason="age", last_code=3),
    Doubted(state="sending", gap=Gap("lost", 0, NOON, None, None)),
    sending.Emptied(),
    sending.Waits(problem="early", wait_ms=1),
    sending.Begun(attempt=1, since_ms=NOON),
    sending.Received(document_id="d", wait_ms=1),
    sending.NotReceived(problem="no", status=None, wait_ms=1, since_ms=None),
    sending.PutOff(problem="no", status=None, wait_ms=1, since_ms=None),
    sending.NoAnswer(error="no answer", wait_ms=1, unread=(413, 1)),
    sending.CutShort(wait_ms=1),
    sending.DefectWhileSending(wait_ms=1),
    sending.PerhapsEcho(refusal="refused", wait_ms=1),
    sending.OfAnother(document_id="d", owner=1),
    sending.Returned(),
    searching.Found(document_id="d"),
    searching.FoundEcho(document_id="d"),
    searching.FoundEarlier(document_id="d"),
    searching.Missed(missed_ms=NOON, unread=None),
    searching.MissedOnce(missed_ms=NOON, wait_ms=1),
    searching.EarlierMissed(missed_ms=NOON, wait_ms=1),
    searching.LookedFor(wait_ms=None),
    held.Held(problem="for a person"),
    held.HeldForDefect(defect="KeyError", times=3, wait_ms=1),
    following.Succeeded(status="SUCCESS"),
    following.Partial(own={CodeState.REFUSED: {"a": "bad"}, CodeState.REPORTED: {}}, wait_ms=1),
    following.Unlisted(left=2, wait_ms=1),
    following.NotFinal(status=None, wait_ms=1),
    following.StatusKnown(status="ERROR"),
    following.ReadOn(),
    following.NoList(problem="no list", wait_ms=1),
    following.NothingLearnt(problem="no answer", wait_ms=1),
    following.GivenUp(problem="24 h", status=None, wait_ms=1),
    following.Fits(codes=3),
    following.Misfit(problem="another's", before="b"),
    refusals.Refused(refusal="refused"),
    refusals.RefusedAgain(refusal="refused", named=1, left=2),
    refusals.RefusedNameless(refusal="refused"),
    people.SentAgain(by="", waits_for=None),
    people.Adopted(by="A. Karimov", document_id="d"),
    people.Released(by="A. Karimov", codes=CodeState.ACCEPTED, reason="seen in the cabinet"),
]


def every(kind: type[ReportOutcome] = ReportOutcome) -> Iterator[type[ReportOutcome]]:
    for one in kind.__subclasses__():
        yield one
        yield from every(one)


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    database = open_writable(tmp_path_factory.mktemp("journal") / "line.db")
    migrations.apply(database)
    database.conn.execute("INSERT INTO job (gtin, product, mode, attributes, started_ms) VALUES ('', '', '', '', 0)")
    yield database.conn
    database.conn.close()


def report_in(connection: Connection, state: ReportState) -> int:
    report_id = reports.open_batch(
        connection,
        kind=ReportKind.VALIDATION,
        job_id=1,
        attributes={},
        day=None,
        first_code=1,
        at_ms=NOON,
        early=False,
    )
    connection.execute("UPDATE report SET document_id = NULL")
    reports.change(connection, report_id, codes=3, state=state, problem="before")
    return report_id


def history(connection: Connection, report_id: int) -> list[tuple[str, str, str, str | None]]:
    rows = connection.execute(
        "SELECT before, after, why, evidence FROM report_event WHERE report_id = ? AND before IS NOT NULL", (report_id,)
    ).fetchall()
    return [(before, after, from_column(why), evidence) for before, after, why, evidence in rows]


def test_every_outcome_is_looked_at() -> None:
    assert set(every()) == {type(sample) for sample in SAMPLES}


@pytest.mark.parametrize("kind", list(every()), ids=lambda kind: kind.__name__)
def test_an_outcome_takes_edges_of_the_table_or_stays(kind: type[ReportOutcome]) -> None:
    assert kind.edges
    for before, after in kind.edges.items():
        assert after == before or after in TRANSITIONS[before], f"{before} → {after} has no reason"


def test_every_edge_of_the_table_is_taken_by_some_outcome() -> None:
    taken = {edge for kind in every() for edge in kind.edges.items()}
    assert {(before, after) for before, edges in TRANSITIONS.items() for after in edges} <= taken


@pytest.mark.parametrize("before", ReportState)
@pytest.mark.parametrize("outcome", SAMPLES, ids=lambda outcome: type(outcome).__name__)
def test_an_outcome_in_a_state_is_an_edge_or_is_refused(
    connection: Connection, outcome: ReportOutcome, before: ReportState
) -> None:
    report_id = report_in(connection, before)
    untouched = reports.get(connection, report_id)
    after = outcome.edges.get(before)
    if after is None:
        with pytest.raises(Conflict) as caught:
            outcomes.write(connection, report_id, outcome, NOON)
        assert caught.value.code == "wrong-state"
        assert reports.get(connection, report_id) == untouched
        assert history(connection, report_id) == []
        return
    assert untouched is not None
    assert "state" not in outcome.changes(untouched, NOON)
    assert outcomes.write(connection, report_id, outcome, NOON) == untouched
    row = reports.get(connection, report_id)
    assert row is not None
    assert row.state == after
    assert (row.final_ms == NOON) is (after in FINAL and after != before)
    assert len(outcome.why) > 2 if after != before else True
    assert history(connection, report_id) == ([(before, after, outcome.why, None)] if after != before else [])


@pytest.mark.parametrize("before", [ReportState.SENDING, ReportState.HELD])
def test_what_came_back_is_kept_with_an_outcome_that_moves_and_with_one_that_stays(
    connection: Connection, before: ReportState
) -> None:
    report_id = report_in(connection, before)
    outcomes.write(connection, report_id, refusals.RefusedNameless(refusal="refused", evidence="e"), NOON)
    row = reports.get(connection, report_id)
    assert row is not None
    assert (row.state, row.problem, row.evidence) == ("held", "refused", "e")


def test_an_outcome_of_a_report_that_is_not_there_is_refused(connection: Connection) -> None:
    with pytest.raises(NotFound):
        outcomes.write(connection, 10**9, sending.Emptied(), NOON)


def test_a_report_is_moved_in_one_place() -> None:
    """A state has one door: whoever learns or decides something hands over an outcome. Code orders have states, and a
    `move`, of their own.
    """
    moving = [
        str(path.relative_to(LINED))
        for path in sorted(LINED.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", getattr(node.func, "id", "")) == "move"
        and ast.unparse(node.func) != "code_orders.move"
        and path.name != "code_orders.py"
    ]
    assert moving == ["journal/outcomes.py"]


def test_nothing_else_writes_a_state() -> None:
    """`change` takes any column: none of its callers names that one."""
    naming = [
        f"{path.relative_to(LINED)}:{node.lineno}"
        for path in sorted(LINED.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "reports.change"
        and any(keyword.arg == "state" for keyword in node.keywords)
    ]
    assert naming == []
