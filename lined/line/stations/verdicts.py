"""The words of a verdict (contract, section 4), and what comes back from the writer for a chunk of reads."""

from __future__ import annotations

from typing import NamedTuple

from lined.codes import MarkingCode


class Verdict(NamedTuple):
    """What a rule decides about a read. `word`: a Decision, or the Reason of a rejection.

    `code_id`: the known code that is meant, 0 for none. `applied_id`: the code that this read applied, 0 for none.
    """

    word: str
    code_id: int = 0
    applied_id: int = 0


class Ruling(NamedTuple):
    """The verdicts on a chunk, in order, once they are durable. `code_ids`: 0 where no known code is meant.

    `alarms`: (kind, text) that arose; `last_code`: highest code id it made, 0 for none.
    """

    verdicts: list[str]
    code_ids: list[int]
    last_code: int
    alarms: list[tuple[str, str]]
    job_mode: str | None


class PublishedVerdict(NamedTuple):
    """What everybody but the device is told (contract, section 5, `verdict`). `code` without its check part."""

    seq: int
    session: str
    station: str
    device: str
    verdict: str
    reason: str | None
    code: str | None
    at_ms: int
