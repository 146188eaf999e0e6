"""The configuration's tables, key by key (docs/contract.md, Configuration). Names with `_s` are seconds.

What one value may be stands in `values.py`; what has to fit together (a station's devices, a product's group) is asked
in the `rules_` files, so that nothing here hides a second problem behind the first.
"""

from __future__ import annotations

import datetime
import zoneinfo
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from lined.config.secret import Secret
from lined.config.values import (
    Clock,
    Country,
    DeviceUrl,
    FilePath,
    Gtin,
    HostName,
    Id,
    Listen,
    MqttRoot,
    MqttUrl,
    OptionalFilePath,
    OptionalSecretName,
    OptionalText,
    Pause,
    ProfileName,
    RegulatorUrl,
    SecretName,
    Text,
    Timezone,
    Tin,
    Wait,
    Wire,
    clock_time,
    split_listen,
)
from lined.regulator.profile import Profile
from lined.vocabulary.alarms import Severity
from lined.vocabulary.errors import Problem
from lined.vocabulary.line import Role
from lined.vocabulary.packages import Level, PackMode

MqttTopicName = Literal["availability", "permit", "status", "verdict", "report", "package", "alarm", "command", "reply"]
PackageLevel = Literal[Level.GROUP, Level.BOX, Level.PALLET]
ChildLevel = Literal[Level.UNIT, Level.GROUP, Level.BOX]
LEVELS = tuple(Level)  # from the item up
SSCC_DIGITS = 17  # extension digit, company prefix and serial number; the check digit comes after them
SSCC_LAST = 9_999_999


class Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False, hide_input_in_errors=True)


class Line(Table):
    id: Id
    name: OptionalText = ""
    """What people call it; "": its id."""
    contact: OptionalText = ""
    """Whom to call, as the page shows it beside alarms."""
    timezone: Timezone = "Asia/Tashkent"
    language: Literal["uz", "ru", "en"] = "en"
    shifts: Annotated[tuple[Clock, ...], Field(strict=False, max_length=24)] = ("08:00", "20:00")

    @cached_property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.timezone)

    @cached_property
    def shift_starts(self) -> tuple[datetime.time, ...]:
        """In the line's local time, ascending."""
        return tuple(sorted(map(clock_time, self.shifts)))


class Regulator(Table):
    profile: ProfileName
    """The name of one that is shipped, or the path of a file of the user's."""
    url: RegulatorUrl
    """Without a slash at its end."""
    tin: Tin
    business_place_id: Annotated[int, Field(ge=1, lt=2**63)]
    api_key_file: Annotated[SecretName, Field(validate_default=True)] = "api-key"
    """Not in use where `login` is set: see `api_key`."""
    login: OptionalText = ""
    password_file: OptionalSecretName = ""
    requests_per_minute: Annotated[int, Field(ge=1, le=1_000_000)] = 90
    poll_s: Wait = 5
    in_doubt_first_s: Wait = 60
    in_doubt_gap_s: Wait = 900
    limits: dict[str, Annotated[int, Field(ge=1, lt=2**31)]] = {}
    overrides: dict[str, object] = {}
    """Single keys of the profile, as tables or with dots: what may be there is the profile's to say."""

    @property
    def api_key(self) -> Secret | None:
        """The business user's key; None for a technical user."""
        return None if self.login else Secret("regulator.api_key_file", self.api_key_file)

    @property
    def password(self) -> Secret | None:
        """The technical user's password; None for a business user."""
        return Secret("regulator.password_file", self.password_file) if self.login else None


class Journal(Table):
    path: FilePath
    floor_bytes: Annotated[int, Field(ge=0, lt=2**63)] = 1_000_000_000
    archive_after_days: Annotated[int, Field(ge=1, le=36_500)] = 90
    on_damage: Literal["continue", "stop"] = "continue"
    backup_at: Clock = "03:30"
    """Every day, local time."""
    backup_folder: OptionalFilePath = None
    """Beside the journal; better on another disk."""
    backups_kept: Annotated[int, Field(ge=1, le=1_000)] = 3

    @property
    def token_path(self) -> Path:
        """The file of the token for local commands (docs/contract.md, HTTP)."""
        return self._beside(".token")

    @property
    def reading_token_path(self) -> Path:
        """The file of the token for programs that only look."""
        return self._beside(".reading-token")

    @property
    def port_path(self) -> Path:
        """The file that tells the port which the system chose where `status.listen` says 0."""
        return self._beside(".port")

    def _beside(self, ending: str) -> Path:
        """Where the journal itself lies, links followed."""
        journal = self.path.resolve()
        return journal.with_name(journal.name + ending)


