"""A client of the sandbox's control endpoint: codes to issue, faults, its own books."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from typing import Any

from lined.sandbox.demo.process import exchange


class SandboxControl:
    """Asks the sandbox at `url`. Every method raises OSError where it does not answer, or refuses."""

    def __init__(self, url: str) -> None:
        self.url = url

    async def ask(self, method: str, path: str, body: object = None) -> Any:
        """One exchange; the answer's JSON."""
        answer = await exchange(self.url, method, path, body, {"Content-Type": "application/json"})
        if answer.status >= http.client.MULTIPLE_CHOICES:
            raise OSError(f"the sandbox answered {answer.status} to {method} {path}: {answer.text}")
        return answer.json

    async def issue(self, gtin: str, count: int, **wanted: object) -> list[str]:
        """Full codes that belong to our account."""
        usual = {"group": "vegetableoil", "template": "GS1_AISTR_SHORT", "serial_length": 13}
        found: list[str] = (await self.ask("POST", "/sandbox/codes", usual | {"gtin": gtin, "count": count} | wanted))[
            "codes"
        ]
        return found

    async def fault(self, fault: Mapping[str, Any]) -> str:
        """Let it misbehave; the id of the fault."""
        return str((await self.ask("POST", "/sandbox/faults", dict(fault)))["id"])

    async def end_fault(self, fault: str) -> None:
        await self.ask("DELETE", f"/sandbox/faults/{fault}")

    async def books(self) -> Any:
        """What it counts: codes applied, attempts repeated, effects of documents."""
        return await self.ask("GET", "/sandbox/books")

    async def applied(self) -> set[str]:
        """Full codes that its books hold as applied."""
        found: set[str] = set()
        after = 0
        while True:
            page = await self.ask("GET", f"/sandbox/codes?status=INTRODUCED&after={after}")
            found.update(page["codes"])
            if not page["next"]:
                return found
            after = page["next"]

    async def parents(self) -> dict[str, str]:
        """What lies in what: identification code -> SSCC of the package."""
        found: dict[str, str] = {}
        after: int | None = 0
        while after is not None:
            page = await self.ask("GET", f"/sandbox/books/codes?after={after}")
            found.update((item["code"], item["parent"]) for item in page["items"] if item["parent"])
            after = page["next"]
        return found
