"""The regulator's dictionaries and limits, read from the text itself (docs/regulator.md), so that the sandbox does
not repeat a mistake of the code it tests: nothing here comes from lined's own contract profile.
"""

from __future__ import annotations

PRODUCT_GROUPS = {  # API 1.21.1 §13.1: alias -> id
    "tobacco": 3,
    "pharma": 7,
    "medicals": 10,
    "alcohol": 11,
    "water": 13,
    "beer": 15,
    "bio": 17,
    "appliances": 18,
    "antiseptic": 19,
    "vegetableoil": 33,
    "fertilizers": 53,
}
GROUPS_WITHOUT_DATES = frozenset({"appliances"})  # API 1.18.2 §5.1.1: "Yes, except for … Household Appliances"
GROUPS_WITH_SERIES = frozenset({"pharma"})  # API 1.21.1 §5.1.1
SERIES_MAX_CHARS = 20  # API 1.21.1 §5.1.1: "from 1 to 20 characters"

PACKAGE_TYPES = frozenset({"UNIT", "GROUP", "SET", "BOX_LV_1", "BOX_LV_2"})  # API 1.21.1 §13.13
DIRECT_CHILDREN = {"GROUP": 200, "BOX_LV_1": 1_000, "BOX_LV_2": 500}  # API 1.21.1 §1.4: "first level"
CHILD_TYPES = {  # what may lie directly in what; a box of boxes is the next level
    "GROUP": frozenset({"UNIT"}),
    "BOX_LV_1": frozenset({"UNIT", "GROUP", "SET"}),
    "BOX_LV_2": frozenset({"BOX_LV_1"}),
}
PRINT_CLASSES = frozenset({"A", "B", "C", "D", "F"})  # API 1.21.1 §13.26

