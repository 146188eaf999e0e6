"""Our own echo: attempt 1 arrived unseen, two searches missed it, and attempt 2 is refused as applied already."""

from __future__ import annotations

from pathlib import Path

import pytest

from lined.regulator.answers import CodeOutcome
from lined.vocabulary.errors import Blame, OutcomeUnknown, Refused
from tests.harness.office import Doc
from tests.harness.reporting import MINUTE_MS, Desk, desk

ALREADY = "invalid-code-status"
GAP_MS = 900_000


async def sent_twice(d: Desk, answer: str | Exception = "echo", count: int = 3) -> tuple[int, Doc]:
    """The first attempt arrived as `first`, invisible; the second has its answer. Returns report and first document."""
    report_id = await d.in_doubt(count, arrives="first")
    first = d.office.docs["first"]
    first.visible = False
    await d.miss()
    await d.miss()
    assert await d.state(report_id) == "sealed"
    d.office.answers.append(answer)
    await d.send()
    return report_id, first


async def refuses_all(d: Desk, report_id: int) -> Refused:
    return Refused("HTTP 400", status=400, named=[Blame(ALREADY, (code,)) for code in await d.codes_of(report_id)])


def names(doc: Doc, codes: list[str]) -> None:
    """The document is refused whole, and its list of outcomes blames these codes."""
    doc.status = "ERROR"
    doc.outcomes = [CodeOutcome(n, code, "ERROR", ALREADY) for n, code in enumerate(codes)]


async def echoes(d: Desk, report_id: int) -> None:
    """The second document is refused: every code of it has been applied."""
    names(d.office.docs["echo"], await d.codes_of(report_id))


def ready(first: Doc, status: str = "SUCCESS") -> None:
    first.visible, first.status = True, status


