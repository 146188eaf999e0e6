"""`lined simulate`, as the installed program: a device that a line talks to."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.harness.programs import LINED, free_port

CODES = [f"010489921512237121{number:013d}\x1d93test".encode() for number in range(20)]


async def simulated(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        str(LINED), "simulate", *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )


async def dialled(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection to a device that is still starting."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)


async def test_it_speaks_its_family_s_protocol_and_says_what_became_of_the_items(tmp_path: Path) -> None:
    file, port = tmp_path / "codes.txt", free_port()
    file.write_bytes(b"\n".join(CODES))
    device = await simulated(
        "keyence-sr", str(file), "--address", f"tcp-listen://127.0.0.1:{port}", "--rate", "0",
        "--no-reads", "0.5", "--accept", r"PASS\rOK\r", "--reject", r"PASS\rNG\r",
    )  # fmt: skip
    reader, writer = await dialled(port)
    writer.write(b"LON\r")
    frames: list[bytes] = []
    async with asyncio.timeout(60):
        while len(set(frames) & set(CODES)) < len(CODES):
            frame = (await reader.readuntil(b"\r"))[:-1]
            frames.append(frame)
            if frame in CODES or frame == b"ERROR":
                writer.write(b"PASS\rOK\r" if frame in CODES else b"PASS\rNG\r")
        output, errors = await device.communicate()
    writer.close()
    assert device.returncode == 0, errors
    assert {b"OK,LON", b"ERROR"} <= set(frames)
    table = output.decode()
    assert f"tcp://127.0.0.1:{port}" in table
    assert [row.split() for row in table.splitlines() if "accepted" in row] == [["read", "accepted", "20"]]


async def test_it_hears_what_the_example_of_its_driver_says_and_hangs_when_it_is_told_to(tmp_path: Path) -> None:
    file, port = tmp_path / "codes.txt", free_port()
    file.write_bytes(b"\n".join(CODES))
    address = f"tcp-listen://127.0.0.1:{port}"
    device = await simulated("keyence-sr", str(file), "--address", address, "--rate", "0", "--hang-after", "2")
    try:
        reader, writer = await dialled(port)
        frames: list[bytes] = []
        async with asyncio.timeout(60):
            while CODES[1] not in frames:
                frame = (await reader.readuntil(b"\r"))[:-1]
                frames.append(frame)
                if frame in CODES:
                    writer.write(b"RTRY\r" if frames.count(CODES[0]) == 1 else b"PASS\r")
        writer.close()
    finally:
        device.kill()
        await device.communicate()
    assert [frame for frame in frames if frame != b"HB"] == [CODES[0], CODES[0], CODES[1]]


@pytest.mark.parametrize(
    ("family", "options", "said"),
    [
        ("keyence", (), "keyence-sr"),
        ("generic", ("--address", "ftp://x"), "pty"),
        ("generic", ("--accept", ""), "needs accept"),
        ("generic", ("--accept", "\\x0"), "truncated"),
        ("generic", ("--no-reads", "2"), "no-reads"),
    ],
)
async def test_what_it_cannot_be_is_wrong_usage(
    family: str, options: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    file = tmp_path / "codes.txt"
    file.write_bytes(CODES[0])
    device = await simulated(family, str(file), *options)
    _, errors = await device.communicate()
    assert device.returncode == 2
    assert said in errors.decode()


async def test_a_file_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    device = await simulated("generic", str(tmp_path / "none.txt"))
    _, errors = await device.communicate()
    assert device.returncode == 2
    assert "does not" in errors.decode()
