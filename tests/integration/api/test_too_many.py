"""More connections, half requests and wrong tokens than anybody needs: who behaves is still answered."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lined.api import wrong_tokens
from lined.web import connections
from tests.harness.served import GTIN, Line
from tests.harness.served_lines import a_line

PAGES = ("/livez", "/", "/metrics", "/status", "/openapi.json")
HALVES = {
    "nothing": b"",
    "half a head": b"GET /status HTTP/1.1\r\nHost: ",
    "half a body": b"POST /api/v1/job/start HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nAuthorization: Bearer TOKEN\r\n"
    b"Content-Type: application/json\r\nContent-Length: 500\r\n\r\n{",
}


@contextlib.asynccontextmanager
async def opened(line: Line, number: int, sent: bytes) -> AsyncIterator[list[asyncio.StreamReader]]:
    """So many connections that all send the same and then nothing."""
    sent = sent.replace(b"PORT", str(line.server.port).encode()).replace(b"TOKEN", line.token.encode())
    found = []
    try:
        for _ in range(number):
            reader, writer = await asyncio.open_connection("127.0.0.1", line.server.port)
            found.append((reader, writer))
            with contextlib.suppress(ConnectionError):
                writer.write(sent)
                await writer.drain()
        yield [reader for reader, _ in found]
    finally:
        for _, writer in found:
            writer.close()


@pytest.mark.parametrize("half", HALVES)
async def test_page_and_health_are_answered_whoever_keeps_connections_open(tmp_path: Path, half: str) -> None:
    async with a_line(tmp_path) as line, opened(line, 200, HALVES[half]):
        for page in PAGES:
            assert (await line.get(page)).status == 200
        assert (await line.start())["gtin"] == GTIN


@pytest.mark.parametrize("half", ["nothing", "half a head"])
async def test_a_request_that_does_not_come_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, half: str
) -> None:
    monkeypatch.setattr(connections, "HEAD_S", 0.2)
    async with a_line(tmp_path) as line, opened(line, 3, HALVES[half]) as readers:
        async with asyncio.timeout(10):
            for reader in readers:
                with contextlib.suppress(ConnectionError):
                    assert await reader.read() == b""


async def test_half_a_head_after_an_answer_is_not_waited_for_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEAD_S", 0.2)
    async with a_line(tmp_path) as line:
        whole = f"GET /livez HTTP/1.1\r\nHost: 127.0.0.1:{line.server.port}\r\n\r\n".encode()
        async with opened(line, 1, whole + b"GET /li") as readers, asyncio.timeout(10):
            with contextlib.suppress(ConnectionError):
                assert (await readers[0].read()).count(b"HTTP/1.1") == 1


async def test_wrong_tokens_are_slowed_counted_and_an_alarm_and_the_right_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wrong_tokens, "SPAN_S", 3.0)
    async with a_line(tmp_path) as line:
        wrong = {"Authorization": "Bearer guessed"}
        began = time.monotonic()
        replies = await asyncio.gather(*(line.post("/api/v1/job/stop", {}, headers=wrong) for _ in range(60)))
        words = [reply.error for reply in replies]
        assert set(words) == {"token-required", "too-many"} and len(words) == 60
        assert words.count("token-required") <= (time.monotonic() - began) / wrong_tokens.PACE_S + 2
        async with asyncio.timeout(1):
            await line.start()
        assert line.problems.has("wrong-token")
        assert b'lined_refused_requests_total{reason="wrong-token"} 60' in (await line.get("/metrics")).body
        async with asyncio.timeout(15):
            while line.problems.has("wrong-token"):
                await asyncio.sleep(0.05)


async def test_a_missing_token_is_no_attempt(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        for _ in range(2 * wrong_tokens.ALARM_AFTER):
            assert (await line.post("/api/v1/job/stop", {}, headers={"Authorization": ""})).status == 401
        assert not line.problems.has("wrong-token")
