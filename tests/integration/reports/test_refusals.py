"""Refusals: named codes are refused, the innocent go once into a new report, and what blames nobody is a person's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lined.reports.delivery import applying
from lined.vocabulary.errors import Blame, OutcomeUnknown, Refused
from tests.harness.reporting import TAIL, Desk, desk


def naming(*codes: str) -> Refused:
    return pointing(*(Blame("bad", (code,)) for code in codes))


def pointing(*named: Blame) -> Refused:
    return Refused("HTTP 400: 602 bad value", status=400, evidence="{}", named=named)


def sent(d: Desk, number: int = -1) -> list[str]:
    """The codes of a submission, separators as they went."""
    codes: list[str] = json.loads(d.office.submitted[number])["sntins"]
    return codes


async def test_an_answer_that_names_codes_refuses_them_and_the_innocent_go_into_a_new_report(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.batch(3)
        bad, *good = await d.codes_of(report_id)
        d.office.answers.append(naming(bad))
        await d.send()
        first, heir = await d.all_reports()
        assert (first.state, heir.state, heir.codes, heir.batch_id) == ("refused", "sealed", 2, report_id)
        assert await d.buckets() == {bad: "refused", good[0]: "unreported", good[1]: "unreported"}
        await d.send()
        assert sent(d) == [code + TAIL for code in good]


async def test_codes_are_recognised_however_the_answer_writes_them(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.batch(4)
        codes = await d.codes_of(report_id)
        d.office.answers.append(
            naming(codes[0], codes[1] + TAIL, codes[2] + TAIL.replace("\x1d", ""), "somebody else's")
        )
        await d.send()
        assert list((await d.buckets()).values()) == ["refused", "refused", "refused", "unreported"]


OTHERS = "010489921512237121SOMEBODY-ELSE"


@pytest.mark.parametrize(
    ("blame", "refused"),
    [
        (Blame("bad", places=(("sntins", 2),)), {2}),
        (Blame("bad", places=(("sntins", 0), ("sntins", 3))), {0, 3}),
        (Blame("bad", places=(("sntins", 4),)), set()),  # there is none at that place
        (Blame("bad", places=(("codes", 2),)), set()),
        (Blame("bad", places=(("productionDate",), ("sntins",), (2, "sntins"))), set()),
        (Blame("bad", (OTHERS,), (("sntins", 1),)), {1}),
        (Blame("bad", (OTHERS,), (), (OTHERS,)), set()),
    ],
)
async def test_a_place_is_an_index_into_what_was_sent(tmp_path: Path, blame: Blame, refused: set[int]) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.batch(4)
        codes = await d.codes_of(report_id)
        d.office.answers.append(pointing(blame))
        await d.send()
        buckets = await d.buckets()
        assert {n for n, code in enumerate(codes) if buckets[code] == "refused"} == refused
        assert await d.state(report_id) == ("refused" if refused else "held")


async def test_the_surest_word_of_an_error_counts(tmp_path: Path) -> None:
    """A value that is ours, else a place, else what its text quotes; each error by itself."""
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.batch(5)
        codes = await d.codes_of(report_id)
        everything = Blame("first", (codes[0],), (("sntins", 1),), (codes[2],))
        d.office.answers.append(
            pointing(everything, Blame("second", (), (("sntins", 3),), (codes[2],)), Blame("third", quoted=(codes[4],)))
        )
        await d.send()
        buckets = await d.buckets()
        assert [buckets[code] for code in codes] == ["refused", "unreported", "unreported", "refused", "refused"]


async def test_a_report_whose_codes_are_all_named_has_no_heir(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.batch(2)
        d.office.answers.append(naming(*await d.codes_of(report_id)))
        await d.send()
        assert [report.state for report in await d.all_reports()] == ["refused"]
        assert set((await d.buckets()).values()) == {"refused"}


async def test_the_innocent_are_held_when_they_are_refused_a_second_time(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.batch(3)
        codes = await d.codes_of(report_id)
        d.office.answers.extend([naming(codes[0]), naming(codes[1])])
        await d.send()
        await d.send()
        assert [report.state for report in await d.all_reports()] == ["refused", "held"]
        assert await d.buckets() == {codes[0]: "refused", codes[1]: "refused", codes[2]: "held"}
        assert not await d.send()


async def test_what_a_person_sends_again_then_leaves_the_refused_out(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.batch(3)
        codes = await d.codes_of(report_id)
        d.office.answers.extend([naming(codes[0]), naming(codes[1])])
        await d.send()
        await d.send()
        await d.people.do("report-retry", {}, subject=str((await d.all_reports())[1].id))
        await d.send()
        assert sent(d) == [codes[2] + TAIL]


async def test_a_refusal_that_names_nobody_is_held(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.batch()
        d.office.answers.append(naming("nobody of ours, but a text that is long enough"))
        await d.send()
        report = await d.report(report_id)
        assert (report.state, report.due_ms) == ("held", None)
        assert set((await d.buckets()).values()) == {"held"}


async def test_two_in_a_row_that_name_nobody_pause_the_kind_until_a_person_decides(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        first, second, third = [await d.batch() for _ in range(3)]
        d.office.answers.extend([naming(), naming()])
        await d.send()
        await d.send()
        assert not await d.send()
        assert await d.state(third) == "sealed"
        assert ("kind-paused", "utilisation") in d.told.now
        await d.restart()
        assert not await d.send()
        assert ("kind-paused", "utilisation") in d.told.now
        await d.people.do("report-release", {"codes": "refused", "reason": "scrapped"}, subject=str(first))
        assert await d.send()
        assert await d.state(third) == "submitted"
        assert ("kind-paused", "utilisation") not in d.told.now
        assert await d.state(second) == "held"


async def test_a_success_from_before_the_pause_does_not_end_it(tmp_path: Path) -> None:
    """What was under way when the kind paused says nothing about the next document."""
    async with desk(tmp_path / "line.db") as d:
        _, doc = await d.submitted()
        for _ in range(3):
            await d.batch()
        d.office.answers.extend([naming(), naming()])
        await d.send()
        await d.send()
        doc.status = "SUCCESS"
        await d.followed()
        assert not await d.send()
        assert ("kind-paused", "utilisation") in d.told.now


async def test_a_success_in_between_starts_the_count_anew(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        for _ in range(3):
            await d.batch()
        d.office.answers.extend([naming(), "doc-2", naming()])
        await d.send()
        await d.send()
        d.office.docs["doc-2"].status = "SUCCESS"
        await d.followed()
        await d.send()
        await d.batch()
        assert await d.send()


async def test_a_document_that_names_codes_refuses_them_and_the_innocent_go_into_a_new_report(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id, doc = await d.submitted(3)
        bad, *_ = await d.codes_of(report_id)
        doc.status = "ERROR"
        doc.refuse(bad, result="code-not-found")
        doc.outcomes = [row for row in doc.outcomes if row.state == "ERROR"]
        await d.followed()
        first, heir = await d.all_reports()
        assert (first.state, heir.state, heir.codes) == ("refused", "sealed", 2)
        assert (await d.buckets())[bad] == "refused"
        assert "602" in str(first.evidence)


async def test_rows_of_the_list_of_errors_blame_no_code(tmp_path: Path) -> None:
    """Their index is the number of the row: the first row is not about the first code."""
    async with desk(tmp_path / "line.db") as d:
        report_id, doc = await d.submitted(3)
        doc.status = "ERROR"
        await d.followed()
        assert await d.state(report_id) == "held"
        assert set((await d.buckets()).values()) == {"held"}


async def test_a_refused_document_is_not_forgotten_when_its_report_is_sent_again(tmp_path: Path) -> None:
    """The answer to the second attempt is lost: the first document is not taken for the second."""
    async with desk(tmp_path / "line.db") as d:
        report_id, doc = await d.submitted()
        doc.status = "ERROR"
        await d.followed()
        assert await d.state(report_id) == "held"
        await d.people.do("report-retry", {}, subject=str(report_id))
        d.office.answers.append(OutcomeUnknown("no answer"))
        d.office.arrives.append("doc-again")
        await d.send()
        await d.miss()
        assert (await d.report(report_id)).document_id == "doc-again"


async def test_a_refused_document_of_an_earlier_attempt_is_not_taken_for_a_lost_one(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id, doc = await d.submitted()
        doc.status = "ERROR"
        await d.followed()
        await d.people.do("report-retry", {}, subject=str(report_id))
        d.office.answers.append(OutcomeUnknown("no answer"))
        await d.send()
        await d.miss()
        assert (await d.report(report_id)).misses == 1
        await d.miss()
        await d.send()
        assert len(d.office.submitted) == 3


async def test_after_a_crash_in_the_middle_of_a_refusal_all_is_as_without_it(tmp_path: Path) -> None:
    """Codes got their outcome, the report had not: the document is read again and the innocent still find their way."""
    async with desk(tmp_path / "line.db") as d:
        report_id, doc = await d.submitted(3)
        bad, *_ = await d.codes_of(report_id)
        doc.status = "ERROR"
        doc.refuse(bad)
        await applying.give_own(d.ports, await d.report(report_id), "refused", {bad: "bad"})
        await d.restart()
        await d.followed()
        first, heir = await d.all_reports()
        assert (first.state, heir.state, heir.codes) == ("refused", "sealed", 2)


async def test_a_refusal_cut_short_by_a_crash_is_undone_by_a_later_success(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.in_doubt(3)
        bad, *_ = await d.codes_of(report_id)
        await applying.give_own(d.ports, await d.report(report_id), "refused", {bad: "bad"})
        d.office.doc("doc-a", await d.full_codes_of(report_id), "SUCCESS")
        await d.miss()
        await d.followed()
        assert set((await d.buckets()).values()) == {"accepted"}
