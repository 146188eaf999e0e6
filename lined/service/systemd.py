"""The notifier of systemd, by sd_notify(3): readiness and the watchdog. Nothing happens without systemd."""

from __future__ import annotations

import os
import socket
import threading
import time
from typing import Self

import structlog

from lined.vocabulary.environment import variable, whole_number

log = structlog.get_logger()

EVERY_S = 2.0  # how often systemd is told, while something goes on before it is ready
MORE_S = 60.0  # for what goes on, from each telling on
MOST_S = 6 * 3600.0  # then whatever goes on hangs


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

    def more_time(self, seconds: float, status: str) -> None:
        """Before it is ready: what is being done, and that it may take so long from now on."""
        self._send(f"EXTEND_TIMEOUT_USEC={int(seconds * 1_000_000)}\nSTATUS={status}")

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


class Starting:
    """`with`: until the program is ready systemd hears what it is doing, and waits for it. A thread tells, because what
    takes long holds the loop: a migration, a check of millions of codes. `tell` says what begins now.
    """

    def __init__(self, notify: Notify, line: str) -> None:
        self._notify = notify
        self._line = line
        self._doing = "starting"
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="starting", daemon=True)

    def tell(self, what: str) -> None:
        """`the journal is checked`, in a word for people."""
        self._doing = what
        log.info("starting", doing=what)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """It is ready, or it ends. Idempotent."""
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        began = time.monotonic()
        while not self._over.wait(EVERY_S):
            passed_s = time.monotonic() - began
            if passed_s > MOST_S:
                log.error("starting_takes_too_long", doing=self._doing, seconds=int(passed_s))
                return
            self._notify.more_time(MORE_S, f"{self._line}: {self._doing} ({passed_s:.0f} s)")
