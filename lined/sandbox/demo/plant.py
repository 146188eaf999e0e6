"""A whole plant on this machine, for `lined demo`: the regulator's stand-in, simulated devices and the real daemon.

The daemon is a process of its own, started as systemd would start it, so that what is shown is what a line runs.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import socket
import sys
import urllib.request
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

from lined.codes import GS
from lined.sandbox import SandboxServer, SandboxSettings
from lined.sandbox.demo.belt import BOX_UNITS, PALLET_BOXES, Belt
from lined.sandbox.devices.player import Item
from lined.vocabulary.errors import LinedError

GTIN = "04899215122371"
LINE = "demo"
FOREIGN = b"0103077972920046217A*FXmT\x1d93Mvp1"  # of a product that this line does not make
USUAL_PORT = 8480
READY_S = 30.0
STOP_S = 15.0
REQUEST_S = 10.0
ISSUED_AT_ONCE = 10_000  # codes asked of the sandbox at a time, where the demo has no end

_CONFIG = """\
# Made by `lined demo`. A real line's file starts like this one: see config/ in the source.
[line]
id = "{line}"
language = "en"

[regulator]
profile = "asl-belgisi"
url = "{regulator}"
tin = "{tin}"
business_place_id = {place}
poll_s = 1
in_doubt_first_s = 5
in_doubt_gap_s = 5

[journal]
path = "demo.db"
floor_bytes = 100_000_000

[[product]]
gtin = "{gtin}"
name = "Sunflower oil 1 l"
group = "vegetableoil"
shelf_life_days = 1095
template = "GS1_AISTR_SHORT"
serial_length = 13

[[product.package]]
level = "BOX_LV_1"
capacity = {box}

[[product.package]]
level = "BOX_LV_2"
capacity = {pallet}

[[device]]
id = "camera"
driver = "generic"
url = "{camera}"
options = {{ no_read = ["NOREAD"] }}
reply = {{ accept = "OK\\r\\n", reject = "NG\\r\\n" }}

[[device]]
id = "verifier"
driver = "generic"
url = "{verifier}"
options = {{ pattern = '(?P<code>[^\\t]+)\\t(?P<grade>[A-F])' }}
reply = {{ accept = "OK\\r\\n", reject = "NG\\r\\n" }}

[[device]]
id = "box-scanner"
driver = "generic"
url = "{boxes}"
reply = {{ accept = "OK\\r\\n", reject = "NG\\r\\n" }}

[[device]]
id = "pallet-scanner"
driver = "generic"
url = "{pallets}"
reply = {{ accept = "OK\\r\\n", reject = "NG\\r\\n" }}

[[station]]
id = "marking"
role = "apply"
devices = ["camera"]

[[station]]
id = "quality"
role = "verify"
devices = ["verifier"]

[[station]]
id = "boxes"
role = "pack"
level = "BOX_LV_1"
devices = ["box-scanner"]

[[station]]
id = "pallets"
role = "pack"
level = "BOX_LV_2"
devices = ["pallet-scanner"]

[report.utilisation]
max_age_s = 20
first_batch_s = 5

[report.validation]
max_age_s = 20

[report.aggregation]
max_age_s = 10

[status]
listen = "127.0.0.1:{port}"
"""

_MQTT = """
[mqtt]
url = "mqtt://127.0.0.1:1883"
"""
BROKER = ("127.0.0.1", 1883)


class DemoFailed(LinedError):
    """A part of the demo's plant did not come up or went away; the text says which and where its log is."""


