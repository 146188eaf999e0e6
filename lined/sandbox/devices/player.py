"""Simulated devices: a scanner that plays codes and writes down what it was told about each.

An item whose answer never came (the daemon was killed, the cable pulled, silence) passes again, as on a real line where
somebody puts it back. Answers belong to items by their order alone, so after a silence the connection is given up: a
late answer would be taken for the next item's.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from lined.sandbox.devices.items import Item, LineFaults, faulty, good
from lined.sandbox.devices.results import (
    ACCEPTED,
    ASKED_AGAIN,
    REJECTED,
    SENT,
    UNANSWERED,
    Results,
    ScannerSettings,
)
from lined.sandbox.devices.sockets import socket_for
from lined.sandbox.devices.speech import Speech
from lined.sandbox.devices.wires import Gone, Wire

FLUSH_S = 0.2


class _Pulled(Gone):
    """It was us."""


class Feed:
    """Items that come one after the other while the scanner plays: `put` them, `close` after the last."""

    def __init__(self) -> None:
        self._waiting: deque[Item] = deque()
        self._closed = False
        self._changed = asyncio.Event()

    def put(self, item: Item) -> None:
        self._waiting.append(item)
        self._changed.set()

    def close(self) -> None:
        self._closed = True
        self._changed.set()

    async def next(self) -> Item | None:
        """The next item, however long it takes; None after the last."""
        while not self._waiting:
            if self._closed:
                return None
            self._changed.clear()
            await self._changed.wait()
        return self._waiting.popleft()


class SimulatedScanner:
    """A scanner at `address` (see `device_sockets`) that plays `items`: codes, or `Item`s of `faulty`.

    `async with` opens it, `url` then says what lined's configuration needs, `play` plays to the end. With `log_path`
    every event is appended to that file, unbuffered: a JSON list `[event, number, kind, code]` a line.
    `on_outcome` is told each outcome as it comes.
    """

    def __init__(
        self,
        address: str,
        items: Iterable[Item | bytes | str] | Feed,
        settings: ScannerSettings | None = None,
        log_path: Path | None = None,
        on_outcome: Callable[[Item, str], None] | None = None,
    ) -> None:
        self.settings = settings or ScannerSettings()
        self.results = Results()
        self._speech = self.settings.speech or Speech(self.settings.prefix, self.settings.suffix)
        self._to_send: list[bytes] = []
        self._hung_up = False
        self._hangs_after: int | None = None
        self._socket = socket_for(address)
        self._feed = items if isinstance(items, Feed) else None
        self._items = iter(()) if isinstance(items, Feed) else _as_items(items)
        self._on_outcome = on_outcome
        self._log_path = log_path
        self._log: BinaryIO | None = None
        self._again: deque[Item] = deque()  # to pass again, in order
        self._waiting: deque[Item] = deque()  # sent, not answered
        self._changed = asyncio.Event()
        self._running = asyncio.Event()
        self._running.set()
        self._wire: Wire | None = None
        self._numbers = 0

    @property
    def url(self) -> str:
        """The device's `url` for lined's configuration."""
        return self._socket.url

    @property
    def unanswered(self) -> int:
        """Items under way: sent, and no answer yet."""
        return len(self._waiting)

    async def open(self) -> None:
        """Take the port. Raises OSError."""
        await self._socket.open()
        if self._log_path is not None:
            self._log = self._log_path.open("ab", buffering=0)

    async def close(self) -> None:
        await self._socket.close()
        if self._log is not None:
            self._log.close()
            self._log = None

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def pull(self) -> None:
        """Pull the cable now; it is plugged in again at once."""
        if self._wire is not None:
            self._wire.cut()

    async def unplug(self) -> None:
        """Pull the cable and leave it off: nothing can connect until `plug`."""
        await self._socket.close()

    async def plug(self) -> None:
        """Put the cable back. Raises OSError."""
        await self._socket.open()

    def pause(self) -> None:
        """Stop the belt: nothing new passes until `resume`."""
        self._running.clear()

    def resume(self) -> None:
        self._running.set()

    def hang(self) -> None:
        """No heartbeat any more, and the connection stays up: the device behind it has hung itself up."""
        self._hung_up = True

    def hang_after(self, items: int) -> None:
        """Hang after so many items more, and show nothing new either."""
        self._hangs_after = self.results.counts[SENT] + items

    async def quiet(self) -> None:
        """Until every item sent has its answer."""
        await self._room(0)

    async def play(self) -> Results:
        """Play until every item has its answer, over as many connections as it takes. May be cancelled; playing again
        goes on where it stopped.
        """
        played = False
        while not played:
            self._wire = await self._socket.connect()
            self.results.counts["connections"] += 1
            try:
                played = await self._play_on(self._wire)
            finally:
                self._wire.cut()
                self._wire = None
                self._take_back()
        return self.results

    async def _play_on(self, wire: Wire) -> bool:
        """Play on one connection; True where everything was played."""
        sending = asyncio.create_task(self._send(wire), name="scanner-sending")
        receiving = asyncio.create_task(self._receive(wire), name="scanner-hearing")
        beating = asyncio.create_task(self._beat(wire), name="scanner-beating")
        try:
            done, _ = await asyncio.wait({sending, receiving}, return_when=asyncio.FIRST_COMPLETED)
            if sending in done and type(sending.exception()) is Gone:  # answers may still lie in the buffer
                await asyncio.wait({receiving}, timeout=FLUSH_S)
            for task in done:
                with contextlib.suppress(Gone):
                    task.result()
            return sending in done and sending.exception() is None
        finally:
            for task in (sending, receiving, beating):
                task.cancel()
            await asyncio.gather(sending, receiving, beating, return_exceptions=True)

    async def _send(self, wire: Wire) -> None:
        """Send what is left, in time and within the window; returns when all of it is answered."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            await self._running.wait()
            item = await self._next()
            if item is None:
                break
            try:
                await self._room(0 if item.pull else self.settings.window - 1)
                await asyncio.sleep(max(0.0, due - loop.time()))
            except asyncio.CancelledError:
                self._again.appendleft(item)
                raise
            due = max(due, loop.time() - 1.0) + (1 / self.settings.rate if self.settings.rate else 0.0)
            await self._send_one(wire, item)
        await self._room(0)

    async def _send_one(self, wire: Wire, item: Item) -> None:
        frame = self._speech.frame(item) * (2 if item.twice else 1)
        self._note(item, SENT)
        self._waiting.append(item._replace(pull=False, twice=False))
        if item.pull:
            await wire.write(frame[: len(frame) // 2])
            raise _Pulled("the cable was pulled")
        await wire.write(frame)
        if not self.settings.accept:
            self._waiting.pop()
        if self.results.counts[SENT] == self._hangs_after:
            self.hang()
            self.pause()

    async def _room(self, most: int) -> None:
        """Until no more than `most` items are without an answer."""
        while len(self._waiting) > most:
            self._changed.clear()
            await self._changed.wait()

    async def _next(self) -> Item | None:
        if self._again:
            return self._again.popleft()
        return await self._feed.next() if self._feed is not None else next(self._items, None)

    async def _receive(self, wire: Wire) -> None:
        """Match answers to items. Raises Gone after a silence."""
        buffer = b""
        silence_s = self.settings.reply_timeout_s
        while True:
            expecting = bool(self._waiting)
            try:
                async with asyncio.timeout(silence_s):
                    buffer = self._take(buffer + await wire.read())
                    await self._send_pending(wire)
            except TimeoutError:
                if expecting and self.settings.accept:
                    raise Gone("no answer") from None

    async def _send_pending(self, wire: Wire) -> None:
        """What commands are answered with, and frames that are asked for again."""
        while self._to_send:
            await wire.write(self._to_send.pop(0))

    async def _beat(self, wire: Wire) -> None:
        """Heartbeats, between frames: each is written whole."""
        with contextlib.suppress(Gone):
            while self._speech.heartbeat and not self._hung_up:
                await wire.write(self._speech.heartbeat)
                await asyncio.sleep(self.settings.heartbeat_s)

    def _take(self, buffer: bytes) -> bytes:
        """Take the answers off the buffer; what is left may be the beginning of one."""
        settings = self.settings
        answers = ((settings.accept, ACCEPTED), (settings.reject, REJECTED), (settings.again, ASKED_AGAIN))
        while buffer:
            for answer, outcome in answers:
                if answer and self._waiting and buffer.startswith(answer):
                    self._answered(outcome)
                    buffer = buffer[len(answer) :]
                    break
                if answer and self._waiting and answer.startswith(buffer):
                    self._changed.set()
                    return buffer
            else:
                command = next((known for known in self._speech.commands if buffer.startswith(known)), None)
                if command is not None:
                    self._to_send.append(self._speech.commands[command])
                elif any(known.startswith(buffer) for known in self._speech.commands):
                    break
                self.results.counts["noise" if command is None else "commands"] += 1
                buffer = buffer[len(command or b".") :]
        self._changed.set()
        return buffer

    def _answered(self, outcome: str) -> None:
        """What is asked for again is sent again before anything else, and goes on waiting."""
        item = self._waiting[0]
        self._note(item, outcome)
        if outcome == ASKED_AGAIN:
            self._to_send.append(self._speech.frame(item))
        else:
            self._waiting.popleft()

    def _take_back(self) -> None:
        """The connection has ended: what was not answered passes again, in its order, before anything new."""
        for item in self._waiting:
            self._note(item, UNANSWERED)
        self._again.extendleft(reversed(self._waiting))
        self._waiting.clear()

    def _note(self, item: Item, outcome: str) -> None:
        self.results.note(item, outcome)
        if self._on_outcome is not None:
            self._on_outcome(item, outcome)
        if self._log is not None:
            self._numbers += 1
            line = json.dumps([outcome, self._numbers, item.kind, item.code.decode("latin-1")])
            self._log.write(line.encode() + b"\n")


def _as_items(items: Iterable[Item | bytes | str]) -> Iterator[Item]:
    for item in items:
        if isinstance(item, Item):
            yield item
        else:
            yield from good([item])


__all__ = [
    "ACCEPTED",
    "REJECTED",
    "SENT",
    "UNANSWERED",
    "Feed",
    "Item",
    "LineFaults",
    "Results",
    "ScannerSettings",
    "SimulatedScanner",
    "faulty",
    "good",
]
