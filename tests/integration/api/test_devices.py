"""What each device does to codes, over HTTP, on the page and in `lined doctor`: with the setting to make."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import drivers
from lined.codes import GS
from lined.line.watch.scanners import IN_A_ROW
from tests.harness.served import Frame, code, malformed_frame
from tests.harness.served_lines import a_line, a_shown_line
from tests.integration.cli.test_at_work import lined, served_line


def spoiled(number: int) -> Frame:
    """A read whose separator the device has spelled otherwise and whose product has no serial length to restore it."""
    return Frame("read", (code(number).replace(GS, "").encode(),))


async def test_what_a_device_does_is_counted_with_its_moments(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        await line.start()
        await line.codes([1, 2, 3])
        await line.read(Frame("no-read"), malformed_frame())
        line.devices["cam-1"].heartbeats, line.devices["cam-1"].last_heartbeat_at = 7, 1_700_000_000.0
        one = (await line.get("/api/v1/devices")).json["items"][0]
    assert (one["id"], one["reads"], one["no_reads"], one["no_read_share"]) == ("cam-1", 5, 1, 0.2)
    assert {sign["sign"]: sign["n"] for sign in one["signs"]} == {
        "aim-missing": 3,
        "separator-right": 3,
        "frame-unreadable": 1,
    }
    assert all(sign["first_at"] <= sign["last_at"] for sign in one["signs"])
    assert one["last_heartbeat_at"] == "2023-11-14T22:13:20.000Z" and one["findings"] == []


async def test_a_separator_that_does_not_come_is_an_alarm_and_its_check_parts_are_nowhere(tmp_path: Path) -> None:
    async with a_shown_line(tmp_path) as line:
        await line.start()
        tails = [code(number).rpartition(GS)[2] for number in range(1, IN_A_ROW + 1)]
        await line.read(*map(spoiled, range(1, IN_A_ROW + 1)))
        (problem,) = [one for one in (await line.fresh())["problems"] if one["kind"] == "device-settings"]
        assert problem["where"] == "cam-1" and "cam-1 has sent no separator since" in problem["text"]
        answers = [(await line.get(path)).body.decode() for path in ("/api/v1/devices", "/line?lang=ru", "/line")]
        assert "cam-1 не передаёт разделитель с" in answers[1] and "no check part told apart" in answers[2]
        assert not [tail for tail in tails for answer in answers if tail in answer]
        await line.codes(range(100, 110))
        assert not [one for one in (await line.fresh())["problems"] if one["kind"] == "device-settings"]


async def test_the_doctor_says_what_a_device_does_and_what_to_set(tmp_path: Path) -> None:
    async with served_line(tmp_path) as line:
        await line.start()
        await line.codes([1, 2])
        await line.read(*map(spoiled, range(10, 10 + IN_A_ROW)))
        done = await lined(tmp_path, "doctor", "--json")
    told = [one for one in done.json["items"] if one["what"] == "cam-1"]
    (finding,) = [one for one in told if one["state"] == "warning"]
    assert "cam-1 has sent no separator since" in finding["says"] and "lined drivers generic" in finding["do"]
    assert any(
        "12 reads, 0 without a code" in one["says"] and "separator as it should be 2" in one["says"] for one in told
    )


async def test_a_device_that_was_away_and_numbers_its_triggers_tells_what_never_came(tmp_path: Path) -> None:
    driver = drivers.load("generic")({"pattern": r"(?P<trigger>\d+)\t(?P<code>.*)"})
    async with a_line(tmp_path) as line:
        await line.start()
        for number in (41, 42, 45):
            reads = driver.feed(f"{number}\t{code(number)}\r\n".encode())
            await line.read(*[cast("Frame", one) for one in reads])
        line.devices["cam-1"].silent = True
        one = (await line.get("/api/v1/devices")).json["items"][0]
        (problem,) = (await line.fresh())["problems"]
    assert (one["missed"], one["silent"]) == (2, True)
    assert problem["kind"] == "device-missed" and "no. 43 to 44" in problem["text"]
