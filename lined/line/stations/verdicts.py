"""The words of a verdict (docs/contract.md, Verdicts), and what comes back from the writer for a chunk of reads."""

from __future__ import annotations

from typing import NamedTuple

from lined.codes import MarkingCode


class Candidate(NamedTuple):
    """One code of a frame, or what stands for it.

    `reason`: empty, or what it is rejected for before any look at the journal. `raw`: kept where it is rejected.
    `grade`, `at`: what a verifier said. `frame`: at a pack station in frame mode one candidate stands for all codes of
    a frame, which gets one verdict.
    """

    reason: str
    code: MarkingCode | None
    raw: bytes
    note: str = ""
    grade: str | None = None
    at: str | None = None
    frame: tuple[Candidate, ...] = ()


class Ruling(NamedTuple):
    """The verdicts on a chunk, in order, once they are durable. `code_ids`: 0 where no known code is meant.

    `alarms`: (kind, text) that arose; `last_code`: highest code id it made, 0 for none.
    """

    verdicts: list[str]
    code_ids: list[int]
    last_code: int
    alarms: list[tuple[str, str]]
    job_mode: str | None


class Verdict(NamedTuple):
    """What everybody but the device is told (docs/contract.md, MQTT, `verdict`). `code` without its check part."""

    seq: int
    session: str
    station: str
    device: str
    verdict: str
    reason: str | None
    code: str | None
    at_ms: int
