"""Links: the bytes between lined and its devices. They know frames and judgements, no codes and no rules.

A device that fails is a state of that device, shown and retried for ever; the others do not notice. Printers are in
`printer` and `run_printer`: lines without one do not load them.
"""

from __future__ import annotations

from lined.devices.run import run_device
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
    "SerialUrl",
    "TcpUrl",
    "parse_url",
    "run_device",
]
