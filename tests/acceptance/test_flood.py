"""One lane pours garbage as fast as a cable carries it: the other lanes keep their time, and nothing fills up."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.acceptance.contract_line import OK, ContractLine, sums_agree

SAID = 40
ROWS_AT_ONCE, ROWS_A_SECOND = 1_000, 1
POURING = """
import socket, sys, threading
line = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
def hear():
    while line.recv(65536):
        pass
if sys.argv[2] == "heard":
    threading.Thread(target=hear, daemon=True).start()
block = b"".join(b"garbage %06d of a reader gone mad\\r\\n" % number for number in range(2_000))
print("pouring", flush=True)
while True:
    line.sendall(block)
"""


def with_a_deadline(text: str) -> str:
    return text.replace('id = "marking-2"\n', 'id = "marking-2"\nverdict_deadline_ms = 2000\n')


@contextlib.asynccontextmanager
async def pouring(port: int, replies: str) -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", POURING, str(port), replies, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        assert await asyncio.wait_for(process.stdout.readline(), 60) == b"pouring\n"
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


@pytest.mark.parametrize("replies", ["heard", "never heard"])
async def test_a_lane_that_pours_garbage_keeps_no_other_lane_waiting(tmp_path: Path, replies: str) -> None:
    async with ContractLine(tmp_path, devices=2, change=with_a_deadline) as line, line.scanner(2) as scanner:
        codes = await line.issue(SAID + 2)
        await line.start_job()
        begun = time.monotonic()
        async with pouring(line.ports[0], replies):

            async def an_alarm() -> bool:
                return any(one["kind"] == "flood" for one in (await line.status())["problems"])

            await line.until(an_alarm, "nobody says that a device pours", bound_s=60)
            slowest = 0.0
            for code in codes[:SAID]:  # a verdict after its deadline is silence, and `say` waits for it in vain
                asked = time.monotonic()
                assert await scanner.say(code) == [OK]
                slowest = max(slowest, time.monotonic() - asked)
                await asyncio.sleep(0.02)
            print(f"slowest of {SAID}: {slowest * 1000:.0f} ms")
        lasted = time.monotonic() - begun
        status = await line.status()
        assert sums_agree(status)
        with contextlib.closing(sqlite3.connect(tmp_path / "line-1.db")) as journal:
            (rows,) = journal.execute("SELECT count(*) FROM read").fetchone()
        assert rows <= ROWS_AT_ONCE + ROWS_A_SECOND * (lasted + 2)
        assert status["reads"]["by_reason"]["malformed"] > rows, "each is counted"
        print(f"{status['reads']['by_reason']['malformed']} counted, {rows} rows, in {lasted:.1f} s")

        async def over() -> bool:
            return not any(one["kind"] == "flood" for one in (await line.status())["problems"])

        await line.until(over, "the alarm stands although nothing pours", bound_s=90)
        async with line.scanner(1) as first:
            assert await first.say(codes[SAID]) == [OK]
        assert await scanner.say(codes[SAID + 1]) == [OK]
