"""The scanner doctor of `lined doctor`: what each device of a daemon that runs does to codes, and what to set on it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from lined.cli.daemon import ask
from lined.cli.finding import Finding
from lined.vocabulary.scanners import ScannerSign
from lined.vocabulary.word import sentences

if TYPE_CHECKING:
    from lined.config import Config

SIGNS = sentences(ScannerSign)


def scanners(config: Config) -> Iterator[Finding]:
    """Raises what `ask` raises."""
    drivers = {device.id: device.driver for device in config.devices}
    for one in ask(config, "/api/v1/devices")["items"]:
        for finding in one["findings"]:
            do = f"All settings of such a device: lined drivers {drivers.get(one['id'], '')}"
            yield Finding("warning", one["id"], finding["text"], do)
        if one["reads"]:
            yield Finding("ok", one["id"], _seen(one))


def _seen(one: dict[str, Any]) -> str:
    """In one line: frames and what was seen in them, how often, and when last."""
    share = f"{one['no_read_share']:.1%}" if one["no_read_share"] is not None else "-"
    parts = [f"since {_clock(one['since'])} {one['reads']:,} reads, {one['no_reads']:,} without a code ({share})"]
    parts += [
        f"{SIGNS.get(sign['sign'], sign['sign'])}{' ' + sign['detail'] if sign['detail'] else ''} "
        f"{sign['n']:,} (last {_clock(sign['last_at'])})"
        for sign in one["signs"]
    ]
    parts += [f"{word} {one[name]:,}" for name, word in COUNTS.items() if one[name]]
    if one["last_heartbeat_at"]:
        parts.append(f"last heartbeat {_clock(one['last_heartbeat_at'])}")
    return "; ".join(parts)


COUNTS = {
    "missed": "triggers without a result",
    "retransmissions": "sent once more",
    "garbled": "damaged on their way",
    "dropped_bytes": "bytes dropped that are of no code",
    "heartbeats": "heartbeats",
    "reconnects": "reconnected",
}


def _clock(at: str | None) -> str:
    return "never" if at is None else f"{at[:10]} {at[11:19]} UTC"