RELEASE_TYPES = frozenset({"PRODUCTION", "IMPORT", "CIRCULATION"})  # API 1.21.1 §13.3
RELEASE_METHODS = frozenset({"PRIMARY", "REMAINS", "COMISSION", "REMARK"})  # API 1.21.1 §13.2, spelled as there
SERIAL_TYPES = frozenset({"OPERATOR", "SELF_MADE"})  # API 1.21.1 §13.4
_COUNTRIES = """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
    CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET EU FI FJ FK FM
    FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT
    JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN
    MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT
    PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL
    TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""  # API 1.21.1 §13.28
COUNTRIES = frozenset(_COUNTRIES.split())

RECEIVED, APPLIED, INTRODUCED = "RECEIVED", "APPLIED", "INTRODUCED"  # API 1.21.1 §13.15
CODE_STATUSES = (RECEIVED, APPLIED, INTRODUCED, "WITHDRAWN", "WRITTEN_OFF")
STATUS_AFTER_UTILISATION = {"PRODUCTION": INTRODUCED, "CIRCULATION": INTRODUCED, "IMPORT": APPLIED}

CREATED, VALIDATING, IN_PROCESS = "CREATED", "VALIDATING", "IN_PROCESS"  # API 1.21.1 §13.8
SUCCESS, PARTIAL, ERROR = "SUCCESS", "PARTIALLY_PROCESSED", "ERROR"
DOCUMENT_STATUSES = frozenset({CREATED, VALIDATING, IN_PROCESS, SUCCESS, PARTIAL, ERROR})

WARNINGS = ("EMPTY_PACKAGE_COMPOSITION", "EXTENDED_STATUS_EXISTS")  # API 1.21.1 §11.6.2: processed, with a remark

UTILISATION, VALIDATION, AGGREGATION, ORDER = "UTILISATION", "VALIDATION", "AGGREGATION", "ORDER"
# API 1.21.1 §13.12 has no word for these two, so a search by `types` cannot ask for them; a document shows these.
CORRECTION, DISAGGREGATION = "CODE_CORRECTION", "TRANSPORT_CODE_DISAGGREGATION"
TRANSFER_REQUEST, TRANSFER_CONFIRMATION = "TRANSFER_REQUEST", "TRANSFER_CONFIRMATION"  # no words for these either
CUSTOMS_CODE_REGISTRATION = "CUSTOMS_CODE_REGISTRATION"  # sample of API 1.21.1 §9.2.2
CUSTOMS_CODE_WITHDRAWAL = "CUSTOMS_CODE_WITHDRAWAL"  # no word for it
SEARCHABLE_TYPES = frozenset({
    "WITHDRAWAL", "SALES_RECEIPT", "REFUND_RECEIPT", AGGREGATION, UTILISATION, "IMPORT", VALIDATION, "TYPOGRAPHIC",
    ORDER, "ORIGINAL_INVOICE", "ADDITIONAL_INVOICE", "CORRECTED_INVOICE", "CANCELLED_INVOICE",
})  # fmt: skip

ORDER_PRODUCTS = 10  # API 1.21.1 §1.4: sub-orders in one order
ORDER_CODES = 150_000  # API 1.21.1 §1.4: codes in one sub-order
ACTIVE_ORDERS = 100  # API 1.21.1 §1.4
ORDER_LIFE_S = 7 * 86_400.0  # API 1.21.1 §1.4: "After 7 days, regardless of whether all codes have been received"
OWNER_QUESTION_MAX = 100  # API 1.21.1 §1.4: codes in one question for their owner
OWNER_QUESTIONS_PER_S = 10  # API 1.21.1 §1.4
PARTICIPANT_QUESTIONS_PER_H = 10_000  # API 1.21.1 §1.4
TRANSFERS_PAGE = 10  # API 1.21.1 §1.4
PRODUCTS_PAGE = 20  # API 1.21.1 §10.2.1
LIST_MAX_BYTES = 1_000_000  # API 1.21.1 §1.4: size of a file with a list of codes
LIST_LIFE_S = 3_600.0  # API 1.21.1 §1.4
CODE_QUESTION_MAX = 1_000  # API 1.21.1 §1.4: marking codes in one request
CODE_MIN_CHARS = 20  # API 1.21.1 §1.4
SEARCH_PAGE = 100  # API 1.21.1 §1.4: documents in an answer
CODES_PAGE = 30_000  # API 1.21.1 §1.4: codes in an answer by default

# The API reports' bodies are read whole; 30,000 of the longest codes in base64 are about 6 MB.
BODY_MAX_BYTES = 32 * 1024 * 1024


TRANSFER_GROUPS = frozenset({"pharma", "medicals"})  # API 1.21.1 §6
CONFIRMATIONS = frozenset({"AWAITING_CONFIRMATION", "REVOKED", "CONFIRMED", "REJECTED"})  # API 1.21.1 §13.10
RESOLUTIONS = frozenset({"CONFIRMED", "REJECTED"})  # API 1.21.1 §13.11
ADDITIONAL_UNITS = frozenset({796, 798, 112, 831})  # API 1.21.1 §13.25
ACC = "ACC"  # package type of an aggregated import code (API 1.21.1 §9.1.2)
CARD_STATUSES = frozenset({"PUBLISHED", "BLOCKED"})  # API 1.21.1 §13.26
EMISSION_TYPES = frozenset({"PRIMARY", "REMAINS", "COMISSION", "REMARK", "EXTERNAL", "SHIPPING", "CUSTOMS"})
ORDER_STATUSES = frozenset({"CREATED", "PENDING", "READY", "REJECTED", "CLOSED", "OUTSOURCED"})  # API 1.21.1 §13.5
SUB_ORDER_STATUSES = frozenset({"PENDING", "ACTIVE", "EXHAUSTED", "REJECTED", "CLOSED"})  # API 1.21.1 §13.6


def kind_of_codes(group: str, cis_type: str) -> tuple[str, int]:
    """Template and serial length that an order of this kind gets, as the samples of API 1.21.1 §9.4 show them."""
    if cis_type != "UNIT":
        return "GS1_AISTR_SHORT", 13
    return {
        "tobacco": ("TOBACCO", 7),
        "pharma": ("GS1_AISTR_ASYM_SHORT", 13),
        "medicals": ("GS1_AISTR_ASYM_SHORT", 13),
        "alcohol": ("GS1_AISTR_SHORT", 7),
        "beer": ("GS1_AISTR_SHORT", 7),
        "appliances": ("GS1_AISTR_ASYM_SHORT", 20),
    }.get(group, ("GS1_AISTR_SHORT", 13))
