"""The program may end in any state of a report; the next start goes on from there."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest

from lined.journal.care import takeover
from lined.reports.delivery import freezing
from lined.reports.delivery.applying import apply_outcome
from lined.reports.outcomes.sending import begun
from lined.vocabulary.errors import CommandError
from tests.harness.reporting import MINUTE_MS, Desk, desk


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
        frozen = await freezing.freeze(d.ports, await d.report(report_id))
        assert frozen is not None
        await d.restart()
        await d.send()
        assert (await d.report(report_id)).fingerprint == frozen.fingerprint
        assert await d.state(report_id) == "submitted"


async def test_bytes_that_may_have_been_sent_are_never_built_anew(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.in_doubt()
        await d.execute("UPDATE report SET attributes = replace(attributes, 'UZ', 'KZ')")
        await d.miss()
        await d.miss()
        await d.send()
        assert await d.state(report_id) == "submitted"
        assert d.office.submitted[0] == d.office.submitted[1]


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
        await freezing.freeze(d.ports, await d.report(report_id))
        row = await d.report(report_id)
        await apply_outcome(d.ports, row, begun(row, d.ports.server_floor_ms()))
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


# ── a backup in the journal's place ─────────────────────────────────────────────────────────────────────────────────


async def restored(d: Desk, why: str = takeover.RESTORE) -> None:
    """The journal as it is now comes back as a backup: what was written since its moment is forgotten."""
    await d.journal.close()
    takeover._prepare(d.path, takeover.Gap(why, d.clock.ms, d.clock.ms, "backup", None), {})
    d.path.with_name(f"{d.path.name}.marks").unlink()  # they are the other's
    await d.open()


async def test_after_a_restore_nothing_is_sent_until_a_person_has_confirmed(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        await restored(d)
        fresh = await d.batch()
        assert not await d.send()
        await d.journal.do(lambda c: takeover.confirm(c, "Aziza", d.clock.ms))
        assert await d.send()
        assert await d.state(fresh) == "submitted"


async def test_it_cannot_be_confirmed_while_a_report_is_still_looked_for(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        await d.batch()
        await restored(d)
        with pytest.raises(CommandError, match="still being looked for"):
            await d.journal.do(lambda c: takeover.confirm(c, "Aziza", d.clock.ms))


@pytest.mark.parametrize("why", [takeover.RESTORE, takeover.DAMAGE])
async def test_what_a_backup_brought_back_and_no_search_finds_is_sent_again_only_by_a_person(
    tmp_path: Path, why: str
) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.batch()
        await restored(d, why)
        assert await d.state(report_id) == "in_doubt"
        await d.miss()
        await d.miss()
        assert await d.state(report_id) == "held"
        if why == takeover.RESTORE:
            await d.journal.do(lambda c: takeover.confirm(c, "Aziza", d.clock.ms))
        assert not await d.send()
        with pytest.raises(CommandError, match="not-received"):
            await d.people.do("report-retry", {}, subject=str(report_id))
        await d.people.do("report-retry", {"confirm": "not-received"}, subject=str(report_id))
        assert await d.send()
        assert len(d.office.submitted) == 1


async def test_what_was_sent_since_the_backup_is_found(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.batch()
        d.office.doc("since-then", await d.full_codes_of(report_id))
        await restored(d)
        await d.miss()
        assert (await d.report(report_id)).document_id == "since-then"
        assert d.office.submitted == []


# ── decided while it was looked for ─────────────────────────────────────────────────────────────────────────────────


async def test_a_document_that_became_another_report_s_meanwhile_is_not_taken(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.in_doubt(arrives="doc-a")
        other = await d.batch()
        await _meanwhile(d, "UPDATE report SET document_id = 'doc-a' WHERE id = ?", other)
        await d.miss()
        report = await d.report(report_id)
        assert (report.state, report.document_id) == ("held", None)
        assert f"report {other}" in str(report.problem)


async def test_a_report_that_is_not_in_doubt_any_more_keeps_what_was_decided(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.in_doubt(arrives="doc-a")
        await _meanwhile(d, "UPDATE report SET state = 'held' WHERE id = ?", report_id)
        await d.miss()
        report = await d.report(report_id)
        assert (report.state, report.document_id) == ("held", None)


async def _meanwhile(d: Desk, sql: str, report_id: int) -> None:
    """Change the journal while a search reads a document's content."""
    content = d.office.content

    async def slow(document_id: str) -> dict[str, object]:
        await d.execute(sql, report_id)
        return await content(document_id)

    d.office.content = slow  # type: ignore[method-assign]
