"""Codes as people type and paste them, and as programs hand them over in texts.

Guarantee: what a text is read as is what it says; a character that no code holds (half a surrogate pair too) never
becomes one that a code may hold.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from lined.codes.marking import GS, Malformed, MarkingCode, Shape
from lined.codes.reading import NOTHING_KNOWN, is_printed_form, parse
from lined.vocabulary.facts import Fact, MalformedFact

MAX_CHARACTERS: Final = 512
_BLANKS: Final = "\u00a0\u200b\u200c\u200d\u2060\ufeff"
_NAMED: Final = re.compile(
    r"[<{\[](?:GS|FNC1|(?:0x)?1D|0?29)[>}\]]|\\x(?:00)?1d|\\u001d|\u241d|\u2194|_x001d_|&\#0*29;|&\#x0*1d;",
    re.IGNORECASE,
)
_ITEM: Final = re.compile(r"\s*\(01\)\s*([0-9]{14})\s*\(21\)\s*(.+)", re.DOTALL)
_BOX: Final = re.compile(r"\s*\(00\)\s*([0-9]{18})\s*")
_TAILS: Final = (  # application identifiers of a check part, and what stands behind each
    (("93",), re.compile(r"\(93\)\s*(.{4}|.{8})")),
    (("91", "92"), re.compile(r"\(91\)\s*(.{4})\s*\(92\)\s*(.{44}|.{88})")),
)


def parse_text(text: str, shapes: Mapping[str, Shape] = NOTHING_KNOWN) -> MarkingCode:
    """`reading.parse` for a text of a program: as it stands. Raises Malformed."""
    if len(text) > MAX_CHARACTERS:
        raise Malformed(Fact(MalformedFact.CHARACTERS, n=len(text)))
    return parse(text.encode("utf-8", "surrogatepass"), shapes)


def typed(text: str, shapes: Mapping[str, Shape] = NOTHING_KNOWN) -> MarkingCode:
    """The code that a person meant: blanks around it are nothing, `<GS>` and the like are separators, and the printed
    form with its parentheses is read too. Raises Malformed.
    """
    if len(text) > MAX_CHARACTERS:
        raise Malformed(Fact(MalformedFact.CHARACTERS, n=len(text)))
    meant = text.strip().strip(_BLANKS).strip()
    named = _NAMED.sub(GS, meant)
    if is_printed_form(named):
        return _printed(named, shapes)
    if named != meant:
        try:
            return parse_text(named, shapes)
        except Malformed:
            pass  # then it may be part of a serial
    return parse_text(meant, shapes)


def _printed(text: str, shapes: Mapping[str, Shape]) -> MarkingCode:
    """A serial may hold parentheses too: more than one reading is none."""
    readings = {code.full: code for code in (_read(one, shapes) for one in _spelled(text)) if code is not None}
    if len(readings) > 1:
        raise Malformed(Fact(MalformedFact.SEVERAL_WAYS))
    if not readings:
        raise Malformed(Fact(MalformedFact.PRINTED))
    return readings.popitem()[1]


def _spelled(text: str) -> list[str]:
    """What the printed form may stand for; without its check part only where it cannot have one."""
    text = text[text.index("(") :].strip()
    box = _BOX.fullmatch(text)
    if box:
        return [f"00{box[1]}"]
    item = _ITEM.fullmatch(text)
    if item is None:
        return []
    head, rest = f"01{item[1]}21", item[2].replace(GS, "").strip()
    found = []
    for at in (each.start() for each in re.finditer(r"\(9", rest)):
        for keys, layout in _TAILS:
            match = layout.fullmatch(rest, at)
            if match:
                tail = "".join(GS + key + part for key, part in zip(keys, match.groups(), strict=True))
                found.append(head + rest[:at].rstrip() + tail)
    return found or [head + rest]


def _read(text: str, shapes: Mapping[str, Shape]) -> MarkingCode | None:
    try:
        return parse_text(text, shapes)
    except Malformed:
        return None
