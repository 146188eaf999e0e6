"""Information about codes (API 1.21.1 §9): what the books tell. The history names the document behind every change."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from lined.sandbox.accounts import instant
from lined.sandbox.books import Connection
from lined.sandbox.rules import (
    AGGREGATION,
    CORRECTION,
    DISAGGREGATION,
    INTRODUCED,
    ORDER,
    PRODUCT_GROUPS,
    RECEIVED,
    UTILISATION,
    VALIDATION,
)

_NAME = {"en": "Sandbox", "ru": "Песочница", "uz": "Sinov maydoni"}


class CodeRow(NamedTuple):
    """A code with what its card, its parent and the document that applied it say."""

    id: int
    ident: str
    gtin: str
    owner: str
    template: str
    package: str
    status: str
    issued_at: float
    source: str
    product_group: str | None
    parent: str | None
    attributes: str | None  # JSON of the utilisation report


_CODES = """
    SELECT c.id, c.ident, c.gtin, c.owner, c.template, c.package, c.status, c.issued_at, c.source, p.product_group,
        k.ident, d.attributes
    FROM codes c LEFT JOIN cards p ON p.gtin = c.gtin LEFT JOIN codes k ON k.id = c.parent_id
        LEFT JOIN documents d ON d.id = c.applied_by
    WHERE c.ident IN (SELECT value FROM json_each(?))
"""


def find(connection: Connection, idents: list[str]) -> list[CodeRow]:
    """The codes that the books know, in the order asked for."""
    rows = connection.execute(_CODES, (json.dumps(idents),))
    known = {row[1]: CodeRow(*row) for row in rows}
    return [known[ident] for ident in idents if ident in known]


def private(connection: Connection, code: CodeRow) -> dict[str, Any]:
    """9.2.2: everything about a code, for its owner."""
    report: dict[str, Any] = json.loads(code.attributes or "{}")
    history = _history(connection, code, report)
    dates = {event["eventType"]: event["eventDate"] for event in history}
    marking = {
        "emissionDate": instant(code.issued_at),
        "issueDate": instant(code.issued_at),
        "issuerInfo": {"issuerTin": code.owner, "issuerName": _NAME},
        "emissionType": "PRIMARY",
        "validationDate": dates.get("VALIDATION"),
        "utilisationDate": dates.get("UTILISATION"),
    }
    turnover = {
        "originalReleaseMethod": report.get("releaseType"),
        "ownerInfo": {"ownerTin": code.owner, "ownerName": _NAME},
    }
    return {
        **_public_parts(connection, code),
        "productData": _present(_product(connection, code, report)),
        "markingData": _present(marking),
        "turnoverData": _present(turnover),
        "codeHistory": history,
    }


def public(connection: Connection, code: CodeRow) -> dict[str, Any]:
    """9.1.2, as far as a line could want it: the code's status and package."""
    return _public_parts(connection, code)


def _public_parts(connection: Connection, code: CodeRow) -> dict[str, Any]:
    data = {"code": code.ident, "status": code.status, "template": code.template}
    return {"codeData": data, "packageData": _package(connection, code)}


def _package(connection: Connection, code: CodeRow) -> dict[str, Any]:
    rows = connection.execute("SELECT ident, status, package FROM codes WHERE parent_id = ? ORDER BY id", (code.id,))
    children = [{"code": ident, "status": status, "packageType": package} for ident, status, package in rows]
    return _present(
        {
            "packageType": code.package,
            "emptyPackage": not children if code.package != "UNIT" else None,
            "parentCode": code.parent,
            "children": children,
            "actuallyPacked": len(children),
            "aggregateProductGroups": [],
            "aggregateCategories": [],
        }
    )


