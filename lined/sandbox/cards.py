"""Cards of products (API 1.21.1 §10): what the sandbox says of a product it has issued codes of. All are published, all
the account's; their ids follow from the GTIN, so that they outlive a restart.
"""

from __future__ import annotations

import base64
import uuid
from typing import Any, NamedTuple

from lined.sandbox.books import Connection

MADE_AT = "2025-09-29T08:55:40.316Z"
PUBLISHED = "PUBLISHED"
# The smallest JPEG there is: one grey pixel.
PICTURE = base64.b64decode(
    "/9j/2wBDAAMCAgICAgMCAgIDAwMDBAYEBAQEBAgGBgUGCQgKCgkICQkKDA8MCgsOCwkJDRENDg8QEBEQCgwSExIQEw8QEBD/yQALCAABAAEBAREA/8wA"
    "BgAQEAX/2gAIAQEAAD8A0s8g/9k="
)
_LEVELS = {"UNIT": "Product unit", "GROUP": "Group package", "SET": "Set"}
_SPACE = uuid.NAMESPACE_OID


class Card(NamedTuple):
    gtin: str
    product_group: str
    countries: str
    package: str

    @property
    def id(self) -> str:
        return str(uuid.uuid5(_SPACE, f"card {self.gtin}"))

    @property
    def file_id(self) -> str:
        return str(uuid.uuid5(_SPACE, f"picture {self.gtin}"))


def cards(connection: Connection, *, gtin: str = "", group: str = "") -> list[Card]:
    """The cards with this GTIN or of this group ("": any). A card is a package's where a code of it is."""
    rows = connection.execute(
        "SELECT gtin, product_group, countries, coalesce((SELECT package FROM codes WHERE codes.gtin = cards.gtin"
        " LIMIT 1), (SELECT cis_type FROM sub_orders WHERE sub_orders.gtin = cards.gtin LIMIT 1), 'UNIT') FROM cards"
        " WHERE (?1 = '' OR gtin = ?1) AND (?2 = '' OR product_group = ?2) ORDER BY gtin",
        (gtin, group),
    )
    return [Card(*row) for row in rows]


def by_id(connection: Connection, wanted: str) -> Card | None:
    """The card with this id."""
    return next((card for card in cards(connection) if card.id == wanted), None)


def by_file(connection: Connection, wanted: str) -> Card | None:
    """The card that names this file."""
    return next((card for card in cards(connection) if card.file_id == wanted), None)


def listed(card: Card, tin: str) -> dict[str, Any]:
    """10.1.2."""
    return {
        "id": card.id,
        "gtin": card.gtin,
        "productName": named(f"Product {card.gtin}"),
        "inn": tin,
        "productGroup": {"code": card.product_group, "name": named(card.product_group)},
        "productCategory": {"code": f"category_{card.product_group}_other", "name": named("Other")},
        "tnved": {"code": "0000000000", "name": named("Not known to the sandbox")},
        "packageType": {"code": card.package, "name": named(_LEVELS.get(card.package, card.package))},
        "status": {"code": PUBLISHED, "name": named("Published")},
        "createdAt": MADE_AT,
        "updatedAt": MADE_AT,
    }


def found(card: Card, tin: str, name: dict[str, str]) -> dict[str, Any]:
    """10.2.2: the same in another shape, with the level in lower case as its sample has it."""
    told = listed(card, tin)
    return {
        "id": card.id,
        "gtin": card.gtin,
        "tnved": told["tnved"]["code"],
        "productName": told["productName"],
        "inn": tin,
        "participantName": name,
        "pg": _valued(told["productGroup"]),
        "productCategory": _valued(told["productCategory"]),
        "packageType": _valued(told["packageType"]) | {"value": card.package.lower()},
        "status": _valued(told["status"]),
        "languagesComplete": {"ru": True, "uz": True, "en": True},
    }


def whole(card: Card, tin: str) -> dict[str, Any]:
    """10.3.2."""
    attributes = [
        _attribute("manufacturer_country", "ENUM", {"en": card.countries}),
        _attribute("photo", "FILE_LIST", [card.file_id]),
    ]
    return listed(card, tin) | {"scope": "LOCAL", "attributes": attributes}


def named(text: str) -> dict[str, str]:
    return dict.fromkeys(("en", "ru", "uz"), text)


def _valued(coded: dict[str, Any]) -> dict[str, Any]:
    return {"name": coded["name"], "value": coded["code"]}


def _attribute(code: str, kind: str, value: object) -> dict[str, Any]:
    return {"meta": {"code": code, "name": named(code), "type": kind}, "value": value, "unit": None}
