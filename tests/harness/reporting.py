"""Delivery at a desk: a real journal on disk, a regulator that answers as it is told, a clock that is set by hand.

The loops are not run: a test takes the steps they take (`send`, `look`, `follow`), one by one.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from lined.codes import without_separators
from lined.commands.registry.execution import Commands
from lined.journal import Journal
from lined.journal.database import Connection, SqliteError
from lined.journal.outcomes import seal
from lined.journal.tables import codes, counters, reports
from lined.journal.tables.reports import ReportRow
from lined.reports.delivery.loops import Delivery
from lined.reports.delivery.ports import Ports
from lined.reports.delivery.rules import DeliveryRules
from lined.service.opening import opened
from lined.vocabulary.errors import OutcomeUnknown, Unavailable
from lined.vocabulary.facts import from_column
from tests.commands import report_commands
from tests.harness.office import Clock, Doc, Office
from tests.profiles import PROFILE
from tests.rows import reports_where

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
DAY_MS = 24 * HOUR_MS
TAIL = "\x1d93vuzv"
BINDING = {"profile": "asl-belgisi", "url": "http://127.0.0.1", "tin": "307797292", "business_place_id": "27"}
RULES = DeliveryRules()
ATTRIBUTES: dict[str, Any] = {
    "group": "vegetableoil",
    "release_type": "PRODUCTION",
    "country": "UZ",
    "shelf_life_days": 1095,
    "demands": ["expiration_date", "production_date"],
    "business_place_id": 27,
    "order": None,
    "series": None,
    "production_date": None,
    "expiration_date": None,
}


def idents(first: int, count: int) -> list[str]:
    """Identification codes, each different."""
    return [f"010489921512237121{number:013d}" for number in range(first, first + count)]


class Told:
    """What people are told is wrong."""

    def __init__(self) -> None:
        self.now: dict[tuple[str, str], str] = {}

    def set(self, kind: str, where: str, text: str) -> None:
        self.now[(kind, where)] = text

    def clear(self, kind: str, where: str) -> None:
        self.now.pop((kind, where), None)


class Desk:
    """A journal, its delivery, and the regulator's office."""

    def __init__(self, path: Path, rules: DeliveryRules) -> None:
        self.path = path
        self.rules = rules
        self.clock = Clock()
        self.office = Office(self.clock)
        self.told = Told()
        self.journal: Journal
        self.delivery: Delivery
        self.people: Commands
        self.ports: Ports
        self._made = 0

    async def open(self) -> None:
        """Open the journal, whatever lies there, and recover, as the daemon starts."""
        self.journal = Journal(self.path)
        await opened(self.journal, BINDING, ["cam-1"], self.path.parent, "continue", self.clock.ms)
        self.ports = Ports(
            journal=self.journal,
            regulator=self.office,
            problems=self.told,
            rules=self.rules,
            profile=PROFILE,
            timezone="Asia/Tashkent",
            wall_ms=lambda: self.clock.ms,
            sleep=asyncio.sleep,
            chance=random.Random(1),
        )
        self.delivery = Delivery(self.ports)
        self.people = report_commands(self.journal, lambda: self.clock.ms, self.delivery.nudge)
        await self.delivery.recover()

    async def restart(self) -> None:
        """The program ends and starts again."""
        await self.journal.close()
        await self.open()

    # ── what the loops do ───────────────────────────────────────────────────────────────────────────────────────────
    async def send(self) -> bool:
        return await self.delivery.send_next()

    async def look(self) -> None:
        await self.delivery.look_next()

    async def follow(self) -> None:
        await self.delivery.follow_next()

    # ── rows ────────────────────────────────────────────────────────────────────────────────────────────────────────
    async def batch(self, count: int = 3, **attributes: Any) -> int:
        """A sealed report over new codes. Returns its id."""
        number = self._made
        self._made += count
        report_id: int = await self.journal.do(lambda c: _batch(c, self.clock.ms, number, count, attributes))
        return report_id

    async def report(self, report_id: int) -> ReportRow:
        found = await self.journal.read(reports.get, report_id)
        assert found is not None
        return found

    async def state(self, report_id: int) -> str:
        return (await self.report(report_id)).state

    async def all_reports(self) -> list[ReportRow]:
        return await self.journal.read(reports_where)

    async def codes_of(self, report_id: int) -> list[str]:
        """The identification codes of the report's batch."""
        batch_id = (await self.report(report_id)).batch_id
        return [row[0] for row in await self.rows("SELECT ident FROM code WHERE batch_id = ? ORDER BY id", batch_id)]

    async def full_codes_of(self, report_id: int) -> list[str]:
        return [without_separators(ident + TAIL) for ident in await self.codes_of(report_id)]

    async def buckets(self) -> dict[str, str]:
        """What each code counts as; the sums agree with it."""
        return await self.journal.read(_buckets)

    async def rows(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Facts as what they say."""
        found = await self.journal.read(lambda c: c.execute(sql, parameters).fetchall())
        return [tuple(from_column(one) if isinstance(one, str) else one for one in row) for row in found]

    async def execute(self, sql: str, *parameters: object) -> None:
        """Change the journal behind everybody's back."""

        def step(connection: Connection) -> None:
            connection.execute(sql, parameters)

        await self.journal.do(step)

    def fill_disk(self) -> list[int]:
        """The disk has no room until `free_disk`. Returns a counter of the writes it refused."""
        refused = [0]

        def point(name: str) -> None:
            if name == "before-commit":
                refused[0] += 1
                error = SqliteError("database or disk is full")
                error.sqlite_errorcode = 13
                raise error

        self.journal.writer._crash_point = point
        return refused

    def free_disk(self) -> None:
        self.journal.writer._crash_point = lambda _name: None

    async def withdraw(self, ident: str, reason: str = "damaged") -> None:
        def step(connection: Connection) -> None:
            known = codes.find(connection, [ident])[ident]
            codes.set_own(connection, known, "withdrawn", self.clock.ms, detail=reason)

        await self.journal.do(step)

    # ── ways into a state ───────────────────────────────────────────────────────────────────────────────────────────
    async def in_doubt(self, count: int = 3, why: Exception | None = None, arrives: str = "") -> int:
        """A report whose only attempt got no readable answer; `arrives`: it was registered under this id."""
        report_id = await self.batch(count)
        self.office.answers.append(why or OutcomeUnknown("no answer within the time-out"))
        if arrives:
            self.office.arrives.append(arrives)
        assert await self.send()
        assert await self.state(report_id) == "in_doubt"
        return report_id

    async def miss(self) -> None:
        """A look in its time that finds nothing: the clock is set forward to it."""
        due = await self.rows("SELECT min(due_ms) FROM report WHERE state = 'in_doubt'")
        self.clock.pass_ms(max(0, due[0][0] - self.clock.ms))
        await self.look()

    async def submitted(self, count: int = 3) -> tuple[int, Doc]:
        """A report with its document."""
        report_id = await self.batch(count)
        assert await self.send()
        row = await self.report(report_id)
        assert row.state == "submitted" and row.document_id is not None
        return report_id, self.office.docs[row.document_id]

    async def followed(self, ms: int = 0) -> None:
        """The documents are looked at once they are due."""
        due = await self.rows(
            "SELECT max(due_ms) FROM report WHERE document_id IS NOT NULL AND state IN ('submitted', 'held', 'partial')"
        )
        self.clock.pass_ms(max(ms, (due[0][0] or 0) - self.clock.ms, 0))
        await self.follow()


@asynccontextmanager
async def desk(path: Path, **rules: int) -> AsyncIterator[Desk]:
    """A desk over a journal; `rules` are changes to DeliveryRules."""
    d = Desk(path, replace(RULES, **rules))
    await d.open()
    try:
        yield d
    finally:
        await d.journal.close()


UNAVAILABLE = Unavailable("HTTP 503")


def _batch(connection: Connection, at_ms: int, number: int, count: int, attributes: dict[str, Any]) -> int:
    """What the line leaves behind for delivery: a sealed batch with its codes and sums."""
    job_id = connection.execute("SELECT max(id) FROM job").fetchone()[0]
    given = {**ATTRIBUTES, **attributes}
    if job_id is None:
        connection.execute(
            "INSERT INTO job (gtin, product, mode, attributes, started_ms) VALUES ('', '{}', 'normal', ?, ?)",
            (json.dumps({key: given[key] for key in ("order", "series", "production_date", "expiration_date")}), at_ms),
        )
        job_id = 1
    first = codes.last_id(connection) + 1
    report_id = reports.open_batch(
        connection,
        kind="utilisation",
        job_id=job_id,
        attributes=given,
        day=None,
        first_code=first,
        at_ms=at_ms,
        early=False,
    )
    names = idents(number, count)
    codes.insert(connection, [(first + n, ident, TAIL, at_ms, 1, job_id, report_id) for n, ident in enumerate(names)])
    reports.change(connection, report_id, codes=count, first_ms=at_ms, last_ms=at_ms)
    counters.add(connection, job_id, {"code.unreported": count})
    row = reports.get(connection, report_id)
    assert row is not None
    seal(connection, row, at_ms, "test")
    return report_id


def _buckets(connection: Connection) -> dict[str, str]:
    names = [row[0] for row in connection.execute("SELECT ident FROM code ORDER BY id")]
    found = {ident: codes.bucket_of(connection, code) for ident, code in codes.find(connection, names).items()}
    counted = {name: n for name, n in counters.of_job(connection).items() if n and name.startswith("code.")}
    real: dict[str, int] = {}
    for bucket in found.values():
        real[f"code.{bucket}"] = real.get(f"code.{bucket}", 0) + 1
    assert counted == real, (counted, real)
    return found
