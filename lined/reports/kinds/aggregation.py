"""The aggregation report (API 1.18.2 §5.3): packages with their direct children.

    {"aggregationUnits": [{"aggregationItemsCount": 2, "aggregationUnitCapacity": 12, "codes": ["01…21…", …],
     "unitSerialNumber": "00…"}, …], "business_place_id": 27, "document_date": "…", "productionOrderId": "…"}

`documentDate` is when the last of them was closed, and never before its children were made, however the clock went in
between: "the date of packing is later than that of production" is ours to see to. `shouldBeUnbundled` is never set: a
unit leaves its own parent by a disaggregation, which is the only thing the text says to free children.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from lined.journal.database import Connection
from lined.journal.tables import package_lists, packages, reports, tasks
from lined.journal.tables.packages import PackageRow
from lined.journal.tables.reports import ReportRow
from lined.journal.views import packing_times
from lined.journal.views.true_time import TrueTime
from lined.regulator.codec import FORMATS, unit, unit_codes
from lined.reports.delivery import work_list
from lined.reports.delivery.frozen import elements
from lined.reports.kinds.bodies import Body
from lined.reports.kinds.envelope import SLICE, Pieces, put_document
from lined.reports.kinds.head import Head
from lined.reports.kinds.members import Members
from lined.vocabulary.codes import CodeState
from lined.vocabulary.days import LocalDays, parse_moment
from lined.vocabulary.reports import ReportKind
from lined.vocabulary.tasks import TaskKind

BEHIND = "\x1e"  # stands in no code; between a parent and a child in the key of a child
REFUSED_UNNAMED = "package-refused"  # by nothing that was named
INNOCENT = frozenset({"package-rejected"})  # results of codes that are to blame for nothing


class Aggregation:
    """See `kinds.Kind`. Members are the packages of the batch."""

    format = FORMATS[ReportKind.AGGREGATION]

    def head(self, connection: Connection, report: ReportRow, timezone: str) -> Head:
        attributes, days = json.loads(report.attributes), LocalDays(timezone)
        packed = packing_times.packed(TrueTime(connection), connection, report)
        given = [parse_moment(text, days) for text in packing_times.given_dates(connection, report)]
        fields = {
            "business_place_id": attributes["business_place_id"],
            "document_date": days.local(packed.ms).isoformat(),
            "order": attributes.get("order"),
        }
        return Head(fields, packed, produced=max(given, default=None))

    def body(self, connection: Connection, report: ReportRow, timezone: str, form: str) -> Body:  # noqa: ARG002
        members = package_lists.left(connection, report.batch_id)
        fields = self.head(connection, report, timezone).fields
        pieces = Pieces(envelope=self.format.envelope)
        put_document(pieces, self.format.written(fields), self.format.codes_in, _units(connection, members))
        return pieces.done(sum(package.holds + 1 for package in members), report.revision)

    def texts(self, connection: Connection, report: ReportRow) -> dict[str, str]:
        found: dict[str, str] = {}
        for element in elements(connection, report.id, self.format.codes_in):
            assert isinstance(element, dict)
            parent, children = unit_codes(element)
            found[parent] = parent
            found.update({child: f"{parent}{BEHIND}{child}" for child in children})
        return found

    def sent(self, connection: Connection, report: ReportRow, form: str) -> set[str]:  # noqa: ARG002
        return set(self.texts(connection, report))

    def members(self, ours: Collection[str], accepted: Mapping[str, str], refused: Mapping[str, str]) -> Members:
        """The rows may be packages, children or both. A package is as its own row says; without one it is refused if
        one of its children is, else accepted with them.
        """
        parents = {key for key in ours if BEHIND not in key}
        good = {key: text for key, text in accepted.items() if key in parents and key not in refused}
        silent = parents - good.keys() - refused.keys()
        bad = {key: text for key, text in refused.items() if key.partition(BEHIND)[0] not in good}
        remarks = {key: text for key, text in refused.items() if key not in bad}
        by_children = {key.partition(BEHIND)[0] for key in bad}
        named = {key.partition(BEHIND)[0] for key, reason in bad.items() if reason not in INNOCENT}
        bad |= dict.fromkeys(by_children - named, REFUSED_UNNAMED)
        for key, text in accepted.items():
            parent = key.partition(BEHIND)[0]
            if parent in silent and parent not in by_children:
                good[parent] = text
        return Members(good, bad, silent - good.keys() - by_children, remarks)

    def give_own(
        self, connection: Connection, report: ReportRow, own: str, part: Sequence[tuple[str, str]], at_ms: int
    ) -> None:
        for key, reason in part:
            parent, _, child = key.partition(BEHIND)
            package = package_lists.in_batch(connection, report.batch_id, parent)
            if package is None or (child and own == CodeState.ACCEPTED):
                continue
            if child and package.own is not None and own != CodeState.REFUSED:
                continue
            _set_own(connection, report, package, own)
            if own == CodeState.REFUSED and reason not in INNOCENT:
                _blame(connection, report, package, child, reason, at_ms)

    def with_own(self, connection: Connection, report: ReportRow, own: str) -> list[str]:
        return [str(p.ident) for p in package_lists.with_own(connection, report.batch_id, own)]

    def left(self, connection: Connection, report: ReportRow) -> int:
        return sum(package.holds + 1 for package in package_lists.left(connection, report.batch_id))


def _set_own(connection: Connection, report: ReportRow, package: PackageRow, own: str) -> None:
    packages.change(connection, package.id, own=own, own_report=report.id)
    if package.own is None:
        reports.lose(connection, report.id, package.holds + 1)


def _blame(connection: Connection, report: ReportRow, package: PackageRow, child: str, reason: str, at_ms: int) -> None:
    if child:
        tasks.add(connection, TaskKind.REFUSED_CODE, at_ms, ident=child, report_id=report.id, reason=reason)
    work_list.refused_package(connection, package.id, report.id, reason, at_ms, child)


def _units(connection: Connection, members: Sequence[PackageRow]) -> Iterator[list[dict[str, Any]]]:
    units: list[dict[str, Any]] = []
    codes = 0
    for package in members:
        children = packages.children(connection, package)
        units.append(unit(str(package.ident), children, package.capacity))
        codes += len(children) + 1
        if codes >= SLICE:
            yield units
            units, codes = [], 0
    yield units
