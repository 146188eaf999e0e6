"""Validation (API 1.21.1 §5.2): print quality of codes. Nothing changes but the codes' history.

The text asks for identification codes and its sample (EN) sends a full one: both are taken.
"""

from __future__ import annotations

from collections.abc import Mapping

from lined.sandbox.books import Connection
from lined.sandbox.filings import Due, Filing, Row, blame_unknown
from lined.sandbox.issuing import split
from lined.sandbox.rules import PACKAGE_TYPES, PRINT_CLASSES, VALIDATION
from lined.sandbox.settings import SandboxSettings
from lined.sandbox.shapes import Fields, is_sorted, open_envelope
from lined.sandbox.utilisation import check_group, check_place


def read(body: bytes, _query: Mapping[str, str], settings: SandboxSettings, _at: float) -> Filing:
    """Check the shape of a report. Raises Rejection with every fault."""
    content, source = open_envelope(body)
    fields = Fields(content)
    fields.only("productGroup", "businessPlaceId", "productionOrderId", "packageType", "documentDate", "codes")
    group = fields.text("productGroup")
    place = fields.integer("businessPlaceId")
    fields.text("productionOrderId", required=False)
    fields.word("packageType", PACKAGE_TYPES)
    fields.instant("documentDate")
    rows = _rows(fields, settings)
    fields.done()
    check_group(group, settings)
    check_place(place, settings)
    attributes = {name: value for name, value in content.items() if name != "codes"}
    return Filing(VALIDATION, group, rows, attributes, source, unsorted=not is_sorted(content))


def _rows(fields: Fields, settings: SandboxSettings) -> list[Row]:
    rows = []
    seen: set[str] = set()
    for place, item in enumerate(fields.objects("codes", max_items=settings.codes_per_report)):
        item.only("code", "printQualityClass")
        ident, tail = split(item.text("code"))
        if ident in seen:
            fields.wrong(f"codes[{place}]", "the code is repeated in the report", ident)
        seen.add(ident)
        rows.append(Row(ident, tail, detail=item.word("printQualityClass", PRINT_CLASSES)))
    return rows


def judge(connection: Connection, due: Due, _settings: SandboxSettings) -> None:
    connection.execute(
        """
        UPDATE document_codes AS d SET code_id = c.id, found_status = c.status, result = CASE
            WHEN c.owner <> :tin THEN 'code-not-owned'
            WHEN d.tail NOT IN ('', c.tail) THEN 'invalid-check-code'
            WHEN c.package <> :package THEN 'invalid-package-type'
            WHEN p.product_group <> :group THEN 'invalid-product-group'
            WHEN c.status IN ('WITHDRAWN', 'WRITTEN_OFF') THEN 'invalid-code-status'
        END
        FROM codes AS c LEFT JOIN cards AS p ON p.gtin = c.gtin
        WHERE d.document_id = :document AND d.result IS NULL AND c.ident = d.ident
        """,
        {
            "tin": due.tin,
            "package": due.attributes["packageType"],
            "group": due.product_group,
            "document": due.id,
        },
    )
    blame_unknown(connection, due)


def apply(connection: Connection, due: Due, at: float) -> None:
    connection.execute(
        "INSERT INTO effects (code_id, document_id, kind, at, detail)"
        " SELECT code_id, document_id, ?, ?, json_object('class', detail) FROM document_codes"
        " WHERE document_id = ? AND state <> 'ERROR'",
        (VALIDATION, at, due.id),
    )
