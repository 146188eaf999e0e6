r"""The exact bytes of a report: plain data in, bytes and fingerprints out. Meant for a thread.

Utilisation (API 1.18.2 §5.1.1): a JSON object with the full codes, their separators as \u001d. Keys are always sorted
(docs/regulator.md, Reports). Codes are encoded in slices: one call over 30,000 would keep the interpreter from the
event loop for 18 ms.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from lined.journal.database import Connection
from lined.journal.tables import codes
from lined.journal.tables.reports import ReportRow
from lined.journal.views.true_time import TrueTime
from lined.regulator.codec import FORMATS
from lined.reports.kinds.envelope import SLICE, Body, Pieces, put_document
from lined.reports.kinds.head import Head
from lined.vocabulary.days import LocalDays, is_day, parse_moment
from lined.vocabulary.reports import ReportKind

__all__ = ["SLICE", "Body"]


def utilisation(connection: Connection, report: ReportRow, timezone: str, *, full: bool = True) -> Body:
    """The body of a utilisation report from what stands in the journal now. Run it on a read-only connection."""
    form = FORMATS[ReportKind.UTILISATION]
    fields = utilisation_head(connection, report, timezone).fields
    pieces = Pieces(envelope=form.envelope)
    count = 0

    def pieces_of_codes() -> Iterator[list[str]]:
        nonlocal count
        for rows in codes.left(connection, report, SLICE):
            count += len(rows)
            yield [ident + tail if full else ident for ident, tail in rows]

    put_document(pieces, form.written(fields), form.codes_in, pieces_of_codes())
    return pieces.done(count, report.revision)


def utilisation_head(connection: Connection, report: ReportRow, timezone: str) -> Head:
    """What the body says besides its codes, and which moments it rests on."""
    attributes, true = json.loads(report.attributes), TrueTime(connection)
    assert report.first_ms is not None
    first = true.of_code(report.first_code or 0, report.first_ms)
    fields = utilisation_fields(attributes, first.ms, LocalDays(timezone))
    if attributes.get("production_date") or not fields.keys() & {"production_date", "expiration_date"}:
        return Head(fields, None)
    return Head(fields, first, true.of_code(report.last_code or 0, report.last_ms or report.first_ms))


def utilisation_fields(attributes: Mapping[str, Any], first_ms: int, days: LocalDays) -> dict[str, Any]:
    """Everything of the body but its codes."""
    produced = production_moment(attributes, first_ms, days)
    expires = expiration_moment(attributes, produced, days)
    fields: dict[str, Any] = {
        "business_place_id": attributes["business_place_id"],
        "country": attributes["country"],
        "release_type": attributes["release_type"],
    }
    if "production_date" in attributes["demands"] or attributes.get("production_date"):
        fields["production_date"] = produced.isoformat()
    if expires is not None:
        fields["expiration_date"] = expires.isoformat()
    if attributes.get("order"):
        fields["order"] = attributes["order"]
    if attributes.get("series"):
        fields["series"] = attributes["series"]
    return fields


def production_moment(attributes: Mapping[str, Any], first_ms: int, days: LocalDays) -> datetime:
    """The production date of a batch (docs/contract.md, HTTP, "A job").

    No date given, or the day of the batch's first code: the moment of that code. A day before: its local 00:00.
    """
    first = days.local(first_ms).replace(microsecond=0)
    given = attributes.get("production_date")
    if not given or (is_day(given) and given == first.date().isoformat()):
        return first
    return parse_moment(given, days)


def expiration_moment(attributes: Mapping[str, Any], produced: datetime, days: LocalDays) -> datetime | None:
    """The expiry of a batch: as given, or local 00:00 of production day + shelf life, or None."""
    if attributes.get("expiration_date"):
        return parse_moment(attributes["expiration_date"], days)
    if attributes.get("shelf_life_days") is None:
        return None
    return days.after(produced, int(attributes["shelf_life_days"]))


def unpacked(packed: bytes) -> bytes:
    """The body as it goes over the wire."""
    return zlib.decompress(packed)
