"""A `Line` whose configuration a test changes, with bare HTTP, the commands as programs and devices by hand."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import http.client
import json
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from lined.sandbox import SandboxSettings
from tests.harness.daemon import LINED, Line, free_port

OK = b"OK\r\n"
NG = b"NG\r\n"
REPLY_BOUND_S = 60.0
COMMAND_BOUND_S = 60.0
QUICK = {
    "poll_s = 0.5": "poll_s = 0.1\nrequests_per_minute = 6000",
    "in_doubt_first_s = 1\n": "in_doubt_first_s = 0.3\n",
    "in_doubt_gap_s = 3\n": "in_doubt_gap_s = 1\n",
}
"""What a report waits for, shortened."""


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class Done(NamedTuple):
    """A command that has ended."""

    code: int
    out: str
    errors: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class ContractLine(Line):
    """A line with one listening device, `cam-1` at station `marking-1`; `change` rewrites the configuration's text."""

    def __init__(
        self,
        folder: Path,
        *,
        change: Callable[[str], str] = str,
        devices: int = 1,
        sandbox: SandboxSettings | None = None,
        first_batch_s: float = 0,
        **batch: Any,
    ) -> None:
        self.ports = [free_port() for _ in range(devices)]
        urls = [f"raw:tcp-listen://127.0.0.1:{port}" for port in self.ports]
        settings = dataclasses.replace(sandbox or SandboxSettings(), requests_per_minute=0)
        super().__init__(folder, urls, sandbox=settings, first_batch_s=first_batch_s, **batch)
        self._change = change

    def configure(self) -> None:
        super().configure()
        file = self.folder / "lined.toml"
        text = file.read_text()
        for usual, quick in QUICK.items():
            assert usual in text
            text = text.replace(usual, quick)
        file.write_text(self._change(text))

    @property
    def token(self) -> str:
        return (self.folder / "line-1.db.token").read_text().strip()

    async def http(
        self, method: str, path: str, body: Any = None, *, headers: Mapping[str, str | None] | None = None
    ) -> Answer:
        """One bare request. POST has the token and JSON's content type unless `headers` say otherwise (None: left out).
        A `body` that is no str is encoded as JSON.
        """
        return await asyncio.to_thread(self._http, method, path, body, headers or {})

    def _http(self, method: str, path: str, body: Any, headers: Mapping[str, str | None]) -> Answer:
        usual: dict[str, str | None] = {}
        if method == "POST":
            usual = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        sent = {name: value for name, value in {**usual, **headers}.items() if value is not None}
        content = body if body is None or isinstance(body, str) else json.dumps(body)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, content, sent)
            answer = connection.getresponse()
            names = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, names, answer.read().decode())
        finally:
            connection.close()

    async def post(self, path: str, **body: Any) -> Answer:
        return await self.http("POST", f"/api/v1/{path}", {"by": "test", **body})

    async def story(self, code: bytes) -> Any:
        """The story of one code; None where it is unknown."""
        answer = await self.http("GET", f"/api/v1/codes?code={quote(code.decode(), safe='')}")
        return answer.json if answer.status == 200 else None

    async def report(self, identity: str) -> dict[str, Any]:
        answer = await self.http("GET", f"/api/v1/reports/{identity}")
        assert answer.status == 200, answer
        return dict(answer.json)

    async def run(self, *words: str, config: bool = True) -> Done:
        """An installed command, run to its end."""
        return await run(*words, *(("--config", str(self.folder / "lined.toml")) if config else ()))

    async def fault(self, kind: str, path: str = "/api/utilisation", method: str = "POST", **more: Any) -> None:
        body = {"kind": kind, "path": path, "method": method, **more}
        await self.ask_sandbox("POST", "/sandbox/faults", body)

    @contextlib.asynccontextmanager
    async def scanner(self, number: int = 1) -> AsyncIterator[Scanner]:
        """A device by hand, connected once the daemon listens."""
        port = self.ports[number - 1]

        async def listening() -> bool:
            devices = (await self.status())["devices"]
            return bool(devices[number - 1].get("listening_on"))

        await self.until(listening, "the device's port is not open", bound_s=60)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            yield Scanner(reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def until_report(self, state: str, *, number: int = 0, bound_s: float = 60) -> dict[str, Any]:
        """Wait until the report at this place (0: newest) has this state; the whole of it."""
        found: dict[str, Any] = {}

        async def there() -> bool:
            reports = await self.reports("&kind=utilisation")
            if len(reports) > number:
                found.clear()
                found.update(reports[number])
            return found.get("state") == state

        try:
            await self.until(there, f"no report is {state}", bound_s=bound_s)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{found}") from None
        return await self.report(found["id"])


class Scanner(NamedTuple):
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def say(self, *frames: bytes, end: bytes = b"\r\n") -> list[bytes]:
        """Say the frames in one go; one reply for each."""
        self.writer.write(b"".join(frame + end for frame in frames))
        return [await self.hear() for _ in frames]

    async def hear(self) -> bytes:
        return await asyncio.wait_for(self.reader.readline(), REPLY_BOUND_S)


async def run(*words: str, env: Mapping[str, str] | None = None) -> Done:
    """`lined …` as installed, bounded."""
    process = await asyncio.create_subprocess_exec(
        str(LINED), *words, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE, env=env,
    )  # fmt: skip
    try:
        async with asyncio.timeout(COMMAND_BOUND_S):
            out, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return Done(process.returncode, out.decode(), errors.decode())


def sums_agree(status: Mapping[str, Any]) -> bool:
    """The rules of /status about its sums, for the line and for the job."""
    counted = [status["reads"]] + ([status["job"]["reads"]] if status["job"] else [])
    return all(
        reads["total"] == reads["accepted"] + reads["rejected"] + reads["no_read"] + reads["repeats"]
        and sum(reads["by_reason"].values()) == reads["rejected"]
        for reads in counted
    )
