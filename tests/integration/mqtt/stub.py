"""A broker that does on request what real ones do rarely: refuse a subscription, never answer. MQTT 3.1.1."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from tests.integration.mqtt.broker import Broker

CONNECT, PUBLISH, SUBSCRIBE, UNSUBSCRIBE, DISCONNECT = 1, 3, 8, 10, 14


class Stub:
    """`granted`: what a subscription is answered with. `mute`: connections are taken, and nothing is said."""

    def __init__(self, granted: int, mute: bool) -> None:
        self.connections = 0
        self.open = 0
        self.port = 0
        self._granted = granted
        self._mute = mute

    @property
    def as_broker(self) -> Broker:
        return Broker(Path(), port=self.port)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readexactly(1))[0]
                body = await reader.readexactly(await self._length(reader))
                if not self._mute:
                    writer.write(self._answer(head, body))
        self.open -= 1
        writer.close()

    @staticmethod
    async def _length(reader: asyncio.StreamReader) -> int:
        length = shift = 0
        while True:
            byte = (await reader.readexactly(1))[0]
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return length

    def _answer(self, head: int, body: bytes) -> bytes:
        kind = head >> 4
        if kind == CONNECT:
            return bytes([0x20, 2, 0, 0])
        if kind == SUBSCRIBE:
            return bytes([0x90, 3, *body[:2], self._granted])
        if kind == UNSUBSCRIBE:
            return bytes([0xB0, 2, *body[:2]])
        if kind == PUBLISH and head & 0x06:
            at = 2 + int.from_bytes(body[:2], "big")
            return bytes([0x40, 2, *body[at : at + 2]])
        return b""


@asynccontextmanager
async def stub(*, granted: int = 1, mute: bool = False) -> AsyncIterator[Stub]:
    made = Stub(granted, mute)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        await server.wait_closed()
