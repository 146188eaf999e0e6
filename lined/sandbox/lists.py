"""Lists of codes (API 1.21.1 §8): asked for with filters, ready after a while, a ZIP file of JSON, gone after an
hour.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from lined.sandbox import histories
from lined.sandbox.answers import not_found
from lined.sandbox.books import Connection
from lined.sandbox.issuing import has_check_digit
from lined.sandbox.rules import (
    ACC,
    CODE_STATUSES,
    EMISSION_TYPES,
    LIST_LIFE_S,
    LIST_MAX_BYTES,
    PACKAGE_TYPES,
    PRODUCT_GROUPS,
    RELEASE_TYPES,
)
from lined.sandbox.settings import SandboxSettings
from lined.sandbox.shapes import Fields, parse_instant

MOST_CODES = 30_000  # of one list; a file of more is larger than it may be
FILE_NAME = "codes.json"
_DATES = ("emissionDate", "productionDate", "expirationDate")


def check(content: dict[str, Any]) -> None:
    """8.1.1. Raises Rejection with every fault."""
    fields = Fields(content)
    fields.only(
        "gtin", "productId", "productName", "productGroupId", "packageType", *(f"{one}From" for one in _DATES),
        *(f"{one}To" for one in _DATES), "status", "emissionType", "originalReleaseMethod", "emptyPackage",
        "productSeries",
    )  # fmt: skip
    gtin = fields.text("gtin", max_chars=14)
    if gtin and not (len(gtin) == 14 and has_check_digit(gtin)):
        fields.wrong("gtin", f"invalid value [{gtin}] of parameter gtin", gtin)
    for name in ("productId", "productName", "productSeries"):
        fields.text(name, required=False)
    for name in _DATES:
        fields.instant(f"{name}From", required=False)
        fields.instant(f"{name}To", required=False)
    fields.boolean("emptyPackage")
    _check_words(fields, content, "productGroupId", set(PRODUCT_GROUPS.values()))
    _check_words(fields, content, "packageType", {*PACKAGE_TYPES, ACC})
    _check_words(fields, content, "status", CODE_STATUSES)
    _check_words(fields, content, "emissionType", EMISSION_TYPES)
    _check_words(fields, content, "originalReleaseMethod", RELEASE_TYPES)
    fields.done()


def _check_words(fields: Fields, content: dict[str, Any], name: str, among: Collection[object]) -> None:
    listed = content.get(name)
    if listed is not None and not (isinstance(listed, list) and all(word in among for word in listed)):
        fields.wrong(name, f"invalid value [{listed}] of parameter {name}", listed)


def register(connection: Connection, content: dict[str, Any], uuid: str, tin: str, at: float) -> None:
    connection.execute(
        "INSERT INTO lists (uuid, tin, asked, created_at) VALUES (?, ?, ?, ?)", (uuid, tin, json.dumps(content), at)
    )


class Ready(NamedTuple):
    """`status` by 13.23; `file` where it is SUCCESS."""

    status: str
    file: bytes | None = None


def look(connection: Connection, uuid: str, tin: str, at: float, settings: SandboxSettings) -> Ready:
    """8.2, 8.3. Raises Rejection: unknown."""
    row = connection.execute("SELECT asked, created_at FROM lists WHERE uuid = ? AND tin = ?", (uuid, tin)).fetchone()
    if row is None:
        raise not_found("id", uuid)
    asked, created_at = json.loads(row[0]), row[1]
    if at < created_at + settings.validating_after_s:
        return Ready("CREATED")
    if at < created_at + settings.final_after_s[1]:
        return Ready("IN_PROCESSING")
    if at >= created_at + settings.final_after_s[1] + LIST_LIFE_S:
        return Ready("EXPIRED")
    codes = list(_codes(connection, asked, tin))
    file = _zipped({"results": codes})
    return Ready("ERROR") if len(codes) > MOST_CODES or len(file) > LIST_MAX_BYTES else Ready("SUCCESS", file)


def _codes(connection: Connection, asked: dict[str, Any], tin: str) -> Iterator[dict[str, Any]]:
    """The participant's codes that fit, as 9.2 tells of them; one more than fits in a list where there are as many."""
    rows = connection.execute(
        "SELECT ident FROM codes WHERE gtin = ? AND owner = ? ORDER BY id LIMIT ?", (asked["gtin"], tin, MOST_CODES + 1)
    ).fetchall()
    for code in histories.find(connection, [ident for (ident,) in rows]):
        told = histories.private(connection, code)
        if _fits(told, asked):
            yield told


def _fits(told: dict[str, Any], asked: dict[str, Any]) -> bool:
    product, package, marking = told["productData"], told["packageData"], told["markingData"]
    single = {
        "productId": product.get("productId"),
        "productName": None,  # no card of the sandbox has a name of its own
        "productSeries": product.get("productSeries"),
        "emptyPackage": package.get("emptyPackage"),
    }
    several = {
        "productGroupId": product.get("productGroupId"),
        "packageType": package["packageType"],
        "status": told["codeData"]["status"],
        "emissionType": marking.get("emissionType"),
        "originalReleaseMethod": told["turnoverData"].get("originalReleaseMethod"),
    }
    dates = {"emissionDate": marking.get("emissionDate")} | {name: product.get(name) for name in _DATES[1:]}
    return (
        all(asked.get(name) in {None, value} for name, value in single.items())
        and all(not asked.get(name) or value in asked[name] for name, value in several.items())
        and all(_within(value, asked.get(f"{name}From"), asked.get(f"{name}To")) for name, value in dates.items())
    )


def _within(value: str | None, since: str | None, until: str | None) -> bool:
    if since is None and until is None:
        return True
    moment, first, last = (parse_instant(text) if text else None for text in (value, since, until))
    return moment is not None and (first is None or moment >= first) and (last is None or moment < last)


def _zipped(content: dict[str, Any]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(FILE_NAME, json.dumps(content, ensure_ascii=False))
    return packed.getvalue()
