"""The process ends within its bounds, whatever in it hangs, and the PLC hears that it is gone."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lined.service import ending
from tests.integration.ending.hanging import HANGS
from tests.integration.mqtt.broker import Broker, broker, ear, until

ROOT = Path(__file__).parents[3]
CONFIG = ROOT / "config" / "minimal.toml"
SLACK_S = 3.0  # a busy machine: between the end of a bound and the news of the process's end


@contextlib.asynccontextmanager
async def hanging(folder: Path, what: str, at: Broker | None = None) -> AsyncIterator[asyncio.subprocess.Process]:
    """The daemon, running."""
    file, log = folder / "lined.toml", folder / "log"
    text = CONFIG.read_text("utf-8").replace("tcp://10.0.0.21:9004", "tcp-listen://127.0.0.1:0")
    text = text.replace("https://xtrace.stage.aslbelgisi.uz", "http://127.0.0.1:1")
    text += '\n[status]\nlisten = "127.0.0.1:0"\n'
    if at is not None:
        text += f'\n[mqtt]\nurl = "mqtt://127.0.0.1:{at.port}"\n'
    file.write_text(text, "utf-8")
    (folder / "api-key").write_text("key")
    (folder / "api-key").chmod(0o600)
    with log.open("wb") as out:
        program = [sys.executable, "-m", "tests.integration.ending.hanging", what, str(file)]
        process = await asyncio.create_subprocess_exec(*program, cwd=ROOT, stdout=out, stderr=out)
    try:
        async with asyncio.timeout(40):
            while '"event": "running"' not in log.read_text():
                assert process.returncode is None, log.read_text()
                await asyncio.sleep(0.02)
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def seconds_to_end(process: asyncio.subprocess.Process) -> float:
    began = time.monotonic()
    async with asyncio.timeout(40):
        await process.wait()
    return time.monotonic() - began


@pytest.mark.parametrize("what", HANGS)
async def test_with_a_broken_journal_the_process_is_gone_within_5_s(tmp_path: Path, what: str) -> None:
    async with hanging(tmp_path, what) as process:
        (tmp_path / "break").touch()
        assert await seconds_to_end(process) < 5.0 + SLACK_S
        assert process.returncode == 74
        assert ("ended_by_force" in (tmp_path / "log").read_text()) == (what != "nothing")


@pytest.mark.parametrize("what", HANGS)
async def test_after_sigterm_the_process_is_gone_within_10_s(tmp_path: Path, what: str) -> None:
    async with hanging(tmp_path, what) as process:
        process.terminate()
        assert await seconds_to_end(process) < 10.0 + SLACK_S
        assert process.returncode == 0
        assert ("ended_by_force" in (tmp_path / "log").read_text()) == (what != "nothing")


@pytest.mark.mosquitto
async def test_the_plc_hears_that_a_hanging_line_is_offline(tmp_path: Path) -> None:
    async with broker(tmp_path) as at, hanging(tmp_path, "a task", at) as process, ear(at) as heard:
        await until(lambda: heard.last("availability") == b"online")
        (tmp_path / "break").touch()
        assert await seconds_to_end(process) < 5.0 + SLACK_S
        await until(lambda: heard.last("availability") == b"offline")


async def test_a_task_that_forgets_a_cancellation_is_cancelled_again() -> None:
    forgotten = []

    async def forgetful() -> None:
        for _ in range(2):
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(3_600)
            forgotten.append(True)
        await asyncio.sleep(3_600)

    task = asyncio.create_task(forgetful())
    await asyncio.sleep(0)
    async with asyncio.timeout(20):
        await ending.cancelled([task])
    assert len(forgotten) == 2 and task.cancelled()


async def test_the_earliest_of_two_times_counts_and_who_ends_in_time_is_left_alone() -> None:
    ended: list[int] = []
    last = ending.LastResort(ended.append)
    last.within(30.0, 0)
    last.within(0.01, 74)
    last.within(0.02, 1)
    async with asyncio.timeout(20):
        while not ended:
            await asyncio.sleep(0.01)
    last.off()
    other = ending.LastResort(ended.append)
    other.within(0.2, 1)
    other.off()
    other.within(0.0, 2)
    await asyncio.sleep(0.3)
    assert ended == [74]
