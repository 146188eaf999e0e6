"""URLs of devices.

tcp://host:port             lined connects to the device
tcp-listen://host:port      the device connects to lined; the newest connection wins
serial:///dev/...?baud=9600&bits=8&parity=N&stop=1
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

BAUDS = range(50, 4_000_001)
BITS = {"5": 5, "6": 6, "7": 7, "8": 8}
PARITIES = {"N": "N", "E": "E", "O": "O", "M": "M", "S": "S"}
STOPS = {"1": 1.0, "1.5": 1.5, "2": 2.0}
_T = TypeVar("_T")
_DIGITS = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class TcpUrl:
    """lined connects to the device."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"tcp://{address_text(self.host, self.port)}"


@dataclass(frozen=True, slots=True)
class ListenUrl:
    """The device connects to lined. Port 0 is any free one, for tests."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"tcp-listen://{address_text(self.host, self.port)}"


@dataclass(frozen=True, slots=True)
class SerialUrl:
    """A serial port, by a path that survives replugging (`/dev/serial/by-id/...`)."""

    path: str
    baud: int = 9600
    bits: int = 8
    parity: str = "N"
    stop: float = 1.0

    def __str__(self) -> str:
        return f"serial://{self.path}"


LinkUrl = TcpUrl | ListenUrl | SerialUrl


def address_text(host: str, port: int) -> str:
    """`host:port`, an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def parse_url(url: str) -> LinkUrl:
    """Raises ValueError with a message for the person who wrote the configuration."""
    if any(sign.isspace() or not sign.isprintable() for sign in url):
        raise ValueError("must not hold blanks or control characters")
    try:
        parts = urlsplit(url)
    except ValueError as broken:  # such as an IPv6 address without its closing bracket
        raise ValueError(f"is no URL: {broken}") from broken
    if parts.scheme == "serial":
        return _serial(parts)
    if parts.scheme not in {"tcp", "tcp-listen"}:
        raise ValueError("must begin with tcp://, tcp-listen:// or serial://")
    host, port = _host_and_port(parts)
    return TcpUrl(host, port) if parts.scheme == "tcp" else ListenUrl(host, port)


def _host_and_port(parts: SplitResult) -> tuple[str, int]:
    example = f"{parts.scheme}://10.0.0.21:9004"
    if parts.path or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError(f"takes a host and a port and nothing else, such as {example}")
    if not parts.hostname:
        raise ValueError(f"needs a host, such as {example}")
    try:
        port = parts.port
    except ValueError:
        raise ValueError("the port must be a number up to 65535") from None
    if port is None or (port == 0 and parts.scheme == "tcp"):
        raise ValueError(f"needs a port, such as {example}")
    return parts.hostname, port


def _serial(parts: SplitResult) -> SerialUrl:
    path = unquote(parts.path)
    if parts.netloc or parts.fragment or not path.startswith("/") or path.endswith("/") or "\0" in path:
        raise ValueError(
            "needs three slashes and a device's path, such as serial:///dev/serial/by-id/usb-...?baud=9600"
        )
    settings = parse_qsl(parts.query, keep_blank_values=True)
    given = dict(settings)
    if len(given) < len(settings):
        raise ValueError("holds a setting twice")
    if unknown := given.keys() - {"baud", "bits", "parity", "stop"}:
        raise ValueError(f"unknown setting {min(unknown)!r}; there are: baud, bits, parity, stop")
    return SerialUrl(
        path,
        baud=_baud(given.get("baud", "9600")),
        bits=_one_of("bits", given.get("bits", "8"), BITS),
        parity=_one_of("parity", given.get("parity", "N"), PARITIES),
        stop=_one_of("stop", given.get("stop", "1"), STOPS),
    )


def _baud(text: str) -> int:
    if not _DIGITS.fullmatch(text) or int(text) not in BAUDS:
        raise ValueError(f"baud must be a whole number from {BAUDS.start} to {BAUDS.stop - 1}")
    return int(text)


def _one_of(name: str, text: str, values: dict[str, _T]) -> _T:
    if text not in values:
        raise ValueError(f"{name} must be one of {', '.join(values)}")
    return values[text]
