"""The speech of a simulated device: how it says an item, what it understands, how it says that it is alive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lined.sandbox.devices.items import Item


@dataclass(frozen=True)
class Speech:
    """Of a reader that sends what it read between `prefix` and `suffix`. `commands`: what it answers to what."""

    prefix: bytes = b""
    suffix: bytes = b"\r\n"
    no_read: bytes = b"NOREAD"
    heartbeat: bytes = b""
    """Whole, with its suffix; empty: it has none."""
    commands: Mapping[bytes, bytes] = field(default_factory=dict)

    def frame(self, item: Item) -> bytes:
        return self.prefix + item.payload + self.suffix
