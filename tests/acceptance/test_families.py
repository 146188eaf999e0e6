"""Each family of devices, from its simulation over TCP through the installed daemon to what the device hears."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest

from lined.sandbox.devices.families import FAMILIES
from lined.sandbox.devices.items import BAD_GRADE, NO_READ
from lined.sandbox.devices.player import (
    ACCEPTED,
    REJECTED,
    Feed,
    Item,
    LineFaults,
    ScannerSettings,
    SimulatedScanner,
    faulty,
)
from lined.sandbox.devices.results import ASKED_AGAIN
from tests.harness.daemon import Line
from tests.harness.programs import free_port

DEVICE = """
[[device]]
id = "cam-{{n}}"
driver = "{driver}"
url = "{{url}}"
[device.options]
{options}
[device.reply]
accept = "OK\\r\\n"
reject = "NG\\r\\n"
[[station]]
id = "marking-{{n}}"
role = "{role}"
apply = {apply}
devices = ["cam-{{n}}"]
"""
HEARTBEAT = 'heartbeat = ["HB"]\nsilent_s = 30'


class Setting(NamedTuple):
    """How lined is set up for a way of a family."""

    options: str = ""
    ack: bytes = b""
    """What the device hears before each verdict."""
    grades: bool = False
    heartbeats: bool = False


SETTINGS: Mapping[str, Setting] = {
    "generic": Setting('no_read = ["NOREAD"]'),
    "keyence-sr": Setting(
        f'ack = "PASS\\r"\nnack = "RTRY\\r"\nlogin = "LON\\r"\n{HEARTBEAT}', b"PASS\r", heartbeats=True
    ),
    "keyence-sr/appended": Setting(
        f'before = ["time"]\nafter = ["iso-15415"]\n{HEARTBEAT}', grades=True, heartbeats=True
    ),
    "cognex-dmcc": Setting(f'no_read = ["NO-READ"]\nlogin = "||>TRIGGER ON\\r\\n"\n{HEARTBEAT}', heartbeats=True),
    "cognex-dmcc/extended": Setting(
        f'no_read = ["NO-READ"]\nlogin = "||>TRIGGER ON\\r\\n"\n{HEARTBEAT}', heartbeats=True
    ),
    "cognex-dmcc/xml": Setting('preset = "xml"\nno_read = ["NO-READ"]'),
    "cognex-verifier": Setting(grades=True),
    "sick-cola": Setting(f'login = "\\u0002sMN mTCgateon\\u0003"\n{HEARTBEAT}', heartbeats=True),
    "omron-microhawk": Setting('ack = "\\u0006"\nnack = "\\u0015"\nlogin = "< >"', b"\x06"),
    "omron-microhawk/graded": Setting('preset = "graded"', grades=True),
    "datalogic": Setting('login = "START"'),
    "hikrobot": Setting('login = "start"\nheartbeat = ["heartbeat"]\nsilent_s = 30', heartbeats=True),
    "honeywell": Setting('login = "TRIGGER"'),
    "handheld": Setting('preset = "honeywell"\nlogin = "\\u0016T\\r"'),
}


def line_of(tmp_path: Path, family: str, address: str = "tcp-listen://127.0.0.1:0") -> Line:
    setting = SETTINGS[family]
    device = DEVICE.format(
        driver=family.partition("/")[0],
        options=setting.options.replace("{", "{{").replace("}", "}}"),
        role="verify" if setting.grades else "apply",
        apply=str(setting.grades).lower(),
    )
    return Line(tmp_path, [address], scanner=scanner_of(family), device=device)


def scanner_of(family: str) -> ScannerSettings:
    ack = SETTINGS[family].ack
    return ScannerSettings(
        accept=ack + b"OK\r\n",
        reject=ack + b"NG\r\n",
        window=1,
        speech=FAMILIES[family],
        heartbeat_s=0.2,
        again=b"RTRY\r",
    )


def test_every_family_is_set_up_here() -> None:
    assert SETTINGS.keys() == FAMILIES.keys()


@pytest.mark.parametrize("family", SETTINGS)
async def test_a_device_reads_and_hears_its_verdicts(family: str, tmp_path: Path) -> None:
    setting, speech = SETTINGS[family], FAMILIES[family]
    async with line_of(tmp_path, family) as line:
        codes = await line.issue(30)
        await line.start_job()
        faults = LineFaults(
            duplicates=0.3,
            no_reads=0.3,
            separators_lost=0 if setting.grades else 0.2,  # restored, it is a duplicate before its grade is looked at
            bad_grades=0.3 if setting.grades else 0,
            twice=0.3 if setting.ack else 0,
            pulls=0.1,
            no_read=speech.no_read,
        )
        if family.startswith("handheld"):
            faults = LineFaults(duplicates=0.3, pulls=0.1)
        line.items[0].extend(faulty(codes, faults, Random(5)))
        await line.play()
        (scanner,) = line.scanners
        results = scanner.results
        assert results.accepted == set(codes)
        assert results.never_accepted == set()
        assert results.by_kind[NO_READ, ACCEPTED] == results.by_kind[BAD_GRADE, ACCEPTED] == 0
        assert results.counts["noise"] == 0
        status = await line.status()
        assert status["reads"]["no_read"] == results.by_kind[NO_READ, REJECTED]
        assert status["reads"]["by_reason"].get("low-grade", 0) == results.by_kind[BAD_GRADE, REJECTED]
        (device,) = status["devices"]
        assert device["faults"] == device["garbled"] == 0
        assert (device["retransmissions"] > 0) == bool(setting.ack)
        assert (device["heartbeats"] > 0) == setting.heartbeats
        assert (results.counts["commands"] > 0) == ("login" in setting.options)


async def test_what_a_device_refuses_is_told(tmp_path: Path) -> None:
    async with line_of(tmp_path, "keyence-sr") as line:
        await restarted(line, "LON", "LAN")
        codes = await line.issue(1)
        await line.start_job()
        line.items[0].extend(codes)
        await line.play()

        async def is_told() -> bool:
            status = await line.status()
            return status["devices"][0]["last_fault"] == "ER,LAN,00" and "device-fault" in kinds(status)

        await line.until(is_told, "the reader's error was not told")


async def test_what_cannot_be_kept_is_asked_for_again_until_it_can(tmp_path: Path) -> None:
    async with line_of(tmp_path, "keyence-sr") as line:
        codes = await line.issue(1)
        await line.start_job()
        await restarted(line, "floor_bytes = 1_000_000\n", "floor_bytes = 1_000_000_000_000_000\n", ready=False)
        line.items[0].extend(codes)
        (scanner,) = line.scanners
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(scanner.play())

            async def is_asked() -> bool:
                return scanner.results.counts[ASKED_AGAIN] > 1

            await line.until(is_asked, "it was not asked for again")
            assert scanner.results.accepted == scanner.results.rejected == set()
            await restarted(line, "floor_bytes = 1_000_000_000_000_000\n", "floor_bytes = 1_000_000\n")
        assert scanner.results.accepted == set(codes)
        assert scanner.results.rejected == set()


async def test_a_device_that_hangs_behind_its_connection_is_told_until_it_says_something(tmp_path: Path) -> None:
    port, feed = free_port(), Feed()
    scanner = SimulatedScanner(f"tcp://127.0.0.1:{port}", feed, scanner_of("keyence-sr"))
    async with line_of(tmp_path, "keyence-sr", f"raw:tcp-listen://127.0.0.1:{port}") as line, scanner:
        await restarted(line, "silent_s = 30", "silent_s = 1.5")
        codes = await line.issue(1)
        await line.start_job()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(scanner.play())

            async def is_alive() -> bool:
                return bool((await line.status())["devices"][0]["heartbeats"] > 0)

            async def is_silent() -> bool:
                status = await line.status()
                return "device-silent" in kinds(status) and status["devices"][0]["silent"]

            async def is_well() -> bool:
                return "device-silent" not in kinds(await line.status())

            await line.until(is_alive, "no heartbeat came")
            scanner.hang()
            await line.until(is_silent, "its silence was not told")
            feed.put(Item(codes[0], codes[0]))
            await line.until(is_well, "it was not told well again")
            feed.close()
        assert scanner.results.accepted == set(codes)


async def restarted(line: Line, old: str, new: str, *, ready: bool = True) -> None:
    """The daemon with another configuration. One that cannot keep anything does not become ready."""
    assert await line.terminate() == 0
    file = line.folder / "lined.toml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    await line.start(ready=ready)


def kinds(status: dict[str, Any]) -> set[str]:
    """Of the problems there are."""
    return {problem["kind"] for problem in status["problems"]}
