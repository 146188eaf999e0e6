"""The real daemon for measurements: `lined run` as a process, raw TCP devices, a regulator that answers at once."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import os
import signal
import sys
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.bench.fill import GTIN

CONFIG = """
[line]
id = "bench"
[regulator]
profile = "asl-belgisi"
url = "http://127.0.0.1:{regulator}"
tin = "307797292"
business_place_id = 27
poll_s = 0.1
requests_per_minute = {rate}
limits = {{ requests_per_minute = 1000000, reads_per_minute = 1000000 }}
[journal]
path = "bench.db"
floor_bytes = 1_000_000
[[product]]
gtin = "{gtin}"
name = "Oil"
group = "vegetableoil"
shelf_life_days = 1095
template = "GS1_AISTR_SHORT"
serial_length = 13
{devices}
[report.utilisation]
first_batch_s = 0
[status]
listen = "127.0.0.1:{port}"
"""
DEVICE = """
[[device]]
id = "cam-{n}"
driver = "generic"
url = "tcp://127.0.0.1:{port}"
reply = {{ accept = "+", reject = "-" }}
[[station]]
id = "station-{n}"
role = "apply"
devices = ["cam-{n}"]
"""
SECTOR_BYTES = 512  # in the kernel's counts, whatever the disk's own are
BINDING = {"profile": "asl-belgisi", "tin": "307797292", "business_place_id": "27"}

Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class BenchPlant:
    """`async with` gives the regulator and the devices' ports, `start` the daemon over the journal in `folder`."""

    def __init__(self, folder: Path, devices: int, *, environment: dict[str, str] | None = None) -> None:
        self.folder = folder
        self.count = devices
        self.lines: list[Line] = []
        self.started_s = 0.0
        self.connected_s = 0.0
        self.ready_s = 0.0
        self._environment = environment or {}
        self._servers: list[asyncio.Server] = []
        self._arrived: asyncio.Queue[tuple[int, Line]] = asyncio.Queue()

    @property
    def device_ids(self) -> list[str]:
        return [f"cam-{n}" for n in range(1, self.count + 1)]

    def binding(self, *, regulator: bool = True) -> dict[str, str]:
        return {**BINDING, "url": f"http://127.0.0.1:{self.regulator_port if regulator else 9}"}

    async def prepare(self) -> None:
        """The regulator and the devices' ports: what a journal has to be made for."""
        self._regulator = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.bench.instant", stdout=asyncio.subprocess.PIPE
        )
        assert self._regulator.stdout is not None
        self.regulator_port = int(await self._regulator.stdout.readline())
        sections = []
        for n in range(1, self.count + 1):

            async def arrived(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, n: int = n) -> None:
                await self._arrived.put((n, (reader, writer)))

            server = await asyncio.start_server(arrived, "127.0.0.1", 0)
            self._servers.append(server)
            sections.append(DEVICE.format(n=n, port=server.sockets[0].getsockname()[1]))
        self.port = _free_port()
        self._devices = "".join(sections)
        self.write_configuration()

    def write_configuration(self, *, requests_per_minute: int = 1_000_000, regulator: bool = True) -> None:
        """Again with another budget, or (`regulator` False) with nobody at the regulator's address."""
        (self.folder / "api-key").write_text("bench")
        (self.folder / "lined.toml").write_text(
            CONFIG.format(
                regulator=self.regulator_port if regulator else 9,
                gtin=GTIN,
                devices=self._devices,
                port=self.port,
                rate=requests_per_minute,
            )
        )

    async def start(self) -> None:
        """Start the daemon; note when its devices were connected and when it was ready."""
        begun = time.perf_counter()
        with (self.folder / "lined.log").open("ab") as log:
            self.daemon = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "lined", "run", "--config", str(self.folder / "lined.toml")),
                stdout=log, stderr=log, env={**os.environ, **self._environment},
            )  # fmt: skip
        found = dict([await asyncio.wait_for(self._arrived.get(), 60) for _ in range(self.count)])
        self.connected_s = time.perf_counter() - begun
        self.lines = [found[n] for n in sorted(found)]
        while not await self._ready():
            await asyncio.sleep(0.01)
        self.ready_s = time.perf_counter() - begun

    async def start_job(self) -> None:
        await asyncio.to_thread(self.ask, "POST", "/api/v1/job/start", {"gtin": GTIN})

    async def stop(self, number: int = signal.SIGTERM) -> None:
        for _, writer in self.lines:
            writer.close()
        if self.daemon.returncode is None:
            self.daemon.send_signal(number)
            await self.daemon.wait()

    async def status(self) -> dict[str, Any]:
        return await asyncio.to_thread(self.ask, "GET", "/status")

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        token = (self.folder / "bench.db.token").read_text().strip()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            content: dict[str, Any] = json.loads(answer.read())
            assert answer.status == 200, content
            return content
        finally:
            connection.close()

    def metrics(self) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=10) as answer:
            return str(answer.read().decode())

    def proc(self, name: str) -> str:
        return Path(f"/proc/{self.daemon.pid}/{name}").read_text()

    def rss_mb(self) -> float:
        return int(self.proc("status").split("VmRSS:")[1].split()[0]) / 1024

    def written_bytes(self) -> int | None:
        """By anybody to the disk the journal lies on; None where the system does not tell. What it tells of the process
        alone counts a whole page of its cache, which may have two megabytes, for each byte changed in it.
        """
        device = self.folder.stat().st_dev
        counts = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}/stat")
        return int(counts.read_text().split()[6]) * SECTOR_BYTES if counts.exists() else None

    async def _ready(self) -> bool:
        try:
            await asyncio.to_thread(self.ask, "GET", "/readyz")
        except (OSError, AssertionError, http.client.HTTPException):
            return False
        return True

    async def __aenter__(self) -> Self:
        await self.prepare()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(AttributeError):
            await self.stop(signal.SIGKILL if error else signal.SIGTERM)
        for server in self._servers:
            server.close()
        self._regulator.terminate()
        await self._regulator.wait()


def _free_port() -> int:
    import socket

    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])
