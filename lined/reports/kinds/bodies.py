r"""The exact bytes of a report: plain data in, bytes and fingerprints out. Meant for a thread.

Utilisation (API 1.18.2 §5.1.1): a JSON object with the full codes, their separators as \u001d. Keys are always sorted
(docs/regulator.md, Reports). Codes are encoded in slices: one call over 30,000 would keep the interpreter from the
event loop for 18 ms.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from lined.journal.database import Connection
from lined.journal.tables import codes
from lined.journal.tables.reports import ReportRow
from lined.journal.views.true_time import TrueTime
from lined.reports.kinds.head import Head
from lined.vocabulary.days import LocalDays, is_day, parse_moment

SLICE = 500  # codes encoded in one go: under 1 ms


class Body(NamedTuple):
    """`packed` is the body, compressed; `fingerprint` the SHA-256 of the body as it is sent; `codes` how many are in
    it.
    """

    packed: bytes
    fingerprint: str
    codes: int
    revision: int


def utilisation(connection: Connection, report: ReportRow, timezone: str) -> Body:
    """The body of a utilisation report from what stands in the journal now. Run it on a read-only connection."""
    fields = utilisation_head(connection, report, timezone).fields
    digest, packer = hashlib.sha256(), zlib.compressobj(1)
    parts: list[bytes] = []

    def put(piece: str) -> None:
        raw = piece.encode("ascii")
        digest.update(raw)
        parts.append(packer.compress(raw))

    # `sntins` is the last of the sorted keys, so that the codes can be streamed behind the rest.
    head = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    put(head[:-1] + ',"sntins":[')
    count = 0
    for rows in codes.left(connection, report, SLICE):
        put(("," if count else "") + json.dumps([ident + tail for ident, tail in rows], separators=(",", ":"))[1:-1])
        count += len(rows)
    put("]}")
    parts.append(packer.flush())
    return Body(b"".join(parts), digest.hexdigest(), count, report.revision)


def utilisation_head(connection: Connection, report: ReportRow, timezone: str) -> Head:
    """What the body says besides its codes, and which moments it rests on."""
    attributes, true = json.loads(report.attributes), TrueTime(connection)
    assert report.first_ms is not None
    first = true.of_code(report.first_code or 0, report.first_ms)
    fields = utilisation_fields(attributes, first.ms, LocalDays(timezone))
    if attributes.get("production_date") or not fields.keys() & {"productionDate", "expirationDate"}:
        return Head(fields, None)
    return Head(fields, first, true.of_code(report.last_code or 0, report.last_ms or report.first_ms))


def utilisation_fields(attributes: Mapping[str, Any], first_ms: int, days: LocalDays) -> dict[str, Any]:
    """Everything of the body but its codes."""
    produced = production_moment(attributes, first_ms, days)
    expires = expiration_moment(attributes, produced, days)
    fields: dict[str, Any] = {
        "businessPlaceId": attributes["business_place_id"],
        "manufacturerCountry": attributes["country"],
        "releaseType": attributes["release_type"],
    }
    if "production_date" in attributes["demands"] or attributes.get("production_date"):
        fields["productionDate"] = produced.isoformat()
    if expires is not None:
        fields["expirationDate"] = expires.isoformat()
    if attributes.get("order"):
        fields["productionOrderId"] = attributes["order"]
    if attributes.get("series"):
        fields["seriesNumber"] = attributes["series"]
    return fields


def production_moment(attributes: Mapping[str, Any], first_ms: int, days: LocalDays) -> datetime:
    """The `productionDate` of a batch (docs/contract.md, HTTP, "A job").

    No date given, or the day of the batch's first code: the moment of that code. A day before: its local 00:00.
    """
    first = days.local(first_ms).replace(microsecond=0)
    given = attributes.get("production_date")
    if not given or (is_day(given) and given == first.date().isoformat()):
        return first
    return parse_moment(given, days)


def expiration_moment(attributes: Mapping[str, Any], produced: datetime, days: LocalDays) -> datetime | None:
    """The `expirationDate` of a batch: as given, or local 00:00 of production day + shelf life, or None."""
    if attributes.get("expiration_date"):
        return parse_moment(attributes["expiration_date"], days)
    if attributes.get("shelf_life_days") is None:
        return None
    return days.after(produced, int(attributes["shelf_life_days"]))


def unpacked(packed: bytes) -> bytes:
    """The body as it goes over the wire."""
    return zlib.decompress(packed)
