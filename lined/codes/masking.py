"""The masking of captured bytes: check parts become others of the same length and the same kinds of characters.

Guarantees: no byte moves, so that framing, lengths and separators stay as they are; letters stay letters of their
case, digits digits; the same check part becomes the same one everywhere under one key, so that a code read twice stays
the same code. Errs on the side of hiding: what may be a check part is one. Without the key nothing leads back but the
kinds of characters.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from lined.codes.marking import GS, TOBACCO, Malformed, Shape
from lined.codes.reading import NOTHING_KNOWN, is_printed_form, parse
from lined.codes.separators import STAND_IN, masked, parts_in

KEY_CHARACTERS: Final = 2
_SEPARATOR: Final = f"(?:{GS}|{STAND_IN})"
# In bytes that no driver took for a code, such as half a frame: keys behind separators, and behind an item's head.
_STRAY: Final = tuple(
    re.compile(pattern.encode("latin-1"))
    for pattern in (
        rf"{_SEPARATOR}93([!-~]{{4,8}})",
        rf"{_SEPARATOR}91([!-~]{{4}}){_SEPARATOR}?(?:92([!-~]{{4,88}}))?",
        rf"{_SEPARATOR}92([!-~]{{4,88}})",
        r"01[0-9]{14}21[!-~]{1,20}?(?:93|91[!-~]{4}92)([!-~]{4,88})",
    )
)
# ... and of TOBACCO, which has no keys: whatever may be one, but for the head of a GS1 code.
_STRAY_TOBACCO: Final = re.compile(
    rb"(?:\][A-Za-z][0-9A-Za-z]|(?<![0-9])(?<!\][A-Za-z]))(?!01[0-9]{14}21)[0-9]{14}[!-~]{7}([!-~]{8})"
)
_KEYED: Final = re.compile(rf"{_SEPARATOR}?9[1-3]|{_SEPARATOR}".encode("latin-1"))
_SECOND: Final = re.compile(rf"{_SEPARATOR}?92".encode("latin-1"))
# What may be shown of a text that is no code: one that begins with a GTIN, or is a number.
_SHOWN: Final = re.compile(
    rf"((?:\][A-Za-z][0-9A-Za-z])?{_SEPARATOR}?)([0-9]{{14}}|[0-9]{{0,25}}\Z)?".encode("latin-1")
)
_UNKNOWN: Final = re.compile(b"\0+")
_XML: Final = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"))


class Masking:
    """`key`: random bytes of one capture, kept nowhere."""

    def __init__(self, key: bytes, shapes: Mapping[str, Shape] = NOTHING_KNOWN) -> None:
        self._key = key
        self._shapes = shapes

    def code(self, raw: bytes) -> bytes:
        """The bytes of a code with another check part, of the same length."""
        out = bytearray(raw)
        for begin, end in self._hidden(raw):
            out[begin:end] = self._other(raw[begin:end])
        return bytes(out)

    def stream(self, stream: bytes, codes: Iterable[bytes]) -> bytes:
        """The bytes of a connection, of the same length. `codes`: those in it, in order, as its driver reads them;
        they may stand in it as base64, in JSON or in XML.
        """
        out, known, at = bytearray(stream), bytearray(len(stream)), 0
        for raw in codes:
            other = self.code(raw)
            for spelled in _FORMS:
                there = spelled(raw)
                begin = stream.find(there, at)
                if begin >= 0:
                    out[begin : begin + len(there)] = spelled(other)
                    known[begin : begin + len(there)] = b"\1" * len(there)
                    at = begin + len(there)
                    break
        for begin, end in _stray(stream, *_STRAY, _STRAY_TOBACCO):
            if not all(known[begin - 1 : begin + 1]):  # else it is a code's own, and what follows is its frame's
                for part in _UNKNOWN.finditer(known, begin, end):
                    out[part.start() : part.end()] = self._other(stream[part.start() : part.end()])
        return bytes(out)

    def _hidden(self, raw: bytes) -> Iterator[tuple[int, int]]:
        """Where the values of check parts stand."""
        try:
            code = parse(raw, self._shapes)
        except Malformed:
            code = None
        if code is not None and code.tail:
            for begin, end in parts_in(raw, code.tail):
                yield begin if code.template == TOBACCO else begin + KEY_CHARACTERS, end
            return
        shown = _SHOWN.match(raw)
        if code is None and shown is not None and shown[2] is None and not is_printed_form(raw.decode("latin-1")):
            yield shown.end(), len(raw)  # such as the rest of a code: nobody can tell where its check part begins
            return
        hidden = masked(raw.decode("latin-1"))
        begin = len(hidden.rstrip("*␝"))
        key = _KEYED.match(raw, begin)
        begin = key.end() if key is not None else begin
        second = _SECOND.match(raw, begin + 4) if key is not None and key[0].endswith(b"91") else None
        if second is not None:
            yield begin, second.start()
            begin = second.end()
        yield begin, len(raw)
        yield from ((start, end) for start, end in _stray(raw, *_STRAY) if end <= begin)

    def _other(self, value: bytes) -> bytes:
        try:
            text = value.decode("utf-8")
        except UnicodeDecodeError:
            text = ""
        if not text.isascii():
            return "".join(
                self._sign(*pair) for pair in zip(text, self._digest(value, len(text)), strict=True)
            ).encode()
        return bytes(map(_byte, value, self._digest(value, len(value))))

    def _sign(self, sign: str, chance: int) -> str:
        if "а" <= sign <= "я":
            return chr(ord("а") + chance % 32)
        if "А" <= sign <= "Я":
            return chr(ord("А") + chance % 32)
        return chr(_byte(ord(sign), chance)) if sign.isascii() else sign

    def _digest(self, value: bytes, length: int) -> bytes:
        return hashlib.shake_256(len(self._key).to_bytes(4, "big") + self._key + value).digest(length)


def _byte(byte: int, chance: int) -> int:
    """Another of its kind; what is neither letter nor digit stays."""
    for first, last in ((0x30, 0x39), (0x41, 0x5A), (0x61, 0x7A), (0xC0, 0xDF), (0xE0, 0xFF)):
        if first <= byte <= last:
            return first + chance % (last - first + 1)
    return byte


def _stray(raw: bytes, *patterns: re.Pattern[bytes]) -> Iterator[tuple[int, int]]:
    for pattern in patterns:
        for found in pattern.finditer(raw):
            yield from (span for span in found.regs[1:] if span[0] >= 0)


def _in_json(raw: bytes) -> bytes:
    return json.dumps(raw.decode("latin-1"))[1:-1].encode()


def _in_xml(separator: str) -> Callable[[bytes], bytes]:
    def spelled(raw: bytes) -> bytes:
        text = raw.decode("latin-1")
        for sign, name in _XML:
            text = text.replace(sign, name)
        return text.replace(GS, separator).encode("latin-1")

    return spelled


_FORMS: Final[tuple[Callable[[bytes], bytes], ...]] = (
    bytes,
    base64.b64encode,
    _in_json,
    *(_in_xml(separator) for separator in (GS, "&#29;", "&#x1d;", "&#x1D;")),
)
"""How the bytes of a code may stand in a frame."""
