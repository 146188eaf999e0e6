"""Disaggregation (API 1.21.1 §5.5): packages are dissolved, and all above them; what was inside keeps its status."""

from __future__ import annotations

import json
from collections.abc import Mapping

from lined.sandbox.books import Connection, one
from lined.sandbox.filings import Due, Filing, Row, blame_unknown
from lined.sandbox.rules import DISAGGREGATION
from lined.sandbox.settings import SandboxSettings
from lined.sandbox.shapes import Fields, is_sorted, open_envelope


def read(body: bytes, _query: Mapping[str, str], settings: SandboxSettings, _at: float) -> Filing:
    """Check the shape of a document. Raises Rejection with every fault."""
    content, source = open_envelope(body)
    fields = Fields(content)
    fields.only("businessDatetime", "codes")
    fields.instant("businessDatetime")
    codes = fields.texts("codes", max_items=settings.codes_per_report)
    fields.done()
    attributes = {name: value for name, value in content.items() if name != "codes"}
    rows = [Row(code, "") for code in codes]
    return Filing(DISAGGREGATION, None, rows, attributes, source, unsorted=not is_sorted(content))


def judge(connection: Connection, due: Due, _settings: SandboxSettings) -> None:
    """A package with nothing in it is dissolved already: a remark, as in the sample of 11.6."""
    connection.execute(
        """
        UPDATE document_codes AS d SET code_id = c.id, found_status = c.status, result = CASE
            WHEN c.owner <> :tin THEN 'code-not-owned'
            WHEN c.package NOT IN ('GROUP', 'BOX_LV_1', 'BOX_LV_2') THEN 'invalid-package-type'
            WHEN NOT EXISTS (SELECT 1 FROM codes WHERE parent_id = c.id) THEN 'EMPTY_PACKAGE_COMPOSITION'
        END
        FROM codes AS c WHERE d.document_id = :document AND d.result IS NULL AND c.ident = d.ident
        """,
        {"tin": due.tin, "document": due.id},
    )
    blame_unknown(connection, due)


def apply(connection: Connection, due: Due, at: float) -> None:
    rows = connection.execute(
        "SELECT code_id FROM document_codes WHERE document_id = ? AND state <> 'ERROR' ORDER BY idx",
        (due.id,),
    ).fetchall()
    for (package_id,) in rows:
        dissolve(connection, package_id, due.id, at)


def dissolve(
    connection: Connection, package_id: int, document_id: int, at: float, *, kind: str = DISAGGREGATION
) -> None:
    """Empty a package and those above it. Those that are empty already, by an earlier row, have no effect."""
    current: int | None = package_id
    while current is not None:
        above: int | None = one(connection, "SELECT parent_id FROM codes WHERE id = ?", (current,))
        ident = one(connection, "SELECT ident FROM codes WHERE id = ?", (current,))
        freed = connection.execute(
            "INSERT INTO effects (code_id, document_id, kind, at, detail)"
            " SELECT id, ?, ?, ?, ? FROM codes WHERE parent_id = ?",
            (document_id, kind, at, json.dumps({"former_parent": ident}), current),
        ).rowcount
        if freed:
            connection.execute("UPDATE codes SET parent_id = NULL WHERE parent_id = ?", (current,))
            connection.execute(
                "INSERT INTO effects (code_id, document_id, kind, at, detail) VALUES (?, ?, ?, ?, ?)",
                (current, document_id, kind, at, json.dumps({"removed": freed})),
            )
        current = above
