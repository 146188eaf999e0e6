"""Separators that scanners lose or spell otherwise, and texts without them.

Guarantee: a separator is put back only where one reading is possible. Without a serial length that cannot be known for
the first separator (`...21ABC93wxyz` may be the serial ABC with a check part, or the serial ABC93wxyz without; what
looks like a stand-in may be part of a serial), so nothing is put back then. The second separator stands behind a key of
four characters, so it may also be put back where the product fixes its template and the first separator is genuine.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from lined.codes.marking import AISTR, ASYM_SHORT, GS, SHORT, Shape
from lined.codes.templates import GS1_HEAD, GTIN_END, MAX_IDENT, SERIAL_AT, TOBACCO_IDENT

# What devices and programs write for FNC1 when they do not write 0x1D. As characters of ISO 8859-1, one for each byte:
# names in brackets, escapes as text, caret notation, a bar, codeword 232 of FNC1 as a byte or as UTF-8, U+241D, and
# U+2194, which is how code page 437 shows it.
_STRANGE: Final = (
    r"[<{\[](?:[Gg][Ss]|[Ff][Nn][Cc]1|(?:0[Xx])?1[Dd]|0?29)[>}\]]"
    r"|\\[Xx](?:00)?1[Dd]|\\[Uu]001[Dd]|\\0?35|\\[Dd]?029|\^\]|\||~1|~[Dd]?029"
    r"|\xc3\xa8|\xe8|\xe2\x90\x9d|\xe2\x86\x94"
)
# The same in characters of which serials are made: Excel, HTML and XML, a printer's ^FH, an address, quoted-printable.
_LIKE_SERIALS: Final = r"_[Xx]001[Dd]_|&\#0*29;|&\#[Xx]0*1[Dd];|_1[Dd]?|%1[Dd]|=1[Dd]|0[Xx]1[Dd]"
STAND_IN: Final = f"{_STRANGE}|{_LIKE_SERIALS}"
_SEPARATOR: Final = f"(?:(?=9)|{GS}|{STAND_IN})"  # lost, mostly; no stand-in begins with 9
_LOOSE_TAIL: Final = re.compile(
    f"{_SEPARATOR}93(?P<short>[!-~]{{8}}|[!-~]{{4}})"
    f"|{_SEPARATOR}91(?P<key>[!-~]{{4}}){_SEPARATOR}92(?P<check>[!-~]{{88}}|[!-~]{{44}})"
)
_STAND_IN: Final = re.compile(STAND_IN)
_SERIAL: Final = re.compile("[!-~]{1,20}")
_ENDS_LIKE_A_CHECK_PART: Final = re.compile(
    rf"[!-~]+?(?:{STAND_IN})?(?:93(?:[!-~]{{8}}|[!-~]{{4}})|91[!-~]{{4}}(?:{STAND_IN})?92[!-~]{{44,88}})"
)
_BROKEN_HEAD: Final = re.compile(f"(01[0-9]{{14}})(?:{STAND_IN})(?=21)")
_SURPLUS: Final = re.compile(f"^(01[0-9]{{14}}){GS}+(?=21)|{GS}+$|(?<={GS}){GS}+")
_SPELLED_OUT: Final = re.compile(f"{GS}|\u241d|\\\\x1d|\\\\u001d", re.IGNORECASE)
_PREFIX: Final = re.compile(rf"(?:\][A-Za-z][0-9A-Za-z])?(?:{GS}|{STAND_IN})?")
_CHECK_PART: Final = re.compile(
    rf"{GS}|{_STRANGE}|(?:{_LIKE_SERIALS})(?=9[1-3])|␝|93(?:[!-~]{{8}}|[!-~]{{4}})\Z|91[!-~]{{4}}.{{0,8}}92[!-~]{{44,88}}\Z",
    re.DOTALL,
)
_DIGITS_SHOWN: Final = 25  # SSCCs and import codes have no check part


class Restored(NamedTuple):
    """A text put in order: `ident + tail` is the full code, every separator a GS."""

    template: str
    ident: str
    tail: str


def may_have_lost_its_separator(ident: str) -> bool:
    """Whether the serial of a GS1 identification code ends like a check part. By chance one in 3,400 does."""
    return GS1_HEAD.match(ident) is not None and _ENDS_LIKE_A_CHECK_PART.fullmatch(ident, SERIAL_AT) is not None


def without_surplus(text: str) -> str:
    """`text` without the GS that stand where no code has one: behind the GTIN, doubled, or at the end."""
    return _SURPLUS.sub(lambda found: found[1] or "", text) if GS in text else text


def joined(text: str) -> str:
    """`text` without what stands for a separator between GTIN and `21`."""
    broken = None if text.startswith("21", GTIN_END) else _BROKEN_HEAD.match(text)
    return broken[1] + text[broken.end() :] if broken else text


def restored(text: str, shape: Shape) -> Restored | None:
    """The one reading of a GS1 text (`01`, 14 digits, `21`, ...) with damaged separators; None: none is certain.

    `text` holds one character a byte. Never changes a serial or check character.
    """
    serial_length = shape.serial_length
    if serial_length is None:
        if shape.template is None or GS not in text:
            return None
        serial_length = text.index(GS) - SERIAL_AT
    tail_at = SERIAL_AT + serial_length
    match = _LOOSE_TAIL.fullmatch(text, tail_at)
    if match is None or not _SERIAL.fullmatch(text, SERIAL_AT, tail_at):
        return None
    if match["short"]:
        template, tail = SHORT, f"{GS}93{match['short']}"
    else:
        template = ASYM_SHORT if len(match["check"]) == 44 else AISTR
        tail = f"{GS}91{match['key']}{GS}92{match['check']}"
    if shape.template not in (None, template):
        return None
    return Restored(template, text[:tail_at], tail)


def spellings(raw: bytes, ident: str, tail: str) -> list[str]:
    """How each separator of a code stands in the bytes it was read from, in order: a GS, a stand-in, or nothing where
    it was lost. `?` for what is none of these. `ident`, `tail`: as read, of a GS1 code.
    """
    text = raw.decode("latin-1")
    ends = text.rfind(ident[GTIN_END:], 0, places[0][0] if (places := parts_in(raw, tail)) else None)
    ends += len(ident) - GTIN_END
    found = []
    for begins, end in places:
        between = text[ends:begins]
        found.append(between if not between or between == GS or _STAND_IN.fullmatch(between) else "?")
        ends = end
    return found


def parts_in(raw: bytes, tail: str) -> list[tuple[int, int]]:
    """Where the parts of a check part stand in the bytes it was read from, in order, each with its key (`93`, or `91`
    and `92`) and without its separator. `tail`: as read, not empty.
    """
    text = raw.decode("latin-1")
    begins = len(text)
    found: list[tuple[int, int]] = []
    for part in reversed(tail.lstrip(GS).split(GS)):
        begins = text.rfind(part, 0, begins)
        found.insert(0, (begins, begins + len(part)))
    return found


def without_separators(text: str) -> str:
    r"""`text` without GS in any form that answers show it in (also U+241D and a doubly escaped `\u001d`).

    For comparing only: the content of a registered document comes back with its GS gone, so both sides are stripped.
    """
    return _SPELLED_OUT.sub("", text)


def masked(text: str) -> str:
    """`text` for logs, of the same length: characters of a check part as `*`, each GS as `␝`, all of it printable.

    Errs on the side of hiding: an identification code that ends like a check part (`93` and 4 or 8 characters) is
    masked there too, and a text that is neither GS1 nor digits is taken for TOBACCO.
    """
    prefix = _PREFIX.match(text)
    start = prefix.end() if prefix else 0
    body = text[start:]
    if body.isdigit() and len(body) <= _DIGITS_SHOWN:
        end = len(text)
    else:
        hidden = _CHECK_PART.search(body, SERIAL_AT if GS1_HEAD.match(body) else GTIN_END - 2)
        longest = MAX_IDENT if GS1_HEAD.match(body) else TOBACCO_IDENT
        end = start + min(longest, hidden.start() if hidden else longest)
    return "".join(map(_picture, text[:end])) + "".join("*" if each != GS else _picture(GS) for each in text[end:])


def _picture(character: str) -> str:
    if character.isprintable():
        return character
    return chr(0x2400 + ord(character)) if character < " " else "\ufffd"
