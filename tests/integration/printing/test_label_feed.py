"""Codes given to printers: once each, on disk before; what is set aside comes back only by a command."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from drivers.printers import Condition, Trouble
from lined.codes import sscc
from lined.journal.care import takeover
from lined.journal.care.takeover import Gap
from lined.journal.tables import counters, labels, pools
from lined.line.plant import PackageRule, SsccRange, Station
from lined.line.stations import closing
from lined.line.watch.balance import equations
from lined.supply.label_feed import Given, LabelFeed, PrinterRule
from lined.supply.label_watch import LabelWatch
from lined.vocabulary.alarms import AlarmKind
from lined.vocabulary.errors import CommandError
from lined.vocabulary.printing import LABEL_TRANSITIONS, LabelState
from tests.harness.line import NOON, OIL, WATER, Line, frame, ident, oil, plant

RULES = {
    "printer-1": PrinterRule(low_stock=5, unseen_ms=60_000),
    "printer-2": PrinterRule(low_stock=5),
    "water": PrinterRule(gtin=WATER),
    "boxes": PrinterRule(units=False),
}


@asynccontextmanager
async def a_line(path: Path, codes: int = 20) -> AsyncIterator[tuple[Line, LabelFeed]]:
    """OIL runs, and has a pool."""
    async with Line(path / "line-1.db") as line:
        await load(line, codes)
        await line.job()
        yield line, feed_of(line)


def feed_of(line: Line) -> LabelFeed:
    return LabelFeed(line.plant, line.journal, line.problems, lambda: line.now, RULES)


async def load(line: Line, codes: int, *, first: int = 1) -> None:
    page = [oil(number) for number in range(first, first + codes)]
    await line.line.do("pool-load", {"gtin": OIL, "codes": page, "complete": True})


async def states(line: Line) -> Counter[str]:
    found = await line.journal.read(labels.page, 1_000, None)
    return Counter(row.state for row in found)


def written(given: Sequence[Given]) -> list[str]:
    return [one.label.code.decode() for one in given]


async def test_a_code_is_given_once_to_whatever_printer_and_after_a_restart(tmp_path: Path) -> None:
    async with a_line(tmp_path) as (line, feed):
        first = written(await feed.take("printer-1", 8))
        second = written(await feed.take("printer-2", 8))
        await line.restart()
        third = written(await feed_of(line).take("printer-1", 8))
        assert await feed_of(line).take("printer-1", 8) == []
    every = first + second + third
    assert sorted(every) == [oil(number) for number in range(1, 21)]


async def test_what_is_given_is_on_disk_as_given_when_it_is_told(tmp_path: Path) -> None:
    async with a_line(tmp_path) as (line, feed):
        given = await feed.take("printer-1", 3)
        found = await line.journal.read(labels.page, 10, None)
        assert {row.id for row in found} == {one.number for one in given}
        assert {row.state for row in found} == {LabelState.GIVEN}
        assert all(one.label.gs1 and one.label.text == "Oil" for one in given)


@pytest.mark.parametrize("printer", ["water", "boxes"])
async def test_a_printer_of_another_product_or_of_packages_gets_no_code(tmp_path: Path, printer: str) -> None:
    async with a_line(tmp_path) as (_, feed):
        assert await feed.take(printer, 3) == []


async def test_without_a_job_and_in_a_test_job_nothing_is_given(tmp_path: Path) -> None:
    async with a_line(tmp_path) as (line, feed):
        await line.line.do("job-stop", {})
        assert await feed.take("printer-1", 3) == []
        await line.job(mode="test")
        assert await feed.take("printer-1", 3) == []


async def test_codes_that_were_applied_or_had_a_label_before_the_pool_was_dropped_are_passed_over(
    tmp_path: Path,
) -> None:
    async with a_line(tmp_path, codes=4) as (line, feed):
        assert await line.words("cam-1", oil(1)) == ["accept"]
        assert written(await feed.take("printer-1", 1)) == [oil(2)]
        await line.line.do("pool-drop", {"gtin": OIL})
        while await line.journal.do(pools.sweep):
            pass
        await load(line, 4)
        assert written(await feed.take("printer-1", 4)) == [oil(3), oil(4)]


async def test_printed_is_the_printer_s_word_and_what_was_with_it_is_set_aside_and_never_given_again(
    tmp_path: Path,
) -> None:
    async with a_line(tmp_path, codes=6) as (line, feed):
        given = await feed.take("printer-1", 3)
        await feed.printed("printer-1", [given[0].number])
        await feed.printed("printer-2", [given[1].number])  # not its label
        await feed.not_taken("printer-1", given[1].number, "")
        await feed.set_aside("printer-1", cut_off=True)
        assert await states(line) == {LabelState.PRINTED: 1, LabelState.NOT_TAKEN: 1, LabelState.UNSURE: 1}
        again = await feed.take("printer-1", 10)
        assert not set(written(again)) & set(written(given))
        await feed.printed("printer-1", [given[2].number, given[0].number])  # named late, and twice
        assert (await states(line))[LabelState.PRINTED] == 2
        aside = await line.journal.read(labels.aside, 10, None)
        assert [row.ident for row in aside] == [given[1].label.code.decode().partition("\x1d")[0]]


async def test_a_label_is_printed_again_only_by_a_command_with_a_reason(tmp_path: Path) -> None:
    async with a_line(tmp_path, codes=3) as (line, feed):
        (given,) = await feed.take("printer-1", 1)
        body = {"code": ident(1), "reason": "torn by the rewinder", "by": "anna"}
        with pytest.raises(CommandError, match="wait until"):
            await line.line.do("label-reprint", body)
        await feed.set_aside("printer-1", cut_off=True)
        with pytest.raises(CommandError):
            await line.line.do("label-reprint", {"code": ident(1), "reason": " "})
        with pytest.raises(CommandError, match="never given"):
            await line.line.do("label-reprint", {"code": ident(3), "reason": "x"})
        answer = await line.line.do("label-reprint", body)
        assert (answer["state"], answer["by"], answer["again_for"]) == ("wanted", "anna", str(given.number))
        assert "torn by the rewinder" in answer["why"]
        first, second = await feed.take("printer-1", 2)
        assert (first.label.code, first.number > given.number) == (given.label.code, True)
        assert second.label.code.decode() == oil(2)
        assert (await states(line))[LabelState.REPLACED] == 1


async def test_of_a_journal_that_took_over_no_older_pool_is_given_and_no_older_reprint(tmp_path: Path) -> None:
    async with a_line(tmp_path, codes=4) as (line, feed):
        await feed.take("printer-1", 1)
        await feed.set_aside("printer-1", cut_off=False)
        await line.line.do("label-reprint", {"code": ident(1), "reason": "torn"})
        gap = Gap("restore", NOON - 1, NOON + 1, None, None, confirmed_ms=NOON + 2)
        await line.journal.do(lambda connection: takeover.write(connection, gap))
        line.now = NOON + 10
        assert await feed.take("printer-1", 4) == []
        assert AlarmKind.LOW_STOCK in {problem.kind for problem in line.problems.all()}
        await line.line.do("pool-drop", {"gtin": OIL})
        await load(line, 4, first=2)
        assert written(await feed.take("printer-1", 4)) == [oil(2), oil(3), oil(4), oil(5)]


async def test_low_stock_ribbon_head_queue_and_a_printer_that_is_away_are_alarms_that_end(tmp_path: Path) -> None:
    async with a_line(tmp_path, codes=6) as (line, feed):

        def kinds() -> set[str]:
            return {problem.kind for problem in line.problems.all()}

        await feed.take("printer-1", 1)
        assert kinds() == set()
        await feed.take("printer-1", 2)
        await feed.take("printer-1", 1)
        assert kinds() == {AlarmKind.LOW_STOCK}
        await load(line, 20, first=100)
        await feed.take("printer-1", 1)
        assert kinds() == set()
        for trouble, kind in (
            (Trouble.RIBBON, AlarmKind.PRINTER_RIBBON),
            (Trouble.HEAD, AlarmKind.PRINTER_HEAD),
            (Trouble.MEDIA, AlarmKind.PRINTER_STOPPED),
        ):
            feed.condition("printer-1", Condition(b"", True, frozenset({trouble}), 3))
            assert kinds() == {kind}
        feed.condition("printer-1", Condition(b"", False, frozenset(), 3))
        assert kinds() == {AlarmKind.PRINTER_STOPPED}
        feed.condition("printer-1", Condition(b"", True, frozenset(), 3))
        feed.stands("printer-1", 4)
        feed.answers("printer-1", False)
        assert kinds() == {AlarmKind.PRINTER_QUEUE}
        feed.connected("printer-1", False, line.problems.all()[0].text)
        assert kinds() == {AlarmKind.PRINTER}
        feed.connected("printer-1", True, None)
        assert kinds() == set()


async def test_what_no_reader_has_seen_is_in_the_balance_and_an_alarm_with_its_place_and_time(tmp_path: Path) -> None:
    async with a_line(tmp_path, codes=10) as (line, feed):
        given = await feed.take("printer-1", 5)
        await feed.printed("printer-1", [one.number for one in given[:4]])
        await feed.set_aside("printer-1", cut_off=True)
        await line.words("cam-1", oil(1), oil(2), oil(5))  # the one that was unsure too
        watch = LabelWatch(line.journal, line.problems, lambda: line.now, RULES)
        await watch.look()
        assert line.problems.all() == []
        assert await states(line) == {LabelState.PRINTED: 5}
        sums = await line.journal.read(counters.of_job)
        found = {one.whole: one for one in equations(sums, ["apply"])}
        assert (found["labels"].n, found["labels"].difference) == (5, 0)
        assert dict(found["printed"].parts) == {"seen": 3, "not-seen": 2}
        line.now += 61_000
        watch = LabelWatch(line.journal, line.problems, lambda: line.now, RULES)
        await watch.look()
        (problem,) = line.problems.all()
        assert (problem.kind, problem.where) == (AlarmKind.LABELS_UNSEEN, "printer-1")
        assert "2 labels of printer-1" in problem.text and "rewinder" in problem.text
        await line.words("cam-1", oil(3), oil(4))
        watch = LabelWatch(line.journal, line.problems, lambda: line.now, RULES)
        await watch.look()
        assert line.problems.all() == []


async def test_a_box_that_lined_names_has_its_label_in_the_same_transaction(tmp_path: Path) -> None:
    packing = {OIL: {"BOX_LV_1": PackageRule("BOX_LV_1", 2, "UNIT")}}
    stations = {
        **plant().stations,
        "boxing": Station("boxing", "pack", ("hand-1",), applies=False, level="BOX_LV_1", mode="children-then-parent"),
    }
    stations["hand"] = Station("hand", "apply", ("hand-2",))
    plan = plant(
        packing=packing,
        stations=stations,
        sscc=SsccRange("0307797292", 7, 99),
        label_printers={"boxing": "boxes"},
    )
    async with Line(tmp_path / "line-1.db", plan) as line:
        await line.job()
        await line.words("cam-1", oil(1), oil(2))
        assert closing.may_issue(line.state, "BOX_LV_1")
        await line.words("hand-1", frame(oil(1)), frame(oil(2)))
        (given,) = await feed_of(line).take("boxes", 5)
        assert given.label.package
        assert given.label.code.decode() == sscc("0307797292", 7)


def test_every_state_of_a_label_leads_somewhere_or_is_final() -> None:
    final = {LabelState.REPLACED}
    assert set(LabelState) == set(LABEL_TRANSITIONS) | final
    for before, edges in LABEL_TRANSITIONS.items():
        assert edges and before not in edges and all(len(why) > 10 for why in edges.values())
    assert {after for edges in LABEL_TRANSITIONS.values() for after in edges} | {LabelState.WANTED} == set(LabelState)