class DemoPlant:
    """The plant in a folder; `async with` starts and stops all of it. `rate`: items a second, 0 as fast as answered."""

    def __init__(self, folder: Path, *, codes: int | None, rate: float, seed: int | None = None) -> None:
        self.folder = folder
        self.log_path = folder / "lined.log"
        self._wanted = codes
        self._codes: deque[str] = deque()
        self._spoiled = 0
        self._bad = 0
        self._commands = itertools.count(1)
        self._daemon: asyncio.subprocess.Process | None = None
        self.sandbox = SandboxServer(SandboxSettings(seed=seed), state_path=folder / "sandbox.db")
        self.belt = Belt(self._items(), rate=rate, seed=seed)
        self.port = 0

    @property
    def url(self) -> str:
        """Where the daemon's endpoint is."""
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        async with contextlib.AsyncExitStack() as stack:
            await stack.enter_async_context(self.sandbox)
            for scanner in self.belt.scanners:
                await stack.enter_async_context(scanner)
            self.port = _free_port()
            self._write_configuration()
            stack.push_async_callback(self.stop_daemon)
            await self.start_daemon()
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    # ── the daemon ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def start_daemon(self) -> None:
        """Start it and wait until it is ready. Raises DemoFailed."""
        with self.log_path.open("ab") as output:
            self._daemon = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "lined", "run", "--config", str(self.folder / "lined.toml")),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        try:
            async with asyncio.timeout(READY_S):
                while not await self._is_ready():
                    self._check_daemon()
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise DemoFailed(f"the daemon was not ready within {READY_S:.0f} s; its log: {self.log_path}") from None

    async def stop_daemon(self) -> int | None:
        """SIGTERM, as systemd does. Returns its exit code."""
        if self._daemon is None or self._daemon.returncode is not None:
            return self._daemon.returncode if self._daemon else None
        self._daemon.terminate()
        try:
            async with asyncio.timeout(STOP_S):
                return await self._daemon.wait()
        except TimeoutError:
            self._daemon.kill()
            return await self._daemon.wait()

    async def kill_daemon(self) -> None:
        """SIGKILL, as a power cut is to a process."""
        if self._daemon is not None and self._daemon.returncode is None:
            self._daemon.kill()
            await self._daemon.wait()

    def _check_daemon(self) -> None:
        if self._daemon is None or self._daemon.returncode is not None:
            code = self._daemon.returncode if self._daemon else None
            raise DemoFailed(f"the daemon ended with {code}; its log: {self.log_path}")

    async def _is_ready(self) -> bool:
        try:
            await asyncio.to_thread(_get, f"{self.url}/readyz")
        except OSError:
            return False
        return True

    # ── speaking to it ──────────────────────────────────────────────────────────────────────────────────────────────

    async def command(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """POST a command with the daemon's token. Raises OSError."""
        named = {"by": "demo", "id": f"demo-{os.getpid()}-{next(self._commands)}", **body}
        return await asyncio.to_thread(_post, self.url + path, named, self.token)

    @property
    def token(self) -> str:
        """What commands have to show, on the page too."""
        return (self.folder / f"{LINE}.db.token").read_text("utf-8").strip()

    async def status(self) -> dict[str, Any]:
        """The daemon's `/status`. Raises OSError, DemoFailed where the daemon has gone."""
        self._check_daemon()
        return await asyncio.to_thread(_get, f"{self.url}/status")

    async def reports(self) -> list[dict[str, Any]]:
        found = await asyncio.to_thread(_get, f"{self.url}/api/v1/reports?limit=1000")
        return cast("list[dict[str, Any]]", found["items"])

    async def unreported_packages(self) -> int:
        """Packages that are closed and in no report yet, a page at most."""
        found = await asyncio.to_thread(_get, f"{self.url}/api/v1/packages?state=waiting&limit=1000")
        return len(found["items"])

    async def books(self) -> dict[str, Any]:
        """What the regulator's stand-in has in its own books."""
        return await asyncio.to_thread(_get, f"{self.sandbox.url}/sandbox/books")

    async def regulators_tree(self) -> dict[str, str]:
        """What lies in what by the regulator's own books: identification code -> SSCC of the package."""
        tree: dict[str, str] = {}
        after: int | None = 0
        while after is not None:
            page = await asyncio.to_thread(_get, f"{self.sandbox.url}/sandbox/books/codes?after={after}")
            tree.update((item["code"], item["parent"]) for item in page["items"] if item["parent"])
            after = page["next"]
        return tree

    async def sandbox_fault(self, fault: Mapping[str, Any]) -> str:
        """Let the regulator's stand-in misbehave; the id of the fault."""
        answer = await asyncio.to_thread(_post, f"{self.sandbox.url}/sandbox/faults", fault, "")
        return str(answer["id"])

    async def end_sandbox_fault(self, fault: str) -> None:
        await asyncio.to_thread(_delete, f"{self.sandbox.url}/sandbox/faults/{fault}")

    def spoil_next(self, codes: int) -> None:
        """So many codes come from the camera without their separators."""
        self._spoiled = codes

    def pass_bad_items(self) -> None:
        """A used code, a print that nobody can read and a code of another product come next."""
        self._bad += 1

    async def play(self) -> None:
        """Everything past all stations; the last box and pallet are closed although they are not full."""

        async def close_short(station: str, label: str) -> None:
            await self.command("/api/v1/packages/close", {"station": station, "parent": label})

        await self.belt.run(close_short)

    # ── what it is made of ──────────────────────────────────────────────────────────────────────────────────────────

    def _write_configuration(self) -> None:
        settings = self.sandbox.settings
        key = self.folder / "api-key"
        key.touch(0o600)
        key.write_text(self.sandbox.credentials.api_key + "\n", "utf-8")
        text = _CONFIG.format(
            line=LINE,
            regulator=self.sandbox.url,
            tin=settings.tin,
            place=settings.places[0],
            gtin=GTIN,
            **dict(zip(("camera", "verifier", "boxes", "pallets"), (s.url for s in self.belt.scanners), strict=True)),
            box=BOX_UNITS,
            pallet=PALLET_BOXES,
            port=self.port,
        )
        (self.folder / "lined.toml").write_text(text + (_MQTT if broker_at_hand() else ""), "utf-8")

    async def issue(self) -> None:
        """Codes for the scanner, from the regulator's stand-in: all that are wanted, or the next lot."""
        body = {
            "gtin": GTIN,
            "group": "vegetableoil",
            "template": "GS1_AISTR_SHORT",
            "serial_length": 13,
            "count": self._wanted or ISSUED_AT_ONCE,
        }
        answer = await asyncio.to_thread(_post, f"{self.sandbox.url}/sandbox/codes", body, "")
        self._codes.extend(answer["codes"])

    async def keep_issuing(self) -> None:
        """For a demo without end: issue the next lot before the last one is used up. For ever."""
        while True:
            await asyncio.sleep(1.0)
            if len(self._codes) < ISSUED_AT_ONCE // 2:
                await self.issue()

    def _items(self) -> Iterator[Item]:
        while self._codes:
            code = self._codes.popleft().encode("ascii")
            payload = code
            if self._spoiled:
                self._spoiled -= 1
                payload = code.replace(GS.encode("ascii"), b"")
            yield Item(payload, code)
            if self._bad:
                self._bad -= 1
                yield from (Item(code, code), Item(b"NOREAD", b""), Item(FOREIGN, FOREIGN))


def broker_at_hand() -> bool:
    """An MQTT broker listens where one usually does on this machine."""
    with contextlib.suppress(OSError), socket.create_connection(BROKER, timeout=0.5):
        return True
    return False


def _free_port() -> int:
    """The usual port where it is free, else any."""
    for port in (USUAL_PORT, 0):
        with socket.socket() as trial, contextlib.suppress(OSError):
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(("127.0.0.1", port))
            return int(trial.getsockname()[1])
    raise DemoFailed("no port is free on this machine")


def _get(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(url, timeout=REQUEST_S) as answer:  # noqa: S310 - our own addresses on loopback
        return cast("dict[str, Any]", json.load(answer))


def _delete(url: str) -> None:
    request = urllib.request.Request(url, method="DELETE")  # noqa: S310 - as above
    urllib.request.urlopen(request, timeout=REQUEST_S).close()  # noqa: S310 - as above


def _post(url: str, body: Mapping[str, Any], token: str) -> dict[str, Any]:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)  # noqa: S310 - as above
    with urllib.request.urlopen(request, timeout=REQUEST_S) as answer:  # noqa: S310 - as above
        return cast("dict[str, Any]", json.load(answer))
