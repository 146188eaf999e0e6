"""The queue towards the broker: verdicts, which are worth something for a second, and events, which keep.

Guarantees: a verdict leaves the outbox once, in the order of `seq`, to be published or to be dropped; where MQTT is the
only way a device hears its verdicts, the line is told of each whether it was said; both queues are bounded. Lives
longer than any connection. Runs on the event loop; nothing here waits but `some_verdict`, `some_event` and `drained`.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import structlog

from lined.line.intake.ports import Judgement
from lined.line.stations.verdicts import PublishedVerdict
from lined.mqtt.spec import MqttLimits, MqttSpec, MqttState
from lined.vocabulary.facts import BrokerFact, Fact

log = structlog.get_logger()

TOO_LATE = Fact(BrokerFact.VERDICT_LATE)
UNCONFIRMED = Fact(BrokerFact.VERDICT_UNCONFIRMED)

LIMITS = MqttLimits()

OnReplied = Callable[[str, Judgement], None]
OnUnsaid = Callable[[str, Judgement, int, str], None]


class PendingVerdicts(NamedTuple):
    """The verdicts of one judgement. `until`: the loop's time after which none of them may be published any more."""

    device: str
    judgement: Judgement
    verdicts: tuple[PublishedVerdict, ...]
    until: float


class Event(NamedTuple):
    """A QoS 1 message. `correlation`: MQTT 5 correlation data of the command it answers."""

    topic: str
    payload: bytes
    correlation: bytes | None = None


