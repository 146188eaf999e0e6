"""Ports of delivery to the outside: a regulator, the time of day, a way to wait, chance. All of it replaceable, so that
a seeded run can play everything that may happen.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog

from lined.journal import Journal
from lined.regulator.answers import CodeOutcome, Document, DocumentError, Receipt
from lined.regulator.profile import Profile
from lined.reports.delivery.rules import DeliveryRules
from lined.vocabulary.facts import Fact

log = structlog.get_logger()

JUST_NOW = timedelta(minutes=1)


class RegulatorPort(Protocol):
    """The part of lined.regulator.Regulator that delivery uses; see there for what each call raises."""

    @property
    def server_skew_s(self) -> float | None:
        """Our clock minus the regulator's, in seconds; None until it has answered since our clock was set last."""

    @property
    def server_time(self) -> datetime | None:
        """The regulator's clock at its last answer; None until it has answered."""

    async def wait_for_permit(self, kind: str) -> None:
        """Wait until one submission of this kind may go out: budget and credential are ready. Raises NotSent."""

    async def submit(self, kind: str, body: bytes, *, product_group: str) -> Receipt: ...

    async def document(self, document_id: str) -> Document | None: ...

    async def code_outcomes(
        self, document_id: str, *, after: int | None, limit: int, spare: bool = False
    ) -> list[CodeOutcome] | None: ...

    async def document_errors(self, document_id: str, *, after: int | None, limit: int) -> list[DocumentError]: ...

    async def search(self, *, kind: str, since: datetime, cursor: str | None) -> list[Document]: ...

    async def content(self, document_id: str) -> dict[str, object]: ...

    async def touching(self, *, kind: str, codes: Sequence[str], since: datetime) -> list[str]:
        """Ids of our documents of a kind that touched these identification codes since a moment, as the codes'
        histories name them. Raises LookupFailed, as it does for every account without the right to ask.
        """


class ProblemsPort(Protocol):
    """Where people are told what is wrong."""

    def set(self, kind: str, where: str, text: Fact) -> None: ...

    def clear(self, kind: str, where: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything the parts of delivery share."""

    journal: Journal
    regulator: RegulatorPort
    problems: ProblemsPort
    rules: DeliveryRules
    profile: Profile
    timezone: str
    wall_ms: Callable[[], int]
    sleep: Callable[[float], Awaitable[None]]
    chance: random.Random
    note: Callable[[str, BaseException], None] = lambda where, error: log.error("defect", where=where, exc_info=error)
    """Hears of each defect of ours that was met and gone on behind."""

    def form(self, kind: str) -> str:
        """How codes are written in this kind of report: "full" or "identification"."""
        return self.profile.reports[kind].form

    def server_ms(self) -> int:
        """The regulator's time now, in milliseconds since 1970; right where it has answered just now, however our own
        clock jumps. Until it answers after a step of our clock, its last answer is what is known of it.
        """
        now = self.wall_ms()
        skew_s = self.regulator.server_skew_s
        return self.server_floor_ms() if skew_s is None else now - int(skew_s * 1000)

    def server_now(self) -> datetime:
        return datetime.fromtimestamp(self.server_ms() / 1000, UTC)

    def just_now(self) -> datetime:
        """Shortly before now by the regulator's clock: a search from its future on is refused (API 1.21.1 §11.2.1)."""
        return self.server_now() - JUST_NOW

    def server_floor_ms(self) -> int:
        """A moment of the regulator's clock that has certainly passed: its last answer. What is sent from now on cannot
        be dated before it, even if our own clock has jumped since.
        """
        received = self.regulator.server_time
        return self.wall_ms() if received is None else int(received.timestamp() * 1000)
