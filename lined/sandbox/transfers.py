"""Codes handed from one participant to another (API 1.21.1 §6): the buyer asks, the owner confirms or rejects.

The sandbox has one account, whose number as a participant is 3 as in the samples, and plays all others: whoever asks
may also confirm. A request moves nothing; a confirmation makes the buyer the owner of the request's good codes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from lined.sandbox.accounts import instant
from lined.sandbox.books import Connection
from lined.sandbox.filings import Due, Filing, Row, blame_unknown
from lined.sandbox.lookups import card_of
from lined.sandbox.rules import APPLIED, ERROR, RESOLUTIONS, TRANSFER_CONFIRMATION, TRANSFER_GROUPS, TRANSFER_REQUEST
from lined.sandbox.settings import SandboxSettings
from lined.sandbox.shapes import Fields, is_sorted, open_envelope, parse_instant

OWN_ID = 3
TIN_DIGITS = 9
AWAITING = "AWAITING_CONFIRMATION"
MOST_PRODUCTS = 1_000


def tin_of(participant: int, settings: SandboxSettings) -> str:
    """The number under which a participant owns codes."""
    return settings.tin if participant == OWN_ID else str(participant).zfill(TIN_DIGITS)


class Request:
    """6.2: a request to hand codes over."""

    @staticmethod
    def read(body: bytes, _query: Mapping[str, str], settings: SandboxSettings, _at: float) -> Filing:
        content, source = open_envelope(body)
        fields = Fields(content)
        fields.only("buyerId", "ownerId", "externalDocumentReference", "businessDatetime", "products", "codes")
        buyer, owner = fields.integer("buyerId", low=1), fields.integer("ownerId", low=1)
        fields.text("externalDocumentReference", required=False)
        fields.instant("businessDatetime")
        for product in fields.objects("products", max_items=MOST_PRODUCTS):
            product.only("gtin", "quantity")
            product.text("gtin", max_chars=14)
            product.integer("quantity", low=1)
        codes = fields.texts("codes", max_items=settings.codes_per_report)
        if buyer == owner:
            fields.wrong("buyerId", "the buyer owns the codes already", buyer)
        elif OWN_ID not in {buyer, owner}:
            fields.wrong("buyerId", f"one of both must be the participant {OWN_ID}, whose account this is", buyer)
        fields.done()
        attributes = {name: value for name, value in content.items() if name != "codes"}
        rows = [Row(code, "") for code in codes]
        return Filing(TRANSFER_REQUEST, None, rows, attributes, source, unsorted=not is_sorted(content))

    @staticmethod
    def judge(connection: Connection, due: Due, settings: SandboxSettings) -> None:
        connection.execute(
            """
            UPDATE document_codes AS d SET code_id = c.id, found_status = c.status, result = CASE
                WHEN c.owner <> :owner THEN 'code-not-owned'
                WHEN p.product_group NOT IN (SELECT value FROM json_each(:groups)) THEN 'invalid-product-group'
                WHEN c.status <> :applied THEN 'invalid-code-status'
            END
            FROM codes AS c LEFT JOIN cards AS p ON p.gtin = c.gtin
            WHERE d.document_id = :document AND d.result IS NULL AND c.ident = d.ident
            """,
            {
                "owner": tin_of(due.attributes["ownerId"], settings),
                "groups": json.dumps(sorted(TRANSFER_GROUPS)),
                "applied": APPLIED,
                "document": due.id,
            },
        )
        blame_unknown(connection, due)

    @staticmethod
    def apply(connection: Connection, due: Due, at: float) -> None:
        """Nothing moves before it is confirmed."""


class Confirmation:
    """6.3: a yes or no. Its one row is the request, so that what is wrong with it can be told like a code's."""

    @staticmethod
    def read(body: bytes, _query: Mapping[str, str], _settings: SandboxSettings, _at: float) -> Filing:
        content, source = open_envelope(body)
        fields = Fields(content)
        fields.only("transferRequestDocId", "resolution")
        request = fields.text("transferRequestDocId")
        fields.word("resolution", RESOLUTIONS)
        fields.done()
        return Filing(TRANSFER_CONFIRMATION, None, [Row(request, "")], content, source, unsorted=not is_sorted(content))

    @staticmethod
    def judge(connection: Connection, due: Due, _settings: SandboxSettings) -> None:
        found = connection.execute(
            "SELECT d.status, c.resolution FROM documents d LEFT JOIN confirmations c ON c.request_id = d.id"
            " WHERE d.uuid = ? AND d.tin = ? AND d.type = ?",
            (due.attributes["transferRequestDocId"], due.tin, TRANSFER_REQUEST),
        ).fetchone()
        if found is None:
            result = "document-not-found"
        elif found[0] in {None, ERROR} or found[1] is not None:
            result = "invalid-document-status"
        else:
            return
        connection.execute("UPDATE document_codes SET result = ? WHERE document_id = ?", (result, due.id))

    @staticmethod
    def apply(connection: Connection, due: Due, at: float) -> None:
        row = connection.execute(
            "SELECT r.id, r.attributes FROM documents r JOIN document_codes d ON d.ident = r.uuid"
            " WHERE d.document_id = ? AND d.state <> 'ERROR'",
            (due.id,),
        ).fetchone()
        if row is None:
            return
        request_id, attributes = row
        resolution = due.attributes["resolution"]
        connection.execute("INSERT INTO confirmations VALUES (?, ?)", (request_id, resolution))
        if resolution == "CONFIRMED":
            buyer = json.loads(attributes)["buyerId"]
            _hand_over(connection, request_id, due, buyer, at)


