"""What was answered is in the books, whatever happens to the process."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from pathlib import Path

import httpx
import pytest

from lined.sandbox import SandboxServer
from lined.vocabulary.errors import JournalError, JournalLocked
from tests.integration.sandbox.line_client import Open, utilisation

PROGRAM = """
import asyncio, sys
from pathlib import Path
from lined.sandbox import SandboxSettings, run_sandbox

settings = SandboxSettings(api_key="key", requests_per_minute=0, final_after_s=(0.0, 0.05))
asyncio.run(run_sandbox(settings, "127.0.0.1:0", Path(sys.argv[1]), lambda server: print(server.url, flush=True)))
"""


async def start(state: Path) -> tuple[asyncio.subprocess.Process, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, str(state), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    return process, (await process.stdout.readline()).decode().strip()


async def kill(process: asyncio.subprocess.Process) -> None:
    process.kill()
    await process.wait()


@pytest.mark.bound(120)
async def test_every_answered_report_survives_sigkill_and_applies_its_codes_once(tmp_path: Path) -> None:
    state, rng = tmp_path / "sandbox.db", random.Random(5)
    answered: list[str] = []
    codes: list[str] = []
    used = 0
    for _ in range(6):
        process, url = await start(state)
        try:
            async with httpx.AsyncClient(base_url=url, headers={"Authorization": "Bearer key"}) as client:
                if not codes:
                    answer = await client.post("/sandbox/codes", json={"gtin": "04899215122371", "count": 60_000})
                    codes = answer.json()["codes"]
                killing = asyncio.create_task(kill_after(process, rng.uniform(0.05, 0.4)))
                try:
                    while True:
                        batch = codes[used : used + 200]
                        used += 200
                        answer = await client.post(
                            "/api/utilisation", params={"productGroup": "vegetableoil"}, json=utilisation(batch)
                        )
                        answered.append(answer.json()["reportId"])
                except httpx.TransportError:
                    pass
                await killing
        finally:
            if process.returncode is None:
                await kill(process)
    async with SandboxServer(state_path=state) as server, httpx.AsyncClient(base_url=server.url) as client:
        while "undecided" in (books := (await client.get("/sandbox/books")).json())["documents"]["by_status"]:
            await asyncio.sleep(0.05)
        listed = (await client.get("/sandbox/books/documents", params={"limit": 1000})).json()["items"]
        known = {item["document_id"] for item in listed}
        assert len(answered) > 20
        assert set(answered) <= known
        assert books["codes"]["applied"] == 200 * len(known)
        assert books["codes"]["applied_more_than_once"] == 0


async def test_sigterm_ends_it_in_order_and_takes_a_temporary_state_away(tmp_path: Path) -> None:
    program = PROGRAM.replace("Path(sys.argv[1])", "None")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE, env=os.environ | {"TMPDIR": str(tmp_path)}
    )
    assert process.stdout is not None
    url = (await process.stdout.readline()).decode().strip()
    async with httpx.AsyncClient(base_url=url) as client:
        assert (await client.get("/sandbox/books")).status_code == 200
    assert list(tmp_path.iterdir())
    process.terminate()
    assert await process.wait() == 0
    assert not list(tmp_path.iterdir())


async def kill_after(process: asyncio.subprocess.Process, delay_s: float) -> None:
    await asyncio.sleep(delay_s)
    await kill(process)


async def test_the_books_go_on_after_an_orderly_restart(sandbox: Open, tmp_path: Path) -> None:
    state = tmp_path / "sandbox.db"
    async with sandbox(state) as client:
        codes = await client.issue(10)
        document_id = await client.applied(codes[:5])
    async with sandbox(state) as client:
        assert await client.search(types="UTILISATION") == [document_id]
        assert (await client.books())["codes"]["by_status"] == {"INTRODUCED": 5, "RECEIVED": 5}
        await client.applied(codes[5:])
        assert not set(await client.issue(10)) & set(codes)


async def test_a_file_that_is_no_state_of_a_sandbox_is_left_alone(tmp_path: Path) -> None:
    state = tmp_path / "notes.txt"
    state.write_text("not a database, and longer than a header of SQLite would be, " * 20)
    before = state.read_bytes()
    with pytest.raises(JournalError, match=r"notes\.txt"):
        await SandboxServer(state_path=state).start()
    assert state.read_bytes() == before


async def test_two_sandboxes_never_work_on_one_state(sandbox: Open, tmp_path: Path) -> None:
    state = tmp_path / "sandbox.db"
    async with sandbox(state):
        with pytest.raises(JournalLocked):
            await SandboxServer(state_path=state).start()
    async with sandbox(state) as client:
        assert await client.issue(1)


async def test_a_temporary_state_is_gone_after_the_end() -> None:
    async with SandboxServer() as server:
        path = server.sandbox.books.path
        assert path.exists()
    assert not path.parent.exists()
