"""A first configuration from a few questions, and a reader listened to before there is a line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.harness.programs import LINED, run
from tests.harness.served import code

ANSWERS = (
    "line-1",
    "xx",  # no language: asked again
    "en",
    "",  # the marking system
    "",  # its test address
    "30779729",  # a digit is missing: asked again
    "307797292",
    "27",
    "04899215122370",  # a wrong check digit: asked again
    "04899215122371",
    "Sunflower oil 1 l",
    "vegetableoil",
    "1095",
    "generic",
)


@asynccontextmanager
async def reader(*codes: bytes) -> AsyncIterator[int]:
    """A device that sends these to each that connects; its port."""
    served: list[asyncio.Task[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.append(asyncio.current_task())  # type: ignore[arg-type]
        for one in codes:
            writer.write(one + b"\r\n")
        await writer.drain()
        await reader.read()  # until the other side goes
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
    await asyncio.wait_for(asyncio.gather(*served, return_exceptions=True), 30)


async def init(folder: Path, *words: str, answers: tuple[str, ...]) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        LINED, "init", "lined.toml", *words, cwd=folder,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        env={"NO_COLOR": "1", "PATH": "/usr/bin:/bin", "COLUMNS": "200"},
    )  # fmt: skip
    out, _ = await asyncio.wait_for(process.communicate("".join(f"{one}\n" for one in answers).encode()), 60)
    return process.returncode, out.decode()


async def test_a_few_answers_make_a_configuration_that_is_right_and_try_the_reader(tmp_path: Path) -> None:
    async with reader(code(1).encode()) as port:
        answers = (*ANSWERS, f"tcp://127.0.0.1:{port}", "the-key-of-the-account", "y")
        status, out = await init(tmp_path, answers=answers)
    assert status == 0, out
    assert "there is no 'xx'" in out and "is written, and right" in out
    assert "the reader is set up right" in out and "vuzv" not in out  # the check part
    assert (tmp_path / "api-key").read_text() == "the-key-of-the-account\n"
    assert (tmp_path / "api-key").stat().st_mode & 0o077 == 0
    checked = await run("check", tmp_path / "lined.toml")
    assert checked.code == 0, checked


async def test_what_is_there_stays(tmp_path: Path) -> None:
    (tmp_path / "lined.toml").write_text("mine")
    status, out = await init(tmp_path, answers=())
    assert status == 1 and "stays as it is" in out and (tmp_path / "lined.toml").read_text() == "mine"


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (code(1).encode(), "GS1_AISTR_SHORT"),
        (code(1).encode().replace(b"\x1d", b""), "lost the separator"),
        (b"HELLO", "no marking code"),
    ],
)
async def test_a_device_is_listened_to(tmp_path: Path, sent: bytes, told: str) -> None:
    async with reader(sent) as port:
        answers = (*ANSWERS, f"tcp://127.0.0.1:{port}", "", "n")
        assert (await init(tmp_path, answers=answers))[0] == 0
        done = await run(
            "listen", "reader-1", "--seconds", "3", "--reads", "1", "--config", tmp_path / "lined.toml",
            env={"NO_COLOR": "1"},
        )  # fmt: skip
    assert told in done.out, done
    assert done.code == (0 if told.startswith("GS1") else 1)
