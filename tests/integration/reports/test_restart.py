"""The program may end in any state of a report; the next start goes on from there."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from lined.reports import freezing, submission
from tests.integration.reports.desk import MINUTE_MS, Desk, desk


async def killed_while_sending(d: Desk, arrives: str = "") -> int:
    """The bytes are on their way when the program ends."""
    report_id = await d.batch()
    d.office.meanwhile = asyncio.Event()
    sending = asyncio.ensure_future(d.send())
    while not d.office.submitted:
        await asyncio.sleep(0)
    sending.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await sending
    d.office.meanwhile = None
    if arrives:
        d.office.doc(arrives, await d.full_codes_of(report_id))
    await d.restart()
    return report_id


async def test_what_was_being_sent_is_in_doubt_and_the_gate_is_closed(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await killed_while_sending(d)
        await d.batch()
        assert await d.state(report_id) == "in_doubt"
        assert not d.delivery.gate_open
        assert not await d.send()


async def test_what_had_arrived_is_found(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await killed_while_sending(d, arrives="doc-a")
        await d.miss()
        assert (await d.report(report_id)).document_id == "doc-a"
        assert len(d.office.submitted) == 1


async def test_what_had_not_arrived_is_sent_again_after_two_misses(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await killed_while_sending(d)
        await d.miss()
        await d.restart()
        await d.miss()
        await d.send()
        assert await d.state(report_id) == "submitted"
        assert d.office.submitted[0] == d.office.submitted[1]


async def test_a_frozen_report_that_was_not_sent_yet_goes_with_the_same_bytes(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.batch()
        frozen = await freezing.freeze(d.around, await d.report(report_id))
        assert frozen is not None
        await d.restart()
        await d.send()
        assert (await d.report(report_id)).fingerprint == frozen.fingerprint
        assert await d.state(report_id) == "submitted"


async def test_sealed_submitted_held_and_final_reports_stay_what_they_are(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        done, doc = await d.submitted()
        doc.status = "SUCCESS"
        await d.followed()
        waiting, other = await d.submitted()
        doubted = await d.in_doubt()
        sealed = await d.batch()
        before = [(report.id, report.state) for report in await d.all_reports()]
        await d.restart()
        assert [(report.id, report.state) for report in await d.all_reports()] == before
        other.status = "SUCCESS"
        await d.followed()
        d.clock.pass_ms(MINUTE_MS)
        await d.look()
        await d.send()
        states = [await d.state(report) for report in (done, waiting, doubted, sealed)]
        assert states == ["succeeded", "succeeded", "in_doubt", "submitted"]


async def test_a_clock_that_ran_ahead_does_not_put_off_the_first_search_for_years(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        ahead_ms = 3 * 365 * 24 * 3_600_000
        d.clock.jump_ms(ahead_ms)
        report_id = await d.batch()
        await freezing.freeze(d.around, await d.report(report_id))
        row = await d.report(report_id)
        await d.journal.do(lambda c: submission._begin(c, row, d.around))
        d.clock.jump_ms(-ahead_ms)
        await d.restart()
        due_ms = (await d.report(report_id)).due_ms
        assert due_ms is not None and due_ms <= d.clock.ms + d.rules.in_doubt_first_ms


async def test_a_full_disk_at_the_start_sends_nothing_and_ends_nothing(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await killed_while_sending(d)
        await d.execute("UPDATE report SET state = 'sending'")
        d.fill_disk()
        d.delivery._recovered = d.delivery._gate_open = False
        await d.delivery.recover()
        assert not await d.send()
        d.free_disk()
        await d.look()
        assert await d.state(report_id) == "in_doubt"
        assert not d.delivery.gate_open
