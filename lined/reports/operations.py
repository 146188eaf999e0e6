"""Operations on reports, from HTTP or the command line: once for each id, durable when answered.

Raises CommandError, or JournalFull and JournalBroken where the journal cannot commit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lined import codes
from lined.journal import Journal
from lined.journal.database import Connection
from lined.journal.tables.commands import Command, once
from lined.reports import people
from lined.reports.kinds import correction
from lined.vocabulary.days import LocalDays
from lined.vocabulary.errors import Conflict, Invalid, NotFound, Problem

Decision = Callable[[Connection, int, dict[str, Any], str, int], dict[str, Any]]


class ReportOperations:
    """`changed` is called with the kind's problems in mind: a held report was decided, delivery should look again."""

    def __init__(
        self,
        journal: Journal,
        wall_ms: Callable[[], int],
        changed: Callable[[], None],
        *,
        timezone: str = "Asia/Tashkent",
        most_codes: int = 30_000,
        may_correct: bool = True,
        countries: frozenset[str] = frozenset(),
    ) -> None:
        """`may_correct`: the account is a business user's, as corrections demand (API 1.21.1 §3.4).
        `countries`: those that it knows (API 1.21.1 §13.28); empty: any.
        """
        self._journal = journal
        self._wall_ms = wall_ms
        self._changed = changed
        self._timezone = timezone
        self._most_codes = most_codes
        self._may_correct = may_correct
        self._countries = countries

    async def retry(
        self, report: str, body: Mapping[str, Any], *, command_id: str = "", by: str = ""
    ) -> dict[str, Any]:
        return await self._decide("report-retry", people.retry, report, body, command_id, by)

    async def release(
        self, report: str, body: Mapping[str, Any], *, command_id: str = "", by: str = ""
    ) -> dict[str, Any]:
        return await self._decide("report-release", people.release, report, body, command_id, by)

    async def correct(self, body: Mapping[str, Any], *, command_id: str = "", by: str = "") -> dict[str, Any]:
        """Correction reports of codes the regulator has, or with `preview` what they would be: see
        `correction.correct`.
        """
        if not self._may_correct:
            raise Conflict(
                "not-allowed",
                "A technical user cannot correct codes: it takes a business user's API key.",
            )
        fields = {**body, "codes": _identifications(body.get("codes"))} if body.get("codes") else dict(body)
        command = Command("" if body.get("preview") else command_id, by, "report-correct", dict(body), self._wall_ms())
        days = LocalDays(self._timezone)

        def step(connection: Connection) -> dict[str, Any]:
            def action() -> dict[str, Any]:
                return correction.correct(
                    connection, fields, days, self._most_codes, by, command.at_ms, countries=self._countries
                )

            return once(connection, command, action)

        answer: dict[str, Any] = await self._journal.do(step)
        self._changed()
        return answer

    async def _decide(
        self, name: str, decision: Decision, report: str, body: Mapping[str, Any], command_id: str, by: str
    ) -> dict[str, Any]:
        if not report.isdecimal():
            raise NotFound("unknown-report", f"There is no report {report!r}.")
        fields = {**body, "report": report}
        command = Command(command_id, by, name, fields, self._wall_ms())

        def step(connection: Connection) -> dict[str, Any]:
            return once(connection, command, lambda: decision(connection, int(report), fields, by, command.at_ms))

        answer: dict[str, Any] = await self._journal.do(step)
        self._changed()
        return answer


def _identifications(listed: object) -> list[str]:
    """Codes with or without their check part, as identification codes. Raises CommandError 422."""
    problems: list[Problem] = []
    found: list[str] = []
    for place, text in enumerate(listed if isinstance(listed, list) else [listed]):
        try:
            found.append(codes.typed(str(text)).ident)
        except codes.Malformed as fault:
            problems.append(Problem(f"codes[{place}]", fault.reason))
    if problems:
        raise Invalid("malformed", f"{len(problems)} codes are no marking codes.", problems[:20])
    return found
