"""Both ends of a link: a line that judges when it is told to, and devices made of real sockets and ptys."""

from __future__ import annotations

import asyncio
import os
import pty
import socket
import tty
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from drivers import load
from lined.devices import DeviceSpec, DeviceState, LinkLimits, parse_url, run_device
from lined.line.intake.ports import Frame, Judgement

BOUND_S = 60.0
SOON = LinkLimits(retry_first_s=0.01, retry_most_s=0.05, write_s=0.2)


class Judging(NamedTuple):
    frames: tuple[Frame, ...]
    future: asyncio.Future[Judgement]
    mark: int


@dataclass
class FakeIntake:
    """Judges at once, or when `complete` says so; rejects what begins with `bad` and what is no read."""

    at_once: bool = True
    judgings: list[Judging] = field(default_factory=list)
    events: list[tuple[object, ...]] = field(default_factory=list)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def judge(self, device: str, frames: Sequence[Frame], arrived: float) -> asyncio.Future[Judgement]:  # noqa: ARG002 - as in the protocol
        future: asyncio.Future[Judgement] = asyncio.get_running_loop().create_future()
        self.judgings.append(Judging(tuple(frames), future, len(self.judgings)))
        if self.at_once:
            self.complete(-1)
        self._changed.set()
        return future

    def complete(self, index: int, *, failed: bool = False) -> None:
        judging = self.judgings[index]
        accepts = [frame.kind == "read" and not frame.raw.startswith(b"bad") and not failed for frame in judging.frames]
        judging.future.set_result(Judgement(accepts, judging.mark, failed=failed))

    def replied(self, device: str, judgement: Judgement) -> None:  # noqa: ARG002 - as in the protocol
        self._event("replied", judgement.mark)

    def unsaid(self, device: str, judgement: Judgement, first: int, why: str) -> None:  # noqa: ARG002 - as in the protocol
        self._event("unsaid", judgement.mark, first, why)

    def unacknowledged(self, device: str, judgement: Judgement, first: int, why: str) -> None:  # noqa: ARG002 - as in the protocol
        self._event("unacknowledged", judgement.mark, first, why)

    def flooding(self, device: str, pours: bool) -> None:  # noqa: ARG002 - as in the protocol
        self._event("flooding", pours)

    def silent(self, device: str, is_silent: bool) -> None:  # noqa: ARG002 - as in the protocol
        self._event("silent", is_silent)

    def fault(self, device: str, text: str) -> None:  # noqa: ARG002 - as in the protocol
        self._event("fault", text)

    def connected(self, device: str, up: bool, problem: str | None) -> None:  # noqa: ARG002 - as in the protocol
        self._event("connected", up, problem)

    def _event(self, *event: object) -> None:
        self.events.append(event)
        self._changed.set()

    def attempt(self) -> float:
        """The `random` of a link, to count its attempts."""
        self._event("attempt")
        return 0.5

    # ---------------------------------------------------------------------------------------- what tests ask
    @property
    def raws(self) -> list[bytes]:
        return [frame.raw for judging in self.judgings for frame in judging.frames]

    @property
    def kinds(self) -> list[str]:
        return [frame.kind for judging in self.judgings for frame in judging.frames]

    def of(self, kind: str) -> list[tuple[object, ...]]:
        return [event for event in self.events if event[0] == kind]

    async def until(self, holds: Callable[[], bool]) -> None:
        """Returns when `holds()` does; it is looked at after each event."""
        async with asyncio.timeout(BOUND_S):
            while not holds():
                self._changed.clear()
                await self._changed.wait()

    async def up(self, times: int = 1) -> None:
        await self.until(lambda: len([event for event in self.of("connected") if event[1]]) >= times)

    async def down(self, text: str = "") -> None:
        await self.until(lambda: any(not event[1] and text in str(event[2]) for event in self.of("connected")))


@dataclass
class Link:
    """A link under test."""

    task: asyncio.Task[None]
    state: DeviceState
    stopping: asyncio.Event


