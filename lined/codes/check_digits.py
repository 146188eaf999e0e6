"""Check digits of GTINs and SSCCs: weights 3, 1, 3, ... from the right, modulo 10 (GS1 General Specifications 7.9)."""

from __future__ import annotations

import re
from typing import Final

_DIGITS: Final = re.compile("[0-9]+")
_GTIN: Final = re.compile("[0-9]{14}|[0-9]{13}|[0-9]{12}|[0-9]{8}")
_GTINS_REMEMBERED: Final = 4096  # a line makes a handful of products; the bound only stops a flood of nonsense
_remembered: dict[str, bool] = {}


def mod10_holds(digits: str) -> bool:
    """Whether the last of `digits` is the check digit of the others. Only for ASCII digits, which is not checked."""
    values = digits.encode()
    # "0" is 48, and 48 * (3 + 1) = 192: each pair of digits adds 2 modulo 10, a single one 8.
    heavy, light = values[-2::-2], values[::-2]
    return (3 * (sum(heavy) - 48 * len(heavy)) + sum(light) - 48 * len(light)) % 10 == 0


def gtin_holds(gtin: str) -> bool:
    """Whether it may be a GTIN: its check digit is right, and it is not all zeros, which passes for right. Remembered,
    so that a running product costs one look-up.
    """
    holds = _remembered.get(gtin)
    if holds is None:
        if len(_remembered) >= _GTINS_REMEMBERED:
            _remembered.clear()
        holds = _remembered[gtin] = mod10_holds(gtin) and gtin.strip("0") != ""
    return holds


def check_digit(digits: str) -> str:
    """The digit to append to `digits` (7, 11, 12, 13 of a GTIN, 17 of an SSCC). Raises ValueError for non-digits."""
    if not _DIGITS.fullmatch(digits):
        raise ValueError(f"not digits: {digits!r}")
    return str(-sum(int(digit) * (1 if place % 2 else 3) for place, digit in enumerate(reversed(digits))) % 10)


def gtin_check_digit(digits: str) -> str:
    """The check digit of a GTIN given without it: 7, 11, 12 or 13 digits. Raises ValueError."""
    if len(digits) not in (7, 11, 12, 13):
        raise ValueError(f"a GTIN without its check digit has 7, 11, 12 or 13 digits, not {len(digits)}")
    return check_digit(digits)


def sscc_check_digit(digits: str) -> str:
    """The check digit of an SSCC given without 00 and check digit: 17 digits. Raises ValueError."""
    if len(digits) != 17:
        raise ValueError(f"an SSCC without its check digit has 17 digits, not {len(digits)}")
    return check_digit(digits)


def gtin_14(gtin: str) -> str:
    """A GTIN of 8, 12, 13 or 14 digits as the 14 in codes. Raises ValueError, for a wrong check digit too."""
    if not _GTIN.fullmatch(gtin):
        raise ValueError(f"a GTIN has 8, 12, 13 or 14 digits: {gtin!r}")
    if not mod10_holds(gtin):
        raise ValueError(f"wrong check digit of GTIN {gtin}: expected {check_digit(gtin[:-1])}")
    return gtin.zfill(14)


def sscc_20(sscc: str) -> str:
    """An SSCC of 18 digits, or 20 with its 00, as the 20 in codes. Raises ValueError, for a wrong check digit too."""
    if not _DIGITS.fullmatch(sscc) or not (len(sscc) == 18 or (len(sscc) == 20 and sscc.startswith("00"))):
        raise ValueError(f"an SSCC has 18 digits, or 20 beginning with 00: {sscc!r}")
    if not mod10_holds(sscc):
        raise ValueError(f"wrong check digit of SSCC {sscc}: expected {check_digit(sscc[:-1])}")
    return sscc.zfill(20)
