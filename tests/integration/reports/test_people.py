"""What only a person may decide: send again, adopt a document, release; once for each command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lined.api.statuses import STATUS
from lined.regulator.answers import Document
from lined.reports.outcomes.people import NAMED
from lined.vocabulary.errors import CommandError, Refused
from tests.harness.reporting import DAY_MS, UNAVAILABLE, Desk, desk


async def held(d: Desk, count: int = 3) -> int:
    """Held by a refusal that names nobody: certainly not received."""
    report_id = await d.batch(count)
    d.office.answers.append(Refused("HTTP 400", status=400))
    await d.send()
    assert await d.state(report_id) == "held"
    return report_id


async def held_after_doubt(d: Desk) -> int:
    report_id = await d.in_doubt()
    d.office.doc("odd", (await d.full_codes_of(report_id))[:1])
    await d.miss()
    assert await d.state(report_id) == "held"
    return report_id


async def refused_command(d: Desk, report: object, body: dict[str, Any]) -> CommandError:
    with pytest.raises(CommandError) as caught:
        await d.people.do("report-retry", body, subject=str(report))
    return caught.value


async def test_retry_sends_the_same_bytes_again(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await held(d)
        assert await d.people.do("report-retry", {}, subject=str(report_id)) == {
            "id": str(report_id),
            "state": "sealed",
            "document_id": None,
        }
        await d.send()
        assert d.office.submitted[0] == d.office.submitted[1]
        assert await d.state(report_id) == "submitted"


async def test_somebody_hears_of_what_is_held_until_all_is_decided(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        first, second = await held(d), await held_after_doubt(d)
        await d.look()
        assert f"Held: {first}, {second}." in d.told.now["held", "reports"]
        await d.people.do("report-retry", {}, subject=str(first))
        await d.look()
        assert f"Held: {second}." in d.told.now["held", "reports"]
        await d.people.do("report-release", {"codes": "accepted", "reason": "seen"}, subject=str(second))
        await d.look()
        assert ("held", "reports") not in d.told.now


async def test_retry_after_a_doubt_needs_a_confirmation(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await held_after_doubt(d)
        for body, code in (({}, "confirm-required"), ({"confirm": "yes"}, "wrong-values")):
            error = await refused_command(d, report_id, body)
            assert (STATUS[type(error)], error.code) == (422, code)
        assert await d.state(report_id) == "held"
        assert (await d.people.do("report-retry", {"confirm": "not-received"}, subject=str(report_id)))[
            "state"
        ] == "sealed"


async def test_retry_of_what_the_regulator_registered_needs_a_confirmation(tmp_path: Path) -> None:
    """Held for want of a final status: the document is there and may still be processed."""
    async with desk(tmp_path / "line.db") as d:
        report_id, _ = await d.submitted()
        await d.followed(DAY_MS)
        assert await d.state(report_id) == "held"
        assert (await refused_command(d, report_id, {})).code == "confirm-required"


async def test_a_document_named_by_a_person_is_adopted_and_followed(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await held_after_doubt(d)
        d.office.doc("found-by-hand", await d.full_codes_of(report_id), "SUCCESS")
        answer = await d.people.do("report-retry", {"document_id": "found-by-hand"}, subject=str(report_id))
        assert (answer["state"], answer["document_id"]) == ("submitted", "found-by-hand")
        await d.follow()
        assert await d.state(report_id) == "succeeded"


async def test_a_document_that_lacks_a_code_of_the_report_is_not_believed(tmp_path: Path) -> None:
    """A slip of the hand: believed, its codes would be accepted, and nobody would report them any more."""
    async with desk(tmp_path / "line.db") as d:
        report_id = await held(d)
        codes = await d.full_codes_of(report_id)
        d.office.doc("slip", [*codes[1:], "010489921512237121somebodys"], "SUCCESS")
        await d.people.do("report-retry", {"document_id": "slip"}, subject=str(report_id))
        assert (await d.report(report_id)).waits_for == NAMED
        await d.follow()
        report = await d.report(report_id)
        assert (report.state, report.document_id, report.waits_for) == ("held", None, None)
        assert "lacks 1 of this report's 3 codes" in str(report.problem)
        assert set((await d.buckets()).values()) == {"held"}
        assert (await d.people.do("report-retry", {}, subject=str(report_id)))["state"] == "sealed"


async def test_a_document_that_holds_more_than_the_report_is_believed(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await held(d)
        codes = await d.full_codes_of(report_id)
        d.office.doc("by-hand", [*codes, "010489921512237121somebodys"], "SUCCESS")
        await d.people.do("report-retry", {"document_id": "by-hand"}, subject=str(report_id))
        await d.follow()
        assert await d.state(report_id) == "succeeded"


@pytest.mark.parametrize("visible", ["at once", "after 24 h"])
async def test_after_a_slip_the_report_has_its_own_document_again(tmp_path: Path, visible: str) -> None:
    """It may still be processed: sending again needs a confirmation, as before."""
    async with desk(tmp_path / "line.db") as d:
        report_id, own = await d.submitted()
        await d.followed(DAY_MS)
        assert await d.state(report_id) == "held"
        slip = d.office.doc("slip", [], "SUCCESS")
        slip.visible = visible == "at once"
        await d.people.do("report-retry", {"document_id": "slip"}, subject=str(report_id))
        await d.followed()
        if visible != "at once":
            await d.followed(DAY_MS)
            slip.visible = True
            await d.followed(DAY_MS)
        report = await d.report(report_id)
        assert (report.state, report.document_id) == ("held", own.id)
        assert (await refused_command(d, report_id, {})).code == "confirm-required"
        own.status = "SUCCESS"
        await d.followed()
        assert await d.state(report_id) == "succeeded"


async def test_a_document_of_another_report_cannot_be_adopted(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        await d.submitted()
        report_id = await held_after_doubt(d)
        error = await refused_command(d, report_id, {"document_id": "doc-1"})
        assert (STATUS[type(error)], error.code) == (409, "document-taken")


@pytest.mark.parametrize("codes", ["unreported", "accepted", "refused"])
async def test_release_ends_a_report(tmp_path: Path, codes: str) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await held(d)
        answer = await d.people.do(
            "report-release", {"codes": codes, "reason": "seen in the cabinet"}, by="anna", subject=str(report_id)
        )
        assert answer["state"] == "released"
        assert set((await d.buckets()).values()) == {codes}
        assert (await d.report(report_id)).final_ms is not None
        new = [report.state for report in await d.all_reports() if report.id != report_id]
        assert new == (["sealed"] if codes == "unreported" else [])
        why = await d.rows("SELECT why FROM report_event WHERE report_id = ? AND after = 'released'", report_id)
        assert "anna" in why[0][0] and "seen in the cabinet" in why[0][0]


async def test_codes_released_as_unreported_go_with_the_job_s_present_attributes(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await held(d)
        attributes = json.dumps({"series": "S-2", "order": None, "production_date": None, "expiration_date": None})
        await d.execute("UPDATE job SET attributes = ?", attributes)
        answer = await d.people.do(
            "report-release", {"codes": "unreported", "reason": "wrong series"}, subject=str(report_id)
        )
        assert answer["new_report"] == str((await d.all_reports())[-1].id)
        await d.send()
        assert json.loads(d.office.submitted[-1])["seriesNumber"] == "S-2"
        assert "seriesNumber" not in json.loads(d.office.submitted[0])


@pytest.mark.parametrize(
    "body", [{}, {"codes": "gone", "reason": "x"}, {"codes": "accepted"}, {"codes": "accepted", "reason": ""}]
)
async def test_release_wants_to_know_as_what_and_why(tmp_path: Path, body: dict[str, Any]) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await held(d)
        with pytest.raises(CommandError) as caught:
            await d.people.do("report-release", body, subject=str(report_id))
        assert STATUS[type(caught.value)] == 422
        assert await d.state(report_id) == "held"


@pytest.mark.parametrize("state", ["sealed", "submitted", "in_doubt", "succeeded"])
async def test_only_what_is_held_can_be_decided(tmp_path: Path, state: str) -> None:
    async with desk(tmp_path / "line.db") as d:
        if state == "sealed":
            report_id = await d.batch()
        elif state == "in_doubt":
            report_id = await d.in_doubt()
        else:
            report_id, doc = await d.submitted()
            doc.status = "SUCCESS" if state == "succeeded" else "IN_PROCESS"
            await d.followed()
        assert await d.state(report_id) == state
        error = await refused_command(d, report_id, {"confirm": "not-received"})
        assert (STATUS[type(error)], error.code) == (409, "wrong-state")
        with pytest.raises(CommandError, match="nothing to decide"):
            await d.people.do("report-release", {"codes": "accepted", "reason": "x"}, subject=str(report_id))


@pytest.mark.parametrize("unknown", ["999", "abc", "", "-1", "1; DROP TABLE report"])
async def test_an_unknown_report_is_404(tmp_path: Path, unknown: str) -> None:
    async with desk(tmp_path / "line.db") as d:
        assert STATUS[type(await refused_command(d, unknown, {}))] == 404


async def test_the_same_command_again_is_answered_and_not_done_again(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await held(d)
        body = {"codes": "unreported", "reason": "again"}
        first = await d.people.do("report-release", body, id="c-1", subject=str(report_id))
        await d.restart()
        second = await d.people.do("report-release", body, id="c-1", subject=str(report_id))
        assert first == second
        assert len(await d.all_reports()) == 2


@pytest.mark.parametrize("learnt", ["SUCCESS", "PARTIALLY_PROCESSED", "ERROR", "IN_PROCESS", "nothing"])
@pytest.mark.parametrize("decision", ["retry", "adopt", "release"])
async def test_what_is_learnt_of_a_document_while_a_person_decides_comes_too_late(
    tmp_path: Path, decision: str, learnt: str
) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id, doc = await d.submitted()
        await d.followed(DAY_MS)
        assert await d.state(report_id) == "held"
        doc.status = learnt
        doc.refuse((await d.full_codes_of(report_id))[0])
        document = d.office.document

        async def slow(document_id: str) -> Document | None:
            found = await document(document_id)
            if decision == "release":
                await d.people.do(
                    "report-release", {"codes": "accepted", "reason": "seen in their cabinet"}, subject=str(report_id)
                )
            else:
                body = {"document_id": "other"} if decision == "adopt" else {"confirm": "not-received"}
                await d.people.do("report-retry", body, subject=str(report_id))
            if learnt == "nothing":
                raise UNAVAILABLE
            return found

        d.office.document = slow  # type: ignore[method-assign]
        await d.followed()
        report = await d.report(report_id)
        after = {"retry": ("sealed", None), "adopt": ("submitted", "other"), "release": ("released", doc.id)}
        assert (report.state, report.document_id) == after[decision]
        if decision != "release":
            assert report.due_ms is not None and report.due_ms <= d.clock.ms
            assert report.document_status is None
        assert set((await d.buckets()).values()) == {
            {"retry": "unreported", "adopt": "reported", "release": "accepted"}[decision]
        }
