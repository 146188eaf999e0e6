"""Rows of `clock_setting`: how this computer's clock was set, since when, and how far off it was found to be.

A new row for each start of the machine and for each step of the clock, against the machine's uptime. What was written
from then on has the numbers from `first_code`, `first_event` and `first_closing` on: by them, and not by its moment,
each row of the journal is known to have been dated under one setting.
"""

from __future__ import annotations

from typing import NamedTuple

from lined.journal.database import Connection
from lined.vocabulary.clocks import NOTICED_MS, SYNCED_MS

UNKNOWN = ""  # `boot` of what was dated by a clock nothing is known of


class Setting(NamedTuple):
    """`boot`: the start of the machine. `offset_ms`: the time of day minus the uptime. `step_ms`: against the setting
    before it, None at a start of the machine. `skew_ms`: the clock minus the regulator's, None where that was not
    heard under this setting.
    """

    id: int
    boot: str
    offset_ms: int
    from_ms: int
    step_ms: int | None
    first_code: int
    first_event: int
    first_closing: int
    skew_ms: int | None


_COLUMNS = ", ".join(Setting._fields)


def every(connection: Connection) -> list[Setting]:
    """All of them, oldest first: one for each start of the machine, so some thousands in a journal's life."""
    return [Setting(*row) for row in connection.execute(f"SELECT {_COLUMNS} FROM clock_setting ORDER BY id").fetchall()]


def newest(connection: Connection) -> Setting | None:
    """How the clock is set now, as far as it was noticed; None before the first start."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM clock_setting ORDER BY id DESC LIMIT 1").fetchone()
    return Setting(*row) if row else None


def record(connection: Connection, boot: str, offset_ms: int, at_ms: int) -> Setting | None:
    """The setting from now on; None: it is the newest one's still."""
    last = newest(connection)
    same_boot = last is not None and last.boot == boot != UNKNOWN
    step_ms = offset_ms - last.offset_ms if last is not None and same_boot else None
    if step_ms is not None and abs(step_ms) < NOTICED_MS:
        return None
    connection.execute(
        "INSERT INTO clock_setting (boot, offset_ms, from_ms, step_ms, first_code, first_event, first_closing) "
        "VALUES (?, ?, ?, ?, (SELECT coalesce(max(id), 0) + 1 FROM code), "
        "(SELECT coalesce(max(id), 0) + 1 FROM report_event), "
        "(SELECT coalesce(max(closed_no), 0) + 1 FROM package WHERE closed_no > 0))",
        (boot, offset_ms, at_ms, step_ms),
    )
    return newest(connection)


def measure(connection: Connection, skew_ms: int) -> Setting | None:
    """What the newest setting's clock was found to be off by, as far as that matters. Returns that setting."""
    connection.execute(
        "UPDATE clock_setting SET skew_ms = ?1 WHERE id = (SELECT max(id) FROM clock_setting) "
        "AND (skew_ms IS NULL OR abs(skew_ms - ?1) >= ?2)",
        (skew_ms, SYNCED_MS),
    )
    return newest(connection)
