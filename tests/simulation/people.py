"""People: an operator who runs jobs and withdraws codes, and somebody who decides what is held, by a look at the books.

A command keeps its id until it is answered, through crashes too, so that it is done once whatever happens.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from lined.reports.delivery.dating import DATES
from tests.rows import reports_where
from tests.simulation.books import ERROR
from tests.simulation.world import GTIN

if TYPE_CHECKING:
    from lined.journal.tables.reports import ReportRow
    from tests.simulation.life import Life
    from tests.simulation.run import Run

Call = Callable[["Life"], Coroutine[Any, Any, dict[str, Any]]]
PATIENT_S = 60.0  # a person looks at what has been held for so long
WITHDRAWALS = ("sample", "scrap", "damaged", "other")


class People:
    """They see `run.life`, whichever life that is now."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._world = run.world
        self._ids = 0
        self.excused: set[str] = set()
        self.dates_confirmed: set[str] = set()  # of reports held for their dates: sent as they were, or ended
        self._tried: set[tuple[int, bool]] = set()

    async def order(
        self, name: str, call: Callable[[Life, str], Coroutine[Any, Any, dict[str, Any]]]
    ) -> dict[str, Any]:
        """Give one command, again and again under the same id, until some life answers."""
        self._ids += 1
        command_id = f"{name}-{self._ids}"
        while True:
            life = await self._run.a_life()
            answer = await self._run.while_alive(life, life.command(lambda living: call(living, command_id)))
            if answer is not None:
                self._world.note(f"{name}: {answer}")
                return answer
            await asyncio.sleep(1.0)

    async def start_job(self) -> None:
        body = {"gtin": GTIN, "order": f"order-{self._ids}", "replace": True}
        await self.order("start", lambda life, cid: life.line.do("job-start", body, id=cid))

    async def stop_job(self) -> None:
        await self.order("stop", lambda life, cid: life.line.do("job-stop", {}, id=cid))

    async def operate(self) -> None:
        """Now and then somebody does something."""
        chance, ledger = self._world.chance, self._world.ledger
        while True:
            await asyncio.sleep(chance.uniform(2.0, 40.0))
            wish = chance.randrange(8)
            if wish == 0:
                await self.start_job()
            elif wish == 1:
                await self.order("seal", lambda life, cid: life.line.do("seal", {}, id=cid))
            elif wish == 2:
                await self._correct({"series": f"s{self._ids}"})
            elif wish == 3:
                await self.decide()
            elif ledger.heard:
                await self._withdraw(chance.choice(sorted(ledger.heard)[-20:]), chance.choice(WITHDRAWALS))

    async def _correct(self, body: dict[str, str]) -> None:
        await self.order("correct", lambda life, cid: life.line.do("job-correct", body, id=cid))

    async def _withdraw(self, ident: str, reason: str) -> None:
        body = {"code": ident, "reason": reason}
        ledger = self._world.ledger
        ledger.may_come_back(ident)
        answer = await self.order("withdraw", lambda life, cid: life.line.do("withdraw", body, id=cid))
        ledger.withdrawing.discard(ident)
        if "error" not in answer:
            ledger.withdrawn[ident] = reason

    # ── what is held ────────────────────────────────────────────────────────────────────────────────────────────────
    async def decide(self) -> None:
        """Decide every report that has been held for a while."""
        life = await self._run.a_life()
        held = reports_where(life._look, "state = 'held' ORDER BY id")
        for report in held:
            # whichever way the clock went: an attempt may have been made years from now
            if abs(self._world.wall_ms() - (report.attempt_ms or 0)) >= PATIENT_S * 1000:
                await self._decide(life, report)

    async def _decide(self, life: Life, report: ReportRow) -> None:
        if life.dead:
            return
        undecided = "batch_id = ? AND (own IS NULL OR own = 'reported')"  # a document may be read by half
        rows = life._look.execute(f"SELECT ident FROM code WHERE {undecided}", (report.batch_id,))
        left = {row[0] for row in rows}
        standing = self._world.books.standing(left)
        rid = str(report.id)
        self._world.weather.patience.clear()
        if not standing:
            dates = report.waits_for == DATES
            again = (report.id, dates) in self._tried
            self._tried.add((report.id, dates))
            if dates:
                self.dates_confirmed |= left
            end = {"codes": "refused" if dates else "unreported", "reason": "wrong dates" if dates else "never arrived"}
            body: dict[str, Any] = end if again else {"confirm": "not-received"}
            if again:
                await self.order(
                    "release", lambda living, cid: living.reports.do("report-release", body, id=cid, subject=rid)
                )
            else:
                await self.order(
                    "retry", lambda living, cid: living.reports.do("report-retry", body, id=cid, subject=rid)
                )
        elif len(standing) == 1 and left <= set(standing[0].idents):
            wanted = {"document_id": standing[0].id}
            if standing[0].status == ERROR or report.document_id != standing[0].id:
                await self.order(
                    "adopt", lambda living, cid: living.reports.do("report-retry", wanted, id=cid, subject=rid)
                )
        else:
            self.excused |= left
            mixed = {"codes": "accepted", "reason": "several documents"}
            await self.order(
                "mixed", lambda living, cid: living.reports.do("report-release", mixed, id=cid, subject=rid)
            )
