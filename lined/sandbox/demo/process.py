"""The daemon as a process of its own: started on a configuration file, waited for, asked over HTTP, stopped, killed."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from lined.vocabulary.environment import inherited
from lined.vocabulary.errors import LinedError

READY_S = 60.0
POLL_S = 0.05
STOP_S = 15.0
EXCHANGE_S = 60.0
LOG_END = 3_000  # characters of the log that an error shows
DAEMON = (sys.executable, "-m", "lined")


class ProcessFailed(LinedError):
    """The daemon went away, or was not ready in time; the text says which, and how its log ends."""


class Answer(NamedTuple):
    """One HTTP answer. `headers` by lower-case name."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text) if self.text else None


class DaemonProcess:
    """`lined run` on `config`, whose endpoint is at `port` of loopback and whose journal is `journal`.

    `program` and `environment` (added to ours) count at each start. `apart`: in a session of its own, so that a kill
    ends whatever it has started too (a program may start the daemon by a shell); else it goes with our terminal.
    """

    def __init__(
        self,
        config: Path,
        journal: Path,
        port: int,
        *,
        program: Sequence[str] = DAEMON,
        environment: Mapping[str, str] | None = None,
        apart: bool = False,
    ) -> None:
        self.config = config
        self.port = port
        self.program = tuple(program)
        self.environment = dict(environment or {})
        self._apart = apart
        self.log_path = config.with_name("lined.log")
        self._token_path = journal.with_name(f"{journal.name}.token")
        self._process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def token(self) -> str:
        """What commands have to show. Raises OSError where the daemon has not started yet."""
        return self._token_path.read_text("utf-8").strip()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def log(self) -> str:
        """The end of it."""
        return self.log_path.read_text("utf-8", "replace")[-LOG_END:]

    # ── its life ────────────────────────────────────────────────────────────────────────────────────────────────────

    async def spawn(self, log: int | None = None) -> None:
        """Start it and wait for nothing. `log`: a descriptor that takes its output; None: the file `lined.log`."""
        with self.log_path.open("ab") as file:
            output = file.fileno() if log is None else log
            self._process = await asyncio.create_subprocess_exec(
                *(*self.program, "run", "--config", str(self.config)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=inherited(self.environment),
                start_new_session=self._apart,
            )

    async def until_ready(self, within_s: float = READY_S, poll_s: float = POLL_S) -> None:
        """Wait until /readyz answers 200. Raises ProcessFailed."""
        try:
            async with asyncio.timeout(within_s):
                while not await self._ready():
                    self.check()
                    await asyncio.sleep(poll_s)
        except TimeoutError:
            raise ProcessFailed(
                f"the daemon was not ready within {within_s:.0f} s; its log ends:\n{self.log}"
            ) from None

    def check(self) -> None:
        """Raises ProcessFailed where it does not run."""
        if not self.runs:
            code = self._process.returncode if self._process else None
            raise ProcessFailed(f"the daemon ended with {code}; its log ends:\n{self.log}")

    async def ended(self, within_s: float = READY_S) -> int:
        """Wait for its end, of itself; the exit code. Raises TimeoutError."""
        assert self._process is not None
        async with asyncio.timeout(within_s):
            return await self._process.wait()

    async def stop(self, within_s: float = STOP_S) -> int:
        """SIGTERM, as systemd does; the exit code. Killed where it takes longer."""
        assert self._process is not None
        if self.runs:
            self._process.terminate()
        try:
            return await self.ended(within_s)
        except TimeoutError:
            await self.kill()
            return await self.ended()

    async def kill(self) -> None:
        """SIGKILL, as a power cut is to a process."""
        if self._process is not None and self.runs:
            with contextlib.suppress(ProcessLookupError):
                if self._apart:
                    os.killpg(self._process.pid, signal.SIGKILL)
                else:
                    self._process.kill()
            await self._process.wait()

    async def _ready(self) -> bool:
        try:
            return (await self.ask("GET", "/readyz")).status == http.client.OK
        except OSError:
            return False

    # ── its endpoint ────────────────────────────────────────────────────────────────────────────────────────────────

    async def ask(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str | None] | None = None
    ) -> Answer:
        """One exchange; POST has the token and JSON's content type. `headers` beside those or instead of them, None:
        without. Raises OSError.
        """
        sent: dict[str, str | None] = {}
        if method == "POST":
            sent = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        return await exchange(self.url, method, path, body, {**sent, **(headers or {})})

    async def get(self, path: str) -> Any:
        """The JSON of a page. Raises OSError where it has none, or nobody answers."""
        return await self._checked("GET", path, None)

    async def post(self, path: str, body: object) -> Any:
        """What a command was answered. Raises OSError where it was refused, or nobody answers."""
        return await self._checked("POST", path, body)

    async def _checked(self, method: str, path: str, body: object) -> Any:
        answer = await self.ask(method, path, body)
        if answer.status != http.client.OK:
            raise OSError(f"{method} {path} was answered {answer.status}: {answer.text}")
        return answer.json


async def exchange(
    url: str, method: str, path: str, body: object = None, headers: Mapping[str, str | None] | None = None
) -> Answer:
    """One HTTP exchange with `url`, in a thread. A `body` that is no str is sent as JSON; headers of None are left out.
    Raises OSError.
    """
    try:
        return await asyncio.to_thread(_exchange, url, method, path, body, headers or {})
    except http.client.HTTPException as error:
        raise ConnectionError(f"no answer that can be read: {error!r}") from error


def _exchange(url: str, method: str, path: str, body: object, headers: Mapping[str, str | None]) -> Answer:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=EXCHANGE_S)
    content = body if body is None or isinstance(body, str) else json.dumps(body)
    try:
        connection.request(method, path, content, {name: value for name, value in headers.items() if value is not None})
        answer = connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, found, answer.read().decode("utf-8"))
    finally:
        connection.close()
