"""The validation report (EN 5.2): the print quality of codes, one row a code, per package type.

    {"businessPlaceId": 27, "codes": [{"code": "01…21…", "printQualityClass": "A"}], "documentDate": "…",
     "packageType": "UNIT", "productGroup": "vegetableoil", "productionOrderId": "…"}

The text asks for identification codes, its English sample sends a full one: `form` of the profile decides.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from lined.codes import without_separators
from lined.days import LocalDays
from lined.journal.database import Connection
from lined.journal.reports import REFUSED, ReportRow
from lined.reports import work_list
from lined.reports.bodies import Body
from lined.reports.envelope import SLICE, Pieces, put_document
from lined.reports.utilisation import strings

_MEMBERS = "FROM grade WHERE id BETWEEN ? AND ? AND batch_id = ?"
# What the frozen body holds: also the codes to which this report's outcome has given a state of their own.
_SENT = (
    "(own IS NULL OR own IN ('reported', 'accepted', 'held') OR own = 'refused' AND EXISTS ("
    "SELECT 1 FROM task t WHERE t.ident = grade.ident AND t.report_id = ? AND t.kind = 'refused-code'))"
)


class Validation:
    """See `kinds.Kind`. Members are the rows of `grade` with the report's batch."""

    def body(self, connection: Connection, report: ReportRow, timezone: str, form: str) -> Body:
        attributes = json.loads(report.attributes)
        fields = {
            "businessPlaceId": attributes["business_place_id"],
            "documentDate": LocalDays(timezone).local(report.sealed_ms or report.opened_ms).isoformat(),
            "packageType": attributes["package_type"],
            "productGroup": attributes["group"],
            "productionOrderId": attributes.get("order"),
        }
        pieces = Pieces(envelope=True)
        count = 0

        def rows() -> Iterator[list[dict[str, str]]]:
            nonlocal count
            for members in _slices(connection, report, full=form == "full"):
                count += len(members)
                yield [{"code": code, "printQualityClass": class_} for code, class_ in members]

        put_document(pieces, fields, "codes", rows())
        return pieces.done(count, report.revision)

    def texts(self, connection: Connection, report: ReportRow) -> dict[str, str]:
        found: dict[str, str] = {}
        for members in _slices(connection, report, full=True, sent=True):
            for code, _ in members:
                ident = code.partition("\x1d")[0]
                found[ident] = found[code] = found[without_separators(code)] = ident
        return found

    def sent(self, connection: Connection, report: ReportRow, form: str) -> set[str]:
        slices = _slices(connection, report, full=form == "full", sent=True)
        return {without_separators(code) for members in slices for code, _ in members}

    def listed(self, content: Mapping[str, object]) -> list[str] | None:
        rows = content.get("codes")
        if not isinstance(rows, list):
            return None
        return strings([row.get("code") if isinstance(row, dict) else None for row in rows])

    def give_own(
        self, connection: Connection, report: ReportRow, own: str, part: Sequence[tuple[str, str]], at_ms: int
    ) -> None:
        for ident, reason in part:
            changed = connection.execute(
                "UPDATE grade SET own = ? WHERE ident = ? AND batch_id = ? AND own IS NULL",
                (own, ident, report.batch_id),
            ).rowcount
            connection.execute(
                "UPDATE report SET codes = codes - ?, revision = revision + 1 WHERE id = ?", (changed, report.id)
            )
            if not changed:
                connection.execute(
                    "UPDATE grade SET own = ? WHERE ident = ? AND batch_id = ?", (own, ident, report.batch_id)
                )
            if own == REFUSED:
                work_list.refused_code(connection, ident, report.id, reason, at_ms)

    def with_own(self, connection: Connection, report: ReportRow, own: str) -> list[str]:
        rows = connection.execute(f"SELECT ident {_MEMBERS} AND own = ?", (*_range(report), own))
        return [row[0] for row in rows]

    def left(self, connection: Connection, report: ReportRow) -> int:
        return int(connection.execute(f"SELECT count(*) {_MEMBERS} AND own IS NULL", _range(report)).fetchone()[0])


def _range(report: ReportRow) -> tuple[int | None, int | None, int]:
    return report.first_code, report.last_code, report.batch_id


def _slices(
    connection: Connection, report: ReportRow, *, full: bool, sent: bool = False
) -> Iterator[list[tuple[str, str]]]:
    """(code, class) of the members without a state of their own, or of those that were sent; `full` adds the check part
    where it is known.
    """
    tail = "coalesce((SELECT tail FROM code c WHERE c.ident = grade.ident), '')" if full else "''"
    cursor = connection.execute(
        f"SELECT ident || {tail}, as_class {_MEMBERS} AND {_SENT if sent else 'own IS NULL'} ORDER BY id",
        (*_range(report), report.id) if sent else _range(report),
    )
    while rows := cursor.fetchmany(SLICE):
        yield rows
