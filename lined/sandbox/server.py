"""The sandbox as a server: `SandboxServer` inside somebody's event loop, `run_sandbox` for the command line."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self, cast

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from lined.sandbox import (
    api_codes,
    api_control,
    api_documents,
    api_lists,
    api_orders,
    api_products,
    api_reports,
    api_transfers,
    api_users,
)
from lined.sandbox.accounts import Credentials
from lined.sandbox.answers import Fault, Rejection, json_response, rejection_response
from lined.sandbox.injection import CONTROL, ICOM, Injection
from lined.sandbox.sandbox import Sandbox
from lined.sandbox.settings import SandboxSettings, parse_listen
from lined.sandbox.wire import OwnedServer, listen_on, make_server

LOOPBACK = "127.0.0.1:0"
START_TIMEOUT_S = 10.0


class SandboxServer:
    """A sandbox that listens; `async with`, or `start` and `stop`. `state_path` None: books that go with it.

    Raises at start: SettingsError (where to listen), JournalError (no state of a sandbox, or another one works on it),
    OSError (port taken).
    """

    def __init__(
        self,
        settings: SandboxSettings | None = None,
        *,
        listen: str = LOOPBACK,
        state_path: Path | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.settings = settings or SandboxSettings()
        self._listen = listen
        self._state_path = state_path
        self._clock = clock
        self._url = ""
        self._server: OwnedServer | None = None
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def url(self) -> str:
        """`http://HOST:PORT` with the real port, once started."""
        return self._url

    @property
    def credentials(self) -> Credentials:
        """The API key and the technical user of the account, once started."""
        return self.sandbox.credentials

    async def start(self) -> None:
        """Open the books and listen; answers from the moment it returns."""
        host, port = parse_listen(self._listen, allow_lan=self.settings.allow_lan)
        listener = listen_on(host, port)
        self.sandbox = Sandbox(self.settings, self._state_path, self._clock)
        try:
            await self.sandbox.open()
        except BaseException:
            listener.close()
            await self.sandbox.close()
            raise
        shown = f"[{host}]" if ":" in host else host
        self._url = f"http://{shown}:{listener.getsockname()[1]}"
        self._server = make_server(make_app(self.sandbox))
        self._tasks = [
            asyncio.create_task(self._server.serve(sockets=[listener]), name="sandbox-server"),
            asyncio.create_task(self.sandbox.work(), name="sandbox-decisions"),
        ]
        async with asyncio.timeout(START_TIMEOUT_S):
            await self._server.ready.wait()

    async def wait(self) -> None:
        """Until the server or the deciding of documents ends, which neither does by itself: raises what ended it."""
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    async def stop(self) -> None:
        """Let open requests finish for a moment, then close the books. Undecided documents are decided after the next
        start. Raises what ended the deciding of documents early, if anything did.
        """
        if self._server is None:
            return
        self._server.should_exit = True
        serving, deciding = self._tasks
        deciding.cancel()
        _, ended = await asyncio.gather(serving, deciding, return_exceptions=True)
        await self.sandbox.close()
        self._server = None
        if isinstance(ended, Exception):
            raise ended

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()


async def run_sandbox(
    settings: SandboxSettings,
    listen: str,
    state_path: Path | None,
    started: Callable[[SandboxServer], None] | None = None,
) -> None:
    """Run a sandbox until cancelled or, in the main thread, until SIGTERM; `started` is called once it answers, with
    its `url` and `credentials`. Raises as SandboxServer.
    """
    with _terminated() as terminated:
        async with SandboxServer(settings, listen=listen, state_path=state_path) as server:
            if started is not None:
                started(server)
            running = asyncio.create_task(server.wait(), name="sandbox-running")
            ending = asyncio.create_task(terminated.wait(), name="sandbox-ending")
            try:
                await asyncio.wait({running, ending}, return_when=asyncio.FIRST_COMPLETED)
                if running.done():
                    running.result()
            finally:
                running.cancel()
                ending.cancel()
                await asyncio.gather(running, ending, return_exceptions=True)


@contextlib.contextmanager
def _terminated() -> Iterator[asyncio.Event]:
    """An event that SIGTERM sets; only the main thread can listen for signals."""
    event = asyncio.Event()
    if threading.current_thread() is not threading.main_thread():
        yield event
        return
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, event.set)
    try:
        yield event
    finally:
        loop.remove_signal_handler(signal.SIGTERM)


def make_app(sandbox: Sandbox) -> Injection:
    """The ASGI application: the regulator's methods, the control endpoint, faults around them."""
    app = FastAPI(title="lined sandbox", openapi_url=None, docs_url=None, redoc_url=None)
    rules = sandbox.settings.rules
    injection = Injection(app, sandbox.faults, sandbox.kill_tokens, accepts_all=rules.accepts_all)
    app.state.sandbox = sandbox
    app.state.injection = injection
    apis = [api_users, api_orders, api_reports, api_transfers, api_lists, api_codes, api_products, api_documents]
    for api in (*apis, api_control):
        app.include_router(api.router)
    app.add_exception_handler(Rejection, _rejected)
    app.add_exception_handler(HTTPException, _not_here)
    app.add_exception_handler(RequestValidationError, _invalid)
    return injection


async def _rejected(request: Request, error: Exception) -> Response:
    return rejection_response(cast("Rejection", error), icom=request.url.path.startswith(ICOM))


async def _not_here(request: Request, error: Exception) -> Response:
    """Unknown paths and methods in the regulator's shape, the control endpoint's refusals in plain words."""
    refusal = cast("HTTPException", error)
    if request.url.path.startswith(CONTROL):
        return json_response({"error": refusal.detail}, status=refusal.status_code)
    rejection = Rejection(refusal.status_code, "not-found", [Fault(str(refusal.detail), "path", request.url.path)])
    return rejection_response(rejection, icom=request.url.path.startswith(ICOM))


async def _invalid(_request: Request, error: Exception) -> Response:
    wrong = cast("RequestValidationError", error).errors()
    details = [{"path": ".".join(map(str, one["loc"][1:])), "message": one["msg"]} for one in wrong]
    return json_response({"error": "wrong values", "details": details}, status=422)
