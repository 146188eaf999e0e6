"""Utilisation (API 1.21.1 §5.1): RECEIVED codes of one product group become INTRODUCED or APPLIED, by their owner."""

from __future__ import annotations

import json
from collections.abc import Mapping

from lined.sandbox.answers import bad_request, no_rights
from lined.sandbox.books import Connection
from lined.sandbox.filings import Due, Filing, Row, blame_unknown
from lined.sandbox.issuing import split
from lined.sandbox.rules import (
    COUNTRIES,
    GROUPS_WITH_SERIES,
    GROUPS_WITHOUT_DATES,
    RECEIVED,
    RELEASE_TYPES,
    SERIES_MAX_CHARS,
    STATUS_AFTER_UTILISATION,
    UTILISATION,
)
from lined.sandbox.settings import SandboxSettings
from lined.sandbox.shapes import Fields, parse_object

_COUNTRY_CHARS = 2
_KNOWN = (
    "sntins", "businessPlaceId", "releaseType", "manufacturerCountry", "productionOrderId", "productionDate",
    "expirationDate", "seriesNumber",
)  # fmt: skip


def read(body: bytes, query: Mapping[str, str], settings: SandboxSettings, at: float) -> Filing:
    """Check the shape of a report at the moment `at`. Raises Rejection with every fault."""
    group = query.get("productGroup", "")
    check_group(group, settings, where="query", path="productGroup")
    content = parse_object(body)
    fields = Fields(content)
    fields.only(*_KNOWN)
    codes = fields.texts("sntins", max_items=settings.codes_per_report)
    place = fields.integer("businessPlaceId")
    fields.text("productionOrderId", required=False)
    fields.text("seriesNumber", required=group in GROUPS_WITH_SERIES, max_chars=SERIES_MAX_CHARS)
    _check_origin(fields, settings.rules.home)
    _check_dates(fields, group, settings, at)
    rows = [Row(*split(code)) for code in codes]
    _check_repeats(fields, rows)
    fields.done()
    check_place(place, settings)
    attributes = {name: value for name, value in content.items() if name != "sntins"}
    return Filing(UTILISATION, group, rows, attributes, body, unsorted=False)


def check_group(group: str, settings: SandboxSettings, *, where: str = "body", path: str = "$.productGroup") -> None:
    """A known alias, and one that the account may work with. Raises Rejection."""
    if group not in settings.rules.groups:
        raise bad_request(f"invalid value [{group}] of parameter productGroup", path, group, where=where)
    if group not in settings.open_groups:
        raise no_rights("the user has no right to this product group", path, group)


def check_place(place: int, settings: SandboxSettings) -> None:
    """A business place of the account: others show as missing rights (API 1.21.1 §3.2). Raises Rejection."""
    if place not in settings.places:
        raise no_rights("the user has no right to this business place", "$.businessPlaceId", place)


def _check_origin(fields: Fields, home: str) -> None:
    release = fields.word("releaseType", RELEASE_TYPES)
    country = fields.text("manufacturerCountry", max_chars=_COUNTRY_CHARS)
    if country and country not in COUNTRIES:
        fields.wrong("manufacturerCountry", f"invalid value [{country}] of parameter manufacturerCountry", country)
    elif country and release in {"PRODUCTION", "IMPORT"} and (country == home) != (release == "PRODUCTION"):
        fields.wrong("releaseType", f"{release} does not go with manufacturerCountry {country}", release)


def _check_dates(fields: Fields, group: str, settings: SandboxSettings, at: float) -> None:
    required = group not in GROUPS_WITHOUT_DATES
    produced = fields.instant("productionDate", required=required)
    expires = fields.instant("expirationDate", required=required)
    if produced is not None and produced.timestamp() > at + settings.clock_tolerance_s:
        fields.wrong("productionDate", "productionDate lies in the future", produced.isoformat())
    if expires is not None and expires.timestamp() < at:
        fields.wrong("expirationDate", "expirationDate lies in the past", expires.isoformat())
    if produced is not None and expires is not None and expires <= produced:
        fields.wrong("expirationDate", "expirationDate is not later than productionDate", expires.isoformat())


def _check_repeats(fields: Fields, rows: list[Row]) -> None:
    if len({row.ident for row in rows}) == len(rows):
        return
    seen: set[str] = set()
    for place, row in enumerate(rows):
        if row.ident in seen:
            fields.wrong(f"sntins[{place}]", "the code is repeated in the report", row.ident)
        seen.add(row.ident)


def judge(connection: Connection, due: Due, _settings: SandboxSettings) -> None:
    """In two statements, whatever the number of codes: SQLite works on them while Python is free."""
    connection.execute(
        """
        UPDATE document_codes AS d SET code_id = c.id, found_status = c.status, result = CASE
            WHEN c.owner <> :tin THEN 'code-not-owned'
            WHEN d.tail = '' THEN 'incomplete-code'
            WHEN c.tail <> d.tail THEN 'invalid-check-code'
            WHEN c.package NOT IN ('UNIT', 'GROUP') THEN 'invalid-package-type'
            WHEN p.product_group <> :group THEN 'invalid-product-group'
            WHEN c.status <> :received THEN 'invalid-code-status'
            WHEN instr(p.countries, :country) = 0 THEN 'invalid-manufacturer-country'
        END
        FROM codes AS c LEFT JOIN cards AS p ON p.gtin = c.gtin
        WHERE d.document_id = :document AND d.result IS NULL AND c.ident = d.ident
        """,
        {
            "tin": due.tin,
            "group": due.product_group,
            "received": RECEIVED,
            "country": due.attributes["manufacturerCountry"],
            "document": due.id,
        },
    )
    blame_unknown(connection, due)


def apply(connection: Connection, due: Due, at: float) -> None:
    status = STATUS_AFTER_UTILISATION[due.attributes["releaseType"]]
    connection.execute(
        "UPDATE codes SET status = ?, applied_by = ?"
        " WHERE id IN (SELECT code_id FROM document_codes WHERE document_id = ? AND state <> 'ERROR')",
        (status, due.id, due.id),
    )
    connection.execute(
        "INSERT INTO effects (code_id, document_id, kind, at, detail)"
        " SELECT code_id, document_id, ?, ?, ? FROM document_codes WHERE document_id = ? AND state <> 'ERROR'",
        (UTILISATION, at, json.dumps({"status": status}), due.id),
    )
