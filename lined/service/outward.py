"""The half of the daemon that faces the regulator and people: delivery, orders of codes and the local endpoint.

Imported after the devices are being connected: what it needs takes longer to import than a line should wait.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import structlog

from lined.api.alarms import told
from lined.api.ports import PlantView
from lined.api.sign_in import SignIn
from lined.commands.registry.context import Context, LineSide, ReportSide, cannot_commit
from lined.commands.registry.execution import Commands
from lined.config import Config
from lined.devices import DeviceState
from lined.devices.printer import PrinterState
from lined.journal import Journal
from lined.line.intake.intake import LineIntake
from lined.line.plant import Plant
from lined.line.state import LineState
from lined.line.watch.alarms import AlarmBook
from lined.line.watch.balance import BalanceWatch
from lined.line.watch.clock import WallClock
from lined.line.watch.defects import Defects
from lined.line.watch.permit import PermitWatch
from lined.line.watch.problems import Problems
from lined.line.watch.read_rate import ReadRate
from lined.mqtt.outbox import Outbox
from lined.regulator.client import Regulator
from lined.regulator.looking import look_up
from lined.reports.delivery.loops import Delivery
from lined.reports.delivery.ports import Ports
from lined.reports.planning import Planning, PlanningRules
from lined.service import assembly
from lined.service.broker import BrokerSide
from lined.service.contract_watch import ContractWatch
from lined.service.ending import cancelled
from lined.service.expiry import ExpiryWatch
from lined.service.key_renewal import KeyFile, KeyRenewal
from lined.service.kind_search import KindSearch
from lined.service.upkeep import Upkeep
from lined.supply.orders.loops import CodeOrders
from lined.supply.orders.ports import OrderPorts
from lined.supply.roll_watch import RollWatch
from lined.supply.stock_watch import StockWatch
from lined.vocabulary.alarms import AlarmKind
from lined.vocabulary.errors import LookupFailed
from lined.vocabulary.line import Role
from lined.web.server import StatusServer, StatusUnavailable, make_token
from lined.web.shifts import shift_began_ms

if TYPE_CHECKING:
    from lined.service.notices import Notifying

log = structlog.get_logger()

SENDING_S = 4.0  # at a stop: for the one submission under way
CREDENTIAL_S = 3_600  # how often the credential is looked at: the text allows a key 100 looks a day, restarts included
CONTACT_S = 20  # how long a silence may last before the regulator is asked for nothing in particular


class Outward:
    """Delivery, endpoint and what people can do through it."""

    def __init__(
        self,
        config: Config,
        plant: Plant,
        journal: Journal,
        state: LineState,
        intake: LineIntake,
        problems: Problems,
        defects: Defects,
        devices: dict[str, DeviceState],
        clock: WallClock,
        outbox: Outbox | None = None,
        since_ms: int = 0,
        printers: Mapping[str, PrinterState] | None = None,
    ) -> None:
        self.config = config
        key_file = KeyFile(config.regulator.api_key)
        self.regulator = Regulator(
            assembly.account_of(config),
            on_new_secret=key_file.store,
            wall=lambda: datetime.fromtimestamp(clock() / 1000, UTC),
        )
        self.renewal = KeyRenewal(self.regulator, key_file, journal, clock)
        self.ports = _ports(config, plant, journal, self.regulator, problems, clock, defects)
        self.delivery = Delivery(self.ports)
        self._clock = clock
        clock.listeners += [self.regulator.clock_was_set, self.delivery.clock_was_set, self._ask_soon]
        most = plant.aggregation.max_codes if plant.aggregation is not None else 0
        self.planning = Planning(self.ports, PlanningRules(plant.business_place_id, most)) if most else None
        self.upkeep = Upkeep(config, journal, problems, clock, defects)
        self.alarms = AlarmBook(journal, problems, clock)
        self.notifying: Notifying | None = None
        if config.notify:
            from lined.service.notices import Notifying

            self.notifying = Notifying(config, journal, problems, clock)
            self.alarms.listeners.append(self.notifying.on_alarm)
        intake.listeners.append(ReadRate(problems).on_verdicts)
        packs = any(station.role == Role.PACK for station in plant.stations.values())
        self.balance = BalanceWatch(journal, problems, list(plant.stations), packs=packs)
        self.rolls = RollWatch(journal)
        self.line = LineSide.of(plant, journal, state, intake, clock)
        ports = _order_ports(config, plant, journal, self.regulator, problems, clock, defects, self.line, state)
        self.orders = CodeOrders(ports)
        clock.listeners.append(self.orders.clock_was_set)
        self.stock = _stock(config, plant, journal, problems, clock, self.orders.nudge)
        self.sign_in = SignIn(journal, make_token(journal.people_key_path), asyncio.get_running_loop().time)
        self.commands = Commands(
            Context(
                journal,
                clock,
                self.line,
                self.alarms,
                self.upkeep.keeping,
                self.renewal.renew,
                self.sign_in,
                reports=ReportSide(config.profile, plant.timezone, self.nudge, self.regulator.account.business),
                ordered=self.orders.nudge,
                look_up=partial(look_up, self.regulator),
            )
        )
        self.permit = PermitWatch(
            plant,
            intake.session,
            lambda: self.ready and cannot_commit(journal) is None,
            lambda: state.job is not None,
            lambda device: devices[device].connected,
            clock,
        )
        self.view = self._view(plant, journal, intake, problems, devices, printers or {}, outbox)
        host, port = config.status.address
        self.status = StatusServer(self.view, host, port, token=make_token(journal.token_path))
        self.broker: BrokerSide | None = None
        if outbox is not None:
            self.alarms.listeners.append(lambda row: outbox.alarm(told(row, config.line.language)))
            self.broker = BrokerSide(
                outbox, self.commands, self.status.document.current, journal, problems, since_ms, defects, self.permit
            )
        self.ready = False
        self._contacts = 0
        self._to_be_asked = False
        self._asked = 0
        self._problems = problems
        self._defects = defects
        self._tasks: list[asyncio.Task[None]] = []

    def _view(
        self,
        plant: Plant,
        journal: Journal,
        intake: LineIntake,
        problems: Problems,
        devices: dict[str, DeviceState],
        printers: Mapping[str, PrinterState],
        outbox: Outbox | None,
    ) -> PlantView:
        """What the endpoint and the page may look at."""
        return PlantView(
            line_id=plant.line_id,
            journal=journal,
            intake=intake,
            problems=problems,
            commands=self.commands,
            regulator=self.regulator,
            wall_ms=self._clock,
            permit=self.permit,
            sign_in=self.sign_in,
            reading_token=make_token(journal.reading_token_path),
            hosts=self.config.status.allowed_hosts,
            ready=lambda: self.ready,
            devices=devices,
            printers=printers,
            stations={device: station.id for station in plant.stations.values() for device in station.devices},
            sending=lambda: self.delivery.gate_open,
            mqtt_connected=None if outbox is None else lambda: outbox.state.connected,
            url=self.config.regulator.url,
            keeping=self.upkeep.keeping,
            plant=plant,
            language=self.config.line.language,
            shifts=self.config.line.shift_starts,
            alarms=self.alarms,
            balance=self.balance,
            stock=self.stock,
        )

    async def start(self, group: asyncio.TaskGroup) -> None:
        """Find out what was left in doubt, then deliver."""
        await self.regulator.__aenter__()
        await self.delivery.recover()
        for work, name in (
            (self.delivery.run_sending, "sending"),
            (self.delivery.run_looking, "looking"),
            (self.delivery.run_following, "following"),
            (self.orders.run, "orders"),
            (self._care_for_regulator, "regulator"),
            (self.upkeep.run, "upkeep"),
            (self.alarms.run, "alarms"),
            (self.balance.run, "balance"),
            (self.rolls.run, "rolls"),
            (self.stock.run, "stock"),
            (self.status.serve, "status"),
            (self.line.confirming.run, "confirming"),
            *([(self.notifying.run, "notifying")] if self.notifying is not None else []),
            *([(self.planning.run, "planning")] if self.planning is not None else []),
        ):
            going = self._defects.keep_going(name, work, fatal=(StatusUnavailable,))
            self._tasks.append(group.create_task(going, name=name))
        if self.broker is not None:
            await self.broker.start(group)
        self.ready = True

    async def end(self) -> None:
        """Stop sending; a submission under way may come to its end, within bounds. Otherwise it is in doubt, and known
        so. The broker hears the end of it.
        """
        if self.broker is not None:
            self.broker.leave_if_away()
        await asyncio.gather(*(work.finish(SENDING_S) for work in (self.delivery, self.orders, self.renewal)))
        if self.broker is not None:
            await self.broker.end()
        await cancelled(self._tasks)
        await self.regulator.__aexit__(None, None, None)

    def skew_s(self) -> float | None:
        """Our clock minus the regulator's, in seconds."""
        return self.regulator.server_skew_s

    def nudge(self) -> None:
        self.delivery.nudge()

    def _ask_soon(self) -> None:
        """Our clock was set: what it is off by now is to be known, though nothing has to be sent."""
        self._to_be_asked = True

    async def _care_for_regulator(self) -> None:
        """Ask about the credential now and then, and whether the regulator is there where nobody else asks it anything:
        so an outage shows, and the clocks are compared, while the line stands still too.
        """
        expiry = ExpiryWatch(self._problems, self.config.regulator.api_key_file)
        contract = ContractWatch(self._problems, self.regulator.canary, self.config.regulator.url)
        while True:
            asked = self._asked
            self._asked += 1  # whatever becomes of it: a key may be looked at so often a day
            if asked % CREDENTIAL_S == 0 or self.regulator.credential_unchecked:
                await self.regulator.check_credential()
            elif self._to_be_asked or (asked % CONTACT_S == 0 and self.regulator.counts.total() == self._contacts):
                self._to_be_asked = False
                with contextlib.suppress(LookupFailed):
                    await self.regulator.search(type=None, since=self.ports.just_now(), cursor=None, urgent=False)
            if asked % CONTACT_S == 0:
                self._contacts = self.regulator.counts.total()
            expiry.look(self.regulator.credential_expires_at, self.ports.server_now())
            await contract.look()
            self._clock.tell(self._problems)
            problem = self.regulator.last_problem
            if problem:
                self._problems.set(AlarmKind.REGULATOR, self.config.regulator.url, problem)
            else:
                self._problems.clear(AlarmKind.REGULATOR, self.config.regulator.url)
            await asyncio.sleep(1.0)


