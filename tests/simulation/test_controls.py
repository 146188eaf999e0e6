"""Negative controls: each promise is broken on purpose, and some seed notices. A simulation that cannot fail proves
nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from lined.journal.database import Connection
from lined.journal.entries import Entry, Undone
from lined.journal.outcomes import ReportOutcome
from lined.journal.tables import report_events, reports, warnings
from lined.journal.views.true_time import Right, TrueTime
from lined.line.stations import applying
from lined.line.stations.transaction import Transaction
from lined.line.stations.verdicts import Verdict
from lined.regulator.answers import Document
from lined.regulator.budget import Bucket
from lined.reports.delivery import blame, dating, defective, follow
from lined.reports.delivery import search as doubt
from lined.reports.delivery import submit as submission
from lined.reports.delivery.ports import Ports
from lined.reports.delivery.rules import DeliveryRules
from lined.reports.kinds.kinds import Kind
from lined.reports.outcomes import searching
from lined.vocabulary.errors import JournalBroken, Place
from lined.vocabulary.reports import ReportState
from lined.vocabulary.verdicts import Decision
from tests.rows import reports_where
from tests.simulation import invariants, network, world
from tests.simulation.disk import InlineWriter
from tests.simulation.mistakes import Noted
from tests.simulation.run import Run, play, quiet

SEEDS = range(300)  # of which one has to notice

Break = Callable[[pytest.MonkeyPatch], None]


def send_again_without_looking_twice(patch: pytest.MonkeyPatch) -> None:
    """One miss is enough."""
    missed = searching._missed

    def once(report: reports.ReportRow, rules: DeliveryRules, now_ms: int) -> ReportOutcome:
        return missed(report._replace(misses=1, missed_ms=0), rules, now_ms)

    patch.setattr(searching, "_missed", once)


def count_a_failed_search_as_a_miss(patch: pytest.MonkeyPatch) -> None:
    look = doubt.Search.look

    async def deaf(self: doubt.Search, report: reports.ReportRow, *, standing: bool = False) -> searching.Look:
        found = await look(self, report, standing=standing)
        return found._replace(complete=True)

    patch.setattr(doubt.Search, "look", deaf)


def forget_at_the_start_what_was_being_sent(patch: pytest.MonkeyPatch) -> None:
    """As if `sending` had not been committed before the bytes left."""

    def sealed(connection: Connection, at_ms: int, _first_ms: int) -> int:
        for report in reports_where(connection, "state = 'sending'"):
            reports.move(connection, report.id, "sealed", at_ms, "forgotten", due_ms=at_ms)
        return 0

    patch.setattr(submission, "doubt_unfinished", sealed)


def compare_bytes(patch: pytest.MonkeyPatch) -> None:
    """Separators are not stripped from what we look for."""
    patch.setattr(doubt, "without_separators", lambda code: code + " ")


def believe_every_refusal(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(report_events, "sent_after_doubt", lambda _connection, _report_id: False)


def send_the_innocent_again_in_two_reports(patch: pytest.MonkeyPatch) -> None:
    """What a refused document named nobody for goes into a new report, and into another."""
    successor = reports.successor

    def twice(connection: Connection, report: reports.ReportRow, at_ms: int, why: str, **rest: Any) -> int:
        successor(connection, report, at_ms, why, **rest)
        return successor(connection, report, at_ms, why, **rest)

    patch.setattr(reports, "successor", twice)


def blame_the_next_code(patch: pytest.MonkeyPatch) -> None:
    """Places are counted from one."""
    within = blame._within

    def shifted(place: Place, kind: Kind) -> blame.Within | None:
        found = within(place, kind)
        return None if found is None else (found[0] + 1, found[1])

    patch.setattr(blame, "_within", shifted)


def try_for_ever_what_is_turned_away(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(world, "RULES", replace(world.RULES, unread_most=10**9))
    patch.setattr(invariants, "_patience", _three_at_most)


def believe_any_card(patch: pytest.MonkeyPatch) -> None:
    async def any_card(ports: Ports, _kind: str, document_id: str) -> Document | None:
        return await ports.regulator.document(document_id)

    patch.setattr(follow, "card", any_card)


def lose_remarks(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(warnings, "keep", lambda *_: None)


def _three_at_most(run: Run) -> None:
    if max(run.world.weather.patience.values(), default=0) > 3:
        run.world.wrong("turned away again and again, and nobody was asked")


class LateCommit:
    """A connection that commits only when it is asked for something else."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._owed = False

    def execute(self, sql: str, *parameters: Any) -> Any:
        if sql == "COMMIT":
            self._owed = True
            return None
        if self._owed:
            self._owed = False
            self._connection.execute("COMMIT")
        return self._connection.execute(sql, *parameters)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def accept_before_the_commit(patch: pytest.MonkeyPatch) -> None:
    start = InlineWriter.start

    def late(self: InlineWriter, prepare: Callable[[Connection], None]) -> None:
        start(self, prepare)
        assert self._connection is not None
        patch.setattr(self, "_connection", LateCommit(self._connection))

    patch.setattr(InlineWriter, "start", late)


