"""`StatusServer`: the endpoint's socket, its life and its end. uvicorn does the protocol.

Guarantees: it takes none of the process's signals; it ends when its task is cancelled, open requests first, within
GRACE_S; no connection is waited for without end.
"""

from __future__ import annotations

import asyncio
import socket

import structlog
import uvicorn

from lined.api.document import StatusDocument
from lined.api.ports import PlantView
from lined.api.token import StatusUnavailable, make_token
from lined.web.app import look_through, make_app
from lined.web.connections import BoundedProtocol
from lined.web.routes import Page

__all__ = ["StatusServer", "StatusUnavailable", "make_token"]

log = structlog.get_logger()

PORT_S = 10.0  # docs/contract.md, Command line: the port is retried for 10 s
PORT_RETRY_S = 0.2
GRACE_S = 2  # for open requests at the end
IDLE_S = 15  # a connection between two requests
BACKLOG = 100


class StatusServer:
    """The endpoint on `host`:`port` (0 takes a free one). `token` is what commands must carry: see `make_token`."""

    def __init__(self, view: PlantView, host: str, port: int, *, token: str, port_s: float = PORT_S) -> None:
        self.view = view
        self.document = StatusDocument(view)
        self.page = Page(view, self.document)
        self.host = host
        self.port = port
        """The real one once `started` is set."""
        self.started = asyncio.Event()
        self._token = token
        self._port_s = port_s

    @property
    def url(self) -> str:
        shown = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{shown}:{self.port}"

    async def serve(self) -> None:
        """Until cancelled. Raises StatusUnavailable where the port cannot be had."""
        listener = await self._listen()
        try:
            if self.port == 0:
                self.port = listener.getsockname()[1]
                self._tell_port()
            server = await asyncio.to_thread(self._make_server)
            await server.startup([listener])
        except BaseException:
            listener.close()
            raise
        log.info("status_listening", url=self.url)
        self.started.set()
        try:
            await server.main_loop()
        finally:
            self.page.end()  # else its streams would be waited for
            self.view.captures.end(self.view)
            await server.shutdown([listener])

    def _tell_port(self) -> None:
        """A port that the system chose stands beside the journal, where the commands look for it."""
        path = self.view.journal.path
        try:
            path.with_name(f"{path.name}.port").write_text(f"{self.port}\n", "ascii")
        except OSError as error:
            log.warning("status_port_not_told", port=self.port, error=str(error))

    def _make_server(self) -> uvicorn.Server:
        """In a thread: putting the framework together takes 50 ms, in which verdicts would wait."""
        self.page.warm_up()
        app = make_app(self.view, self.document, self.page, self._token, lambda: (self.host, self.port))
        asyncio.run(look_through(app.app))
        config = uvicorn.Config(
            app,
            http=BoundedProtocol,
            ws="none",
            lifespan="off",
            proxy_headers=False,  # who a request comes from is what the socket says
            log_config=None,
            log_level="critical",  # what goes wrong in a request is logged by `answers`, in the line's own form
            access_log=False,
            server_header=False,
            timeout_keep_alive=IDLE_S,
            timeout_graceful_shutdown=GRACE_S,
        )
        config.load()
        server = uvicorn.Server(config)
        server.lifespan = config.lifespan_class(config)
        return server

    async def _listen(self) -> socket.socket:
        give_up_at = asyncio.get_running_loop().time() + self._port_s
        waited = False
        while True:
            try:
                return listen_on(self.host, self.port)
            except OSError as error:
                if asyncio.get_running_loop().time() >= give_up_at:
                    raise StatusUnavailable(
                        f"the status port {self.host}:{self.port} cannot be had: {error.strerror or error}; "
                        "give status.listen another one, or stop what holds it"
                    ) from error
                if not waited:
                    log.warning("status_port_waited_for", host=self.host, port=self.port, error=str(error))
                waited = True
            await asyncio.sleep(PORT_RETRY_S)


def listen_on(host: str, port: int) -> socket.socket:
    """A listening socket. Raises OSError."""
    name = "127.0.0.1" if host == "localhost" else host
    family = socket.AF_INET6 if ":" in name else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((name, port))
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener
