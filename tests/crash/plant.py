"""A line that can be attacked: a proxy before the regulator, a belt that never runs empty, and figures that say whether
anything was lost or reported twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lined.journal.database import open_readonly
from lined.sandbox import SandboxSettings
from lined.sandbox.devices.player import ScannerSettings, SimulatedScanner
from tests.harness.daemon import JOURNAL, Line
from tests.harness.programs import LINED
from tests.harness.proxy import Kind, Plan, Proxy, passing

QUICK = SandboxSettings(
    requests_per_minute=0,
    key_requests_per_day=10**6,
    validating_after_s=0.05,
    in_process_after_s=0.1,
    final_after_s=(0.15, 0.3),
)
ISSUED_AT_ONCE = 20_000
SUBMISSION = "/api/utilisation"
ALIVE_S = (0.0, 0.6)  # how long the daemon lives after it was ready, or after it has begun to send
SENDS_WITHIN_S = 10.0

# The budget starts empty after each restart; a daemon that lives for a second would otherwise never send.
HASTE = {
    "poll_s = 0.5": """poll_s = 0.2
requests_per_minute = 60000
limits = { requests_per_minute = 60000, reads_per_minute = 60000 }""",
    "in_doubt_first_s = 1": "in_doubt_first_s = 0.2",
    "in_doubt_gap_s = 3": "in_doubt_gap_s = 1",
}


@dataclass(frozen=True)
class Figures:
    """What a campaign came to. `said`: different codes whose accept a device was told. `left_in_doubt`: reports that
    the process left as `sending` when it was killed.
    """

    kills: int
    kills_while_sending: int
    said: int
    unheard: int
    applied: int
    applied_twice: int
    attempted_again: int
    lost: int
    never_said: int
    left_in_doubt: int
    reports: dict[str, int]
    proxy: dict[str, int]

    @property
    def holds(self) -> bool:
        """Accepted reads and the regulator's codes are the same, each once."""
        wrong = self.lost + self.never_said + self.applied_twice + self.attempted_again
        return wrong == 0 < self.said == self.applied


class Plant(Line):
    """See the head. `plan`: what requests to the regulator meet."""

    def __init__(
        self,
        folder: Path,
        *,
        plan: Plan = passing,
        program: Sequence[str] = (str(LINED),),
        sandbox: SandboxSettings = QUICK,
        rate: float = 400,
        max_codes: int = 250,
        max_age_s: float = 1.0,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.proxy = Proxy(("", 0), plan)
        super().__init__(
            folder, sandbox=sandbox, proxy=self.proxy, settings={**HASTE, **(settings or {})}, program=program,
            max_codes=max_codes, max_age_s=max_age_s, first_batch_s=0,
        )  # fmt: skip
        self.belt: list[bytes] = []
        self.running = True
        self.kills = 0
        self.kills_while_sending = 0
        self._passed = 0
        scanner = ScannerSettings(rate=rate, window=64, reply_timeout_s=2)
        self.scanners.append(SimulatedScanner("tcp-listen://127.0.0.1:0", self._items(), scanner))

    @property
    def scanner(self) -> SimulatedScanner:
        return self.scanners[0]

    def _items(self) -> Iterator[bytes]:
        """Codes off the belt, as long as it runs."""
        while self.running and self._passed < len(self.belt):
            yield self.belt[self._passed]
            self._passed += 1

    # ── load ────────────────────────────────────────────────────────────────────────────────────────────────────────

    async def feed(self, ahead: int = 10_000) -> None:
        """See that the belt does not run empty."""
        while len(self.belt) - self._passed < ahead:
            self.belt += await self.issue(ISSUED_AT_ONCE)

    async def until_said(self, count: int, bound_s: float = 60) -> None:
        """Until so many different codes were accepted and the device was told."""

        async def far_enough() -> bool:
            return len(self.scanner.results.accepted) >= count

        await self.until(far_enough, f"no {count} codes were accepted", bound_s=bound_s)

    async def finish(self, playing: asyncio.Task[Any], *, bound_s: float = 180) -> Figures:
        """Stop the belt, let everything come to its end, count. The network goes on as `proxy.plan` says."""
        self.running = False
        async with asyncio.timeout(60):
            await playing
        await self.command("job/stop")
        await self.until_settled(bound_s=bound_s)
        return await self.figures()

    async def _left_in_doubt(self) -> int:
        """Read off the journal's file, since only histories tell."""
        asked = "SELECT count(DISTINCT report_id || at_ms) FROM report_event WHERE after = 'in_doubt' AND why LIKE ?"
        return await asyncio.to_thread(_one_number, self.folder / JOURNAL, asked, "the program ended%")

    async def figures(self) -> Figures:
        results, applied, books = self.scanner.results, await self.applied(), await self.books()
        states: dict[str, int] = (await self.status())["reports"]
        return Figures(
            kills=self.kills,
            kills_while_sending=self.kills_while_sending,
            said=len(results.accepted),
            unheard=results.counts["unanswered"],
            applied=len(applied),
            applied_twice=books["codes"]["applied_more_than_once"],
            attempted_again=books["codes"]["repeated_attempts"],
            lost=len(results.accepted - applied),
            never_said=len(applied - results.accepted),
            left_in_doubt=await self._left_in_doubt(),
            reports={state: n for state, n in states.items() if n},
            proxy={str(kind): n for kind, n in self.proxy.met.items()},
        )


class OneInFiveAnswersLost:
    """The plan of a bad network: every fifth request is received, and nobody hears of it. Knows of submissions."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.submitted = asyncio.Event()

    def __call__(self, verb: str, path: str) -> Kind:
        if verb == "POST" and path.startswith(SUBMISSION):
            self.submitted.set()
        return Kind.LOSE_ANSWER if self._chance.random() < 0.2 else Kind.PASS


async def kill_under_load(plant: Plant, plan: OneInFiveAnswersLost, kills: int, chance: random.Random) -> None:
    """SIGKILL at random moments, so many times; the daemon runs again afterwards.

    One in four while it starts to work, the others while it sends: its budget is empty for the first two seconds, so
    a moment counted from the start alone would never meet a submission.
    """
    while plant.kills < kills:
        await plant.feed()
        if chance.random() < 0.75:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SENDS_WITHIN_S):
                    await plan.submitted.wait()
        await asyncio.sleep(chance.uniform(*ALIVE_S))
        plant.kills_while_sending += plan.submitted.is_set()
        await plant.kill()
        plant.kills += 1
        plan.submitted.clear()
        await plant.start()


def _one_number(journal: Path, asked: str, value: str) -> int:
    connection = open_readonly(journal.resolve())
    try:
        return int(connection.execute(asked, (value,)).fetchone()[0])
    finally:
        connection.close()
