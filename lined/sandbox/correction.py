"""Correction (API 1.21.1 §5.4): other dates, series or country of applied codes. Business users only."""

from __future__ import annotations

import json
from collections.abc import Mapping

from lined.sandbox.books import Connection
from lined.sandbox.filings import Due, Filing, Row, blame_unknown
from lined.sandbox.rules import CORRECTION, COUNTRIES, SERIES_MAX_CHARS
from lined.sandbox.settings import SandboxSettings
from lined.sandbox.shapes import Fields, is_sorted, open_envelope

UPDATED = ("productionDatetime", "expirationDatetime", "seriesNumber", "manufacturerCountry")


def read(body: bytes, _query: Mapping[str, str], settings: SandboxSettings, at: float) -> Filing:
    """Check the shape of a document. Raises Rejection with every fault."""
    content, source = open_envelope(body)
    fields = Fields(content)
    fields.only("businessDatetime", "updatedFields", "codes")
    fields.instant("businessDatetime")
    updated = fields.part("updatedFields")
    updated.only(*UPDATED)
    produced = updated.instant("productionDatetime", required=False)
    expires = updated.instant("expirationDatetime", required=False)
    updated.text("seriesNumber", required=False, max_chars=SERIES_MAX_CHARS)
    updated.word("manufacturerCountry", COUNTRIES, required=False)
    if not updated.has_any(UPDATED):
        fields.wrong("updatedFields", "at least one attribute must be updated")
    if produced is not None and produced.timestamp() > at + settings.clock_tolerance_s:
        updated.wrong("productionDatetime", "productionDatetime lies in the future", produced.isoformat())
    if expires is not None and expires.timestamp() < at:
        updated.wrong("expirationDatetime", "expirationDatetime lies in the past", expires.isoformat())
    codes = fields.texts("codes", max_items=settings.codes_per_report)
    fields.done()
    attributes = {name: value for name, value in content.items() if name != "codes"}
    rows = [Row(code, "") for code in codes]
    return Filing(CORRECTION, None, rows, attributes, source, unsorted=not is_sorted(content))


def judge(connection: Connection, due: Due, _settings: SandboxSettings) -> None:
    """By sample the codes are identification codes: one with its check part is not found."""
    connection.execute(
        """
        UPDATE document_codes AS d SET code_id = c.id, found_status = c.status, result = CASE
            WHEN c.owner <> :tin THEN 'code-not-owned'
            WHEN c.status NOT IN ('APPLIED', 'INTRODUCED') THEN 'invalid-code-status'
            WHEN :country <> '' AND instr(p.countries, :country) = 0 THEN 'invalid-manufacturer-country'
        END
        FROM codes AS c LEFT JOIN cards AS p ON p.gtin = c.gtin
        WHERE d.document_id = :document AND d.result IS NULL AND c.ident = d.ident
        """,
        {
            "tin": due.tin,
            "country": due.attributes["updatedFields"].get("manufacturerCountry") or "",
            "document": due.id,
        },
    )
    blame_unknown(connection, due)


def apply(connection: Connection, due: Due, at: float) -> None:
    connection.execute(
        "INSERT INTO effects (code_id, document_id, kind, at, detail)"
        " SELECT code_id, document_id, ?, ?, ? FROM document_codes WHERE document_id = ? AND state <> 'ERROR'",
        (CORRECTION, at, json.dumps(due.attributes["updatedFields"]), due.id),
    )
