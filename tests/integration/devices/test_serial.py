"""Links to serial devices, on ptys. A pty that loses its master behaves like a USB port that is pulled out."""

from __future__ import annotations

import asyncio
import termios
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.integration.devices.bench import FakeIntake, Plug, link


@pytest.fixture
def plug(tmp_path: Path) -> Iterator[Plug]:
    device = Plug(tmp_path / "usb-scanner")
    device.plug_in()
    yield device
    device.pull_out()


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_a_serial_device_is_read_and_answered(plug: Plug) -> None:
    intake = FakeIntake()
    async with link(plug.url, intake):
        await intake.up()
        plug.send(b"good\x1d93\r\nbad\r\n")
        await plug.hear(b"OK\r\nNG\r\n")
    assert intake.raws == [b"good\x1d93", b"bad"]


async def test_the_port_is_set_up_as_the_url_says(plug: Plug) -> None:
    intake = FakeIntake()
    async with link(f"serial://{plug.path}?baud=19200&bits=7&parity=E&stop=2", intake):
        await intake.up()
        _, _, cflag, lflag, ispeed, ospeed, _ = termios.tcgetattr(plug.master)
    assert (ispeed, ospeed) == (termios.B19200, termios.B19200)
    assert cflag & termios.CSTOPB
    assert not lflag & (termios.ICANON | termios.ECHO)


async def test_byte_by_byte_gives_the_same_reads(plug: Plug) -> None:
    intake = FakeIntake()
    async with link(plug.url, intake) as running:
        await intake.up()
        for byte in b"one\r\ntwo\r\n":
            before = running.state.received_bytes
            plug.send(bytes([byte]))
            while running.state.received_bytes == before:
                await asyncio.sleep(0)
        await plug.hear(b"OK\r\nOK\r\n")
    assert intake.raws == [b"one", b"two"]


async def test_a_port_is_ours_alone(plug: Plug) -> None:
    first, second = FakeIntake(), FakeIntake()
    async with AsyncExitStack() as program:
        await program.enter_async_context(link(plug.url, first))
        await first.up()
        async with link(plug.url, second):
            await second.down("another program uses the port")
            await program.aclose()
            await second.up()
            plug.send(b"good\n")
            await plug.hear(b"OK\r\n")
    assert first.raws == []


async def test_a_hot_unplug_is_a_state_and_half_a_line_is_dropped(plug: Plug) -> None:
    intake = FakeIntake(at_once=False)
    async with link(plug.url, intake) as running:
        await intake.up()
        plug.send(b"whole\r\nhal")
        await intake.until(lambda: intake.raws == [b"whole"])
        plug.pull_out()
        await intake.down()
        await intake.down("No such file")
        intake.complete(0)
        await intake.until(lambda: len(intake.of("unsaid")) == 1)
        plug.plug_in()
        await intake.up(times=2)
        plug.send(b"f\r\n")
        await intake.until(lambda: len(intake.judgings) == 2)
        intake.complete(1)
        await plug.hear(b"OK\r\n")
        assert running.state.reconnects == 1
    assert intake.raws == [b"whole", b"f"]


async def test_plugging_in_and_out_leaks_no_descriptor(plug: Plug) -> None:
    intake = FakeIntake()
    async with link(plug.url, intake):
        await intake.up()
        before = open_descriptors()
        for times in range(2, 12):
            plug.pull_out()
            plug.plug_in()
            await intake.up(times)
        assert open_descriptors() <= before


async def test_a_port_that_is_not_there_is_waited_for(tmp_path: Path) -> None:
    intake = FakeIntake()
    late = Plug(tmp_path / "late")
    async with link(late.url, intake):
        await intake.down("No such file")
        late.plug_in()
        await intake.up()
        late.pull_out()


async def test_a_path_that_is_no_serial_port_is_a_state(tmp_path: Path) -> None:
    intake = FakeIntake()
    (tmp_path / "file").write_bytes(b"")
    async with link(f"serial://{tmp_path}/file", intake):
        await intake.down("file")


async def test_a_device_that_never_reads_its_replies_holds_nothing_up(plug: Plug) -> None:
    intake = FakeIntake()
    reply = b"x" * 8192 + b"\r\n"
    async with link(plug.url, intake, reply=(reply, reply)):
        await intake.up()
        plug.send(b"good\n" * 20)
        await intake.until(lambda: bool(intake.of("unsaid")))
        assert "does not read" in str(intake.of("unsaid")[0])
        await intake.up(times=2)


async def test_stopping_says_what_is_under_way(plug: Plug) -> None:
    intake = FakeIntake(at_once=False)
    async with link(plug.url, intake) as running:
        await intake.up()
        plug.send(b"good\r\n")
        await intake.until(lambda: bool(intake.judgings))
        running.stopping.set()
        intake.complete(0)
        await plug.hear(b"OK\r\n")
        async with asyncio.timeout(60):
            await running.task
    assert intake.of("replied") == [("replied", 0)]
