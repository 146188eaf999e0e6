"""The forecast of what a line's budget of requests is worth: how often each kind of report goes out at so many codes a
second, whether that many requests a minute suffice, and how long what waits.

Arithmetic over the configuration, with the real token bucket; nothing is asked. How long the regulator takes to decide
a document is not in it.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator
from typing import NamedTuple

from lined.config import Config, Product, Report
from lined.regulator.budget import Bucket
from lined.vocabulary.line import Role
from lined.vocabulary.packages import Level
from lined.vocabulary.reports import ReportKind

MINUTE_S, DAY_S = 60.0, 86_400.0
ROUNDS = 200  # requests, enough that what was saved up is used
TOKEN_S = 1_440.0  # a technical user's token is renewed at four fifths of half an hour (API 1.21.1 §1.4)


class Stream(NamedTuple):
    """Reports of one kind. `codes`: in each; `every_s`: how often one is sealed; `full`: by size, else by age."""

    kind: ReportKind
    codes: int
    every_s: float
    full: bool


class Forecast(NamedTuple):
    """`need`: limited requests a minute, everything together; `share`: what this line may send a minute in the long
    run, of `per_minute`; `burst_s`: how long the last one waits when all kinds are sealed at once; `oldest_s`: the age
    of the oldest code when its report has gone out, without an outage; None where the budget does not suffice, and
    `behind` codes a day stay unsent.
    """

    codes_per_s: float
    per_minute: int
    share: float
    need: float
    streams: tuple[Stream, ...]
    burst_s: float
    oldest_s: float | None
    behind: int

    @property
    def suffices(self) -> bool:
        return self.oldest_s is not None


def forecast(config: Config, codes_per_s: float) -> Forecast:
    """At so many codes a second, all day."""
    limit, ours = config.profile.limits.requests_per_minute, config.regulator.requests_per_minute
    per_minute = min(limit, ours)
    streams = tuple(_streams(config, codes_per_s))
    reports = sum(MINUTE_S / stream.every_s for stream in streams)
    need = reports + (MINUTE_S / TOKEN_S if config.regulator.login else 0.0)
    share, burst_s = asyncio.run(_of_bucket(per_minute, len(streams)))
    applied = next(stream for stream in streams if stream.kind == ReportKind.UTILISATION)
    settle_s = config.report.utilisation.settle_s
    suffices = need <= share
    behind = 0 if suffices else int(codes_per_s * DAY_S * (1 - share / need))
    oldest_s = applied.every_s + settle_s + burst_s if suffices else None
    return Forecast(codes_per_s, per_minute, share, need, streams, burst_s, oldest_s, behind)


def _streams(config: Config, codes_per_s: float) -> Iterator[Stream]:
    most = config.profile.limits.codes_per_report
    report, roles = config.report, {station.role for station in config.stations}
    yield _stream(ReportKind.UTILISATION, report.utilisation, most, codes_per_s)
    if report.validation is not None and Role.VERIFY in roles:
        yield _stream(ReportKind.VALIDATION, report.validation, most, codes_per_s)
    if report.aggregation is not None and Role.PACK in roles:
        packed = max((_packed(product) for product in config.products), default=0.0)
        if packed:
            yield _stream(ReportKind.AGGREGATION, report.aggregation, most, codes_per_s * packed)


def _stream(kind: ReportKind, rules: Report, most: int, codes_per_s: float) -> Stream:
    size = min(rules.max_codes, most)
    filled_s = size / codes_per_s
    if filled_s <= rules.max_age_s:
        return Stream(kind, size, filled_s, full=True)
    return Stream(kind, math.ceil(codes_per_s * rules.max_age_s), rules.max_age_s, full=False)


def _packed(product: Product) -> float:
    """Codes in aggregation reports for each item: children and parents of every level count."""
    every: dict[str, float] = {Level.UNIT: 1.0}
    sums = 0.0
    for package in sorted(product.packages, key=lambda one: tuple(Level).index(one.level)):
        children = every.get(product.child_level(package), 0.0)
        every[package.level] = children / package.capacity
        sums += children + children / package.capacity
    return sums


async def _of_bucket(per_minute: int, at_once: int) -> tuple[float, float]:
    """What the bucket gives a minute in the long run, and how long the last of so many requests at once waits for,
    where nothing was sent before them.
    """
    now = 0.0

    async def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    bucket = Bucket(per_minute, clock=lambda: now, full=True, sleep=sleep)
    for _ in range(at_once):
        await bucket.acquire(patience_s=math.inf)
    burst_s = now
    for _ in range(ROUNDS):
        await bucket.acquire(patience_s=math.inf)
    return ROUNDS * MINUTE_S / (now - burst_s), burst_s
