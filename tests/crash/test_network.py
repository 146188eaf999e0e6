"""The network at its worst, one fault at a time, with the daemon as a program: nothing is reported twice, nothing is
lost, and a report in doubt blocks no other.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.crash.plant import SUBMISSION, Plant
from tests.harness.proxy import Kind, Plan, passing

pytestmark = [pytest.mark.slow]


def first_submissions(kind: Kind, times: int) -> Plan:
    left = times

    def plan(verb: str, path: str) -> Kind:
        nonlocal left
        if left and verb == "POST" and path.startswith(SUBMISSION):
            left -= 1
            return kind
        return Kind.PASS

    return plan


async def states_seen(plant: Plant) -> dict[str, int]:
    """How many reports were ever in a state."""
    seen: dict[str, int] = {}
    for report in await plant.reports():
        _, story = await plant.request("GET", f"/api/v1/reports/{report['id']}")
        for state in {event["after"] for event in events_of(story)}:
            seen[state] = seen.get(state, 0) + 1
    return seen


def events_of(story: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = story["events"]
    return found


EVERY_FAULT = tuple(kind for kind in Kind if kind is not Kind.PASS)


@pytest.mark.bound(200)
async def test_submissions_that_meet_any_fault_end_as_if_nothing_had_been(tmp_path: Path) -> None:
    async with asyncio.TaskGroup() as plants:  # mostly waiting: side by side
        for kind in EVERY_FAULT:
            plants.create_task(meets_fault(tmp_path / kind, kind), name=kind)


async def meets_fault(folder: Path, kind: Kind) -> None:
    """A line of its own whose first two submissions meet the fault (one, where each takes half a minute)."""
    folder.mkdir()
    times = 1 if kind is Kind.HANG else 2
    async with Plant(folder, plan=first_submissions(kind, times), rate=100, max_codes=100) as plant:
        await plant.start_job()
        plant.belt += await plant.issue(5_000)
        playing = asyncio.create_task(plant.play())

        async def met() -> bool:
            return plant.proxy.met[kind] >= times

        await plant.until(met, f"{kind} was not met", bound_s=90)
        figures = await plant.finish(playing)
        seen = await states_seen(plant)
    assert figures.holds, (kind, figures)
    assert seen.get("in_doubt", 0) == (0 if kind is Kind.TRICKLE else times), kind
    assert set(figures.reports) == {"succeeded"}, kind


@pytest.mark.bound(120)
async def test_an_outage_puts_one_report_in_doubt_and_no_verdict_waits_for_it(tmp_path: Path) -> None:
    async with Plant(tmp_path) as plant:
        await plant.start_job()
        await plant.feed()
        playing = asyncio.create_task(plant.play())

        async def reported() -> bool:
            return bool((await plant.status())["reports"]["succeeded"])

        await plant.until(reported, "nothing was reported")
        unanswered = plant.scanner.results.counts["unanswered"]  # the device gave up, after 2 to 4 s
        plant.proxy.plan = lambda _verb, _path: Kind.RESET_AFTER
        await plant.until_said(len(plant.scanner.results.accepted) + 2_000)

        async def piled_up() -> bool:
            return bool((await plant.status())["reports"]["sealed"] >= 4)

        await plant.until(piled_up, "no reports piled up")
        status = await plant.status()
        assert status["reports"]["in_doubt"] == 1
        assert not status["regulator"]["sending"]
        assert plant.scanner.results.counts["unanswered"] == unanswered
        plant.proxy.plan = passing
        figures = await plant.finish(playing)
        seen = await states_seen(plant)
    assert figures.holds, figures
    assert seen["in_doubt"] == 1
