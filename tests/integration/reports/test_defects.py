"""Mistakes of lined's own in a report's steps: tried again, held after three, in doubt where bytes may have left; every
other report goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lined.reports.delivery import defective, loops
from lined.reports.delivery import submit as submission
from lined.reports.delivery.follow import Following
from lined.reports.outcomes.sending import Received
from lined.vocabulary.errors import CommandError, OutcomeUnknown
from tests.harness.reporting import MINUTE_MS, desk


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(defective, "WAIT_FIRST_MS", 0)


def spoil(monkeypatch: pytest.MonkeyPatch, room: Any, name: str, report_id: int, of: Callable[..., int]) -> list[int]:
    """The named function meets a defect for one report."""
    right, times = getattr(room, name), [0]

    def spoilt(*arguments: Any, **named: Any) -> Any:
        if of(*arguments, **named) == report_id:
            times[0] += 1
            raise KeyError("sntin")
        return right(*arguments, **named)

    monkeypatch.setattr(room, name, spoilt)
    return times


async def test_a_report_that_cannot_be_frozen_is_held_after_three_tries_and_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk(tmp_path / "line.db") as d:
        first, second = await d.batch(), await d.batch()
        times = spoil(monkeypatch, submission, "freeze", first, lambda _ports, report: int(report.id))
        for _ in range(12):
            await d.send()
            await d.look()
        assert times == [defective.TIMES]
        assert await d.state(first) == "held"
        assert "mistake in lined itself, 3 times (KeyError)" in str((await d.report(first)).problem)
        assert await d.state(second) == "submitted"
        monkeypatch.undo()
        await d.people.do("report-retry", {}, subject=str(first))
        await d.send()
        assert await d.state(first) == "submitted", "nothing was sent, so nothing has to be confirmed"


async def test_an_answer_that_cannot_be_read_for_a_mistake_of_ours_leaves_the_report_in_doubt(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id, other = await d.batch(), await d.batch()
        submit = d.office.submit

        async def spoilt(*arguments: Any, **named: Any) -> Any:
            await submit(*arguments, **named)
            raise UnicodeDecodeError("utf-8", b"", 0, 1, "of ours")

        d.office.submit = spoilt  # type: ignore[method-assign]
        assert not await d.send()
        assert await d.state(report_id) == "in_doubt"
        assert not d.delivery.gate_open
        d.office.submit = submit  # type: ignore[method-assign]
        d.clock.pass_ms(2 * MINUTE_MS)
        await d.look()
        assert await d.state(report_id) == "submitted", "it is found by its codes"
        await d.send()
        assert await d.state(other) == "submitted"
        assert len(d.office.submitted) == 2


async def test_what_an_answer_said_and_could_not_be_written_for_a_mistake_of_ours_is_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.batch()

        def broken(*_: Any, **__: Any) -> None:
            raise TypeError

        monkeypatch.setattr(Received, "changes", broken)
        await d.send()
        assert await d.state(report_id) == "in_doubt"


async def test_a_search_that_meets_defects_holds_its_report_and_finds_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk(tmp_path / "line.db") as d:
        ids = []
        for _ in range(2):
            ids.append(await d.batch())
            d.office.answers.append(OutcomeUnknown("no answer"))
            d.office.arrives.append(f"doc-{ids[-1]}")
            d.delivery._gate_open = True
            await d.send()
        spoil(monkeypatch, loops, "conclude", ids[0], lambda _ports, report, *_: int(report.id))
        for _ in range(4):
            d.clock.pass_ms(2 * MINUTE_MS)
            await d.look()
        assert await d.state(ids[0]) == "held"
        assert await d.state(ids[1]) == "submitted"
        with pytest.raises(CommandError, match="may have been received"):
            await d.people.do("report-retry", {}, subject=str(ids[0]))


async def test_an_outcome_that_cannot_be_read_holds_its_report_and_the_others_are_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk(tmp_path / "line.db") as d:
        first, second = await d.batch(), await d.batch()
        for _ in range(2):
            await d.send()
        for report_id in (first, second):
            d.office.docs[str((await d.report(report_id)).document_id)].status = "SUCCESS"
        spoil(monkeypatch, Following, "look", first, lambda _self, report: int(report.id))
        for _ in range(4):
            d.clock.pass_ms(MINUTE_MS)
            await d.follow()
        assert await d.state(first) == "held"
        assert await d.state(second) == "succeeded"


async def test_two_defects_and_then_none_hold_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.batch()
        for _ in range(2):
            with monkeypatch.context() as patch:
                spoil(patch, submission, "freeze", report_id, lambda _ports, report: int(report.id))
                await d.send()
            await d.look()
        assert await d.send()
        assert await d.state(report_id) == "submitted"


async def test_a_defect_puts_its_report_off_and_not_the_one_behind_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(defective, "WAIT_FIRST_MS", 60_000)
    async with desk(tmp_path / "line.db") as d:
        first, second = await d.batch(), await d.batch()
        times = spoil(monkeypatch, submission, "freeze", first, lambda _ports, report: int(report.id))
        for _ in range(3):
            await d.send()
            await d.look()
            await asyncio.sleep(0)
        assert times == [1]
        assert [await d.state(first), await d.state(second)] == ["sealed", "submitted"]
