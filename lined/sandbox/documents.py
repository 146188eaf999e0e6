"""Documents: registered at once, decided later, seen in between as the pending statuses of API 1.21.1 §13.8.

A document's effects happen in one transaction at its `final_at`; until then it has none, so the order of decisions and
not the order of arrival rules when two documents name the same code. After a restart what is due is decided then.
"""

from __future__ import annotations

import json
from random import Random
from typing import Protocol

from lined.sandbox import aggregation, correction, customs, disaggregation, transfers, utilisation, validation
from lined.sandbox.books import Connection, one
from lined.sandbox.filings import Directives, Due, Filing
from lined.sandbox.rules import (
    AGGREGATION,
    APPLIED,
    CORRECTION,
    CUSTOMS_CODE_REGISTRATION,
    CUSTOMS_CODE_WITHDRAWAL,
    DISAGGREGATION,
    ERROR,
    INTRODUCED,
    PARTIAL,
    SUCCESS,
    TRANSFER_CONFIRMATION,
    TRANSFER_REQUEST,
    UTILISATION,
    VALIDATION,
    WARNINGS,
)
from lined.sandbox.settings import SandboxSettings

SPOILED = "internal-processing-error"  # result of a code that a fault spoiled


class Rules(Protocol):
    """The rules of one type of document; each is a module of this room, or one of two in a module.

    `judge` gives the document's undecided rows a `result` where they are bad or deserve a remark, and their `code_id`;
    `apply` carries out those without a bad result. Both run inside the deciding transaction.
    """

    def judge(self, connection: Connection, due: Due, settings: SandboxSettings) -> None: ...

    def apply(self, connection: Connection, due: Due, at: float) -> None: ...


RULES: dict[str, Rules] = {
    UTILISATION: utilisation,
    VALIDATION: validation,
    AGGREGATION: aggregation,
    DISAGGREGATION: disaggregation,
    CORRECTION: correction,
    TRANSFER_REQUEST: transfers.Request,
    TRANSFER_CONFIRMATION: transfers.Confirmation,
    CUSTOMS_CODE_REGISTRATION: customs.Registration,
    CUSTOMS_CODE_WITHDRAWAL: customs.Withdrawal,
}


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
            at + settings.in_process_after_s, final_at, json.dumps(filing.attributes), json.dumps(directives._asdict()),
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
    due = Due(identity, kind, tin, group, json.loads(attributes), Directives(**json.loads(directives)))
    _spoil(connection, due, rng)
    if due.directives.error_named is None:
        RULES[due.type].judge(connection, due, settings)
    _warn(connection, due, rng)
    status, refused = _settle(connection, due, settings)
    RULES[due.type].apply(connection, due, at)  # nothing to do in a whole ERROR: no row has a good state
    _record_repeats(connection, due.id, at)
    if due.directives.unlisted:
        connection.execute(
            "UPDATE document_codes SET state = NULL WHERE document_id = ? AND idx < ?",
            (due.id, due.directives.unlisted),
        )
    connection.execute("UPDATE documents SET status = ?, refused = ? WHERE id = ?", (status, refused, due.id))
    return True


def _spoil(connection: Connection, due: Due, rng: Random) -> None:
    wanted = due.directives.spoil if due.directives.error_named is None else due.directives.error_named
    count = one(connection, "SELECT count(*) FROM document_codes WHERE document_id = ?", (due.id,)) or 0
    chosen = rng.sample(range(count), min(wanted, count))
    connection.executemany(
        "UPDATE document_codes SET result = ? WHERE document_id = ? AND idx = ?",
        [(SPOILED, due.id, place) for place in chosen],
    )


def _warn(connection: Connection, due: Due, rng: Random) -> None:
    good = connection.execute(
        "SELECT idx FROM document_codes WHERE document_id = ? AND result IS NULL ORDER BY idx", (due.id,)
    ).fetchall()
    connection.executemany(
        "UPDATE document_codes SET result = ? WHERE document_id = ? AND idx = ?",
        [(WARNINGS[-1], due.id, place) for (place,) in rng.sample(good, min(due.directives.warned, len(good)))],
    )


def _settle(connection: Connection, due: Due, settings: SandboxSettings) -> tuple[str, int]:
    """Write each row's state, and say what becomes of the document and how many codes are refused.

    A whole ERROR blames only the bad ones: the others, with which nothing happened, have no state.
    """
    connection.execute(
        "UPDATE document_codes SET state = CASE WHEN result IS NULL THEN 'SUCCESS'"
        " WHEN result IN (SELECT value FROM json_each(?)) THEN 'WARNING' ELSE 'ERROR' END WHERE document_id = ?",
        (json.dumps(WARNINGS), due.id),
    )
    total, refused = connection.execute(
        "SELECT count(*), coalesce(sum(state = 'ERROR'), 0) FROM document_codes WHERE document_id = ?", (due.id,)
    ).fetchone()
    whole = refused == total or settings.some_bad == "error"
    if due.directives.error_named is None and not (refused and whole):
        return (PARTIAL if refused else SUCCESS), refused
    connection.execute("UPDATE document_codes SET state = NULL WHERE document_id = ? AND state <> 'ERROR'", (due.id,))
    return ERROR, refused


def _record_repeats(connection: Connection, document_id: int, at: float) -> None:
    """Remember who tried to apply what was applied already: the trace of a report that was sent twice."""
    connection.execute(
        "INSERT INTO repeated_attempts (document_id, ident, at) SELECT document_id, ident, ? FROM document_codes"
        " WHERE document_id = ? AND result = 'invalid-code-status' AND found_status IN (?, ?)"
        " AND (SELECT type FROM documents WHERE id = document_id) = ?",
        (at, document_id, APPLIED, INTRODUCED, UTILISATION),
    )