async def test_a_document_refused_as_applied_already_leads_to_the_first_one(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id, first = await sent_twice(d)
        await echoes(d, report_id)
        ready(first)
        await d.followed()
        assert (await d.report(report_id)).document_id == "first"
        await d.followed()
        assert await d.state(report_id) == "succeeded"
        assert set((await d.buckets()).values()) == {"accepted"}
        assert len(await d.all_reports()) == 1


@pytest.mark.parametrize("names_codes", [True, False])
async def test_an_answer_that_refuses_what_was_applied_leads_to_the_first_document(
    tmp_path: Path, names_codes: bool
) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.in_doubt(arrives="first")
        first = d.office.docs["first"]
        first.visible = False
        await d.miss()
        await d.miss()
        ready(first)
        d.office.answers.append(await refuses_all(d, report_id) if names_codes else Refused("HTTP 400", status=400))
        await d.send()
        assert (await d.report(report_id)).document_id == "first"
        await d.followed()
        assert await d.state(report_id) == "succeeded"


async def test_the_first_document_may_show_up_after_its_echo_was_refused(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id, first = await sent_twice(d)
        await echoes(d, report_id)
        await d.followed()
        assert await d.state(report_id) == "submitted"
        ready(first)
        await d.followed()
        await d.followed()
        assert await d.state(report_id) == "succeeded"


async def test_an_answer_that_looks_like_an_echo_is_in_doubt_until_the_document_shows_up(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.in_doubt(arrives="first")
        first = d.office.docs["first"]
        first.visible = False
        await d.miss()
        await d.miss()
        d.office.answers.append(await refuses_all(d, report_id))
        await d.send()
        assert await d.state(report_id) == "in_doubt"
        await d.miss()
        ready(first)
        await d.miss()
        assert (await d.report(report_id)).document_id == "first"


async def test_an_echo_whose_first_document_never_shows_up_is_held_and_not_sent_a_third_time(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.in_doubt()
        await d.miss()
        await d.miss()
        d.office.answers.append(await refuses_all(d, report_id))
        await d.send()
        await d.miss()
        await d.miss()
        report = await d.report(report_id)
        assert (report.state, report.waits_for) == ("held", None)
        assert not await d.send()
        assert len(d.office.submitted) == 2


async def test_a_document_that_looks_like_an_echo_is_looked_for_twice_and_then_held(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id, _ = await sent_twice(d)
        await echoes(d, report_id)
        await d.followed()
        assert await d.state(report_id) == "submitted"
        d.clock.pass_ms(GAP_MS - MINUTE_MS)
        await d.follow()
        assert await d.state(report_id) == "submitted"
        await d.followed()
        assert await d.state(report_id) == "held"
        assert set((await d.buckets()).values()) == {"held"}


async def test_a_refusal_of_a_few_codes_after_a_doubt_is_believed_once_a_search_has_missed(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id, first = await sent_twice(d, count=5)
        del d.office.docs[first.id]
        codes = await d.codes_of(report_id)
        echo = d.office.docs["echo"]
        names(echo, codes[:1])
        await d.followed()
        assert [report.state for report in await d.all_reports()] == ["refused", "sealed"]
        assert (await d.buckets())[codes[0]] == "refused"


async def test_no_refusal_after_a_doubt_is_believed_without_a_complete_search(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id, first = await sent_twice(d, count=5)
        codes = await d.codes_of(report_id)
        echo = d.office.docs["echo"]
        names(echo, codes[:1])
        first.visible, first.content = True, {"sntins": None}
        for _ in range(3):
            await d.followed(GAP_MS)
        assert await d.state(report_id) == "submitted"
        assert "refused" not in (await d.buckets()).values()


async def test_a_first_document_processed_in_part_decides_code_by_code(tmp_path: Path) -> None:
    """What the second one accepted stays accepted, whatever the first says of it."""
    async with desk(tmp_path / "line.db") as d:
        report_id, first = await sent_twice(d)
        a, b, c = await d.codes_of(report_id)
        echo = d.office.docs["echo"]
        echo.status = "PARTIALLY_PROCESSED"
        echo.outcomes = [
            CodeOutcome(0, a, "ERROR", ALREADY),
            CodeOutcome(1, b, "ERROR", ALREADY),
            CodeOutcome(2, c, "SUCCESS", None),
        ]
        ready(first, "PARTIALLY_PROCESSED")
        first.outcomes = [
            CodeOutcome(0, a, "SUCCESS", None),
            CodeOutcome(1, b, "ERROR", "code-not-found"),
            CodeOutcome(2, c, "ERROR", "internal"),
        ]
        await d.followed()
        await d.followed()
        assert await d.buckets() == {a: "accepted", b: "refused", c: "accepted"}


async def test_a_document_processed_in_part_is_no_echo_although_its_list_names_the_refused_first(
    tmp_path: Path,
) -> None:
    """What its status says was processed may come into the list of codes much later."""
    async with desk(tmp_path / "line.db") as d:
        report_id, first = await sent_twice(d)
        del d.office.docs[first.id]
        a, b, c = await d.codes_of(report_id)
        second = d.office.docs["echo"]
        names(second, [a, b])
        second.status = "PARTIALLY_PROCESSED"
        await d.followed()
        await d.followed(GAP_MS)
        assert [report.state for report in await d.all_reports()] == ["partial"]
        assert await d.buckets() == {a: "refused", b: "refused", c: "reported"}
        second.outcomes.append(CodeOutcome(2, c, "SUCCESS", None))
        await d.followed(GAP_MS)
        assert await d.buckets() == {a: "refused", b: "refused", c: "accepted"}


async def test_a_document_processed_in_part_whose_list_refuses_every_code_is_not_believed(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id, _ = await sent_twice(d)
        await echoes(d, report_id)
        d.office.docs["echo"].status = "PARTIALLY_PROCESSED"
        await d.followed()
        await d.followed(GAP_MS)
        assert await d.state(report_id) == "held"


async def test_without_a_doubt_nobody_looks_for_an_echo(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id, doc = await d.submitted()
        names(doc, await d.codes_of(report_id))
        await d.followed()
        assert await d.state(report_id) == "refused"
        assert d.office.searches == []


async def test_both_documents_visible_the_one_that_stands_is_ours(tmp_path: Path) -> None:
    """The answer to the second attempt was lost too: the search meets the refused echo first."""
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.in_doubt(arrives="z-first")
        d.office.docs["z-first"].visible = False
        await d.miss()
        await d.miss()
        d.office.answers.append(OutcomeUnknown("no answer"))
        d.office.arrives.append("a-echo")
        await d.send()
        d.office.docs["a-echo"].status = "ERROR"
        ready(d.office.docs["z-first"])
        d.office.page = 1
        await d.miss()
        assert (await d.report(report_id)).document_id == "z-first"
