"""The parser of marking codes: from the bytes of a read to a code.

Guarantees: bytes in, `MarkingCode` out, or `Malformed` and nothing else; nothing is trimmed, cut, padded or guessed;
two reads have the same `ident` exactly when they are the same code, whatever their check parts. No I/O, no clock.

What is silently removed: an AIM identifier (`]d2`), since it is the device's word about the symbol. What is removed or
put right with a remark: a GS where no code has one, separators (see `separators`).

Without a shape for its GTIN a code can only be taken as it stands. Then a full code whose separator was lost
(`01...21ABCDEFG93wxyz`) is indistinguishable from an identification code with a longer serial (up to 20 characters),
and is read as that: with an empty tail, which an apply station refuses. With a serial length it is told apart exactly.
18 digits with a right check digit are an SSCC without its 00, so 1 in 10 SSCCs cut by two digits reads as another one.
A text that reads both as GS1 and as TOBACCO is what the known product says, and Malformed where that does not decide.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from lined.codes.check_digits import check_digit, gtin_holds, mod10_holds
from lined.codes.marking import (
    GS,
    GS1_TEMPLATES,
    LEADING_GS,
    NO_FNC1,
    OUTSIDE_SET_82,
    RESTORED_SEPARATOR,
    SSCC,
    SURPLUS_SEPARATOR,
    TOBACCO,
    Malformed,
    MarkingCode,
    Shape,
)
from lined.codes.separators import STAND_IN, joined, restored, without_surplus
from lined.codes.templates import (
    GS1_BY_TAIL,
    GS1_HEAD,
    GTIN_END,
    IMPORT_CODE,
    MAX_SERIAL,
    PRINTABLE,
    PRINTED,
    SERIAL_AT,
    SET_82,
    SSCC_DIGITS,
    SSCC_PATTERN,
    TOBACCO_FULL,
    TOBACCO_IDENT,
    TOBACCO_PATTERN,
)
from lined.vocabulary.facts import Fact, MalformedFact

NOTHING_KNOWN: Final[Mapping[str, Shape]] = MappingProxyType({})
MAX_BYTES: Final = 256  # the longest code has 136, with identifier and stand-ins about 160

_ORDINARY: Final = SET_82 + GS.encode()
_TOBACCO_LENGTHS: Final = frozenset({TOBACCO_IDENT, TOBACCO_FULL})
_PREFIX: Final = re.compile(rf"(\][A-Za-z][0-9A-Za-z])?((?![0-9])(?:{GS}|{STAND_IN}))?".encode("latin-1"))
# ISO/IEC 15424: the identifiers that say "FNC1 in first position": DataMatrix, GS1-128, QR, DataBar, DotCode.
_FNC1_FIRST: Final = frozenset(b"]d2 ]d5 ]C1 ]Q3 ]Q4 ]e0 ]e1 ]e2 ]e3 ]J1 ]J4".split())


def parse(raw: bytes, shapes: Mapping[str, Shape] = NOTHING_KNOWN) -> MarkingCode:
    """The marking code in the payload of one read. Raises Malformed, nothing else.

    `shapes` by GTIN (14 digits): a code of a product named there must fit its shape, and only for such a product are
    lost or misspelled separators restored. An identification code alone is read too, with an empty `tail`.
    """
    received, remarks = raw, 0
    if not raw[:1].isdigit():
        raw, remarks = _without_prefix(raw)
    odd = raw.translate(None, _ORDINARY)
    if odd:
        if odd.translate(None, PRINTABLE):
            return _careful(received, shapes)
        remarks |= OUTSIDE_SET_82
    text = raw.decode("ascii")
    if text.startswith("01"):
        code = _gs1(text, remarks)
        if code is not None and not code.tail and len(text) in _TOBACCO_LENGTHS:
            code = None  # it may be TOBACCO as well
    elif len(text) in _TOBACCO_LENGTHS:
        code = _tobacco(text, remarks)
    else:
        code = _sscc(text, remarks)
    if code is not None:
        shape = shapes.get(code.gtin)
        if shape is None or _fits(code, shape):
            return code
    return _careful(received, shapes)


def identification(raw: bytes, shapes: Mapping[str, Shape] = NOTHING_KNOWN) -> str:
    """The identification code in `raw`, which may be full or have no check part. Raises Malformed."""
    return parse(raw, shapes).ident


def is_printed_form(text: str) -> bool:
    """Whether `text` is what is printed beside a symbol, for people: application identifiers in parentheses."""
    return PRINTED.match(text) is not None


def is_import_code(text: str) -> bool:
    """Whether `text` is the 25-digit import code (template CUSTOM), which begins like an SSCC. Stations refuse it."""
    return IMPORT_CODE.fullmatch(text) is not None


def _without_prefix(raw: bytes) -> tuple[bytes, int]:
    """`raw` without AIM identifier and FNC1 sent as a character, and the remarks about that."""
    match = _PREFIX.match(raw)
    if match is None:
        return raw, 0
    remarks = LEADING_GS if match[2] else 0
    if match[1] and match[1] not in _FNC1_FIRST:
        remarks |= NO_FNC1
    return raw[match.end() :], remarks


def _gs1(text: str, remarks: int) -> MarkingCode | None:
    head = text.partition(GS)[0]
    at = len(head)
    layout = GS1_BY_TAIL.get(len(text) - at)
    if layout is None:
        return None
    match = layout[1](text)
    if match is None:
        return None
    gtin = match[1]
    return MarkingCode(layout[0], head, text[at:], gtin, remarks) if gtin_holds(gtin) else None


def _tobacco(text: str, remarks: int) -> MarkingCode | None:
    match = TOBACCO_PATTERN.fullmatch(text)
    if match is None:
        return None
    gtin = match[1]
    if not gtin_holds(gtin):
        return None
    return MarkingCode(TOBACCO, text[:TOBACCO_IDENT], text[TOBACCO_IDENT:], gtin, remarks & ~NO_FNC1)


def _sscc(text: str, remarks: int) -> MarkingCode | None:
    if not SSCC_PATTERN.fullmatch(text) or not mod10_holds(text):
        return None
    if len(text) == 18:
        return MarkingCode(SSCC, "00" + text, "", "", remarks & ~NO_FNC1)
    return MarkingCode(SSCC, text, "", "", remarks)


def _fits(code: MarkingCode, shape: Shape) -> bool:
    template, serial_length = shape
    if template is not None and code.template != template and (code.template or template not in GS1_TEMPLATES):
        return False
    return serial_length is None or _serial_length(code) == serial_length


def _serial_length(code: MarkingCode) -> int:
    return TOBACCO_IDENT - 14 if code.template == TOBACCO else len(code.ident) - SERIAL_AT


def _careful(received: bytes, shapes: Mapping[str, Shape]) -> MarkingCode:
    """The slow way, through all readings of a text: those of known products first, and only if one is left."""
    if len(received) > MAX_BYTES:
        raise _malformed(received, Fact(MalformedFact.BYTES, n=len(received)))
    raw, remarks = _without_prefix(received)
    text = without_surplus(raw.decode("latin-1"))
    if len(text) < len(raw):
        remarks |= SURPLUS_SEPARATOR
    readings = [code for code in (_gs1(text, remarks), _tobacco(text, remarks), _sscc(text, remarks)) if code]
    known = [code for code in readings if code.gtin in shapes and _fits(code, shapes[code.gtin])]
    for code in _repaired(text, remarks, shapes):
        if all(code.full != other.full for other in known):
            known.append(code)
    candidates = known or [code for code in readings if code.gtin not in shapes]
    if len(candidates) > 1:
        raise _malformed(received, Fact(MalformedFact.BOTH))
    if not candidates:
        raise _malformed(received, _diagnosis(text, shapes))
    code = candidates[0]
    if code.full.encode("latin-1").translate(None, _ORDINARY):
        code = code._replace(remarks=code.remarks | OUTSIDE_SET_82)
    return code


def _malformed(received: bytes, reason: Fact) -> Malformed:
    device_fault = not received.isascii() or is_printed_form(received.decode("latin-1"))
    return Malformed(reason, device_fault=device_fault)


def _repaired(text: str, remarks: int, shapes: Mapping[str, Shape]) -> list[MarkingCode]:
    """The code with its separators restored, if the product is known and makes that certain; else nothing."""
    text = joined(text)
    head = GS1_HEAD.match(text)
    if head is None or not gtin_holds(head[1]):
        return []
    shape = shapes.get(head[1])
    reading = restored(text, shape) if shape else None
    if reading is None:
        return []
    return [MarkingCode(*reading, head[1], remarks | RESTORED_SEPARATOR)]


def _diagnosis(text: str, shapes: Mapping[str, Shape]) -> Fact:
    """Why `text` is no marking code, most telling reason first."""
    if not text:
        return Fact(MalformedFact.EMPTY)
    for at, character in enumerate(text):
        if character > "~" and character != "\x7f":
            return Fact(MalformedFact.NOT_ASCII, byte=f"{ord(character):02X}", at=at + 1)
    for at, character in enumerate(text):
        if (character < "!" and character != GS) or character == "\x7f":
            return Fact(MalformedFact.STRANGE_CHARACTER, character=f"{ord(character):02X}", at=at + 1)
    if is_printed_form(text):
        return Fact(MalformedFact.PRINTED_BY_READER)
    if is_import_code(text):
        return Fact(MalformedFact.IMPORT_CODE)
    if GS1_HEAD.match(text):
        return _gs1_diagnosis(text, shapes)
    if SSCC_DIGITS.fullmatch(text):
        if mod10_holds(text):
            return Fact(MalformedFact.SSCC_PREFIX, sscc=text)
        return Fact(MalformedFact.SSCC_DIGIT, sscc=text, expected=check_digit(text[:-1]))
    if TOBACCO_PATTERN.fullmatch(text):
        if gtin_holds(text[:14]):
            return _misfit(TOBACCO, TOBACCO_IDENT - 14, shapes[text[:14]])
        return _wrong_gtin(text[:14])
    return Fact(MalformedFact.NO_TEMPLATE, n=len(text))


def _gs1_diagnosis(text: str, shapes: Mapping[str, Shape]) -> Fact:
    gtin = text[2:GTIN_END]
    if not gtin_holds(gtin):
        return _wrong_gtin(gtin)
    code = _gs1(text, 0)
    if code is not None:
        return _misfit(code.template, _serial_length(code), shapes[gtin])
    head, separator, tail = text.partition(GS)
    serial_length = len(head) - SERIAL_AT
    if not serial_length:
        return Fact(MalformedFact.NO_SERIAL)
    if serial_length > MAX_SERIAL and not separator:
        return Fact(MalformedFact.SEPARATOR_OR_SERIAL, n=serial_length, most=MAX_SERIAL)
    if serial_length > MAX_SERIAL:
        return Fact(MalformedFact.SERIAL, n=serial_length, most=MAX_SERIAL)
    return Fact(MalformedFact.CHECK_PART, n=len(tail))


def _wrong_gtin(gtin: str) -> Fact:
    if not int(gtin):
        return Fact(MalformedFact.GTIN_ZEROS)
    return Fact(MalformedFact.GTIN_DIGIT, gtin=gtin, expected=check_digit(gtin[:13]))


def _misfit(template: str, serial_length: int, shape: Shape) -> Fact:
    possible = {template} if template else GS1_TEMPLATES
    if shape.template is not None and shape.template not in possible:
        if not template:
            return Fact(MalformedFact.GS1_TEMPLATE, wanted=shape.template)
        return Fact(MalformedFact.OTHER_TEMPLATE, template=template, wanted=shape.template)
    return Fact(MalformedFact.OTHER_SERIAL, n=serial_length, wanted=str(shape.serial_length))
