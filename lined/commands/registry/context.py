"""The parts of a line that commands work on, as the service puts them together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from lined import codes
from lined.journal import Journal
from lined.journal.care.keeping import Keeping
from lined.line.intake.intake import LineIntake
from lined.line.plant import Plant, Station
from lined.line.state import LineState
from lined.line.watch.alarms import AlarmBook
from lined.line.watch.confirming import Confirming
from lined.regulator.profile import Profile
from lined.vocabulary.errors import Invalid, NotFound, Problem, clause

if TYPE_CHECKING:
    from lined.regulator.looking import SeenCode

OrdersNudged = Callable[[], None]
LookingUp = Callable[[str], Awaitable["SeenCode | None"]]
Renewing = Callable[..., Awaitable[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class LineSide:
    """The half that takes items in."""

    plant: Plant
    state: LineState
    intake: LineIntake
    confirming: Confirming

    @classmethod
    def of(
        cls, plant: Plant, journal: Journal, state: LineState, intake: LineIntake, wall_ms: Callable[[], int]
    ) -> LineSide:
        """With the watch over confirmations, which hears of every verdict from now on."""
        confirming = Confirming(plant, journal, intake.problems, intake.session, wall_ms)
        intake.listeners.append(confirming.on_verdicts)
        return cls(plant, state, intake, confirming)

    def station(self, name: str) -> Station:
        """Raises NotFound."""
        station = self.plant.stations.get(name)
        if station is None:
            known = ", ".join(self.plant.stations)
            raise NotFound("unknown-station", f"There is no station {name!r} (there are {known}).")
        return station

    @property
    def shapes(self) -> dict[str, codes.Shape]:
        """By GTIN."""
        return {gtin: product.shape for gtin, product in self.plant.products.items()}

    def identification(self, text: str, path: str = "code") -> str:
        """The identification code of what a person typed or pasted. Raises Invalid."""
        return typed(text, path, self.shapes).ident


@dataclass(frozen=True, slots=True)
class ReportSide:
    """The half that reports. `decided`: a held report was decided, delivery should look again. `may_correct`: the
    account is a business user's, as corrections demand (API 1.21.1 §3.4).
    """

    profile: Profile
    timezone: str
    decided: Callable[[], None] = lambda: None
    may_correct: bool = True


class SignIns(Protocol):
    """What signing in has to do with commands about people; structurally `lined.api.sign_in.SignIn`."""

    def of_pin(self, name: str, pin: str) -> bytes:
        """What is kept of a PIN."""
        ...

    def of_badge(self, badge: str) -> bytes:
        """What is kept of a badge."""
        ...

    def changed(self, name: str) -> None:
        """Somebody's role, PIN or badge is another one, or they are gone: their sessions end."""
        ...


@dataclass(slots=True)
class Context:
    """A test of one half has no other."""

    journal: Journal
    wall_ms: Callable[[], int]
    line_side: LineSide | None = None
    reports: ReportSide = field(kw_only=True)
    alarms: AlarmBook | None = None
    keeping: Keeping | None = None
    renew_key: Renewing | None = None
    people: SignIns | None = None
    ordered: OrdersNudged | None = None
    """Hears that codes were ordered, or what a person decided about an order; None: none can be ordered here."""
    look_up: LookingUp | None = None
    """Asks the regulator about an identification code; None: nobody can be asked."""

    @property
    def line(self) -> LineSide:
        assert self.line_side is not None, "a command about a line that is not there"
        return self.line_side


def typed(text: str, path: str, shapes: dict[str, codes.Shape] | None = None) -> codes.MarkingCode:
    """A code that a person typed or pasted. Raises Invalid, which never repeats it: it may hold a check part."""
    try:
        return codes.typed(text, shapes or {})
    except codes.Malformed as fault:
        raise Invalid("malformed", f"This is no marking code: {fault}", [Problem(path, clause(fault))]) from None


def cannot_commit(journal: Journal) -> str | None:
    """Why nothing can be accepted now, for people; None where all is well."""
    writer = journal.writer
    if writer.broken is not None:
        return f"the journal cannot be written: {writer.broken}"
    if writer.stopped.is_set():
        return "the journal is closed"
    if writer.low_on_space:
        return "too little room is left on the journal's disk: free some"
    return writer.full
