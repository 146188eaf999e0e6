"""SIGKILL at any moment and at every named durable step: what a device was told is what the regulator holds, each code
once.
"""

from __future__ import annotations

import asyncio
import random
import signal
from pathlib import Path

import pytest

from tests.crash.broken import ACCEPT_BEFORE_COMMIT, SEND_AGAIN_WITHOUT_LOOKING, broken
from tests.crash.plant import SUBMISSION, Plant
from tests.crash.run_kills import campaign
from tests.harness.proxy import Kind, Plan

pytestmark = [pytest.mark.slow]

# Of each point a later pass: the first ones are at the start of the process, before anything was read.
POINTS = (
    "before-commit/Judging:20",
    "after-commit/Judging:20",
    "before-commit/Sealing:1",
    "after-commit/Sealing:1",
    "before-commit/_store:1",
    "after-commit/_store:1",
    "before-commit/Begun:1",
    "after-commit/Begun:1",
    "before-commit/Received:1",
    "after-commit/Received:1",
    "before-commit/NoAnswer:1",
    "after-commit/NoAnswer:1",
    "before-commit/conclude:1",
    "after-commit/conclude:1",
    "before-commit/NotFinal:1",
    "after-commit/NotFinal:1",
    "before-commit/Succeeded:1",
    "after-commit/Succeeded:1",
    "before-checkpoint:2",
    "after-checkpoint:2",
)


@pytest.mark.bound(240)
async def test_15_kills_under_load_with_one_answer_in_five_lost_leave_every_code_once_in_the_books(
    tmp_path: Path,
) -> None:
    figures = await campaign(tmp_path, kills=15, seed=random.randrange(10**6))
    assert figures.holds, figures
    assert figures.kills == 15
    assert figures.kills_while_sending >= 3


@pytest.mark.bound(300)
async def test_a_kill_at_each_named_durable_step_leaves_every_code_once_in_the_books(tmp_path: Path) -> None:
    async with Plant(tmp_path, plan=every_other_submission_unanswered()) as plant:
        await plant.start_job()
        await plant.feed()
        playing = asyncio.create_task(plant.play())
        for point in POINTS:
            await plant.kill()
            plant.daemon.environment["LINED_CRASH_AT"] = point
            await plant.start(ready=False)
            assert await plant.daemon.ended() == -signal.SIGKILL, point
            plant.kills += 1
            await plant.feed()
        del plant.daemon.environment["LINED_CRASH_AT"]
        await plant.start()
        figures = await plant.finish(playing)
    assert figures.holds, figures
    assert figures.kills == len(POINTS)
    assert figures.proxy["lose-answer"] > 0


@pytest.mark.bound(120)
async def test_control_a_daemon_that_accepts_before_the_commit_is_found_out(tmp_path: Path) -> None:
    program = broken(tmp_path / "broken", ACCEPT_BEFORE_COMMIT)
    async with Plant(tmp_path, program=program) as plant:
        await plant.start_job()
        await plant.feed()
        playing = asyncio.create_task(plant.play())
        await plant.until_said(100)
        await plant.kill()
        plant.daemon.environment["LINED_CRASH_AT"] = "before-commit/Judging:5"
        await plant.start(ready=False)
        assert await plant.daemon.ended() == -signal.SIGKILL
        del plant.daemon.environment["LINED_CRASH_AT"]
        await plant.start()
        figures = await plant.finish(playing)
    assert figures.lost > 0
    assert not figures.holds


@pytest.mark.bound(120)
async def test_control_a_daemon_that_sends_again_without_looking_is_found_out(tmp_path: Path) -> None:
    program = broken(tmp_path / "broken", SEND_AGAIN_WITHOUT_LOOKING)
    async with Plant(tmp_path, program=program, plan=every_other_submission_unanswered()) as plant:
        await plant.start_job()
        await plant.feed()
        playing = asyncio.create_task(plant.play())
        await plant.until_said(1_000)

        async def attempted_again() -> bool:
            return bool((await plant.books())["codes"]["repeated_attempts"])

        await plant.until(attempted_again, "nothing was attempted twice")
        plant.running = False
        await playing
        figures = await plant.figures()
    assert not figures.holds


def every_other_submission_unanswered() -> Plan:
    submissions = 0

    def plan(verb: str, path: str) -> Kind:
        nonlocal submissions
        if verb != "POST" or not path.startswith(SUBMISSION):
            return Kind.PASS
        submissions += 1
        return Kind.LOSE_ANSWER if submissions % 2 else Kind.PASS

    return plan
