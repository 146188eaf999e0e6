"""The line's place at the MQTT broker: the bridge, and what it is told to tell.

Imported with the half of the daemon that faces outwards. The outbox is there earlier, so that no verdict of the first
second is missed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from lined.commands.registry.execution import Commands
from lined.journal import Journal
from lined.journal.views.report_changes import ReportChange, changes_after, last_before
from lined.journal.views.work_items import closed_after, last_closed_before
from lined.line.watch.defects import Defects
from lined.line.watch.permit import PermitWatch
from lined.line.watch.problems import Problems
from lined.mqtt.bridge import Bridge, Status
from lined.mqtt.outbox import Outbox, moment
from lined.service.ending import cancelled
from lined.vocabulary.alarms import AlarmKind
from lined.vocabulary.errors import JournalError
from lined.vocabulary.facts import Fact

LOOK_S = 0.5  # how often changes of reports are looked for
END_S = 2.5  # at a stop: what the bridge may take to say goodbye


class BrokerSide:
    """`start` once, then `end` once."""

    def __init__(
        self,
        outbox: Outbox,
        commands: Commands,
        status: Status,
        journal: Journal,
        problems: Problems,
        since_ms: int,
        defects: Defects,
        permit: PermitWatch,
    ) -> None:
        self._outbox = outbox
        self._journal = journal
        self._since_ms = since_ms
        topic = outbox.spec.topic("command")

        def strange(fact: Fact) -> None:
            problems.set(AlarmKind.MQTT_COMMAND, topic, fact)

        tell = _publishing(problems, str(outbox.spec))
        self._bridge = Bridge(outbox, commands, status, tell, strange, defects.note, permit=permit)
        self._defects = defects
        self._tasks: list[asyncio.Task[None]] = []
        self._told = 0
        self._begun = False
        self._told_package = 0

    @property
    def connected(self) -> bool:
        return self._outbox.state.connected

    async def start(self, group: asyncio.TaskGroup) -> None:
        """Connect, for ever. Changes of reports and packages closed since the daemon's start are told."""
        for work, name in ((self._bridge.run, "mqtt"), (self._tell_reports, "mqtt: reports")):
            self._tasks.append(group.create_task(self._defects.keep_going(name, work), name=name))

    def leave_if_away(self) -> None:
        """At the beginning of a stop: no more attempts, where there is no broker to say goodbye to."""
        if not self.connected:
            self._bridge.stop()

    async def end(self) -> None:
        """Tell what happened last, then that we are offline, within END_S."""
        try:
            await self._look()
        except JournalError:
            pass  # /status says so already
        except Exception as error:  # noqa: BLE001  a defect of ours keeps nobody from saying goodbye
            self._defects.note("mqtt: reports", error)
        self._bridge.stop()
        if self._tasks:
            await asyncio.wait(self._tasks[:1], timeout=END_S)
        await cancelled(self._tasks)

    async def _tell_reports(self) -> None:
        await self._begin()
        while True:
            with suppress(JournalError):  # /status says so already
                await self._look()
            await asyncio.sleep(LOOK_S)

    async def _begin(self) -> None:
        """What was before the daemon's start is told to nobody."""
        if self._begun:
            return
        self._told = await self._journal.read(last_before, self._since_ms)
        self._told_package = await self._journal.read(last_closed_before, self._since_ms)
        self._begun = True

    async def _look(self) -> None:
        if not self._begun:  # stopped at once
            return
        while found := await self._journal.read(changes_after, self._told):
            for change in found:
                if change.no > self._told:  # somebody else may have looked meanwhile
                    self._told = change.no
                    self._outbox.report(_document(change))
        while closed := await self._journal.read(closed_after, self._told_package):
            for number, parent, level, count, at_ms in closed:
                if number > self._told_package:
                    self._told_package = number
                    self._outbox.package({"parent": parent, "level": level, "count": count, "at": moment(at_ms)})


def _document(change: ReportChange) -> dict[str, object]:
    """The payload of `report` (docs/contract.md, MQTT)."""
    return {
        "id": str(change.report_id),
        "kind": change.kind,
        "state": change.state,
        "codes": change.codes,
        "document_id": change.document_id,
        "job": str(change.job_id),
        "problem": change.problem,
        "waits_for": change.waits_for,
        "at": moment(change.at_ms),
    }


def _publishing(problems: Problems, broker: str) -> Callable[[Fact | None], None]:
    def tell(fact: Fact | None) -> None:
        if fact is None:
            problems.clear(AlarmKind.MQTT, broker)
        else:
            problems.set(AlarmKind.MQTT, broker, fact)

    return tell
