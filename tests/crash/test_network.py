"""The network at its worst, one fault at a time, with the daemon as a program: nothing is reported twice, nothing is
lost, and a report in doubt blocks no other.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.crash.plant import SUBMISSION, Plant
from tests.crash.proxy import Kind, Plan, passing

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


@pytest.mark.bound(120)
@pytest.mark.parametrize(
    "kind",
    [
        Kind.RESET_BEFORE,
        Kind.RESET_WITHIN,
        Kind.RESET_AFTER,
        Kind.LOSE_ANSWER,
        Kind.CUT_ANSWER,
        Kind.TRICKLE,
        Kind.HANG,
    ],
    ids=str,
)
async def test_submissions_that_meet_it_end_as_if_nothing_had_been(tmp_path: Path, kind: Kind) -> None:
    times = 1 if kind is Kind.HANG else 2  # half a minute each
    async with Plant(tmp_path, plan=first_submissions(kind, times)) as plant:
        await plant.start_job()
        await plant.feed()
        playing = asyncio.create_task(plant.play())
        await plant.until_said(1_000)

        async def met() -> bool:
            return plant.proxy.met[kind] >= times

        await plant.until(met, "the fault was not met", bound_s=90)
        figures = await plant.finish(playing)
        seen = await states_seen(plant)
    assert figures.holds, figures
    assert seen.get("in_doubt", 0) == (0 if kind is Kind.TRICKLE else times)
    assert set(figures.reports) == {"succeeded"}


@pytest.mark.bound(120)
async def test_an_outage_puts_one_report_in_doubt_and_no_verdict_waits_for_it(tmp_path: Path) -> None:
    async with Plant(tmp_path, plan=lambda _verb, _path: Kind.RESET_AFTER) as plant:
        await plant.start_job()
        await plant.feed()
        playing = asyncio.create_task(plant.play())
        await plant.until_said(2_000)

        async def piled_up() -> bool:
            return bool((await plant.status())["reports"]["sealed"] >= 4)

        await plant.until(piled_up, "no reports piled up")
        status = await plant.status()
        assert status["reports"]["in_doubt"] == 1
        assert status["reports"]["submitted"] == 0
        assert not status["regulator"]["sending"]
        plant.proxy.plan = passing
        figures = await plant.finish(playing)
        seen = await states_seen(plant)
    assert figures.holds, figures
    assert seen["in_doubt"] == 1
