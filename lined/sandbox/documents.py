"""Documents: registered at once, decided later, seen in between as CREATED, VALIDATING, IN_PROCESS (13.8).

A document's effects happen in one transaction at its `final_at`; until then it has none, so the order of decisions and
not the order of arrival rules when two documents name the same code. After a restart what is due is decided then.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from random import Random
from typing import Any, NamedTuple

from lined.sandbox import utilisation
from lined.sandbox.books import Connection, one
from lined.sandbox.rules import (
    APPLIED,
    CREATED,
    ERROR,
    IN_PROCESS,
    INTRODUCED,
    PARTIAL,
    SUCCESS,
    UTILISATION,
    VALIDATING,
)
from lined.sandbox.settings import SandboxSettings
from lined.sandbox.shapes import Filing

SPOILED = "internal-processing-error"  # result of a code that a fault spoiled
WARNINGS = frozenset({"EMPTY_PACKAGE_COMPOSITION", "EXTENDED_STATUS_EXISTS"})  # 11.6.2: processed, with a remark


class Directives(NamedTuple):
    """What faults ask to happen to one document. `named` None: decide by the rules."""

    spoil: int = 0  # this many random codes are refused
    hide_s: float = 0.0  # nobody sees it for so long
    stuck_s: float = 0.0  # it is decided so much later
    error_named: int | None = None  # the whole document is refused, naming this many codes (0: nobody)
    unlisted: int = 0  # this many codes are left out of the list of outcomes


class Due(NamedTuple):
    """A document whose time has come."""

    id: int
    type: str
    tin: str
    product_group: str
    attributes: dict[str, Any]
    directives: Directives


def register(
    connection: Connection, filing: Filing, uuid: str, tin: str, at: float, settings: SandboxSettings,
    directives: Directives, rng: Random,
) -> None:  # fmt: skip
    """Take a report in. Durable when the transaction is; nothing is judged yet."""
    visible_at = at + max(settings.visible_after_s, directives.hide_s)
    final_at = at + rng.uniform(*settings.final_after_s) + directives.stuck_s
    cursor = connection.execute(
        "INSERT INTO documents (uuid, tin, type, product_group, created_at, visible_at, validating_at, in_process_at,"
        " final_at, attributes, directives, body, codes, unsorted) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            uuid, tin, filing.type, filing.product_group, at, visible_at, at + settings.validating_after_s,
            at + settings.in_process_after_s, final_at, json.dumps(filing.attributes), json.dumps(directives),
            filing.body, len(filing.rows), filing.unsorted,
        ),
    )  # fmt: skip
    document_id = cursor.lastrowid
    connection.executemany(
        "INSERT INTO document_codes (document_id, idx, ident, tail, unit, detail) VALUES (?, ?, ?, ?, ?, ?)",
        ((document_id, place, *row) for place, row in enumerate(filing.rows)),
    )


def next_due(connection: Connection) -> float | None:
    """When the next undecided document is due; None where none waits."""
    return one(connection, "SELECT min(final_at) FROM documents WHERE status IS NULL")


def decide_next(connection: Connection, settings: SandboxSettings, rng: Random, at: float) -> bool:
    """Decide the one document that has been due longest; False where none is due."""
    row = connection.execute(
        "SELECT id, type, tin, coalesce(product_group, ''), attributes, directives FROM documents"
        " WHERE status IS NULL AND final_at <= ? ORDER BY final_at, id LIMIT 1",
        (at,),
    ).fetchone()
    if row is None:
        return False
    identity, kind, tin, group, attributes, directives = row
    due = Due(identity, kind, tin, group, json.loads(attributes), Directives(*json.loads(directives)))
    _spoil(connection, due, rng)
    if due.directives.error_named is None:
        _judge(connection, due, settings)
    status, refused = _settle(connection, due, settings)
    if status != ERROR:
        _apply(connection, due, at)
    _record_repeats(connection, due.id, at)
    connection.execute("UPDATE documents SET status = ?, refused = ? WHERE id = ?", (status, refused, due.id))
    return True


def _judge(connection: Connection, due: Due, settings: SandboxSettings) -> None:
    if due.type == UTILISATION:
        country = due.attributes["manufacturerCountry"]
        utilisation.judge(connection, due.id, due.tin, due.product_group, country)


def _apply(connection: Connection, due: Due, at: float) -> None:
    if due.type == UTILISATION:
        utilisation.apply(connection, due.id, due.attributes, at)


def _spoil(connection: Connection, due: Due, rng: Random) -> None:
    wanted = due.directives.spoil if due.directives.error_named is None else due.directives.error_named
    count = one(connection, "SELECT count(*) FROM document_codes WHERE document_id = ?", (due.id,)) or 0
    chosen = rng.sample(range(count), min(wanted, count))
    connection.executemany(
        "UPDATE document_codes SET result = ? WHERE document_id = ? AND idx = ?",
        [(SPOILED, due.id, place) for place in chosen],
    )


def _settle(connection: Connection, due: Due, settings: SandboxSettings) -> tuple[str, int]:
    """Decide the document and write each row's state: what a whole ERROR did not blame stays without one."""
    marks = ", ".join("?" * len(WARNINGS))
    bad = f"result IS NOT NULL AND result NOT IN ({marks})"
    parameters = (*WARNINGS, due.id)
    total, refused = connection.execute(
        f"SELECT count(*), coalesce(sum({bad}), 0) FROM document_codes WHERE document_id = ?",  # noqa: S608
        parameters,
    ).fetchone()
    if due.directives.error_named is not None or (refused and (refused == total or settings.some_bad == "error")):
        status = ERROR
    else:
        status = PARTIAL if refused else SUCCESS
    good = None if status == ERROR else "SUCCESS"
    connection.execute(
        f"UPDATE document_codes SET state = CASE WHEN {bad} THEN 'ERROR' WHEN result IS NOT NULL THEN 'WARNING'"  # noqa: S608
        " ELSE ? END WHERE document_id = ?",
        (*WARNINGS, good, due.id),
    )
    if due.directives.unlisted:
        connection.execute(
            "UPDATE document_codes SET state = NULL WHERE document_id = ? AND idx < ?", (due.id, due.directives.unlisted)
        )
    return status, refused


