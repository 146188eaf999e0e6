"""Disks that are full and disks that fail, with the daemon as a program: what was acknowledged stays, the rest is
rejected.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.crash.broken import SYNCHRONOUS_OFF, broken
from tests.crash.disk import EIO, ENOSPC, fail, fiu_program, mend, needs_fiu, small_disk
from tests.crash.plant import Plant

pytestmark = [pytest.mark.slow]

SYNC, WRITE = "posix/io/sync/*", "posix/io/rw/pwrite"
EXIT_JOURNAL = 74
MIB = 1024 * 1024


async def load(plant: Plant, codes: int = 500) -> asyncio.Task[Any]:
    """A job under way, so many codes accepted; the belt runs on."""
    await plant.start_job()
    await plant.feed()
    playing = asyncio.create_task(plant.play())
    await plant.until_said(codes)
    return playing


def under_fiu(plant: Plant, folder: Path) -> Path:
    """Have the plant's daemon run under libfiu. Returns where it is controlled."""
    control = folder / "fiu"
    plant.daemon.program = fiu_program(plant.daemon.program, control)
    return control


@needs_fiu
@pytest.mark.fiu
@pytest.mark.bound(120)
@pytest.mark.parametrize("once", [False, True], ids=["always", "once"])  # once: what is tried again would succeed
@pytest.mark.parametrize("call", [SYNC, WRITE], ids=["sync", "write"])
async def test_a_disk_error_ends_the_daemon_with_74_and_loses_nothing_that_was_acknowledged(
    tmp_path: Path, call: str, once: bool
) -> None:
    plant = Plant(tmp_path)
    program = plant.daemon.program
    control = under_fiu(plant, tmp_path)
    async with plant:
        playing = await load(plant)
        fail(control, call, EIO, once=once)
        assert await plant.daemon.ended() == EXIT_JOURNAL
        said = set(plant.scanner.results.accepted)
        plant.daemon.program = program
        await plant.start()
        await plant.until_said(len(said) + 500)
        figures = await plant.finish(playing)
        unsaid = (await plant.status())["unsaid"]
    assert figures.lost == figures.applied_twice == figures.attempted_again == 0, figures
    # What was written and not synced may be there after all: rejected, and listed as unsaid, as after a crash.
    assert figures.never_said == unsaid


@needs_fiu
@pytest.mark.fiu
@pytest.mark.bound(120)
async def test_control_without_syncs_a_failing_sync_goes_unnoticed(tmp_path: Path) -> None:
    plant = Plant(tmp_path, program=broken(tmp_path / "broken", SYNCHRONOUS_OFF))
    control = under_fiu(plant, tmp_path)
    async with plant:
        playing = await load(plant)
        fail(control, SYNC, EIO)
        said = len(plant.scanner.results.accepted)
        await plant.until_said(said + 1_000)  # the disk has stopped to sync, and it goes on saying accept
        plant.running = False
        await playing


@needs_fiu
@pytest.mark.fiu
@pytest.mark.bound(120)
async def test_no_room_rejects_everything_until_there_is_room_again(tmp_path: Path) -> None:
    plant = Plant(tmp_path)
    control = under_fiu(plant, tmp_path)
    async with plant:
        playing = await load(plant)
        fail(control, WRITE, ENOSPC)
        await plant.until(stopped(plant), "a full disk did not stop the line")
        status = await plant.status()
        assert {"disk", "journal"} & {problem["kind"] for problem in status["problems"]}
        assert (await plant.request("GET", "/readyz"))[0] == 503
        at_the_stop = len(plant.scanner.results.accepted)
        assert status["reads"]["by_reason"]["not-durable"] > 0
        mend(control, WRITE)
        await plant.until_said(at_the_stop + 500)
        figures = await plant.finish(playing)
    assert figures.holds, figures


@pytest.mark.bound(180)
async def test_a_disk_that_fills_up_stops_intake_then_spends_its_ballast_and_recovers_by_itself(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 48 * MIB) as disk:
        for name in ("line-1.db", "line-1.db.token"):
            (tmp_path / name).symlink_to(disk / name)
        plant = Plant(
            tmp_path,
            settings={
                'path = "line-1.db"': 'path = "disk/line-1.db"',
                "floor_bytes = 1_000_000": "floor_bytes = 8_000_000",
            },
        )
        async with plant:
            playing = await load(plant)
            ballast = disk / "line-1.db.ballast"
            await plant.until(exists(ballast), "no ballast was made")
            fill(disk / "others", leave=6 * MIB)
            await plant.until(stopped(plant), "intake went on below the floor")
            plant.scanner.pause()
            assert ballast.exists()

            async def delivered() -> bool:
                status = await plant.status()
                return bool(status["codes"]["reported"] == 0 and status["reports"]["sealed"] == 0)

            await plant.until(delivered, "below the floor nothing was delivered any more")
            fill(disk / "others", leave=0)
            await plant.until(lambda: seal_until_gone(plant, ballast), "the ballast was not released")
            await plant.until(delivered, "with the ballast's room nothing was delivered")
            at_the_stop = len(plant.scanner.results.accepted)
            (disk / "others").unlink()
            plant.scanner.resume()
            await plant.until_said(at_the_stop + 500)
            await plant.until(exists(ballast), "the ballast was not made again")
            figures = await plant.finish(playing)
    assert figures.holds, figures


def stopped(plant: Plant) -> Callable[[], Any]:
    async def holds() -> bool:
        return bool((await plant.status())["state"] == "stopped")

    return holds


def exists(path: Path) -> Callable[[], Any]:
    async def holds() -> bool:
        return path.exists()

    return holds


async def seal_until_gone(plant: Plant, ballast: Path) -> bool:
    """Each command is written down, so sooner or later one finds no room; the one after it does."""
    await plant.request("POST", "/api/v1/reports/seal", {"id": secrets.token_hex(8)})
    return not ballast.exists()


def fill(path: Path, *, leave: int) -> None:
    """Write until so many bytes are free."""
    with path.open("ab", buffering=0) as file:
        while True:
            found = os.statvfs(path.parent)
            free = found.f_bavail * found.f_frsize - leave
            if free <= 0:
                return
            try:
                file.write(bytes(min(free, MIB)))
            except OSError:
                return
