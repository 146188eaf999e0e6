"""The marking code as a value, what a product fixes about it, and the error for a text that is none.

Templates: API 1.21.1 §13.14; the lengths inside a template are read from the samples of API 1.21.1 §9.4.

    GS1_AISTR_SHORT        01 GTIN(14) 21 serial(1-20) GS 93 check(4 or 8)
    GS1_AISTR_ASYM_SHORT   01 GTIN(14) 21 serial(1-20) GS 91 key(4) GS 92 check(44)
    GS1_AISTR              01 GTIN(14) 21 serial(1-20) GS 91 key(4) GS 92 check(88)
    TOBACCO                   GTIN(14)    serial(7)              check(8)            not GS1, no separator
    SSCC                   00 18 digits, the last a check digit
    CUSTOM                 anything, such as the 25 digits of an import code: no place at a station, never parsed
"""

from __future__ import annotations

from typing import Final, NamedTuple

from lined.vocabulary.facts import Fact

GS: Final = "\x1d"

SHORT: Final = "GS1_AISTR_SHORT"
ASYM_SHORT: Final = "GS1_AISTR_ASYM_SHORT"
AISTR: Final = "GS1_AISTR"
TOBACCO: Final = "TOBACCO"
SSCC: Final = "SSCC"
CUSTOM: Final = "CUSTOM"

GS1_TEMPLATES: Final = frozenset({SHORT, ASYM_SHORT, AISTR})
TEMPLATES: Final = frozenset({SHORT, ASYM_SHORT, AISTR, TOBACCO, SSCC})

# Remarks: bit flags about an accepted code, worth a warning about the device that read it.
OUTSIDE_SET_82: Final = 1
"""A character outside GS1's set 82: legal to us, but perhaps a mangled read."""
RESTORED_SEPARATOR: Final = 2
"""A separator was lost or spelled otherwise; the product's shape left exactly one reading."""
NO_FNC1: Final = 4
"""The AIM identifier says that the symbol of a GS1 code was printed without FNC1 in first position."""
LEADING_GS: Final = 8
"""The device sends FNC1 of the first position as a character; it was removed."""
SURPLUS_SEPARATOR: Final = 16
"""A separator behind the GTIN, doubled or at the end: what sends it is set up wrongly, and the code is certain."""
REMARKS: Final = {
    OUTSIDE_SET_82: "outside-set-82",
    RESTORED_SEPARATOR: "restored-separator",
    NO_FNC1: "no-fnc1",
    LEADING_GS: "leading-gs",
    SURPLUS_SEPARATOR: "surplus-separator",
}


class MarkingCode(NamedTuple):
    """One code, read. `full` is the marking code as the regulator knows it, GS included."""

    template: str
    """One of TEMPLATES; "" for the identification code alone of a GS1 code, which does not tell its template."""
    ident: str
    """Identification code: what makes a code the same or another. Up to the first GS; 21 characters of TOBACCO;
    an SSCC with its 00."""
    tail: str
    """The check part with its leading GS; "" where it was read without. A secret of the item: see `masked`."""
    gtin: str
    """14 digits; "" for an SSCC."""
    remarks: int
    """Bit flags, see above; 0 normally."""

    @property
    def full(self) -> str:
        """The whole code; equals `ident` where no check part was read."""
        return self.ident + self.tail


class Shape(NamedTuple):
    """What a product fixes about its codes; None: it does not."""

    template: str | None
    serial_length: int | None


class Malformed(ValueError):
    """Not a marking code that a station may take.

    `reason` is a fact that never holds a check part. `device_fault`: what a right set-up of the reader
    cannot send (bytes outside ASCII from a keyboard layout or code page, text with parentheses instead of data): it
    deserves an alarm naming the device.
    """

    def __init__(self, reason: Fact, *, device_fault: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.device_fault = device_fault
