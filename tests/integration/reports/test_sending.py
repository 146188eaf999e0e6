"""From sealed to submitted: the state is on disk before bytes leave, each answer leads where the contract says."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from pathlib import Path

import pytest

from lined.reports.delivery import submit as submission
from lined.reports.delivery.frozen import stored_body
from lined.vocabulary.errors import CommandError, NotSent, OutcomeUnknown, Refused, SendingError
from tests.harness.reporting import DAY_MS, HOUR_MS, MINUTE_MS, UNAVAILABLE, desk


async def test_sending_is_on_disk_before_a_byte_leaves(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.batch()
        d.office.meanwhile = asyncio.Event()
        sending = asyncio.ensure_future(d.send())
        while not d.office.submitted:
            await asyncio.sleep(0)
        assert await d.state(report_id) == "sending"
        d.office.meanwhile.set()
        assert await sending
        assert await d.state(report_id) == "submitted"


async def test_the_bytes_that_leave_are_the_frozen_ones(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.batch()
        await d.send()
        assert d.office.submitted == [await d.journal.read(stored_body, report_id)]


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ("doc-7", "submitted"),
        (NotSent("connection refused"), "sealed"),
        (NotSent("HTTP 429", status=429, retry_after_s=30.0), "sealed"),
        (NotSent("HTTP 401", status=401, credential=True), "sealed"),
        (OutcomeUnknown("no answer within the time-out"), "in_doubt"),
        (OutcomeUnknown("HTTP 500", status=500), "in_doubt"),
        (OutcomeUnknown("HTTP 200: an HTML page", status=200), "in_doubt"),
        (OutcomeUnknown("no readable reportId", status=200), "in_doubt"),
        (Refused("HTTP 400", status=400), "held"),
    ],
)
async def test_an_answer_leads_to_its_state(tmp_path: Path, answer: str | SendingError, state: str) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.batch()
        d.office.answers.append(answer)
        await d.send()
        report = await d.report(report_id)
        assert report.state == state
        assert (report.document_id == "doc-7") == (state == "submitted")
        assert bool(report.problem) == (state != "submitted")
        await d.buckets()


async def test_a_sentence_of_the_regulators_does_not_end_ours_twice(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.in_doubt(why=OutcomeUnknown("HTTP 500: An internal error occurred.", status=500))
        problem = (await d.report(report_id)).problem or ""
        assert "An internal error occurred. It is looked for" in problem


async def test_what_was_not_received_is_sent_again_no_sooner_than_the_regulator_asks(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.batch()
        d.office.answers.append(NotSent("HTTP 429", status=429, retry_after_s=300.0))
        assert not await d.send()
        d.clock.pass_ms(299_000)
        await d.send()
        assert len(d.office.submitted) == 1
        d.clock.pass_ms(2_000)
        await d.send()
        assert len(d.office.submitted) == 2
        assert d.office.submitted[0] == d.office.submitted[1]
        assert (await d.report(report_id)).attempts == 2


async def test_waits_grow_while_nothing_is_received_and_are_capped(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.batch()
        waits = []
        for _ in range(12):
            d.office.answers.append(NotSent("connection refused"))
            await d.send()
            due_ms = (await d.report(report_id)).due_ms
            assert due_ms is not None
            waits.append(due_ms - d.clock.ms)
            d.clock.pass_ms(waits[-1])
        assert waits[0] < 2_000 < waits[4]
        assert max(waits) <= d.rules.retry_max_ms * 1.25


async def test_without_a_turn_nothing_becomes_sending(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.batch()
        d.office.turn = NotSent("the budget of requests is spent for 40 s", retry_after_s=40.0)
        assert not await d.send()
        report = await d.report(report_id)
        assert (report.state, report.attempts) == ("sealed", 0)
        assert report.due_ms is not None and report.due_ms >= d.clock.ms + 40_000


async def test_nothing_is_sent_before_the_regulator_s_clock_was_heard(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.batch()
        d.office.server_time = d.office.server_skew_s = None
        d.office.deaf = UNAVAILABLE
        assert not await d.send()
        assert d.office.submitted == []
        assert await d.state(report_id) == "sealed"
        d.office.deaf = None
        d.clock.pass_ms(MINUTE_MS)
        assert await d.send()
        assert await d.state(report_id) == "submitted"


async def test_the_oldest_report_goes_first_and_one_at_a_time(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        first, second = await d.batch(2), await d.batch(3)
        await d.send()
        assert (await d.state(first), await d.state(second)) == ("submitted", "sealed")
        await d.send()
        assert [len(json.loads(body)["sntins"]) for body in d.office.submitted] == [2, 3]


async def test_an_answer_outlasts_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The id is known nowhere but in our memory: it is kept until it could be written down."""
    monkeypatch.setattr(submission, "DISK_S", 0.01)
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.batch()
        d.office.meanwhile = asyncio.Event()
        sending = asyncio.ensure_future(d.send())
        while not d.office.submitted:
            await asyncio.sleep(0)
        writes = d.fill_disk()
        d.office.meanwhile.set()
        while writes[0] < 2:
            await asyncio.sleep(0.01)
        assert await d.state(report_id) == "sending"
        d.free_disk()
        assert await sending
        assert (await d.report(report_id)).document_id == "doc-1"


