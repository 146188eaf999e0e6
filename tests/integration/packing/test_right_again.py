"""Alarms of stations end when what they say is over, and what only happened once when somebody has seen it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from lined.codes import GS
from lined.line.plant import Station
from lined.line.watch.alarms import AlarmBook
from tests.harness.packing import APPLY, PACK, SSCC, VERIFY, Line, box_plant, marks, running, sscc, wall_ms


def kinds(line: Line) -> set[str]:
    return {problem.kind for problem in line.problems.all()}


@asynccontextmanager
async def book_of(line: Line) -> AsyncIterator[AlarmBook]:
    yield AlarmBook(line.journal, line.problems, wall_ms)


async def test_a_verifier_that_grades_again(tmp_path: Path) -> None:
    async with running(box_plant([APPLY, VERIFY]), tmp_path) as line:
        unit = marks(1)[0]
        await line.say("cam", unit)
        await line.say("grader", unit)
        assert kinds(line) == {"no-grade"}
        await line.say("grader", unit, grade="A(1.0)")
        assert kinds(line) == {"no-grade", "grade-contradiction"}
        await line.say_each("grader", [unit] * 9, "A(3.9)")
        assert kinds(line) == {"no-grade", "grade-contradiction"}, "one good grade says little"
        await line.say("grader", unit, grade="A(3.9)")
        assert kinds(line) == set()


async def test_a_scanner_that_sends_printed_text_is_told_to_send_data(tmp_path: Path) -> None:
    async with running(box_plant([APPLY]), tmp_path) as line:
        unit = marks(1)[0]
        printed = f"(01){unit[2:16]}(21){unit[18:].partition(GS)[0]}(93){unit.partition(GS + '93')[2]}"
        assert await line.say("cam", printed) == "malformed"
        assert kinds(line) == {"device-set-up"}
        assert "set the reader to raw data" in line.problems.all()[0].text
        answer = await line.operations.do("read", {"station": "marking", "code": f" {printed}\n"})
        assert (answer["verdict"], answer["code"]) == ("accept", unit.partition(GS)[0])
        answer = await line.operations.do("read", {"station": "marking", "code": "ж" * 40})
        assert answer["reason"] == "malformed"
        assert {problem.where for problem in line.problems.all()} == {"cam"}, "nobody's typing is a scanner's fault"
        await line.say_each("cam", marks(11)[1:])
        assert kinds(line) == set()


async def test_what_a_scanner_sends_wrongly_but_certainly_is_remarked(tmp_path: Path) -> None:
    async with running(box_plant([APPLY]), tmp_path) as line:
        unit = marks(1)[0]
        assert await line.say("cam", f"{unit[:16]}{GS}{unit[16:]}{GS}") == "accept"
        assert line.intake.remarks == {"cam": {"surplus-separator": 1}}


async def test_a_scanner_whose_code_page_was_put_right(tmp_path: Path) -> None:
    async with running(box_plant([APPLY]), tmp_path) as line:
        await line.say("cam", "ж" * 40)
        assert kinds(line) == {"device-set-up"}
        await line.say("cam", "junk")
        assert kinds(line) == {"device-set-up"}, "nothing says that it is right"
        await line.say_each("cam", marks(9))
        assert kinds(line) == {"device-set-up"}
        await line.say("cam", marks(10)[9])
        assert kinds(line) == set()


async def test_ssccs_to_issue_again(tmp_path: Path) -> None:
    async with running(box_plant([APPLY, PACK], sscc=replace(SSCC, last=1)), tmp_path) as line:
        units = marks(9)
        await line.say_each("cam", units)
        await line.say_each("packer", units[:6])
        assert kinds(line) == {"sscc-used-up"}
        await line.say("packer", sscc(1))
        line.state.plant = replace(line.state.plant, sscc=SSCC)
        await line.say_each("packer", units[6:])
        assert kinds(line) == set()


async def test_content_that_was_scanned_again(tmp_path: Path) -> None:
    marking = Station("marking", "apply", ("cam",), confirm_ms=1)
    async with running(box_plant([marking, PACK]), tmp_path) as line:
        unit = marks(1)[0]
        await line.say_each("cam", [unit, unit])
        await line.say("packer", unit)
        async with asyncio.timeout(60):
            while not await line.operations.context.line.confirming.look():
                await asyncio.sleep(0.01)
        await line.operations.context.line.confirming.look()
        assert kinds(line) == {"reject-not-confirmed"}
        await line.say("packer", unit)
        await line.operations.context.line.confirming.look()
        assert kinds(line) == set()


async def test_a_reject_that_nobody_confirmed_while_nothing_was_packed_stands_until_it_was_seen(tmp_path: Path) -> None:
    marking = Station("marking", "apply", ("cam",), confirm_ms=1)
    async with running(box_plant([marking, PACK]), tmp_path) as line, book_of(line) as book:
        await line.say("cam", "junk")
        async with asyncio.timeout(60):
            while not await line.operations.context.line.confirming.look():
                await asyncio.sleep(0.01)
        await line.operations.context.line.confirming.look()
        assert kinds(line) == {"reject-not-confirmed"}
        await book.write()
        await seen(line, book)
        assert kinds(line) == set()


async def seen(line: Line, book: AlarmBook) -> None:
    """Somebody has seen the one that stands."""
    line.operations.context.alarms = book
    await line.operations.do("alarm-acknowledge", by="test", subject=str(book.standing[0].id))


async def test_a_copied_code_that_somebody_has_seen(tmp_path: Path) -> None:
    async with running(box_plant([APPLY]), tmp_path) as line, book_of(line) as book:
        unit = marks(1)[0]
        await line.say("cam", unit)
        await line.say("cam", unit[:-4] + "0000")
        assert kinds(line) == {"other-check-part"}
        await book.write()
        await seen(line, book)
        assert kinds(line) == set()
        await book.write()
        assert book.standing == []
