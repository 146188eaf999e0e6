"""The real daemon for measurements: `lined run` as a process, raw TCP devices, a regulator that answers at once."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from lined.sandbox.demo.process import DaemonProcess
from tests.bench.fill import GTIN
from tests.harness.daemon import JOURNAL, Wire, configuration
from tests.harness.programs import free_port

DEVICE = """
[[device]]
id = "cam-{n}"
driver = "generic"
url = "{url}"
reply = {{ accept = "+", reject = "-" }}
[[station]]
id = "station-{n}"
role = "apply"
devices = ["cam-{n}"]
"""
STOP_S = 60.0  # for a journal of millions of codes on a busy machine
SECTOR_BYTES = 512  # in the kernel's counts, whatever the disk's own are
BINDING = {"profile": "asl-belgisi", "tin": "307797292", "business_place_id": "27"}


class BenchPlant:
    """`async with` gives the regulator and the devices' ports, `start` the daemon over the journal in `folder`."""

    def __init__(self, folder: Path, devices: int, *, environment: dict[str, str] | None = None) -> None:
        self.folder = folder
        self.count = devices
        self.lines: list[Wire] = []
        self.started_s = 0.0
        self.connected_s = 0.0
        self.ready_s = 0.0
        self.daemon = DaemonProcess(folder / "lined.toml", folder / JOURNAL, free_port(), environment=environment)
        self._servers: list[asyncio.Server] = []
        self._urls: list[str] = []
        self._arrived: asyncio.Queue[tuple[int, Wire]] = asyncio.Queue()

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
        for n in range(1, self.count + 1):

            async def arrived(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, n: int = n) -> None:
                await self._arrived.put((n, (reader, writer)))

            server = await asyncio.start_server(arrived, "127.0.0.1", 0)
            self._servers.append(server)
            self._urls.append(f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        self.write_configuration()

    def write_configuration(self, *, requests_per_minute: int = 1_000_000, regulator: bool = True) -> None:
        """Again with another budget, or (`regulator` False) with nobody at the regulator's address."""
        limits = "limits = { requests_per_minute = 1000000, reads_per_minute = 1000000 }"
        settings = {"poll_s = 0.5": f"poll_s = 0.1\nrequests_per_minute = {requests_per_minute}\n{limits}"}
        url = self.binding(regulator=regulator)["url"]
        (self.folder / "api-key").write_text("bench")
        self.daemon.config.write_text(
            configuration(url, self._urls, self.daemon.port, device=DEVICE, first_batch_s=0, settings=settings)
        )

    async def start(self) -> None:
        """Start the daemon; note when its devices were connected and when it was ready."""
        begun = time.perf_counter()
        await self.daemon.spawn()
        found = dict([await asyncio.wait_for(self._arrived.get(), 60) for _ in range(self.count)])
        self.connected_s = time.perf_counter() - begun
        self.lines = [found[n] for n in sorted(found)]
        await self.daemon.until_ready(poll_s=0.01)
        self.ready_s = time.perf_counter() - begun

    async def start_job(self) -> None:
        await self.daemon.post("/api/v1/job/start", {"gtin": GTIN})

    async def stop(self, *, kill: bool = False) -> None:
        for _, writer in self.lines:
            writer.close()
        await (self.daemon.kill() if kill else self.daemon.stop(STOP_S))

    async def status(self) -> dict[str, Any]:
        return dict(await self.daemon.get("/status"))

    async def metrics(self) -> str:
        return (await self.daemon.ask("GET", "/metrics")).text

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

    async def __aenter__(self) -> Self:
        await self.prepare()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.daemon.runs:
            await self.stop(kill=error is not None)
        for server in self._servers:
            server.close()
        self._regulator.terminate()
        await self._regulator.wait()
