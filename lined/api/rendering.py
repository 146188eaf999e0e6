"""JSON as bytes. Long lists item by item: one call for a thousand would not let go of the interpreter for too long."""

from __future__ import annotations

import json
from collections.abc import Iterable


def json_bytes(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def page_bytes(items: Iterable[object], after: str | None) -> bytes:
    """`{"items": […], "next": …}` (docs/contract.md, HTTP)."""
    return b'{"items":[' + b",".join(map(json_bytes, items)) + b'],"next":' + json_bytes(after) + b"}"
