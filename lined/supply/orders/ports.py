"""Ports of orders to the outside: a regulator, the time of day, a way to wait, chance; and the works that write."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import structlog

from lined.codes import Shape
from lined.journal import Journal
from lined.journal.database import Connection
from lined.journal.steps import Step, Steps
from lined.journal.tables import pools
from lined.line.state import LineState
from lined.regulator.ordering import CodePack, OrderSeen, PackSeen, SubOrderSeen
from lined.regulator.profile import Profile
from lined.supply.orders.rules import OrderRules
from lined.vocabulary.errors import LinedError
from lined.vocabulary.facts import Fact

log = structlog.get_logger()

JUST_BEFORE = timedelta(minutes=1)


class OrdersRegulator(Protocol):
    """The part of lined.regulator.Regulator that orders use; see there for what each call raises."""

    @property
    def server_time(self) -> datetime | None: ...

    async def wait_for_order_permit(self) -> None: ...

    async def place(self, body: bytes, *, product_group: str) -> str: ...

    async def close_order(self, order_id: str) -> None: ...

    async def orders_since(self, since: datetime, cursor: str | None) -> list[OrderSeen]: ...

    async def sub_orders(self, order_id: str) -> list[SubOrderSeen]: ...

    async def code_pack(self, order_id: str, gtin: str, quantity: int, last_pack: str | None) -> CodePack: ...

    async def code_packs(self, order_id: str, gtin: str) -> list[PackSeen]: ...


class ToldProblems(Protocol):
    """Where people are told what is wrong."""

    def set(self, kind: str, where: str, text: Fact) -> None: ...

    def clear(self, kind: str, where: str) -> None: ...


class PoolSteps(Steps):
    """Steps that change pools, whose numbers the stations keep in memory: what does not happen makes that stale."""

    def __init__(self, state: LineState | None) -> None:
        self._state = state

    def run(self, connection: Connection, items: Sequence[Step]) -> list[Any]:
        found = super().run(connection, items)
        if any(isinstance(one, LinedError) for one in found):
            self.rolled_back()
        return found

    def rolled_back(self) -> None:
        if self._state is not None:
            self._state.stale = True

    def look_again(self, connection: Connection) -> None:
        """The stations see the pools as this transaction has them."""
        if self._state is not None and not self._state.stale:
            self._state.pools = pools.present(connection)


@dataclass(frozen=True, slots=True)
class OrderPorts:
    """Everything the parts of this room share. `place`: the business place."""

    journal: Journal
    regulator: OrdersRegulator
    problems: ToldProblems
    profile: Profile
    place: int
    shapes: Mapping[str, Shape]
    wall_ms: Callable[[], int]
    rules: OrderRules = field(default_factory=OrderRules)
    state: LineState | None = None
    sleep: Callable[[float], Awaitable[None]] | None = None
    chance: random.Random = field(default_factory=random.Random)
    note: Callable[[str, BaseException], None] = lambda where, error: log.error("defect", where=where, exc_info=error)
    steps: PoolSteps = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "steps", PoolSteps(self.state))

    async def do(self, step: Step) -> Any:
        """Run a step in the writer's transaction; durable when it returns. Raises JournalError, CommandError."""
        return await self.journal.submit(self.steps, step)

    def server_floor_ms(self) -> int:
        """A moment of the regulator's clock that has certainly passed: its last answer, however our own clock jumps."""
        answered = self.regulator.server_time
        return self.wall_ms() if answered is None else int(answered.timestamp() * 1000)

    def since(self, server_ms: int | None) -> datetime:
        """From when on an order is looked for that was sent at that moment."""
        at = datetime.fromtimestamp((self.wall_ms() if server_ms is None else server_ms) / 1000, UTC)
        return at - JUST_BEFORE
