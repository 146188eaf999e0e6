"""The feed of printers: codes out of the running job's pool, each on disk as given before its printer may have it.

A code is given once. `printed` is the printer's word, `unsure` what was with it when a connection or the process ended;
what is set aside comes back only by a command, as another label. The printers' side is `lined.devices.printer`; nothing
here is in the way of a verdict: one small transaction for all that a printer has room for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from drivers.printers import Condition, Label, Trouble
from lined.journal import Journal
from lined.journal.care import takeover
from lined.journal.database import Connection
from lined.journal.tables import jobs, labels, pool_stock, pools
from lined.journal.tables.labels import LabelRow
from lined.line.plant import Plant
from lined.line.watch.problems import Problems
from lined.vocabulary.alarms import AlarmKind
from lined.vocabulary.facts import Fact, PrinterFact
from lined.vocabulary.line import JobMode

STANDS_S = 60
KIND_OF = {Trouble.RIBBON: AlarmKind.PRINTER_RIBBON, Trouble.HEAD: AlarmKind.PRINTER_HEAD}


@dataclass(frozen=True, slots=True)
class PrinterRule:
    """What a printer prints. `gtin`: codes of this product only; None: of whatever runs. `units`: False where it prints
    the labels of a station's packages. `low_stock`: an alarm below so many codes. `unseen_ms`: a label that no reader
    has seen for so long is told; 0: never.
    """

    gtin: str | None = None
    units: bool = True
    low_stock: int = 1_000
    unseen_ms: int = 0


class Given(NamedTuple):
    """As `lined.devices.printer` takes it."""

    number: int
    label: Label


class Stock(NamedTuple):
    """What there is for a printer. `left`: codes of the running job's pool, at most as many as its rule counts to;
    None: it wants none now. `waiting`: labels were asked for by themselves. `unknown`: the pool is of before a gap.
    """

    gtin: str
    left: int | None
    waiting: bool
    unknown: bool = False


class LabelFeed:
    """See the head. Its methods are a `LabelSource`. `rules`: by printer."""

    def __init__(
        self,
        plant: Plant,
        journal: Journal,
        problems: Problems,
        wall_ms: Callable[[], int],
        rules: Mapping[str, PrinterRule],
    ) -> None:
        self._plant = plant
        self._journal = journal
        self._problems = problems
        self._wall_ms = wall_ms
        self._rules = rules

    async def set_aside(self, printer: str, *, cut_off: bool) -> None:
        why = Fact(PrinterFact.CUT_OFF if cut_off else PrinterFact.ENDED)
        await self._journal.do(lambda connection: labels.set_aside(connection, printer, why, self._wall_ms()))

    async def take(self, printer: str, most: int) -> Sequence[Given]:
        """Durably given when it returns; none where there are none now, or the disk is full."""
        if self._journal.writer.low_on_space:
            return []
        stock = await self._journal.read(self._stock_of, printer)
        self._tell_stock(printer, stock)
        if not stock.waiting and not stock.left:
            return []
        rows: list[LabelRow] = await self._journal.do(partial(self._give, printer, most, self._wall_ms()))
        return [Given(row.id, self._label(row)) for row in rows]

    async def printed(self, printer: str, numbers: Sequence[int]) -> None:
        await self._journal.do(lambda connection: labels.printed(connection, printer, numbers, self._wall_ms()))

    async def not_taken(self, printer: str, number: int, why: str) -> None:
        fact = Fact(PrinterFact.UNPRINTABLE, more=why) if why else Fact(PrinterFact.NOT_TAKEN)
        await self._journal.do(lambda connection: labels.not_taken(connection, printer, number, fact, self._wall_ms()))

    # ── alarms ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def connected(self, printer: str, up: bool, why: str | None) -> None:
        if not up and isinstance(why, Fact):
            self._problems.set(AlarmKind.PRINTER, printer, why)
        else:
            self._problems.clear(AlarmKind.PRINTER, printer)
        if not up:  # what it told before holds no more
            for kind in (*KIND_OF.values(), AlarmKind.PRINTER_STOPPED, AlarmKind.PRINTER_QUEUE):
                self._problems.clear(kind, printer)
            self._problems.clear(AlarmKind.PRINTER_QUEUE, _answering(printer))

    def condition(self, printer: str, told: Condition) -> None:
        kinds = {KIND_OF.get(trouble, AlarmKind.PRINTER_STOPPED) for trouble in told.troubles}
        words = told.text or ", ".join(sorted(trouble.value for trouble in told.troubles)) or "not ready"
        if not told.ready and not told.troubles:
            kinds = {AlarmKind.PRINTER_STOPPED}
        for kind in (*KIND_OF.values(), AlarmKind.PRINTER_STOPPED):
            if kind in kinds:
                self._problems.set(kind, printer, Fact(PrinterFact.NOT_READY, more=words))
            else:
                self._problems.clear(kind, printer)

    def answers(self, printer: str, well: bool) -> None:
        place = _answering(printer)
        if well:
            self._problems.clear(AlarmKind.PRINTER_QUEUE, place)
        else:
            self._problems.set(AlarmKind.PRINTER_QUEUE, place, Fact(PrinterFact.NO_ANSWER))

    def stands(self, printer: str, in_flight: int) -> None:
        if in_flight:
            fact = Fact(PrinterFact.STANDS, n=in_flight, within_s=STANDS_S)
            self._problems.set(AlarmKind.PRINTER_QUEUE, printer, fact)
        else:
            self._problems.clear(AlarmKind.PRINTER_QUEUE, printer)

    def _tell_stock(self, printer: str, stock: Stock) -> None:
        fact = None
        if stock.unknown:
            fact = Fact(PrinterFact.UNKNOWN, gtin=stock.gtin)
        elif stock.left == 0:
            fact = Fact(PrinterFact.NO_STOCK, gtin=stock.gtin)
        elif stock.left is not None and stock.left < self._rules[printer].low_stock:
            fact = Fact(PrinterFact.LOW_STOCK, n=stock.left, gtin=stock.gtin)
        if fact is None:
            self._problems.clear(AlarmKind.LOW_STOCK, printer)
        else:
            self._problems.set(AlarmKind.LOW_STOCK, printer, fact)

    # ── in the journal ──────────────────────────────────────────────────────────────────────────────────────────────

    def _stock_of(self, connection: Connection, printer: str) -> Stock:
        since_ms, rule = _since(connection), self._rules[printer]
        waiting = labels.waits(connection, printer, since_ms)
        job = jobs.running(connection)
        if job is None or job.mode != JobMode.NORMAL or not rule.units or rule.gtin not in (None, job.gtin):
            return Stock("", None, waiting)
        pool = pools.present(connection).get(job.gtin)
        if pool is None:
            return Stock(job.gtin, 0, waiting)
        if pool.began_ms < since_ms:
            return Stock(job.gtin, None, waiting, unknown=True)
        return Stock(job.gtin, pool_stock.left(connection, pool, max(1, rule.low_stock)), waiting)

    def _give(self, printer: str, most: int, at_ms: int, connection: Connection) -> list[LabelRow]:
        """In the writer's transaction, where the job and the pool may be others by now."""
        rows = labels.give_wanted(connection, printer, most, at_ms, _since(connection))
        stock, job = self._stock_of(connection, printer), jobs.running(connection)
        if job is None or not stock.left or len(rows) >= most:
            return rows
        found = pool_stock.give(connection, pools.present(connection)[job.gtin], most - len(rows), at_ms).codes
        return [*rows, *labels.give(connection, printer, job.id, found, at_ms)] if found else rows

    def _label(self, row: LabelRow) -> Label:
        """With the product's name for people. A TOBACCO code begins with its GTIN, and is no GS1 code."""
        is_tobacco = not row.package and row.ident[:14] in self._plant.products and row.ident[16:18] != "21"
        product = self._plant.products.get(row.ident[:14] if is_tobacco else row.ident[2:16])
        text = product.name if product is not None else ""
        code = (row.ident + row.tail).encode("ascii")
        return Label(code, text, package=bool(row.package), gs1=not is_tobacco)


def _answering(printer: str) -> str:
    """Where an alarm about its answers stands, beside the one about its labels."""
    return f"{printer}: answers"


def _since(connection: Connection) -> int:
    """What was loaded and asked for before may be printed already: the journal was replaced by an older one then."""
    gap = takeover.gap_of(connection)
    return gap.until_ms if gap is not None else 0
