"""The life of one device's link, whatever its scheme."""

from __future__ import annotations

import asyncio
import random as random_numbers
import time
from collections.abc import Callable

import structlog

from drivers import Driver
from lined.devices.device import Device
from lined.devices.dial import Backoff, Link, keep_open
from lined.devices.listener import keep_listening
from lined.devices.scheduler import FairScheduler
from lined.devices.serial_port import open_port
from lined.devices.spec import DeviceSpec, DeviceState, LinkLimits
from lined.devices.tcp import connect
from lined.devices.urls import LinkUrl, ListenUrl, SerialUrl, TcpUrl
from lined.line.intake.ports import Intake

log = structlog.get_logger()

LIMITS = LinkLimits()


def log_defect(where: str, error: BaseException) -> None:
    """Where nobody else hears of a defect of a driver."""
    log.error("defect", where=where, exc_info=error)


async def run_device(
    spec: DeviceSpec,
    driver: Driver,
    intake: Intake,
    *,
    state: DeviceState | None = None,
    stopping: asyncio.Event | None = None,
    limits: LinkLimits = LIMITS,
    random: Callable[[], float] = random_numbers.random,
    wall_time: Callable[[], float] = time.time,
    scheduler: FairScheduler | None = None,
    note: Callable[[str, BaseException], None] = log_defect,
) -> None:
    """Keep the device connected, for ever.

    After `stopping` is set no byte is read any more and no connection made; it returns when every verdict under way has
    been said or reported unsaid (the caller bounds that). May be cancelled at any time: then verdicts that are judged
    already are said if the kernel takes them at once. A device's faults stay here; any other exception, from the
    intake too, comes out (in an ExceptionGroup), and it may be called again. `scheduler` is shared by the devices of a
    line; `note` hears of defects of the driver.
    """
    device = Device(spec, driver, intake, state or DeviceState(), limits, wall_time, scheduler or FairScheduler(), note)
    stopping = stopping or asyncio.Event()
    try:
        async with asyncio.TaskGroup() as tasks:
            writing = tasks.create_task(device.replies.run(), name=f"{spec.id}: verdicts")
            linking = tasks.create_task(keep_linked(device, spec.url, Backoff(limits, random)), name=f"{spec.id}: link")
            await stopping.wait()
            linking.cancel()
            await asyncio.wait([linking])
            await device.replies.drained()
            writing.cancel()
    except Exception:
        device.replies.give_up()
        raise
    finally:
        device.replies.flush()
        await device.part()


async def keep_linked(device: Link, url: LinkUrl, backoff: Backoff) -> None:
    """Until cancelled, by the scheme of its address."""
    match url:
        case TcpUrl() as tcp:
            await keep_open(device, lambda: connect(tcp, device.limits), backoff)
        case SerialUrl() as port:
            await keep_open(device, lambda: open_port(port, device.limits), backoff)
        case ListenUrl() as listen:
            await keep_listening(device, listen, backoff)
