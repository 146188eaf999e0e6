"""Any sequence of reads, commands, failed commits, restarts: the verdicts of a simple model, and sums that add up."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lined.api.statuses import STATUS
from lined.journal.database import Connection
from lined.journal.tables import counters, reports
from lined.line.plant import BatchRules
from lined.vocabulary.codes import CodeState
from lined.vocabulary.errors import CommandError, JournalFull
from lined.vocabulary.reports import ReportState
from tests.harness.line import DAY, MINUTE, NOON, REPEAT_MS, WATER, Line, frame, ident, oil
from tests.rows import reports_where

MAX_CODES = 4
NUMBERS = range(9)
RULES = BatchRules(max_codes=MAX_CODES, max_age_ms=15 * MINUTE, first_ms=MINUTE)
WATER_CODE = f"01{WATER}21A000001\x1d93abcd"
OTHER_TAIL, OTHER_PRODUCT, GIBBERISH = "other tail", "other product", "gibberish"

device = st.sampled_from(["cam-1", "cam-2", "hand-1", "hand-2"])
number = st.sampled_from(NUMBERS)
read = st.one_of(
    number, number, number, st.tuples(st.just(OTHER_TAIL), number), st.sampled_from([OTHER_PRODUCT, GIBBERISH])
)
step = st.one_of(
    st.tuples(st.just("chunk"), device, st.lists(read, min_size=1, max_size=5), st.booleans()),
    st.tuples(st.just("chunk"), device, st.lists(read, min_size=1, max_size=5), st.just(True)),
    st.tuples(st.just("withdraw"), number, st.sampled_from(["scrap", "sample", "damaged", "other"])),
    st.tuples(st.just("job"), st.sampled_from(["normal", "normal", "normal", "test"])),
    st.tuples(st.sampled_from(["stop", "seal", "look", "fail", "restart", "deliver"])),
    st.tuples(st.just("wait"), st.sampled_from([1_000, REPEAT_MS, MINUTE, 16 * MINUTE, DAY])),
)


class Model:
    """What the contract says, one code at a time."""

    def __init__(self) -> None:
        self.job = ""
        self.job_no = 0
        self.codes: dict[int, str] = {}  # number -> "applied" or the reason of its withdrawal
        self.unsaid: set[int] = set()
        self.accepts: dict[
            tuple[int, str], tuple[int, int]
        ] = {}  # (number, device) -> (job, moment) of its last accept
        self.words: Counter[str] = Counter()
        self.fail = False

    def judge(self, where: str, what: Any, now: int) -> tuple[str, int | None]:
        """The word, and the code that must be listed where the verdict cannot be said."""
        if what == GIBBERISH:
            return "malformed", None
        if not self.job:
            return "no-job", None
        if what == OTHER_PRODUCT:
            return "wrong-product", None
        if isinstance(what, tuple):
            known = what[1] in self.codes
            return ("duplicate" if known else "accept"), None
        return self._own(where, what, now)

    def _own(self, where: str, what: int, now: int) -> tuple[str, int | None]:
        state = self.codes.get(what)
        test = self.job == "test"
        if state in ("scrap", "sample"):
            return "duplicate", None
        if test:
            return ("duplicate" if state == "applied" and what not in self.unsaid else "accept"), None
        if state != "applied" or what in self.unsaid:
            if state != "applied":
                self.accepts = {key: value for key, value in self.accepts.items() if key[0] != what}
            self.codes[what] = "applied"
            self.unsaid.discard(what)
            self.accepts[what, where] = (self.job_no, now)
            return "accept", what
        last = self.accepts.get((what, where))
        if where.startswith("hand") and last and last[0] == self.job_no and now - last[1] <= REPEAT_MS:
            self.accepts[what, where] = (self.job_no, now)
            return "repeat", None
        return "duplicate", None


class Story:
    """Drives a line and the model side by side."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.model = Model()
        self.frozen: set[int] = set()

    async def chunk(self, where: str, reads: list[Any], said: bool) -> None:
        model, line = self.model, self.line
        reads = [r for r in reads if not (isinstance(r, tuple) and r[1] not in model.codes)]
        if not reads:
            return
        frames = [_text(r) for r in reads]
        failing, line.fail_next = line.fail_next, False
        if failing:
            line.fail_next = True
            assert await line.words(where, *frames) == ["not-durable"] * len(reads)
            return
        judged = [model.judge(where, r, line.now) for r in reads]
        assert await line.words(where, *frames, say=said) == [word for word, _ in judged]
        model.words.update(word for word, _ in judged)
        await line.rows("SELECT 1")  # what was said and unsaid is on disk, before the next commit may fail
        if not said:
            model.unsaid.update(code for _, code in judged if code is not None)

    async def command(self, name: str, *arguments: Any) -> None:
        try:
            await getattr(self, name)(*arguments)
        except JournalFull:
            assert not self.line.fail_next

    async def withdraw(self, code: int, reason: str) -> None:
        status = 0
        try:
            await self.line.line.do("withdraw", {"code": oil(code), "reason": reason})
        except CommandError as error:
            status = STATUS[type(error)]
        expected = 404 if code not in self.model.codes else 409
        if self.model.codes.get(code) == "applied" and code not in self.frozen:
            expected = 0
            self.model.codes[code] = reason
        assert status == expected

    async def job(self, mode: str) -> None:
        await self.line.job(mode=mode, replace=True)
        self.model.job, self.model.job_no = mode, self.model.job_no + 1

    async def stop(self) -> None:
        if self.model.job:
            await self.line.line.do("job-stop", {})
            self.model.job = ""

    async def seal(self) -> None:
        await self.line.line.do("seal", {})

    async def look(self) -> None:
        await self.line.sealer.look()

    async def fail(self) -> None:
        self.line.fail_next = True

    async def restart(self) -> None:
        self.line.fail_next = False
        await self.line.restart()

    async def wait(self, span_ms: int) -> None:
        self.line.now += span_ms

    async def deliver(self) -> None:
        """The oldest sealed report goes out and is accepted."""

        def send(connection: Connection) -> list[int]:
            for report in reports_where(connection, "state = 'sealed' ORDER BY id LIMIT 1"):
                for state in ("sending", "submitted", "succeeded"):
                    reports.move(connection, report.id, state, self.line.now, "test")
                rows = connection.execute(
                    "SELECT ident FROM code WHERE batch_id = ? AND own IS NULL", (report.batch_id,)
                )
                return [int(row[0][-6:]) for row in rows]
            return []

        self.frozen.update(await self.line.read(send))

    async def check(self) -> None:
        self.line.fail_next = False
        model, sums = self.model, await self.line.sums()
        words = model.words
        rejected = {w: n for w, n in words.items() if w not in ("accept", "repeat") and n}
        assert sums.get("read.accepted", 0) == words["accept"]
        assert sums.get("read.repeats", 0) == words["repeat"]
        assert sums.get("read.rejected", 0) == sum(rejected.values())
        assert {n.removeprefix("reason."): v for n, v in sums.items() if n.startswith("reason.")} == rejected
        rows = await self.line.rows("SELECT ident, batch_id, own, id FROM code ORDER BY id")
        assert {row[0] for row in rows} == {ident(code) for code in model.codes}
        assert len(rows) == len(model.codes)
        buckets = Counter(
            "withdrawn" if state != "applied" else "accepted" if code in self.frozen else "unreported"
            for code, state in model.codes.items()
        )
        assert {b: sums.get(f"code.{b}", 0) for b in CodeState} == {b: buckets[b] for b in CodeState}
        await self.check_batches(rows)
        await self.check_jobs(sums)
        assert set(await self.line.unsaid()) >= {ident(n) for n in model.unsaid if model.codes[n] == "applied"}

    async def check_batches(self, rows: list[tuple[Any, ...]]) -> None:
        held = Counter(row[1] for row in rows if row[2] is None)
        open_now = 0
        for report in await self.line.reports():
            assert report.codes == held[report.batch_id] <= MAX_CODES
            assert report.state in set(ReportState)
            open_now += report.state == "open" and not report.full
            inside = [row[3] for row in rows if row[1] == report.batch_id]
            assert all(report.first_code <= i <= (report.last_code or i) for i in inside if report.first_code)
            if inside and report.first_ms and report.last_ms:
                day = self.line.state.days.day_of
                assert day(report.first_ms) == day(report.last_ms) == report.day
        assert open_now <= 1

    async def check_jobs(self, sums: Any) -> None:
        """The sums of all jobs and of the reads without one make those of the journal's life."""

        def of_jobs(connection: Connection) -> dict[str, int]:
            sql = "SELECT name, sum(n) FROM counter WHERE job_id <> ? AND name LIKE 'code.%' GROUP BY name"
            return dict(connection.execute(sql, (counters.LIFE,)).fetchall())

        found = await self.line.read(of_jobs)
        assert {name: n for name, n in found.items() if n} == {n: v for n, v in sums.items() if n.startswith("code.")}


