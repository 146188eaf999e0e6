"""A running sandbox, and a client that speaks to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from lined.sandbox import SandboxServer, SandboxSettings
from tests.integration.sandbox.line_client import Client, Open

QUICK: dict[str, Any] = {"validating_after_s": 0.0, "in_process_after_s": 0.0, "final_after_s": (0.0, 0.0), "seed": 1}


@pytest.fixture
def sandbox() -> Open:
    """What opens a sandbox, as a context manager with settings by name; documents are decided at once by default."""

    @asynccontextmanager
    async def opened(state_path: Path | None = None, **settings: Any) -> AsyncIterator[Client]:
        async with SandboxServer(SandboxSettings(**(QUICK | settings)), state_path=state_path) as server:
            client = Client(server)
            async with client.http:
                yield client

    return opened
