"""The HTTP server under the sandbox: uvicorn, with two changes that its public interface allows.

An answer can be withheld: each request's scope carries a `Line` that cuts the connection as a broken network would. And
the server lives in somebody else's event loop: it takes no signals and is stopped by its owner.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Iterator
from typing import cast

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

LINE = "lined.line"  # name of the scope extension
GRACE_S = 2  # open requests get this long when the server stops
BACKLOG = 128


class Line:
    """The TCP connection of one request."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    def cut(self, *, reset: bool) -> None:
        """Close now, whatever is unread or unsent; with `reset` the peer gets a RST instead of an orderly end."""
        peer = self._transport.get_extra_info("socket")
        if reset and peer is not None:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    def end(self) -> None:
        """Close after what was written has left."""
        self._transport.close()


class CuttableProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 protocol, whose requests know their connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        app = cast("ASGIApp", self.app)
        line = Line(transport)

        async def with_line(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http":
                scope["extensions"] = {**(scope.get("extensions") or {}), LINE: {"line": line}}
            await app(scope, receive, send)

        self.app = with_line


class OwnedServer(uvicorn.Server):
    """A uvicorn server that leaves the process's signals alone; `ready` is set once it answers."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen_on(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


def make_server(app: object) -> OwnedServer:
    """The server for `app`; run it with `serve(sockets=[...])`, end it with `should_exit`."""
    return OwnedServer(
        uvicorn.Config(
            app,  # type: ignore[arg-type]  # an ASGI application by its own types
            http=CuttableProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=GRACE_S,
        )
    )
