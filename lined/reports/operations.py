"""What a person may decide about reports, from HTTP or the command line: once for each id, durable when answered.

Raises CommandError, or JournalFull and JournalBroken where the journal cannot commit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lined.errors import CommandError
from lined.journal import Journal
from lined.journal.commands import Command, once
from lined.journal.database import Connection
from lined.reports import people

Decision = Callable[[Connection, int, dict[str, Any], str, int], dict[str, Any]]


class ReportOperations:
    """`changed` is called with the kind's problems in mind: a held report was decided, delivery should look again."""

    def __init__(self, journal: Journal, wall_ms: Callable[[], int], changed: Callable[[], None]) -> None:
        self._journal = journal
        self._wall_ms = wall_ms
        self._changed = changed

    async def retry(
        self, report: str, body: Mapping[str, Any], *, command_id: str = "", by: str = ""
    ) -> dict[str, Any]:
        return await self._decide("report-retry", people.retry, report, body, command_id, by)

    async def release(
        self, report: str, body: Mapping[str, Any], *, command_id: str = "", by: str = ""
    ) -> dict[str, Any]:
        return await self._decide("report-release", people.release, report, body, command_id, by)

    async def _decide(
        self, name: str, decision: Decision, report: str, body: Mapping[str, Any], command_id: str, by: str
    ) -> dict[str, Any]:
        if not report.isdecimal():
            raise CommandError(404, "unknown-report", f"There is no report {report!r}.")
        fields = {**body, "report": report}
        command = Command(command_id, by, name, fields, self._wall_ms())

        def step(connection: Connection) -> dict[str, Any]:
            return once(connection, command, lambda: decision(connection, int(report), fields, by, command.at_ms))

        answer: dict[str, Any] = await self._journal.do(step)
        self._changed()
        return answer
