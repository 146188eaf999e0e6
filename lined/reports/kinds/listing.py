"""Reports that are lists of codes: correction and disaggregation (API 1.18.2 §5.4, §5.5). Members are rows of `member`.

{"document_date": "…", "codes": ["00…", …]}
{"document_date": "…", "codes": ["01…21…", …], "updatedFields": {"seriesNumber": "…", …}}
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence

from lined.journal.database import Connection
from lined.journal.tables import members, packages
from lined.journal.tables.reports import ReportRow
from lined.journal.views.true_time import TrueTime
from lined.regulator.codec import FORMATS, UPDATED
from lined.reports.delivery import work_list
from lined.reports.delivery.frozen import elements
from lined.reports.kinds.bodies import Body
from lined.reports.kinds.envelope import SLICE, Pieces, put_document
from lined.reports.kinds.head import Head
from lined.reports.kinds.members import Members, each_by_its_row
from lined.vocabulary.codes import CodeState
from lined.vocabulary.days import LocalDays
from lined.vocabulary.reports import ReportKind


class Listing:
    """See `kinds.Kind`. `updates`: whether the document changes attributes, which is how the two are told apart."""

    def __init__(self, *, updates: bool) -> None:
        self._updates = updates
        self.format = FORMATS[ReportKind.CORRECTION if updates else ReportKind.DISAGGREGATION]

    def head(self, connection: Connection, report: ReportRow, timezone: str) -> Head:
        attributes = json.loads(report.attributes)
        sealed = TrueTime(connection).of_sealing(report)
        fields = {
            "document_date": LocalDays(timezone).local(sealed.ms).isoformat(),
            UPDATED: attributes["updated"] if self._updates else None,
        }
        return Head(fields, sealed)

    def body(self, connection: Connection, report: ReportRow, timezone: str, form: str) -> Body:  # noqa: ARG002
        fields = self.head(connection, report, timezone).fields
        pieces = Pieces(envelope=self.format.envelope)
        count = 0

        def codes() -> Iterator[list[str]]:
            nonlocal count
            for rows in members.left(connection, report, SLICE):
                count += len(rows)
                yield rows

        put_document(pieces, self.format.written(fields), self.format.codes_in, codes())
        return pieces.done(count, report.revision)

    def texts(self, connection: Connection, report: ReportRow) -> dict[str, str]:
        return {str(code): str(code) for code in elements(connection, report.id, self.format.codes_in)}

    def sent(self, connection: Connection, report: ReportRow, form: str) -> set[str]:  # noqa: ARG002
        return set(self.texts(connection, report))

    def members(self, ours: Collection[str], accepted: Mapping[str, str], refused: Mapping[str, str]) -> Members:
        return each_by_its_row(ours, accepted, refused)

    def give_own(
        self, connection: Connection, report: ReportRow, own: str, part: Sequence[tuple[str, str]], at_ms: int
    ) -> None:
        for ident, reason in part:
            if members.set_own(connection, report, ident, own) and own == CodeState.REFUSED:
                self._blame(connection, report, ident, reason, at_ms)

    def _blame(self, connection: Connection, report: ReportRow, ident: str, reason: str, at_ms: int) -> None:
        package = packages.by_ident(connection, ident)
        if package is not None and not self._updates:
            work_list.refused_package(connection, package.id, report.id, reason, at_ms)
        else:
            work_list.refused_code(connection, ident, report.id, reason, at_ms)

    def with_own(self, connection: Connection, report: ReportRow, own: str) -> list[str]:
        return members.with_own(connection, report, own)

    def left(self, connection: Connection, report: ReportRow) -> int:
        return members.count_left(connection, report)
