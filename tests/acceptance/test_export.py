"""`lined pool export`, `lined order fetch --to`, as installed: a file for a printer's software, whole or not at all,
each code in one file, SIGKILL of either side at any moment in between.
"""

from __future__ import annotations

import asyncio
import random
import signal
from pathlib import Path

import pytest

from lined.journal.database import open_readonly
from tests.harness.daemon import GTIN, JOURNAL, Line
from tests.harness.programs import LINED

PAGE = 2_000


async def loaded(line: Line, count: int) -> list[bytes]:
    """A pool of so many codes."""
    issued: list[bytes] = []
    while len(issued) < count:
        issued += await line.issue(min(20_000, count - len(issued)))
    for start in range(0, count, PAGE):
        page = [code.decode() for code in issued[start : start + PAGE]]
        await line.command("pools/load", gtin=GTIN, codes=page)
    return issued


def codes_in(path: Path) -> list[bytes]:
    content = path.read_bytes()
    assert content.endswith(b"\n")
    return content[:-1].split(b"\n")


def given_out(folder: Path) -> set[bytes]:
    """What the journal has as given out."""
    connection = open_readonly((folder / JOURNAL).resolve())
    try:
        asked = "SELECT serial, tail FROM pool_code WHERE given_ms IS NOT NULL"
        return {f"01{GTIN}21{serial}{tail}".encode() for serial, tail in connection.execute(asked)}
    finally:
        connection.close()


async def test_codes_go_into_a_file_once_with_their_separators_and_the_same_again_by_the_roll_s_id(
    tmp_path: Path,
) -> None:
    async with Line(tmp_path) as line:
        issued = await loaded(line, 5_000)
        file, other = tmp_path / "print-7.txt", tmp_path / "other.txt"
        done = await line.run("pool", "export", GTIN, "4500", "--to", str(file), "--for", "Print 7", "--json")
        assert done.code == 0, done.errors
        roll = done.json
        assert (roll["given"], roll["state"], roll["name"], roll["unseen"]) == (4_500, "written", "Print 7", 4_500)
        codes = codes_in(file)
        assert len(codes) == len(set(codes)) == 4_500 and set(codes) <= set(issued)
        assert all(b"\x1d93" in code for code in codes)
        assert file.stat().st_mode & 0o777 == 0o600
        assert given_out(tmp_path) == set(codes)

        for words in (["--to", str(file), "--for", "x"], ["--to", str(other), "--for", "Print 7"]):
            done = await line.run("pool", "export", GTIN, "10", *words)
            assert done.code == 1 and not other.exists() and codes_in(file) == codes
        assert "export --again" in done.errors
        assert given_out(tmp_path) == set(codes)
        done = await line.run("pool", "export", "--again", roll["id"], "--to", str(other))
        assert done.code == 0, done.errors
        assert other.read_bytes() == file.read_bytes() and "written before" in done.errors

        done = await line.run("pool", "export", GTIN, "500", "--to", str(tmp_path / "rest.txt"))
        assert done.code == 0 and not set(codes_in(tmp_path / "rest.txt")) & set(codes)
        done = await line.run("pool", "export", GTIN, "1", "--to", str(tmp_path / "none.txt"))
        assert done.code == 1 and "0 codes" in done.errors and not (tmp_path / "none.txt").exists()
        stock = await line.run("pool", "stock", "--json")
        assert stock.code == 0, stock.errors
        assert [(one["codes"], one["left"]) for one in stock.json["items"]] == [(5_000, 0)]
        listed = await line.run("pool", "rolls", "--json")
        assert [one["name"] for one in listed.json["items"]] == ["rest.txt", "Print 7"]
        assert b"\x1d" not in listed.out.encode()

        async def looked() -> bool:
            metrics = (await line.http("GET", "/metrics")).text
            return f'lined_pool_left{{gtin="{GTIN}"}} 0.0' in metrics

        await line.until(looked, "the metrics do not tell the stock")
        await line.terminate()
        offline = await line.run("pool", "stock", "--json")
        assert [(one["codes"], one["left"]) for one in offline.json["items"]] == [(5_000, 0)]


async def test_a_whole_file_that_could_not_be_noted_is_told_as_there_and_noted_later_not_written_twice(
    tmp_path: Path,
) -> None:
    async with Line(tmp_path) as line:
        await loaded(line, 200)
        await line.kill()
        line.daemon.environment["LINED_CRASH_AT"] = "before-commit/Orders:4"  # that the file is written
        await line.start()
        file, other = tmp_path / "a.txt", tmp_path / "other.txt"
        done = await line.run("pool", "export", GTIN, "100", "--to", str(file))
        assert done.code != 0 and len(codes_in(file)) == 100
        assert f"{file} is whole" in done.errors and "no file is written" not in done.errors
        assert await line.daemon.ended() == -signal.SIGKILL
        del line.daemon.environment["LINED_CRASH_AT"]
        await line.start()
        (roll,) = (await line.daemon.get("/api/v1/rolls"))["items"]
        assert roll["written_at"] is None
        for content in (b"x" * file.stat().st_size, file.read_bytes()[:-1], file.read_bytes() + b"x"):
            other.write_bytes(content)
            done = await line.run("pool", "export", "--again", roll["id"], "--to", str(other))
            assert done.code == 1 and other.read_bytes() == content and "another file" in done.errors
        before = file.stat()
        done = await line.run("pool", "export", "--again", roll["id"], "--to", str(file), "--json")
        assert done.code == 0 and done.json["state"] == "written", done.errors
        assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
        done = await line.run("pool", "export", "--again", "77", "--to", str(file))
        assert done.code == 1 and "no roll 77" in done.errors


