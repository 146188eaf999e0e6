"""The templates as patterns: one compiled pattern for each, over the whole text, and how to find the right one.

Serial and check characters are printable ASCII, 0x21-0x7E: wider than GS1's set 82, so that no real code is refused
(a sample of API 1.21.1 §9.4 holds a backtick). What lies outside set 82 is remarked, see `marking.OUTSIDE_SET_82`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from lined.codes.marking import AISTR, ASYM_SHORT, GS, SHORT

# GS1 General Specifications, figure 7.11-1.
SET_82: Final = b"!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
PRINTABLE: Final = bytes(range(0x21, 0x7F))
MAX_SERIAL: Final = 20
GTIN_END: Final = 16  # 01 and 14 digits
SERIAL_AT: Final = 18  # ... and 21
TOBACCO_IDENT: Final = 21  # GTIN(14) and serial(7)
TOBACCO_FULL: Final = 29
MAX_IDENT: Final = SERIAL_AT + MAX_SERIAL

_HEAD: Final = "01([0-9]{14})21[!-~]{1,20}"
_Match = Callable[[str], re.Match[str] | None]


def _gs1(tail: str) -> _Match:
    return re.compile(_HEAD + tail).fullmatch


_SHORT: Final = _gs1(f"{GS}93(?:[!-~]{{4}}|[!-~]{{8}})")
GS1_BY_TAIL: Final[dict[int, tuple[str, _Match]]] = {
    0: ("", _gs1("")),
    1 + 2 + 4: (SHORT, _SHORT),
    1 + 2 + 8: (SHORT, _SHORT),
    1 + 2 + 4 + 1 + 2 + 44: (ASYM_SHORT, _gs1(f"{GS}91[!-~]{{4}}{GS}92[!-~]{{44}}")),
    1 + 2 + 4 + 1 + 2 + 88: (AISTR, _gs1(f"{GS}91[!-~]{{4}}{GS}92[!-~]{{88}}")),
}
"""Length of all from the first GS on (0: there is none) to the template and its pattern; group 1 is the GTIN."""

GS1_HEAD: Final = re.compile("01([0-9]{14})21")
TOBACCO_PATTERN: Final = re.compile("([0-9]{14})[!-~]{7}(?:[!-~]{8})?")
NO_PREFIX: Final = "0000000"  # behind the extension digit: GS1 gives no company prefix that begins so
SSCC_PATTERN: Final = re.compile(f"(?:00)?[0-9](?!{NO_PREFIX})[0-9]{{17}}")
SSCC_DIGITS: Final = re.compile("(?:00)?[0-9]{18}")
# "Aggregated customs code": 25 digits in every sample, template CUSTOM.
IMPORT_CODE: Final = re.compile("00[0-9]{23}")
# The human readable interpretation of GS1 General Specifications, 4.14.
PRINTED: Final = re.compile(
    r"\s*(?:\][A-Za-z][0-9A-Za-z])?\s*\((?:01\)\s*[0-9]{14}(?![0-9])|00\)\s*[0-9]{18}(?![0-9]))"
)
