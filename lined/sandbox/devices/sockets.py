"""The factory of a simulated device's connection: TCP either way round, a pseudo terminal, a serial port.

tcp-listen://HOST:PORT     the device listens (port 0: a free one), lined connects; the newest connection wins
tcp://HOST:PORT            the device connects to lined's tcp-listen://
pty:///PATH                a pseudo terminal, linked at PATH, that lined opens with serial://
serial:///PATH?baud=9600   a real port, at the other end of a cable
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from lined.sandbox.devices.terminals import SPEEDS, PtySocket, SerialSocket
from lined.sandbox.devices.wires import Socket, TcpClientSocket, TcpServerSocket


def socket_for(address: str) -> Socket:
    """The socket for an address as above. Raises ValueError."""
    parts = urlsplit(address)
    if parts.scheme == "pty" and parts.path:
        return PtySocket(Path(parts.path))
    if parts.scheme == "serial" and parts.path:
        baud = int(parse_qs(parts.query).get("baud", ["9600"])[0])
        if baud not in SPEEDS:
            raise ValueError(f"{address}: baud is one of {', '.join(map(str, SPEEDS))}")
        return SerialSocket(Path(parts.path), baud)
    if parts.scheme in {"tcp", "tcp-listen"} and parts.hostname and parts.port is not None:
        kind = TcpServerSocket if parts.scheme == "tcp-listen" else TcpClientSocket
        return kind(parts.hostname, parts.port)
    raise ValueError(f"{address}: must be tcp-listen://, tcp://, pty:/// or serial:///")
