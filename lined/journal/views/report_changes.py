"""Changes of reports, in the order in which they happened: for those who publish them."""

from __future__ import annotations

from typing import NamedTuple

from lined.journal.database import Connection
from lined.vocabulary.facts import from_column

CHANGES_MAX = 200  # in one answer
_IS_NEWEST = "e.id = (SELECT max(id) FROM report_event WHERE report_id = r.id)"


class ReportChange(NamedTuple):
    """A report came into a state. The rest is as it stands now; `problem` and `waits_for` are of the state it is in
    now, and None with an earlier one. `no` rises; `at_ms`: milliseconds since 1970, UTC.
    """

    no: int
    report_id: int
    kind: str
    state: str
    codes: int
    document_id: str | None
    job_id: int
    problem: str | None
    waits_for: str | None
    at_ms: int


def last_before(connection: Connection, at_ms: int) -> int:
    """The number of the last change before a moment; 0 where there is none."""
    return int(
        connection.execute("SELECT coalesce(max(id), 0) FROM report_event WHERE at_ms < ?", (at_ms,)).fetchone()[0]
    )


def changes_after(connection: Connection, no: int) -> list[ReportChange]:
    """The next changes, at most CHANGES_MAX."""
    rows = connection.execute(
        "SELECT e.id, r.id, r.kind, e.after, coalesce(r.carried, r.codes), r.document_id, r.job_id, "
        f"iif({_IS_NEWEST}, r.problem, NULL), iif({_IS_NEWEST}, r.waits_for, NULL), e.at_ms "
        "FROM report_event e JOIN report r ON r.id = e.report_id WHERE e.id > ? ORDER BY e.id LIMIT ?",
        (no, CHANGES_MAX),
    ).fetchall()
    found = [ReportChange(*row) for row in rows]
    return [one._replace(problem=from_column(one.problem), waits_for=from_column(one.waits_for)) for one in found]
