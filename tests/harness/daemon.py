"""A line for acceptance tests: the regulator's stand-in, simulated devices, and `lined run` as an installed program.

async with Line(tmp_path, ["tcp-listen://127.0.0.1:0"]) as line:
    line.codes = await line.issue(1_000)
    await line.start_job()
    await line.play()
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from lined.sandbox import SandboxServer, SandboxSettings
from lined.sandbox.devices.player import Item, ScannerSettings, SimulatedScanner

GTIN = "04899215122371"
OTHER_GTIN = "03077972920046"
LINED = Path(sys.executable).with_name("lined")
"""The installed program, beside this interpreter."""

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


class Line:
    """See the head. `devices`: addresses of simulated scanners; one that begins with `raw:` is a URL taken as it is.
    `device`: the stanza of each, with its number `n` and its `url`.
    """

    def __init__(
        self,
        folder: Path,
        devices: Iterable[str] = (),
        *,
        sandbox: SandboxSettings | None = None,
        max_codes: int = 30_000,
        max_age_s: float = 900,
        first_batch_s: float = 60,
        scanner: ScannerSettings | None = None,
        device: str = DEVICE,
    ) -> None:
        self.folder = folder
        self.sandbox = SandboxServer(sandbox or SandboxSettings(), state_path=folder / "sandbox.db")
        self.items: list[list[bytes | Item]] = []
        self._device = device
        self.scanners: list[SimulatedScanner] = []
        self.raw_urls: list[str] = []
        self._batch = {"max_codes": max_codes, "max_age_s": max_age_s, "first_batch_s": first_batch_s}
        for address in devices:
            if address.startswith("raw:"):
                self.raw_urls.append(address.removeprefix("raw:"))
                continue
            items: list[bytes | Item] = []
            log = folder / f"scanner-{len(self.scanners) + 1}.log"
            self.items.append(items)
            self.scanners.append(SimulatedScanner(address, _lazily(items), scanner, log))
        self.port = free_port()
        self.daemon_env: dict[str, str] | None = None  # the daemon's; None: ours
        self.log_to: int | None = None  # where the daemon's log goes; None: to `lined.log`
        self.process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        async with contextlib.AsyncExitStack() as stack:
            await stack.enter_async_context(self.sandbox)
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
        urls = [*(scanner.url for scanner in self.scanners), *self.raw_urls]
        (self.folder / "api-key").write_text(self.sandbox.credentials.api_key)
        devices = "".join(self._device.format(n=n, url=url) for n, url in enumerate(urls, 1))
        text = CONFIG.format(regulator=self.sandbox.url, gtin=GTIN, devices=devices, port=self.port, **self._batch)
        (self.folder / "lined.toml").write_text(text)

    # ── the daemon ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def start(self, *, ready: bool = True) -> None:
        """Start the installed program; wait until /readyz says 200."""
        with (self.folder / "lined.log").open("ab") as file:
            log = file.fileno() if self.log_to is None else self.log_to
            self.process = await asyncio.create_subprocess_exec(
                str(LINED),
                "run",
                "--config",
                str(self.folder / "lined.toml"),
                stdout=log,
                stderr=log,
                env=self.daemon_env,
            )
        if ready:
            await self.until(self._is_ready, "the daemon was not ready")

    async def kill(self) -> None:
        """SIGKILL, as a power cut is to a process."""
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    async def terminate(self) -> int:
        """SIGTERM; the exit code. Fails where it takes more than 10 s."""
        assert self.process is not None
        self.process.terminate()
        async with asyncio.timeout(10):
            return await self.process.wait()

    async def _is_ready(self) -> bool:
        try:
            status, _ = await self.request("GET", "/readyz")
        except OSError:
            return False
        return status == 200

    # ── HTTP ────────────────────────────────────────────────────────────────────────────────────────────────────────

    async def request(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> tuple[int, Any]:
        """Status and parsed answer of the daemon's endpoint."""
        return await asyncio.to_thread(self._request, method, path, body)

    def _request(self, method: str, path: str, body: Mapping[str, Any] | None) -> tuple[int, Any]:
        headers = {"Content-Type": "application/json"}
        if method == "POST":
            headers["Authorization"] = f"Bearer {(self.folder / 'line-1.db.token').read_text().strip()}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"null")
        finally:
            connection.close()

    async def command(self, path: str, **body: Any) -> Any:
        status, answer = await self.request("POST", f"/api/v1/{path}", {"by": "test", **body})
        assert status == 200, (status, answer)
        return answer

    async def start_job(self, **body: Any) -> Any:
        return await self.command("job/start", gtin=GTIN, **body)

    async def status(self) -> dict[str, Any]:
        status, answer = await self.request("GET", "/status")
        assert status == 200, (status, answer)
        return dict(answer)

    async def reports(self, query: str = "") -> list[dict[str, Any]]:
        status, answer = await self.request("GET", f"/api/v1/reports?limit=1000{query}")
        assert status == 200, (status, answer)
        return answer["items"]  # type: ignore[no-any-return]

    # ── the regulator's stand-in ────────────────────────────────────────────────────────────────────────────────────

    async def ask_sandbox(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Its control endpoint."""
        return await asyncio.to_thread(self._ask_sandbox, method, path, body)

    def _ask_sandbox(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        host = self.sandbox.url.removeprefix("http://")
        connection = http.client.HTTPConnection(host, timeout=60)
        try:
            headers = {"Content-Type": "application/json"}
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            content = answer.read()
            assert answer.status < 300, content
            return json.loads(content or b"null")
        finally:
            connection.close()

    async def issue(self, count: int, gtin: str = GTIN, **wanted: object) -> list[bytes]:
        """Full codes that belong to our account."""
        body = {
            "gtin": gtin,
            "group": "vegetableoil",
            "count": count,
            "template": "GS1_AISTR_SHORT",
            "serial_length": 13,
        }
        answer = await self.ask_sandbox("POST", "/sandbox/codes", body | wanted)
        return [code.encode("ascii") for code in answer["codes"]]

    async def books(self) -> dict[str, Any]:
        return await self.ask_sandbox("GET", "/sandbox/books")  # type: ignore[no-any-return]

    async def applied(self) -> set[bytes]:
        """Full codes that the sandbox's books hold as applied."""
        found: set[bytes] = set()
        after = 0
        while True:
            page = await self.ask_sandbox("GET", f"/sandbox/codes?status=INTRODUCED&after={after}")
            found.update(code.encode("ascii") for code in page["codes"])
            if not page["next"]:
                return found
            after = page["next"]

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
            log = (self.folder / "lined.log").read_text()[-3000:]
            raise AssertionError(f"{what} within {bound_s} s; the log ends:\n{log}") from None

    async def until_settled(self, *, bound_s: float = 120) -> dict[str, Any]:
        """Wait until no code is unreported or reported. Returns the status then."""
        last: dict[str, Any] = {}

        async def settled() -> bool:
            last.update(await self.status())
            return bool(last["codes"]["unreported"] == last["codes"]["reported"] == 0)

        await self.until(settled, "some codes have no outcome", bound_s=bound_s)
        return last


def _lazily(items: list[bytes | Item]) -> Iterable[bytes | Item]:
    """Items that a test fills in after the scanner was made."""
    yield from items


def free_port() -> int:
    """A port that was free a moment ago; the daemon tries for 10 s to have it."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


@contextlib.asynccontextmanager
async def device(
    line: Line, server_port: int | None = None
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A bare connection to the line's first listening device, to say bytes by hand."""
    url = line.raw_urls[0]
    host, port = url.removeprefix("tcp-listen://").rsplit(":", 1)
    reader, writer = await asyncio.open_connection(host, server_port or int(port))
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
