"""The utilisation report as a kind: its members are the codes of the batch themselves. Its body stands in `bodies`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from lined.codes import without_separators
from lined.journal.database import Connection
from lined.journal.tables import codes
from lined.journal.tables.reports import ReportRow
from lined.regulator.codec import FORMATS
from lined.reports.delivery import work_list
from lined.reports.delivery.frozen import elements
from lined.reports.kinds import bodies
from lined.reports.kinds.bodies import Body
from lined.reports.kinds.head import Head
from lined.reports.kinds.members import Members, each_by_its_row
from lined.vocabulary.codes import CodeState
from lined.vocabulary.reports import ReportKind


class Utilisation:
    """See `kinds.Kind`."""

    format = FORMATS[ReportKind.UTILISATION]

    def head(self, connection: Connection, report: ReportRow, timezone: str) -> Head:
        return bodies.utilisation_head(connection, report, timezone)

    def body(self, connection: Connection, report: ReportRow, timezone: str, form: str) -> Body:
        return bodies.utilisation(connection, report, timezone, full=form == "full")

    def texts(self, connection: Connection, report: ReportRow) -> dict[str, str]:
        sent = self.sent(connection, report, "full")
        found: dict[str, str] = {}
        for ident, tail in codes.of_report(connection, report):
            stripped = without_separators(ident + tail)
            if stripped in sent or ident in sent:
                found[ident] = found[ident + tail] = found[stripped] = ident
        return found

    def sent(self, connection: Connection, report: ReportRow, form: str) -> set[str]:  # noqa: ARG002
        return {without_separators(str(code)) for code in elements(connection, report.id, self.format.codes_in)}

    def members(self, ours: Collection[str], accepted: Mapping[str, str], refused: Mapping[str, str]) -> Members:
        return each_by_its_row(ours, accepted, refused)

    def give_own(
        self, connection: Connection, report: ReportRow, own: str, part: Sequence[tuple[str, str]], at_ms: int
    ) -> None:
        known = codes.find(connection, [ident for ident, _ in part])
        for ident, reason in part:
            code = known.get(ident)
            if code is None or code.batch_id != report.batch_id:
                continue
            codes.set_own(connection, code, own, at_ms, detail=reason, report_id=report.id)
            if own == CodeState.REFUSED:
                work_list.refused_code(connection, ident, report.id, reason, at_ms)

    def with_own(self, connection: Connection, report: ReportRow, own: str) -> list[str]:
        return codes.with_own(connection, report, own)

    def left(self, connection: Connection, report: ReportRow) -> int:
        return codes.count_left(connection, report)
