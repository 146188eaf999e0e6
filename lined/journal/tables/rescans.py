"""Rows of `rescan`: what was seen again of a package whose content has to be scanned again before it closes (its
`suspect` says why).
"""

from __future__ import annotations

from lined.journal.database import Connection
from lined.vocabulary.facts import column_forms, to_column


def suspect(connection: Connection, package_id: int, why: str) -> None:
    """The package does not close until each child was seen again."""
    end(connection, package_id)
    connection.execute("UPDATE package SET suspect = ? WHERE id = ?", (to_column(why), package_id))


def clear_suspicion(connection: Connection, why: str) -> None:
    """What made open packages suspect turned out to be nothing."""
    kept = column_forms(why)
    connection.execute(
        "DELETE FROM rescan WHERE package_id IN (SELECT id FROM package WHERE state = 'open' AND suspect IN (?, ?))",
        kept,
    )
    connection.execute("UPDATE package SET suspect = NULL WHERE state = 'open' AND suspect IN (?, ?)", kept)


def seen_again(connection: Connection, package_id: int, child_id: int) -> bool:
    """One child of a suspect package was scanned again. True: it was the last one, the package is suspect no more."""
    connection.execute("INSERT OR IGNORE INTO rescan (package_id, child_id) VALUES (?, ?)", (package_id, child_id))
    return clear_if_seen(connection, package_id)


def count(connection: Connection, package_id: int) -> int:
    """How many children of the package were seen again."""
    row = connection.execute("SELECT count(*) FROM rescan WHERE package_id = ?", (package_id,)).fetchone()
    return int(row[0])


def clear_if_seen(connection: Connection, package_id: int) -> bool:
    """Suspicion ends when everything that lies in the package was seen again."""
    row = connection.execute(
        "SELECT (SELECT count(*) FROM rescan WHERE package_id = p.id), p.holds FROM package p WHERE p.id = ?",
        (package_id,),
    ).fetchone()
    if row[0] < row[1]:
        return False
    end(connection, package_id)
    connection.execute("UPDATE package SET suspect = NULL WHERE id = ?", (package_id,))
    return True


def remove(connection: Connection, package_id: int, child_id: int) -> None:
    """A child left the package: it need not be seen again."""
    connection.execute("DELETE FROM rescan WHERE package_id = ? AND child_id = ?", (package_id, child_id))


def end(connection: Connection, package_id: int) -> None:
    """Nothing of the package counts as seen again."""
    connection.execute("DELETE FROM rescan WHERE package_id = ?", (package_id,))
