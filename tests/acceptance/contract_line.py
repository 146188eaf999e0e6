"""A `Line` with devices by hand and a regulator that is soon done with what it gets."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from lined.sandbox import SandboxSettings
from lined.sandbox.demo.process import Answer
from tests.harness.daemon import Line, device
from tests.harness.programs import free_port

OK = b"OK\r\n"
NG = b"NG\r\n"
REPLY_BOUND_S = 60.0
QUICK = {
    "poll_s = 0.5": "poll_s = 0.1\nrequests_per_minute = 6000",
    "in_doubt_first_s = 1\n": "in_doubt_first_s = 0.3\n",
    "in_doubt_gap_s = 3\n": "in_doubt_gap_s = 1\n",
}
"""What a report waits for, shortened."""


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
        unlimited = dataclasses.replace(sandbox or SandboxSettings(), requests_per_minute=0)
        super().__init__(
            folder, urls, sandbox=unlimited, settings=QUICK, change=change, first_batch_s=first_batch_s, **batch
        )

    @property
    def token(self) -> str:
        return self.daemon.token

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

    async def fault(self, kind: str, path: str = "/api/utilisation", method: str = "POST", **more: Any) -> None:
        await self.control.fault({"kind": kind, "path": path, "method": method, **more})

    @contextlib.asynccontextmanager
    async def scanner(self, number: int = 1) -> AsyncIterator[Scanner]:
        """A device by hand, connected once the daemon listens."""
        port = self.ports[number - 1]

        async def listening() -> bool:
            devices = (await self.status())["devices"]
            return bool(devices[number - 1].get("listening_on"))

        await self.until(listening, "the device's port is not open", bound_s=60)
        async with device(self, port) as wire:
            yield Scanner(*wire)

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


def sums_agree(status: Mapping[str, Any]) -> bool:
    """The rules of /status about its sums, for the line and for the job."""
    counted = [status["reads"]] + ([status["job"]["reads"]] if status["job"] else [])
    return all(
        reads["total"] == reads["accepted"] + reads["rejected"] + reads["no_read"] + reads["repeats"]
        and sum(reads["by_reason"].values()) == reads["rejected"]
        for reads in counted
    )