def _product(connection: Connection, code: CodeRow, report: dict[str, Any]) -> dict[str, Any]:
    """What the report said, with later corrections. The country answers in lower case, as in the samples."""
    said = {
        "productionDate": report.get("productionDate"),
        "expirationDate": report.get("expirationDate"),
        "productSeries": report.get("seriesNumber"),
        "manufacturerCountry": report.get("manufacturerCountry"),
    }
    rows = connection.execute(
        "SELECT detail FROM effects WHERE code_id = ? AND kind = ? ORDER BY id", (code.id, CORRECTION)
    )
    for (detail,) in rows:
        said |= _present(_corrected(json.loads(detail)))
    country = said["manufacturerCountry"]
    return {
        "gtin": code.gtin or None,
        "productGroupId": PRODUCT_GROUPS.get(code.product_group or ""),
        **said,
        "manufacturerCountry": country.lower() if country else None,
    }


def _corrected(detail: dict[str, Any]) -> dict[str, Any]:
    return {
        "productionDate": detail.get("productionDatetime"),
        "expirationDate": detail.get("expirationDatetime"),
        "productSeries": detail.get("seriesNumber"),
        "manufacturerCountry": detail.get("manufacturerCountry"),
    }


def _history(connection: Connection, code: CodeRow, report: dict[str, Any]) -> list[dict[str, Any]]:
    """Oldest first. A PRODUCTION report gives two events, introduction and utilisation, as in the sample."""
    events = []
    if code.template != "SSCC":
        events.append(_event(code, code.issued_at, "USAGE", code.source, ORDER, {}, RECEIVED))
    rows = connection.execute(
        "SELECT e.kind, e.at, e.detail, d.uuid FROM effects e JOIN documents d ON d.id = e.document_id"
        " WHERE e.code_id = ? ORDER BY e.id",
        (code.id,),
    )
    for kind, at, text, uuid in rows:
        detail: dict[str, Any] = json.loads(text or "{}")
        if kind == UTILISATION and detail["status"] == INTRODUCED:
            described = {"eventIntroductionShortResponse": {"originalReleaseMethod": report.get("releaseType")}}
            events.append(_event(code, at, "INTRODUCTION", uuid, kind, described, INTRODUCED))
        name, described = _described(kind, detail)
        status = "APPLIED" if kind == UTILISATION else None
        events.append(_event(code, at, name, uuid, kind, described, status))
    return events


def _described(kind: str, detail: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """An effect's event type (API 1.21.1 §13.19) and its description. CODE_CORRECTION is ours: they have none."""
    if kind == VALIDATION:
        return kind, {"eventValidationShortResponse": {"printQualityClass": detail["class"]}}
    if kind in {AGGREGATION, DISAGGREGATION} and {"packed", "removed"} & detail.keys():
        counts = {
            "packageChangeType": "PACKING" if "packed" in detail else "REMOVING",
            "maxPackageCapacity": detail.get("capacity"),
            "actuallyPacked": detail.get("packed"),
            "actuallyRemoved": detail.get("removed", 0),
        }
        return "UPDATE_CHILDREN", {"eventUpdateChildrenShortResponse": _present(counts)}
    if kind in {AGGREGATION, DISAGGREGATION}:
        parents = {"formerParentCode": detail.get("former_parent"), "actualParentCode": detail.get("parent")}
        return "CHANGE_PARENT", {"eventChangeParentShortResponse": _present(parents)}
    if kind == CORRECTION:
        return kind, {"eventCodeCorrectionShortResponse": _present(_corrected(detail))}
    return kind, {"eventUtilisationShortResponse": {"addedApplicationIdentifier": []}}


def _event(
    code: CodeRow, at: float, name: str, source: str, document_type: str, described: dict[str, Any], status: str | None
) -> dict[str, Any]:
    return _present(
        {
            "eventBusinessDate": instant(at),
            "eventDate": instant(at),
            "eventType": name,
            "eventSourceId": source,
            "documentType": document_type,
            "senderTin": code.owner,
            "senderName": _NAME,
            "eventChangedCodeStatus": status,
            "eventDescription": described,
        }
    )


def _present(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
