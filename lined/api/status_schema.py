"""The shape of the `/status` document, and of a job within other answers (docs/contract.md, The status document)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from lined.vocabulary.line import LineState

Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
Count = Annotated[int, Field(ge=0)]


class Problem(TypedDict):
    """What is wrong right now. `kind`: as of an alarm; `where`: the device, report or address it is about."""

    kind: str
    where: str
    text: str
    since: Moment | None


class Reads(TypedDict):
    """`total` is the sum of the four below it; `by_reason` splits `rejected`."""

    total: Count
    accepted: Count
    rejected: Count
    no_read: Count
    repeats: Count
    by_reason: dict[str, int]


class Counts(TypedDict):
    """`codes`: applied ones by state."""

    reads: Reads
    codes: dict[str, int]


class JobSummary(TypedDict):
    """`product`: its name. `order`, `series` and the days: the reports' attributes, null where the job has none."""

    id: str
    gtin: str
    product: str | None
    mode: str
    order: str | None
    series: str | None
    production_date: str | None
    expiration_date: str | None
    started_at: Moment | None
    started_by: str | None
    stopped_at: Moment | None
    stopped_by: str | None


class CountedJob(JobSummary, Counts):
    """The job that runs, and what it counted."""


class Backlog(TypedDict):
    """Codes without an outcome, held ones aside, in so many `reports`. `clear_s`: how long they need once the
    regulator answers; null where nothing is reported from here.
    """

    codes: Count
    reports: Count
    oldest_at: Moment | None
    oldest_age_s: Count | None
    clear_s: Count | None


class Device(TypedDict):
    """`station` is null for a device of none. `last_raw`: what came last, check parts masked. `remarks`: counted
    remarks about what it sends, by kind.
    """

    id: str
    station: str | None
    connected: bool
    last_read_at: Moment | None
    since: Moment | None
    problem: str | None
    peer: str
    listening_on: str
    frames: Count
    heartbeats: Count
    silent: bool
    faults: Count
    last_fault: str | None
    retransmissions: Count
    garbled: Count
    dropped_bytes: Count
    remarks: dict[str, int]
    reconnects: Count
    unanswered: Count
    last_raw: str | None


class Printer(TypedDict):
    """`in_flight`: labels with it; `queue`: those that it says it has still to print, null where it has not said.
    `printed`: since the start.
    """

    id: str
    connected: bool
    since: Moment | None
    problem: str | None
    peer: str
    ready: bool
    troubles: list[str]
    in_flight: Count
    queue: Count | None
    printed: Count


class Budget(TypedDict):
    """`available`: requests that may go out at once. `held_back_s`: the regulator asked for patience so long."""

    available: float
    per_minute: int
    held_back_s: float
    waiting: Count


class Regulator(TypedDict):
    """`clock_skew_s`: this computer's clock minus the regulator's; null where that was not heard. `sending`: false
    while nothing is posted because an earlier answer left doubt.
    """

    reachable: bool
    credential_expires_at: Moment | None
    url: str
    problem: str | None
    clock_skew_s: float | None
    sending: bool
    budget: dict[str, Budget]


class Mqtt(TypedDict):
    configured: bool
    connected: bool


class Journal(TypedDict):
    """Bytes of the journal and of what is free on its disk; `queued`: what waits for a commit."""

    bytes: Count
    free_bytes: Count
    queued: Count
    commits: Count


class Counted(Counts):
    """`job`: null where none runs. `reports`: how many are in each state."""

    job: CountedJob | None
    reports: dict[str, int]


class Status(Counted):
    """Sums of one commit, and how everything is right now. `unsaid`: codes accepted whose verdict could not be said;
    `remarks`: codes that the regulator processed with a remark.
    """

    line: str
    version: str
    state: LineState
    problems: list[Problem]
    backlog: Backlog
    unsaid: Count
    remarks: Count
    devices: list[Device]
    printers: list[Printer]
    regulator: Regulator
    mqtt: Mqtt
    journal: Journal
    warnings: list[str]
    at: Moment | None
