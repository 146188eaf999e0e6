"""Ports of the endpoint: the service passes its own objects, and none is the endpoint's to change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Protocol

from lined.api.captures import Captures
from lined.api.sign_in import SignIn
from lined.commands.registry.execution import Commands
from lined.journal import Journal
from lined.journal.care.keeping import Keeping
from lined.line.intake.capture import Tap
from lined.line.intake.intake import LineIntake
from lined.line.plant import Plant
from lined.line.watch.alarms import AlarmBook
from lined.line.watch.balance import BalanceWatch
from lined.line.watch.permit import PermitWatch
from lined.line.watch.problems import Problems
from lined.supply.stock_watch import StockWatch
from lined.vocabulary.facts import Fact


class LinkSeen(Protocol):
    """A link as the endpoint sees it; structurally `lined.devices.spec.LinkState`. Times in seconds since 1970, UTC."""

    @property
    def connected(self) -> bool: ...

    @property
    def since(self) -> float | None: ...

    @property
    def problem(self) -> str | None: ...

    @property
    def peer(self) -> str: ...


class PrinterSeen(LinkSeen, Protocol):
    """One printer as its link sees it; structurally `lined.devices.PrinterState`."""

    @property
    def ready(self) -> bool: ...

    @property
    def troubles(self) -> tuple[str, ...]: ...

    @property
    def in_flight(self) -> int: ...

    @property
    def queue(self) -> int | None: ...

    @property
    def printed(self) -> int: ...


class DeviceSeen(LinkSeen, Protocol):
    """One device as its link sees it; structurally `lined.devices.DeviceState`. `tap` is the endpoint's to set."""

    tap: Tap | None

    @property
    def listening_on(self) -> str: ...

    @property
    def last_read_at(self) -> float | None: ...

    @property
    def frames(self) -> int: ...

    @property
    def heartbeats(self) -> int: ...

    @property
    def last_heartbeat_at(self) -> float | None: ...

    @property
    def silent(self) -> bool: ...

    @property
    def faults(self) -> int: ...

    @property
    def last_fault(self) -> str | None: ...

    @property
    def retransmissions(self) -> int: ...

    @property
    def garbled(self) -> int: ...

    @property
    def dropped_bytes(self) -> int: ...

    @property
    def reconnects(self) -> int: ...

    @property
    def unanswered(self) -> int: ...

    @property
    def last_raw(self) -> bytes: ...


class BudgetSeen(Protocol):
    """How many requests may go out; structurally `lined.regulator.budget.BucketState`."""

    @property
    def available(self) -> float: ...

    @property
    def per_minute(self) -> int: ...

    @property
    def held_back_s(self) -> float: ...

    @property
    def waiting(self) -> int: ...


class RegulatorSeen(Protocol):
    """The other side; structurally `lined.regulator.client.Regulator`."""

    @property
    def reachable(self) -> bool: ...

    @property
    def last_problem(self) -> Fact | None: ...

    @property
    def server_skew_s(self) -> float | None: ...

    @property
    def credential_expires_at(self) -> datetime | None: ...

    @property
    def counts(self) -> Mapping[tuple[str, str], int]: ...

    def budget_state(self) -> Mapping[str, BudgetSeen]: ...


@dataclass(frozen=True, slots=True)
class PlantView:
    """The whole line, as the endpoint sees it. The callables are asked on the event loop and must not wait.

    `ready`: the journal has recovered. `sending`: False while nothing is posted because an earlier answer left doubt.
    `mqtt_connected`: None where no broker is configured. `url`: the regulator's, for people. `plant`, `language` and
    `shifts` are for the page.
    """

    line_id: str
    journal: Journal
    intake: LineIntake
    problems: Problems
    commands: Commands
    regulator: RegulatorSeen
    wall_ms: Callable[[], int]
    ready: Callable[[], bool]
    devices: Mapping[str, DeviceSeen] = field(default_factory=dict)
    printers: Mapping[str, PrinterSeen] = field(default_factory=dict)
    stations: Mapping[str, str] = field(default_factory=dict)
    """Device id -> the id of its station."""
    sending: Callable[[], bool] = lambda: True
    mqtt_connected: Callable[[], bool] | None = None
    url: str = ""
    keeping: Keeping | None = None
    plant: Plant | None = None
    language: str = "en"
    shifts: tuple[time, ...] = (time(8), time(20))
    alarms: AlarmBook | None = None
    balance: BalanceWatch | None = None
    stock: StockWatch | None = None
    permit: PermitWatch | None = None
    sign_in: SignIn | None = None
    """None where nobody signs in."""
    reading_token: str = ""
    hosts: tuple[str, ...] = ()
    """Names of the endpoint beside its addresses: `status.allowed_hosts`."""
    refused: Counter[str] = field(default_factory=Counter)
    """What the gate refused since the start, by reason, for `/metrics`."""
    captures: Captures = field(default_factory=Captures)
    """Those of devices that run now."""
