"""The notifier of systemd, by sd_notify(3): readiness and the watchdog. Nothing happens without systemd."""

from __future__ import annotations

import os
import socket

from lined.vocabulary.environment import variable, whole_number


class Notify:
    """Datagrams to $NOTIFY_SOCKET; every method is a no-op where there is none, and none of them raises."""

    def __init__(self) -> None:
        self._address = variable("NOTIFY_SOCKET")
        if self._address.startswith("@"):
            self._address = "\0" + self._address[1:]

    @property
    def watchdog_s(self) -> float | None:
        """How often the watchdog wants to be fed, in seconds; None where nobody watches."""
        usec, pid = whole_number("WATCHDOG_USEC"), variable("WATCHDOG_PID")
        if not usec or (pid and pid != str(os.getpid())):
            return None
        return usec / 1_000_000

    def ready(self, status: str) -> None:
        self._send(f"READY=1\nSTATUS={status}")

    def alive(self, status: str) -> None:
        self._send(f"WATCHDOG=1\nSTATUS={status}")

    def stopping(self) -> None:
        self._send("STOPPING=1")

    def _send(self, text: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
                sender.settimeout(1.0)
                sender.sendto(text.encode(), self._address)
        except OSError:
            return  # systemd is gone or its socket full: it will notice by itself
