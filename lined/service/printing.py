"""The printers of a line: what each is and prints, by the configuration, and the tasks that feed and watch them.

Imported only where printers are configured: no other line waits for it at its start.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from typing import Any

from drivers import printers
from lined.codes import gtin_14
from lined.config import Config, Printer
from lined.devices import parse_url
from lined.devices.printer import PrinterSpec, PrinterState
from lined.devices.run_printer import run_printer
from lined.journal import Journal
from lined.line.plant import Plant
from lined.line.watch.problems import Problems
from lined.supply.label_feed import LabelFeed, PrinterRule
from lined.supply.label_watch import LabelWatch

Task = tuple[str, Callable[[], Coroutine[Any, Any, None]]]


def tasks_of(
    config: Config,
    plant: Plant,
    journal: Journal,
    problems: Problems,
    wall_ms: Callable[[], int],
    states: dict[str, PrinterState],
    **link: Any,
) -> Iterator[Task]:
    """Name and work of each. `states` takes the state of each printer; `link`: what `run_printer` is told besides."""
    rules = {printer.id: _rule(printer) for printer in config.printers}
    feed = LabelFeed(plant, journal, problems, wall_ms, rules)
    for printer in config.printers:
        spec = PrinterSpec(printer.id, parse_url(printer.url), printer.queue)
        driver = printers.load(printer.driver)(printer.options)
        state = states[spec.id] = PrinterState()
        yield spec.id, partial(run_printer, spec, driver, feed, state=state, **link)
    yield "label watch", LabelWatch(journal, problems, wall_ms, rules).run


def _rule(printer: Printer) -> PrinterRule:
    return PrinterRule(
        gtin=gtin_14(printer.product) if printer.product else None,
        units=printer.station is None,
        low_stock=printer.low_stock,
        unseen_ms=int(printer.unseen_s * 1000),
    )
