"""Rows of the journal as JSON: ids are strings, times RFC 3339, no check part anywhere."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from lined.api.document import job
from lined.api.rendering import page_bytes
from lined.api.schemas import (
    Applied,
    CodeEvent,
    CodeStory,
    CodeTask,
    Grading,
    ListedPackage,
    OwnState,
    Package,
    Read,
    Remark,
    Report,
    ReportEvent,
    ReportStory,
)
from lined.commands.labels import described as described_label
from lined.commands.pools import described
from lined.journal.tables.code_orders import OrderEvent
from lined.journal.tables.labels import LabelRow
from lined.journal.tables.packages import PackageRow
from lined.journal.tables.pools import PoolRow
from lined.journal.tables.reports import ReportRow
from lined.journal.views import queries, stories, work_items
from lined.vocabulary.times import moment, with_moments


def report_page(found: queries.ReportPage) -> bytes:
    """A page of the list."""
    items = (report(row, found.changed_ms[row.id]) for row in found.items)
    return page_bytes(items, None if found.next is None else str(found.next))


def report(row: ReportRow, changed_ms: int) -> Report:
    """One report in a list. Down to `at` it is what MQTT says too (docs/contract.md, MQTT)."""
    return {
        "id": str(row.id),
        "kind": row.kind,
        "state": row.state,
        "codes": row.size,
        "document_id": row.document_id,
        "job": str(row.job_id),
        "problem": row.problem,
        "waits_for": row.waits_for,
        "at": moment(changed_ms),
        "day": row.day,
        "document_status": row.document_status,
        "first_code_at": moment(row.first_ms),
        "last_code_at": moment(row.last_ms),
        "opened_at": moment(row.opened_ms),
        "sealed_at": moment(row.sealed_ms),
        "seal_reason": row.seal_reason,
        "submitted_at": moment(row.submitted_ms),
        "final_at": moment(row.final_ms),
        "attempts": row.attempts,
        "due_at": moment(row.due_ms),
        "released_as": row.released_as,
        "warnings": row.warnings,
    }


def report_story(found: queries.ReportStory) -> ReportStory:
    """One report with its history."""
    row = found.report
    changed_ms = found.events[-1].at_ms if found.events else row.opened_ms
    return {
        **report(row, changed_ms),
        "attributes": json.loads(row.attributes),
        "job": str(row.job_id),
        "of_job": None if found.job is None else job(found.job),
        "frozen_at": moment(row.frozen_ms),
        "fingerprint": row.fingerprint,
        "batch": str(row.batch_id),
        "attempt_at": moment(row.attempt_ms),
        "missed_searches": row.misses,
        "missed_at": moment(row.missed_ms),
        "looked_at": moment(row.looked_ms),
        "evidence": row.evidence,
        "events": [state_change(event) for event in found.events],
        "own_states": found.own,
        "examples": [OwnState(code=one.code, state=one.state, why=one.why) for one in found.examples],
        "remarks": [Remark(code=code, result=result) for code, result in found.warnings],
    }


def code_story(found: stories.CodeStory) -> CodeStory:
    """What became of one code."""
    applied = found.applied
    unsaid = applied.unsaid if applied is not None else None
    return {
        "code": found.ident,
        "state": None if applied is None else applied.state,
        "applied": None if applied is None else _applied(applied),
        "job": None if found.job is None else job(found.job),
        "unsaid": None if unsaid is None else {"at": moment(unsaid[0]), "why": unsaid[1]},
        "packages": [package(row) for row in found.packages],
        "reads": [_read(one) for one in found.reads],
        "events": [_code_event(event) for event in found.events],
        "reports": [report(row, row.final_ms or row.submitted_ms or row.opened_ms) for row in found.reports],
        "grades": [grading(one) for one in found.grades],
        "tasks": [_task(one) for one in found.tasks],
    }


def grading(one: work_items.Grading) -> Grading:
    """One reading of a print quality."""
    return {
        "at": moment(one.at_ms),
        "device": one.device,
        "class": one.class_,
        "said": one.said,
        "verdict": one.verdict,
        "reported": one.reported is not None,
    }


def package_page(found: stories.PackagePage) -> bytes:
    """A page of the list."""
    items = (
        ListedPackage(**package(row), inside=found.inside.get(row.id), waits_for=found.waits.get(row.id))
        for row in found.items
    )
    return page_bytes(items, None if found.next is None else str(found.next))


def package(row: PackageRow) -> Package:
    """One package. `parent` is null until its code is known; down to `at` it is what MQTT says of a closed one."""
    return {
        "parent": row.ident,
        "level": row.level,
        "count": row.holds,
        "at": moment(row.opened_ms if row.closed_ms is None else row.closed_ms),
        "id": str(row.id),
        "state": row.state,
        "station": row.station,
        "gtin": row.gtin,
        "job": _id(row.job_id),
        "child_level": row.child_level,
        "capacity": row.capacity,
        "opened_at": moment(row.opened_ms),
        "closed_at": moment(row.closed_ms),
        "closing": bool(row.close_requested),
        "suspect": row.suspect,
        "report": _id(row.batch_id),
        "own_state": row.own,
    }


def _applied(found: stories.Applied) -> Applied:
    code = found.code
    return {"at": moment(code.at_ms), "device": found.device, "job": str(code.job_id)}


def state_change(event: queries.Event | OrderEvent) -> ReportEvent:
    """Of a report, or of an order of codes."""
    return {
        "at": moment(event.at_ms),
        "before": event.before,
        "after": event.after,
        "why": event.why,
        "evidence": event.evidence,
    }


def _read(one: stories.Read) -> Read:
    return {"at": moment(one.at_ms), "device": one.device, "verdict": one.verdict, "job": _id(one.job_id)}


def _code_event(event: stories.CodeEvent) -> CodeEvent:
    return {
        "at": moment(event.at_ms),
        "what": event.what,
        "detail": event.detail,
        "by": event.by,
        "report": _id(event.report_id),
    }


def _task(one: work_items.Task) -> CodeTask:
    return {
        "id": str(one.id),
        "kind": one.kind,
        "reason": one.whole_reason,
        "at": moment(one.created_ms),
        "done": bool(one.done_ms),
    }


def _id(number: int | None) -> str | None:
    return str(number) if number else None


def label_page(found: Sequence[LabelRow], limit: int) -> dict[str, Any]:
    """One more than `limit` says that there are others behind."""
    items = [with_moments(described_label(row)) for row in found[:limit]]
    return {"items": items, "next": str(found[limit - 1].id) if len(found) > limit else None}


def pool_list(found: Iterable[PoolRow]) -> dict[str, Any]:
    """All code pools: there are no more than products."""
    return {"items": [with_moments(described(pool)) for pool in found], "next": None}
