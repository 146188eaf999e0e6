"""A code that belongs into the pool of a product."""

from __future__ import annotations

from collections.abc import Mapping

from lined import codes
from lined.codes import MarkingCode, Shape


def code_of(text: str, gtin: str, shapes: Mapping[str, Shape]) -> MarkingCode:
    """A code of this GTIN, with or without its check part. Raises codes.Malformed."""
    code = codes.parse_text(text, shapes)
    if code.template == "SSCC":
        raise codes.Malformed("an SSCC: boxes and pallets are in no pool")
    if code.gtin != gtin:
        raise codes.Malformed(f"a code of {code.gtin}")
    return code
