"""What is wrong outside is said, kept and survived (docs/contract.md, Command line)."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from tests.harness.daemon import Line, device
from tests.harness.programs import free_port, run


async def test_wrong_configuration_is_exit_78_with_every_problem_and_touches_nothing(tmp_path: Path) -> None:
    file = tmp_path / "lined.toml"
    file.write_text(
        '[line]\nid = "Line 1"\ncolour = "red"\n[journal]\npath = "line.db"\n[[device]]\nid = "cam"\nurl = "ftp://x"\n'
    )
    before = sorted(tmp_path.iterdir())
    done = await run("run", "--config", file)
    assert done.code == 78
    for path in ("line.id", "line.colour", "regulator", "device[0].url", "device[0].driver"):
        assert path in done.errors, f"{path} is not named in:\n{done.errors}"
    assert sorted(tmp_path.iterdir()) == before


async def test_a_journal_of_another_account_with_unfinished_reports_is_exit_78(tmp_path: Path) -> None:
    async with Line(tmp_path, [f"raw:tcp-listen://127.0.0.1:{free_port()}"]) as line:
        codes = await line.issue(1)
        await line.start_job()
        async with device(line) as (reader, writer):
            writer.write(codes[0] + b"\r\n")
            assert await reader.readline() == b"OK\r\n"
        assert await line.terminate() == 0
        journal = (tmp_path / "line-1.db").read_bytes()
        text = (tmp_path / "lined.toml").read_text()
        (tmp_path / "lined.toml").write_text(text.replace("307797292", "301234567"))
        await line.start(ready=False)
        assert await line.daemon.ended() == 78
        assert (tmp_path / "line-1.db").read_bytes() == journal
        assert "regulator.tin" in (tmp_path / "lined.log").read_text()


@pytest.mark.bound(60)
async def test_missing_devices_a_port_in_use_and_no_regulator_are_states_not_failures(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        dark = free_port()
        addresses = [
            f"raw:tcp-listen://127.0.0.1:{port}",
            f"raw:tcp://127.0.0.1:{dark}",
            f"raw:serial://{tmp_path}/none",
        ]
        async with Line(tmp_path, addresses) as line:
            await line.terminate()
            await line.sandbox.stop()
            await line.start()

            async def all_named() -> bool:
                status = await line.status()
                places = {problem["where"] for problem in status["problems"]}
                return {"cam-1", "cam-2", "cam-3"} <= places and any("http" in place for place in places)

            await line.until(all_named, "not every problem is in /status", bound_s=60)
            status = await line.status()
            assert status["state"] == "degraded"
            assert [found["connected"] for found in status["devices"]] == [False, False, False]
            assert (await line.request("GET", "/readyz"))[0] == 200
            taken.close()

            async def listening() -> bool:
                return bool((await line.status())["devices"][0]["listening_on"])

            await line.until(listening, "the freed port was not taken", bound_s=60)


@pytest.mark.bound(40)
async def test_a_status_port_in_use_is_retried_for_10_s_then_exit_1(tmp_path: Path) -> None:
    async with Line(tmp_path, []) as line:
        await line.terminate()
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", line.port))
            taken.listen()
            started = asyncio.get_running_loop().time()
            await line.start(ready=False)
            assert await line.daemon.ended() == 1
            assert asyncio.get_running_loop().time() - started >= 9.5


@pytest.mark.bound(60)
async def test_garbage_is_rejected_counted_and_kept_and_never_a_crash(tmp_path: Path) -> None:
    async with Line(tmp_path, [f"raw:tcp-listen://127.0.0.1:{free_port()}"]) as line:
        await line.start_job()
        frames = [b"\xff\xfe\x00", b"A" * 10_000, b"\x1d\x1d", b"0104899215122371", b"%s%n", "Ж".encode("cp1251")]
        async with device(line) as (reader, writer):
            for frame in frames:
                writer.write(frame + b"\r\n")
                assert await asyncio.wait_for(reader.readline(), 60) == b"NG\r\n"
        status = await line.status()
        assert status["reads"]["by_reason"]["malformed"] == len(frames)
        assert status["reads"]["rejected"] == len(frames)
        assert any(problem["where"] == "cam-1" for problem in status["problems"]), (
            "a scanner's set-up fault is not named"
        )


@pytest.mark.bound(60)
@pytest.mark.parametrize(
    "fault", [{"kind": "html", "after": True}, {"kind": "answer-lost"}, {"kind": "truncated"}, {"kind": "error-after"}]
)
async def test_an_unreadable_answer_is_in_doubt_looked_for_and_not_sent_twice(
    tmp_path: Path, fault: dict[str, object]
) -> None:
    async with Line(tmp_path, [f"raw:tcp-listen://127.0.0.1:{free_port()}"], first_batch_s=0) as line:
        await line.control.fault({**fault, "method": "POST", "path": "/api/utilisation"})
        codes = await line.issue(20)
        await line.start_job()
        async with device(line) as (reader, writer):
            for code in codes:
                writer.write(code + b"\r\n")
                assert await reader.readline() == b"OK\r\n"
        await line.command("job/stop")
        await line.until_settled(bound_s=60)
        (report,) = await line.reports()
        assert report["state"] == "succeeded"
        status, whole = await line.request("GET", f"/api/v1/reports/{report['id']}")
        assert status == 200
        passed = [event["after"] for event in whole["events"]]
        assert "in_doubt" in passed
        assert passed.count("sending") == 1, "it was sent again without need"
        books = await line.books()
        assert books["codes"]["applied"] == 20
        assert books["codes"]["repeated_attempts"] == 0
