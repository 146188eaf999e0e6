"""The check of a report's dates before each sending: send it, wait, or hold it for a person.

Nothing goes out dated in the regulator's future, with an expiry that has passed, or by a clock that is known to have
been wrong. What a person has confirmed (`CONFIRMED`) is dated as it was read.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

from lined.journal.database import Connection
from lined.journal.tables import clock_settings
from lined.journal.tables.reports import ReportRow
from lined.regulator.codec import UPDATED
from lined.reports.delivery.frozen import fields
from lined.reports.delivery.ports import Ports
from lined.reports.kinds.head import Head
from lined.reports.kinds.kinds import kind_of
from lined.vocabulary.clocks import DATE_MS, SYNCED_MS, WRONG_MS
from lined.vocabulary.days import LocalDays
from lined.vocabulary.facts import DatesFact, Fact, ReportFact

HAPPENED = ("production_date", "document_date")  # when what it is about did
EXPIRES = ("expiration_date",)
DATES = Fact(ReportFact.DATES)  # `waits_for` of a report that is held for them
CONFIRMED = Fact(ReportFact.CONFIRMED)  # `waits_for` once that was given
CLOCK_GAP_MS = 10_000  # between two looks at a report that waits for a clock to be put right


class Finding(NamedTuple):
    """`wait_ms`: look again then; 0: not to be waited for. `held`: why it is for a person, or None. Neither: send."""

    wait_ms: int = 0
    waiting: str = ""
    held: str | None = None


async def look(ports: Ports, report: ReportRow) -> Finding:
    """The regulator's clock has to have been heard since ours was set last."""
    skew_ms = round((ports.regulator.server_skew_s or 0.0) * 1000)
    # behind everything that is in the writer's queue, a step of the clock too
    await ports.journal.do(lambda connection: clock_settings.measure(connection, skew_ms))
    head = await ports.journal.read(_head, report, ports.timezone)
    confirmed = report.waits_for == CONFIRMED
    return judge(head, ports.server_ms(), LocalDays(ports.timezone), report.size, confirmed=confirmed)


def judge(head: Head, now_ms: int, days: LocalDays, codes: int, *, confirmed: bool) -> Finding:
    """Decide by the regulator's time now."""
    if head.first is not None and head.first.now_wrong_ms:
        return Finding(CLOCK_GAP_MS, _clock_is_wrong(head.first.now_wrong_ms))
    if not confirmed and (why := _unsure(head, days, codes)) is not None:
        return Finding(held=why)
    return _by_its_moments(_moments(head.fields), now_ms, days)


def _by_its_moments(moments: dict[str, datetime], now_ms: int, days: LocalDays) -> Finding:
    expiry = min((moment for name, moment in moments.items() if name in EXPIRES), default=None)
    if expiry is not None and _ms(expiry) <= now_ms:
        return Finding(held=Fact(DatesFact.EXPIRED, moment=expiry.isoformat()))
    happened = max((moment for name, moment in moments.items() if name in HAPPENED), default=None)
    ahead_ms = 0 if happened is None else _ms(happened) - now_ms
    if happened is not None and ahead_ms > WRONG_MS:
        dated, now = happened.isoformat(), days.local(now_ms).isoformat(timespec="seconds")
        return Finding(held=Fact(DatesFact.FAR_AHEAD, moment=dated, end=now))
    if ahead_ms > DATE_MS:  # a date made earlier to please the regulator would be an invented one
        early = Fact(DatesFact.AHEAD, n=ahead_ms // 1000)
        return Finding(ahead_ms + DATE_MS, early)
    return Finding()


def _head(connection: Connection, report: ReportRow, timezone: str) -> Head:
    """Of what is frozen, or as it would be frozen now."""
    kind = kind_of(report)
    if report.fingerprint is not None:
        return Head(kind.format.told(fields(connection, report.id, kind.format.codes_in)), None)
    return kind.head(connection, report, timezone)


def _unsure(head: Head, days: LocalDays, codes: int) -> str | None:
    """Why its dates may be wrong, where that cannot be known without a person."""
    first, last, produced = head.first, head.last or head.first, head.produced
    if first is None or last is None:
        return None
    began, ended = days.local(first.ms).isoformat(), days.local(last.ms).isoformat()
    if first.doubt or last.doubt:
        return Fact(DatesFact.CLOCK_UNKNOWN, n=codes, moment=began)
    if abs(first.error_ms) > SYNCED_MS and days.day_of(first.ms) != days.day_of(last.ms):
        return Fact(DatesFact.CLOCK_WRONG, n=codes, moment=began, end=ended)
    if produced is not None and _ms(produced) > first.ms:
        return Fact(DatesFact.PACKED_BEFORE, moment=began, end=produced.isoformat())
    return None


def _clock_is_wrong(skew_ms: int) -> str:
    minutes = abs(skew_ms) // 60_000
    return Fact(DatesFact.CLOCK_AHEAD, n=minutes) if skew_ms > 0 else Fact(DatesFact.CLOCK_BEHIND, n=minutes)


def _moments(told: dict[str, Any]) -> dict[str, datetime]:
    """The dates of a document by their names, the new ones of a correction among them."""
    flat = {**told, **(told.get(UPDATED) or {})}
    return {name: datetime.fromisoformat(str(flat[name])) for name in (*HAPPENED, *EXPIRES) if name in flat}


def _ms(moment: datetime) -> int:
    return int(moment.astimezone(UTC).timestamp() * 1000)