async def test_the_codes_of_an_order_go_into_a_file_once_they_are_fetched(tmp_path: Path) -> None:
    async with Line(tmp_path) as line:
        await loaded(line, 100)
        ordered = await line.run("order", "new", f"{GTIN}=300", "--json")
        assert ordered.code == 0, ordered.errors
        file = tmp_path / "order.txt"
        done = await line.run("order", "fetch", ordered.json["id"], "--to", str(file), "--for", "Roll A", "--json")
        assert done.code == 0, done.errors
        assert done.json["roll"]["given"] == 300 and done.json["roll"]["order"] == ordered.json["id"]
        assert len(set(codes_in(file))) == 300


# Steps of commands: one begins the roll; of each page one notes who asks, then 500 codes each; the last is the file's.
STEPS = 10
POINTS = (
    "before-commit/Orders:1",
    "after-commit/Orders:1",
    "after-commit/Orders:2",
    "before-commit/Orders:4",
    "after-commit/Orders:4",
    "before-commit/Orders:9",
    f"before-commit/Orders:{STEPS}",
    f"after-commit/Orders:{STEPS}",
)


@pytest.mark.slow
@pytest.mark.bound(240)
@pytest.mark.parametrize("point", POINTS)
async def test_a_daemon_killed_at_any_step_gives_no_code_into_two_files(tmp_path: Path, point: str) -> None:
    async with Line(tmp_path) as line:
        await loaded(line, 6_000)
        await line.kill()
        line.daemon.environment["LINED_CRASH_AT"] = point
        await line.start()
        done = await line.run("pool", "export", GTIN, "3000", "--to", str(tmp_path / "a"), "--for", "Print 7")
        assert done.code != 0
        assert await line.daemon.ended() == -signal.SIGKILL
        del line.daemon.environment["LINED_CRASH_AT"]
        await line.start()
        await _nothing_twice(line, tmp_path)


@pytest.mark.slow
@pytest.mark.bound(240)
async def test_an_export_killed_at_any_moment_leaves_a_whole_file_or_none_and_no_code_in_two(tmp_path: Path) -> None:
    chance, met = random.Random(7), 0
    async with Line(tmp_path) as line:
        await loaded(line, 20_000)
        for number in range(8):
            file = tmp_path / f"roll-{number}"
            process = await asyncio.create_subprocess_exec(
                str(LINED), "pool", "export", GTIN, "2100", "--to", str(file), "--config", str(line.config),
                stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
            )  # fmt: skip
            began = len((await line.daemon.get("/api/v1/rolls"))["items"])
            async with asyncio.timeout(20):
                while process.returncode is None and len((await line.daemon.get("/api/v1/rolls"))["items"]) == began:
                    await asyncio.sleep(0.005)
            await asyncio.sleep(chance.uniform(0, 0.4))
            if process.returncode is None:
                process.kill()
                met += 1
            await process.wait()
            assert not file.exists() or len(codes_in(file)) == 2_100
        assert met > 0
        await _nothing_twice(line, tmp_path)


async def _nothing_twice(line: Line, folder: Path) -> None:
    """Every roll's file is written again: no code is in two rolls, and what is given out is in one."""
    found: dict[str, list[bytes]] = {}
    rolls = (await line.daemon.get("/api/v1/rolls"))["items"]
    told = await line.run("pool", "rolls")
    for roll in rolls:
        earlier = [path for path in folder.iterdir() if path.name in (roll["name"], "a") and path.is_file()]
        if roll["written_at"] is None:
            assert f"export --again {roll['id']}" in told.out and roll["name"] in told.out
        again = folder / f"again-{roll['id']}"
        done = await line.run("pool", "export", "--again", roll["id"], "--to", str(again))
        assert done.code == 0, done.errors
        found[roll["id"]] = codes_in(again)
        assert all(path.read_bytes() == again.read_bytes() for path in earlier)
    name = "last"
    done = await line.run("pool", "export", GTIN, "500", "--to", str(folder / name))
    assert done.code == 0, done.errors
    every = [code for codes in found.values() for code in codes] + codes_in(folder / name)
    assert len(every) == len(set(every))
    assert given_out(folder) == set(every)
    assert not list(folder.glob(".*.part"))
