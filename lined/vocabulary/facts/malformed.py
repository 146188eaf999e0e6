"""Facts of texts that are no marking codes (`lined/codes`). No check part ever stands in one."""

from __future__ import annotations

from lined.vocabulary.facts.fact import FactCode
from lined.vocabulary.word import N_


class MalformedFact(FactCode):
    """`byte`, `character`: as hexadecimal numbers; `at`: the position, from 1; `n`: how many."""

    EMPTY = "malformed-empty", N_("empty")
    CHARACTERS = "malformed-characters", N_("%(n)s characters are more than any marking code has")
    BYTES = "malformed-bytes", N_("%(n)s bytes are more than any marking code has")
    SEVERAL_WAYS = "malformed-several-ways", N_("may be read in several ways: type it without parentheses")
    PRINTED = "malformed-printed", N_("printed text with parentheses that is no marking code")
    PRINTED_BY_READER = (
        "malformed-printed-by-reader",
        N_("printed text with parentheses instead of data: set the reader to raw data"),
    )
    BOTH = "malformed-both", N_("reads both as GS1 and as TOBACCO")
    NOT_ASCII = (
        "malformed-not-ascii",
        N_("not ASCII (byte 0x%(byte)s at position %(at)s): keyboard layout or code page of the scanner"),
    )
    STRANGE_CHARACTER = (
        "malformed-strange-character",
        N_("character 0x%(character)s at position %(at)s stands in no code"),
    )
    IMPORT_CODE = "malformed-import-code", N_("import code (template CUSTOM) has no place at a station")
    SSCC_PREFIX = "malformed-sscc-prefix", N_("no company has the prefix of SSCC %(sscc)s")
    SSCC_DIGIT = (
        "malformed-sscc-digit",
        N_("wrong check digit of SSCC %(sscc)s: expected %(expected)s"),
    )
    NO_TEMPLATE = "malformed-no-template", N_("fits no template (%(n)s characters)")
    NO_SERIAL = "malformed-no-serial", N_("no serial")
    SEPARATOR_OR_SERIAL = (
        "malformed-separator-or-serial",
        N_("separator lost, or a serial of %(n)s characters (1 to %(most)s)"),
    )
    SERIAL = "malformed-serial", N_("a serial of %(n)s characters (1 to %(most)s)")
    CHECK_PART = "malformed-check-part", N_("check part of %(n)s characters fits no template")
    GTIN_ZEROS = "malformed-gtin-zeros", N_("no product has a GTIN of zeros")
    GTIN_DIGIT = (
        "malformed-gtin-digit",
        N_("wrong check digit of GTIN %(gtin)s: expected %(expected)s"),
    )
    OTHER_TEMPLATE = "malformed-other-template", N_("%(template)s, the product has %(wanted)s")
    GS1_TEMPLATE = "malformed-gs1-template", N_("a GS1 code, the product has %(wanted)s")
    OTHER_SERIAL = (
        "malformed-other-serial",
        N_("a serial of %(n)s characters, the product has %(wanted)s"),
    )

    # of a code that is to go into a pool
    ESCAPED = "malformed-escaped", N_("looks escaped (%(text)s): ask for the codes as they are printed")
    SSCC_IN_POOL = "malformed-sscc-in-pool", N_("an SSCC: boxes and pallets are in no pool")
    OF_OTHER_GTIN = "malformed-of-other-gtin", N_("a code of %(gtin)s")
