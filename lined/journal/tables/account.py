"""The row of `account`: whose codes the journal holds. Unfinished reports of one are never sent for another."""

from __future__ import annotations

from collections.abc import Mapping

from lined.journal.database import Connection
from lined.journal.tables import drawer

KEYS = ("profile", "url", "tin", "business_place_id")


def bound(connection: Connection) -> dict[str, str | None]:
    """The account by KEYS, each None where the journal belongs to nobody yet. Also of a journal not migrated yet."""
    if drawer.is_there(connection):
        return {key: drawer.value(connection, key) for key in KEYS}
    row = connection.execute(f"SELECT {', '.join(KEYS)} FROM account").fetchone()
    return dict(zip(KEYS, row or (None,) * len(KEYS), strict=True))


def bind(connection: Connection, account: Mapping[str, str]) -> None:
    """The journal belongs to this account from now on."""
    connection.execute(
        f"INSERT OR REPLACE INTO account (one, {', '.join(KEYS)}) VALUES (1, ?, ?, ?, ?)",
        tuple(account[key] for key in KEYS),
    )
