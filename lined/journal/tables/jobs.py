"""Rows of `job`: the runs of products, with their settings as they were when each began."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from lined.journal.database import Connection

_COLUMNS = "id, gtin, mode, attributes, product, started_ms, started_by, stopped_ms, stopped_by"


class JobRow(NamedTuple):
    """One job. `attributes`: order, series, production_date, expiration_date; `product`: its settings when it began."""

    id: int
    gtin: str
    mode: str
    attributes: dict[str, Any]
    product: dict[str, Any]
    started_ms: int
    started_by: str | None
    stopped_ms: int | None
    stopped_by: str | None


def running(connection: Connection) -> JobRow | None:
    """The job that has not been stopped, or None."""
    return _row(
        connection.execute(f"SELECT {_COLUMNS} FROM job WHERE stopped_ms IS NULL ORDER BY id DESC LIMIT 1").fetchone()
    )


def get(connection: Connection, job_id: int) -> JobRow | None:
    """A job, running or stopped; None for the number of none."""
    return _row(connection.execute(f"SELECT {_COLUMNS} FROM job WHERE id = ?", (job_id,)).fetchone())


def known(connection: Connection, job_id: int) -> JobRow:
    """The job that another row names."""
    row = get(connection, job_id)
    assert row is not None, f"there is no job {job_id}"
    return row


def add(
    connection: Connection,
    *,
    gtin: str,
    mode: str,
    attributes: Mapping[str, Any],
    product: Mapping[str, Any],
    at_ms: int,
    by: str,
) -> None:
    """A job begins; it is the running one from now on."""
    connection.execute(
        "INSERT INTO job (gtin, product, mode, attributes, started_ms, started_by) VALUES (?, ?, ?, ?, ?, ?)",
        (gtin, json.dumps(product), mode, json.dumps(attributes), at_ms, by or None),
    )


def stop(connection: Connection, job_id: int, at_ms: int, by: str) -> None:
    """It takes no more codes."""
    connection.execute("UPDATE job SET stopped_ms = ?, stopped_by = ? WHERE id = ?", (at_ms, by or None, job_id))


def set_attributes(connection: Connection, job_id: int, attributes: Mapping[str, Any]) -> None:
    """Its order, series and dates are these; what its reports say is theirs."""
    connection.execute("UPDATE job SET attributes = ? WHERE id = ?", (json.dumps(attributes), job_id))


def _row(row: Sequence[Any] | None) -> JobRow | None:
    return JobRow._make((*row[:3], json.loads(row[3]), json.loads(row[4]), *row[5:])) if row else None
