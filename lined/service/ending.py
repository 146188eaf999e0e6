"""The end of the process, whatever hangs: tasks are cancelled until they are done, and a thread that waits for nobody
ends everything when its time is over.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable, Collection
from typing import Any

import structlog

log = structlog.get_logger()

AGAIN_S = 0.2  # between two cancellations of the same task
LAST_LINE_S = 0.1  # for the log to be written
BROKEN_S, STOP_S = 4.5, 9.0  # after a journal that cannot be written; after SIGTERM


async def cancelled(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Every task is done. On Python 3.11 `asyncio.wait_for` forgets a cancellation that comes in the turn in which what
    it waits for is there, so one may not be enough.
    """
    pending = {task for task in tasks if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=AGAIN_S)


class LastResort:
    """Ends the process at the earliest of the times it was given. Needs no loop; may be called from any thread, also
    where the loop is held by what hangs.
    """

    def __init__(self, end: Callable[[int], None] = os._exit) -> None:
        self._end = end
        self._lock = threading.Lock()
        self._at = float("inf")
        self._over = threading.Event()

    def within(self, seconds: float, code: int) -> None:
        """From now on the process has so long to end by itself."""
        at = time.monotonic() + seconds
        with self._lock:
            if at >= self._at:
                return
            self._at = at
        threading.Thread(target=self._wait, args=(at, code), name="last resort", daemon=True).start()

    def off(self) -> None:
        """It ended by itself."""
        with self._lock:
            self._at = float("-inf")
        self._over.set()

    def _wait(self, at: float, code: int) -> None:
        if self._over.wait(max(0.0, at - time.monotonic())):
            return
        with self._lock:
            if self._at != at:  # a sooner time was given
                return
        log.critical("ended_by_force", exit=code, threads=[thread.name for thread in threading.enumerate()])
        time.sleep(LAST_LINE_S)
        self._end(code)
