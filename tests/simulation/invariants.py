"""What must hold at the end of every run, whatever happened in it (the design's two promises, put to the test)."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from typing import TYPE_CHECKING

from lined.journal.tables import counters
from lined.journal.tables.codes import KnownCode, bucket_of
from lined.vocabulary.clocks import WRONG_MS
from lined.vocabulary.codes import CodeState
from lined.vocabulary.reports import FINAL
from tests.rows import reports_where
from tests.simulation.books import PARTIAL

if TYPE_CHECKING:
    from tests.simulation.life import Life
    from tests.simulation.run import Run

MINUTE_S = 60.0
BATCH_S = 300.0  # how long before the first code that was left in it a batch may have begun


def unfinished(life: Life) -> list[str]:
    """Reports that are not at their end."""
    rows = reports_where(life._look)
    return [
        f"{row.id} {row.state} (due {row.due_ms}, {row.problem})"
        for row in rows
        if row.state not in FINAL or (row.state == "partial" and row.due_ms is not None)
    ]


def happened(life: Life) -> Counter[str]:
    """How often reports came into each state; `echo`: how often a refusal turned out to be our own echo."""
    seen = Counter(dict(life._look.execute("SELECT after, count(*) FROM report_event GROUP BY after").fetchall()))
    echoes = "SELECT (SELECT count(*) FROM let_go), count(*) FROM report_event WHERE why LIKE ?"
    seen["echo"] = sum(life._look.execute(echoes, ("refused as our own echo%",)).fetchone())
    return seen


async def at_the_end(run: Run, life: Life) -> None:
    """Compare journal, books and what devices were told; note what is wrong."""
    world = run.world
    known = _known(life)
    buckets = {code.ident: bucket_of(life._look, code) for code in known}
    for ident in sorted(world.ledger.heard):
        if ident not in buckets:
            world.wrong(f"{ident} was accepted and is not in the journal")
    _sums(run, life, buckets)
    for ident, bucket in buckets.items():
        if ident not in run.people.excused:
            _outcome(run, ident, bucket)
    _books(run)
    _dates(run)
    _budget(run)
    _patience(run)
    _remarks(run, life)
    for key, reason in world.ledger.withdrawn.items():
        if buckets.get(key) not in ("withdrawn", None) and not _applied_again(life, key):
            world.wrong(f"{key} was withdrawn ({reason}) and is {buckets.get(key)}")


def _applied_again(life: Life, ident: str) -> bool:
    """True where a withdrawn code came back, whether its accept was heard or not."""
    row = life._look.execute(
        "SELECT 1 FROM code_event e JOIN code c ON c.id = e.code_id WHERE c.ident = ? AND e.what = 'applied-again'",
        (ident,),
    ).fetchone()
    return row is not None


def _known(life: Life) -> list[KnownCode]:
    rows = life._look.execute("SELECT ident, id, tail, at_ms, device_no, job_id, batch_id, own FROM code").fetchall()
    return [KnownCode(*row) for row in rows]


def _sums(run: Run, life: Life, buckets: dict[str, str]) -> None:
    """The sums people see are the sums of the codes."""
    counted = counters.of_job(life._look)
    real = Counter(buckets.values())
    for bucket in CodeState:
        if counted.get(f"code.{bucket}", 0) != real[bucket]:
            run.world.wrong(f"{counted.get(f'code.{bucket}', 0)} codes are said to be {bucket}, {real[bucket]} are")


def _outcome(run: Run, ident: str, bucket: str) -> None:
    """Each code has its one outcome, and it is the one that the books have."""
    applied = ident in run.world.books.applied
    if bucket == "refused" and applied and _hidden_for_ever(run, ident):
        return
    if bucket in ("unreported", "reported"):
        run.world.wrong(f"{ident} has no outcome: {bucket}")
    elif bucket == "refused" and ident not in run.world.books.blamed | run.people.dates_confirmed:
        run.world.wrong(f"{ident} is refused here and was never blamed by the regulator")
    elif bucket == "accepted" and not applied:
        run.world.wrong(f"{ident} is accepted here and not in the regulator's books")
    elif bucket in ("refused", "withdrawn") and applied:
        run.world.wrong(f"{ident} is {bucket} here and applied in the regulator's books")


def _hidden_for_ever(run: Run, ident: str) -> bool:
    """What the design leaves over, twice: the first document was hidden for longer than anybody looks, and processed
    only in part. So the second one had something left to process, or was refused at once for a few of its codes, and
    looks like no echo.
    """
    books = run.world.books
    applying = books.documents[books.applied[ident]]
    return (applying.late and applying.status == PARTIAL) or any(
        twice.ident == ident and twice.first.late and twice.second.status == PARTIAL for twice in books.twice
    )


def _remarks(run: Run, life: Life) -> None:
    """What the regulator remarked about codes that it accepted is known here, and nothing else."""
    for report in reports_where(life._look, "state IN ('succeeded', 'partial')"):
        filed = run.world.books.documents.get(report.document_id or "")
        if filed is None:
            continue
        rows = life._look.execute("SELECT ident FROM warning WHERE report_id = ?", (report.id,)).fetchall()
        kept = {row[0] for row in rows}
        if kept - filed.warned or (report.warnings is not None and filed.warned - kept - filed.unlisted):
            run.world.wrong(f"report {report.id}: remarks are kept about {len(kept)} of {len(filed.warned)} codes")


def _books(run: Run) -> None:
    books = run.world.books
    for rule in books.broken_rules:
        run.world.wrong(rule)
    for twice in books.twice:
        if not twice.first.late:
            run.world.wrong(f"{twice.ident} was reported twice: in {twice.first.id} and again in {twice.second.id}")
            return


def _patience(run: Run) -> None:
    """What something between turns away is tried three times, and then it is a person's."""
    longest = max(run.world.weather.patience.values(), default=0)
    if longest > run.world.rules.unread_most:
        run.world.wrong(f"a report was turned away {longest} times, and nobody was asked")


def _dates(run: Run) -> None:
    """Each document is dated when the first code of its batch was read, by a clock that was not wrong, but for what a
    person has said about it. The first one may have been withdrawn.
    """
    for filed in run.world.books.documents.values():
        if run.people.dates_confirmed.intersection(filed.idents):
            continue
        dated_s = run.world.books.dated_s(filed.content, "productionDate")
        spans = [run.world.ledger.read_s[ident] for ident in filed.idents]
        first_s, last_s = min(first for first, _ in spans), max(last for _, last in spans)
        if not first_s - WRONG_MS / 1000 - BATCH_S <= dated_s <= last_s + WRONG_MS / 1000:
            run.world.wrong(f"{filed.id} is dated {dated_s:.0f} s, its codes were read from {first_s:.0f} s on")
            return


def _budget(run: Run) -> None:
    """Within any minute no more submissions than allowed, restarts included."""
    sent = run.world.weather.sent_at
    for index, at_s in enumerate(sent):
        if index - bisect_left(sent, at_s - MINUTE_S + 1e-6) + 1 > run.world.weather.per_minute:
            run.world.wrong(f"more than {run.world.weather.per_minute} submissions in the minute before {at_s:.0f} s")
            return
