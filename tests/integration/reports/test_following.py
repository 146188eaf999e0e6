"""A document is looked at until every code in it has an outcome."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lined.regulator.answers import CodeOutcome
from lined.reports.delivery import outcomes
from tests.integration.reports.desk import DAY_MS, HOUR_MS, MINUTE_MS, UNAVAILABLE, desk


async def test_success_accepts_all(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id, doc = await d.submitted()
        doc.status = "SUCCESS"
        await d.followed()
        assert await d.state(report_id) == "succeeded"
        assert set((await d.buckets()).values()) == {"accepted"}


@pytest.mark.parametrize("status", ["CREATED", "VALIDATING", "IN_PROCESS", "SOMETHING_NEW"])
async def test_any_other_status_is_shown_and_looked_at_again(tmp_path: Path, status: str) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id, doc = await d.submitted()
        doc.status = status
        await d.followed()
        report = await d.report(report_id)
        assert (report.state, report.document_status) == ("submitted", status)
        assert report.due_ms is not None and report.due_ms > d.clock.ms


async def test_looks_back_off_to_a_minute(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id, _ = await d.submitted()
        waits = []
        for _ in range(12):
            await d.followed()
            due_ms = (await d.report(report_id)).due_ms
            assert due_ms is not None
            waits.append(due_ms - d.clock.ms)
        assert waits[0] < 7_000
        assert 40_000 < waits[-1] <= 75_000


async def test_a_document_that_cannot_be_seen_yet_is_waited_for(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id, doc = await d.submitted()
        doc.visible = False
        await d.followed(HOUR_MS)
        assert await d.state(report_id) == "submitted"
        doc.visible, doc.status = True, "SUCCESS"
        await d.followed()
        assert await d.state(report_id) == "succeeded"


@pytest.mark.parametrize("deaf", [False, True])
async def test_24_hours_without_a_final_status_are_held_and_looked_at_still(tmp_path: Path, deaf: bool) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id, doc = await d.submitted()
        d.office.deaf = UNAVAILABLE if deaf else None
        await d.followed(DAY_MS - MINUTE_MS)
        assert await d.state(report_id) == "submitted"
        await d.followed(MINUTE_MS)
        assert await d.state(report_id) == "held"
        d.office.deaf = None
        doc.status = "SUCCESS"
        await d.followed()
        assert await d.state(report_id) == "succeeded"
        assert set((await d.buckets()).values()) == {"accepted"}


async def test_a_report_given_up_on_may_be_refused_at_last(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id, doc = await d.submitted()
        await d.followed(DAY_MS)
        doc.status = "ERROR"
        await d.followed()
        report = await d.report(report_id)
        assert (report.state, report.due_ms, report.document_status) == ("held", None, "ERROR")


async def test_partial_gives_each_code_its_own_outcome(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id, doc = await d.submitted(4)
        codes = await d.codes_of(report_id)
        doc.status = "PARTIALLY_PROCESSED"
        doc.outcomes = [
            CodeOutcome(0, codes[0], "SUCCESS", None),
            CodeOutcome(1, codes[1], "WARNING", "a remark"),
            CodeOutcome(2, codes[2], "ERROR", "code-not-found"),
        ]
        await d.followed()
        assert await d.state(report_id) == "partial"
        assert list((await d.buckets()).values()) == ["accepted", "accepted", "refused", "reported"]
        assert not await d.send()  # nothing of it goes again by itself


async def test_a_server_with_pages_of_its_own_is_read_to_the_end(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id, doc = await d.submitted(5)
        codes = await d.codes_of(report_id)
        d.office.page = 2
        doc.status = "PARTIALLY_PROCESSED"
        doc.refuse(codes[4])
        await d.followed()
        assert list((await d.buckets()).values()) == ["accepted"] * 4 + ["refused"]


async def test_a_code_listed_later_gets_its_outcome_then(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id, doc = await d.submitted(3)
        codes = await d.codes_of(report_id)
        doc.status = "PARTIALLY_PROCESSED"
        doc.outcomes = [CodeOutcome(0, codes[0], "SUCCESS", None)]
        await d.followed()
        assert list((await d.buckets()).values()) == ["accepted", "reported", "reported"]
        doc.refuse(codes[2])
        await d.followed()
        assert list((await d.buckets()).values()) == ["accepted", "accepted", "refused"]
        assert (await d.report(report_id)).due_ms is None


async def test_a_look_that_was_cut_off_between_two_writes_leaves_no_code_without_an_outcome(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id, doc = await d.submitted(3)
        codes = await d.codes_of(report_id)
        await outcomes.give_own(d.around, await d.report(report_id), "reported", {codes[1]: "not listed yet"})
        doc.status = "PARTIALLY_PROCESSED"
        doc.refuse(codes[2])
        await d.followed()
        assert list((await d.buckets()).values()) == ["accepted", "accepted", "refused"]
        assert await d.state(report_id) == "partial"


async def test_a_code_not_listed_for_24_hours_is_held(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id, doc = await d.submitted(2)
        codes = await d.codes_of(report_id)
        doc.status = "PARTIALLY_PROCESSED"
        doc.outcomes = [CodeOutcome(0, codes[0], "SUCCESS", None)]
        await d.followed()
        await d.followed(DAY_MS - MINUTE_MS)
        assert list((await d.buckets()).values()) == ["accepted", "reported"]
        await d.followed(2 * MINUTE_MS)
        assert list((await d.buckets()).values()) == ["accepted", "held"]
        assert (await d.report(report_id)).due_ms is None


async def test_one_document_that_cannot_be_read_keeps_no_other_waiting(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        broken, bad = await d.submitted()
        fine, good = await d.submitted()
        bad.status, good.status = "PARTIALLY_PROCESSED", "SUCCESS"
        bad_codes, bad.outcomes = bad.outcomes, _Unreadable()
        for _ in range(3):
            await d.followed()
        assert await d.state(fine) == "succeeded"
        assert await d.state(broken) == "submitted"
        bad.outcomes = bad_codes


class _Unreadable(list[CodeOutcome]):
    """A list of outcomes that raises where it is read."""

    def __iter__(self) -> Iterator[CodeOutcome]:
        raise UNAVAILABLE
