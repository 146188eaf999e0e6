"""Commands about the job: what is being produced."""

from __future__ import annotations

from typing import Any

from pydantic import StrictBool

from lined.commands.packages import settle_open_packages
from lined.commands.registry.command import EVERYWHERE, Answer, Body, command
from lined.commands.registry.execution import Tx
from lined.commands.registry.fields import Day, Gtin, Mode, Packages, Short
from lined.line.jobs import jobs
from lined.line.jobs.code_dates import NAMING
from lined.line.jobs.jobs import CORRECTABLE
from lined.vocabulary.line import JobMode
from lined.vocabulary.packages import OpenPackages
from lined.vocabulary.people import PersonRole


class _Attributes(Body):
    order: Short | None = None
    series: Short | None = None
    production_date: Day | None = None
    expiration_date: Day | None = None


class JobStart(_Attributes):
    """`code_order`, `roll`: the order of codes, or the print order, that its codes are of, where that is known."""

    gtin: Gtin
    code_order: Short | None = None
    roll: Short | None = None
    mode: Mode = JobMode.NORMAL
    replace: StrictBool = False
    packages: Packages = OpenPackages.KEEP


class JobStop(Body):
    packages: Packages = OpenPackages.KEEP


class JobCorrect(_Attributes):
    """What is not said stays; null takes a value away."""


class Job(Answer):
    """A job; `id` is `job` in an answer by MQTT, whose `id` is the command's."""

    id: str
    gtin: str
    mode: str
    started_at: str
    order: str | None
    series: str | None
    production_date: str | None
    expiration_date: str | None
    code_order: str | None
    roll: str | None


class StartedJob(Job):
    """`warnings`: what is odd about it; it runs all the same."""

    warnings: list[str]


class StoppedJob(Job):
    stopped_at: str


class CorrectedJob(Job):
    """`reports`: those that were corrected with it."""

    reports: list[str]
    by: str


@command(
    "job-start",
    JobStart,
    StartedJob,
    "Start a job; error `job-running` where one runs, unless `replace`.",
    path="job/start",
    tag="job",
    sources=EVERYWHERE,
    role=PersonRole.OPERATOR,
)
def start_job(tx: Tx, body: JobStart) -> dict[str, Any]:
    if body.replace:
        settle_open_packages(tx, body.packages)
    attributes = {key: getattr(body, key) for key in (*CORRECTABLE, *NAMING)}
    return jobs.start(
        tx.connection, tx.state, body.gtin, attributes, tx.by, tx.at_ms, mode=body.mode, replace=body.replace
    )


@command(
    "job-stop",
    JobStop,
    StoppedJob,
    "Stop the running job and seal its batches.",
    path="job/stop",
    tag="job",
    sources=EVERYWHERE,
    role=PersonRole.OPERATOR,
)
def stop_job(tx: Tx, body: JobStop) -> dict[str, Any]:
    settle_open_packages(tx, body.packages)
    return jobs.stop(tx.connection, tx.state, tx.by, tx.at_ms)


@command(
    "job-correct",
    JobCorrect,
    CorrectedJob,
    "Change attributes of the running job, for it and for what is not frozen yet.",
    path="job/correct",
    tag="job",
    sources=EVERYWHERE,
    role=PersonRole.MASTER,
)
def correct_job(tx: Tx, body: JobCorrect) -> dict[str, Any]:
    return jobs.correct(tx.connection, tx.state, body.given(), tx.by, tx.at_ms)
