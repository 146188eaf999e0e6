"""Controls of the demo: what can be done to its plant while it runs, at the press of a key."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import termios
import tty
from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lined.sandbox.demo.plant import DemoPlant

SPOILED = 50  # codes that a camera's wrong setting reaches the line with
REFUSED = 2  # codes that the regulator refuses at once
HANDS_OFF_S = 5.0  # for packers to hear what they were told, before the daemon is killed
KEYS = (
    ("c", "pull the camera's cable; again: put it back"),
    ("i", "lose the internet; again: bring it back"),
    ("s", f"spoil the separators of the next {SPOILED} codes"),
    ("b", "let bad items pass: a used code, an unreadable print, a foreign code"),
    ("r", f"let the regulator refuse {REFUSED} codes"),
    ("k", "kill the daemon; it starts again"),
    ("Ctrl-C", "end, with the balance"),
)


class Controls:
    """Carries out one key at a time; `show` tells people what was done."""

    def __init__(self, plant: DemoPlant, show: Callable[[str], None]) -> None:
        self._plant = plant
        self._show = show
        self._keys: dict[str, Callable[[], Awaitable[None]]] = {
            "c": self._cable,
            "i": self._internet,
            "s": self._separators,
            "b": self._bad_items,
            "r": self._refusal,
            "k": self._kill,
        }
        self._typed: asyncio.Queue[str] = asyncio.Queue(maxsize=10)
        self._unplugged = False
        self._outage = ""
        self.restarting = False

    async def run(self) -> None:
        """For ever, where somebody can type; else nothing."""
        if not sys.stdin.isatty():
            return
        with _keys_at_once(sys.stdin.fileno(), self._put):
            while True:
                action = self._keys.get(await self._typed.get())
                if action is None:
                    self._show("Keys: " + ", ".join(key for key, _ in KEYS))
                else:
                    await action()

    def _put(self, typed: str) -> None:
        for key in typed.lower():
            if not key.isspace() and not self._typed.full():
                self._typed.put_nowait(key)

    async def _cable(self) -> None:
        camera = self._plant.belt.camera
        if self._unplugged:
            await camera.plug()
            self._show("The camera's cable is back: what was not answered passes again.")
        else:
            await camera.unplug()
            self._show("The camera's cable is pulled: the page says so. Press c again to put it back.")
        self._unplugged = not self._unplugged

    async def _internet(self) -> None:
        if self._outage:
            await self._plant.control.end_fault(self._outage)
            self._outage = ""
            self._show("The internet is back: what is in doubt is looked for first, the rest is sent.")
        else:
            self._outage = await self._plant.control.fault({"kind": "drop-before", "times": None})
            self._show("The internet is gone: the line goes on, reports wait. Press i again to bring it back.")

    async def _separators(self) -> None:
        self._plant.spoil_next(SPOILED)
        self._show(f"The next {SPOILED} codes come without separators: the product's fixed lengths put them back.")

    async def _bad_items(self) -> None:
        self._plant.pass_bad_items()
        self._show(
            "Three bad items pass the camera: a used code, an unreadable print, a foreign code. All are rejected."
        )

    async def _refusal(self) -> None:
        await self._plant.control.fault({"kind": "partial", "path": "*utilisation*", "spoil": REFUSED})
        self._show(f"The regulator will refuse {REFUSED} codes of the next report: they come to {self._plant.url}/work")

    async def _kill(self) -> None:
        """Packers hear what they were told before: what lies where is known to the belt alone."""
        packers = [self._plant.belt.boxes.scanner, self._plant.belt.pallets.scanner]
        self.restarting = True
        try:
            for scanner in packers:
                scanner.pause()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(HANDS_OFF_S):
                    await asyncio.gather(*(scanner.quiet() for scanner in packers))
            await self._plant.daemon.kill()
            self._show("The daemon was killed (SIGKILL) in the middle of its work; it starts again.")
            await self._plant.daemon.spawn()
            await self._plant.daemon.until_ready()
        finally:
            self.restarting = False
            for scanner in packers:
                scanner.resume()
        self._show("It is back: what was accepted and not said is accepted once more, nothing else.")


@contextlib.contextmanager
def _keys_at_once(terminal: int, put: Callable[[str], None]) -> Iterator[None]:
    """Keys come as they are pressed and are not echoed into the progress bars; afterwards all is as before."""
    before = termios.tcgetattr(terminal)
    loop = asyncio.get_running_loop()
    tty.setcbreak(terminal, termios.TCSANOW)  # what was typed before counts too
    loop.add_reader(terminal, lambda: put(os.read(terminal, 64).decode("utf-8", "replace")))
    try:
        yield
    finally:
        loop.remove_reader(terminal)
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)
