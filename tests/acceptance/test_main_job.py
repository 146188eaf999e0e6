"""The whole way of a code, with the installed program: from a scanner's bytes to the regulator's books."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from lined.sandbox.devices.player import Feed, ScannerSettings, SimulatedScanner, good
from tests.harness.daemon import OTHER_GTIN, Line, device
from tests.harness.programs import free_port, run

FAST = ScannerSettings(window=1_000)


def sums_agree(status: dict[str, Any]) -> bool:
    reads = status["reads"]
    total = reads["accepted"] + reads["rejected"] + reads["no_read"] + reads["repeats"]
    return bool(reads["total"] == total and sum(reads["by_reason"].values()) == reads["rejected"])


@pytest.mark.slow
@pytest.mark.bound(300)
async def test_demo_reports_65000_codes_in_three_documents_each_once() -> None:
    done = await run("demo", "--codes", "65000", "--json", within_s=290)
    assert done.code == 0, done.errors
    summary = done.json
    assert summary["ok"], summary["checks"]
    documents = summary["reports"]
    assert len(documents) >= 3
    assert max(report["codes"] for report in documents) <= 30_000
    assert {report["state"] for report in documents} == {"succeeded"}
    assert summary["books"]["codes"]["applied"] == summary["status"]["codes"]["accepted"] == 65_000
    assert summary["books"]["codes"]["applied_more_than_once"] == 0
    assert sums_agree(summary["status"])


@pytest.mark.bound(240)
@pytest.mark.parametrize(
    ("way", "count"), [("lined connects", 65_000), ("the device connects", 20_000), ("a pty", 10_000)]
)
async def test_every_code_is_accepted_once_in_the_regulators_books(tmp_path: Path, way: str, count: int) -> None:
    listening = free_port()
    address = {
        "lined connects": "tcp-listen://127.0.0.1:0",
        "the device connects": f"tcp://127.0.0.1:{listening}",
        "a pty": f"pty://{tmp_path / 'scanner'}",
    }[way]
    async with Line(tmp_path, [address], scanner=FAST) as line:
        line.items[0].extend(await line.issue(count))
        await line.start_job()
        await line.play()
        await line.command("job/stop")
        status = await line.until_settled()
        assert line.scanners[0].results.accepted == set(line.items[0]) == await line.applied()
        assert status["codes"]["accepted"] == status["reads"]["accepted"] == count
        assert sums_agree(status)
        books = await line.books()
        assert books["codes"]["applied_more_than_once"] == books["codes"]["repeated_attempts"] == 0
        reports = await line.reports()
        assert len(reports) >= -(-count // 30_000)
        assert all(report["state"] == "succeeded" and report["codes"] <= 30_000 for report in reports)


@pytest.mark.bound(480)
async def test_nothing_is_lost_or_reported_twice_when_the_daemon_is_killed_three_times(tmp_path: Path) -> None:
    part, feed = 3_000, Feed()
    settings = ScannerSettings(rate=2_000, window=200, reply_timeout_s=2)
    scanner = SimulatedScanner("tcp-listen://127.0.0.1:0", feed, settings, tmp_path / "scanner.log")
    line = Line(tmp_path, max_codes=1_000)
    line.scanners.append(scanner)
    async with line:
        codes = await line.issue(4 * part)
        await line.start_job()
        playing = asyncio.create_task(line.play())
        results = scanner.results
        for given in (part, 2 * part, 3 * part):  # nothing more passes before the kill, however long that takes
            put(feed, codes[given - part : given])

            async def under_way(given: int = given) -> bool:
                return len(results.accepted) >= given - part // 2

            await line.until(under_way, "the scanner got no further")
            await line.kill()
            await line.start()
        put(feed, codes[3 * part :])
        feed.close()
        await playing
        await line.command("job/stop")
        await line.until_settled(bound_s=360)
        assert results.counts["connections"] >= 4
        assert results.accepted == set(codes), "an item was never accepted"
        assert results.never_accepted == set()
        assert await line.applied() == results.accepted, "what was said and what the regulator holds differ"
        books = await line.books()
        assert books["codes"]["applied_more_than_once"] == books["codes"]["repeated_attempts"] == 0


def put(feed: Feed, codes: list[bytes]) -> None:
    for item in good(codes):
        feed.put(item)


async def test_each_verdict_comes_over_the_wire_in_the_order_of_the_reads_and_is_counted(tmp_path: Path) -> None:
    async with Line(tmp_path, [f"raw:tcp-listen://127.0.0.1:{free_port()}"]) as line:
        good, other, third = (await line.issue(3))[:3]
        foreign = (await line.issue(1, OTHER_GTIN))[0]
        async with device(line) as (reader, writer):

            async def say(*frames: bytes) -> list[bytes]:
                writer.write(b"".join(frame + b"\r\n" for frame in frames))
                return [await asyncio.wait_for(reader.readline(), 60) for _ in frames]

            assert await say(good) == [b"NG\r\n"]  # no job yet
            await line.start_job()
            frames = [
                good,
                good,
                b"NOREAD",
                foreign,
                b"garbage",
                other,
                b"00030779729200012315",
                b"\xd0\xaf" + third,
                third,
            ]
            expected = [b"OK", b"NG", b"NG", b"NG", b"NG", b"OK", b"NG", b"NG", b"OK"]
            assert await say(*frames) == [word + b"\r\n" for word in expected]
            bare = good.split(b"\x1d")[0]
            assert await say(bare) == [b"NG\r\n"]
        status = await line.status()
        assert {reason: n for reason, n in status["reads"]["by_reason"].items() if n} == {
            "no-job": 1,
            "duplicate": 1,
            "wrong-product": 1,
            "malformed": 3,
            "wrong-level": 1,
        }
        assert status["reads"]["accepted"] == 3
        assert status["reads"]["no_read"] == 1
        assert status["codes"]["unreported"] == 3
        assert sums_agree(status)


@pytest.mark.bound(120)
async def test_sigterm_under_load_ends_within_10_s_with_everything_acknowledged_in_the_journal(tmp_path: Path) -> None:
    settings = ScannerSettings(rate=3_000, window=500, reply_timeout_s=5)
    async with Line(tmp_path, ["tcp-listen://127.0.0.1:0"], scanner=settings) as line:
        line.items[0].extend(await line.issue(30_000))
        await line.start_job()
        playing = asyncio.create_task(line.play())
        results = line.scanners[0].results

        async def under_load() -> bool:
            return len(results.accepted) >= 5_000

        try:
            await line.until(under_load, "no load")
            assert await line.terminate() == 0
            said = set(results.accepted)
            assert len(said) < 30_000, "the load had ended before the signal"
        finally:
            playing.cancel()
            await asyncio.gather(playing, return_exceptions=True)
        await line.start()
        status = await line.status()
        assert status["codes"]["unreported"] + status["codes"]["reported"] + status["codes"]["accepted"] >= len(said)
        for code in list(said)[:: max(1, len(said) // 50)]:
            ident = code.split(b"\x1d")[0].decode()
            found, _ = await line.request("GET", f"/api/v1/codes?code={_quoted(ident)}")
            assert found == 200, ident


def _quoted(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="")
