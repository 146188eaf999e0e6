"""What became of a document, written down code by code. Every step may be repeated after a crash without harm."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from lined.journal.database import Connection
from lined.journal.tables import refusals, reports, warnings
from lined.journal.tables.reports import ReportRow
from lined.reports.delivery.ports import Surroundings
from lined.reports.kinds.kinds import KINDS, kind_of
from lined.vocabulary.alarms import AlarmKind
from lined.vocabulary.codes import CodeState
from lined.vocabulary.errors import Conflict
from lined.vocabulary.reports import ReportKind, ReportState

DECIDED = "decided-meanwhile"  # code of the CommandError
WRITE_SLICE = 100  # codes that get a state of their own in one transaction: bounds what a verdict waits for
NAMELESS_REFUSALS_MAX = 2  # in a row, after which a kind pauses


def still(connection: Connection, report: ReportRow) -> ReportRow:
    """The report as it stands now. Raises CommandError DECIDED where a person has sent it again, released it or named
    another document since `report` was read: what was learnt of the old one is not for it any more.
    """
    fresh = reports.get(connection, report.id)
    assert fresh is not None
    if fresh.state in (ReportState.SEALED, ReportState.RELEASED) or fresh.document_id != report.document_id:
        raise Conflict(DECIDED, f"Report {report.id} was decided by a person meanwhile.")
    return fresh


async def give_own(around: Surroundings, report: ReportRow, own: str, named: Mapping[str, str]) -> None:
    """Give codes of a report (by identification code, with the reason) a state of their own, in small transactions."""
    for part in _parts(list(named.items())):
        await around.journal.do(partial(_give, report=report, own=own, part=part, at_ms=around.wall_ms()))


def _give(connection: Connection, report: ReportRow, own: str, part: Sequence[tuple[str, str]], at_ms: int) -> None:
    still(connection, report)
    kind_of(report).give_own(connection, report, own, part, at_ms)


async def refused_by_name(
    around: Surroundings, report: ReportRow, named: Mapping[str, str], why: str, evidence: str, **columns: object
) -> None:
    """Nothing of the report was processed: the named codes are refused, the others go, once, into a new report."""
    await give_own(around, report, CodeState.REFUSED, named)

    def step(connection: Connection) -> None:
        at_ms = around.wall_ms()
        fresh = still(connection, report)
        heir = report.batch_id != report.id
        if fresh.codes and heir:
            problem = f"Its codes were refused a second time, {len(named)} by name; {fresh.codes} are left. {why}"
            if fresh.state != ReportState.HELD:
                reports.move(connection, report.id, ReportState.HELD, at_ms, problem, evidence=evidence, **columns)
            # What a person sends again is made of the codes that are left, not of the bytes that were refused.
            unfrozen = {"fingerprint": None, "frozen_ms": None, "carried": None}
            reports.change(connection, report.id, problem=problem, due_ms=None, **unfrozen)
            return
        reports.move(connection, report.id, ReportState.REFUSED, at_ms, why, evidence=evidence, problem=why, **columns)
        if fresh.codes:
            left = reports.get(connection, report.id)
            assert left is not None
            why_new = f"innocent codes of report {report.id}"
            reports.successor(connection, left, at_ms, why_new, left=kind_of(left).left(connection, left))
        named_again(connection, report.kind)

    await around.journal.do(step)


async def refused_nameless(around: Surroundings, report: ReportRow, why: str, evidence: str, **columns: object) -> None:
    """A refusal that blames no code is about the document or the key: held. The second in a row pauses the kind."""

    def step(connection: Connection) -> int:
        if still(connection, report).state == ReportState.HELD:  # given up on, looked at all the same, refused at last
            reports.change(connection, report.id, evidence=evidence, problem=why, due_ms=None, **columns)
        else:
            at_ms = around.wall_ms()
            reports.move(
                connection,
                report.id,
                ReportState.HELD,
                at_ms,
                why,
                evidence=evidence,
                problem=why,
                due_ms=None,
                **columns,
            )
        return count_nameless(connection, report.kind, nameless_refusals(connection, report.kind) + 1)

    if await around.journal.do(step) >= NAMELESS_REFUSALS_MAX:
        around.problems.set(AlarmKind.KIND_PAUSED, report.kind, paused_text(report.kind))


async def keep_warnings(around: Surroundings, report: ReportRow, warned: Mapping[str, str]) -> None:
    """Keep what was remarked about codes that were processed, in small transactions."""
    for part in _parts(list(warned.items())):
        await around.journal.do(partial(_keep, report=report, part=part, at_ms=around.wall_ms()))


def _keep(connection: Connection, report: ReportRow, part: Sequence[tuple[str, str]], at_ms: int) -> None:
    still(connection, report)
    warnings.keep(connection, report, part, at_ms)


async def settle_partial(
    around: Surroundings, report: ReportRow, refused: Mapping[str, str], unlisted: Iterable[str], evidence: str
) -> None:
    """The regulator processed the rest: refused codes by name, unlisted ones stay reported, all others are accepted."""
    await give_own(around, report, CodeState.REFUSED, refused)
    missing = dict.fromkeys(unlisted, "not in the list of the document's codes")
    await give_own(around, report, CodeState.REPORTED, missing)
    # An earlier look may have been cut off here (a kill, a full disk) when the document did not list them yet.
    waiting = await around.journal.read(kind_of(report).with_own, report, CodeState.REPORTED)
    await give_own(
        around, report, CodeState.ACCEPTED, {key: "listed by a later look" for key in waiting if key not in missing}
    )

    def step(connection: Connection) -> None:
        still(connection, report)
        at_ms = around.wall_ms()
        why = (
            ("1 code" if len(refused) == 1 else f"{len(refused)} codes")
            + " refused"
            + (f", {len(missing)} not listed" if missing else "")
        )
        due: dict[str, object] = {}
        if missing:
            due = {"due_ms": at_ms + around.rules.poll_max_ms, "waits_for": f"{len(missing)} codes not listed"}
        reports.move(connection, report.id, ReportState.PARTIAL, at_ms, why, evidence=evidence, problem=why, **due)
        named_again(connection, report.kind)

    await around.journal.do(step)


async def settle_unlisted(
    around: Surroundings,
    report: ReportRow,
    accepted: Mapping[str, str],
    refused: Mapping[str, str],
    left: int,
    given_up: bool,
) -> None:
    """A later look at the codes that a partial document had not listed: states for those it lists now."""
    await give_own(around, report, CodeState.ACCEPTED, accepted)
    await give_own(around, report, CodeState.REFUSED, refused)

    def step(connection: Connection) -> None:
        at_ms = around.wall_ms()
        if given_up:
            kind = kind_of(report)
            silent = [(key, "not listed for 24 h") for key in kind.with_own(connection, report, CodeState.REPORTED)]
            kind.give_own(connection, report, CodeState.HELD, silent, at_ms)
        over = given_up or left == 0
        waits_for = None if over else f"{left} codes not listed"
        reports.change(
            connection, report.id, due_ms=None if over else at_ms + around.rules.poll_max_ms, waits_for=waits_for
        )

    await around.journal.do(step)


def _parts(rows: list[tuple[str, str]]) -> Iterable[list[tuple[str, str]]]:
    return (rows[start : start + WRITE_SLICE] for start in range(0, len(rows), WRITE_SLICE))


# ── kinds that pause ────────────────────────────────────────────────────────────────────────────────────────────────


def nameless_refusals(connection: Connection, kind: str) -> int:
    """How many refusals in a row named nobody."""
    return refusals.in_a_row(connection, kind)


def count_nameless(connection: Connection, kind: str, times: int) -> int:
    refusals.set_in_a_row(connection, kind, times)
    return times


def named_again(connection: Connection, kind: str) -> None:
    """An outcome that is no nameless refusal: the row of them ends. A kind that is paused waits for a person all the
    same:
    what was under way when it paused says nothing about the next document.
    """
    if not paused(connection, kind):
        count_nameless(connection, kind, 0)


def paused(connection: Connection, kind: str = ReportKind.UTILISATION) -> bool:
    """True where the kind waits for a person after two refusals in a row that named nobody."""
    return nameless_refusals(connection, kind) >= NAMELESS_REFUSALS_MAX


def paused_kinds(connection: Connection) -> list[str]:
    """The kinds that wait for a person."""
    found = refusals.by_kind(connection)
    return [kind for kind in KINDS if found.get(kind, 0) >= NAMELESS_REFUSALS_MAX]


def paused_text(kind: str) -> str:
    """What people are told about a paused kind."""
    return (
        f"Two {kind} reports in a row were refused without naming a code, so nothing of this kind is sent. Look at the "
        "held reports, mend what they say, then retry or release one of them."
    )
