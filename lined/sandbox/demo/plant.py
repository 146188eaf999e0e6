"""A whole plant on this machine, for `lined demo`: the regulator's stand-in, simulated devices and the real daemon.

The daemon is a process of its own, started as systemd would start it, so that what is shown is what a line runs.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import socket
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

from lined.codes import GS
from lined.sandbox import SandboxServer, SandboxSettings
from lined.sandbox.contracts import ASL_BELGISI, CONTRACTS
from lined.sandbox.demo.belt import BOX_UNITS, PALLET_BOXES, Belt
from lined.sandbox.demo.control import SandboxControl
from lined.sandbox.demo.process import DaemonProcess, ProcessFailed
from lined.sandbox.devices.player import Item

GTIN = "04899215122371"
LINE = "demo"
FOREIGN = b"0103077972920046217A*FXmT\x1d93Mvp1"  # of a product that this line does not make
USUAL_PORT = 8480
ISSUED_AT_ONCE = 10_000  # codes asked of the sandbox at a time, where the demo has no end

_CONFIG = """\
# Made by `lined demo`. A real line's file starts like this one: see config/ in the source.
[line]
id = "{line}"
language = "en"

[regulator]
profile = "{profile}"
url = "{regulator}"
tin = "{tin}"
business_place_id = {place}
{credential}poll_s = 1
in_doubt_first_s = 5
in_doubt_gap_s = 5

[journal]
path = "demo.db"
floor_bytes = 100_000_000

[[product]]
gtin = "{gtin}"
name = "{name}"
group = "{group}"
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

GOODS = {
    "asl-belgisi": ("vegetableoil", "Sunflower oil 1 l"),
    "ismet": ("autofluids", "Motor oil 1 l"),
}
"""Product group and name of what the plant makes, by contract."""

_MQTT = """
[mqtt]
url = "mqtt://127.0.0.1:1883"
"""
BROKER = ("127.0.0.1", 1883)


class DemoPlant:
    """The plant in a folder; `async with` starts and stops all of it. `rate`: items a second, 0 as fast as answered."""

    def __init__(
        self, folder: Path, *, codes: int | None, rate: float, seed: int | None = None, contract: str = ASL_BELGISI
    ) -> None:
        self.folder = folder
        self._wanted = codes
        self._codes: deque[str] = deque()
        self._spoiled = 0
        self._bad = 0
        self._commands = itertools.count(1)
        self.sandbox = SandboxServer(
            SandboxSettings(seed=seed, contract=contract, tin=CONTRACTS[contract].tin), state_path=folder / "sandbox.db"
        )
        self.group, self._name = GOODS[contract]
        self.belt = Belt(self._items(), rate=rate, seed=seed)
        self.daemon = DaemonProcess(folder / "lined.toml", folder / f"{LINE}.db", 0)

    async def __aenter__(self) -> Self:
        async with contextlib.AsyncExitStack() as stack:
            await stack.enter_async_context(self.sandbox)
            for scanner in self.belt.scanners:
                await stack.enter_async_context(scanner)
            self.daemon.port = _free_port()
            self._write_configuration()
            await self.daemon.spawn()
            stack.push_async_callback(self.daemon.stop)
            await self.daemon.until_ready()
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    @property
    def url(self) -> str:
        """Where the daemon's endpoint is."""
        return self.daemon.url

    @property
    def control(self) -> SandboxControl:
        """What the regulator's stand-in is told and asked beside its methods."""
        return SandboxControl(self.sandbox.url)

    async def command(self, path: str, body: Mapping[str, Any]) -> None:
        """POST a command with the daemon's token. Raises OSError."""
        named = {"by": "demo", "id": f"demo-{os.getpid()}-{next(self._commands)}", **body}
        await self.daemon.post(path, named)

    async def status(self) -> dict[str, Any]:
        """The daemon's `/status`. Raises OSError, ProcessFailed where the daemon has gone."""
        self.daemon.check()
        return cast("dict[str, Any]", await self.daemon.get("/status"))

    async def reports(self) -> list[dict[str, Any]]:
        return cast("list[dict[str, Any]]", (await self.daemon.get("/api/v1/reports?limit=1000"))["items"])

    async def unreported_packages(self) -> int:
        """Packages that are closed and in no report yet, a page at most."""
        return len((await self.daemon.get("/api/v1/packages?state=waiting&limit=1000"))["items"])

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
        text = _CONFIG.format(
            line=LINE,
            profile=settings.contract,
            regulator=self.sandbox.url,
            tin=settings.tin,
            credential=self._write_credential(),
            group=self.group,
            name=self._name,
            place=settings.places[0],
            gtin=GTIN,
            **dict(zip(("camera", "verifier", "boxes", "pallets"), (s.url for s in self.belt.scanners), strict=True)),
            box=BOX_UNITS,
            pallet=PALLET_BOXES,
            port=self.daemon.port,
        )
        (self.folder / "lined.toml").write_text(text + (_MQTT if broker_at_hand() else ""), "utf-8")

    def _write_credential(self) -> str:
        """The file of the secret, and the settings that name it: a technical user's where nobody has API keys."""
        found = self.sandbox.credentials
        key = self.sandbox.settings.rules.business_only
        file = self.folder / ("api-key" if key else "password")
        file.touch(0o600)
        file.write_text((found.api_key if key else found.password) + "\n", "utf-8")
        return "" if key else f'login = "{found.login}"\npassword_file = "{file.name}"\n'

    async def issue(self) -> None:
        """Codes for the scanner, from the regulator's stand-in: all that are wanted, or the next lot."""
        self._codes.extend(await self.control.issue(GTIN, self._wanted or ISSUED_AT_ONCE, group=self.group))

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
    raise ProcessFailed("no port is free on this machine")
