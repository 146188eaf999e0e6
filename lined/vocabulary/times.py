"""Times as the outside reads them: RFC 3339 in UTC (docs/contract.md, HTTP)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any


def moment(at_ms: float | None) -> str | None:
    """`2026-11-23T08:00:00.250Z` of milliseconds since 1970; None stays None."""
    if at_ms is None:
        return None
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def of_datetime(when: datetime | None) -> str | None:
    return None if when is None else moment(when.timestamp() * 1000)


def with_moments(row: Mapping[str, Any]) -> dict[str, Any]:
    """The same with every `<name>_ms` as `<name>_at`."""
    return {
        f"{key[:-3]}_at" if key.endswith("_ms") else key: moment(value) if key.endswith("_ms") else value
        for key, value in row.items()
    }