def accept_a_copy(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(applying, "seen_before", lambda *_: Verdict(Decision.ACCEPT))


def save_up_a_budget(patch: pytest.MonkeyPatch) -> None:
    """The bucket is full at each start."""
    patch.setattr(network, "Bucket", lambda per_minute, clock: Bucket(per_minute * 3, clock=clock, full=True))


def put_one_code_too_many(patch: pytest.MonkeyPatch) -> None:
    batch = Transaction._batch

    def wide(self: Any, at_ms: int, job: Any) -> Any:
        if self.state.batch is not None and self.state.batch.codes == self.state.plant.batches.max_codes:
            self.state.batch.codes -= 1
        return batch(self, at_ms, job)

    patch.setattr(Transaction, "_batch", wide)


def date_by_the_clock_of_then(patch: pytest.MonkeyPatch) -> None:
    """Whatever it turned out to be since; nothing is held for it."""
    patch.setattr(TrueTime, "_right", lambda _true, _firsts, _number, at_ms: Right(at_ms))


def send_whatever_the_date(patch: pytest.MonkeyPatch) -> None:
    date_by_the_clock_of_then(patch)
    patch.setattr(dating, "judge", lambda *_, **__: dating.Finding())


def break_the_journal_with_a_mistake(patch: pytest.MonkeyPatch) -> None:
    """What one work meets ends the writer, and with it the line, as it once did."""
    together = InlineWriter._together

    def once(self: InlineWriter, run: list[Entry]) -> list[tuple[Entry, Any]]:
        try:
            return together(self, run)
        except Undone as undone:
            raise JournalBroken("a defect in lined") from undone

    def commit(self: InlineWriter, group: list[Entry]) -> None:
        try:
            right(self, group)
        except JournalBroken as error:
            self._undo(group, error)

    right = InlineWriter._commit
    patch.setattr(InlineWriter, "_together", once)
    patch.setattr(InlineWriter, "_commit", commit)


def end_a_loop_with_a_mistake(patch: pytest.MonkeyPatch) -> None:
    async def once(_self: Any, _where: str, run: Callable[[], Any]) -> None:
        await run()

    patch.setattr(Noted, "keep_going", once)


def send_again_what_met_a_mistake_while_it_was_sent(patch: pytest.MonkeyPatch) -> None:
    """As if it were certain that it was not received."""

    def sealed(connection: Connection, report_id: int, ports: Ports, defect: str | None) -> None:
        report, at_ms = reports.get(connection, report_id), ports.wall_ms()
        if report is not None and report.state == ReportState.SENDING:
            reports.move(connection, report_id, ReportState.SEALED, at_ms, "forgotten", due_ms=at_ms)

    patch.setattr(defective, "_settle", sealed)


NOTICED: dict[Break, str] = {
    send_again_without_looking_twice: "was reported twice",
    count_a_failed_search_as_a_miss: "was reported twice",
    forget_at_the_start_what_was_being_sent: "was reported twice",
    compare_bytes: "was reported twice",
    send_the_innocent_again_in_two_reports: "was reported twice",
    blame_the_next_code: "never blamed",
    try_for_ever_what_is_turned_away: "nobody was asked",
    believe_any_card: "not in the regulator's books",
    lose_remarks: "remarks are kept",
    believe_every_refusal: "applied in the regulator's books",
    accept_before_the_commit: "is not on disk",
    accept_a_copy: "was accepted anew",
    save_up_a_budget: "submissions in the minute",
    put_one_code_too_many: "a body of",
    break_the_journal_with_a_mistake: "a life was ended by a mistake",
    end_a_loop_with_a_mistake: "a task ended with",
    send_again_what_met_a_mistake_while_it_was_sent: "was reported twice",
    date_by_the_clock_of_then: "is dated",
    send_whatever_the_date: "s in the regulator's future",
}


@pytest.mark.parametrize("broken", NOTICED, ids=lambda broken: broken.__name__)
def test_a_broken_promise_is_noticed(broken: Break, monkeypatch: pytest.MonkeyPatch) -> None:
    broken(monkeypatch)
    with quiet():
        for seed in SEEDS:
            found = [wrong for wrong in play(seed).wrongs if NOTICED[broken] in wrong]
            if found:
                print(f"seed {seed}: {found[0]}")
                return
    pytest.fail(f"{len(SEEDS)} seeds noticed nothing")
