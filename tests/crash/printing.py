"""A printed line that can be attacked: a pool, a simulated printer, its paper, and figures that hold the journal's
labels against it, one by one.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lined.journal.database import open_readonly
from lined.sandbox.devices.printers import PrinterFaults, SimulatedPrinter
from tests.harness.daemon import GTIN, JOURNAL, Line
from tests.harness.programs import LINED

PAPER = "paper.jsonl"
PAGE = 2_000  # codes loaded in one command
ISSUED_AT_ONCE = 20_000
PRINTER = """
[[printer]]
id = "printer-1"
driver = "{driver}"
url = "{url}"
queue = {queue}
low_stock = 1
"""


@dataclass(frozen=True)
class Figures:
    """What a campaign came to. Of the codes of the pool: `printed` by the printer's word, `unsure` set aside, of these
    `unsure_on_paper` came out whole, `unsure_spoiled` in half and `unsure_nowhere` never. `not_given` are left.

    What must be nothing: `twice` on labels, `never_given` and on paper, `not_on_paper` and said to be printed, `open`
    (given, and nothing said), `given_twice` rows of one code.
    """

    codes: int
    kills: int
    pulls: int
    power_cuts: int
    jams: int
    printed: int
    unsure: int
    unsure_on_paper: int
    unsure_spoiled: int
    unsure_nowhere: int
    not_taken: int
    not_given: int
    twice: int
    never_given: int
    not_on_paper: int
    open: int
    given_twice: int

    @property
    def holds(self) -> bool:
        wrong = self.twice + self.never_given + self.not_on_paper + self.open + self.given_twice
        accounted = self.printed + self.unsure + self.not_taken + self.not_given
        unsure = self.unsure_on_paper + self.unsure_spoiled + self.unsure_nowhere
        return wrong == 0 < self.printed and accounted == self.codes and unsure == self.unsure


class PrintingPlant(Line):
    """`codes` in the pool; a printer of `family` with `faults`."""

    def __init__(
        self,
        folder: Path,
        codes: int,
        *,
        faults: PrinterFaults | None = None,
        family: str = "generic-queue",
        queue: int = 50,
        program: Sequence[str] = (str(LINED),),
        seed: int = 1,
    ) -> None:
        self.paper = folder / PAPER
        self.printer = SimulatedPrinter(
            "tcp-listen://127.0.0.1:0", family, faults=faults, seed=seed, paper_path=self.paper
        )
        driver, _, preset = family.partition("/")
        stanza = PRINTER.format(driver=driver, url="{url}", queue=queue)
        stanza += f'options = {{ preset = "{preset}" }}\n' if preset else ""
        super().__init__(folder, program=program, change=lambda text: text + stanza.replace("{url}", self.printer.url))
        self.codes = codes
        self.kills = 0

    async def load_pool(self) -> None:
        """The codes, issued and loaded; then the job."""
        left = self.codes
        while left:
            issued = await self.issue(min(left, ISSUED_AT_ONCE))
            left -= len(issued)
            for start in range(0, len(issued), PAGE):
                page = [code.decode("ascii") for code in issued[start : start + PAGE]]
                await self.command("pools/load", gtin=GTIN, codes=page, complete=not left)
        await self.start_job()

    def rows(self) -> list[tuple[str, str, str]]:
        """Labels in the journal: identification code, check part, state."""
        return _rows(self.folder / JOURNAL, "SELECT ident, tail, state FROM label")

    def given(self) -> int:
        return len(self.rows())

    async def attack(self, kills: int, chance: random.Random) -> None:
        """SIGKILL at so many moments, spread over the codes. The daemon runs again afterwards."""
        for number in range(1, kills + 1):
            mark = self.codes * number // (kills + 1)

            async def far_enough(mark: int = mark) -> bool:
                return self.printer.counts["printed"] >= mark or await self.exhausted()

            await self.until(far_enough, "the printer stands", bound_s=600)
            await asyncio.sleep(chance.uniform(0, 0.05))
            await self.kill()
            self.kills += 1
            await self.start()

    async def exhausted(self) -> bool:
        """Nothing is left to be given, and nothing is with the printer."""
        states = Counter(state for _, _, state in await asyncio.to_thread(self.rows))
        return states.total() >= self.codes and not states["given"]

    async def finish(self, bound_s: float = 600) -> Figures:
        await self.until(self.exhausted, "some codes were never given", bound_s=bound_s)
        await self.terminate()
        return self.figures()

    def figures(self) -> Figures:
        rows = self.rows()
        of_code = {ident + tail: state for ident, tail, state in rows}
        lines = [json.loads(line) for line in self.paper.read_text().splitlines()] if self.paper.exists() else []
        whole = Counter(code for code, is_whole in lines if is_whole)
        spoiled = Counter(code for code, is_whole in lines if not is_whole)
        labels = whole + spoiled
        unsure = [code for code, state in of_code.items() if state == "unsure"]
        states = Counter(of_code.values())
        return Figures(
            codes=self.codes,
            kills=self.kills,
            pulls=self.printer.counts["pulls"],
            power_cuts=self.printer.counts["power-cuts"],
            jams=self.printer.counts["jams"],
            printed=states["printed"],
            unsure=len(unsure),
            unsure_on_paper=sum(1 for code in unsure if whole[code]),
            unsure_spoiled=sum(1 for code in unsure if spoiled[code] and not whole[code]),
            unsure_nowhere=sum(1 for code in unsure if not labels[code]),
            not_taken=states["not-taken"],
            not_given=self.codes - len(of_code),
            twice=sum(1 for n in labels.values() if n > 1),
            never_given=len(labels.keys() - of_code.keys()),
            not_on_paper=sum(1 for code, state in of_code.items() if state == "printed" and not whole[code]),
            open=states["given"],
            given_twice=len(rows) - len(of_code),
        )


@contextlib.asynccontextmanager
async def printing(plant: PrintingPlant) -> AsyncIterator[PrintingPlant]:
    """The plant, its printer at work."""
    async with plant.printer, plant:
        running = asyncio.create_task(plant.printer.run())
        try:
            yield plant
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


def _rows(journal: Path, asked: str) -> list[tuple[str, str, str]]:
    connection = open_readonly(journal.resolve())
    try:
        return connection.execute(asked).fetchall()
    finally:
        connection.close()
