"""What may be asked of the line from outside: the same for HTTP, MQTT and the command line.

Each call takes `command_id` (the same again within 7 days is answered again, not done again) and `by` (who). Answers
are durable when they come. Raises CommandError, or JournalFull and JournalBroken where the journal cannot commit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lined import codes
from lined.journal import Journal
from lined.journal.tables.commands import Command
from lined.line import commands
from lined.line.commands import Action, Commands, Order
from lined.line.intake.intake import LineIntake
from lined.line.jobs.jobs import JobOrder
from lined.line.package_operations import PackageOperations, ending_job, withdrawing
from lined.line.plant import Plant
from lined.line.pool_operations import PoolOperations
from lined.line.state import LineState
from lined.line.stations.verdicts import Ruling
from lined.line.watch.confirming import Confirming
from lined.vocabulary.errors import CommandError, Invalid, NotFound, Problem
from lined.vocabulary.reports import ReportKind
from lined.vocabulary.word import member

COUNT_MAX = 1_000_000_000  # one increment; no PLC counts so far between two messages


class LineOperations(PackageOperations, PoolOperations):
    """See the file's head. `changed` is called after each command that changed something."""

    def __init__(
        self,
        plant: Plant,
        journal: Journal,
        state: LineState,
        intake: LineIntake,
        wall_ms: Callable[[], int],
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._plant = plant
        self._journal = journal
        self._intake = intake
        self._work = Commands(state)
        self._typed = Commands(state, intake=True)
        self._shapes = {gtin: product.shape for gtin, product in plant.products.items()}
        self._wall_ms = wall_ms
        self._changed = changed
        self.confirming = Confirming(plant, journal, intake.problems, intake.session, wall_ms)
        intake.listeners.append(self.confirming.heard)

    async def start_job(self, body: Mapping[str, Any], *, command_id: str = "", by: str = "") -> dict[str, Any]:
        """`body` as of `/api/v1/job/start`. The answer: the job."""
        _wellformed(body, required=("gtin",))
        if not isinstance(body.get("replace") or False, bool):
            raise _wrong([Problem("replace", "true or false")])
        body = {key: value for key, value in body.items() if value is not None}
        wish = JobOrder(**{key: value for key, value in body.items() if key in JobOrder.__dataclass_fields__})
        action = commands.start_job(wish, by)
        if wish.replace:
            action = ending_job(self, body.get("packages"), action)
        return await self._order("job-start", body, command_id, by, action)

    async def stop_job(self, body: Mapping[str, Any], *, command_id: str = "", by: str = "") -> dict[str, Any]:
        _wellformed(body)
        action = ending_job(self, body.get("packages"), commands.stop_job(by))
        return await self._order("job-stop", body, command_id, by, action)

    async def correct_job(self, body: Mapping[str, Any], *, command_id: str = "", by: str = "") -> dict[str, Any]:
        _wellformed(body)
        return await self._order("job-correct", body, command_id, by, commands.correct_job(dict(body), by))

    async def seal(self, body: Mapping[str, Any], *, command_id: str = "", by: str = "") -> dict[str, Any]:
        _wellformed(body)
        kind = body.get("kind")
        if kind is not None and member(ReportKind, kind) is None:
            raise _wrong([Problem("kind", f"one of {', '.join(ReportKind)}")])
        return await self._order("seal", body, command_id, by, commands.seal(kind))

    async def withdraw(self, body: Mapping[str, Any], *, command_id: str = "", by: str = "") -> dict[str, Any]:
        """`code` with or without its check part, `reason`."""
        _wellformed(body, required=("code", "reason"))
        ident = self.identification(str(body.get("code", "")))
        action = withdrawing(ident, by, commands.withdraw(ident, str(body.get("reason", "")), by))
        return await self._order("withdraw", body, command_id, by, action)

    async def read(self, body: Mapping[str, Any], *, command_id: str = "", by: str = "") -> dict[str, Any]:
        """A code typed in at a station, judged like a read. The answer: `verdict`, `reason`, `code`."""
        _wellformed(body, required=("station", "code"))
        station = self._plant.stations.get(str(body.get("station", "")))
        if station is None:
            known = ", ".join(self._plant.stations)
            raise NotFound(
                "unknown-station",
                f"There is no station {body.get('station')!r} (there are {known}).",
            )
        chunk = self._intake.typed_chunk(station, str(body.get("code", "")))
        rulings: list[Ruling] = []
        action = commands.typed_read(self._intake.judging, chunk, rulings)
        judged = False
        try:
            answer = await self._order("read", body, command_id, by, action, self._typed)
            judged = bool(rulings)
        finally:
            self._intake.typed_done(chunk, rulings[0] if judged else None)
        return answer

    async def count(self, body: Mapping[str, Any], *, command_id: str = "", by: str = "") -> dict[str, Any]:
        """`station`, and what its PLC has counted since the last time: `triggers`, `ejected`. The answer: their new
        sums, of the running job, or of the journal's life where none runs.
        """
        _wellformed({"station": body.get("station")}, required=("station",))
        station = str(body["station"])
        if station not in self._plant.stations:
            known = ", ".join(self._plant.stations)
            raise NotFound("unknown-station", f"There is no station {station!r} (there are {known}).")
        increments = {what: body[what] for what in ("triggers", "ejected") if body.get(what) is not None}
        wrong = [what for what, n in increments.items() if type(n) is not int or not 0 <= n <= COUNT_MAX]
        if wrong:
            raise _wrong([Problem(what, f"a whole number from 0 to {COUNT_MAX}") for what in wrong])
        return await self._order("count", body, command_id, by, commands.count(station, increments))

    def identification(self, text: str) -> str:
        """The identification code of what a person typed or pasted. Raises CommandError 422."""
        try:
            return codes.typed(text, self._shapes).ident
        except codes.Malformed as fault:
            raise Invalid("malformed", f"{text!r} is no marking code: {fault}", [Problem("code", str(fault))]) from None

    async def _order(
        self,
        name: str,
        body: Mapping[str, Any],
        command_id: str,
        by: str,
        action: Action,
        work: Commands | None = None,
    ) -> dict[str, Any]:
        _wellformed({"id": command_id, "by": by})
        command = Command(command_id, by, name, dict(body), self._wall_ms())
        answer: dict[str, Any] = await self._journal.submit(work or self._work, Order(command, action))
        self._changed()
        return answer


def _wellformed(body: Mapping[str, Any], *, required: Sequence[str] = ()) -> None:
    """Commands come from anywhere, and nothing of them may stop the thread that writes: every value but `replace` is a
    text that can be stored. Raises CommandError 422.
    """
    problems = [Problem(key, "is required") for key in required if body.get(key) in (None, "")]
    for key, value in body.items():
        if value is None or key == "replace":
            continue
        if not isinstance(value, str):
            problems.append(Problem(key, "must be a text"))
        elif any("\ud800" <= character <= "\udfff" for character in value):
            problems.append(Problem(key, "holds half a character (a lone surrogate)"))
    if problems:
        raise _wrong(problems)


def _wrong(problems: Sequence[Problem]) -> CommandError:
    return Invalid("wrong-values", "; ".join(f"{p.path}: {p.message}" for p in problems), problems)
