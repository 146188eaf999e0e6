"""Questions about documents (API 1.21.1 §11) as queries: a card, the search, outcomes, errors, content."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from lined.sandbox.books import Connection, one
from lined.sandbox.rules import CREATED, IN_PROCESS, VALIDATING

GS = "\x1d"


class Card(NamedTuple):
    """A document as its readers see it. `uuid` is its id outside."""

    id: int
    uuid: str
    type: str
    product_group: str | None
    status: str
    created_at: float


_CARD = "id, uuid, type, product_group, status, validating_at, in_process_at, created_at"


def card_of(row: tuple[Any, ...], at: float) -> Card:
    """The card in a row of the columns `_CARD`, with its status at the moment `at`."""
    identity, uuid, kind, group, final, validating_at, in_process_at, created_at = row
    return Card(identity, uuid, kind, group, final or _passing(validating_at, in_process_at, at), created_at)


def _passing(validating_at: float, in_process_at: float, at: float) -> str:
    if at >= in_process_at:
        return IN_PROCESS
    return VALIDATING if at >= validating_at else CREATED


def find(connection: Connection, uuid: str, tin: str, at: float) -> Card | None:
    """The participant's document, once it can be seen."""
    sql = f"SELECT {_CARD} FROM documents WHERE uuid = ? AND tin = ? AND visible_at <= ?"  # noqa: S608  # our own columns
    row = connection.execute(sql, (uuid, tin, at)).fetchone()
    return None if row is None else card_of(row, at)


class Search(NamedTuple):
    """11.2: filters (empty: any), a window of time, and a page. `cursor` is the id of the last document seen."""

    uuid: str
    types: tuple[str, ...]
    statuses: tuple[str, ...]
    groups: tuple[str, ...]
    since: float | None
    until: float | None
    limit: int
    cursor: str


def search(connection: Connection, tin: str, wanted: Search, order: str, at: float) -> list[Card]:
    """One page of the participant's documents, in the sandbox's order."""
    later, direction = (">", "ASC") if order == "oldest" else ("<", "DESC")
    where, parameters = ["tin = ?", "visible_at <= ?"], [tin, at]
    limits = (("uuid = ?", wanted.uuid), ("created_at >= ?", wanted.since), ("created_at < ?", wanted.until))
    for condition, value in limits:
        if value not in {None, ""}:
            where.append(condition)
            parameters.append(value)
    for column, values in (("type", wanted.types), ("product_group", wanted.groups)):
        if values:
            where.append(f"{column} IN ({', '.join('?' * len(values))})")
            parameters.extend(values)
    if wanted.cursor:
        where.append(f"(created_at, id) {later} (SELECT created_at, id FROM documents WHERE uuid = ?)")  # noqa: S608  # two words
        parameters.append(wanted.cursor)
    ordered = f"ORDER BY created_at {direction}, id {direction}"
    sql = f"SELECT {_CARD} FROM documents WHERE {' AND '.join(where)} {ordered}"  # noqa: S608  # values are parameters
    found = []
    for row in connection.execute(sql, parameters):
        card = card_of(row, at)
        if not wanted.statuses or card.status in wanted.statuses:
            found.append(card)
        if len(found) == wanted.limit:
            break
    return found


def outcomes(
    connection: Connection, document_id: int, after: int, limit: int, *, packages: bool = True
) -> list[dict[str, object]]:
    """11.6: the decided codes of a document, by index; without `packages` an aggregation's children only."""
    rows = connection.execute(
        "SELECT idx, ident, state, result FROM document_codes"
        " WHERE document_id = ? AND idx > ? AND state IS NOT NULL AND (? OR unit IS NOT idx) ORDER BY idx LIMIT ?",
        (document_id, after, packages, limit),
    )
    return [
        {"index": place, "code": ident, "state": state} | ({} if result is None else {"result": result})
        for place, ident, state, result in rows
    ]


def endless(after: int, limit: int) -> list[dict[str, object]]:
    """A page of a list that never ends: codes that stand in no document."""
    places = range(after + 1, after + 1 + limit)
    return [{"index": n, "code": f"010489921512237121{n:013d}", "state": "SUCCESS"} for n in places]


def errors(connection: Connection, document_id: int, after: int, limit: int) -> list[dict[str, object]]:
    """11.5: the errors of a document. `index` counts the rows of this list, not codes, and no code is named."""
    rows = connection.execute(
        "SELECT result, found_status FROM document_codes WHERE document_id = ? AND state = 'ERROR' ORDER BY idx"
        " LIMIT ? OFFSET ?",
        (document_id, limit, after + 1),
    )
    return [
        {
            "propertyName": "CODE",
            "index": place,
            "errorCode": result,
            "errorTags": {"status": found} if found and result == "invalid-code-status" else {},
        }
        for place, (result, found) in enumerate(rows, after + 1)
    ]


def content(connection: Connection, document_id: int, *, as_sample: bool) -> bytes:
    """11.4: what was registered. As in the sample separators are gone from codes, and `manufacturerCountry` too."""
    body: bytes = one(connection, "SELECT body FROM documents WHERE id = ?", (document_id,)) or b"{}"
    if not as_sample:
        return body
    document = json.loads(body)
    document.pop("manufacturerCountry", None)
    return json.dumps(_without_separators(document), ensure_ascii=False, separators=(",", ":")).encode()


def _without_separators(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace(GS, "")
    if isinstance(value, list):
        return [_without_separators(item) for item in value]
    if isinstance(value, dict):
        return {name: _without_separators(item) for name, item in value.items()}
    return value


def reject_reasons(connection: Connection, document_id: int) -> list[str]:
    """11.1: why a report was rejected, each reason once."""
    rows = connection.execute(
        "SELECT DISTINCT result FROM document_codes WHERE document_id = ? AND state = 'ERROR' ORDER BY 1",
        (document_id,),
    )
    return [row[0] for row in rows]
