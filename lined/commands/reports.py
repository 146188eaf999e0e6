"""Commands about reports: seal what is open, decide about what is held, correct what the regulator has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from lined.commands.registry.command import EVERYWHERE, PEOPLE, Answer, Body, Subject, command
from lined.commands.registry.context import typed
from lined.commands.registry.execution import Action, Call, Tx
from lined.commands.registry.fields import (
    Code,
    Confirmed,
    Day,
    Kind,
    Released,
    Required,
    Short,
)
from lined.journal.tables import asked, report_lists
from lined.line.jobs import jobs
from lined.reports import people
from lined.reports.kinds import correction
from lined.vocabulary.days import LocalDays
from lined.vocabulary.errors import Conflict, Invalid, Problem
from lined.vocabulary.facts import Fact, SealFact
from lined.vocabulary.people import PersonRole
from lined.vocabulary.reports import ReportKind

PROBLEMS_MAX = 20  # bad codes named in one refusal
REPORT = Subject("report")


class Seal(Body):
    kind: Kind | None = None


class Retry(Body):
    confirm: Confirmed | None = None
    document_id: Required | None = None


class Release(Body):
    codes: Released
    reason: Required


class ReportCorrect(Body):
    """Codes, or a utilisation report whose accepted codes all get the new values; `preview` sends nothing."""

    codes: list[Code] | None = None
    report: Short | None = None
    production_date: Day | None = None
    expiration_date: Day | None = None
    series: Short | None = None
    country: Short | None = None
    preview: bool = False


class Sealed(Answer):
    """The reports that had codes."""

    sealed: list[str]


class Decided(Answer):
    id: str
    state: str
    document_id: str | None


class ReleasedReport(Decided):
    """`new_report`: what its codes went into, where they are unreported."""

    new_report: str | None = None


class Correction(Answer):
    """`codes`: how many; `updated`: as it is sent; `first`: some of the codes."""

    codes: int
    updated: dict[str, str]
    documents: int
    first: list[str]
    preview: bool = False
    reports: list[str] = Field(default_factory=list)


@command(
    "seal",
    Seal,
    Sealed,
    "Seal every open batch that has codes, of one kind or of all.",
    path="reports/seal",
    tag="reports",
    sources=EVERYWHERE,
    role=PersonRole.MASTER,
)
def seal(tx: Tx, body: Seal) -> dict[str, Any]:
    """One whose codes were all withdrawn becomes void."""
    state, kind = tx.state, body.kind
    state.refresh(tx.connection)
    if not state.may_seal or state.clock_is_behind(tx.at_ms):
        raise Conflict("clock", "The clock of this computer cannot be trusted: set it right, then seal again.")
    if kind in {None, ReportKind.AGGREGATION}:
        asked.ask(tx.connection, ReportKind.AGGREGATION, tx.at_ms)
    found = report_lists.open_batches(tx.connection, kind)
    for report in found:
        jobs.end_batch(tx.connection, state, report, tx.at_ms, Fact(SealFact.COMMAND))
    return {"sealed": [str(report.id) for report in found if report.codes]}


@command(
    "report-retry",
    Retry,
    Decided,
    "Send a held report again, or adopt the document that it became.",
    path="reports/{report_id}/retry",
    tag="reports",
    subject=REPORT,
    sources=PEOPLE,
    role=PersonRole.MASTER,
)
async def retry(call: Call, body: Retry) -> Mapping[str, Any]:
    return await _decided(
        call,
        lambda tx: people.retry(
            tx.connection,
            tx.subject,
            call.context.reports.profile.statuses,
            tx.by,
            tx.at_ms,
            document_id=body.document_id,
            confirmed=body.confirm is not None,
        ),
    )


@command(
    "report-release",
    Release,
    ReleasedReport,
    "End a held report, finally: say what its codes are, and why.",
    path="reports/{report_id}/release",
    tag="reports",
    subject=REPORT,
    sources=PEOPLE,
    role=PersonRole.MASTER,
)
async def release(call: Call, body: Release) -> Mapping[str, Any]:
    return await _decided(
        call, lambda tx: people.release(tx.connection, tx.subject, body.codes, body.reason, tx.by, tx.at_ms)
    )


async def _decided(call: Call, decision: Action) -> Mapping[str, Any]:
    answer = await call.finish(decision)
    call.context.reports.decided()
    return answer


@command(
    "report-correct",
    ReportCorrect,
    Correction,
    "Correct dates, series or country of codes the regulator has; or, with `preview`, see what would be sent.",
    path="reports/correct",
    tag="reports",
    sources=PEOPLE,
    role=PersonRole.MASTER,
)
async def correct(call: Call, body: ReportCorrect) -> Mapping[str, Any]:
    side = call.context.reports
    if not side.may_correct:
        raise Conflict("not-allowed", "A technical user cannot correct codes: it takes a business user's API key.")
    fields = {**body.given(), **({"codes": _identifications(body.codes)} if body.codes else {})}
    days = LocalDays(side.timezone)

    def correction_reports(tx: Tx) -> dict[str, Any]:
        return correction.correct(tx.connection, fields, days, side.profile, tx.by, tx.at_ms)

    answer = await call.finish(correction_reports, once=not body.preview)
    side.decided()
    return answer


def _identifications(listed: Sequence[str]) -> list[str]:
    """Codes with or without their check part, as identification codes. Raises Invalid."""
    problems: list[Problem] = []
    found: list[str] = []
    for place, text in enumerate(listed):
        try:
            found.append(typed(text, f"codes[{place}]").ident)
        except Invalid as refused:
            problems += refused.details
    if problems:
        raise Invalid("malformed", f"{len(problems)} codes are no marking codes.", problems[:PROBLEMS_MAX])
    return found
