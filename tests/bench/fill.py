"""Journals with millions of codes, made in a minute: real rows in the real schema, accepted long ago.

Serials are random, so that the index of codes has the shape it gets on a line: sorted, it would be smaller and faster.
"""

from __future__ import annotations

import asyncio
import os
import random
import string
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from lined.codes import build
from lined.journal import Journal
from lined.journal.database import Connection, open_writable

GTIN = "04899215122371"
BATCH = 30_000
SET = string.ascii_letters + string.digits
DAY_MS = 86_400_000
AGE_S = 30 * 86_400  # ago: what still has to be sent has neither expired nor is it too young to be old


def serials(count: int, seed: int) -> Iterator[str]:
    """Random serials of 13 characters; equal ones are as unlikely as on a line."""
    rng = random.Random(seed)
    for _ in range(count):
        yield "".join(rng.choices(SET, k=13))


def full_codes(count: int, seed: int) -> list[bytes]:
    """Full codes as a scanner sends them."""
    return [build("GS1_AISTR_SHORT", GTIN, serial, check="b3nc").encode("ascii") for serial in serials(count, seed)]


async def fill(path: Path, count: int, binding: dict[str, str], devices: list[str], *, sealed: int = 0) -> None:
    """A closed journal with `count` codes in reports of 30,000: succeeded, but the last `sealed` still to be sent."""
    journal = Journal(path)
    await journal.open(binding, devices)
    await journal.close()
    await asyncio.to_thread(_fill, path, count, sealed)
    path.with_name(path.name + ".said").unlink()  # without it nothing counts as unsaid


def _fill(path: Path, count: int, sealed: int) -> None:
    database = open_writable(path)
    connection = database.conn
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("PRAGMA cache_size=-2000000")
    connection.execute("BEGIN")
    connection.execute(
        "INSERT INTO job (id, gtin, product, mode, attributes, started_ms, stopped_ms)"
        " VALUES (1, ?, '{}', 'normal', '{}', 1, 2)",
        (GTIN,),
    )
    first, at_ms = 1, int(time.time() - AGE_S) * 1000
    head = f"01{GTIN}21"
    for number, size in enumerate(_sizes(count), 1):
        _report(connection, number, first, size, at_ms, done=first + size - 1 <= count - sealed)
        rows = (
            (first + i, head + serial, "\x1d93b3nc", at_ms + i, 1, 1, number)
            for i, serial in enumerate(serials(size, 1_000_003 + number))
        )
        connection.executemany(
            "INSERT OR IGNORE INTO code (id, ident, tail, at_ms, device_no, job_id, batch_id)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
        first += size
    waiting = connection.execute("SELECT coalesce(sum(codes), 0) FROM report WHERE state = 'sealed'").fetchone()[0]
    for job in (0, 1):
        connection.executemany(
            "INSERT OR REPLACE INTO counter (job_id, name, n) VALUES (?, ?, ?)",
            [(job, "code.accepted", count - waiting), (job, "code.unreported", waiting), (job, "read.accepted", count)],
        )
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    with path.open("rb") as written:  # or the daemon's first checkpoint has to wait for all of it
        os.fsync(written.fileno())


def _day_of(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).date().isoformat()


def _sizes(count: int) -> Iterator[int]:
    while count > 0:
        yield min(count, BATCH)
        count -= BATCH


def _report(connection: Connection, number: int, first: int, size: int, at_ms: int, *, done: bool) -> None:
    attributes = (
        '{"business_place_id": 27, "country": "UZ", "demands": ["expiration_date", "production_date"],'
        ' "group": "vegetableoil", "release_type": "PRODUCTION", "shelf_life_days": 1095}'
    )
    connection.execute(
        "INSERT INTO report (id, batch_id, kind, state, job_id, attributes, day, codes, first_code, last_code,"
        " first_ms, last_ms, full, opened_ms, sealed_ms, due_ms, document_id, final_ms)"
        " VALUES (?, ?, 'utilisation', ?, 1, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?)",
        (number, number, "succeeded" if done else "sealed", attributes, _day_of(at_ms), size, first,
         first + size - 1, at_ms,
         at_ms + size, at_ms, at_ms, None if done else at_ms, f"doc-{number}" if done else None,
         at_ms if done else None),
    )  # fmt: skip
