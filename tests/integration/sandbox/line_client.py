"""A client that speaks to a running sandbox as a line's daemon would."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from lined.sandbox import SandboxServer

GTIN = "04899215122371"
GROUP_GTIN = "14899215122378"
STORAGE = "/public/api/v1/doc/storage"
FINAL = {"SUCCESS", "PARTIALLY_PROCESSED", "ERROR"}


class Client:
    """The regulator's methods and the control endpoint of one sandbox, over real HTTP."""

    def __init__(self, server: SandboxServer) -> None:
        self.server = server
        self.http = httpx.AsyncClient(
            base_url=server.url, timeout=20, headers={"Authorization": f"Bearer {server.credentials.api_key}"}
        )

    async def issue(self, count: int, **wanted: Any) -> list[str]:
        answer = await self.http.post("/sandbox/codes", json={"gtin": GTIN, "count": count} | wanted)
        assert answer.status_code == 201, answer.text
        codes: list[str] = answer.json()["codes"]
        return codes

    async def utilise(self, codes: list[str], group: str = "vegetableoil", **changes: Any) -> httpx.Response:
        body = utilisation(codes) | changes
        body = {name: value for name, value in body.items() if value is not ...}
        return await self.http.post("/api/utilisation", params={"productGroup": group}, json=body)

    async def applied(self, codes: list[str], group: str = "vegetableoil") -> str:
        """Utilise and wait for the final status; the document's id."""
        answer = await self.utilise(codes, group)
        assert answer.status_code == 200, answer.text
        document_id: str = answer.json()["reportId"]
        await self.final(document_id)
        return document_id

    async def send(self, kind: str, content: dict[str, Any], **beside: str) -> httpx.Response:
        """`beside`: what stands outside the document."""
        encoded = base64.b64encode(json.dumps(content, sort_keys=True).encode()).decode()
        return await self.http.post(f"/public/api/v1/doc/{kind}", json={"documentBody": encoded, **beside})

    async def sent(self, kind: str, content: dict[str, Any]) -> str:
        """Send and wait for the final status; the status."""
        answer = await self.send(kind, content)
        assert answer.status_code == 200, answer.text
        return await self.final(answer.json()["documentId"])

    async def final(self, document_id: str) -> str:
        while True:
            answer = await self.http.get(f"{STORAGE}/docs/{document_id}")
            if answer.status_code == 200 and answer.json()["status"] in FINAL:
                return str(answer.json()["status"])
            await asyncio.sleep(0.02)

    async def outcomes(self, document_id: str) -> list[dict[str, Any]]:
        answer = await self.http.get(f"{STORAGE}/docs/{document_id}/codes")
        found: list[dict[str, Any]] = answer.json()
        return found

    async def search(self, **query: Any) -> list[str]:
        answer = await self.http.get(f"{STORAGE}/docs/search", params=query)
        assert answer.status_code == 200, answer.text
        return [found["documentId"] for found in answer.json()["documentInfos"]]

    async def search_status(self) -> int:
        return (await self.http.get(f"{STORAGE}/docs/search")).status_code

    async def fault(self, kind: str, **wanted: Any) -> None:
        answer = await self.http.post("/sandbox/faults", json={"kind": kind} | wanted)
        assert answer.status_code == 201, answer.text

    async def books(self) -> dict[str, Any]:
        found: dict[str, Any] = (await self.http.get("/sandbox/books")).json()
        return found


def utilisation(codes: list[str]) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "sntins": codes,
        "businessPlaceId": 27,
        "releaseType": "PRODUCTION",
        "manufacturerCountry": "UZ",
        "productionDate": (now - timedelta(seconds=1)).isoformat(),
        "expirationDate": (now + timedelta(days=365)).isoformat(),
    }


def ident(code: str) -> str:
    return code.partition("\x1d")[0]


Open = Callable[..., AbstractAsyncContextManager[Client]]
