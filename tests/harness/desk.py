"""An engineer's desk: commands of the shell run in this process, against a sandbox in a thread of its own.

    with served(folder, groups=("water",)) as desk:
        done = desk.lined("check", "--online")

Each command has an event loop for itself, which is why the sandbox has another thread.
"""

from __future__ import annotations

import asyncio
import base64
import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from typer.testing import CliRunner, Result

from lined.cli.app import build
from lined.sandbox import SandboxServer, SandboxSettings

APP = build()
GTIN, GROUP_GTIN, OTHER_GTIN = "04899215122371", "14899215122378", "03077972920046"
READY_S = 30.0
QUICK: dict[str, Any] = {
    "validating_after_s": 0.0, "in_process_after_s": 0.0, "final_after_s": (0.0, 0.0), "order_ready_after_s": 0.0,
    "seed": 1,
}  # fmt: skip


class Desk:
    """A configuration in `folder`, and the sandbox's control endpoint."""

    def __init__(self, folder: Path, server: SandboxServer) -> None:
        self.folder = folder
        self.server = server
        self.key = folder / "api-key"
        self.key.write_text(server.credentials.api_key)
        self.key.chmod(0o600)
        self.config = folder / "lined.toml"
        self.text = (
            f'[line]\nid = "line-1"\n[regulator]\nprofile = "asl-belgisi"\nurl = "{server.url}"\ntin = "307797292"\n'
            'business_place_id = 27\n[journal]\npath = "line-1.db"\n'
            f'[[product]]\ngtin = "{GTIN}"\nname = "Oil"\ngroup = "vegetableoil"\nshelf_life_days = 365\n'
            f'[[product.package]]\nlevel = "GROUP"\ngtin = "{GROUP_GTIN}"\ncapacity = 6\n'
            '[[device]]\nid = "cam"\ndriver = "generic"\nurl = "tcp://127.0.0.1:9"\n'
            'options = { no_read = ["NR"] }\nreply = { accept = "1", reject = "0" }\n'
            '[[station]]\nid = "s"\nrole = "apply"\ndevices = ["cam"]\n[report.utilisation]\n'
            '[status]\nlisten = "127.0.0.1:0"\n'
        )
        self.configure({})
        self.control = httpx.Client(base_url=server.url, trust_env=False)

    def configure(self, changes: Mapping[str, str]) -> None:
        """Write the configuration, with texts of it replaced."""
        text = self.text
        for before, after in changes.items():
            assert before in text, before
            text = text.replace(before, after)
        self.config.write_text(text)

    def lined(self, *words: str) -> Result:
        return CliRunner().invoke(APP, [*words, "--config", str(self.config)])

    def answer(self, *words: str) -> Any:
        """What a command prints as JSON; it has to succeed."""
        done = self.lined(*words, "--json")
        assert done.exit_code == 0, (done.output, done.exception)
        return json.loads(done.stdout)

    def issue(self, count: int = 1, gtin: str = GTIN, **wanted: object) -> list[str]:
        """Full codes that the regulator's stand-in issued."""
        answer = self.control.post("/sandbox/codes", json={"count": count, "gtin": gtin, **wanted})
        assert answer.status_code == 201, answer.text
        codes: list[str] = answer.json()["codes"]
        return codes

    def apply(self, codes: Sequence[str]) -> str:
        """Have codes applied at the regulator's stand-in; the document's id, once it is decided."""
        now = datetime.now(UTC)
        body = {
            "sntins": list(codes), "businessPlaceId": 27, "releaseType": "PRODUCTION", "manufacturerCountry": "UZ",
            "productionDate": (now - timedelta(seconds=1)).isoformat(),
            "expirationDate": (now + timedelta(days=365)).isoformat(),
        }  # fmt: skip
        return self._sent("/api/utilisation?productGroup=vegetableoil", body, "reportId")

    def pack(self, parent: str, children: Sequence[str]) -> str:
        """Have a package formed there; the document's id, once it is decided."""
        unit = {
            "aggregationItemsCount": len(children), "aggregationUnitCapacity": len(children), "codes": list(children),
            "unitSerialNumber": parent,
        }  # fmt: skip
        now = datetime.now(UTC).isoformat()
        content = json.dumps({"aggregationUnits": [unit], "businessPlaceId": 27, "documentDate": now}, sort_keys=True)
        body = {"documentBody": base64.b64encode(content.encode()).decode()}
        return self._sent("/public/api/v1/doc/aggregation", body, "documentId")

    def _sent(self, path: str, body: dict[str, Any], name: str) -> str:
        key = {"Authorization": f"Bearer {self.server.credentials.api_key}"}
        answer = self.control.post(path, json=body, headers=key)
        assert answer.status_code == 200, answer.text
        document = str(answer.json()[name])
        until = time.monotonic() + READY_S
        while time.monotonic() < until:
            card = self.control.get(f"/public/api/v1/doc/storage/docs/{document}", headers=key).json()
            if card.get("status") in {"SUCCESS", "PARTIALLY_PROCESSED", "ERROR"}:
                assert card["status"] == "SUCCESS", card
                return document
            time.sleep(0.02)
        raise AssertionError(f"{document} is never decided")

    def effects(self) -> list[str]:
        """Kinds of documents that had an effect at the regulator's stand-in."""
        return [name for name, n in self.control.get("/sandbox/books").json()["effects"].items() if n]

    def fault(self, **fault: object) -> None:
        assert self.control.post("/sandbox/faults", json=fault).is_success


@contextmanager
def served(folder: Path, **settings: Any) -> Iterator[Desk]:
    """A desk, while the sandbox runs with these settings."""
    found: list[tuple[SandboxServer, asyncio.AbstractEventLoop, asyncio.Event]] = []
    ready = threading.Event()

    async def serve() -> None:
        async with SandboxServer(SandboxSettings(**(QUICK | settings))) as server:
            ended = asyncio.Event()
            found.append((server, asyncio.get_running_loop(), ended))
            ready.set()
            await ended.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        assert ready.wait(READY_S)
        desk = Desk(folder, found[0][0])
        with desk.control:
            yield desk
    finally:
        if found:
            _, loop, ended = found[0]
            loop.call_soon_threadsafe(ended.set)
        thread.join(READY_S)
