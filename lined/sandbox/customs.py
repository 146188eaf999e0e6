"""Aggregated import codes (API 1.21.1 §7): made empty, filled by one document, dissolved by another.

An import code is filled whole or not at all. Its 25 digits, as in the samples:

    00000307966715 230625 00001      participant (14 digits), day (DDMMYY), number of that day
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from lined.sandbox.answers import bad_request
from lined.sandbox.books import Connection, one
from lined.sandbox.disaggregation import dissolve
from lined.sandbox.filings import Due, Filing, Row, blame_unknown
from lined.sandbox.issuing import has_check_digit
from lined.sandbox.rules import (
    ACC,
    ADDITIONAL_UNITS,
    APPLIED,
    CUSTOMS_CODE_REGISTRATION,
    CUSTOMS_CODE_WITHDRAWAL,
    RECEIVED,
)
from lined.sandbox.settings import SandboxSettings
from lined.sandbox.shapes import Fields, is_sorted, open_envelope, parse_object
from lined.sandbox.utilisation import check_group

PARTICIPANT_DIGITS, NUMBER_DIGITS = 14, 5


def make(connection: Connection, tin: str, at: float) -> str:
    """7.1: an empty import code that no other has. Raises Rejection when the day's numbers are used up."""
    day = datetime.fromtimestamp(at, UTC).strftime("%d%m%y")
    prefix = f"{tin.zfill(PARTICIPANT_DIGITS)}{day}"
    made = one(connection, "SELECT count(*) FROM codes WHERE package = ? AND ident LIKE ?", (ACC, f"{prefix}%")) or 0
    number = str(made + 1).zfill(NUMBER_DIGITS)
    if len(number) > NUMBER_DIGITS:
        raise bad_request("the numbers of this day are used up", "$")
    code = prefix + number
    connection.execute(
        "INSERT INTO codes (ident, tail, gtin, owner, template, package, status, issued_at, source)"
        " VALUES (?, '', '', ?, 'CUSTOM', ?, ?, ?, 'customs')",
        (code, tin, ACC, RECEIVED, at),
    )
    return code


class Registration:
    """7.2: what an import code holds. Row 0 is the import code."""

    @staticmethod
    def read(body: bytes, _query: Mapping[str, str], settings: SandboxSettings, _at: float) -> Filing:
        content, source = _signed(body)
        fields = Fields(content)
        fields.only(
            "aggregatedCustomsCode", "gtin", "productId", "productGroup", "tnved", "quantity", "additionalUnit",
            "additionalUnitQuantity", "codes",
        )  # fmt: skip
        code = fields.text("aggregatedCustomsCode")
        gtin = fields.text("gtin", max_chars=14)
        if gtin and not (len(gtin) == 14 and has_check_digit(gtin)):
            fields.wrong("gtin", f"invalid value [{gtin}] of parameter gtin", gtin)
        fields.text("productId", required=False)  # API 1.21.1 §1.2: no longer compulsory since v1.5.3
        group = fields.text("productGroup")
        fields.text("tnved")
        fields.integer("quantity", low=1)
        _check_unit(fields, content)
        codes = fields.texts("codes", max_items=settings.codes_per_report)
        fields.done()
        check_group(group, settings)
        attributes = {name: value for name, value in content.items() if name != "codes"}
        rows = [Row(code, ""), *(Row(child, "") for child in codes)]
        return Filing(CUSTOMS_CODE_REGISTRATION, group, rows, attributes, source, unsorted=not is_sorted(content))

    @staticmethod
    def judge(connection: Connection, due: Due, _settings: SandboxSettings) -> None:
        connection.execute(
            """
            UPDATE document_codes AS d SET code_id = c.id, found_status = c.status, result = CASE
                WHEN c.owner <> :tin THEN 'code-not-owned'
                WHEN (d.idx = 0) <> (c.package = :acc) THEN 'invalid-package-type'
                WHEN d.idx = 0 AND c.status <> :received THEN 'invalid-code-status'
                WHEN d.idx > 0 AND c.status <> :applied THEN 'invalid-code-status'
                WHEN d.idx > 0 AND c.parent_id IS NOT NULL THEN 'already-aggregated'
                WHEN d.idx > 0 AND c.gtin <> '' AND p.product_group IS NOT :group THEN 'invalid-product-group'
            END
            FROM codes AS c LEFT JOIN cards AS p ON p.gtin = c.gtin
            WHERE d.document_id = :document AND d.result IS NULL AND c.ident = d.ident
            """,
            {
                "tin": due.tin, "acc": ACC, "received": RECEIVED, "applied": APPLIED, "group": due.product_group,
                "document": due.id,
            },
        )  # fmt: skip
        blame_unknown(connection, due)
        connection.execute(
            "UPDATE document_codes SET result = 'package-rejected' WHERE document_id = ?1 AND result IS NULL"
            " AND EXISTS (SELECT 1 FROM document_codes WHERE document_id = ?1 AND result IS NOT NULL)",
            (due.id,),
        )

    @staticmethod
    def apply(connection: Connection, due: Due, at: float) -> None:
        row = connection.execute(
            "SELECT code_id, ident FROM document_codes WHERE document_id = ? AND idx = 0 AND state <> 'ERROR'",
            (due.id,),
        ).fetchone()
        if row is None:
            return
        acc_id, acc = row
        packed = connection.execute(
            "INSERT INTO effects (code_id, document_id, kind, at, detail)"
            " SELECT code_id, document_id, ?, ?, ? FROM document_codes"
            " WHERE document_id = ? AND idx > 0 AND state <> 'ERROR'",
            (CUSTOMS_CODE_REGISTRATION, at, json.dumps({"parent": acc}), due.id),
        ).rowcount
        connection.execute(
            "UPDATE codes SET parent_id = ? WHERE id IN"
            " (SELECT code_id FROM document_codes WHERE document_id = ? AND idx > 0 AND state <> 'ERROR')",
            (acc_id, due.id),
        )
        connection.execute("UPDATE codes SET status = ? WHERE id = ?", (APPLIED, acc_id))
        connection.execute(
            "INSERT INTO effects (code_id, document_id, kind, at, detail) VALUES (?, ?, ?, ?, ?)",
            (acc_id, due.id, CUSTOMS_CODE_REGISTRATION, at, json.dumps({"packed": packed})),
        )


