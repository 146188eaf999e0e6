"""A line and a regulator in one thread, for random sequences: the writer's transactions one after another, and a model
of the regulator that is handed the very bytes of each report and never has to refuse one.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any

from sqlite_utils.db import Database
from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # the library it chose

from lined import codes
from lined.journal.database import Connection
from lined.journal.schema import migrations
from lined.journal.steps import one_step
from lined.journal.tables import reports
from lined.journal.views.eligible import eligible
from lined.line.jobs import jobs
from lined.line.plant import BatchRules, PackageRule, Plant, Product, Station
from lined.line.state import LineState
from lined.line.stations.children import Child
from lined.line.stations.judging import Judging
from lined.line.stations.read import Chunk, Read
from lined.reports.kinds.bodies import unpacked
from lined.reports.kinds.kinds import kind_of
from lined.reports.planning import PlanningRules, _join
from lined.sandbox import issuing
from lined.vocabulary.errors import CommandError
from tests.rows import packages_where, reports_where

GTIN, GROUP_GTIN = "04899215122371", "14899215122378"
START_MS = 1_795_000_000_000
LEVELS = {
    "GROUP": PackageRule("GROUP", 2, "UNIT", GROUP_GTIN),
    "BOX_LV_1": PackageRule("BOX_LV_1", 2, "GROUP"),
    "BOX_LV_2": PackageRule("BOX_LV_2", 2, "BOX_LV_1"),
}
STATIONS = (
    Station("marking", "apply", ("cam",)),
    Station("groups", "pack", ("wrapper",), applies=False, level="GROUP", mode="children-then-parent"),
    Station("boxes", "pack", ("packer",), applies=False, level="BOX_LV_1", mode="parent-then-children"),
    Station("pallets", "pack", ("stacker",), applies=False, level="BOX_LV_2", mode="frame"),
)


class Model:
    """The regulator's books: what is applied, and what lies in what."""

    def __init__(self) -> None:
        self.applied: set[str] = set()
        self.parent: dict[str, str] = {}

    def held(self, parent: str) -> list[str]:
        return [child for child, outer in self.parent.items() if outer == parent]

    def aggregate(self, unit: dict[str, Any]) -> None:
        """API 1.18.2 §5.3 and docs/regulator.md, Reports: children applied and free, an empty parent."""
        parent, children = unit["unitSerialNumber"], unit["codes"]
        assert children and len(children) == unit["aggregationItemsCount"] <= unit["aggregationUnitCapacity"]
        assert not self.held(parent), f"{parent} is formed already"
        assert not parent.startswith("01") or parent in self.applied, f"group {parent} is not applied"
        for child in children:
            assert child not in self.parent, f"{child} lies in another package"
            assert child in self.applied or self.held(child), f"{child} is not applied"
        self.parent.update(dict.fromkeys(children, parent))

    def disaggregate(self, ident: str) -> None:
        """API 1.18.2 §5.5: the package and those above it."""
        outer: str | None = ident
        while outer is not None:
            above = self.parent.get(outer)
            for child in self.held(outer):
                del self.parent[child]
            outer = above


