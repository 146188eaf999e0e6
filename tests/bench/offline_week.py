"""The regulator is away for as long as it takes to apply millions of codes; then it is back, and nobody does anything.

    python -m tests.bench.offline_week                  3,000,000 codes, about 20 minutes, 3 GB of disk
    python -m tests.bench.offline_week --codes 90000    for breakage, not for figures

The codes go through the daemon as a program, over TCP, each with its verdict, into a journal on this disk. Between the
loads the latency of a verdict is measured at 200 reads a second. Then the stand-in for the regulator answers again,
with the limits of its text (100 requests a minute, 30,000 codes a report): nothing is accelerated but the documents,
which are decided within 2 s. Exit 1 where a code is missing or stands twice in its books.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from lined.sandbox import SandboxSettings
from tests.harness.daemon import Line, Wire, device
from tests.harness.programs import free_port
from tests.harness.proxy import Proxy

ISSUED_AT_ONCE = 100_000
CHUNK = 200  # frames in one write of the load
UNDER_WAY = 4_000
PROBE_RATE = 200
PROBE_S = 15
STEPS = 3
BACKLOG_S = 3600.0


class AwayLine(Line):
    """A line whose regulator can be away: `proxy.leave`, `proxy.come_back`."""

    def __init__(self, folder: Path) -> None:
        settings = SandboxSettings(final_after_s=(0.5, 2.0))
        self.proxy = Proxy(("", 0))
        super().__init__(folder, [f"raw:tcp-listen://127.0.0.1:{free_port()}"], sandbox=settings, proxy=self.proxy)


async def load(wire: Wire, codes: list[bytes]) -> float:
    """Read them all as fast as verdicts come; every one must be accepted. Returns reads a second."""
    reader, writer = wire
    began, sent, heard = time.perf_counter(), 0, 0
    while heard < len(codes):
        while sent < len(codes) and sent - heard < UNDER_WAY:
            writer.write(b"".join(code + b"\r\n" for code in codes[sent : sent + CHUNK]))
            sent = min(sent + CHUNK, len(codes))
        await writer.drain()
        answer = await asyncio.wait_for(reader.readline(), 30)
        assert answer == b"OK\r\n", answer
        heard += 1
    return len(codes) / (time.perf_counter() - began)


async def probe(wire: Wire, codes: list[bytes]) -> dict[str, float]:
    """Milliseconds from the last byte of a read to its verdict, at PROBE_RATE."""
    reader, writer = wire
    loop = asyncio.get_running_loop()
    due, took = loop.time(), []
    for code in codes:
        due += 1 / PROBE_RATE
        await asyncio.sleep(max(0.0, due - loop.time()))
        began = time.perf_counter()
        writer.write(code + b"\r\n")
        assert await asyncio.wait_for(reader.readline(), 30) == b"OK\r\n"
        took.append((time.perf_counter() - began) * 1000)
    took.sort()
    return {
        name: round(took[int(len(took) * share)], 2) for name, share in (("p50", 0.5), ("p99", 0.99), ("p999", 0.999))
    }


async def week(line: AwayLine, count: int) -> dict[str, Any]:
    """The whole story; the figures."""
    probing = PROBE_RATE * PROBE_S
    left = await _issued(line, count + (STEPS + 1) * probing)
    total = len(left)
    await line.proxy.leave()
    latency: dict[str, dict[str, float]] = {}
    rates: list[int] = []
    async with device(line) as wire:
        latency["0"] = await probe(wire, _take(left, probing))
        for step in range(1, STEPS + 1):
            rates.append(round(await load(wire, _take(left, count // STEPS if step < STEPS else len(left) - probing))))
            latency[f"{total - len(left):,}"] = await probe(wire, _take(left, probing))
            print(json.dumps({"codes": total - len(left), "reads_a_second": rates[-1]}), file=sys.stderr, flush=True)
    away = await line.status()
    await line.command("job/stop")
    began = time.monotonic()
    await line.proxy.come_back()
    status = await line.until_settled(bound_s=BACKLOG_S)
    books = await line.books()
    return {
        "codes": total,
        "latency_ms": latency,
        "reads_a_second": rates,
        "backlog_when_it_came_back": away["backlog"],
        "unreported_when_it_came_back": away["codes"]["unreported"],
        "drained_in_s": round(time.monotonic() - began, 1),
        "reports": {state: n for state, n in status["reports"].items() if n},
        "accepted": status["codes"]["accepted"],
        "applied": books["codes"]["applied"],
        "applied_more_than_once": books["codes"]["applied_more_than_once"],
        "attempted_again": books["codes"]["repeated_attempts"],
        "refused_for_the_limit": books["answers"].get("429", 0),
        "journal_bytes": status["journal"]["bytes"],
    }


async def _issued(line: AwayLine, count: int) -> list[bytes]:
    codes: list[bytes] = []
    while len(codes) < count:
        codes += await line.issue(min(ISSUED_AT_ONCE, count - len(codes)))
    return codes


def _take(codes: list[bytes], count: int) -> list[bytes]:
    """The last so many, taken off."""
    taken = codes[-count:]
    del codes[-count:]
    return taken


async def _run(count: int, folder: Path) -> dict[str, Any]:
    async with AwayLine(folder) as line:
        await line.start_job()
        return await week(line, count)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--codes", type=int, default=3_000_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lined-week-") as folder:
        figures = asyncio.run(_run(asked.codes, Path(folder)))
    print(json.dumps(figures, indent=2))
    whole = figures["applied"] == figures["accepted"] == figures["codes"]
    return 0 if whole and not figures["applied_more_than_once"] + figures["attempted_again"] else 1


if __name__ == "__main__":
    sys.exit(main())
