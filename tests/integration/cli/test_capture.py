"""A device's bytes go into a file: from the line that runs, and from the port itself where none does."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lined.line.intake.capture import DOWN, END, HEAD, IN, OUT, REPLIED, UP, VERDICT, CaptureEvent, read_capture
from tests.harness.daemon import Line, device
from tests.harness.programs import LINED, Done, free_port, run
from tests.harness.served_lines import a_line
from tests.integration.devices.bench import Plug

CONFIG = """
[line]
id = "line-1"
[regulator]
profile = "asl-belgisi"
url = "http://127.0.0.1:1"
tin = "307797292"
business_place_id = 27
api_key_file = "none"
[journal]
path = "line-1.db"
[[product]]
gtin = "04899215122371"
name = "Oil"
group = "vegetableoil"
shelf_life_days = 1095
[[device]]
id = "hand-1"
driver = "handheld"
url = "{url}"
options = {{ ack = "OK" }}
[[station]]
id = "marking"
role = "apply"
devices = ["hand-1"]
[status]
listen = "127.0.0.1:{port}"
"""
CODE = b"010489921512237121aBcdEF\x1d93sEcR"


@contextlib.asynccontextmanager
async def capturing(folder: Path, *words: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        str(LINED), "capture", *words, "--to", str(folder / "it.capture"), "--config", str(folder / "lined.toml"),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env={"NO_COLOR": "1", "COLUMNS": "200"},
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def done(process: asyncio.subprocess.Process) -> Done:
    out, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return Done(process.returncode, out.decode(), errors.decode())


def events(folder: Path) -> list[CaptureEvent]:
    return read_capture((folder / "it.capture").read_text("ascii"))


def bytes_of(found: list[CaptureEvent], what: str) -> bytes:
    return b"".join(event.data for event in found if event.what == what)


async def test_of_a_line_that_runs_both_ways_with_the_verdicts_until_ctrl_c(tmp_path: Path) -> None:
    async with Line(tmp_path, [f"raw:tcp-listen://127.0.0.1:{free_port()}"]) as line:
        good = (await line.issue(1))[0]
        await line.start_job()
        async with capturing(tmp_path, "cam-1", "--seconds", "600") as process:
            assert process.stdout is not None
            assert b"of the line that runs" in await asyncio.wait_for(process.stdout.readline(), 60)
            async with device(line) as (reader, writer):
                writer.write(good + b"\r\nNOREAD\r\n")
                assert await asyncio.wait_for(reader.readexactly(8), 60) == b"OK\r\nNG\r\n"
            process.send_signal(signal.SIGINT)
            told = await done(process)
        assert told.code == 0 and "ended: asked" in told.out and "It holds check parts" in told.out
        again = await line.run("capture", "cam-1", "--to", str(tmp_path / "it.capture"))
        assert again.code == 2 and "already" in again.errors
        log = line.daemon.log
    found = events(tmp_path)
    assert (tmp_path / "it.capture").stat().st_mode & 0o077 == 0
    assert bytes_of(found, IN) == good + b"\r\nNOREAD\r\n" and bytes_of(found, OUT) == b"OK\r\nNG\r\n"
    assert [(one.more["verdict"], one.more["reason"]) for one in found if one.what == VERDICT] == [
        ("accept", None),
        ("reject", "no-read"),
    ]
    assert found[0].more["driver"] == "generic" and found[0].more["job"]["gtin"] == "04899215122371"
    assert [one.what for one in found][:2] == [HEAD, UP] and found[-1].what == END
    assert sum(one.more["frames"] for one in found if one.what == REPLIED) == 2
    assert good.rpartition(b"\x1d")[2].decode() not in log


async def test_of_the_port_itself_where_no_line_runs_and_masked(tmp_path: Path) -> None:
    plug = Plug(tmp_path / "usb")
    plug.plug_in()
    (tmp_path / "lined.toml").write_text(CONFIG.format(url=plug.url, port=free_port()))
    try:
        async with capturing(tmp_path, "hand-1", "--seconds", "4", "--mask") as process:
            assert process.stdout is not None
            assert b"itself, since lined does not run here" in await asyncio.wait_for(process.stdout.readline(), 60)
            ended = asyncio.create_task(done(process))
            while not ended.done():  # whatever was sent before the port was opened is thrown away
                plug.send(CODE + b"\r")
                await asyncio.wait({ended}, timeout=0.05)
            told = ended.result()
        assert told.code == 0, told
        with pytest.raises(OSError):  # nothing is there: nothing is acknowledged that nobody keeps
            os.read(plug.master, 100)
    finally:
        plug.pull_out()
    found = events(tmp_path)
    received = bytes_of(found, IN)
    codes = received.split(b"\r")
    assert len(codes) > 3 and len(set(codes[:-1])) == 1 and len(codes[0]) == len(CODE)
    assert b"sEcR" not in received and received.startswith(b"010489921512237121aBcdEF\x1d93")
    assert found[0].more["masked"] and found[0].more["options"] == {"ack": "OK"}
    assert (found[-1].what, found[-1].more) == (END, {"why": "time"})


async def test_a_device_that_sends_nothing_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "lined.toml").write_text(CONFIG.format(url=f"tcp://127.0.0.1:{free_port()}", port=free_port()))
    told = await run(
        "capture", "hand-1", "--seconds", "1", "--to", tmp_path / "it.capture", "--config", tmp_path / "lined.toml"
    )
    assert told.code == 1 and [one.what for one in events(tmp_path)] == [HEAD, DOWN, END]


async def test_a_port_of_a_line_that_runs_is_not_opened_though_its_daemon_does_not_answer(tmp_path: Path) -> None:
    opened = asyncio.Event()
    server = await asyncio.start_server(lambda _reader, _writer: opened.set(), "127.0.0.1", 0)
    async with server:
        url = f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        (tmp_path / "lined.toml").write_text(CONFIG.format(url=url, port=free_port()))
        with (tmp_path / "line-1.db.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            words = ("hand-1", "--seconds", "1", "--to", tmp_path / "it.capture", "--config", tmp_path / "lined.toml")
            told = await run("capture", *words)
    assert told.code == 1 and "A daemon holds" in told.errors and not opened.is_set()


async def test_check_parts_are_for_those_with_the_token_and_one_capture_at_a_time(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        path, token = "/api/v1/devices/cam-1/capture", {"Authorization": f"Bearer {line.token}"}
        reading = {"Authorization": f"Bearer {line.server.view.reading_token}"}
        refused = [await line.get(f"{path}?begin=60", headers=headers) for headers in ({}, reading)]
        assert [(one.status, one.json["error"]["code"]) for one in refused] == [
            (401, "token-required"),
            (403, "role-required"),
        ]
        assert (await line.get("/api/v1/devices/nobody/capture?begin=60", headers=token)).status == 404
        assert (await line.get(path, headers=token)).json["error"]["code"] == "no-capture"
        assert (await line.get(f"{path}?begin=4000", headers=token)).status == 422
        assert (await line.get(f"{path}?begin=60", headers=token)).json["ended"] is None
        assert (await line.get(f"{path}?begin=60", headers=token)).json["error"]["code"] == "capture-running"
        tapped = [line.devices["cam-1"].tap]
        assert (await line.get(f"{path}?end=true", headers=token)).json == {"lines": [], "ended": "asked"}
        tapped.append(line.devices["cam-1"].tap)
        await line.get(f"{path}?begin=60", headers=token)
        for _ in range(300):
            recorder = line.devices["cam-1"].tap
            assert recorder is not None
            recorder(IN, b"x" * 2_000)
        parts = [(await line.get(f"{path}?end=true", headers=token)).json for _ in range(3)]
        assert [one["ended"] for one in parts] == [None, None, "asked"], "part by part"
        assert sum(len(one["lines"]) for one in parts) == 300
        await line.get(f"{path}?begin=60", headers=token)
        tapped.append(line.devices["cam-1"].tap)
    tapped.append(line.devices["cam-1"].tap)
    assert [one is not None for one in tapped] == [True, False, True, False], "a stop ends it too"


async def test_a_device_that_is_only_listened_to_hears_no_acknowledgement(tmp_path: Path) -> None:
    plug = Plug(tmp_path / "usb")
    plug.plug_in()
    (tmp_path / "lined.toml").write_text(CONFIG.format(url=plug.url, port=free_port()))
    try:
        words = ("listen", "hand-1", "--seconds", "30", "--reads", "2", "--config", tmp_path / "lined.toml")
        ended = asyncio.create_task(run(*words))
        while not ended.done():
            plug.send(CODE + b"\r")
            await asyncio.wait({ended}, timeout=0.05)
        assert ended.result().code == 0 and "GS1_AISTR_SHORT" in ended.result().out
        with pytest.raises(OSError):
            os.read(plug.master, 100)
    finally:
        plug.pull_out()
