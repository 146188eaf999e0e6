"""Decisions about a report from what an answer said: pure functions, without a journal or a regulator."""

from __future__ import annotations

import random
from typing import Any

import pytest

from lined.journal.care.takeover import PERSON
from lined.journal.outcomes import ReportOutcome
from lined.journal.tables.reports import ReportRow
from lined.regulator.answers import Document
from lined.reports.delivery.rules import DAY_MS, HOUR_MS, DeliveryRules
from lined.reports.outcomes import following, refusals, searching, sending
from lined.reports.outcomes.following import GivenUp, NoList, NotFinal, NothingLearnt
from lined.reports.outcomes.held import Held
from lined.reports.outcomes.refusals import Refused
from lined.reports.outcomes.searching import EarlierMissed, Found, Look, LookedFor, Missed, MissedOnce
from lined.reports.outcomes.sending import ECHO, NotReceived, PutOff
from lined.vocabulary.codes import CodeState
from lined.vocabulary.errors import NotSent, OutcomeUnknown, Unavailable
from lined.vocabulary.reports import ReportState

NOON = 1_795_942_800_000
RULES = DeliveryRules()
GAP_MS = RULES.in_doubt_gap_ms


def report(state: ReportState = ReportState.IN_DOUBT, **columns: Any) -> ReportRow:
    """A report as it stands; what is not named is 0 or None."""
    given = {"id": 7, "batch_id": 7, "codes": 3, "attempts": 1, "misses": 0, "unread_times": 0, **columns}
    values: dict[str, Any] = {name: given.get(name) for name in ReportRow._fields}
    return ReportRow(**values | {"state": state})


# ── sending ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("status", "of_all", "of_its_kind"),
    [(None, True, False), (401, True, False), (403, True, False), (429, False, True), (400, False, False)],
)
def test_what_was_not_received_says_who_else_would_not_be(status: int | None, of_all: bool, of_its_kind: bool) -> None:
    error = NotSent("no", status=status)
    outcome = sending.not_received(report(), error, 0, RULES, random.Random(1))
    assert (outcome.of_all, outcome.of_its_kind) == (of_all, of_its_kind)
    put_off = sending.put_off(report(), error, 0, RULES, random.Random(1))
    assert put_off.of_all is not put_off.of_its_kind
    assert (type(outcome), type(put_off)) == (NotReceived, PutOff)


def test_the_next_try_is_later_with_each_failure_and_not_before_the_regulator_said() -> None:
    waits = [
        sending.not_received(report(), NotSent("no", retry_after_s=after_s), failures, RULES, random.Random(1)).wait_ms
        for failures, after_s in ((0, None), (5, None), (0, 90.0), (0, 10.0**9))
    ]
    assert waits[0] < waits[1] < 60_000 * 1.25
    assert waits[2:] == [90_000, HOUR_MS]


@pytest.mark.parametrize(
    ("status", "before", "unread"),
    [
        (None, (None, 0), None),
        (500, (None, 0), None),
        (408, (None, 0), None),
        (413, (None, 0), (413, 1)),
        (413, (413, 2), (413, 3)),
        (400, (413, 2), (400, 1)),
    ],
)
def test_a_4xx_that_nobody_can_read_is_counted_while_it_is_the_same(
    status: int | None, before: tuple[int | None, int], unread: tuple[int, int] | None
) -> None:
    sent = report(ReportState.SEALED, unread_status=before[0], unread_times=before[1])
    outcome = sending.unanswered(sent, OutcomeUnknown("no readable answer.", status=status), RULES)
    assert outcome.unread == unread
    changes = outcome.changes(sent, NOON)
    assert changes["due_ms"] == NOON + RULES.in_doubt_first_ms
    assert changes["problem"].startswith("Sent, but whether it arrived is unknown: no readable answer. It is looked")
    assert ("unread_times" in changes) is (unread is not None)


def test_an_attempt_is_searched_for_since_the_first_one_that_may_have_arrived() -> None:
    assert sending.begun(report(attempt_server_ms=None), NOON).since_ms == NOON
    assert sending.begun(report(attempt_server_ms=5), NOON).since_ms == 5


