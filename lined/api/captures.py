"""Captures of devices that the endpoint hands out, part by part: begun, fetched each second or so, over by itself.

What is captured holds check parts: who may fetch it is for whoever asks to say (`lined.api.devices`).
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import structlog

from lined.api.schemas import CapturedPart
from lined.line.intake.capture import HEAD, VERDICT, VERSION, Recording
from lined.line.stations.verdicts import PublishedVerdict
from lined.vocabulary.errors import Conflict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lined.api.ports import PlantView
    from lined.commands.registry.caller import Caller
    from lined.line.intake.intake import Listener

log = structlog.get_logger()

LOOK_S: Final = 5.0
CAPTURES_MAX: Final = 8  # at once: 4 MiB each may wait


class _Running(NamedTuple):
    recording: Recording
    listener: Listener


class Captures:
    """Those that run now, by device: at most one each. Belongs to the event loop."""

    def __init__(self) -> None:
        self._running: dict[str, _Running] = {}
        self._look: asyncio.TimerHandle | None = None

    def begin(self, view: PlantView, device: str, seconds: float, head: Mapping[str, Any], caller: Caller) -> None:
        """Raises Conflict where one runs already. `head`: what the first line says beside device and version. Who
        began it stands in the log.
        """
        if device in self._running or len(self._running) >= CAPTURES_MAX:
            raise Conflict("capture-running", f"{device} is being captured already, or too many devices are.")
        recording, began_ms = Recording(time.monotonic, seconds), view.wall_ms()

        def listener(verdicts: Sequence[PublishedVerdict]) -> None:
            for one in verdicts:
                if one.device == device and one.at_ms >= began_ms:  # else its bytes came before
                    recording.put(VERDICT, more={"verdict": one.verdict, "reason": one.reason, "code": one.code})

        self._running[device] = _Running(recording, listener)
        self._keep_looking(view)
        about = {"capture": VERSION, "device": device, **head}
        recording.put(HEAD, more=about)
        view.devices[device].tap = recording.tap
        view.intake.listeners.append(listener)
        log.info("capture_begins", device=device, seconds=seconds, by=caller.by, way=caller.way)

    def take(self, view: PlantView, device: str, *, enough: bool = False) -> CapturedPart:
        """What came since the last time; `enough`: and no more of it. Raises Conflict where none runs."""
        running = self._running.get(device)
        if running is None:
            raise Conflict("no-capture", f"{device} is not being captured.")
        if enough:
            running.recording.ended = running.recording.ended or "asked"
        lines = running.recording.take()
        ended = running.recording.ended if running.recording.is_empty else None
        if ended:
            self._end(view, device)
        return {"lines": lines, "ended": ended or None}

    def end(self, view: PlantView) -> None:
        """The daemon stops."""
        for device in list(self._running):
            self._end(view, device)
        if self._look is not None:
            self._look.cancel()

    def _keep_looking(self, view: PlantView) -> None:
        """A capture that is over and that nobody fetches is forgotten."""
        for device, running in list(self._running.items()):
            running.recording.look()
            if running.recording.is_left:
                self._end(view, device)
        if self._look is not None:
            self._look.cancel()
        again = asyncio.get_running_loop().call_later
        self._look = again(LOOK_S, self._keep_looking, view) if self._running else None

    def _end(self, view: PlantView, device: str) -> None:
        running = self._running.pop(device)
        view.devices[device].tap = None
        if running.listener in view.intake.listeners:
            view.intake.listeners.remove(running.listener)
        log.info("capture_ends", device=device, why=running.recording.ended)
