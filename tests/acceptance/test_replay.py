"""What was captured of a line that runs, masked, gives the same verdicts when it is played back: a field problem is a
test.
"""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path
from random import Random

import pytest

from lined.line.intake.capture import IN, VERDICT, read_capture
from lined.sandbox.devices.families import FAMILIES
from lined.sandbox.devices.player import LineFaults, faulty
from tests.acceptance.test_families import SETTINGS, line_of
from tests.harness.programs import Done, run
from tests.integration.cli.test_capture import capturing, done


async def replay(folder: Path, *words: str) -> Done:
    return await run("replay", folder / "it.capture", "--config", folder / "lined.toml", *words)


@pytest.mark.parametrize("family", ["generic", "keyence-sr", "cognex-dmcc/extended", "omron-microhawk", "handheld"])
async def test_a_line_with_a_troubled_device_decides_the_same_again(family: str, tmp_path: Path) -> None:
    async with line_of(tmp_path, family) as line:
        codes = await line.issue(40)
        await line.start_job()
        handheld = family == "handheld"
        faults = LineFaults(
            duplicates=0.3,
            no_reads=0 if handheld else 0.2,
            garbage=0.2,
            separators_lost=0.2,
            twice=0.3 if SETTINGS[family].ack else 0,
            pulls=0.15,
            no_read=FAMILIES[family].no_read,
        )
        line.items[0].extend(faulty(codes, faults, Random(11)))
        async with capturing(tmp_path, "cam-1", "--seconds", "600", "--mask") as process:
            assert process.stdout is not None
            assert b"of the line that runs" in await asyncio.wait_for(process.stdout.readline(), 60)
            await line.play()
            process.send_signal(signal.SIGINT)
            told = await done(process)
        assert told.code == 0, told
    events = read_capture((tmp_path / "it.capture").read_text("ascii"))
    received = b"".join(event.data for event in events if event.what == IN)
    assert not [code for code in codes if code.rpartition(b"\x1d")[2] in received], "masked"
    verdicts = [event for event in events if event.what == VERDICT]
    assert len(verdicts) > 50 and {event.more["verdict"] for event in verdicts} == {"accept", "reject"}
    again = await replay(tmp_path)
    assert again.code == 0, again.out
    assert f"{len(verdicts)} verdicts, 0 of {len(verdicts)} otherwise" in again.out


async def test_what_is_expected_and_does_not_come_is_named(tmp_path: Path) -> None:
    async with line_of(tmp_path, "generic") as line:
        codes = await line.issue(3)
        await line.start_job()
        line.items[0].extend([*codes, codes[0]])
        async with capturing(tmp_path, "cam-1", "--seconds", "600") as process:
            assert process.stdout is not None
            await asyncio.wait_for(process.stdout.readline(), 60)
            await line.play()
            process.send_signal(signal.SIGINT)
            await done(process)
    assert (await replay(tmp_path)).code == 0
    lines = (await replay(tmp_path, "--json")).out.splitlines()
    assert [json.loads(one)["reason"] for one in lines] == [None, None, None, "duplicate"]
    right = tmp_path / "right"
    right.write_text("\n".join(lines))
    assert (await replay(tmp_path, "--expect", str(right))).code == 0
    right.write_text("\n".join([lines[1], *lines[1:3]]))
    told = await replay(tmp_path, "--expect", str(right))
    assert told.code == 1 and "no. 1: " in told.out and "no. 4: " in told.out and "expected nothing" in told.out
    other = await replay(tmp_path, "--gtin", "03077972920046")
    assert other.code == 1 and "is not in the configuration" in other.errors
    slow = await replay(tmp_path, "--speed", "1000")
    assert slow.code == 0
    broken = tmp_path / "it.capture"
    broken.write_text(broken.read_text().replace('"capture":1', '"capture":7'))
    assert (await replay(tmp_path)).code == 2
