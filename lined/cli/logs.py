"""The log: lines for people on a terminal, one JSON object a line for the journal of the system.

Of a daemon's log nothing may ever wait or fail: its reader may be gone, its disk full, its terminal stopped by Ctrl-S.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import sys
import threading
from typing import TextIO, cast

import structlog

LINES_WAITING = 10_000  # a start with everything away writes some dozens
LAST_LINES_S = 1.0  # at the end, for lines that are still waiting


def set_up_logs(*, level: int = logging.INFO, stream: LogStream | None = None) -> None:
    """To stderr; a daemon gives the stream that does not make it wait. No time where systemd keeps one anyway."""
    terminal = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=cast("TextIO", stream or sys.stderr)),
        cache_logger_on_first_use=True,
    )


class LogStream:
    """Lines are taken at once and written by a thread. Those that find no room are counted, and the number is told."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lines: queue.Queue[str | None] = queue.Queue(LINES_WAITING)
        self._lost = 0
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._thread.start()

    def write(self, text: str) -> None:
        """Never waits, never raises."""
        try:
            self._lines.put_nowait(text)
        except queue.Full:
            self._lost += 1

    def flush(self) -> None:
        """Nothing is kept back."""

    def close(self) -> None:
        """Write what is waiting, as far as that can be done within `LAST_LINES_S`."""
        try:
            self._lines.put_nowait(None)
        except queue.Full:  # nobody has read for ten thousand lines
            return
        self._thread.join(LAST_LINES_S)

    def _run(self) -> None:
        while (text := self._lines.get()) is not None:
            self._lost += not self._written(text)
            if self._lost and self._lines.empty():
                self._tell_lost()

    def _tell_lost(self) -> None:
        lost = self._lost
        if self._written(json.dumps({"event": "log_lines_lost", "level": "warning", "lines": lost}) + "\n"):
            self._lost -= lost

    def _written(self, text: str) -> bool:
        content = text.encode("utf-8", "backslashreplace")
        try:
            while content:
                content = content[os.write(self._descriptor, content) :]
        except OSError:  # nobody hears it, and there is nobody else to tell
            return False
        return True