class Sscc(Table):
    """`prefix`: extension digit and company prefix. The serial number fills what is left of 17 digits."""

    prefix: str = "0307797292"
    first: Annotated[int, Field(ge=0, lt=10**SSCC_DIGITS)] = 1
    last: Annotated[int, Field(ge=0, lt=10**SSCC_DIGITS)] = SSCC_LAST

    @property
    def serial_digits(self) -> int:
        return SSCC_DIGITS - len(self.prefix)


class Package(Table):
    level: PackageLevel = Level.BOX
    capacity: Annotated[int, Field(ge=1, lt=2**31)] = 12
    gtin: Gtin | None = None
    """A GROUP's; not used at other levels."""
    child_level: ChildLevel | None = None
    """As written; `Product.child_level` knows the default."""


class Product(Table):
    gtin: Gtin
    name: Text
    group: Text
    release_type: OptionalText = ""
    """As written, or what goes with the country that the profile is of; so does `country`."""
    country: Country = ""
    shelf_life_days: Annotated[int, Field(ge=1, le=36_500)] | None = None
    min_grade: Literal["A", "B", "C", "D", "F"] = "C"
    template: Text | None = None
    serial_length: Annotated[int, Field(ge=1, le=20)] | None = None
    low_stock: Annotated[int, Field(ge=0, le=100_000_000)] = 0
    """An alarm below so many codes; 0: none."""
    low_stock_hours: Annotated[float, Field(ge=0, le=10_000)] = 0
    """An alarm where the codes last for fewer hours; 0: none."""
    reorder_below: Annotated[int, Field(ge=0, le=100_000_000)] = 0
    """Below so many codes `reorder_quantity` are ordered by themselves; 0: never."""
    reorder_quantity: Annotated[int, Field(ge=0, lt=2**31)] = 0
    packages: Annotated[tuple[Package, ...], Field(strict=False, max_length=3, alias="package")] = ()

    def package(self, level: str) -> Package | None:
        return next((package for package in self.packages if package.level == level), None)

    def child_level(self, package: Package) -> str:
        """The level of what is packed into `package`: as written, else the next lower one of this product."""
        lower = [p.level for p in self.packages if LEVELS.index(p.level) < LEVELS.index(package.level)]
        return package.child_level or max(lower, key=LEVELS.index, default=Level.UNIT)


class Reply(Table):
    accept: Wire = ""
    reject: Wire = ""

    @property
    def accept_bytes(self) -> bytes:
        return self.accept.encode("latin-1")

    @property
    def reject_bytes(self) -> bytes:
        return self.reject.encode("latin-1")


class Device(Table):
    id: Id
    driver: Text
    url: DeviceUrl
    options: dict[str, object] = {}
    reply: Reply = Reply()
    repeat_s: Pause = 0


class Printer(Table):
    """`product`: its labels are of this one only; without, of whatever runs. `station`: it prints the labels of the
    boxes or pallets that are formed there, and no others.
    """

    id: Id
    driver: Text
    url: DeviceUrl
    options: dict[str, object] = {}
    product: Gtin | None = None
    station: Id | None = None
    queue: Annotated[int, Field(ge=1, le=1_000)] = 10
    """Labels with it at once: what is lost when its cable is pulled."""
    low_stock: Annotated[int, Field(ge=1, le=100_000)] = 1_000
    unseen_s: Pause = 900
    """A label that no reader has seen for so long after it was printed is told; 0: never."""


class Station(Table):
    id: Id
    name: OptionalText = ""
    """What people call it; "": its id."""
    role: Annotated[Role, Field(strict=False)]
    devices: Annotated[tuple[str, ...], Field(strict=False, min_length=1, max_length=64)]
    apply: bool = False
    level: PackageLevel | None = None
    """A pack station's, never None there; not used by other roles, nor is `mode`."""
    mode: Annotated[PackMode, Field(strict=False)] = PackMode.CHILDREN_FIRST
    confirm_s: Pause = 0
    verdict_deadline_ms: Annotated[float, Field(ge=0, le=60_000)] = 0
    rejects_in_a_row: Annotated[int, Field(ge=0, le=10_000)] = 10
    """So many rejects without an accept between them are an alarm; 0: none."""

    @property
    def deadline_s(self) -> float | None:
        """Seconds; None: no deadline."""
        return self.verdict_deadline_ms / 1000 or None

    @property
    def applies(self) -> bool:
        """Whether a good read here applies the code."""
        return self.role == Role.APPLY or self.apply


