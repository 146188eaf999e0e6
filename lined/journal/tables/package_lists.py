"""Lists of rows of `package`: those that are open, those of a batch, and pages of all.

How single packages are written stands in `packages`.
"""

from __future__ import annotations

from lined.journal.database import Connection
from lined.journal.tables.packages import COLUMNS, PackageRow, row_of

PAGES = {
    "open": "state = 'open'",
    "waiting": "state = 'closed' AND batch_id IS NULL",
    "closed": "state = 'closed'",
    "dissolved": "state = 'dissolved'",
}
"""What packages can be asked for by. `waiting`: closed, and in no report yet."""


def open_packages(connection: Connection) -> list[PackageRow]:
    """Every package that is being filled."""
    return _select(connection, "state = 'open'")


def newest_open(connection: Connection, most: int) -> list[PackageRow]:
    """The packages that are being filled, newest first."""
    return _select(connection, "state = 'open' ORDER BY id DESC LIMIT ?", most)


def open_of_job(connection: Connection, job_id: int) -> list[PackageRow]:
    """The packages that a job is filling, oldest first; also those that have no child, and so no job, yet."""
    return _select(connection, "state = 'open' AND job_id IN (?, 0) ORDER BY id", job_id)


def any_suspect(connection: Connection) -> bool:
    """Whether the content of an open package has to be scanned again."""
    row = connection.execute("SELECT 1 FROM package WHERE state = 'open' AND suspect IS NOT NULL LIMIT 1").fetchone()
    return row is not None


def left(connection: Connection, batch_id: int) -> list[PackageRow]:
    """The packages of a batch without a state of their own: what a new body is made of. Oldest first."""
    return _select(connection, "batch_id = ? AND own IS NULL ORDER BY id", batch_id)


def with_own(connection: Connection, batch_id: int, own: str) -> list[PackageRow]:
    """The packages of a batch that have this state of their own."""
    return _select(connection, "batch_id = ? AND own = ?", batch_id, own)


def in_batch(connection: Connection, batch_id: int, ident: str) -> PackageRow | None:
    """The package of a batch with this parent code."""
    found = _select(connection, "ident = ? AND batch_id = ?", ident, batch_id)
    return found[0] if found else None


def last_closed_ms(connection: Connection, batch_id: int) -> int | None:
    """When the last package of a batch was closed; None: there is none."""
    row = connection.execute("SELECT max(closed_ms) FROM package WHERE batch_id = ?", (batch_id,)).fetchone()
    return None if row[0] is None else int(row[0])


def page(connection: Connection, state: str | None, before: int | None, most: int) -> list[PackageRow]:
    """Packages, newest first, older than the one with the id `before`. `state`: a word of PAGES."""
    wanted = PAGES[state] if state else "1"  # spelled out: a partial index is not taken for a parameter
    older = "id < ?" if before is not None else "? IS NULL"
    return _select(connection, f"{wanted} AND {older} ORDER BY id DESC LIMIT ?", before, most)


def _select(connection: Connection, where: str, *parameters: object) -> list[PackageRow]:
    rows = connection.execute(f"SELECT {COLUMNS} FROM package WHERE {where}", parameters).fetchall()
    return [row_of(row) for row in rows]