def _ports(
    config: Config,
    plant: Plant,
    journal: Journal,
    regulator: Regulator,
    problems: Problems,
    clock: WallClock,
    defects: Defects,
) -> Ports:
    return Ports(
        journal=journal,
        regulator=KindSearch(regulator),
        problems=problems,
        profile=config.profile,
        rules=assembly.delivery_rules_of(config),
        timezone=plant.timezone,
        wall_ms=clock,
        sleep=asyncio.sleep,
        chance=random.Random(),  # noqa: S311  it spreads retries and hides nothing
        note=defects.note,
    )


def _order_ports(
    config: Config,
    plant: Plant,
    journal: Journal,
    regulator: Regulator,
    problems: Problems,
    clock: WallClock,
    defects: Defects,
    line: LineSide,
    state: LineState,
) -> OrderPorts:
    return OrderPorts(
        journal=journal,
        regulator=regulator,
        problems=problems,
        profile=config.profile,
        place=plant.business_place_id,
        shapes=line.shapes,
        wall_ms=clock,
        rules=assembly.order_rules_of(config),
        state=state,
        note=defects.note,
    )


def _stock(
    config: Config,
    plant: Plant,
    journal: Journal,
    problems: Problems,
    clock: WallClock,
    ordered: Callable[[], None],
) -> StockWatch:
    return StockWatch(
        journal,
        problems,
        clock,
        assembly.stock_rules_of(config),
        partial(shift_began_ms, starts=config.line.shift_starts, zone=config.line.zone),
        line=plant.line_id,
        profile=config.profile,
        ordered=ordered,
    )
