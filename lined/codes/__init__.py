r"""Marking codes: what scanners send, what the regulator knows.

This room knows templates, check digits and what devices do to codes. It must not know products, stations, the journal
or the regulator's API: a caller gives it bytes and what a product fixes (`Shape`), and decides about the rest.

    code = parse(b"0104899215122371" b"21UGM6BL+d+aHQw\x1d93vuzv")
    code.template   "GS1_AISTR_SHORT"
    code.ident      "010489921512237121UGM6BL+d+aHQw"   the same ident is the same code
    code.tail       "\x1d93vuzv"
    code.gtin       "04899215122371"
"""

from lined.codes.building import build, sscc
from lined.codes.check_digits import check_digit, gtin_14, gtin_check_digit, sscc_20, sscc_check_digit
from lined.codes.marking import (
    AISTR,
    ASYM_SHORT,
    CUSTOM,
    GS,
    GS1_TEMPLATES,
    LEADING_GS,
    NO_FNC1,
    OUTSIDE_SET_82,
    REMARKS,
    RESTORED_SEPARATOR,
    SHORT,
    SSCC,
    SURPLUS_SEPARATOR,
    TEMPLATES,
    TOBACCO,
    Malformed,
    MarkingCode,
    Shape,
)
from lined.codes.reading import identification, is_import_code, is_printed_form, parse
from lined.codes.separators import masked, may_have_lost_its_separator, parts_in, spellings, without_separators
from lined.codes.texts import parse_text, typed

__all__ = [
    "AISTR",
    "ASYM_SHORT",
    "CUSTOM",
    "GS",
    "GS1_TEMPLATES",
    "LEADING_GS",
    "NO_FNC1",
    "OUTSIDE_SET_82",
    "REMARKS",
    "RESTORED_SEPARATOR",
    "SHORT",
    "SSCC",
    "SURPLUS_SEPARATOR",
    "TEMPLATES",
    "TOBACCO",
    "Malformed",
    "MarkingCode",
    "Shape",
    "build",
    "check_digit",
    "gtin_14",
    "gtin_check_digit",
    "identification",
    "is_import_code",
    "is_printed_form",
    "masked",
    "may_have_lost_its_separator",
    "parse",
    "parse_text",
    "parts_in",
    "spellings",
    "sscc",
    "sscc_20",
    "sscc_check_digit",
    "typed",
    "without_separators",
]
