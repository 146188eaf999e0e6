"""A whole line for tests: the regulator's stand-in, simulated devices, and `lined run` as an installed program.

async with Line(tmp_path, ["tcp-listen://127.0.0.1:0"]) as line:
    line.items[0] += await line.issue(1_000)
    await line.start_job()
    await line.play()
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from lined.sandbox import SandboxServer, SandboxSettings
from lined.sandbox.demo.control import SandboxControl
from lined.sandbox.demo.process import Answer, DaemonProcess, ProcessFailed
from lined.sandbox.devices.player import Item, ScannerSettings, SimulatedScanner
from tests.harness.programs import LINED, Done, free_port, run
from tests.harness.proxy import Proxy

GTIN = "04899215122371"
OTHER_GTIN = "03077972920046"
JOURNAL = "line-1.db"
Wire = tuple[asyncio.StreamReader, asyncio.StreamWriter]

CONFIG = """
[line]
id = "line-1"
[regulator]
profile = "asl-belgisi"
url = "{regulator}"
tin = "307797292"
business_place_id = 27
poll_s = 0.5
in_doubt_first_s = 1
in_doubt_gap_s = 3
[journal]
path = "line-1.db"
floor_bytes = 1_000_000
[[product]]
gtin = "{gtin}"
name = "Sunflower oil 1 l"
group = "vegetableoil"
shelf_life_days = 1095
template = "GS1_AISTR_SHORT"
serial_length = 13
{devices}
[report.utilisation]
max_codes = {max_codes}
max_age_s = {max_age_s}
first_batch_s = {first_batch_s}
[status]
listen = "127.0.0.1:{port}"
"""

DEVICE = """
[[device]]
id = "cam-{n}"
driver = "generic"
url = "{url}"
options = {{ no_read = ["NOREAD"] }}
reply = {{ accept = "OK\\r\\n", reject = "NG\\r\\n" }}
[[station]]
id = "marking-{n}"
role = "apply"
devices = ["cam-{n}"]
"""


def configuration(
    regulator: str,
    urls: Sequence[str],
    port: int,
    *,
    device: str = DEVICE,
    max_codes: int = 30_000,
    max_age_s: float = 900,
    first_batch_s: float = 60,
    settings: Mapping[str, str] | None = None,
) -> str:
    """A configuration's text with a device at each of `urls`. `settings`: text that is in it -> text instead."""
    devices = "".join(device.format(n=n, url=url) for n, url in enumerate(urls, 1))
    text = CONFIG.format(
        regulator=regulator, gtin=GTIN, devices=devices, port=port,
        max_codes=max_codes, max_age_s=max_age_s, first_batch_s=first_batch_s,
    )  # fmt: skip
    for usual, wanted in (settings or {}).items():
        assert usual in text, usual
        text = text.replace(usual, wanted)
    return text