class Outbox:
    """`enqueue` is a sink of the intake; `on_replied` and `on_unsaid` are its own, for devices in `spec.published`."""

    def __init__(
        self,
        spec: MqttSpec,
        on_replied: OnReplied,
        on_unsaid: OnUnsaid,
        wall_ms: Callable[[], int],
        limits: MqttLimits = LIMITS,
    ) -> None:
        self.state = MqttState()
        self.limits = limits
        self.spec = spec
        self._on_replied = on_replied
        self._on_unsaid = on_unsaid
        self._wall_ms = wall_ms
        self._pending: deque[PendingVerdicts] = deque()
        self._waiting = 0  # verdicts in `_pending`
        self._taken = 0  # sayings on their way
        self._events: deque[Event] = deque()
        self._some_verdict = asyncio.Event()
        self._some_event = asyncio.Event()
        self._drained = asyncio.Event()
        self._signal()

    # ── what the line and other rooms put in ────────────────────────────────────────────────────────────────────────

    def enqueue(self, device: str, judgement: Judgement, verdicts: Sequence[PublishedVerdict]) -> None:
        """The verdicts of one judgement, just made."""
        if not verdicts:
            self._settle(device, judgement, "")
            return
        now = asyncio.get_running_loop().time()
        until = now + self.limits.late_s
        deadline_s = self.spec.published.get(device)
        if deadline_s is not None:
            age_s = max(0.0, (self._wall_ms() - verdicts[0].at_ms) / 1000)
            until = min(until, now + deadline_s - age_s)
        self._pending.append(PendingVerdicts(device, judgement, tuple(verdicts), until))
        self._waiting += len(verdicts)
        self.drop_late()
        while self._waiting > self.limits.verdicts_most:
            self.late(self._next())
        self._signal()

    def report(self, change: Mapping[str, Any]) -> None:
        """A change of a report: `id`, `kind`, `state`, `codes`, `document_id`, `job`, `problem`, `waits_for`, `at`."""
        self.event(Event(self.spec.topic("report"), json_bytes(change)))

    def package(self, closed: Mapping[str, Any]) -> None:
        """A closed package: `parent`, `level`, `count`, `at`."""
        self.event(Event(self.spec.topic("package"), json_bytes(closed)))

    def alarm(self, alarm: Mapping[str, Any]) -> None:
        """An alarm: `id`, `kind`, `severity`, `text`, `raised_at`, `acknowledged_by`, `cleared_at`."""
        self.event(Event(self.spec.topic("alarm"), json_bytes(alarm)))

    def event(self, event: Event) -> None:
        """Any message that may be late. Where there is no more room, the oldest goes."""
        if len(self._events) >= self.limits.events_most:
            dropped = self._events.popleft()
            if not self.state.events_dropped:
                log.warning("mqtt_events_dropped", topic=dropped.topic, room=self.limits.events_most)
            self.state.events_dropped += 1
        self._events.append(event)
        self._signal()

    # ── what the bridge takes out ───────────────────────────────────────────────────────────────────────────────────

    async def some_verdict(self) -> None:
        """Returns when there is a verdict to publish."""
        await self._some_verdict.wait()

    async def some_event(self) -> None:
        await self._some_event.wait()

    async def drained(self) -> None:
        """Returns when nothing waits and nothing is on its way."""
        await self._drained.wait()

    def take(self) -> PendingVerdicts | None:
        """The next verdicts that are not late, out of the outbox. The caller says what became of them: `confirmed` or
        `unconfirmed`.
        """
        self.drop_late()
        if not self._pending:
            return None
        self._taken += 1
        return self._next()

    def first_event(self) -> Event | None:
        """It stays in the outbox until `done`."""
        return self._events[0] if self._events else None

    def done(self, event: Event) -> None:
        """Published, or given up."""
        if self._events and self._events[0] is event:  # else it had to make room meanwhile
            self._events.popleft()
            self._signal()

    def drop_late(self) -> None:
        """Drop the verdicts whose time is over. Called a few times a second, broker or not."""
        now = asyncio.get_running_loop().time()
        while self._pending and self._pending[0].until <= now:
            self.late(self._next())

    def drop_all(self) -> None:
        """Nobody will publish them any more: at the end."""
        while self._pending:
            self.late(self._next())

    # ── what became of it ───────────────────────────────────────────────────────────────────────────────────────────

    def confirmed(self, pending: PendingVerdicts) -> None:
        """The broker has all of them."""
        self._taken -= 1
        self.state.verdicts += len(pending.verdicts)
        self._settle(pending.device, pending.judgement, "")

    def unconfirmed(self, pending: PendingVerdicts) -> None:
        """Perhaps the broker has some of them; they are never published again."""
        self._taken -= 1
        self.state.verdicts_unconfirmed += len(pending.verdicts)
        self._settle(pending.device, pending.judgement, UNCONFIRMED)

    def late(self, pending: PendingVerdicts) -> None:
        if not self.state.verdicts_late:
            log.warning("mqtt_verdicts_late", device=pending.device, seq=pending.verdicts[0].seq)
        self.state.verdicts_late += len(pending.verdicts)
        self._settle(pending.device, pending.judgement, TOO_LATE)

    def _settle(self, device: str, judgement: Judgement, why: str) -> None:
        self._signal()
        if device not in self.spec.published:
            return
        if why:
            self._on_unsaid(device, judgement, 0, why)
        else:
            self._on_replied(device, judgement)

    def _next(self) -> PendingVerdicts:
        pending = self._pending.popleft()
        self._waiting -= len(pending.verdicts)
        self._signal()
        return pending

    def _signal(self) -> None:
        for event, holds in (
            (self._some_verdict, bool(self._pending)),
            (self._some_event, bool(self._events)),
            (self._drained, not (self._pending or self._events or self._taken)),
        ):
            if holds:
                event.set()
            else:
                event.clear()


def json_bytes(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def moment(at_ms: int) -> str:
    """`2026-11-23T08:00:00.250Z` of milliseconds since 1970, UTC (docs/contract.md, HTTP)."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def verdict_document(verdict: PublishedVerdict) -> dict[str, Any]:
    """The payload of `verdict` (docs/contract.md, MQTT)."""
    return {
        "seq": verdict.seq,
        "session": verdict.session,
        "station": verdict.station,
        "device": verdict.device,
        "verdict": verdict.verdict,
        "reason": verdict.reason,
        "code": verdict.code,
        "at": moment(verdict.at_ms),
    }
