"""The configured line, as the decisions need it: products and stations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lined.codes import Shape
from lined.vocabulary.packages import Level
from lined.vocabulary.reports import ReportKind


@dataclass(frozen=True, slots=True)
class Product:
    """A product that may be produced here.

    `demands` names what its group's reports cannot do without: `production_date`, `expiration_date`, `series`
    (docs/regulator.md, Reports: which fields a group demands is data).
    """

    gtin: str
    name: str
    group: str
    release_type: str
    country: str
    shelf_life_days: int | None = None
    min_grade: str = "C"
    template: str | None = None
    serial_length: int | None = None
    demands: frozenset[str] = frozenset()

    @property
    def shape(self) -> Shape:
        return Shape(self.template, self.serial_length)


@dataclass(frozen=True, slots=True)
class PackageRule:
    """What a product's packages of one level are. `gtin`: a GROUP's own, 14 digits."""

    level: str
    capacity: int
    child_level: str
    gtin: str | None = None


@dataclass(frozen=True, slots=True)
class SsccRange:
    """SSCCs that lined issues: `prefix` is extension digit and company prefix; serial numbers from first to last."""

    prefix: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Station:
    """A place on the line with a role. `repeat_ms` by device: see *Repeat* in docs/contract.md, Verdicts.

    `level` and `mode`: a pack station's. `confirm_ms`: a reject here has to be confirmed within this; 0: no
    confirmation. `rejects_in_a_row`: so many are an alarm; 0: none.
    """

    id: str
    role: str
    devices: tuple[str, ...]
    applies: bool = True
    repeat_ms: Mapping[str, int] = field(default_factory=dict)
    level: str = ""
    mode: str = ""
    confirm_ms: int = 0
    rejects_in_a_row: int = 0
    name: str = ""

    @property
    def called(self) -> str:
        """What people call it."""
        return self.name or self.id


@dataclass(frozen=True, slots=True)
class BatchRules:
    """When a utilisation batch ends. Codes and milliseconds; `first_ms` 0: a job's first batch is like any other."""

    max_codes: int = 30_000
    max_age_ms: int = 900_000
    first_ms: int = 60_000
    settle_ms: int = 0


@dataclass(frozen=True, slots=True)
class Plant:
    """The whole line. `business_place_id` goes into every report.

    `validation`, `aggregation`: None where that kind is not reported. `packing`: by product GTIN, then by level.
    """

    line_id: str
    timezone: str
    business_place_id: int
    products: Mapping[str, Product]
    stations: Mapping[str, Station]
    batches: BatchRules = BatchRules()
    validation: BatchRules | None = None
    aggregation: BatchRules | None = None
    packing: Mapping[str, Mapping[str, PackageRule]] = field(default_factory=dict)
    sscc: SsccRange | None = None
    series_length: int = 20
    label_printers: Mapping[str, str] = field(default_factory=dict)
    """By pack station: the printer of its packages' labels."""
    name: str = ""
    contact: str = ""

    @property
    def called(self) -> str:
        """What people call the line."""
        return self.name or self.line_id

    def batch_rules(self, kind: str) -> BatchRules:
        """When a batch of this kind ends. A kind that is no longer reported keeps utilisation's rules for what is
        left.
        """
        own = {ReportKind.VALIDATION.value: self.validation, ReportKind.AGGREGATION.value: self.aggregation}
        return own.get(kind) or self.batches

    def product_of_group(self, gtin: str) -> str | None:
        """The GTIN of the product whose GROUP has this GTIN, or None."""
        for product, levels in self.packing.items():
            rule = levels.get(Level.GROUP)
            if rule is not None and rule.gtin == gtin:
                return product
        return None

    def station_of(self, device: str) -> Station:
        """The station a device belongs to. Raises KeyError for a device of none."""
        for station in self.stations.values():
            if device in station.devices:
                return station
        raise KeyError(device)
