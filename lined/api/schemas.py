"""The shapes of what HTTP answers to questions: what the OpenAPI document publishes (docs/contract.md, HTTP).

`shapes` and `document` make them. Times are RFC 3339 in UTC, ids are strings; every key is always there. Programs must
bear keys that are added.
"""

from __future__ import annotations

from typing import Any, Generic, Literal, TypeVar

from typing_extensions import TypedDict

from lined.api.status_schema import Count, JobSummary, Moment
from lined.vocabulary.people import PersonRole
from lined.vocabulary.scanners import ScannerSign, Symptom

T = TypeVar("T")


class Page(TypedDict, Generic[T]):
    """A part of a list, newest first. `next`: what to give as `after` for more; null at the end."""

    items: list[T]
    next: str | None


class Well(TypedDict):
    """Of `/livez` and `/readyz`."""

    status: Literal["ok"]


# ── reports ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class Report(TypedDict):
    """`id` is kept from the first code to the end. `problem`: why it is held or waits; `warnings`: codes processed with
    a remark, null where that was not asked yet.
    """

    id: str
    kind: str
    state: str
    codes: Count
    document_id: str | None
    job: str
    problem: str | None
    waits_for: str | None
    at: Moment | None
    day: str | None
    document_status: str | None
    first_code_at: Moment | None
    last_code_at: Moment | None
    opened_at: Moment | None
    sealed_at: Moment | None
    seal_reason: str | None
    submitted_at: Moment | None
    final_at: Moment | None
    attempts: Count
    due_at: Moment | None
    released_as: str | None
    warnings: Count | None


class ReportEvent(TypedDict):
    """A change of state. `evidence`: what came back, redacted and cut."""

    at: Moment | None
    before: str | None
    after: str
    why: str | None
    evidence: str | None


class OwnState(TypedDict):
    """A code whose state is not its report's."""

    code: str
    state: str
    why: str | None


class Remark(TypedDict):
    code: str
    result: str


class ReportStory(Report):
    """A report with its history, oldest first. `own_states`: how many of its codes have a state of their own;
    `examples` and `remarks`: the first of them. `evidence`: the newest answer, whole.
    """

    attributes: dict[str, Any]
    of_job: JobSummary | None
    frozen_at: Moment | None
    fingerprint: str | None
    batch: str
    attempt_at: Moment | None
    missed_searches: Count
    missed_at: Moment | None
    looked_at: Moment | None
    evidence: str | None
    events: list[ReportEvent]
    own_states: dict[str, int]
    examples: list[OwnState]
    remarks: list[Remark]


# ── packages ────────────────────────────────────────────────────────────────────────────────────────────────────────


class Package(TypedDict):
    """`parent` is null until its code is known. `at`: when it was closed, or opened. `suspect`: why its content has to
    be read again; null where it is sure.
    """

    parent: str | None
    level: str
    count: Count
    at: Moment | None
    id: str
    state: str
    station: str | None
    gtin: str | None
    job: str | None
    child_level: str
    capacity: int
    opened_at: Moment | None
    closed_at: Moment | None
    closing: bool
    suspect: str | None
    report: str | None
    own_state: str | None


class ListedPackage(Package):
    """`inside`: the parent code of the package around it. `waits_for`: of a closed one that is in no report yet."""

    inside: str | None
    waits_for: str | None


# ── codes ───────────────────────────────────────────────────────────────────────────────────────────────────────────


class Applied(TypedDict):
    """The read that applied it."""

    at: Moment | None
    device: str | None
    job: str


class Unsaid(TypedDict):
    """Its accept could not be said: since when, and why."""

    at: Moment | None
    why: str


class Read(TypedDict):
    """A read that did not apply it."""

    at: Moment | None
    device: str | None
    verdict: str
    job: str | None


class CodeEvent(TypedDict):
    at: Moment | None
    what: str
    detail: str | None
    by: str | None
    report: str | None


Grading = TypedDict(
    "Grading",
    {
        "at": Moment | None,
        "device": str | None,
        "class": str | None,
        "said": str | None,
        "verdict": str,
        "reported": bool,
    },
)
"""A reading of its print quality. `class` is null where the device gave no grade; `said`: the device's own words."""


class CodeTask(TypedDict):
    id: str
    kind: str
    reason: str
    at: Moment | None
    done: bool


class CodeStory(TypedDict):
    """What became of one code. `state`, `applied` and `unsaid` are null for a parent that is no item's code."""

    code: str
    state: str | None
    applied: Applied | None
    job: JobSummary | None
    unsaid: Unsaid | None
    packages: list[Package]
    reads: list[Read]
    events: list[CodeEvent]
    reports: list[Report]
    grades: list[Grading]
    tasks: list[CodeTask]


# ── the work list ───────────────────────────────────────────────────────────────────────────────────────────────────


class Task(TypedDict):
    """One thing to look at. `meaning` and `do`: the regulator's word in the reader's language; null where nobody has
    put it into plain words: `reason` is as it came.
    """

    id: str
    kind: str
    code: str | None
    package: str | None
    report: str | None
    reason: str
    meaning: str | None
    do: str | None
    at: Moment | None
    done_at: Moment | None
    done_by: str | None
    note: str | None


# ── devices ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class SeenSign(TypedDict):
    """Something that was seen in what a device sends. `detail`: which identifier, spelling or reason; may be empty."""

    sign: ScannerSign
    detail: str
    n: Count
    first_at: Moment | None
    last_at: Moment | None


class DeviceFinding(TypedDict):
    """A setting of the device that is to blame. `setting`: what to set, as its driver's file names it."""

    symptom: Symptom
    text: str
    setting: str
    since: Moment | None


class ExaminedDevice(TypedDict):
    """What a device does to codes, counted since `since`: this start of the program. `reads`: frames, of which
    `no_reads` had a place without a legible code; `no_read_share`: null without reads; `missed`: triggers that it has
    numbered and that no result came for.
    """

    id: str
    station: str | None
    since: Moment | None
    reads: Count
    no_reads: Count
    no_read_share: float | None
    missed: Count
    silent: bool
    retransmissions: Count
    garbled: Count
    dropped_bytes: Count
    reconnects: Count
    heartbeats: Count
    last_heartbeat_at: Moment | None
    last_read_at: Moment | None
    signs: list[SeenSign]
    findings: list[DeviceFinding]


class CapturedPart(TypedDict):
    """What was recorded since the last time: lines of a capture (docs/capture.md). `ended`: why there are no more,
    `time`, `bytes`, `asked`, `nobody`; null while it goes on.
    """

    lines: list[str]
    ended: str | None


# ── people ──────────────────────────────────────────────────────────────────────────────────────────────────────────


class SignedIn(TypedDict):
    """`name`: of who has signed in; null for a token, and for who may look without."""

    name: str | None
    role: PersonRole


class Audited(TypedDict):
    """A command that was carried out. `said`: its body as JSON, check parts masked, at most 4,000 characters."""

    no: Count
    at: Moment | None
    by: str
    role: str
    way: str
    command: str
    subject: str | None
    said: str


class VerifiedAudit(TypedDict):
    """`end`: the hash of the last row; `broken`: the first row that does not follow from the one before it."""

    rows: Count
    end: str
    broken: int | None
