"""The commands as installed programs: what they print and how they end (docs/contract.md, Command line)."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import sqlite3
from pathlib import Path

import httpx
import pytest

from tests.acceptance.contract_line import OK, ContractLine
from tests.harness.daemon import GTIN
from tests.harness.programs import LINED, run


@pytest.mark.slow
async def test_each_command_at_work_speaks_json_to_the_daemon_and_ends_with_0_1_or_2(tmp_path: Path) -> None:
    async with ContractLine(tmp_path) as line, line.scanner() as scanner:
        codes = [code.decode() for code in await line.issue(3)]
        assert (await line.run("job", "show", "--json")).json is None
        done = await line.run("job", "start", GTIN, "--order", "o-1", "--json")
        assert (done.code, done.json["gtin"], done.json["order"]) == (0, GTIN, "o-1")
        assert (await line.run("job", "start", GTIN)).code == 1
        assert await scanner.say(*(code.encode() for code in codes)) == [OK] * 3
        done = await line.run("job", "correct", "--series", "S9", "--json")
        assert (done.code, done.json["series"]) == (0, "S9")
        done = await line.run("status", "--json")
        assert (done.code, done.json["codes"]["unreported"], done.json["job"]["series"]) == (0, 3, "S9")
        done = await line.run("code", "show", codes[0], "--json")
        assert (done.code, done.json["state"]) == (0, "unreported")
        assert (await line.run("code", "withdraw", codes[1], "--reason", "sample", "--json")).code == 0
        assert (await line.run("code", "withdraw", codes[1])).code == 2
        done = await line.run("report", "seal", "--json")
        assert (done.code, len(done.json["sealed"])) == (0, 1)
        done = await line.run("report", "list", "--json")
        assert (done.code, done.json["items"][0]["kind"], done.json["next"]) == (0, "utilisation", None)
        identity = done.json["items"][0]["id"]
        assert (await line.run("report", "show", identity, "--json")).json["id"] == identity
        await line.until_report("succeeded")
        for words in (
            ["report", "retry", identity],
            ["report", "release", identity, "--codes", "accepted", "--reason", "x"],
            ["report", "show", "nosuch"],
            ["package", "close", "nosuch"],
            ["restore", str(tmp_path / "line-1.db")],  # a daemon holds the journal
        ):
            failed = await line.run(*words)
            assert (failed.code, bool(failed.errors)) == (1, True), words
        assert (await line.run("package", "list", "--json")).json == {"items": [], "next": None}
        assert (await line.run("drivers", "--json")).json["items"][0]["name"] == "generic"
        done = await line.run("backup", "--json")
        assert (done.code, Path(done.json["path"]).is_file()) == (0, True)
        assert (await line.run("job", "stop", "--json")).code == 0
        assert (await line.run("job", "stop")).code == 1


@pytest.mark.slow
async def test_the_api_key_is_renewed_by_command_and_reports_go_on(tmp_path: Path) -> None:
    async with ContractLine(tmp_path) as line, line.scanner() as scanner:
        file = tmp_path / "api-key"
        old = file.read_text()
        done = await line.run("key", "renew", "--json", "--by", "Aziza")
        assert (done.code, file.read_text() != old) == (0, True)
        status = (await line.run("status", "--json")).json
        assert done.json["expires_at"] == status["regulator"]["credential_expires_at"]
        assert file.read_text().strip() not in (tmp_path / "lined.log").read_text()
        (code,) = await line.issue(1)
        await line.start_job()
        assert await scanner.say(code) == [OK]
        assert (await line.run("report", "seal")).code == 0
        await line.until_report("succeeded")


@pytest.mark.slow
async def test_without_a_daemon_the_journal_is_read_and_commands_fail(tmp_path: Path) -> None:
    async with ContractLine(tmp_path) as line:
        (code,) = await line.issue(1)
        await line.start_job()
        async with line.scanner() as scanner:
            assert await scanner.say(code) == [OK]
        backup = (await line.run("backup", "--json")).json["path"]
        assert await line.terminate() == 0
        done = await line.run("status", "--json")
        assert (done.code, done.json["state"], done.json["codes"]["unreported"]) == (4, "stopped", 1)
        assert (await line.run("code", "show", code.decode(), "--json")).json["state"] == "unreported"
        assert (await line.run("job", "show", "--json")).json["gtin"] == GTIN
        assert (await line.run("report", "list", "--json")).code == 0
        assert (await line.run("job", "stop")).code == 1
        assert (await line.run("backup", "--json")).code == 0
        done = await line.run("restore", backup, "--json")
        assert done.code == 0, done
        assert (await line.run("code", "show", code.decode(), "--json")).code == 0


async def test_wrong_usage_is_exit_2_and_drivers_takes_config_like_every_command(tmp_path: Path) -> None:
    wrong = [
        *(["nosuch"], ["status", "--nosuch"], ["job", "start"], ["report", "show"], ["demo", "--codes", "0"]),
        *(["job", "start", GTIN, "--mode", "x"], ["code", "withdraw", "x", "--reason", "x"]),
    ]
    for words, done in zip(wrong, await asyncio.gather(*(run(*words) for words in wrong)), strict=True):
        assert done.code == 2, (words, done)
    assert (await run("drivers", "--config", str(tmp_path / "none.toml"), "--json")).code == 0


async def test_a_second_daemon_on_the_same_journal_fails_and_leaves_the_first_alone(tmp_path: Path) -> None:
    async with ContractLine(tmp_path) as line:
        second = await line.run("run")
        assert second.code == 1
        assert (await line.status())["line"] == "line-1"
        assert (await line.post("job/start", gtin=GTIN)).status == 200


@pytest.mark.parametrize(("statement", "code", "words"), [
    ("CREATE TABLE recipe (name TEXT)", 78, "journal.path"),  # another program's database
    ("INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('lined', 'm999_later')", 74, "later version"),
])  # fmt: skip
async def test_what_is_no_journal_of_this_version_is_refused_and_left_as_it_is(
    tmp_path: Path, statement: str, code: int, words: str
) -> None:
    async with ContractLine(tmp_path) as line:
        assert await line.terminate() == 0
        path = tmp_path / "line-1.db"
        if code == 78:
            path.unlink()
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute(statement)
            connection.commit()
        before = path.read_bytes()
        for said in (await line.run("run"), await line.run("status"), await line.run("restore", str(path))):
            assert (said.code, words in said.errors) == (code, True), said
        assert path.read_bytes() == before


@pytest.mark.parametrize("reader", ["gone", "asleep"])
async def test_a_log_that_cannot_be_written_stops_nothing(tmp_path: Path, reader: str) -> None:
    async with ContractLine(tmp_path) as line:
        await line.terminate()
        (code,) = await line.issue(1)
        end, log = os.pipe()
        if reader == "gone":
            os.close(end)
        else:  # as a terminal after Ctrl-S: the pipe is full and nobody takes anything out
            os.set_blocking(log, False)
            with contextlib.suppress(BlockingIOError):
                while os.write(log, b"x" * 4096):
                    pass
            os.set_blocking(log, True)
        try:
            line.log_to = log
            await line.start()
            async with line.scanner() as scanner:
                assert (await line.post("job/start", gtin=GTIN)).status == 200
                assert await scanner.say(code) == [OK]
            assert await line.terminate() == 0
        finally:
            os.close(log)
            if reader != "gone":
                os.close(end)


async def test_devices_are_being_connected_soon_after_the_start(tmp_path: Path) -> None:
    async with ContractLine(tmp_path) as line:
        await line.terminate()
        seen = asyncio.Event()

        def arrived(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            seen.set()
            writer.close()

        file = tmp_path / "lined.toml"
        async with await asyncio.start_server(arrived, "127.0.0.1", line.ports[0]):
            file.write_text(file.read_text().replace("tcp-listen://", "tcp://"))
            await line.start(ready=False)
            await asyncio.wait_for(seen.wait(), 10)  # the promise, 1 s, holds where nothing else runs
            assert await line.terminate() == 0


async def test_the_sandbox_says_how_codes_are_issued_that_it_knows() -> None:
    process = await asyncio.create_subprocess_exec(
        str(LINED), "sandbox", "--listen", "127.0.0.1:0", stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            said = ""
            while "Ctrl-C" not in said:
                line = (await process.stdout.readline()).decode()
                assert line, said
                said += line
        command = re.search(r"curl (http://\S+) --json '(.*)'", said)
        listed = re.search(r"http://\S+lines=true", said)
        assert command and listed, said
        async with httpx.AsyncClient() as client:
            issued = await client.post(command[1], json=json.loads(command[2]))
            assert issued.status_code == 201
            assert (await client.get(listed[0])).text.split("\n") == issued.json()["codes"]
    finally:
        process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.communicate(), 60)


async def test_the_sandbox_listens_where_it_is_told_and_ends_by_sigterm() -> None:
    process = await asyncio.create_subprocess_exec(
        str(LINED), "sandbox", "--listen", "127.0.0.1:0", "--api-key", "key",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            said = b""
            while b"http://127.0.0.1:" not in said:
                line = await process.stdout.readline()
                assert line, said
                said += line
    finally:
        process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode in {0, -signal.SIGTERM}
