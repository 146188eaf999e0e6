"""A body is what the journal says in the transaction that stores it: what changes while it is built is seen."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from lined.journal.database import Connection
from lined.journal.steps import Step
from lined.journal.tables import reports
from lined.journal.tables.reports import ReportRow
from lined.reports.delivery import freezing
from lined.reports.delivery.frozen import elements
from lined.reports.kinds import bodies
from lined.reports.kinds.bodies import Body
from tests.harness.reporting import Desk, desk


def between(
    monkeypatch: pytest.MonkeyPatch, d: Desk, change: Callable[[], Awaitable[None]], times: int = 1
) -> list[int]:
    """Let something happen after the body was built and before it is stored. Returns a counter of the bodies built."""
    built = [0]
    store = freezing._store
    do = d.journal.do

    def build(connection: Connection, report: ReportRow, timezone: str, *, full: bool) -> Body:
        built[0] += 1
        return real(connection, report, timezone, full=full)

    real = bodies.utilisation
    monkeypatch.setattr(bodies, "utilisation", build)

    async def changed_first(step: Step) -> Any:
        if getattr(step, "func", None) is store and built[0] <= times:
            await change()
        return await do(step)

    monkeypatch.setattr(d.journal, "do", changed_first)
    return built


async def test_a_code_withdrawn_while_the_body_is_built_is_not_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.batch(3)
        gone, *left = await d.codes_of(report_id)
        with monkeypatch.context() as patched:
            built = between(patched, d, lambda: d.withdraw(gone))
            await d.send()
        assert built == [2]
        assert [code.partition("\x1d")[0] for code in json.loads(d.office.submitted[0])["sntins"]] == left
        assert (await d.buckets())[gone] == "withdrawn"


async def test_an_attribute_corrected_while_the_body_is_built_is_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.batch(3)

        def correct(connection: Connection) -> None:
            row = reports.get(connection, report_id)
            assert row is not None
            attributes = json.dumps({**json.loads(row.attributes), "series": "S-9"})
            reports.change(connection, report_id, attributes=attributes, revision=row.revision + 1)

        async def change() -> None:
            await d.journal.do(correct)

        with monkeypatch.context() as patched:
            built = between(patched, d, change)
            await d.send()
        assert built == [2]
        assert json.loads(d.office.submitted[0])["seriesNumber"] == "S-9"


async def test_a_report_whose_codes_are_all_withdrawn_is_void_and_never_sent(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.batch(2)
        for ident in await d.codes_of(report_id):
            await d.withdraw(ident)
        await d.send()
        assert await d.state(report_id) == "void"
        assert d.office.submitted == []


async def test_what_changes_all_the_time_is_tried_again_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.batch(3)

        async def change() -> None:
            await d.execute("UPDATE report SET revision = revision + 1")

        with monkeypatch.context() as patched:
            between(patched, d, change, times=freezing.TRIES)
            await d.send()
        assert (await d.state(report_id), d.office.submitted) == ("sealed", [])
        await d.send()
        assert await d.state(report_id) == "submitted"


async def test_frozen_bytes_are_read_back_code_by_code(tmp_path: Path) -> None:
    async with desk(tmp_path / "line.db") as d:
        report_id = await d.batch(5)
        await freezing.freeze(d.ports, await d.report(report_id))
        found = await d.journal.read(lambda c: list(elements(c, report_id, "sntins")))
        assert found == [code + "\x1d93vuzv" for code in await d.codes_of(report_id)]
