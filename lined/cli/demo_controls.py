"""What can be done to the plant of `lined demo` while it runs: a letter and Enter."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lined.cli.demo_plant import DemoPlant

OUTAGE_S = 30.0
SPOILED = 50  # codes that a camera's wrong setting reaches the line with
HANDS_OFF_S = 5.0  # for packers to hear what they were told, before the daemon is killed


class Controls:
    """Carries out one letter at a time; `say` tells people what was done."""

    def __init__(self, plant: DemoPlant, say: Callable[[str], None]) -> None:
        self._plant = plant
        self._say = say
        self._letters: dict[str, Callable[[], Awaitable[None]]] = {
            "c": self._cable,
            "i": self._internet,
            "s": self._separators,
            "k": self._kill,
        }
        self._typed: asyncio.Queue[str] = asyncio.Queue(maxsize=10)
        self.restarting = False

    @staticmethod
    def help() -> str:
        return (
            "c: pull the camera's cable · i: lose the internet · s: spoil separators · k: kill the daemon · Ctrl-C: end"
        )

    async def run(self) -> None:
        """For ever, where somebody can type; else nothing."""
        if not sys.stdin.isatty():
            return
        loop = asyncio.get_running_loop()
        loop.add_reader(sys.stdin.fileno(), self._read)
        try:
            while True:
                action = self._letters.get(await self._typed.get())
                if action is None:
                    self._say(self.help())
                else:
                    await action()
        finally:
            loop.remove_reader(sys.stdin.fileno())

    def _read(self) -> None:
        letter = sys.stdin.readline().strip().lower()[:1]
        if not self._typed.full():
            self._typed.put_nowait(letter)

    async def _cable(self) -> None:
        self._plant.belt.camera.pull()
        self._say("The camera's cable was pulled and put back: what was not answered passes again.")

    async def _internet(self) -> None:
        fault = await self._plant.sandbox_fault({"kind": "drop-before", "times": None})
        self._say(f"The internet is gone for {OUTAGE_S:.0f} s: the line goes on, reports wait.")
        await asyncio.sleep(OUTAGE_S)
        await self._plant.end_sandbox_fault(fault)
        self._say("The internet is back: what is in doubt is looked for, the rest is sent.")

    async def _separators(self) -> None:
        self._plant.spoil_next(SPOILED)
        self._say(f"The next {SPOILED} codes come without separators: the product's fixed lengths put them back.")

    async def _kill(self) -> None:
        packers = [self._plant.belt.boxes.scanner, self._plant.belt.pallets.scanner]
        self.restarting = True
        try:
            for scanner in packers:
                scanner.pause()
            async with asyncio.timeout(HANDS_OFF_S):
                await asyncio.gather(*(scanner.quiet() for scanner in packers))
            await self._plant.kill_daemon()
            self._say("The daemon was killed (SIGKILL) in the middle of its work; it starts again.")
            await self._plant.start_daemon()
        finally:
            self.restarting = False
            for scanner in packers:
                scanner.resume()
        self._say("It is back: what was accepted and not said is accepted once more, nothing else.")
