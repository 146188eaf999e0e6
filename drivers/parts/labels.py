r"""Labels as bytes: a template in which the places of `{code}`, `{sscc}`, `{number}` and `{text}` are filled.

The code stands behind `first` (FNC1, as the printer's language writes it), its separators as `separator`, and each
character that means something to the language as `escapes` say. What is left over and forbidden is refused, never sent:
it would end the label in its middle, and be another code.
"""

from __future__ import annotations

import re

from drivers.parts.options import Option, Options
from drivers.printers.base import Label, Unprintable

GS = b"\x1d"
PLACES = re.compile(rb"\{(code|sscc|number|text)\}")
TEXT_BYTES = 100
_NO_TEXT = re.compile(rb"[^ -\x7e]")
_PRINTABLE = re.compile(rb"[!-~]+")
SECONDS_MOST = 3_600

OUTWARD = (
    Option("label", "text", "of an item: a template with the place {code}, and {number} and {text} where wanted",
           "{code}\r\n"),
    Option("package_label", "text", "of a box or pallet: a template with {sscc}, 18 digits, or {code}, 20 with 00",
           empty_is_none=True),
    Option("first", "text", "stands before the code: FNC1, as the printer's language writes it", empty_is_none=True),
    Option("separator", "text", "stands for each GS within the code", "\x1d"),
    Option("escapes", "texts", "characters of codes written otherwise: the character, then what stands for it", ()),
    Option("forbidden", "text", "characters that no code may hold in this language", "\r\n", empty_is_none=True),
    Option("login", "text", "written first on each connection", empty_is_none=True),
    Option("clear", "text", "written next: empties the printer's queue", empty_is_none=True),
    Option("ask", "text", "asks how the printer is, and how far; written every ask_s seconds", empty_is_none=True),
    Option("ask_s", "number", "see ask", 0.5, 0.02, SECONDS_MOST),
)  # fmt: skip


class LabelText:
    """The template of a family, read from its options."""

    def __init__(self, wanted: Options) -> None:
        self._unit, self._package = wanted.text("label"), wanted.text("package_label")
        self._first, self._separator = wanted.text("first"), wanted.text("separator")
        self._escapes = {one[:1]: one[1:] for one in wanted.texts("escapes") if one}
        if not all(self._escapes.values()):
            wanted.complain("escapes", "a character that nothing stands for would be lost from codes")
        self._forbidden = frozenset(wanted.text("forbidden")) - {ord(one) for one in self._escapes}
        if self._unit and b"{code}" not in self._unit:
            wanted.complain("label", "has no place {code}")
        if self._package and not (b"{code}" in self._package or b"{sscc}" in self._package):
            wanted.complain("package_label", "has neither {sscc} nor {code}")

    def bytes_of(self, number: int, label: Label) -> bytes:
        """Raises Unprintable."""
        template = self._package if label.package else self._unit
        if not template:
            raise Unprintable("this printer has no package_label")
        parts = {
            b"code": self._code(label),
            b"sscc": label.code[2:] if label.package else b"",
            b"number": b"%d" % number,
            b"text": self._text(label.text),
        }
        return PLACES.sub(lambda place: parts[place[1]], template)

    def _code(self, label: Label) -> bytes:
        if label.package:
            if not re.fullmatch(rb"00[0-9]{18}", label.code):
                raise Unprintable("not an SSCC of 20 digits")
            return label.code
        pieces = label.code.split(GS)
        if not all(_PRINTABLE.fullmatch(piece) for piece in pieces):
            raise Unprintable("the code holds something that is no character of codes")
        first = self._first if label.gs1 else b""
        return first + self._separator.join(map(self._escaped, pieces))

    def _escaped(self, piece: bytes) -> bytes:
        if not self._forbidden.isdisjoint(piece):
            raise Unprintable("the code holds a character that this printer's language does not allow there")
        if not self._escapes:
            return piece
        return b"".join(self._escapes.get(bytes((byte,)), bytes((byte,))) for byte in piece)

    def _text(self, text: str) -> bytes:
        """What cannot be written as it is, is a blank: nobody reads it by machine."""
        plain = _NO_TEXT.sub(b" ", text.encode("latin-1", "replace"))[:TEXT_BYTES]
        wrong = self._forbidden | {ord(one) for one in self._escapes}
        return bytes(0x20 if byte in wrong else byte for byte in plain)
