"""Information about codes (API 1.21.1 §9): what the books tell. The history names the document behind every change."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from lined.sandbox.accounts import instant
from lined.sandbox.books import Connection
from lined.sandbox.cards import Card
from lined.sandbox.issuing import split
from lined.sandbox.rules import (
    ACC,
    AGGREGATION,
    CORRECTION,
    CUSTOMS_CODE_REGISTRATION,
    CUSTOMS_CODE_WITHDRAWAL,
    DISAGGREGATION,
    INTRODUCED,
    ORDER,
    PRODUCT_GROUPS,
    RECEIVED,
    TRANSFER_CONFIRMATION,
    UTILISATION,
    VALIDATION,
)

PACKING = frozenset({AGGREGATION, DISAGGREGATION, CUSTOMS_CODE_REGISTRATION, CUSTOMS_CODE_WITHDRAWAL})
NAME = {"en": "Sandbox", "ru": "Песочница", "uz": "Sinov maydoni"}


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
    parent_package: str | None
    dissolved: int  # an import code that was withdrawn


_CODES = """
    SELECT c.id, c.ident, c.gtin, c.owner, c.template, c.package, c.status, c.issued_at, c.source, p.product_group,
        k.ident, d.attributes, k.package,
        EXISTS (SELECT 1 FROM effects e WHERE e.code_id = c.id AND e.kind = 'CUSTOMS_CODE_WITHDRAWAL')
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
        "issuerInfo": {"issuerTin": code.owner, "issuerName": NAME},
        "emissionType": "CUSTOMS" if code.package == ACC else "PRIMARY",
        "validationDate": dates.get("VALIDATION"),
        "utilisationDate": dates.get("UTILISATION"),
    }
    turnover = {
        "originalReleaseMethod": report.get("releaseType"),
        "ownerInfo": {"ownerTin": code.owner, "ownerName": NAME},
    }
    return {
        **_public_parts(connection, code),
        "productData": _present(_product(connection, code, report)),
        "markingData": _present(marking),
        "turnoverData": _present(turnover),
        "codeHistory": history,
    }


def public(connection: Connection, code: CodeRow) -> dict[str, Any]:
    """9.1.2: what everybody may know. A transport package has no GTIN, and counts what it holds."""
    report: dict[str, Any] = json.loads(code.attributes or "{}")
    product = _product(connection, code, report)
    shown = {
        "code": code.ident,
        "isHadExtendedCode": False,
        "packageType": code.package,
        "status": code.status,
        "extendedStatus": _extended(connection, code),
        "issuerShortInfo": {"issuerTin": code.owner, "issuerName": NAME},
        "template": code.template,
        "productId": Card(code.gtin, "", "", "").id if code.gtin else None,
        "emissionDate": instant(code.issued_at),
        "issueDate": instant(code.issued_at),
        **{name: product[name] for name in ("gtin", "productGroupId", "productionDate", "expirationDate")},
        "productSeries": product["productSeries"],
    }
    return _present(shown | ({} if code.package == "UNIT" else _held(connection, code)))


def owned(connection: Connection, code: CodeRow) -> dict[str, Any]:
    """9.3.2: for those who name the owner."""
    told = public(connection, code)
    rows = connection.execute("SELECT ident FROM codes WHERE parent_id = ? ORDER BY id", (code.id,))
    names = ("code", "productGroupId", "packageType", "status", "extendedStatus", "issuerShortInfo")
    return {name: told[name] for name in names if name in told} | {"children": [ident for (ident,) in rows]}


def verified(connection: Connection, asked: list[str]) -> list[dict[str, Any]]:
    """9.4.2: a code is genuine with its own check part; of transport packages the answer is always no."""
    told = []
    for code in asked:
        ident, tail = split(code)
        row = connection.execute(
            "SELECT c.tail, c.package, p.product_group FROM codes c LEFT JOIN cards p ON p.gtin = c.gtin"
            " WHERE c.ident = ?",
            (ident,),
        ).fetchone()
        genuine = row is not None and bool(tail) and row[0] == tail and row[1] in {"UNIT", "GROUP", "SET"}
        group = PRODUCT_GROUPS.get(row[2]) if genuine else None
        told.append({"code": code, "verified": genuine, "productGroup": group})
    return told


def _held(connection: Connection, code: CodeRow) -> dict[str, Any]:
    """The units that a package holds, at any depth, by product group."""
    rows = connection.execute(
        "WITH RECURSIVE held (id) AS (SELECT id FROM codes WHERE parent_id = ?"
        " UNION ALL SELECT c.id FROM codes c JOIN held h ON c.parent_id = h.id)"
        " SELECT p.product_group, count(*) FROM held h JOIN codes c ON c.id = h.id AND c.package = 'UNIT'"
        " LEFT JOIN cards p ON p.gtin = c.gtin GROUP BY 1 ORDER BY 1",
        (code.id,),
    )
    counts = [
        _present({"productGroupId": PRODUCT_GROUPS.get(group or ""), "unitsNumber": count}) for group, count in rows
    ]
    return {
        "mixedProductGroups": len(counts) > 1,
        "mixedCategories": len(counts) > 1,
        "aggregateProductGroups": counts,
        "aggregateCategories": [],
    }


def _extended(connection: Connection, code: CodeRow) -> str | None:
    """API 1.21.1 §13.18, of import codes and what is in them; the sandbox knows no other extended status."""
    if code.parent_package == ACC:
        return "INSERT_INTO_ACC"
    if code.package != ACC:
        return None
    holds = connection.execute("SELECT 1 FROM codes WHERE parent_id = ?", (code.id,)).fetchone()
    return "ACC_AGGREGATED" if holds else "ACC_DISAGGREGATED" if code.dissolved else None


def _public_parts(connection: Connection, code: CodeRow) -> dict[str, Any]:
    data = {"code": code.ident, "status": code.status, "template": code.template}
    data |= _present({"extendedStatus": _extended(connection, code)})
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
    content = {
        "productionDate": report.get("productionDate"),
        "expirationDate": report.get("expirationDate"),
        "productSeries": report.get("seriesNumber"),
        "manufacturerCountry": report.get("manufacturerCountry"),
    }
    rows = connection.execute(
        "SELECT detail FROM effects WHERE code_id = ? AND kind = ? ORDER BY id", (code.id, CORRECTION)
    )
    for (detail,) in rows:
        content |= _present(_corrected(json.loads(detail)))
    country = content["manufacturerCountry"]
    return {
        "gtin": code.gtin or None,
        "productGroupId": PRODUCT_GROUPS.get(code.product_group or ""),
        **content,
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
    if code.template not in {"SSCC", "CUSTOM"}:  # nobody ordered these
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
    if kind == TRANSFER_CONFIRMATION:
        return "OWNER_CHANGE", {"eventOwnerChangeShortResponse": {"receiverTin": detail["receiver"]}}
    if kind in PACKING and {"packed", "removed"} & detail.keys():
        counts = {
            "packageChangeType": "PACKING" if "packed" in detail else "REMOVING",
            "maxPackageCapacity": detail.get("capacity"),
            "actuallyPacked": detail.get("packed"),
            "actuallyRemoved": detail.get("removed", 0),
        }
        return "UPDATE_CHILDREN", {"eventUpdateChildrenShortResponse": _present(counts)}
    if kind in PACKING:
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
            "senderName": NAME,
            "eventChangedCodeStatus": status,
            "eventDescription": described,
        }
    )


def _present(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
