"""Statements of the books, for those who check a line against them: counts, pages of codes, documents."""

from __future__ import annotations

import json
from typing import Any

from lined.sandbox.accounts import instant
from lined.sandbox.books import Connection, one
from lined.sandbox.lookups import card_of
from lined.sandbox.rules import UTILISATION

CODES_PAGE_MAX = 100_000
DOCUMENTS_PAGE_MAX = 1_000


def totals(connection: Connection) -> dict[str, Any]:
    """The counts. `applied_more_than_once` counts codes with two effects of utilisation and must be 0 whatever happens;
    `repeated_attempts` counts the refused attempts to apply a code again, `repeated_codes` the codes concerned.
    """
    issued = "FROM codes WHERE template <> 'SSCC'"
    effects = "SELECT code_id, count(*) AS times FROM effects WHERE kind = ? GROUP BY code_id"
    applied, twice = connection.execute(
        f"SELECT count(*), coalesce(sum(times > 1), 0) FROM ({effects})",  # noqa: S608
        (UTILISATION,),
    ).fetchone()
    return {
        "codes": {
            "issued": one(connection, f"SELECT count(*) {issued}"),
            "by_status": dict(connection.execute(f"SELECT status, count(*) {issued} GROUP BY status")),
            "applied": applied,
            "applied_more_than_once": twice,
            "repeated_attempts": one(connection, "SELECT count(*) FROM repeated_attempts"),
            "repeated_codes": one(connection, "SELECT count(DISTINCT ident) FROM repeated_attempts"),
        },
        "packages": {
            "formed": one(connection, "SELECT count(DISTINCT parent_id) FROM codes WHERE parent_id IS NOT NULL"),
            "packed_codes": one(connection, "SELECT count(*) FROM codes WHERE parent_id IS NOT NULL"),
        },
        "effects": dict(connection.execute("SELECT kind, count(*) FROM effects GROUP BY kind")),
        "documents": {
            "total": one(connection, "SELECT count(*) FROM documents"),
            "by_type": dict(connection.execute("SELECT type, count(*) FROM documents GROUP BY type")),
            "by_status": dict(
                connection.execute("SELECT coalesce(status, 'undecided'), count(*) FROM documents GROUP BY 1")
            ),
            "unsorted": one(connection, "SELECT count(*) FROM documents WHERE unsorted"),
        },
    }


def codes(
    connection: Connection, *, status: str, source: str, after: int, limit: int, full: bool
) -> tuple[list[dict[str, Any]], int | None]:
    """A page of the codes with this status or source ("": any), by id; and the id to go on after, None at the end."""
    rows = connection.execute(
        "SELECT c.id, c.ident || CASE WHEN :full THEN c.tail ELSE '' END, c.gtin, c.owner, c.template, c.package,"
        " c.status, p.ident, d.uuid FROM codes c LEFT JOIN codes p ON p.id = c.parent_id"
        " LEFT JOIN documents d ON d.id = c.applied_by WHERE c.id > :after"
        " AND (:status = '' OR c.status = :status) AND (:source = '' OR c.source = :source) ORDER BY c.id LIMIT :limit",
        {"full": full, "after": after, "status": status, "source": source, "limit": limit + 1},
    ).fetchall()
    names = ("id", "code", "gtin", "owner", "template", "package", "status", "parent", "applied_by")
    items = [dict(zip(names, row, strict=True)) for row in rows[:limit]]
    return items, items[-1]["id"] if len(rows) > limit else None


def story(connection: Connection, ident: str) -> dict[str, Any] | None:
    """One code with all its effects and refused attempts, None where it is unknown."""
    code_id = one(connection, "SELECT id FROM codes WHERE ident = ?", (ident,))
    if code_id is None:
        return None
    items, _ = codes(connection, status="", source="", after=code_id - 1, limit=1, full=False)
    effects = connection.execute(
        "SELECT e.kind, d.uuid, e.at, e.detail FROM effects e JOIN documents d ON d.id = e.document_id"
        " WHERE e.code_id = ? ORDER BY e.id",
        (code_id,),
    )
    attempts = connection.execute(
        "SELECT d.uuid, r.at FROM repeated_attempts r JOIN documents d ON d.id = r.document_id WHERE r.ident = ?",
        (ident,),
    )
    return items[0] | {
        "effects": [
            {"kind": kind, "document": uuid, "at": instant(at), "detail": json.loads(detail or "{}")}
            for kind, uuid, at, detail in effects
        ],
        "repeated_attempts": [{"document": uuid, "at": instant(at)} for uuid, at in attempts],
    }


def documents(connection: Connection, *, after: int, limit: int, at: float) -> tuple[list[dict[str, Any]], int | None]:
    """A page of all documents, oldest first, those still invisible too; and the id to go on after."""
    rows = connection.execute(
        "SELECT id, uuid, type, product_group, status, validating_at, in_process_at, created_at, codes, refused"
        " FROM documents WHERE id > ? ORDER BY id LIMIT ?",
        (after, limit + 1),
    ).fetchall()
    items = []
    for row in rows[:limit]:
        card = card_of(row[:8], at)
        items.append(
            {
                "id": card.id,
                "document_id": card.uuid,
                "type": card.type,
                "product_group": card.product_group,
                "status": card.status,
                "created_at": instant(card.created_at),
                "codes": row[8],
                "refused": row[9],
            }
        )
    return items, items[-1]["id"] if len(rows) > limit else None