@asynccontextmanager
async def link(
    url: str,
    intake: FakeIntake,
    *,
    reply: tuple[bytes, bytes] = (b"OK\r\n", b"NG\r\n"),
    limits: LinkLimits = SOON,
    deadline_s: float | None = None,
    random: Callable[[], float] = lambda: 0.5,
    note: Callable[[str, BaseException], None] = lambda _where, _error: None,
    **options: object,
) -> AsyncIterator[Link]:
    """A running link, cancelled at the end unless it has ended. An exception of it comes out."""
    spec = DeviceSpec("cam-1", parse_url(url), *reply, deadline_s)
    state, stopping = DeviceState(), asyncio.Event()
    running = run_device(
        spec, load("generic")(options), intake, state=state, stopping=stopping, limits=limits, random=random, note=note
    )
    task = asyncio.create_task(running)
    try:
        yield Link(task, state, stopping)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.wait([task], timeout=BOUND_S)
            task.result()


class Peer(NamedTuple):
    """The device's end of a connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def hear(self, expected: bytes) -> None:
        async with asyncio.timeout(BOUND_S):
            assert await self.reader.readexactly(len(expected)) == expected

    async def hear_end(self) -> bytes:
        """What still came before the link ended the connection."""
        rest = b""
        with suppress(ConnectionError):
            async with asyncio.timeout(BOUND_S):
                while chunk := await self.reader.read(4096):
                    rest += chunk
        return rest

    async def hang_up(self, *, reset: bool = False) -> None:
        if reset:
            self.writer.transport.abort()
        self.writer.close()
        with suppress(ConnectionError):
            await self.writer.wait_closed()


class Scanner:
    """A device that is a TCP server, such as most fixed readers."""

    def __init__(self) -> None:
        self.port = 0
        self._server: asyncio.Server | None = None
        self._peers: asyncio.Queue[Peer] = asyncio.Queue()
        self._all: list[Peer] = []

    @property
    def url(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    async def start(self, *, receive_bytes: int | None = None) -> None:
        """Again on the same port after `stop`."""
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if receive_bytes:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        sock.bind(("127.0.0.1", self.port))
        self.port = sock.getsockname()[1]
        self._server = await asyncio.start_server(self._connected, sock=sock)

    async def connection(self) -> Peer:
        async with asyncio.timeout(BOUND_S):
            return await self._peers.get()

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for peer in self._all:
            await peer.hang_up()
        self._all.clear()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(reader, writer)
        self._all.append(peer)
        self._peers.put_nowait(peer)


@asynccontextmanager
async def scanner(*, receive_bytes: int | None = None) -> AsyncIterator[Scanner]:
    device = Scanner()
    await device.start(receive_bytes=receive_bytes)
    try:
        yield device
    finally:
        await device.stop()


@asynccontextmanager
async def dialled(address: str) -> AsyncIterator[Peer]:
    """A device that connects to us."""
    host, _, port = address.rpartition(":")
    peer = Peer(*await asyncio.open_connection(host.strip("[]"), int(port)))
    try:
        yield peer
    finally:
        await peer.hang_up()


class Plug:
    """A serial device behind a path that stays, as /dev/serial/by-id does; `master` is the device's end."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.master = -1
        self._slave = -1

    @property
    def url(self) -> str:
        return f"serial://{self.path}?baud=115200"

    def plug_in(self) -> None:
        self.master, slave = pty.openpty()
        tty.setraw(slave)
        self.path.unlink(missing_ok=True)
        self.path.symlink_to(os.ttyname(slave))
        os.close(slave)
        os.set_blocking(self.master, False)

    def pull_out(self) -> None:
        if self.master >= 0:
            os.close(self.master)
            self.path.unlink()
            self.master = -1

    def send(self, data: bytes) -> None:
        assert os.write(self.master, data) == len(data)

    async def hear(self, expected: bytes) -> None:
        heard = b""
        readable = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(self.master, readable.set)
        try:
            async with asyncio.timeout(BOUND_S):
                while len(heard) < len(expected):
                    await readable.wait()
                    readable.clear()
                    with suppress(BlockingIOError):
                        heard += os.read(self.master, 4096)
        finally:
            loop.remove_reader(self.master)
        assert heard == expected
