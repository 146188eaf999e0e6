"""Marking codes made in bulk: what the regulator's issuing of codes would give, 65,000 in well under a second.

    GS1_AISTR_SHORT        01 GTIN 21 serial  GS 93 xxxx
    GS1_AISTR_ASYM_SHORT   01 GTIN 21 serial  GS 91 xxxx  GS 92 (44)
    GS1_AISTR              01 GTIN 21 serial  GS 91 xxxx  GS 92 (88)
    TOBACCO                GTIN serial(7) check(8), no separator

Check parts are random: no key of the regulator is public. The books remember each code's, so a wrong one is noticed.
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from lined.codes import AISTR, ASYM_SHORT, GS, SHORT, TOBACCO, check_digit, sscc
from lined.codes.templates import SET_82
from lined.sandbox.books import Connection, one
from lined.sandbox.rules import RECEIVED

BASE_64 = string.ascii_letters + string.digits + "+/"
SERIAL_MAX_CHARS = 20  # AI 21
TOBACCO_SERIAL_CHARS = 7
TOBACCO_IDENT_CHARS = 21
TOBACCO_CHARS = 29
ISSUE_MAX = 200_000  # codes of one request
_SERIAL_CHARS = SET_82.decode()
_ROUNDS = 20  # of making up for serials that were taken already
_SPACE_SHARE = 4  # ask for at most a quarter of the serials that exist

# Tails as (literal before, random characters, alphabet) parts.
_TAILS: dict[str, tuple[tuple[str, int, str], ...]] = {
    SHORT: ((GS + "93", 4, BASE_64),),
    ASYM_SHORT: ((GS + "91", 4, BASE_64), (GS + "92", 44, BASE_64)),
    AISTR: ((GS + "91", 4, BASE_64), (GS + "92", 88, BASE_64)),
    TOBACCO: (("", 8, BASE_64),),
}
TEMPLATES = tuple(_TAILS)


class Exhausted(Exception):
    """A product has no serials left."""


class Lot(NamedTuple):
    """What to issue: `size` codes of one product. `package` is UNIT, GROUP or SET."""

    gtin: str
    size: int
    template: str
    serial_length: int
    package: str
    owner: str
    source: str


def split(code: str) -> tuple[str, str]:
    """Split a code as it is sent into identification code and check part (with its separator).

    Without a separator it is a TOBACCO code if it has 29 characters and begins with a GTIN, else it has no check part.
    """
    ident, separator, rest = code.partition(GS)
    if separator:
        return ident, separator + rest
    if len(code) == TOBACCO_CHARS and has_check_digit(code[:14]) and not _is_gs1_ident(code):
        return code[:TOBACCO_IDENT_CHARS], code[TOBACCO_IDENT_CHARS:]
    return code, ""


def _is_gs1_ident(code: str) -> bool:
    return code[:2] == "01" and code[16:18] == "21" and has_check_digit(code[2:16])


def has_check_digit(digits: str) -> bool:
    """True for a GTIN or the 18 digits of an SSCC whose last digit is the check digit of the others."""
    return digits.isascii() and digits.isdigit() and len(digits) > 1 and check_digit(digits[:-1]) == digits[-1]


def ssccs(prefix: str, first: int, count: int) -> list[str]:
    """SSCCs as `00` + 18 digits; `prefix` is the extension digit with the company prefix. Raises ValueError."""
    return [sscc(prefix, number) for number in range(first, first + count)]


def make(lot: Lot, count: int, rng: Random) -> list[tuple[str, str]]:
    """`count` codes as (identification code, check part); repeats are possible where the serials are short."""
    return sign(lot, _random_words(rng, _SERIAL_CHARS, lot.serial_length, count), rng)


def sign(lot: Lot, serials: Sequence[str], rng: Random) -> list[tuple[str, str]]:
    """Codes with these serials as (identification code, check part)."""
    head = lot.gtin if lot.template == TOBACCO else f"01{lot.gtin}21"
    tails = [""] * len(serials)
    for literal, chars, alphabet in _TAILS[lot.template]:
        words = _random_words(rng, alphabet, chars, len(serials))
        tails = [tail + literal + word for tail, word in zip(tails, words, strict=True)]
    return [(head + serial, tail) for serial, tail in zip(serials, tails, strict=True)]


def _random_words(rng: Random, alphabet: str, chars: int, count: int) -> list[str]:
    text = "".join(rng.choices(alphabet, k=chars * count))
    return [text[start : start + chars] for start in range(0, chars * count, chars)]


def too_many(lot: Lot) -> bool:
    """True where the serials of that length would run out, or nearly."""
    serials: int = len(_SERIAL_CHARS) ** lot.serial_length
    return lot.size > serials // _SPACE_SHARE


def issue(connection: Connection, lot: Lot, rng: Random, at: float) -> list[str]:
    """Issue the lot into the books; the full codes, all new, in the order of their ids. The GTIN has a card already.

    Raises Exhausted where the product has hardly any serials left.
    """
    codes: list[str] = []
    for _ in range(_ROUNDS):
        codes += store(connection, lot, make(lot, lot.size - len(codes), rng), at)
        if len(codes) == lot.size:
            return codes
    raise Exhausted(f"{lot.gtin} has not enough serials of {lot.serial_length} characters left")


def store(connection: Connection, lot: Lot, made: list[tuple[str, str]], at: float) -> list[str]:
    """Bring codes into the books, leaving out those that are there; the full new ones."""
    before = one(connection, "SELECT coalesce(max(id), 0) FROM codes")
    connection.executemany(
        "INSERT OR IGNORE INTO codes (ident, tail, gtin, owner, template, package, status, issued_at, source)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (ident, tail, lot.gtin, lot.owner, lot.template, lot.package, RECEIVED, at, lot.source)
            for ident, tail in made
        ),
    )
    rows = connection.execute("SELECT ident || tail FROM codes WHERE id > ? ORDER BY id", (before,))
    return [code for (code,) in rows]
