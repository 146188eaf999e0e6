"""The last minute of an account on this computer: how many limited requests all processes together have sent, in a
small file that they share under a lock.

Guarantees: within any 60 s at most `per_minute` requests of those who write here go out, however many processes there
are: lines, and people who ask by hand. What others send, from other computers, nobody here can know; a 429 tells. A
file that cannot be used takes nothing from the budget that each process has for itself.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

WINDOW_S = 60
LOCK_S, LOCK_STEP_S = 1.0, 0.02
MOST_BYTES = 64 * 1024  # 61 seconds are a kilobyte
FILE_MODE = 0o600


class Minute(NamedTuple):
    """Where the file is, and what the account is allowed in a minute."""

    path: Path
    per_minute: int

    @classmethod
    def of(cls, folder: Path, url: str, tin: str, per_minute: int) -> Minute:
        """That of an account in the folder of its lines' journals."""
        account = hashlib.sha256(f"{url}\n{tin}".encode()).hexdigest()[:12]
        return cls(folder / f".lined-minute-{account}", per_minute)

    def take(self, clock: Callable[[], float] = time.monotonic) -> float:
        """Note one request and return 0, or return the seconds until one may go out. Waits for the lock for a second at
        most. Raises OSError where the file cannot be used.
        """
        with self._locked() as descriptor:
            now = int(clock())
            sent = {at: n for at, n in _read(descriptor).items() if now - WINDOW_S <= at <= now}
            if sum(sent.values()) >= self.per_minute:
                return float(min(sent) + WINDOW_S + 1 - now)
            sent[now] = sent.get(now, 0) + 1
            _write(descriptor, sent)
            return 0.0

    @contextlib.contextmanager
    def _locked(self) -> Iterator[int]:
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, FILE_MODE)
        try:
            until = time.monotonic() + LOCK_S
            while True:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > until:
                        raise
                    time.sleep(LOCK_STEP_S)
            yield descriptor
        finally:
            os.close(descriptor)


def _read(descriptor: int) -> dict[int, int]:
    """Requests by second of the clock that counts from the machine's start; nothing where it is none of ours."""
    try:
        found = json.loads(os.pread(descriptor, MOST_BYTES, 0) or b"{}")
        return {int(at): int(n) for at, n in found.items() if int(n) > 0}
    except (ValueError, TypeError, AttributeError, RecursionError):
        return {}


def _write(descriptor: int, sent: dict[int, int]) -> None:
    content = json.dumps(sent).encode()
    os.pwrite(descriptor, content, 0)
    os.ftruncate(descriptor, len(content))