class Withdrawal:
    """7.3: an import code is dissolved; what was in it keeps its status."""

    @staticmethod
    def read(body: bytes, _query: Mapping[str, str], _settings: SandboxSettings, _at: float) -> Filing:
        content, source = _signed(body)
        fields = Fields(content)
        fields.only("businessDatetime", "code")
        fields.instant("businessDatetime")
        code = fields.text("code")
        fields.done()
        attributes = {"businessDatetime": content["businessDatetime"]}
        return Filing(
            CUSTOMS_CODE_WITHDRAWAL, None, [Row(code, "")], attributes, source, unsorted=not is_sorted(content)
        )

    @staticmethod
    def judge(connection: Connection, due: Due, _settings: SandboxSettings) -> None:
        connection.execute(
            """
            UPDATE document_codes AS d SET code_id = c.id, found_status = c.status, result = CASE
                WHEN c.owner <> :tin THEN 'code-not-owned'
                WHEN c.package <> :acc THEN 'invalid-package-type'
                WHEN NOT EXISTS (SELECT 1 FROM codes WHERE parent_id = c.id) THEN 'invalid-code-status'
            END
            FROM codes AS c WHERE d.document_id = :document AND d.result IS NULL AND c.ident = d.ident
            """,
            {"tin": due.tin, "acc": ACC, "document": due.id},
        )
        blame_unknown(connection, due)

    @staticmethod
    def apply(connection: Connection, due: Due, at: float) -> None:
        found = one(
            connection, "SELECT code_id FROM document_codes WHERE document_id = ? AND state <> 'ERROR'", (due.id,)
        )
        if found is not None:
            dissolve(connection, found, due.id, at, kind=CUSTOMS_CODE_WITHDRAWAL)


def _signed(body: bytes) -> tuple[dict[str, Any], bytes]:
    """The JSON in the envelope; the signature is compulsory here (API 1.21.1 §7.3.1). Raises Rejection."""
    if not parse_object(body).get("signature"):
        raise bad_request("parameter signature is required", "$.signature")
    return open_envelope(body)


def _check_unit(fields: Fields, content: dict[str, Any]) -> None:
    """Both or neither; the sample has a number where the table says a string."""
    unit, quantity = content.get("additionalUnit"), content.get("additionalUnitQuantity")
    if unit is not None and str(unit) not in {str(known) for known in ADDITIONAL_UNITS}:
        fields.wrong("additionalUnit", f"invalid value [{unit}] of parameter additionalUnit", unit)
    if quantity is not None and (isinstance(quantity, bool) or not isinstance(quantity, int | float) or quantity <= 0):
        fields.wrong("additionalUnitQuantity", "parameter additionalUnitQuantity has a wrong value", quantity)
    if (unit is None) != (quantity is None):
        fields.wrong("additionalUnitQuantity", "additionalUnit and additionalUnitQuantity go together")