@pytest.mark.parametrize(
    ("attempt_ms", "due_ms"),
    [(NOON - 10, NOON + 59_990), (NOON - DAY_MS, NOON), (NOON + DAY_MS, NOON + 60_000), (None, NOON + 60_000)],
)
def test_what_was_cut_short_is_first_looked_for_as_long_after_its_attempt_as_ever(
    attempt_ms: int | None, due_ms: int
) -> None:
    changes = sending.CutShort(wait_ms=60_000).changes(report(ReportState.SENDING, attempt_ms=attempt_ms), NOON)
    assert changes["due_ms"] == due_ms


# ── searching ───────────────────────────────────────────────────────────────────────────────────────────────────────

FOUND = Look(Document("d", "UTILISATION", "SUCCESS", None, None), answered=True, complete=True)
CONTRADICTION = Look(contradiction="neither ours nor foreign", answered=True, complete=True)
NOTHING, UNREAD = Look(answered=True, complete=True), Look(why="HTTP 503")


def conclude(row: ReportRow, look: Look, *, probing: bool = False, server_ms: int = NOON) -> Any:
    return searching.concluded(
        row,
        look,
        probing=probing,
        failures=0,
        rules=RULES,
        at_ms=NOON,
        server_ms=server_ms,
        chance=random.Random(1),
    )


@pytest.mark.parametrize("probing", [False, True])
def test_what_is_found_or_contradicts_counts_at_any_time(probing: bool) -> None:
    assert conclude(report(), FOUND, probing=probing) == Found(document_id="d")
    assert conclude(report(), CONTRADICTION, probing=probing) == Held(problem="neither ours nor foreign")


def test_a_probe_is_no_miss() -> None:
    once = report(misses=1, missed_ms=NOON - DAY_MS)
    assert conclude(once, NOTHING, probing=True) == LookedFor(wait_ms=None)
    assert isinstance(conclude(once, NOTHING), Missed)


@pytest.mark.parametrize(
    ("misses", "missed_ms", "outcome"),
    [
        (0, None, MissedOnce(missed_ms=NOON, wait_ms=GAP_MS)),
        (1, NOON - GAP_MS + 5, LookedFor(wait_ms=5)),
        (1, NOON - GAP_MS, Missed(missed_ms=NOON, unread=None)),
        (1, NOON + 5, MissedOnce(missed_ms=NOON, wait_ms=GAP_MS)),  # the regulator's clock went back
    ],
)
def test_two_misses_a_gap_apart_are_needed(misses: int, missed_ms: int | None, outcome: object) -> None:
    assert conclude(report(misses=misses, missed_ms=missed_ms), NOTHING) == outcome


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        ({"waits_for": PERSON}, "It was unfinished in a backup that took over, and two searches missed it."),
        ({"waits_for": ECHO, "problem": "Refused."}, "Refused. No document of an earlier attempt was found."),
        ({"unread_status": 413, "unread_times": RULES.unread_most}, "HTTP 413 without a readable answer, 3 of its"),
    ],
)
def test_what_is_missed_twice_and_may_not_be_sent_again_by_itself_is_held(
    columns: dict[str, Any], problem: str
) -> None:
    outcome = conclude(report(misses=1, missed_ms=0, **columns), NOTHING)
    assert isinstance(outcome, Held)
    assert outcome.problem.startswith(problem)


@pytest.mark.parametrize(("since_ms", "held"), [(DAY_MS - 1, False), (DAY_MS, True)])
@pytest.mark.parametrize("probing", [False, True])
def test_what_could_not_be_searched_for_a_day_is_held(since_ms: int, held: bool, probing: bool) -> None:
    outcome = conclude(report(attempt_ms=NOON - since_ms, misses=1, missed_ms=0), UNREAD, probing=probing)
    if held:
        assert outcome == Held(problem="No complete search was possible for 24 h: HTTP 503")
    else:
        assert isinstance(outcome, LookedFor)


