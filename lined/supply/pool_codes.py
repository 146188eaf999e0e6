"""A code that belongs into the pool of a product."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from lined import codes
from lined.codes import MarkingCode, Shape
from lined.vocabulary.facts import Fact, MalformedFact

# Not those that stand for a separator: these are put right where the product makes that certain.
_ESCAPED = re.compile(
    r"""&(?:amp|lt|gt|quot|apos|nbsp|\#0*(?!29;)[0-9]{1,7}|\#[xX]0*(?!1[dD];)[0-9a-fA-F]{1,6});
    |\\["'/\\]|\\u(?!001[dD])[0-9a-fA-F]{4}|\\x(?!0*1[dD])[0-9a-fA-F]{2}""",
    re.VERBOSE,
)


def code_of(text: str, gtin: str, shapes: Mapping[str, Shape]) -> MarkingCode:
    """A code of this GTIN, with or without its check part. Raises codes.Malformed, also where another may be meant."""
    escaped = _ESCAPED.search(text)
    if escaped:
        raise codes.Malformed(Fact(MalformedFact.ESCAPED, text=escaped[0]))
    code = codes.parse_text(text, shapes)
    if code.template == "SSCC":
        raise codes.Malformed(Fact(MalformedFact.SSCC_IN_POOL))
    if code.gtin != gtin:
        raise codes.Malformed(Fact(MalformedFact.OF_OTHER_GTIN, gtin=code.gtin))
    return code


def with_lost_separators(found: Sequence[MarkingCode], shape: Shape | None) -> list[int]:
    """The places of codes that read as longer ones because their separator is lost, unless the product fixes the length
    of its serials: one of 3,400 ends like a check part by chance, and not most of them.
    """
    if shape is not None and shape.serial_length is not None:
        return []
    bare = [at for at, code in enumerate(found) if not code.tail]
    alike = [at for at in bare if codes.may_have_lost_its_separator(found[at].ident)]
    return alike if len(alike) > 1 and 2 * len(alike) >= len(bare) else []
