"""Rows of the journal as JSON: ids are strings, times RFC 3339, no check part anywhere."""

from __future__ import annotations

import json
import re
from typing import Any

from lined.journal.queries import CodeStory, ReportPage, ReportStory
from lined.journal.reports import ReportRow
from lined.status.document import job
from lined.status.rendering import page_bytes
from lined.status.times import moment, with_moments


def is_number(text: str) -> bool:
    """Whether the text can be the id of a row; SQLite's numbers have 63 bits."""
    return re.fullmatch(r"[0-9]{1,18}", text) is not None


def report_page(found: ReportPage) -> bytes:
    """A page of the list."""
    items = (report(row, found.changed_ms[row.id]) for row in found.items)
    return page_bytes(items, None if found.next is None else str(found.next))


def report(row: ReportRow, changed_ms: int) -> dict[str, Any]:
    """One report in a list. Down to `at` it is what MQTT says too (contract, section 5)."""
    return {
        "id": str(row.id),
        "kind": row.kind,
        "state": row.state,
        "codes": row.codes,
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
    }


def report_story(found: ReportStory) -> dict[str, Any]:
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
        "events": [with_moments_of_event(event._asdict()) for event in found.events],
        "own_states": found.own,
        "examples": [example._asdict() for example in found.examples],
    }


def code_story(found: CodeStory) -> dict[str, Any]:
    """What became of one code."""
    code = found.code
    return {
        "code": code.ident,
        "state": found.state,
        "applied": {"at": moment(code.at_ms), "device": found.device, "job": str(code.job_id)},
        "job": None if found.job is None else job(found.job),
        "unsaid": None if found.unsaid is None else {"at": moment(found.unsaid[0]), "why": found.unsaid[1]},
        "reads": [_of_job(with_moments_of_event(read._asdict())) for read in found.reads],
        "events": [_of_report(with_moments_of_event(event._asdict())) for event in found.events],
        "reports": [report(row, row.final_ms or row.submitted_ms or row.opened_ms) for row in found.reports],
    }


def with_moments_of_event(row: dict[str, Any]) -> dict[str, Any]:
    """`at_ms` as `at`."""
    at_ms = row.pop("at_ms")
    return {"at": moment(at_ms), **with_moments(row)}


def _of_job(row: dict[str, Any]) -> dict[str, Any]:
    job_id = row.pop("job_id")
    return {**row, "job": str(job_id) if job_id else None}


def _of_report(row: dict[str, Any]) -> dict[str, Any]:
    report_id = row.pop("report_id")
    return {**row, "report": str(report_id) if report_id else None}
