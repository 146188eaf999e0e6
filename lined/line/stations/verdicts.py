"""The words of a verdict (docs/contract.md, Verdicts), and what comes back from the writer for a chunk of reads."""

from __future__ import annotations

from typing import NamedTuple

from lined.codes import MarkingCode, masked
from lined.vocabulary.facts import Fact
from lined.vocabulary.verdicts import ACCEPTED, Reason


def told_code(code: MarkingCode | None, verdict: str, code_id: int) -> str | None:
    """The code of a read as everybody may see it; None where there is none, or where it may hold a check part: a lost
    separator makes that look like the end of a serial. `code_id`: the known code that is meant, 0 for none.
    """
    if code is None or verdict == Reason.MALFORMED:
        return None
    known = bool(code.tail or code_id) or verdict in ACCEPTED
    return code.ident if known or masked(code.ident) == code.ident else None


class Verdict(NamedTuple):
    """What a rule decides about a read. `word`: a Decision, or the Reason of a rejection.

    `code_id`: the known code that is meant, 0 for none. `applied_id`: the code that this read applied, 0 for none.
    """

    word: str
    code_id: int = 0
    applied_id: int = 0


class Ruling(NamedTuple):
    """The verdicts on a chunk, in order, once they are durable. `code_ids`: 0 where no known code is meant.

    `alarms`: (kind, fact) that arose, None where it is over; `last_code`: highest code id it made, 0 for none.
    """

    verdicts: list[str]
    code_ids: list[int]
    last_code: int
    alarms: list[tuple[str, Fact | None]]
    job_mode: str | None


class PublishedVerdict(NamedTuple):
    """What everybody but the device is told (docs/contract.md, MQTT, `verdict`). `code` without its check part.

    `in_job`: a job was running, which wants the item on or out.
    """

    seq: int
    session: str
    station: str
    device: str
    verdict: str
    reason: str | None
    code: str | None
    at_ms: int
    in_job: bool = True
