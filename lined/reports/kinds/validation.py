"""The validation report (API 1.18.2 §5.2): the print quality of codes, one row a code, per package type.

    {"business_place_id": 27, "codes": [{"code": "01…21…", "printQualityClass": "A"}], "document_date": "…",
     "package_type": "UNIT", "group": "vegetableoil", "productionOrderId": "…"}

The text asks for identification codes, its English sample sends a full one: `form` of the profile decides.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence

from lined.codes import without_separators
from lined.journal.database import Connection
from lined.journal.tables import grades
from lined.journal.tables.reports import ReportRow
from lined.journal.views.true_time import TrueTime
from lined.regulator.codec import FORMATS, graded, graded_code
from lined.reports.delivery import work_list
from lined.reports.delivery.frozen import elements
from lined.reports.kinds.bodies import Body
from lined.reports.kinds.envelope import SLICE, Pieces, put_document
from lined.reports.kinds.head import Head
from lined.reports.kinds.members import Members, each_by_its_row
from lined.vocabulary.codes import CodeState
from lined.vocabulary.days import LocalDays
from lined.vocabulary.reports import ReportKind


class Validation:
    """See `kinds.Kind`. Members are the rows of `grade` with the report's batch."""

    format = FORMATS[ReportKind.VALIDATION]

    def head(self, connection: Connection, report: ReportRow, timezone: str) -> Head:
        attributes = json.loads(report.attributes)
        sealed = TrueTime(connection).of_sealing(report)
        fields = {
            "business_place_id": attributes["business_place_id"],
            "document_date": LocalDays(timezone).local(sealed.ms).isoformat(),
            "package_type": attributes["package_type"],
            "group": attributes["group"],
            "order": attributes.get("order"),
        }
        return Head(fields, sealed)

    def body(self, connection: Connection, report: ReportRow, timezone: str, form: str) -> Body:
        fields = self.head(connection, report, timezone).fields
        pieces = Pieces(envelope=self.format.envelope)
        count = 0

        def rows() -> Iterator[list[dict[str, str]]]:
            nonlocal count
            for members in grades.left(connection, report, SLICE, full=form == "full"):
                count += len(members)
                yield [graded(code, class_) for code, class_ in members]

        put_document(pieces, self.format.written(fields), self.format.codes_in, rows())
        return pieces.done(count, report.revision)

    def texts(self, connection: Connection, report: ReportRow) -> dict[str, str]:
        sent = self.sent(connection, report, "")
        found: dict[str, str] = {}
        for ident, check_part in grades.of_report(connection, report):
            stripped = without_separators(ident + check_part)
            if ident in sent or stripped in sent:
                found[ident] = found[ident + check_part] = found[stripped] = ident
        return found

    def sent(self, connection: Connection, report: ReportRow, form: str) -> set[str]:  # noqa: ARG002  as it was sent
        return {without_separators(code) for code in _codes(connection, report)}

    def members(self, ours: Collection[str], accepted: Mapping[str, str], refused: Mapping[str, str]) -> Members:
        return each_by_its_row(ours, accepted, refused)

    def give_own(
        self, connection: Connection, report: ReportRow, own: str, part: Sequence[tuple[str, str]], at_ms: int
    ) -> None:
        for ident, reason in part:
            grades.set_own(connection, report, ident, own)
            if own == CodeState.REFUSED:
                work_list.refused_code(connection, ident, report.id, reason, at_ms)

    def with_own(self, connection: Connection, report: ReportRow, own: str) -> list[str]:
        return grades.with_own(connection, report, own)

    def left(self, connection: Connection, report: ReportRow) -> int:
        return grades.count_left(connection, report)


def _codes(connection: Connection, report: ReportRow) -> Iterator[str]:
    """The codes of the frozen body, as they were written in it."""
    for row in elements(connection, report.id, Validation.format.codes_in):
        assert isinstance(row, dict)
        yield graded_code(row)