def _record_repeats(connection: Connection, document_id: int, at: float) -> None:
    """Remember who tried to apply what was applied already: the trace of a report that was sent twice."""
    connection.execute(
        "INSERT INTO repeated_attempts (document_id, ident, at) SELECT document_id, ident, ? FROM document_codes"
        " WHERE document_id = ? AND result = 'invalid-code-status' AND found_status IN (?, ?)"
        " AND (SELECT type FROM documents WHERE id = document_id) = ?",
        (at, document_id, APPLIED, INTRODUCED, UTILISATION),
    )


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
    sql = f"SELECT {_CARD} FROM documents WHERE uuid = ? AND tin = ? AND visible_at <= ?"  # noqa: S608
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
    for condition, value in (("uuid = ?", wanted.uuid), ("created_at >= ?", wanted.since), ("created_at < ?", wanted.until)):
        if value not in {None, ""}:
            where.append(condition)
            parameters.append(value)
    for column, values in (("type", wanted.types), ("product_group", wanted.groups)):
        if values:
            where.append(f"{column} IN ({', '.join('?' * len(values))})")
            parameters.extend(values)
    if wanted.cursor:
        where.append(f"(created_at, id) {later} (SELECT created_at, id FROM documents WHERE uuid = ?)")
        parameters.append(wanted.cursor)
    sql = f"SELECT {_CARD} FROM documents WHERE {' AND '.join(where)} ORDER BY created_at {direction}, id {direction}"  # noqa: S608
    found = []
    for row in connection.execute(sql, parameters):
        card = card_of(row, at)
        if not wanted.statuses or card.status in wanted.statuses:
            found.append(card)
        if len(found) == wanted.limit:
            break
    return found


def outcomes(connection: Connection, document_id: int, after: int, limit: int) -> list[dict[str, object]]:
    """11.6: the decided codes of a document, by index."""
    rows = connection.execute(
        "SELECT idx, ident, state, result FROM document_codes"
        " WHERE document_id = ? AND idx > ? AND state IS NOT NULL ORDER BY idx LIMIT ?",
        (document_id, after, limit),
    )
    return [
        {"index": place, "code": ident, "state": state} | ({} if result is None else {"result": result})
        for place, ident, state, result in rows
    ]


def errors(connection: Connection, document_id: int, after: int, limit: int) -> list[dict[str, object]]:
    """11.5: the errors of a document. `index` counts the rows of this list, not the codes, and no code is named."""
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
    """11.4: what was registered. As in the sample the separators are gone from codes, and `manufacturerCountry` is too."""
    body: bytes = one(connection, "SELECT body FROM documents WHERE id = ?", (document_id,)) or b"{}"
    if not as_sample:
        return body
    document = json.loads(body)
    document.pop("manufacturerCountry", None)
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return text.replace("\\u001d", "").encode()


def reject_reasons(connection: Connection, document_id: int) -> list[str]:
    """11.1: why a report was rejected, each reason once."""
    rows = connection.execute(
        "SELECT DISTINCT result FROM document_codes WHERE document_id = ? AND state = 'ERROR' ORDER BY 1", (document_id,)
    )
    return [row[0] for row in rows]


def directives_from(parameters: Mapping[str, Any]) -> Directives:
    """The directives in a fault's parameters; others are ignored."""
    return Directives(**{name: parameters[name] for name in Directives._fields if name in parameters})
