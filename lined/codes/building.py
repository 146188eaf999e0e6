"""The builder of marking codes from their fields: the reverse of `reading`, for SSCCs that lined issues and for the
sandbox.
"""

from __future__ import annotations

import re
from typing import Final

from lined.codes.check_digits import gtin_14, sscc_check_digit
from lined.codes.marking import AISTR, ASYM_SHORT, GS, SHORT, TOBACCO
from lined.codes.templates import MAX_SERIAL, NO_PREFIX

_PRINTABLE: Final = re.compile("[!-~]*")
# template: lengths of the serial (None: 1-20), the key, the check part
_LENGTHS: Final[dict[str, tuple[int | None, int, tuple[int, ...]]]] = {
    SHORT: (None, 0, (4, 8)),
    ASYM_SHORT: (None, 4, (44,)),
    AISTR: (None, 4, (88,)),
    TOBACCO: (7, 0, (8,)),
}


def build(template: str, gtin: str, serial: str, *, check: str = "", key: str = "") -> str:
    """The full marking code; its identification code where `check` is empty. Never pads or cuts a serial.

    `gtin` of 8, 12, 13 or 14 digits; `key` for the templates with 91 only. Raises ValueError for whatever does not fit
    the template, a wrong check digit included. The text is ASCII; encoded, it is what goes into the symbol after FNC1.
    """
    lengths = _LENGTHS.get(template)
    if lengths is None:
        raise ValueError(f"cannot build template {template!r}")
    gtin = gtin_14(gtin)
    _require(serial, "serial", range(1, MAX_SERIAL + 1) if lengths[0] is None else (lengths[0],))
    ident = f"{gtin}{serial}" if template == TOBACCO else f"01{gtin}21{serial}"
    if not check:
        _require(key, "key without check part", (0,))
        return ident
    _require(key, "key", (lengths[1],))
    _require(check, "check part", lengths[2])
    if template == TOBACCO:
        return ident + check
    return f"{ident}{GS}91{key}{GS}92{check}" if key else f"{ident}{GS}93{check}"


def sscc(prefix: str, number: int) -> str:
    """The SSCC, 20 digits with 00, of the given number under `prefix` (extension digit and company prefix).

    The number takes the places that the prefix leaves of 17. Raises ValueError where it does not fit.
    """
    places = 17 - len(prefix)
    if not re.fullmatch("[0-9]{1,16}", prefix):
        raise ValueError(f"an SSCC prefix has 1 to 16 digits: {prefix!r}")
    if not 0 <= number < 10**places:
        raise ValueError(f"number {number} does not fit {places} digits")
    digits = f"{prefix}{number:0{places}d}"
    if digits[1:8] == NO_PREFIX:
        raise ValueError(f"no company has the prefix of {digits}")
    return f"00{digits}{sscc_check_digit(digits)}"


def _require(value: str, name: str, lengths: range | tuple[int, ...]) -> None:
    if len(value) not in lengths:
        raise ValueError(f"{name} of {len(value)} characters")
    if not _PRINTABLE.fullmatch(value):
        raise ValueError(f"{name} with characters outside 0x21-0x7E")