def _text(what: Any) -> str:
    if isinstance(what, tuple):
        return oil(what[1], "93zzzz")
    if isinstance(what, int):
        return oil(what)
    return WATER_CODE if what == OTHER_PRODUCT else what


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=st.lists(step, min_size=5, max_size=45))
async def test_any_sequence_gives_the_models_verdicts_and_sums_that_add_up(steps: list[tuple[Any, ...]]) -> None:
    with tempfile.TemporaryDirectory() as place:
        async with Line(Path(place) / "j.db", batches=RULES, now=NOON) as line:
            story = Story(line)
            await story.job("normal")
            for name, *arguments in steps:
                if name == "chunk":
                    await story.chunk(*arguments)
                else:
                    await story.command(name, *arguments)
            await story.check()
            await story.restart()
            await story.check()


@settings(max_examples=25, deadline=None)
@given(
    chunks=st.lists(st.tuples(device, st.lists(number, min_size=1, max_size=6)), min_size=1, max_size=30),
    failing=st.booleans(),
)
async def test_pipelined_reads_of_all_devices_accept_each_code_once(
    chunks: list[tuple[str, list[int]]], *, failing: bool
) -> None:
    with tempfile.TemporaryDirectory() as place:
        async with Line(Path(place) / "j.db", batches=RULES) as line:
            await line.job()
            line.fail_next = failing
            futures = [line.submit(where, *[frame(oil(n)) for n in numbers]) for where, numbers in chunks]
            judged = await asyncio.gather(*futures)
            accepted = [v.code for v in line.verdicts if v.verdict == "accept" and v.reason is None]
            assert len(accepted) == len(set(accepted))
            rows = await line.rows("SELECT ident FROM code")
            assert {row[0] for row in rows} == set(accepted)
            assert sum(len(j.accepts) for j in judged) == len(line.verdicts)
            assert all(r.codes <= MAX_CODES for r in await line.reports())
