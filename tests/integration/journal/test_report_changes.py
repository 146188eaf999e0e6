"""What others are told of a report: each state it came into, and what is wrong only with the one it is in."""

from __future__ import annotations

from pathlib import Path

from lined.journal.database import Connection
from lined.journal.tables import reports
from lined.journal.views.report_changes import changes_after
from tests.harness.served_lines import a_line


async def test_only_the_newest_change_has_the_problem_of_now(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        await line.start()
        await line.codes([1, 2])
        (report,) = (await line.post("/api/v1/reports/seal")).json["sealed"]
        await line.hold(report, in_doubt=True)

        def waits(connection: Connection) -> None:
            reports.change(connection, int(report), waits_for="a person")

        await line.journal.do(waits)
        found = await line.journal.read(changes_after, 0)
        assert [one.state for one in found] == ["open", "sealed", "sending", "in_doubt", "held"]
        assert [one.problem for one in found] == [None] * 4 + ["the regulator refused the key"]
        assert [one.waits_for for one in found] == [None] * 4 + ["a person"]