async def test_two_reports_are_never_given_one_document(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        first, second = await d.batch(), await d.batch()
        d.office.answers.extend(["doc-1", "doc-1"])
        await d.send()
        await d.send()
        assert (await d.state(first), await d.state(second)) == ("submitted", "held")
        assert "doc-1" in str((await d.report(second)).problem)


async def test_a_moment_set_by_a_clock_that_ran_ahead_keeps_nothing_waiting(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.batch()
        d.clock.jump_ms(4 * 365 * 24 * HOUR_MS)
        d.office.answers.append(NotSent("connection refused"))
        await d.send()
        d.clock.jump_ms(-4 * 365 * 24 * HOUR_MS)
        d.clock.pass_ms(MINUTE_MS)
        await d.send()
        assert await d.state(report_id) == "submitted"


@pytest.mark.parametrize("nothing", ["refused connection", "no turn", "no clock"])
async def test_while_nothing_can_be_sent_one_report_is_tried_and_the_others_stay_unfrozen(
    tmp_path: Path, nothing: str
) -> None:
    async with desk(tmp_path / "line.db") as d:
        first, *others = [await d.batch() for _ in range(3)]
        if nothing == "no turn":
            d.office.turn = NotSent("the budget of requests is spent for 40 s", retry_after_s=40.0)
        elif nothing == "no clock":
            d.office.server_time, d.office.server_skew_s, d.office.deaf = None, None, UNAVAILABLE
        else:
            d.office.answers.extend([NotSent("connection refused")] * 20)
        for _ in range(20):
            assert not await d.send()
            d.clock.pass_ms(500)
        assert ((await d.report(first)).frozen_ms is not None) == (nothing != "no clock")  # its date may not be right
        assert [(await d.report(other)).frozen_ms for other in others] == [None, None]
        await d.withdraw((await d.codes_of(others[0]))[0])
        d.office.answers.clear()
        d.office.turn = d.office.deaf = None
        d.clock.pass_ms(2 * MINUTE_MS)
        for report_id in (first, *others):
            assert await d.send()
            assert await d.state(report_id) == "submitted"
        assert [len(json.loads(body)["sntins"]) for body in d.office.submitted[-3:]] == [3, 2, 3]


async def test_a_report_that_the_regulator_does_not_take_keeps_no_other_waiting(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        first, second = await d.batch(), await d.batch()
        d.office.answers.append(NotSent("HTTP 400: 1 try again", status=400))
        assert not await d.send()
        assert await d.send()
        assert (await d.state(first), await d.state(second)) == ("sealed", "submitted")


@pytest.mark.parametrize("back_ms", [3 * HOUR_MS, DAY_MS])
@pytest.mark.parametrize("tried", [False, True])
async def test_a_clock_set_back_keeps_nothing_waiting(tmp_path: Path, back_ms: int, *, tried: bool) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.batch()
        if tried:
            d.office.answers.append(NotSent("connection refused"))
            await d.send()
        d.clock.jump_ms(-back_ms)
        d.clock.pass_ms(MINUTE_MS)
        await d.send()
        assert await d.state(report_id) == "submitted"


async def test_a_report_that_settles_for_hours_is_not_sent_before(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.batch()
        await d.execute("UPDATE report SET due_ms = sealed_ms + ?", 20 * HOUR_MS)
        assert not await d.send()
        d.clock.pass_ms(20 * HOUR_MS)
        assert await d.send()
        assert await d.state(report_id) == "submitted"


async def test_a_retry_after_of_days_is_kept_for_an_hour(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        await d.batch()
        d.office.answers.append(NotSent("HTTP 429", status=429, retry_after_s=7 * 24 * 3600.0))
        for _ in range(59):
            assert not await d.send()
            d.clock.pass_ms(MINUTE_MS)
        assert len(d.office.submitted) == 1
        d.clock.pass_ms(MINUTE_MS)
        assert await d.send()


async def test_a_report_that_was_given_another_s_document_is_not_sent_again_without_a_word(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        _, second = await d.batch(), await d.batch()
        d.office.answers.extend(["doc-1", "doc-1"])
        await d.send()
        await d.send()
        with pytest.raises(CommandError) as caught:
            await d.people.do("report-retry", {}, subject=str(second))
        assert caught.value.code == "confirm-required"


async def test_no_document_is_dated_in_the_regulator_s_future(tmp_path: Path) -> None:
    """Our clock runs three minutes ahead, which is too little to stop the line: the regulator would refuse the whole
    report. Others go on.
    """
    async with desk(tmp_path / "line.db") as d:
        older = await d.batch()
        d.clock.jump_ms(3 * MINUTE_MS)
        report_id = await d.batch()
        await d.office.document("any")  # its clock is heard
        for _ in range(4):
            await d.send()
        assert (await d.state(older), await d.state(report_id)) == ("submitted", "sealed")
        d.clock.pass_ms(3 * MINUTE_MS + 2_000)
        assert await d.send()
        assert await d.state(report_id) == "submitted"
        produced = datetime.fromisoformat(json.loads(d.office.submitted[-1])["productionDate"])
        assert produced.timestamp() * 1000 <= d.clock.true_ms


async def test_a_date_far_ahead_is_held(tmp_path: Path) -> None:
    """It was made by a clock of which nothing is known but that it was wrong."""
    async with desk(tmp_path / "line.db") as d:
        d.clock.jump_ms(30 * 24 * 3_600_000)
        report_id = await d.batch()
        d.clock.jump_ms(-30 * 24 * 3_600_000)
        await d.send()
        assert await d.state(report_id) == "held"
        assert "ahead of the regulator's clock" in str((await d.report(report_id)).problem)
        await d.people.do("report-retry", {}, subject=str(report_id))
        await d.send()
        assert await d.state(report_id) == "held"
        assert d.office.submitted == []