class World:
    """See the file's head."""

    def __init__(self, seed: int) -> None:
        self.connection: Connection = sqlite3.connect(":memory:", isolation_level=None)
        migrations.apply(Database(self.connection))
        devices = [(number, station.id) for number, station in enumerate(STATIONS, 1)]
        self.connection.executemany("INSERT INTO device (no, id) VALUES (?, ?)", devices)
        dates = frozenset({"production_date", "expiration_date"})
        product = Product(GTIN, "Oil", "vegetableoil", "PRODUCTION", "UZ", shelf_life_days=365, demands=dates)
        self.plant = Plant(
            line_id="line-1",
            timezone="Asia/Tashkent",
            business_place_id=27,
            products={GTIN: product},
            stations={station.id: station for station in STATIONS},
            batches=BatchRules(first_ms=0),
            aggregation=BatchRules(first_ms=0),
            packing={GTIN: LEVELS},
        )
        self.state = LineState(self.plant)
        self.judging = Judging(self.state)
        self.model = Model()
        self.rng = Random(seed)
        self.now = START_MS
        self.units: list[str] = []
        self.groups: list[str] = []
        self.ssccs = 0
        self.refused: set[str] = set()
        self.do(lambda: jobs.start(self.connection, self.state, GTIN, {}, "", self.now))

    def do(self, step: Callable[[], Any]) -> Any:
        """One transaction. A refusal undoes it, and is returned."""
        self.now += 1_000
        self.connection.execute("BEGIN")
        found = one_step(self.connection, lambda _: step())
        self.connection.execute("COMMIT")
        if isinstance(found, CommandError):
            self.state.stale = True
        return found

    def say(self, device: str, *texts: str) -> str:
        """One frame's verdict."""
        station = self.plant.station_of(device)
        number = 1 + [s.id for s in STATIONS].index(station.id)
        one = Read(station, device, number, self.now + 1_000)
        found = [one._replace(code=codes.parse(text.encode()), raw=text.encode()) for text in texts]
        reads = [one._replace(frame=tuple(found))] if station.mode == "frame" else found
        chunk = Chunk(station, device, number, one.at_ms, reads)
        verdict: str = self.do(lambda: self.judging.run(self.connection, [chunk])[0]).verdicts[0]
        return verdict

    def new_unit(self) -> str:
        self.units.append(self._issue(GTIN))
        return self.units[-1]

    def new_group(self) -> str:
        self.groups.append(self._issue(GROUP_GTIN))
        return self.groups[-1]

    def new_sscc(self) -> str:
        self.ssccs += 1
        return codes.sscc("0307797292", self.ssccs)

    def _issue(self, gtin: str) -> str:
        lot = issuing.Lot(gtin, 1, "GS1_AISTR_SHORT", 13, "UNIT", "307797292", "t")
        return "".join(next(iter(issuing.make(lot, 1, self.rng))))

    # ── reports ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def plan(self) -> None:
        found = eligible(self.connection, 1_000)
        self.do(lambda: _join(self.connection, found, PlanningRules(27, 7), self.now))

    def seal(self) -> None:
        for report in reports_where(self.connection, "state = 'open' AND codes > 0"):
            self.do(partial(jobs.end_batch, self.connection, self.state, report, self.now, "test"))

    def send(self, report: reports.ReportRow) -> None:
        """Freeze and send one sealed report; nobody knows yet what becomes of it."""
        if report.codes == 0:
            self.do(lambda: reports.move(self.connection, report.id, "void", self.now, "nothing left"))
            return
        body = kind_of(report).body(self.connection, report, self.plant.timezone, "identification")
        assert body.codes == report.codes, (report.kind, body.codes, report.codes)
        self.do(lambda: self._sent(report, body.packed, body.fingerprint))

    def _sent(self, report: reports.ReportRow, packed: bytes, fingerprint: str) -> None:
        self.connection.execute("INSERT INTO body (report_id, packed) VALUES (?, ?)", (report.id, packed))
        reports.change(self.connection, report.id, fingerprint=fingerprint, frozen_ms=self.now)
        reports.move(self.connection, report.id, "sending", self.now, "test")
        reports.move(self.connection, report.id, "submitted", self.now, "test", document_id=f"d{report.id}")

    def finish(self, report: reports.ReportRow, refuse: int = 0) -> None:
        """The regulator has processed a document; `refuse` so many codes of a utilisation."""
        packed = self.connection.execute("SELECT packed FROM body WHERE report_id = ?", (report.id,)).fetchone()[0]
        wire = json.loads(unpacked(packed))
        content = json.loads(base64.b64decode(wire["documentBody"])) if "documentBody" in wire else wire
        refused: list[str] = []
        if report.kind == "utilisation":
            idents = [code.partition("\x1d")[0] for code in content["sntins"]]
            refused = idents[:refuse]
            self.refused.update(refused)
            self.model.applied.update(idents[refuse:])
        elif report.kind == "aggregation":
            for unit in content["aggregationUnits"]:
                self.model.aggregate(unit)
        else:
            for ident in content["codes"]:
                self.model.disaggregate(ident)
        named = [(ident, "code-not-owned") for ident in refused]
        kind = kind_of(report)
        self.do(lambda: kind.give_own(self.connection, report, "refused", named, self.now))
        after = "partial" if refused else "succeeded"
        self.do(lambda: reports.move(self.connection, report.id, after, self.now, "test"))

    def in_state(self, state: str) -> list[reports.ReportRow]:
        return reports_where(self.connection, "state = ? ORDER BY id", state)

    def deliver_all(self) -> None:
        """Until nothing moves: what may be reported is reported, and accepted."""
        for _ in range(20):
            self.plan()
            self.seal()
            moving = self.in_state("sealed")
            for report in moving:
                self.send(report)
            for report in self.in_state("submitted"):
                self.finish(report)
            if not moving and not eligible(self.connection, 1):
                return
        raise AssertionError("reports do not come to an end")

    # ── what must hold ──────────────────────────────────────────────────────────────────────────────────────────────

    def child(self, ident: str) -> Child | None:
        from lined.line.stations import rework

        try:
            return rework.child_of_code(self.connection, ident)
        except CommandError:
            return None

    def tree(self) -> dict[str, str]:
        """Child → parent, of closed packages."""
        rows = self.connection.execute(
            "SELECT c.ident, p.ident FROM code c JOIN package p ON p.id = c.package_id WHERE p.state = 'closed' "
            "UNION ALL "
            "SELECT k.ident, p.ident FROM package k JOIN package p ON p.id = k.package_id WHERE p.state = 'closed'"
        )
        return dict(rows.fetchall())

    def check(self) -> None:
        """No code in two packages, none in one that is no more, none over capacity, no cycle; sums that add up."""
        everything = packages_where(self.connection)
        alive = {package.id: package for package in everything if package.state != "dissolved"}
        inside: dict[int, int] = {}
        for (package_id,) in self.connection.execute("SELECT package_id FROM code WHERE package_id IS NOT NULL"):
            assert alive[package_id].child_level == "UNIT"
            inside[package_id] = inside.get(package_id, 0) + 1
        for package in everything:
            if package.package_id is not None:
                assert package.id in alive and alive[package.package_id].child_level == package.level
                inside[package.package_id] = inside.get(package.package_id, 0) + 1
            depth, outer = 0, package
            while outer.package_id is not None:
                depth, outer = depth + 1, alive[outer.package_id]
                assert depth <= 3, "a cycle"
        for package in alive.values():
            assert package.holds == inside.get(package.id, 0) <= max(package.capacity, 0)
        for report in reports_where(self.connection, "kind = 'aggregation' AND state IN ('open', 'sealed')"):
            found = packages_where(self.connection, "batch_id = ? AND own IS NULL", report.batch_id)
            assert report.codes == sum(package.holds + 1 for package in found)
        sums = dict(self.connection.execute("SELECT name, n FROM counter WHERE job_id = 0 AND name GLOB 'code.*'"))
        count = self.connection.execute("SELECT count(*) FROM code").fetchone()[0]
        assert sum(n for name, n in sums.items() if name != "code.applied") == count
