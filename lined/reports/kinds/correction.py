"""Correction reports (API 1.18.2 §5.4): other dates, series or country of codes the regulator has, with a preview.

A person names the codes, or a report whose accepted codes all get the new values. Only codes that are accepted can be
corrected; what is not sent yet is corrected with the job.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lined.codes import masked
from lined.journal.database import Connection
from lined.journal.outcomes import seal
from lined.journal.tables import codes, jobs, members, reports
from lined.journal.tables.codes import KnownCode
from lined.journal.views import packing_times
from lined.journal.views.true_time import TrueTime
from lined.regulator.codec import written_update
from lined.regulator.profile import Profile
from lined.vocabulary.codes import CodeState
from lined.vocabulary.days import LocalDays, parse_moment
from lined.vocabulary.errors import Conflict, Invalid, NotFound, Problem, clause
from lined.vocabulary.facts import Fact, FieldFact, SealFact
from lined.vocabulary.ids import row_number
from lined.vocabulary.reports import ReportKind

SHOWN = 20  # codes that a preview shows
FIELDS = ("production_date", "expiration_date", "series", "country")


def correct(
    connection: Connection,
    body: Mapping[str, Any],
    days: LocalDays,
    profile: Profile,
    by: str,
    at_ms: int,
) -> dict[str, Any]:
    """`codes` (identification codes) or `report`, at least one of FIELDS, and `preview`. Raises CommandError 404, 409,
    422.

    The answer: `codes` (how many), `updated` (as it will be sent), `documents`, `first` (some of the codes) and, unless
    it is a preview, `reports`: their ids. Durable when answered.
    """
    updated = updated_fields(body, days, at_ms, profile)
    most = profile.limits.codes_per_report
    chosen = _chosen(connection, body)
    if "production_date" in updated:
        _refuse_packed_before(connection, chosen, updated["production_date"], days)
    groups = _by_job(chosen)
    parts = [
        (job_id, idents[start : start + most])
        for job_id, idents in groups.items()
        for start in range(0, len(idents), most)
    ]
    answer: dict[str, Any] = {
        "codes": len(chosen),
        "updated": written_update(updated),
        "documents": len(parts),
        "first": [code.ident for code in chosen[:SHOWN]],
    }
    if body.get("preview"):
        return {**answer, "preview": True}
    made = [_report(connection, job_id, idents, updated, by, at_ms) for job_id, idents in parts]
    return {**answer, "reports": [str(report_id) for report_id in made]}


def updated_fields(body: Mapping[str, Any], days: LocalDays, at_ms: int, profile: Profile) -> dict[str, str]:
    """The new values, dates as moments. Raises CommandError 422 with every problem."""
    problems: list[Problem] = []
    updated: dict[str, str] = {}
    longest = profile.limits.series_number_length
    for key in FIELDS:
        value = body.get(key)
        if value in (None, ""):
            continue
        if not isinstance(value, str):
            problems.append(Problem(key, Fact(FieldFact.TEXT)))
        elif key.endswith("_date"):
            _date(key, value, days, at_ms, updated, problems)
        elif key == "series" and len(value) > longest:
            problems.append(Problem(key, Fact(FieldFact.LENGTH, most=longest, n=len(value))))
        elif key == "country" and value not in profile.countries.codes:
            problems.append(Problem(key, Fact(FieldFact.COUNTRY)))
        else:
            updated[key] = value
    produced, expires = updated.get("production_date"), updated.get("expiration_date")
    if produced and expires and parse_moment(expires, days) <= parse_moment(produced, days):
        problems.append(Problem("expiration_date", Fact(FieldFact.NOT_AFTER)))
    if not updated and not problems:
        problems.append(Problem("series", Fact(FieldFact.SOME_FIELD, known=", ".join(FIELDS))))
    if problems:
        raise Invalid("wrong-values", "; ".join(f"{p.path}: {p.message}" for p in problems), problems)
    return updated


def _date(key: str, value: str, days: LocalDays, at_ms: int, updated: dict[str, str], problems: list[Problem]) -> None:
    try:
        moment = parse_moment(value, days)
    except ValueError as error:
        problems.append(Problem(key, clause(error)))
        return
    now = days.local(at_ms)
    if key == "production_date" and moment > now:
        problems.append(Problem(key, Fact(FieldFact.FUTURE)))
    elif key == "expiration_date" and moment <= now:
        problems.append(Problem(key, Fact(FieldFact.PASSED)))
    else:
        updated[key] = moment.isoformat()


def _chosen(connection: Connection, body: Mapping[str, Any]) -> list[KnownCode]:
    """The accepted codes that are meant. Raises CommandError."""
    listed = body.get("codes")
    if isinstance(listed, list) and listed and all(isinstance(code, str) for code in listed):
        idents = list(dict.fromkeys(listed))
    elif body.get("report"):
        idents = _of_report(connection, str(body["report"]))
    else:
        problem = Problem("codes", Fact(FieldFact.CODES_OR_REPORT))
        raise Invalid("wrong-values", problem.message, [problem])
    known = codes.find(connection, idents)
    of_batch: dict[int, str] = {}  # 30,000 codes lie in a few batches
    for code in known.values():
        if code.own is None and code.batch_id not in of_batch:
            of_batch[code.batch_id] = codes.bucket_of(connection, code)
    states = {
        ident: (known[ident].own or of_batch[known[ident].batch_id]) if ident in known else "unknown"
        for ident in idents
    }
    wrong = [ident for ident, state in states.items() if state != CodeState.ACCEPTED]
    if wrong:
        problems = [
            Problem(masked(ident), Fact(FieldFact.NOT_ACCEPTED, state=states[ident])) for ident in wrong[:SHOWN]
        ]
        raise Conflict("not-accepted", f"{len(wrong)} of {len(idents)} codes are not accepted.", problems)
    return [known[ident] for ident in idents]


def _refuse_packed_before(connection: Connection, chosen: Sequence[KnownCode], given: str, days: LocalDays) -> None:
    """A package is packed after what is in it was made. Raises CommandError 422."""
    closed = packing_times.first_containing(TrueTime(connection), connection, [code.id for code in chosen])
    if closed is not None and parse_moment(given, days) > days.local(closed.ms):
        when = days.local(closed.ms).isoformat(timespec="seconds")
        problem = Problem("production_date", Fact(FieldFact.AFTER_THEIR_PACKING, when=when))
        raise Invalid("wrong-values", f"{problem.path}: {problem.message}", [problem])


def _of_report(connection: Connection, report_id: str) -> list[str]:
    number = row_number(report_id)
    report = None if number is None else reports.get(connection, number)
    if report is None or report.kind != ReportKind.UTILISATION:
        raise NotFound("unknown-report", f"There is no utilisation report {report_id!r}.")
    return codes.unless_other(connection, report, CodeState.ACCEPTED)


def _by_job(chosen: Sequence[KnownCode]) -> dict[int, list[str]]:
    groups: dict[int, list[str]] = {}
    for code in chosen:
        groups.setdefault(code.job_id, []).append(code.ident)
    return groups


def _report(
    connection: Connection, job_id: int, idents: Sequence[str], updated: Mapping[str, str], by: str, at_ms: int
) -> int:
    """A sealed correction report over these codes. Returns its id."""
    attributes = {**_settings(connection, job_id), "updated": dict(updated), "by": by}
    report_id = reports.open_batch(
        connection,
        kind=ReportKind.CORRECTION,
        job_id=job_id,
        attributes=attributes,
        day=None,
        first_code=0,
        at_ms=at_ms,
        early=False,
    )
    members.add(connection, report_id, idents)
    reports.change(connection, report_id, codes=len(idents), last_code=0, first_ms=at_ms, last_ms=at_ms)
    report = reports.get(connection, report_id)
    assert report is not None
    seal(connection, report, at_ms, Fact(SealFact.CORRECTION, by=by))
    return report_id


def _settings(connection: Connection, job_id: int) -> dict[str, Any]:
    return {"group": jobs.known(connection, job_id).product["group"]}