class Report(Table):
    max_codes: Annotated[int, Field(ge=1, lt=2**31)] = 30_000
    max_age_s: Annotated[float, Field(gt=0, le=30 * 86_400)] = 900
    settle_s: Pause = 0
    first_batch_s: Pause = 0
    """A job's first batch is sealed after this already; 0: it is like any other."""


class UtilisationReport(Report):
    first_batch_s: Pause = 60


class Reports(Table):
    """A kind without its table is not reported; utilisation always is."""

    utilisation: UtilisationReport = UtilisationReport()
    validation: Report | None = None
    aggregation: Report | None = None

    def kinds(self) -> dict[str, Report]:
        """The kinds that are reported."""
        every = {"utilisation": self.utilisation, "validation": self.validation, "aggregation": self.aggregation}
        return {kind: report for kind, report in every.items() if report is not None}


class Mqtt(Table):
    url: MqttUrl
    username: OptionalText = ""
    password_file: OptionalSecretName = ""
    ca_file: OptionalFilePath = None
    protocol: Literal[5, 311] = 5
    root: MqttRoot = "lined"
    topics: dict[MqttTopicName, MqttRoot] = {}
    """Other names than those of docs/contract.md, MQTT, after `root` and the line's id; what stands under `command` and
    `reply` keeps its name.
    """

    @property
    def password(self) -> Secret | None:
        return Secret("mqtt.password_file", self.password_file) if self.password_file else None


class Notify(Table):
    """One address that alarms are sent to: a mailbox, a Telegram chat. The address holds secrets, so it has a file."""

    id: Id
    url_file: SecretName
    """Of a file that holds one address as Apprise writes them, such as `tgram://…`."""
    language: Literal["uz", "ru", "en"] | None = None
    """None: the line's."""
    min_severity: Annotated[Severity, Field(strict=False)] = Severity.SERIOUS
    kinds: Annotated[tuple[str, ...], Field(strict=False, max_length=100)] = ()
    """Of alarms; none: all."""
    per_hour: Annotated[int, Field(ge=1, le=60)] = 12
    quiet_s: Pause = 600
    """The same alarm, raised again within this, is not sent again before its end."""

    def secret(self, number: int) -> Secret:
        """The address; `number` is that of the entry."""
        return Secret(f"notify[{number}].url_file", self.url_file)


class Status(Table):
    listen: Listen = "127.0.0.1:8480"
    allow_lan: bool = False
    allowed_hosts: Annotated[tuple[HostName, ...], Field(strict=False, max_length=16)] = ()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port; port 0 takes a free one."""
        return split_listen(self.listen)


class Config(Table):
    """One line. Frozen; made by `lined.config.load` only."""

    line: Line
    regulator: Regulator
    journal: Journal
    sscc: Sscc | None = None
    products: Annotated[tuple[Product, ...], Field(strict=False, max_length=1_000, alias="product")] = ()
    devices: Annotated[tuple[Device, ...], Field(strict=False, max_length=64, alias="device")] = ()
    printers: Annotated[tuple[Printer, ...], Field(strict=False, max_length=16, alias="printer")] = ()
    stations: Annotated[tuple[Station, ...], Field(strict=False, max_length=64, alias="station")] = ()
    report: Reports = Reports()
    mqtt: Mqtt | None = None
    notify: Annotated[tuple[Notify, ...], Field(strict=False, max_length=16)] = ()
    status: Status = Status()

    _warnings: tuple[Problem, ...] = PrivateAttr(default=())
    _profile: Profile = PrivateAttr()

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What can be run, but is hardly meant so."""
        return self._warnings

    @property
    def profile(self) -> Profile:
        """The regulator's contract, as it was read with this configuration, what is overridden included."""
        return self._profile

    def station_of(self, device: str) -> Station | None:
        return next((station for station in self.stations if device in station.devices), None)
