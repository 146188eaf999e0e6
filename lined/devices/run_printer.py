"""The life of one printer's link, whatever its scheme."""

from __future__ import annotations

import asyncio
import random as random_numbers
import time
from collections.abc import Callable

from drivers.printers import PrinterDriver
from lined.devices.dial import Backoff
from lined.devices.printer import Printer, PrinterSpec, PrinterState
from lined.devices.printer_ports import LabelSource
from lined.devices.run import LIMITS, keep_linked, log_defect
from lined.devices.scheduler import FairScheduler
from lined.devices.spec import LinkLimits


async def run_printer(
    spec: PrinterSpec,
    driver: PrinterDriver,
    source: LabelSource,
    *,
    state: PrinterState | None = None,
    stopping: asyncio.Event | None = None,
    limits: LinkLimits = LIMITS,
    random: Callable[[], float] = random_numbers.random,
    wall_time: Callable[[], float] = time.time,
    scheduler: FairScheduler | None = None,
    note: Callable[[str, BaseException], None] = log_defect,
) -> None:
    """Keep the printer connected and fed, for ever. After `stopping` is set it takes no label any more, and returns
    when none is with it (the caller bounds that). May be cancelled at any time: what is with it then is set aside at
    the next start.
    """
    printer = Printer(
        spec, driver, source, state or PrinterState(), limits, wall_time, scheduler or FairScheduler(), note
    )
    stopping = stopping or asyncio.Event()
    try:
        async with asyncio.TaskGroup() as tasks:
            linking = tasks.create_task(
                keep_linked(printer, spec.url, Backoff(limits, random)), name=f"{spec.id}: link"
            )
            await stopping.wait()
            await printer.finish()
            linking.cancel()
    finally:
        printer.part()
