"""The canary: what answers have that the text does not, counted without being felt, told once a day."""

from __future__ import annotations

from typing import Any

import pytest

from lined.line.watch.problems import Problem, Problems
from lined.regulator.canary import MOST_COUNTED, MOST_NOTED, Canary
from lined.regulator.strange import Kind
from lined.service.contract_watch import DAY_MS, LOOK_MS, ContractWatch
from tests.harness.raw_server import loop_holds
from tests.profiles import PROFILE

CARD = {"documentId": "d1", "type": "UTILISATION", "status": "SUCCESS", "createDate": ""}
URL = "https://regulator.test"


def outcome(index: object, **changes: object) -> dict[str, Any]:
    return {"index": index, "code": "00030779729200012315", "state": "SUCCESS", **changes}


async def counted(*noted: tuple[str, object]) -> dict[tuple[str, str, str], int]:
    canary = Canary(PROFILE)
    for method, value in noted:
        canary.note(method, value)
    await canary.judge()
    return {(method, one.kind, one.short()): times for (method, one), times in canary.counts.items()}


async def test_what_the_text_has_is_not_counted() -> None:
    assert await counted(("document", CARD), ("code_outcomes", [outcome(0)]), ("utilisation", {"reportId": "r"})) == {}


async def test_each_difference_is_counted_by_answers() -> None:
    new = ("document", CARD | {"status": "FROZEN", "priority": 1, "type": "CODE_CORRECTION"})
    assert await counted(new, new, ("document", CARD)) == {
        ("document", Kind.FIELD, "+priority"): 2,
        ("document", Kind.WORD, "status = FROZEN"): 2,
    }


async def test_another_type_is_counted_and_a_list_once() -> None:
    rows = [outcome("first") for _ in range(9)]
    assert await counted(("code_outcomes", rows)) == {("code_outcomes", Kind.TYPE, "index ?"): 1}


async def test_a_long_list_is_looked_at_in_its_first_rows_and_may_be_emptied_meanwhile() -> None:
    canary, rows = Canary(PROFILE), [outcome(n, new=1) for n in range(30_000)]
    async with loop_holds(0.005):
        canary.note("code_outcomes", rows)
    rows.clear()
    await canary.judge()
    assert [(method, one.short()) for method, one in canary.counts] == [("code_outcomes", "+new")]


async def test_whatever_comes_it_stays_bounded_and_ends_nothing() -> None:
    canary = Canary(PROFILE)
    broken: list[object] = [None, 1, "x", [], [[]], {"documentId": {}}, {"status": ["\ud800"] * 9}]
    for value in broken:
        canary.note("document", value)
    await canary.judge()
    for number in range(MOST_COUNTED + MOST_NOTED):
        canary.note("document", CARD | {f"new{number}": 1})
        if number % 50 == 0:
            await canary.judge()
    await canary.judge()
    assert len(canary.counts) <= MOST_COUNTED


class Told:
    """Problems as they are set, and a clock."""

    def __init__(self) -> None:
        self.now_ms = 1_000
        self.texts: list[str] = []
        self.problems = Problems(lambda: self.now_ms)
        self.problems.listeners.append(self._heard)
        self.canary = Canary(PROFILE)
        self.watch = ContractWatch(self.problems, self.canary, URL, lambda: self.now_ms)

    def _heard(self, problem: Problem, *, over: bool) -> None:
        if not over:
            assert (problem.kind, problem.where) == ("contract-moved", URL)
            self.texts.append(problem.text)

    async def after(self, wait_ms: int, *answers: object) -> list[str]:
        """What was told since the last time, once so much time had passed and these cards had come."""
        self.now_ms += wait_ms
        for value in answers:
            self.canary.note("document", value)
        before = len(self.texts)
        await self.watch.look()
        return self.texts[before:]


async def test_the_first_difference_is_told_at_once_and_others_a_day_later() -> None:
    told = Told()
    assert await told.after(0, CARD) == []
    assert await told.after(LOOK_MS, CARD | {"a": 1}, CARD | {"a": 1}) == ["document: +a (2×)"]
    assert await told.after(LOOK_MS, CARD | {"a": 1}, CARD | {"b": 1}) == []
    assert await told.after(DAY_MS, CARD) == ["document: +b (1×); document: +a (3×)"]
    assert await told.after(DAY_MS, CARD | {"a": 1}) == []


async def test_it_looks_once_a_minute() -> None:
    told = Told()
    assert await told.after(LOOK_MS) == []
    assert await told.after(LOOK_MS - 1, CARD | {"a": 1}) == []
    assert await told.after(1) == ["document: +a (1×)"]


@pytest.mark.parametrize("many", [12, 15])
async def test_what_is_told_is_bounded(many: int) -> None:
    told = Told()
    (text,) = await told.after(0, CARD | {f"n{number:02d}": 1 for number in range(many)})
    assert text.count("document:") == 12 and text.endswith("+3 …") == (many > 12)