def test_an_earlier_attempt_is_looked_for_twice_before_a_person_is_asked() -> None:
    row = report(ReportState.SUBMITTED, document_id="d")
    first = searching.earlier_missed(row, RULES, NOON)
    assert first == EarlierMissed(missed_ms=NOON, wait_ms=GAP_MS)
    once = row._replace(misses=1, missed_ms=NOON)
    assert searching.earlier_missed(once, RULES, NOON + 5) == EarlierMissed(missed_ms=NOON, wait_ms=GAP_MS - 5)
    assert searching.earlier_missed(once, RULES, NOON - 5) == EarlierMissed(missed_ms=NOON - 5, wait_ms=GAP_MS)
    assert isinstance(searching.earlier_missed(once, RULES, NOON + GAP_MS), Held)


# ── following ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("state", "waited_ms", "given_up"),
    [
        (ReportState.SUBMITTED, DAY_MS - 1, False),
        (ReportState.SUBMITTED, DAY_MS, True),
        (ReportState.HELD, DAY_MS, False),
    ],
)
def test_what_has_no_final_status_for_a_day_is_given_up_once(
    state: ReportState, waited_ms: int, given_up: bool
) -> None:
    row = report(state, document_id="d", document_status="PENDING", submitted_ms=NOON - waited_ms)
    chance = random.Random(1)
    found = [
        following.undecided(row, None, 1, RULES, NOON, chance),
        following.without_list(row, "it has no list", "e", RULES, NOON),
        following.unanswered(row, Unavailable("no answer."), 5, RULES, NOON),
    ]
    kinds: list[type[ReportOutcome]] = [NotFinal, NoList, NothingLearnt]
    assert [type(one) for one in found] == ([GivenUp] * 3 if given_up else kinds)
    if given_up:
        assert [one.status for one in found if isinstance(one, GivenUp)] == [None, "PENDING", "PENDING"]
        assert found[2].why == "Nothing could be learnt about document d for 24 h: no answer. It is still looked at."
    elif state == ReportState.HELD:
        assert [one.changes(row, NOON)["due_ms"] - NOON for one in found] == [HOUR_MS, HOUR_MS, 5]


def test_an_answer_ends_what_was_wrong_with_a_document_that_is_not_held() -> None:
    for state, problem in ((ReportState.SUBMITTED, None), (ReportState.HELD, "24 h")):
        row = report(state, problem="24 h", submitted_ms=NOON)
        outcome = following.undecided(row, "PENDING", 1, RULES, NOON, random.Random(1))
        assert outcome.changes(row, NOON)["problem"] == problem


@pytest.mark.parametrize(
    ("refused", "unlisted", "why"),
    [(1, 0, "1 code refused"), (2, 0, "2 codes refused"), (0, 3, "0 codes refused, 3 not listed")],
)
def test_a_partial_document_says_how_many_and_waits_for_what_is_not_listed(
    refused: int, unlisted: int, why: str
) -> None:
    own = {
        CodeState.REFUSED: {str(n): "bad" for n in range(refused)},
        CodeState.REPORTED: {str(n): "not listed" for n in range(unlisted)},
    }
    outcome = following.Partial(own=own, wait_ms=5)
    assert outcome.why == why
    changes = outcome.changes(report(), NOON)
    assert changes.get("due_ms") == (NOON + 5 if unlisted else None)
    assert changes.get("waits_for") == (f"{unlisted} codes not listed" if unlisted else None)


# ── refusals ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("batch_id", "left", "held"), [(7, 2, False), (7, 0, False), (3, 0, False), (3, 2, True)])
def test_only_codes_left_over_by_a_second_refusal_are_held(batch_id: int, left: int, held: bool) -> None:
    refused = Refused(refusal="refused: bad", own={CodeState.REFUSED: {"a": "bad"}}, evidence="e")
    outcome = refusals.again(report(ReportState.SUBMITTED, batch_id=batch_id, codes=left), refused)
    assert (outcome is not None) is held
    if outcome is not None:
        assert outcome.why == "Its codes were refused a second time, 1 by name; 2 are left. refused: bad"
        assert outcome.evidence == "e"
        assert outcome.changes(report(), NOON)["fingerprint"] is None