def _hand_over(connection: Connection, request_id: int, due: Due, buyer: int, at: float) -> None:
    receiver = due.tin if buyer == OWN_ID else str(buyer).zfill(TIN_DIGITS)
    connection.execute(
        "UPDATE codes SET owner = ? WHERE id IN"
        " (SELECT code_id FROM document_codes WHERE document_id = ? AND state <> 'ERROR')",
        (receiver, request_id),
    )
    connection.execute(
        "INSERT INTO effects (code_id, document_id, kind, at, detail)"
        " SELECT code_id, ?, ?, ?, ? FROM document_codes WHERE document_id = ? AND state <> 'ERROR'",
        (due.id, TRANSFER_CONFIRMATION, at, json.dumps({"receiver": receiver}), request_id),
    )


class Wanted(NamedTuple):
    """6.1: filters (empty: any) and a page. `cursor`: the id of the last request seen."""

    uuid: str
    statuses: tuple[str, ...]
    confirmations: tuple[str, ...]
    owner: int | None
    buyer: int | None
    since: float | None
    until: float | None
    business_since: float | None
    business_until: float | None
    limit: int
    cursor: str


def search(connection: Connection, tin: str, wanted: Wanted, at: float) -> list[dict[str, Any]]:
    """6.1, newest first."""
    rows = connection.execute(
        "SELECT d.id, d.uuid, d.type, d.product_group, d.status, d.validating_at, d.in_process_at, d.created_at,"
        " d.attributes, c.resolution FROM documents d LEFT JOIN confirmations c ON c.request_id = d.id"
        " WHERE d.tin = ?1 AND d.type = ?2 AND d.visible_at <= ?3 AND (?4 = '' OR d.uuid = ?4)"
        " AND (?5 IS NULL OR d.created_at >= ?5) AND (?6 IS NULL OR d.created_at < ?6)"
        " AND (?7 = '' OR d.id < (SELECT id FROM documents WHERE uuid = ?7)) ORDER BY d.id DESC",
        (tin, TRANSFER_REQUEST, at, wanted.uuid, wanted.since, wanted.until, wanted.cursor),
    )
    found = []
    for *columns, text, resolution in rows:
        card, stated = card_of(tuple(columns), at), json.loads(text)
        confirmation = None if card.status == ERROR else resolution or AWAITING
        if not _fits(wanted, card.status, confirmation, stated):
            continue
        shown = {"documentId": card.uuid, "status": card.status, "createDate": instant(card.created_at)}
        found.append(shown | ({"confirmationStatus": confirmation} if confirmation else {}))
        if len(found) == wanted.limit:
            break
    return found


def _fits(wanted: Wanted, status: str, confirmation: str | None, stated: dict[str, Any]) -> bool:
    moment = parse_instant(stated["businessDatetime"])
    business = moment.timestamp() if moment is not None else 0.0
    return (
        (not wanted.statuses or status in wanted.statuses)
        and (not wanted.confirmations or confirmation in wanted.confirmations)
        and wanted.owner in {None, stated["ownerId"]}
        and wanted.buyer in {None, stated["buyerId"]}
        and (wanted.business_since is None or business >= wanted.business_since)
        and (wanted.business_until is None or business < wanted.business_until)
    )
