"""Links: the bytes between lined and its devices. They know frames and judgements, no codes and no rules.

A device that fails is a state of that device, shown and retried for ever; the others do not notice.
"""

from __future__ import annotations

from lined.devices.printer import PrinterSpec, PrinterState
from lined.devices.run import run_device, run_printer
from lined.devices.scheduler import FairScheduler
from lined.devices.spec import DeviceSpec, DeviceState, LinkLimits
from lined.devices.urls import LinkUrl, ListenUrl, SerialUrl, TcpUrl, parse_url

__all__ = [
    "DeviceSpec",
    "DeviceState",
    "FairScheduler",
    "LinkLimits",
    "LinkUrl",
    "ListenUrl",
    "PrinterSpec",
    "PrinterState",
    "SerialUrl",
    "TcpUrl",
    "parse_url",
    "run_device",
    "run_printer",
]
