"""Jobs: what may be started, with which dates, and what starting, stopping and correcting write.

A missing value that the product's group demands is refused when the job starts, not when its report is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from lined.journal.database import Connection
from lined.journal.outcomes import seal
from lined.journal.tables import jobs, report_lists, reports
from lined.journal.tables.reports import ReportRow
from lined.journal.views import packing_times
from lined.journal.views.true_time import TrueTime
from lined.line.jobs.code_dates import NAMING, checked_names, warnings_of
from lined.line.plant import Product
from lined.line.state import Job, LineState, load_job
from lined.vocabulary.days import LocalDays, parse_moment
from lined.vocabulary.errors import Conflict, Invalid, Problem, clause
from lined.vocabulary.facts import Fact, FieldFact, SealFact
from lined.vocabulary.line import JobMode

ORDER_MAX = 100  # (ours) no length is stated

CORRECTABLE = ("order", "series", "production_date", "expiration_date")


def start(
    connection: Connection,
    state: LineState,
    gtin: str,
    requested: Mapping[str, Any],
    by: str,
    at_ms: int,
    *,
    mode: str = JobMode.NORMAL,
    replace: bool = False,
) -> dict[str, Any]:
    """Begin a job. `requested`: its attributes; dates: `2026-11-23`, a day in the line's zone, or a moment with offset.
    The answer has `warnings`, too. Raises CommandError: `job-running`, an unknown product, wrong or missing values.
    """
    state.refresh(connection)
    product = state.plant.products.get(gtin.zfill(14))
    if product is None:
        known = ", ".join(sorted(state.plant.products))
        raise Invalid(
            "unknown-product",
            f"Product {gtin} is not in the configuration of this line (it has {known}).",
            [Problem("gtin", Fact(FieldFact.NO_PRODUCT))],
        )
    attributes = checked(requested, product, state, at_ms)
    attributes |= checked_names(connection, product.gtin, requested)
    if state.job is not None:
        if not replace:
            raise Conflict(
                "job-running",
                f"Job {state.job.id} of {state.job.gtin} is running: stop it first, or say replace.",
            )
        stop(connection, state, by, at_ms)
    jobs.add(
        connection,
        gtin=product.gtin,
        mode=mode,
        attributes=attributes,
        product=_settings(product),
        at_ms=at_ms,
        by=by,
    )
    state.job = load_job(connection)
    state.batch = None
    state.recent = {}  # a repeat belongs to the job of its first read
    assert state.job is not None
    return {**described(state.job), "warnings": warnings_of(connection, product.gtin, attributes, state.days)}


def stop(connection: Connection, state: LineState, by: str, at_ms: int) -> dict[str, Any]:
    """End the running job and seal its batches. Raises CommandError 409 `no-job`."""
    state.refresh(connection)
    if state.job is None:
        raise Conflict("no-job", "No job is running.")
    job = state.job
    jobs.stop(connection, job.id, at_ms, by)
    for report in report_lists.open_batches(connection, job_id=job.id):
        end_batch(connection, state, report, at_ms, Fact(SealFact.JOB_ENDED))
    state.job = state.batch = None
    return {**described(job), "stopped_ms": at_ms}


def correct(
    connection: Connection, state: LineState, changes: Mapping[str, Any], by: str, at_ms: int
) -> dict[str, Any]:
    """Change attributes of the running job, for it and for its reports that are not frozen yet.

    Raises CommandError: 409 `no-job`, 422 wrong values.
    """
    state.refresh(connection)
    if state.job is None:
        raise Conflict("no-job", "No job is running; reported codes need a correction report.")
    job = state.job
    changes = {key: value for key, value in changes.items() if key in CORRECTABLE}
    if not changes:
        raise Invalid("nothing-to-correct", f"Give at least one of {', '.join(CORRECTABLE)}.")
    product = Product(**{**job.product, "demands": frozenset(job.product["demands"])})
    attributes = checked({**job.attributes, **changes}, product, state, at_ms)
    attributes |= {key: job.attributes[key] for key in NAMING if key in job.attributes}
    if changes.get("production_date"):
        _refuse_packed_before(connection, job, attributes["production_date"], state.days)
    jobs.set_attributes(connection, job.id, attributes)
    touched = report_lists.unfrozen(connection, job.id)
    for report in touched:
        merged = {**json.loads(report.attributes), **attributes}
        reports.change(
            connection, report.id, attributes=json.dumps(merged, sort_keys=True), revision=report.revision + 1
        )
    state.job = job._replace(attributes=attributes)
    return {**described(state.job), "reports": [str(report.id) for report in touched], "by": by}


def _refuse_packed_before(connection: Connection, job: Job, given: str, days: LocalDays) -> None:
    """A package is packed after what is in it was made. Raises CommandError 422."""
    closed = packing_times.first_waiting(TrueTime(connection), connection, job.id)
    if closed is not None and parse_moment(given, days) > days.local(closed.ms):
        when = days.local(closed.ms).isoformat(timespec="seconds")
        problem = Problem("production_date", Fact(FieldFact.AFTER_PACKING, when=when))
        raise Invalid("wrong-values", f"{problem.path}: {problem.message}", [problem])


def end_batch(connection: Connection, state: LineState, report: ReportRow, at_ms: int, reason: str) -> bool:
    """Take no more codes into a batch and seal it; where the clock cannot be trusted, the sealing waits. True:
    sealed.
    """
    if state.batch is not None and state.batch.id == report.id:
        state.batch = None
    reason = report.seal_reason or (Fact(SealFact.FULL) if report.full else reason)
    if not state.may_seal or state.clock_is_behind(at_ms):
        reports.change(
            connection, report.id, full=1, last_code=report.last_code or state.next_code - 1, seal_reason=reason
        )
        return False
    settle_ms = state.plant.batch_rules(report.kind).settle_ms
    seal(connection, report, at_ms, reason, settle_ms)
    return True


def checked(requested: Mapping[str, Any], product: Product, state: LineState, at_ms: int) -> dict[str, Any]:
    """The attributes of a job, or CommandError 422 with every problem in `details`."""
    problems: list[Problem] = []
    attributes: dict[str, Any] = {key: requested.get(key) or None for key in CORRECTABLE}
    series, order = attributes["series"], attributes["order"]
    days, longest = state.days, state.plant.series_length
    if series is not None and len(series) > longest:
        problems.append(Problem("series", Fact(FieldFact.LENGTH, most=longest, n=len(series))))
    if order is not None and len(order) > ORDER_MAX:
        problems.append(Problem("order", Fact(FieldFact.LONG, n=ORDER_MAX)))
    if series is None and "series" in product.demands:
        problems.append(Problem("series", Fact(FieldFact.NEEDS_SERIES, group=product.group)))
    produced = _moment(attributes, "production_date", days, problems)
    expires = _moment(attributes, "expiration_date", days, problems)
    now = days.local(at_ms)
    if produced is not None and produced > now:
        problems.append(Problem("production_date", Fact(FieldFact.FUTURE_OR_CLOCK)))
    if expires is None and product.shelf_life_days is None and "expiration_date" in product.demands:
        problems.append(Problem("expiration_date", Fact(FieldFact.NEEDS_EXPIRY)))
    if expires is None and product.shelf_life_days is not None:
        expires = days.after(produced or now, product.shelf_life_days)
    if expires is not None and expires <= now:
        problems.append(Problem("expiration_date", Fact(FieldFact.PASSED_AT, when=expires.isoformat())))
    if expires is not None and produced is not None and expires <= produced:
        problems.append(Problem("expiration_date", Fact(FieldFact.NOT_AFTER)))
    if problems:
        raise Invalid("wrong-values", "; ".join(f"{p.path}: {p.message}" for p in problems), problems)
    return attributes


def described(job: Job) -> dict[str, Any]:
    """The job as people and the API see it."""
    of_job = {"id": str(job.id), "gtin": job.gtin, "mode": job.mode, "started_ms": job.started_ms}
    return {**of_job, **dict.fromkeys(NAMING), **job.attributes}


def _moment(attributes: Mapping[str, Any], key: str, days: LocalDays, problems: list[Problem]) -> datetime | None:
    if attributes[key] is None:
        return None
    try:
        return parse_moment(attributes[key], days)
    except ValueError as error:
        problems.append(Problem(key, clause(error)))
        return None


def _settings(product: Product) -> dict[str, Any]:
    return {**asdict(product), "demands": sorted(product.demands)}
