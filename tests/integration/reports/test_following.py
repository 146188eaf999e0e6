"""A document is looked at until every code in it has an outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from lined.journal.views.queries import report_story
from lined.journal.views.stories import code_story
from lined.regulator.answers import CodeOutcome, Document, DocumentError
from lined.reports.delivery import applying, lists
from lined.vocabulary.errors import Refused
from tests.harness.office import Doc
from tests.harness.reporting import DAY_MS, HOUR_MS, MINUTE_MS, UNAVAILABLE, desk


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
        await applying.give_own(d.ports, await d.report(report_id), "reported", {codes[1]: "not listed yet"})
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


# ── a document whose list of codes is missing ───────────────────────────────────────────────────────────────────────
ERRORS = [DocumentError("CODE", "invalid-code-status", {"status": "INTRODUCED"}, n) for n in range(2)]


async def test_a_refused_document_without_a_list_of_codes_shows_its_status_and_its_errors_at_once(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id, doc = await d.submitted()
        doc.status, doc.has_list, doc.errors = "ERROR", False, ERRORS
        await d.followed()
        report = await d.report(report_id)
        assert (report.state, report.document_status) == ("submitted", "ERROR")
        assert "its errors: invalid-code-status (2)" in str(report.problem)
        assert '"status": "INTRODUCED"' in str(report.evidence)
        for _ in range(2):
            await d.followed()
        report = await d.report(report_id)
        assert (report.state, report.due_ms, report.document_status) == ("held", None, "ERROR")
        assert "has no list of its codes; its errors: invalid-code-status (2)" in str(report.problem)
        assert set((await d.buckets()).values()) == {"held"}


async def test_a_list_that_comes_late_still_counts(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id, doc = await d.submitted()
        bad, *_ = await d.codes_of(report_id)
        doc.status, doc.has_list = "ERROR", False
        await d.followed()
        doc.has_list = True
        doc.refuse(bad)
        doc.outcomes = [row for row in doc.outcomes if row.state == "ERROR"]
        await d.followed()
        assert await d.state(report_id) == "refused"
        assert (await d.buckets())[bad] == "refused"


async def test_an_error_whose_tags_name_a_code_refuses_it_and_its_number_blames_nobody(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id, doc = await d.submitted(3)
        codes = await d.codes_of(report_id)
        doc.status, doc.has_list = "ERROR", False
        doc.errors = [DocumentError("CODE", "code-not-found", {"code": codes[2]}, 0)]
        for _ in range(3):
            await d.followed()
        assert [(await d.buckets())[code] for code in codes] == ["unreported", "unreported", "refused"]


async def test_a_partial_document_without_a_list_waits_for_it_with_its_status_for_24_hours(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id, doc = await d.submitted()
        doc.status, doc.has_list = "PARTIALLY_PROCESSED", False
        for _ in range(5):
            await d.followed()
        report = await d.report(report_id)
        assert (report.state, report.document_status) == ("submitted", "PARTIALLY_PROCESSED")
        assert set((await d.buckets()).values()) == {"reported"}
        await d.followed(DAY_MS)
        assert await d.state(report_id) == "held"
        doc.has_list = True
        doc.refuse((await d.codes_of(report_id))[0])
        await d.followed(HOUR_MS)
        assert sorted((await d.buckets()).values()) == ["accepted", "accepted", "refused"]


async def test_a_status_is_kept_whatever_else_is_unknown(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id, doc = await d.submitted()
        doc.status = "ERROR"
        d.office.deaf, d.office.deaf_after = UNAVAILABLE, 1
        await d.followed()
        report = await d.report(report_id)
        assert (report.state, report.document_status) == ("submitted", "ERROR")


# ── answers about something else ────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "foreign",
    [
        Document("another", "UTILISATION", "SUCCESS", None, None),
        Document("doc-1", "VALIDATION", "SUCCESS", None, None),
        Document("doc-1", "ORDER", "ERROR", None, None),
    ],
)
async def test_the_card_of_another_document_is_no_evidence_and_told_from_the_second_time_on(
    tmp_path: Path, foreign: Document
) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id, doc = await d.submitted()
        doc.shown = foreign
        told = ("strange-answer", str(report_id))
        for times in (1, 2, 3):
            await d.followed()
            assert await d.state(report_id) == "submitted"
            assert (told in d.told.now) == (times >= 2)
        assert set((await d.buckets()).values()) == {"reported"}
        doc.shown, doc.status = None, "SUCCESS"
        await d.followed()
        assert await d.state(report_id) == "succeeded"
        assert told not in d.told.now


async def test_a_card_is_ours_however_its_id_is_written_and_without_a_type(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id, doc = await d.submitted()
        doc.shown = Document("DOC-1", "", "SUCCESS", None, None)
        await d.followed()
        assert await d.state(report_id) == "succeeded"


async def test_a_document_that_cannot_be_read_keeps_no_other_waiting(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        first, bad = await d.submitted()
        second, good = await d.submitted()
        bad.shown = Document("another", "UTILISATION", "SUCCESS", None, None)
        good.status = "SUCCESS"
        await d.followed()
        assert (await d.state(first), await d.state(second)) == ("submitted", "succeeded")


@pytest.mark.parametrize("page", [1, 2, 100])
async def test_a_list_that_never_ends_is_read_no_further_than_the_document_has_codes(tmp_path: Path, page: int) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id, doc = await d.submitted(5)
        doc.status, doc.endless, d.office.page = "PARTIALLY_PROCESSED", True, page
        await d.followed()
        assert len(d.office.pages) <= 6
        report = await d.report(report_id)
        assert (report.state, report.document_status) == ("submitted", "PARTIALLY_PROCESSED")
        assert "more rows than its 5 codes" in str(report.problem)
        await d.followed()
        assert ("strange-answer", str(report_id)) in d.told.now


@pytest.mark.parametrize("status", ["ERROR", "PARTIALLY_PROCESSED"])
async def test_a_list_of_another_documents_codes_is_no_evidence(tmp_path: Path, status: str) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id, doc = await d.submitted(3)
        doc.status = status
        doc.outcomes = [CodeOutcome(n, f"another's {n}", "ERROR", "code-not-found") for n in range(2)]
        for _ in range(2):
            await d.followed()
        assert await d.state(report_id) == "submitted"
        assert set((await d.buckets()).values()) == {"reported"}
        assert ("strange-answer", str(report_id)) in d.told.now


async def test_a_long_list_is_read_in_turns_with_other_documents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "PAGES", 2)
    async with desk(tmp_path / "line.db") as d:
        first, long = await d.submitted(7)
        second, short = await d.submitted(1)
        d.office.page = 1
        for doc in (long, short):
            doc.status = "PARTIALLY_PROCESSED"
            doc.refuse(doc.codes[0])
        await d.followed()
        assert (await d.state(first), await d.state(second)) == ("submitted", "partial")
        assert [document for document, _ in d.office.pages] == [long.id, long.id, short.id]
        for _ in range(3):
            await d.follow()
        assert await d.state(first) == "partial"
        assert len(d.office.pages) == 8  # each row was asked for once
        assert Counter((await d.buckets()).values()) == {"accepted": 6, "refused": 2}


async def test_an_adopted_document_may_have_more_codes_than_the_report(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.batch(2)
        codes = await d.full_codes_of(report_id)
        d.office.answers.append(Refused("HTTP 400", status=400))
        await d.send()
        others = [f"another's {n}" for n in range(5)]
        doc = d.office.doc("cabinet", [*others, *codes], status="PARTIALLY_PROCESSED")
        doc.refuse(codes[1])
        await d.people.do("report-retry", {"document_id": "cabinet"}, subject=str(report_id))
        await d.followed()
        assert list((await d.buckets()).values()) == ["accepted", "refused"]


# ── remarks ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def _warned(doc: Doc, code: str, result: str | None = "EXTENDED_STATUS_EXISTS") -> None:
    doc.outcomes = [CodeOutcome(n, text, "SUCCESS", None) for n, text in enumerate(doc.codes)]
    place = next(n for n, text in enumerate(doc.codes) if text.startswith(code))
    doc.outcomes[place] = CodeOutcome(place, doc.codes[place], "WARNING", result)


async def test_what_a_partial_document_remarks_is_kept_shown_and_counted(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id, doc = await d.submitted(4)
        codes = await d.codes_of(report_id)
        doc.status = "PARTIALLY_PROCESSED"
        _warned(doc, codes[1])
        doc.outcomes[2] = doc.outcomes[2]._replace(state="ERROR", result="code-not-found")
        await d.followed()
        assert (await d.report(report_id)).warnings == 1
        story = await d.journal.read(report_story, report_id)
        assert story is not None and story.warnings == [(codes[1], "EXTENDED_STATUS_EXISTS")]
        told = await d.journal.read(code_story, codes[1])
        assert told is not None
        assert [(e.what, e.detail, e.report_id) for e in told.events][-1] == (
            "warning",
            "EXTENDED_STATUS_EXISTS",
            report_id,
        )
        assert (await d.rows("SELECT n FROM counter WHERE job_id = 0 AND name = 'remark'")) == [(1,)]
        assert list((await d.buckets()).values()) == ["accepted", "accepted", "refused", "accepted"]


async def test_what_a_document_that_succeeded_remarks_is_asked_for_when_nothing_else_is_to_be_done(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id, doc = await d.submitted(3)
        codes = await d.codes_of(report_id)
        doc.status = "SUCCESS"
        _warned(doc, codes[0], None)
        await d.followed()
        assert (await d.state(report_id), (await d.report(report_id)).warnings) == ("succeeded", None)
        assert d.office.pages == []
        await d.follow()
        assert (await d.report(report_id)).warnings == 1
        assert all(spare for _, spare in d.office.pages)
        assert await d.rows("SELECT ident, result FROM warning") == [(codes[0], "no reason given")]
        asked = len(d.office.pages)
        await d.follow()
        assert len(d.office.pages) == asked


@pytest.mark.parametrize("nothing", ["no list", "no answer", "endless", "another's list"])
async def test_remarks_that_cannot_be_had_cost_nothing(tmp_path: Path, nothing: str) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id, doc = await d.submitted(3)
        if nothing == "another's list":
            doc.outcomes = [CodeOutcome(n, f"another's {n}", "SUCCESS", None) for n in range(3)]
        doc.status, doc.has_list, doc.endless = "SUCCESS", nothing != "no list", nothing == "endless"
        await d.followed()
        d.office.deaf = UNAVAILABLE if nothing == "no answer" else None
        for _ in range(5):
            await d.follow()
        assert len(d.office.pages) == 1
        for _ in range(8):
            d.clock.pass_ms(2 * HOUR_MS)
            await d.follow()
        assert await d.state(report_id) == "succeeded"
        assert (await d.report(report_id)).warnings == (0 if nothing == "no list" else None)
        assert len(d.office.pages) == (3 if nothing == "no list" else 9)
        d.office.deaf = None
        other, _ = await d.submitted()
        await d.followed()
        assert await d.state(other) == "submitted"


async def test_nobody_asks_about_remarks_of_long_ago(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        _, doc = await d.submitted(3)
        doc.status = "SUCCESS"
        await d.followed()
        d.clock.pass_ms(DAY_MS + MINUTE_MS)
        await d.follow()
        assert d.office.pages == []
