"""No question looks through all codes or all reads, whatever the journal holds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lined.journal.database import Connection
from lined.journal.tables import jobs
from lined.journal.views import queries, stories
from tests.harness.served_lines import a_line

IDENT = "0104899215122371210000000000001"
GROWING = {"code", "read", "code_event", "report_event", "unsaid", "grade", "member"}
"""Tables with a row for each code, read or change. The unsaid are counted, which their own small table allows."""

QUESTIONS: dict[str, Callable[[Connection], Any]] = {
    "sums": queries.sums,
    "job": lambda connection: jobs.get(connection, 1),
    "reports": lambda connection: queries.report_page(connection, limit=1000),
    "reports of a state": lambda connection: queries.report_page(connection, state="open", kind="utilisation", after=9),
    "one report": lambda connection: queries.report_story(connection, 1),
    "packages": lambda connection: stories.package_page(connection, after=9),
    "open packages": lambda connection: stories.package_page(connection, state="open"),
    "waiting packages": lambda connection: stories.package_page(connection, state="waiting", after=9),
    "one code": lambda connection: stories.code_story(connection, IDENT),
}


@pytest.mark.parametrize("name", QUESTIONS)
async def test_every_statement_goes_by_an_index(tmp_path: Path, name: str) -> None:
    def plans(connection: Connection) -> list[tuple[str, str]]:
        said: list[str] = []
        connection.set_trace_callback(said.append)
        found = QUESTIONS[name](connection)
        connection.set_trace_callback(None)
        assert found is not None
        selects = [text for text in said if text.lstrip().upper().startswith("SELECT")]
        assert selects
        steps = [(text, row[3]) for text in selects for row in connection.execute(f"EXPLAIN QUERY PLAN {text}")]
        return [(text, step) for text, step in steps if step.startswith("SCAN")]

    async with a_line(tmp_path) as line:
        await line.start()
        await line.codes([1, 2])
        await line.post("/api/v1/codes/withdraw", {"code": IDENT, "reason": "sample"})
        scans = await line.journal.read(plans)
    for text, step in scans:
        table = step.split()[1]
        assert table not in GROWING - {"unsaid"}, (step, text)


async def test_counts_of_reports_are_not_counted_again_where_nothing_happened(tmp_path: Path) -> None:
    def counted_again(connection: Connection, known: queries.ReportCounts) -> bool:
        said: list[str] = []
        connection.set_trace_callback(said.append)
        queries.report_counts(connection, known)
        connection.set_trace_callback(None)
        return any("GROUP BY state" in text for text in said)

    async with a_line(tmp_path) as line:
        await line.start()
        await line.codes([1])
        known = await line.journal.read(queries.report_counts)
        assert known.by_state["open"] == 1
        assert not await line.journal.read(counted_again, known)
        await line.post("/api/v1/reports/seal")
        assert await line.journal.read(counted_again, known)


async def test_sums_are_of_one_moment(tmp_path: Path) -> None:
    """A commit between two of the question's statements is not half seen."""
    async with a_line(tmp_path) as line:
        await line.start()
        await line.codes([1])

        loop = asyncio.get_running_loop()

        def interrupted(connection: Connection) -> queries.Sums:
            def meanwhile(text: str) -> None:
                if "GROUP BY state" in text:
                    connection.set_trace_callback(None)
                    asyncio.run_coroutine_threadsafe(line.codes([2, 3]), loop).result(10)

            connection.set_trace_callback(meanwhile)
            return queries.sums(connection)

        found = await line.journal.read(interrupted)
        assert found.life["code.unreported"] == found.backlog.codes == 1
        after = await line.journal.read(queries.sums)
        assert after.life["code.unreported"] == after.backlog.codes == 3
