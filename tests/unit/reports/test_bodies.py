"""The bytes of a utilisation report: the specification's sample to the byte, and dates as the contract has them."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from lined.journal.database import Connection, open_writable
from lined.journal.schema import migrations
from lined.journal.tables import reports
from lined.reports.kinds import bodies
from lined.vocabulary.days import LocalDays
from tests.harness.reporting import ATTRIBUTES

DAYS = LocalDays("Asia/Tashkent")
# API 1.18.2 §5.1.1, "Example of a request"
SAMPLE_CODES = ("010489921512237121U&U1+<cfOUoZf\x1d93UehU", "010489921512237121Uhgr>kO42*S<<\x1d93f7PE")
SAMPLE_MS = 1_735_721_102_000  # 2025-01-01T08:45:02Z
SAMPLE = {
    "order": "56-43",
    "series": "FINLK211111111111111",
    "expiration_date": "2028-01-01T00:00:00+00:00",
}


def body_of(tmp_path: Path, codes: tuple[str, ...], first_ms: int, **attributes: Any) -> tuple[bodies.Body, bytes]:
    """Build a body over these codes, in a journal of its own."""
    database = open_writable(tmp_path / "line.db")
    connection: Connection = database.conn
    try:
        migrations.apply(database)
        connection.execute("INSERT INTO job (gtin, product, mode, attributes, started_ms) VALUES ('', '', '', '', 0)")
        report_id = reports.open_batch(
            connection,
            kind="utilisation",
            job_id=1,
            attributes={**ATTRIBUTES, **attributes},
            day=None,
            first_code=1,
            at_ms=first_ms,
            early=False,
        )
        connection.execute("BEGIN")
        for number, code in enumerate(codes, 1):
            ident, separator, tail = code.partition("\x1d")
            connection.execute(
                "INSERT INTO code (id, ident, tail, at_ms, device_no, job_id, batch_id) VALUES (?, ?, ?, ?, 1, 1, ?)",
                (number, ident, separator + tail, first_ms, report_id),
            )
        reports.change(connection, report_id, codes=len(codes), first_ms=first_ms, last_code=len(codes))
        connection.execute("COMMIT")
        row = reports.get(connection, report_id)
        assert row is not None
        body = bodies.utilisation(connection, row, "Asia/Tashkent")
        return body, bodies.unpacked(body.packed)
    finally:
        connection.close()


def test_the_specification_s_sample_to_the_byte(tmp_path: Path) -> None:
    body, sent = body_of(tmp_path, SAMPLE_CODES, SAMPLE_MS, **SAMPLE)
    assert sent == (
        b'{"businessPlaceId":27,"expirationDate":"2028-01-01T00:00:00+00:00","manufacturerCountry":"UZ",'
        b'"productionDate":"2025-01-01T13:45:02+05:00","productionOrderId":"56-43","releaseType":"PRODUCTION",'
        b'"seriesNumber":"FINLK211111111111111",'
        b'"sntins":["010489921512237121U&U1+<cfOUoZf\\u001d93UehU","010489921512237121Uhgr>kO42*S<<\\u001d93f7PE"]}'
    )
    assert body.fingerprint == hashlib.sha256(sent).hexdigest()
    assert body.codes == 2


def test_keys_are_sorted_whatever_is_in_the_body(tmp_path: Path) -> None:
    _, sent = body_of(tmp_path, SAMPLE_CODES, SAMPLE_MS, **SAMPLE)
    keys = list(json.loads(sent))
    assert keys == sorted(keys)


def test_what_a_job_does_not_have_is_left_out(tmp_path: Path) -> None:
    _, sent = body_of(tmp_path, SAMPLE_CODES, SAMPLE_MS, demands=[], shelf_life_days=None, country="DE")
    assert set(json.loads(sent)) == {"businessPlaceId", "manufacturerCountry", "releaseType", "sntins"}


def test_codes_of_many_slices_come_out_in_order_each_once(tmp_path: Path) -> None:
    codes = tuple(f'010489921512237121{n:013d}\x1d93ab"\\' for n in range(bodies.SLICE * 2 + 7))
    body, sent = body_of(tmp_path, codes, SAMPLE_MS)
    assert tuple(json.loads(sent)["sntins"]) == codes
    assert body.codes == len(codes)
    assert sent == json.dumps(json.loads(sent), sort_keys=True, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    ("given", "first", "expected"),
    [
        (None, "2026-11-23T14:02:03.9+05:00", "2026-11-23T14:02:03+05:00"),  # the moment of the batch's first code
        ("2026-11-23", "2026-11-23T14:02:03+05:00", "2026-11-23T14:02:03+05:00"),  # today: the same
        ("2026-11-23", "2026-11-23T00:00:00+05:00", "2026-11-23T00:00:00+05:00"),
        ("2026-11-22", "2026-11-23T14:02:03+05:00", "2026-11-22T00:00:00+05:00"),  # a past day: its local 00:00
        ("2026-11-22", "2026-11-22T20:30:00+00:00", "2026-11-22T00:00:00+05:00"),  # 01:30 of the 23rd at the line
        ("2026-11-20T08:00:00+03:00", "2026-11-23T14:02:03+05:00", "2026-11-20T08:00:00+03:00"),  # a moment: as given
    ],
)
def test_production_date(given: str | None, first: str, expected: str) -> None:
    first_ms = int(datetime.fromisoformat(first).timestamp() * 1000)
    assert bodies.production_moment({"production_date": given}, first_ms, DAYS).isoformat() == expected


@pytest.mark.parametrize(
    ("given", "shelf_life_days", "produced", "expected"),
    [
        (None, 1, "2026-11-23T23:59:59+05:00", "2026-11-24T00:00:00+05:00"),
        (None, 1095, "2026-11-23T14:02:03+05:00", "2029-11-22T00:00:00+05:00"),
        (None, 1, "2026-11-23T19:30:00+00:00", "2026-11-25T00:00:00+05:00"),  # the day is the line's
        ("2028-01-01", 1095, "2026-11-23T14:02:03+05:00", "2028-01-01T00:00:00+05:00"),
        (None, None, "2026-11-23T14:02:03+05:00", None),
    ],
)
def test_expiration_date(given: str | None, shelf_life_days: int | None, produced: str, expected: str | None) -> None:
    attributes = {"expiration_date": given, "shelf_life_days": shelf_life_days}
    found = bodies.expiration_moment(attributes, datetime.fromisoformat(produced), DAYS)
    assert (found.isoformat() if found else None) == expected
