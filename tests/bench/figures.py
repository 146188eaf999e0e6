"""Each figure: how it is measured, and the goal it is held against. What it means for a line stands in the README."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from lined.journal.database import open_writable
from tests.bench.fill import BATCH, fill, full_codes
from tests.bench.plant import BenchPlant
from tests.harness.daemon import JOURNAL, Wire

WATCH = {"LINED_LOOP_WATCH": "1"}
PIPELINED = 256  # reads that one device has under way when it goes as fast as it can


class Sizes(NamedTuple):
    """Codes already in the journal (young, usual, old, backlog), seconds a latency is watched, reads of a long run."""

    young: int
    usual: int
    old: int
    backlog: int
    seconds: float
    reads: int


class Figure(NamedTuple):
    name: str
    value: float
    unit: str
    goal: str


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


# ── start ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def start(folder: Path, sizes: Sizes) -> list[Figure]:
    """From exec to devices connected on a small journal; from exec to ready after SIGKILL with the usual journal."""
    async with BenchPlant(folder, 1) as plant:
        await plant.start()
        connected = plant.connected_s
        await plant.stop()
        await _renew(plant, sizes.usual)
        await plant.start()
        await plant.start_job()
        await _pump(plant.lines[0], full_codes(2_000, 77))
        await plant.stop(kill=True)
        await plant.start()
        return [
            Figure("start: devices connected, small journal", round(connected, 2), "s", "≤ 1"),
            Figure(f"start: ready after SIGKILL, {sizes.usual:,} codes", round(plant.ready_s, 2), "s", "≤ 3"),
        ]


# ── latency ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def latency(folder: Path, sizes: Sizes) -> list[Figure]:
    """From the last byte of a read to the first of its verdict, while a report a second is built, sent and settled."""
    found = []
    disk = fdatasync_ms(folder)
    found.append(Figure("disk: fdatasync of 16 KiB p99", round(percentile(disk, 0.99), 2), "ms", "-"))
    for rate, goal in ((200, f"p99 ≤ {percentile(disk, 0.99) + 10:.1f} and ≤ 20; p99.9 ≤ 50"), (1_000, "p99 ≤ 50")):
        async with BenchPlant(folder, 1, environment=WATCH) as plant:
            plant.write_configuration(requests_per_minute=60)
            sending = max(2, int(sizes.seconds)) + 2
            await _renew(plant, sizes.usual, sealed=sending * min(BATCH, sizes.usual // 4))
            await plant.start()
            await plant.start_job()
            waits = await _paced(plant.lines[0], full_codes(int(rate * sizes.seconds), rate), rate)
            settled = (await plant.status())["reports"]["succeeded"]
            await plant.stop()
            for share in (0.5, 0.99, 0.999):
                name = f"verdict p{share * 100:g} at {rate}/s, {sizes.usual:,} codes"
                found.append(
                    Figure(name, round(percentile(waits, share) * 1000, 2), "ms", goal if share > 0.5 else "-")
                )
            found += loop_held(folder, f"at {rate}/s")
            found.append(Figure(f"reports settled by then at {rate}/s", settled, "reports", "-"))
    return found


def fdatasync_ms(folder: Path, times: int = 400) -> list[float]:
    """How long the disk itself takes for what a commit writes."""
    descriptor = os.open(folder / "sync-probe", os.O_RDWR | os.O_CREAT)
    waits = []
    try:
        for _ in range(times):
            os.write(descriptor, os.urandom(16_384))
            begun = time.perf_counter()
            os.fdatasync(descriptor)
            waits.append((time.perf_counter() - begun) * 1000)
    finally:
        os.close(descriptor)
        (folder / "sync-probe").unlink()
    return waits


async def _paced(line: Wire, frames: list[bytes], rate: float) -> list[float]:
    """Seconds from each read to its verdict, reads sent at a steady pace whatever the verdicts do."""
    reader, writer = line
    loop = asyncio.get_running_loop()
    sent: list[float] = []
    waits: list[float] = []

    async def hear() -> None:
        while len(waits) < len(frames):
            for _ in await reader.read(4096):
                waits.append(time.perf_counter() - sent[len(waits)])

    hearing = asyncio.create_task(hear())
    begun = loop.time()
    for number, frame in enumerate(frames):
        await asyncio.sleep(max(0.0, begun + number / rate - loop.time()))
        sent.append(time.perf_counter())
        writer.write(frame + b"\r\n")
    await asyncio.wait_for(hearing, 60)
    return waits


# ── intake ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def intake(folder: Path, sizes: Sizes) -> list[Figure]:
    """Sixteen devices as fast as they can, each read durable and answered in order; and plain SQLite beside it."""
    found = []
    rates, slowest = {}, {}
    for name, size, goal in (
        ("young", sizes.young, "≥ 30,000"),
        ("grown", sizes.old // 10, "-"),
        ("old", sizes.old, "≥ 15,000"),
    ):
        async with BenchPlant(folder, 16, environment=WATCH) as plant:
            await _renew(plant, size)
            await plant.start()
            await plant.start_job()
            each = sizes.reads // 32
            frames = [full_codes(each, 100 + n) for n in range(16)]
            begun = time.perf_counter()
            await asyncio.gather(*(_pump(line, part) for line, part in zip(plant.lines, frames, strict=True)))
            rates[name] = 16 * each / (time.perf_counter() - begun)
            group = 16 * each / max(1, await _commits(plant))
            waits = await _paced(plant.lines[0], full_codes(int(200 * sizes.seconds / 2), 99), 200)
            slowest[name] = percentile(waits, 0.99) * 1000
            await plant.stop()
            found.append(Figure(f"intake, {name} journal of {size:,}", round(rates[name]), "reads/s", goal))
            found += loop_held(folder, f"{name} journal")
        if name == "young":
            plain = await asyncio.to_thread(plain_sqlite, folder, each * 16, max(1, round(group)))
            found.append(
                Figure(f"intake ÷ plain sqlite, groups of {group:.0f}", round(rates[name] / plain, 2), "", "≥ 0.25")
            )
        found.append(Figure(f"verdict p99 at 200/s, {name} journal", round(slowest[name], 2), "ms", "-"))
    times = sizes.old // 10, sizes.old
    found += [
        Figure(f"growth: intake, {times[0]:,} ÷ {times[1]:,}", round(rates["grown"] / rates["old"], 2), "", "≤ 1.3"),
        Figure(f"growth: p99, {times[1]:,} ÷ {times[0]:,}", round(slowest["old"] / slowest["grown"], 2), "", "≤ 1.3"),
    ]
    return found


async def _pump(line: Wire, frames: list[bytes]) -> None:
    """Send as fast as verdicts come back, PIPELINED reads under way; every verdict must be an accept."""
    reader, writer = line
    answered = sent = 0
    while answered < len(frames):
        more = min(PIPELINED - (sent - answered), len(frames) - sent)
        if more > 0:
            writer.write(b"".join(frame + b"\r\n" for frame in frames[sent : sent + more]))
            sent += more
        verdicts = await reader.read(65_536)
        assert verdicts and not verdicts.strip(b"+"), verdicts[:80]
        answered += len(verdicts)


async def _commits(plant: BenchPlant) -> int:
    rows = (await plant.metrics()).splitlines()
    line = next((row for row in rows if row.startswith("lined_journal_commits")), "x 0")
    return int(float(line.split()[-1]))


def plain_sqlite(folder: Path, count: int, group: int) -> float:
    """Rows a second that SQLite alone inserts: the same columns, the same sync, groups of the same size."""
    path = folder / "plain.db"
    connection = open_writable(path).conn
    connection.execute("PRAGMA wal_autocheckpoint=1000")
    connection.execute(
        "CREATE TABLE code (id INTEGER PRIMARY KEY, ident TEXT NOT NULL UNIQUE, tail TEXT, at_ms INTEGER,"
        " device_no INTEGER, job_id INTEGER, batch_id INTEGER, own TEXT)"
    )
    rows = [
        (number, frame[:-7].decode(), "\x1d93b3nc", 1_700_000_000_000, 1, 1, 1, None)
        for number, frame in enumerate(full_codes(count, 5), 1)
    ]
    begun = time.perf_counter()
    for at in range(0, count, group):
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO code VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows[at : at + group])
        connection.execute("COMMIT")
    took = time.perf_counter() - begun
    connection.close()
    for part in folder.glob("plain.db*"):
        part.unlink()
    return count / took


# ── delivery ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def delivery(folder: Path, sizes: Sizes) -> list[Figure]:
    """A backlog of sealed reports, limits lifted, a regulator that answers at once: until every outcome is stored."""
    async with BenchPlant(folder, 1, environment=WATCH) as plant:
        await _renew(plant, sizes.backlog, sealed=sizes.backlog)
        begun = time.perf_counter()
        await plant.start()
        while (status := await plant.status())["codes"]["accepted"] < sizes.backlog:
            assert status["reports"]["held"] == status["reports"]["in_doubt"] == 0, status["problems"]
            await asyncio.sleep(0.05)
        took = time.perf_counter() - begun - plant.connected_s
        await plant.stop()
        rate = round(sizes.backlog / took)
        return [
            Figure(f"delivery of {sizes.backlog:,} codes", rate, "codes/s", "≥ 100,000"),
            *loop_held(folder, "while delivering"),
        ]


# ── memory, disk, wear ──────────────────────────────────────────────────────────────────────────────────────────────


async def memory(folder: Path, sizes: Sizes) -> list[Figure]:
    """Resident memory after half and all of the reads, and with a backlog that is not being delivered."""
    async with BenchPlant(folder, 16) as plant:
        plant.write_configuration(regulator=False)
        await _renew(plant, sizes.usual, sealed=sizes.usual, regulator=False)
        await plant.start()
        await plant.start_job()
        resident = []
        for half in (1, 2):
            frames = [full_codes(sizes.reads // 32, 1_000 * half + n) for n in range(16)]
            await asyncio.gather(*(_pump(line, part) for line, part in zip(plant.lines, frames, strict=True)))
            resident.append(plant.rss_mb())
        await plant.stop()
        return [
            Figure(
                f"memory after {sizes.reads // 2:,} reads, backlog {sizes.usual:,}", round(resident[0]), "MB", "≤ 120"
            ),
            Figure(f"memory after {sizes.reads:,} reads", round(resident[1]), "MB", "≤ 120, flat"),
        ]


async def disk(folder: Path, sizes: Sizes) -> list[Figure]:
    """Bytes of journal for each code, from its read to its stored outcome, bodies included."""
    async with BenchPlant(folder, 4) as plant:
        await plant.start()
        await plant.start_job()
        count = max(40_000, sizes.reads // 4)
        frames = [full_codes(count // 4, 400 + n) for n in range(4)]
        await asyncio.gather(*(_pump(line, part) for line, part in zip(plant.lines, frames, strict=True)))
        await plant.daemon.post("/api/v1/job/stop", {})
        while (await plant.status())["codes"]["accepted"] < count // 4 * 4:
            await asyncio.sleep(0.1)
        await plant.stop()
        size = (folder / JOURNAL).stat().st_size
        return [Figure("disk for a code's whole life", round(size / count), "bytes", "≤ 250")]


async def wear(folder: Path, sizes: Sizes) -> list[Figure]:
    """Bytes written to the disk for each read at a steady pace, and the years that makes of a 150 TBW disk. What other
    programs write meanwhile counts too.
    """
    found = []
    for rate in (10, 40, 200):
        async with BenchPlant(folder, 1) as plant:
            await _renew(plant, min(sizes.usual, 300_000))
            await plant.start()
            await plant.start_job()
            await plant.daemon.post("/api/v1/journal/backup", {})  # due now, and no read's doing
            count = int(rate * sizes.seconds)
            before = plant.written_bytes()
            await _paced(plant.lines[0], full_codes(count, 9_000 + rate), rate)
            await asyncio.sleep(3)
            after = plant.written_bytes()
            await plant.stop()
            if before is None or after is None:  # a file system that is no disk's
                return []
            each = (after - before) / count
            years = 150e12 / (each * rate * 86_400 * 365)
            found.append(
                Figure(f"wear at {rate}/s", round(each / 1024, 1), "KiB/read", f"150 TBW last {years:.0f} years of it")
            )
    return found


# ── common ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def _renew(plant: BenchPlant, count: int, *, sealed: int = 0, regulator: bool = True) -> None:
    """A new journal with so many codes, the last `sealed` of them waiting to be sent."""
    for part in plant.folder.glob(f"{JOURNAL}*"):
        part.unlink()
    if count:
        devices = [*plant.device_ids, *(f"station-{n}/typed" for n in range(1, plant.count + 1))]
        await fill(plant.folder / JOURNAL, count, plant.binding(regulator=regulator), devices, sealed=sealed)


def loop_held(folder: Path, when: str) -> list[Figure]:
    """The longest turn of the daemon's event loop, as its watch logged it at the end: `busy` by its own steps, `held`
    with what its threads and other processes on the same cores (this one among them) added.
    """
    rows = [json.loads(row) for row in (folder / "lined.log").read_text().splitlines() if '"loop_held"' in row]
    found = rows[-1]
    return [
        Figure(f"loop busy in one turn, {when}", found["busy_ms"], "ms", "≤ 5"),
        Figure(f"loop held in one turn, {when}", found["held_ms"], "ms", "≤ 5"),
    ]