class Line:
    """See the head. `devices`: addresses of simulated scanners; one that begins with `raw:` is a URL taken as it is.
    `device`: the stanza of each, with its number `n` and its `url`. `proxy` stands before the regulator. `settings` and
    `change` rewrite the configuration; `program` and `environment` are the daemon's, at each start.
    """

    def __init__(
        self,
        folder: Path,
        devices: Iterable[str] = (),
        *,
        sandbox: SandboxSettings | None = None,
        scanner: ScannerSettings | None = None,
        device: str = DEVICE,
        proxy: Proxy | None = None,
        settings: Mapping[str, str] | None = None,
        change: Callable[[str], str] = str,
        program: Sequence[str] = (str(LINED),),
        environment: Mapping[str, str] | None = None,
        **batch: float,
    ) -> None:
        self.folder = folder
        self.config = folder / "lined.toml"
        self.sandbox = SandboxServer(sandbox or SandboxSettings(), state_path=folder / "sandbox.db")
        self.items: list[list[bytes | Item]] = []
        self._device = device
        self.scanners: list[SimulatedScanner] = []
        self.raw_urls: list[str] = []
        self._proxy, self._settings, self._change, self._batch = proxy, settings, change, batch
        for address in devices:
            if address.startswith("raw:"):
                self.raw_urls.append(address.removeprefix("raw:"))
                continue
            items: list[bytes | Item] = []
            log = folder / f"scanner-{len(self.scanners) + 1}.log"
            self.items.append(items)
            self.scanners.append(SimulatedScanner(address, _lazily(items), scanner, log))
        self.daemon = DaemonProcess(
            self.config, folder / JOURNAL, free_port(), program=program, environment=environment, apart=True
        )
        self.log_to: int | None = None  # where the daemon's log goes; None: to `lined.log`

    @property
    def port(self) -> int:
        return self.daemon.port

    async def __aenter__(self) -> Self:
        async with contextlib.AsyncExitStack() as stack:
            await stack.enter_async_context(self.sandbox)
            if self._proxy is not None:
                target = urlsplit(self.sandbox.url)
                self._proxy.upstream = (str(target.hostname), int(target.port or 0))
                await stack.enter_async_context(self._proxy)
            for scanner in self.scanners:
                await stack.enter_async_context(scanner)
            stack.push_async_callback(self.kill)
            self.configure()
            await self.start()
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    def configure(self) -> None:
        """Write the configuration and the key."""
        (self.folder / "api-key").write_text(self.sandbox.credentials.api_key)
        regulator = self.sandbox.url if self._proxy is None else self._proxy.url
        urls = [*(scanner.url for scanner in self.scanners), *self.raw_urls]
        batch: dict[str, Any] = self._batch
        text = configuration(regulator, urls, self.port, device=self._device, settings=self._settings, **batch)
        self.config.write_text(self._change(text))

    # ── the daemon ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def start(self, *, ready: bool = True) -> None:
        """Start the installed program; wait until /readyz says 200."""
        await self.daemon.spawn(self.log_to)
        if ready:
            try:
                await self.daemon.until_ready()
            except ProcessFailed as failed:
                raise AssertionError(str(failed)) from failed

    async def kill(self) -> None:
        """SIGKILL, as a power cut is to a process."""
        await self.daemon.kill()

    async def terminate(self) -> int:
        """SIGTERM; the exit code. Fails where it takes more than 10 s."""
        code = await self.daemon.stop(10)
        assert code >= 0, f"the daemon was ended by signal {-code}"
        return code

    async def request(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> tuple[int, Any]:
        """Status and parsed answer of the daemon's endpoint."""
        answer = await self.http(method, path, body)
        return answer.status, answer.json

    async def http(
        self, method: str, path: str, body: Any = None, *, headers: Mapping[str, str | None] | None = None
    ) -> Answer:
        """One bare request. POST has the token and JSON's content type unless `headers` say otherwise (None: left out).
        A `body` that is no str is encoded as JSON.
        """
        return await self.daemon.ask(method, path, body, headers)

    async def command(self, path: str, **body: Any) -> Any:
        status, answer = await self.request("POST", f"/api/v1/{path}", {"by": "test", **body})
        assert status == 200, (status, answer)
        return answer

    async def start_job(self, **body: Any) -> Any:
        return await self.command("job/start", gtin=GTIN, **body)

    async def status(self) -> dict[str, Any]:
        return dict(await self.daemon.get("/status"))

    async def reports(self, query: str = "") -> list[dict[str, Any]]:
        return list((await self.daemon.get(f"/api/v1/reports?limit=1000{query}"))["items"])

    async def run(self, *words: str, config: bool = True) -> Done:
        """An installed command, run to its end."""
        return await run(*words, *(("--config", self.config) if config else ()))

    # ── the regulator's stand-in ────────────────────────────────────────────────────────────────────────────────────

    @property
    def control(self) -> SandboxControl:
        return SandboxControl(self.sandbox.url)

    async def issue(self, count: int, gtin: str = GTIN, **wanted: object) -> list[bytes]:
        """Full codes that belong to our account."""
        return [code.encode("ascii") for code in await self.control.issue(gtin, count, **wanted)]

    async def books(self) -> dict[str, Any]:
        return dict(await self.control.books())

    async def applied(self) -> set[bytes]:
        """Full codes that the sandbox's books hold as applied."""
        return {code.encode("ascii") for code in await self.control.applied()}

    # ── waiting ─────────────────────────────────────────────────────────────────────────────────────────────────────

    async def play(self) -> None:
        """Every scanner plays its items to the end."""
        async with asyncio.TaskGroup() as tasks:
            for scanner in self.scanners:
                tasks.create_task(scanner.play())

    async def until(self, holds: Callable[[], Any], what: str, *, bound_s: float = 60) -> None:
        """Wait until `await holds()` is true; fails with `what` and the end of the daemon's log."""
        try:
            async with asyncio.timeout(bound_s):
                while not await holds():
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"{what} within {bound_s} s; the log ends:\n{self.daemon.log}") from None

    async def until_settled(self, *, bound_s: float = 120) -> dict[str, Any]:
        """Wait until no code is unreported or reported. Returns the status then."""
        last: dict[str, Any] = {}

        async def settled() -> bool:
            last.update(await self.status())
            return bool(last["codes"]["unreported"] == last["codes"]["reported"] == 0)

        await self.until(settled, "some codes have no outcome", bound_s=bound_s)
        return last


def _lazily(items: list[bytes | Item]) -> Iterator[bytes | Item]:
    """Items that a test fills in after the scanner was made."""
    yield from items


@contextlib.asynccontextmanager
async def device(line: Line, port: int | None = None) -> AsyncIterator[Wire]:
    """A bare connection to a listening device of the line's, the first or that at `port`, for bytes by hand."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port or urlsplit(line.raw_urls[0]).port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
