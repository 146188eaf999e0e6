"""The words of a verdict (docs/contract.md, Verdicts), and what comes back from the writer for a chunk of reads."""

from __future__ import annotations

from typing import NamedTuple

from lined.codes import MarkingCode, masked
from lined.vocabulary.verdicts import ACCEPTED, Reason


def told_code(code: MarkingCode | None, verdict: str, code_id: int) -> str | None:
    """The code of a read as everybody may see it; None where there is none, or where it may hold a check part: a lost
    separator makes that look like the end of a serial. `code_id`: the known code that is meant, 0 for none.
    """
    if code is None or verdict == Reason.MALFORMED:
        return None
    known = bool(code.tail or code_id) or verdict in ACCEPTED
    return code.ident if known or masked(code.ident) == code.ident else None


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
