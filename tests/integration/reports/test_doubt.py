"""What may have been received is looked for, found by its codes, and sent again only after two complete misses."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from lined.regulator.answers import Document
from lined.reports.delivery import fingerprints as prints
from lined.vocabulary.errors import Denied, LookupFailed, OutcomeUnknown, Unavailable
from tests.harness.reporting import DAY_MS, HOUR_MS, MINUTE_MS, UNAVAILABLE, Desk, desk

GAP_MS = 900_000
UNKNOWN = OutcomeUnknown("no answer within the time-out")


async def test_a_document_with_the_same_codes_is_ours(tmp_path: Path) -> None:
    """As the specification's sample shows it: no separators, a field missing."""
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.in_doubt(arrives="doc-a")
        await d.miss()
        report = await d.report(report_id)
        assert (report.state, report.document_id) == ("submitted", "doc-a")
        assert len(d.office.submitted) == 1


async def test_the_codes_are_compared_whatever_their_order_and_separators(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.in_doubt()
        full = [ident + "\x1d93vuzv" for ident in await d.codes_of(report_id)]
        d.office.doc("doc-b", reversed(full))
        await d.miss()
        assert (await d.report(report_id)).document_id == "doc-b"


async def test_it_is_sent_again_after_two_complete_misses_a_gap_apart_and_not_before(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.in_doubt()
        await d.look()
        await d.send()
        assert (await d.report(report_id)).misses == 0  # before its time
        await d.miss()
        assert (await d.report(report_id)).misses == 1
        d.clock.pass_ms(GAP_MS - 1_000)
        await d.look()
        await d.send()
        assert await d.state(report_id) == "in_doubt"
        d.clock.pass_ms(1_000)
        await d.look()
        assert await d.state(report_id) == "sealed"
        await d.send()
        assert await d.state(report_id) == "submitted"
        assert len(d.office.submitted) == 2


async def test_a_clock_that_jumps_does_not_shorten_the_gap(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.in_doubt()
        await d.miss()
        d.clock.jump_ms(HOUR_MS)
        await d.look()
        await d.send()
        assert await d.state(report_id) == "in_doubt"
        assert len(d.office.submitted) == 1
        d.clock.pass_ms(GAP_MS)
        await d.look()
        assert await d.state(report_id) == "sealed"


async def test_a_clock_set_back_does_not_put_off_the_second_search(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.in_doubt()
        await d.miss()
        d.clock.jump_ms(-10 * DAY_MS)
        d.clock.pass_ms(GAP_MS)
        await d.look()
        assert await d.state(report_id) == "sealed"


async def test_a_clock_that_runs_ahead_does_not_hide_the_document(tmp_path: Path) -> None:
    """The search begins at the regulator's last answer before the attempt, not where our clock was."""
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.batch()
        d.clock.jump_ms(5 * HOUR_MS)
        d.office.answers.append(OutcomeUnknown("no answer within the time-out"))
        d.office.arrives.append("doc-a")
        assert await d.send()
        await d.miss()
        assert (await d.report(report_id)).document_id == "doc-a"
        since = d.office.searches[-1]
        assert since < datetime.fromtimestamp(d.office.docs["doc-a"].created_ms / 1000, UTC)


@pytest.mark.parametrize("failure", [Unavailable("HTTP 503"), Unavailable("HTML"), Denied("HTTP 403", status=403)])
@pytest.mark.parametrize("answered", [0, 1])
async def test_an_incomplete_search_is_no_miss(tmp_path: Path, failure: LookupFailed, answered: int) -> None:
    """Neither where the search itself fails, nor where one of its candidates cannot be read."""
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.in_doubt()
        d.office.doc("foreign", ["01000000000000002100"])
        d.office.deaf, d.office.deaf_after = failure, answered
        for _ in range(6):
            await d.miss()
            d.office.deaf_after = answered
            d.clock.pass_ms(GAP_MS)
        await d.send()
        report = await d.report(report_id)
        assert (report.state, report.misses) == ("in_doubt", 0)
        assert len(d.office.submitted) == 1


async def test_a_candidate_without_readable_codes_is_no_evidence(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.in_doubt()
        d.office.doc("odd", []).content = {"sntins": None}
        await d.miss()
        assert (await d.report(report_id)).misses == 0


async def test_all_pages_are_read(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.in_doubt(arrives="zz-last")
        d.office.page = 2
        for number in range(7):
            d.office.doc(f"foreign-{number}", [f"0100000000000000210{number}"])
        await d.miss()
        assert (await d.report(report_id)).document_id == "zz-last"


async def test_a_partial_overlap_is_held_for_a_person(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.in_doubt()
        d.office.doc("odd", (await d.full_codes_of(report_id))[:2])
        await d.miss()
        report = await d.report(report_id)
        assert report.state == "held"
        assert "odd" in str(report.problem) and "2" in str(report.problem)


async def test_more_codes_than_ours_are_a_contradiction_too(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.in_doubt()
        d.office.doc("odd", [*await d.full_codes_of(report_id), "01000000000000002100"])
        await d.miss()
        assert await d.state(report_id) == "held"


async def test_a_code_listed_twice_is_not_our_document(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.in_doubt()
        full = await d.full_codes_of(report_id)
        d.office.doc("odd", [*full, full[0]])
        await d.miss()
        assert await d.state(report_id) == "held"


async def test_our_own_document_counts_more_than_somebody_s_overlap(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.in_doubt(arrives="ours")
        d.office.doc("a-first-in-the-list", (await d.full_codes_of(report_id))[:1])
        await d.miss()
        assert (await d.report(report_id)).document_id == "ours"


async def test_documents_of_other_reports_are_not_read_again(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        await d.submitted()
        report_id = await d.in_doubt()
        d.office.docs["doc-1"].content = {"sntins": "not read"}
        await d.miss()
        assert (await d.report(report_id)).misses == 1


async def test_24_hours_without_a_complete_search_are_a_person_s(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.in_doubt()
        d.office.deaf = UNAVAILABLE
        d.clock.pass_ms(DAY_MS - HOUR_MS)
        await d.miss()
        assert await d.state(report_id) == "in_doubt"
        d.clock.pass_ms(HOUR_MS)
        await d.miss()
        report = await d.report(report_id)
        assert report.state == "held"
        assert "24 h" in str(report.problem)


async def test_one_in_doubt_or_held_blocks_nobody(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        doubted = await d.in_doubt()
        d.clock.pass_ms(MINUTE_MS)
        await d.look()
        other = await d.batch()
        await d.send()
        assert (await d.state(doubted), await d.state(other)) == ("in_doubt", "submitted")
        d.office.doc("odd", (await d.full_codes_of(doubted))[:1])
        await d.miss()
        third = await d.batch()
        await d.send()
        assert (await d.state(doubted), await d.state(third)) == ("held", "submitted")


async def _gate(d: Desk) -> tuple[int, int]:
    """One report in doubt, one that waits behind it."""
    return await d.in_doubt(), await d.batch()


async def test_after_an_answer_that_leaves_doubt_nothing_is_posted_until_a_search_has_answered(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        doubted, waiting = await _gate(d)
        d.office.deaf = UNAVAILABLE
        for _ in range(20):
            d.clock.pass_ms(MINUTE_MS)
            await d.look()
            assert not await d.send()
        assert (await d.state(doubted), await d.state(waiting)) == ("in_doubt", "sealed")
        assert len(d.office.submitted) == 1
        d.office.deaf = None
        d.clock.pass_ms(2 * MINUTE_MS)
        await d.look()
        assert await d.send()
        assert await d.state(waiting) == "submitted"


async def test_the_gate_is_probed_before_the_first_search_counts(tmp_path: Path) -> None:
    """The regulator may be back in seconds: others need not wait a minute for it."""
    async with desk(tmp_path / "line.db") as d:
        doubted, waiting = await _gate(d)
        d.clock.pass_ms(2_000)
        await d.look()
        assert (await d.report(doubted)).misses == 0
        await d.send()
        assert await d.state(waiting) == "submitted"


async def test_the_gate_stays_closed_when_the_last_report_in_doubt_is_given_up(tmp_path: Path) -> None:
    """24 hours of outage put one report in doubt, and no second one."""
    async with desk(tmp_path / "line.db") as d:
        doubted, waiting = await _gate(d)
        d.office.deaf = UNAVAILABLE
        d.clock.pass_ms(DAY_MS + HOUR_MS)
        await d.look()
        assert await d.state(doubted) == "held"
        await d.look()
        assert not await d.send()
        assert await d.state(waiting) == "sealed"
        d.office.deaf = None
        d.clock.pass_ms(2 * MINUTE_MS)
        await d.look()
        await d.send()
        assert await d.state(waiting) == "submitted"


async def test_the_gate_opens_although_our_clock_runs_ahead(tmp_path: Path) -> None:
    """Documents "since now" would be asked for from the regulator's future, which it refuses."""
    async with desk(tmp_path / "line.db") as d:
        doubted, waiting = await _gate(d)
        d.office.deaf = UNAVAILABLE
        d.clock.pass_ms(DAY_MS + HOUR_MS)
        await d.look()
        assert await d.state(doubted) == "held"
        d.office.deaf = None
        d.clock.jump_ms(2 * MINUTE_MS)
        for _ in range(2):  # the first may fail, and tells what time it is
            d.clock.pass_ms(5 * MINUTE_MS)
            await d.look()
        await d.send()
        assert await d.state(waiting) == "submitted"


async def test_people_are_told_of_reports_in_doubt_and_that_it_is_over(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        await d.in_doubt(arrives="doc-a")
        await d.look()
        assert ("in-doubt", "reports") in d.told.now
        await d.miss()
        await d.look()
        assert ("in-doubt", "reports") not in d.told.now


async def test_an_answer_from_before_a_doubt_does_not_let_the_next_report_go(tmp_path: Path) -> None:
    """A search was under way when another report came into doubt: what it had heard by then says nothing."""
    async with desk(tmp_path / "line.db") as d:
        await d.in_doubt()
        d.clock.pass_ms(2_000)
        await d.look()
        assert d.delivery.gate_open
        d.clock.pass_ms(MINUTE_MS)
        second, third = await d.batch(), await d.batch()
        heard, go_on = asyncio.Event(), asyncio.Event()
        search = d.office.search

        async def slow(**asked: Any) -> list[Document]:
            found = await search(**asked)
            heard.set()
            await go_on.wait()
            return found

        d.office.search = slow  # type: ignore[method-assign]
        looking = asyncio.ensure_future(d.look())
        await heard.wait()
        d.office.answers.append(UNKNOWN)
        assert await d.send()
        go_on.set()
        await looking
        assert not await d.send()
        assert (await d.state(second), await d.state(third)) == ("in_doubt", "sealed")


async def test_a_full_page_that_comes_again_is_no_complete_search(tmp_path: Path) -> None:
    """A server that did not understand our cursor: what lies behind the first page was not seen."""
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.in_doubt(arrives="zz-last")
        for number in range(100):
            d.office.doc(f"foreign-{number:03}", [f"010000000000000021{number:03}"])
        search = d.office.search

        async def again(*, kind: str, since: datetime, cursor: str | None) -> list[Document]:
            return await search(kind=kind, since=since, cursor=None)

        d.office.search = again  # type: ignore[method-assign]
        await d.miss()
        assert (await d.report(report_id)).misses == 0


# ── many at once ────────────────────────────────────────────────────────────────────────────────────────────────────


async def _many_in_doubt(d: Desk, count: int) -> list[int]:
    """Reports in doubt whose first searches are due, among documents of others."""
    found = []
    for _ in range(count):
        found.append(await d.in_doubt())
        d.clock.pass_ms(2_000)
        await d.look()  # a search that is answered: the next may be sent
    for number in range(4):
        d.office.doc(f"foreign-{number}", [f"0100000000000000210{number}", f"0100000000000000211{number}"])
    d.office.read.clear()
    d.clock.pass_ms(MINUTE_MS)
    return found


async def test_of_many_in_doubt_each_document_is_read_once(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        found = await _many_in_doubt(d, 12)
        d.office.doc("ours", await d.full_codes_of(found[7]))
        await d.look()
        assert Counter(d.office.read) == {**{f"foreign-{n}": 1 for n in range(4)}, "ours": 2}
        assert (await d.report(found[7])).document_id == "ours"
        assert [(await d.report(report)).misses for report in found if report != found[7]] == [1] * 11


async def test_what_no_longer_fits_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prints, "CODES_KEPT", 5)
    async with desk(tmp_path / "line.db") as d:
        found = await _many_in_doubt(d, 6)
        await d.look()
        assert Counter(d.office.read) == {"foreign-0": 1, "foreign-1": 1, "foreign-2": 6, "foreign-3": 6}
        assert [(await d.report(report)).misses for report in found] == [1] * 6


async def test_a_candidate_that_cannot_be_read_is_a_miss_for_none_of_them(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        found = await _many_in_doubt(d, 4)
        d.office.docs["foreign-3"].content = {"sntins": None}
        await d.look()
        assert [(await d.report(report)).misses for report in found] == [0] * 4
        assert Counter(d.office.read)["foreign-3"] == 4


async def test_a_document_read_for_another_report_is_a_contradiction_all_the_same(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        found = await _many_in_doubt(d, 3)
        d.office.doc("odd", (await d.full_codes_of(found[2]))[:1])
        await d.look()
        assert [await d.state(report) for report in found] == ["in_doubt", "in_doubt", "held"]
        assert "odd" in str((await d.report(found[2])).problem)


async def test_a_new_round_reads_anew(tmp_path: Path) -> None:
    """What is remembered of a document is as old as one round: a report that comes into doubt later has it read."""
    async with desk(tmp_path / "line.db") as d:
        await _many_in_doubt(d, 2)
        await d.look()
        await d.look()
        d.office.read.clear()
        await d.in_doubt()
        d.clock.pass_ms(2_000)
        await d.look()
        assert d.office.read == [f"foreign-{number}" for number in range(4)]


# ── codes' histories ────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_document_that_no_search_shows_is_found_by_its_codes_histories(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        d.office.histories = None
        report_id = await d.in_doubt(count=50, arrives="doc-a")
        d.office.docs["doc-a"].listed = False
        await d.miss()
        report = await d.report(report_id)
        assert (report.state, report.document_id) == ("submitted", "doc-a")
        assert len(d.office.submitted) == 1


async def test_a_document_that_touched_our_codes_and_cannot_be_seen_is_no_miss(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        d.office.histories = None
        report_id = await d.in_doubt(arrives="doc-a")
        d.office.docs["doc-a"].visible = False
        for _ in range(4):
            await d.miss()
            d.clock.pass_ms(GAP_MS)
        report = await d.report(report_id)
        assert (report.state, report.misses) == ("in_doubt", 0)


async def test_a_document_that_touched_some_of_our_codes_is_held_with_its_name(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        d.office.histories = None
        report_id = await d.in_doubt()
        d.office.doc("odd", (await d.full_codes_of(report_id))[:1]).listed = False
        await d.miss()
        report = await d.report(report_id)
        assert report.state == "held"
        assert "odd" in str(report.problem)


@pytest.mark.parametrize("failure", [Denied("HTTP 403", status=403), Unavailable("HTTP 404")])
async def test_histories_that_cannot_be_had_do_not_keep_a_search_from_being_complete(
    tmp_path: Path, failure: LookupFailed
) -> None:
    async with desk(tmp_path / "line.db") as d:
        d.office.histories = failure
        report_id = await d.in_doubt()
        await d.miss()
        await d.miss()
        assert await d.state(report_id) == "sealed"


# ── the same codes, other words ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ({"seriesNumber": "OTHER"}, "series"),
        ({"businessPlaceId": 28}, "business_place_id"),
        ({"productionDate": "2026-11-22T12:00:00+05:00"}, "production_date"),
        ({"expirationDate": "2030-01-01T00:00:00+05:00"}, "expiration_date"),
    ],
)
async def test_a_document_with_our_codes_and_another_series_date_or_place_is_held(
    tmp_path: Path, said: dict[str, object], name: str
) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.batch(series="S-1")
        d.office.answers.append(UNKNOWN)
        await d.send()
        document = d.office.doc("odd", await d.full_codes_of(report_id))
        document.content = {"sntins": document.codes, **said}
        await d.miss()
        report = await d.report(report_id)
        assert report.state == "held"
        assert "odd" in str(report.problem) and f"but {name} is" in str(report.problem)


async def test_the_same_moment_in_other_words_is_the_same(tmp_path: Path) -> None:
    """In UTC, without a fraction, the place as a text; the country is gone, as in the specification's sample."""
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.batch(series="S-1")
        d.office.answers.append(UNKNOWN)
        await d.send()
        document = d.office.doc("ours", await d.full_codes_of(report_id))
        document.content = {
            "sntins": document.codes,
            "businessPlaceId": "27",
            "seriesNumber": "S-1",
            "productionDate": "2026-11-23T07:00:00Z",
        }
        await d.miss()
        assert (await d.report(report_id)).document_id == "ours"


async def test_a_refused_document_of_somebody_else_changes_nothing(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.batch(series="S-1")
        d.office.answers.append(UNKNOWN)
        await d.send()
        document = d.office.doc("odd", await d.full_codes_of(report_id), "ERROR")
        document.content = {"sntins": document.codes, "seriesNumber": "OTHER"}
        await d.miss()
        assert ((await d.report(report_id)).state, (await d.report(report_id)).misses) == ("in_doubt", 1)


# ── answers that nobody can read ────────────────────────────────────────────────────────────────────────────────────
async def _turned_away(d: Desk, status: int, *, then: int = 2) -> None:
    """The next submission gets a page with this status, and `then` complete searches miss it."""
    page = f"<html><h1>{status} Request Entity Too Large</h1></html>"
    d.office.answers.append(OutcomeUnknown(f"HTTP {status}: an HTML page", status=status, evidence=page))
    assert await d.send()
    for _ in range(then):
        await d.miss()


@pytest.mark.parametrize("status", [400, 403, 404, 413, 418, 431])
async def test_the_same_unreadable_4xx_three_times_is_held_with_what_came_back_and_the_next_report_goes(
    tmp_path: Path, status: int
) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id, following = await d.batch(), await d.batch()
        for attempt in (1, 2):
            await _turned_away(d, status)
            row = await d.report(report_id)
            assert row.state == "sealed" and f"HTTP {status}" in str(row.problem), attempt
        await _turned_away(d, status)
        row = await d.report(report_id)
        assert (row.state, row.due_ms) == ("held", None)
        assert f"HTTP {status}" in str(row.problem) and "something between" in str(row.problem)
        assert "Request Entity Too Large" in str(row.evidence)
        assert await d.send()
        assert await d.state(following) == "submitted"
        assert len(d.office.submitted) == 4


async def test_a_person_has_it_tried_three_times_more(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.batch()
        for _ in range(3):
            await _turned_away(d, 413)
        await d.people.do("report-retry", {"confirm": "not-received"}, subject=str(report_id))
        for _ in range(2):
            await _turned_away(d, 413)
        assert await d.state(report_id) == "sealed"
        assert await d.send()
        assert await d.state(report_id) == "submitted"


async def test_another_status_in_between_begins_the_count_anew_and_an_outage_does_not_count(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.batch()
        for status in (413, 413, 403, 413, 500, 504, 413, 408):
            await _turned_away(d, status)
            assert await d.state(report_id) == "sealed", status
        await _turned_away(d, 413)
        assert await d.state(report_id) == "held"


async def test_the_third_is_looked_for_before_it_is_held(tmp_path: Path) -> None:
    """It may have arrived all the same: a page is no proof of anything."""
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.batch()
        for _ in range(2):
            await _turned_away(d, 413)
        await _turned_away(d, 413, then=1)
        assert await d.state(report_id) == "in_doubt"
        d.office.doc("late", await d.full_codes_of(report_id))
        await d.miss()
        assert await d.state(report_id) == "submitted"
