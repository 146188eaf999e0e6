"""HTTP/1.1 connections within bounds: how many there are, who has to make room, and how long each may be waited for.

Guarantees: however many connections are open and send nothing or half a request, one more that asks is answered. Where
there is no more room, the client with the most connections loses the one that has kept us waiting for longest.
"""

from __future__ import annotations

import asyncio
from collections import Counter

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from lined.api.answers import refusal

HEAD_S = 5.0  # from a connection's beginning, or a request's first byte, to the end of the request's head
REQUEST_S = 45.0  # from there to the end of the answer, whoever is slow; commands give up after 30 s
CONNECTIONS_MAX = 100


class BoundedProtocol(H11Protocol):
    """uvicorn's, within bounds; its own refusal in our shape."""

    evicted = False
    _head_begun = False
    _answering = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        self._head_begun = True  # nothing has come, which is no reason to wait longer
        self.waiting_since = self.loop.time()
        self._timer = self.loop.call_later(HEAD_S, transport.abort)
        self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        self._timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        self._answering = self._head_begun = False
        self.waiting_since = self.loop.time()
        self._timer.cancel()  # uvicorn bounds the time between two requests
        super().on_response_complete()
        self._look(began=bool(self.conn.trailing_data[0]))

    def _look(self, *, began: bool = True) -> None:
        """Where the request stands, after something has come."""
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            if not self._answering:
                self._answering = True
                self._bound(REQUEST_S)
        elif began and not self._head_begun:
            self._head_begun = True
            self._bound(HEAD_S)

    def _bound(self, seconds: float) -> None:
        self._timer.cancel()
        self._timer = self.loop.call_later(seconds, self.transport.abort)

    # ── room ────────────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def waits(self) -> bool:
        """It is the client's turn: no request, or half of one, is here."""
        cycle = self.cycle
        return cycle is None or cycle.response_complete or cycle.more_body

    def _make_room(self) -> None:
        others = [one for one in self.connections if isinstance(one, BoundedProtocol) and not one.evicted]
        if len(others) <= CONNECTIONS_MAX:
            return
        of_client = Counter(one.address for one in others)
        waiting = [one for one in others if one is not self and one.waits]
        # A client that takes more than half, and lets nothing go, does not keep another out.
        greedy = [one for one in others if one is not self and of_client[one.address] > CONNECTIONS_MAX // 2]
        mine = of_client[self.address] > CONNECTIONS_MAX // 2
        chosen = waiting or ([] if mine else greedy) or [self]
        last = max(chosen, key=lambda one: (of_client[one.address], -one.waiting_since))
        last.evicted = True
        last.transport.abort()

    @property
    def address(self) -> str:
        return self.client[0] if self.client else ""

    def send_400_response(self, msg: str) -> None:
        """What h11 cannot read as a request."""
        found = refusal(400, "bad-request", msg)
        headers = [*found.raw_headers, (b"connection", b"close")]
        body = bytes(found.body)
        for event in (h11.Response(status_code=400, headers=headers), h11.Data(data=body), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()
