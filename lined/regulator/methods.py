"""The table of methods: every method of the OPEN API (API 1.21.1 §2 to §12), what it is asked and what it answers.

    order_close   query: orderId, gtin   →   OrderClosed   writes          (API 1.21.1 §4.6)

Verb, path, who may call it and the limits are the profile's, under the same name; the models are in `models`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from lined.regulator.models import access, codes, customs, documents, lists, orders, products, reports, transfers
from lined.regulator.models.base import Anything, Registered, Request


class Body(StrEnum):
    """How the fields of a request that stand neither in its path nor in its query are sent."""

    NONE = "none"  # all of them in the query
    PLAIN = "plain"  # a JSON object
    BARE = "bare"  # a JSON list: the one field there is
    ENVELOPE = "envelope"  # a JSON object with sorted keys, in base64
    FORM = "form"


class Paging(NamedTuple):
    """How the next page is asked for: with `cursor`, which is the member `key` of the page's last row; where there is
    no `key` it is the number of rows so far. `rows`: the member that holds them; empty: the answer is the list itself.
    `limit`: the profile's limit that says how many rows a page has at most. All in the text's names.
    """

    rows: str
    cursor: str
    key: str
    limit: str


class Call(NamedTuple):
    """One method. `answer`: what it answers, None where that is a file. `most`: what is bounded by a limit of the
    profile, a number or the length of a list, by its place in the request. `writes`: it changes something at the
    regulator, or in who may ask. `secret`: the answer holds a credential. `open`: it is asked without one. `elsewhere`:
    what a redirection means, which is not followed.
    """

    section: str
    sentence: str
    request: type[Request]
    answer: Any
    body: Body = Body.NONE
    paging: Paging | None = None
    most: Mapping[str, str] = MappingProxyType({})
    writes: bool = False
    secret: bool = False
    open: bool = False
    elsewhere: str = ""


_CODES_OF_A_REPORT = {"codes": "codes_per_report"}

CALLS: Final[Mapping[str, Call]] = {
    # API 1.21.1 §2 credentials
    "key_check": Call(
        "2.1.4", "Is this API key the participant's, and until when?", access.KeyCheckRequest, access.KeyCheck
    ),
    "key_refresh": Call(
        "2.1.5", "Replace an API key; the old one is dead at once.", access.KeyRefreshRequest, access.NewApiKey,
        Body.PLAIN, writes=True, secret=True,
    ),
    "authenticate": Call(
        "2.2.2", "Log in as a technical user; the token before is dead.", access.AuthenticateRequest, access.Tokens,
        Body.PLAIN, writes=True, secret=True, open=True,
    ),
    "token_refresh": Call(
        "2.2.3", "New tokens for a refresh token, which is used up.", access.TokenRefreshRequest, access.Tokens,
        Body.FORM, writes=True, secret=True, open=True,
    ),
    # API 1.21.1 §4 orders
    "order_new": Call(
        "4.1", "Order codes.", orders.OrderNewRequest, orders.OrderRegistered,
        Body.PLAIN, most={"products": "order_products", "products.quantity": "order_codes"}, writes=True,
    ),
    "orders": Call(
        "4.2", "Orders and their states.", orders.OrdersRequest, orders.Orders,
        paging=Paging("orderInfos", "cursor", "orderId", "orders_page"),
    ),
    # Without pages: a sub-order has no id of its own that a cursor could be. Ask by order, or by dates.
    "sub_orders": Call(
        "4.3", "The products of orders: how many codes were made, fetched, are left.", orders.SubOrdersRequest,
        orders.SubOrders,
    ),
    "order_codes": Call(
        "4.4", "Fetch codes: a new pack behind the last one, or a pack again.", orders.OrderCodesRequest, orders.Pack,
        most={"quantity": "order_codes"}, writes=True,
    ),
    "order_packs": Call("4.5", "The packs fetched so far.", orders.OrderPacksRequest, orders.Packs),
    "order_close": Call(
        "4.6", "Close an order, or a product of it: what was not fetched is annulled.", orders.OrderCloseRequest,
        orders.OrderClosed, writes=True,
    ),
    # API 1.21.1 §5 reports
    "utilisation": Call(
        "5.1", "Report codes as applied.", reports.UtilisationRequest, reports.UtilisationRegistered,
        Body.PLAIN, most={"sntins": "codes_per_report"}, writes=True,
    ),
    "validation": Call(
        "5.2", "Report print quality.", reports.ValidationRequest, Registered,
        Body.ENVELOPE, most=_CODES_OF_A_REPORT, writes=True,
    ),
    "aggregation": Call(
        "5.3", "Report packages.", reports.AggregationRequest, Registered,
        Body.ENVELOPE, most={"aggregationUnits": "codes_per_report"}, writes=True,
    ),
    "correction": Call(
        "5.4", "Correct dates, series or country of codes.", reports.CorrectionRequest, Registered,
        Body.ENVELOPE, most=_CODES_OF_A_REPORT, writes=True,
    ),
    "disaggregation": Call(
        "5.5", "Dissolve packages, and those above them.", reports.DisaggregationRequest, Registered,
        Body.ENVELOPE, most=_CODES_OF_A_REPORT, writes=True,
    ),
    # API 1.21.1 §6 codes handed over
    "transfers": Call(
        "6.1", "Requests to hand codes over.", transfers.TransfersRequest, transfers.Transfers,
        paging=Paging("documentInfos", "cursor", "documentId", "transfers_page"),
    ),
    "transfer_new": Call(
        "6.2", "Ask a supplier to hand codes over.", transfers.TransferNewRequest, Registered,
        Body.ENVELOPE, most=_CODES_OF_A_REPORT, writes=True,
    ),
    "transfer_answer": Call(
        "6.3", "Confirm or reject such a request.", transfers.TransferAnswerRequest, Registered,
        Body.ENVELOPE, writes=True,
    ),
    # API 1.21.1 §7 aggregated import codes
    "import_code_new": Call(
        "7.1", "Have an empty import code made.", customs.ImportCodeNewRequest, customs.ImportCode,
        Body.PLAIN, writes=True,
    ),
    "import_code_fill": Call(
        "7.2", "Say what an import code holds.", customs.ImportCodeFillRequest, Registered,
        Body.ENVELOPE, most=_CODES_OF_A_REPORT, writes=True,
    ),
    "import_code_withdraw": Call(
        "7.3", "Dissolve an import code.", customs.ImportCodeWithdrawRequest, Registered, Body.ENVELOPE, writes=True
    ),
    # API 1.21.1 §8 lists of codes
    "code_list_new": Call(
        "8.1", "Have a list of own codes made.", lists.CodeListNewRequest, lists.CodeListRegistered,
        Body.PLAIN, writes=True,
    ),
    "code_list_status": Call("8.2", "Is the list ready?", lists.CodeListRequest, lists.ListStatus),
    "code_list": Call("8.3", "The list: a ZIP file, kept for an hour.", lists.CodeListRequest, None),
    # API 1.21.1 §9 information about codes
    "public_codes": Call(
        "9.1", "What everybody may know of codes.", codes.CodesRequest, tuple[codes.PublicCode, ...],
        Body.PLAIN, most={"codes": "code_information"},
    ),
    "code_histories": Call(
        "9.2", "Everything about own codes, with their history.", codes.CodesRequest, codes.PrivateCodes,
        Body.PLAIN, most={"codes": "code_information"},
        elsewhere="none of these codes is yours to see: ask public-codes",
    ),
    "owner_check": Call(
        "9.3", "Whose are these codes, and what do they hold?", codes.OwnerCheckRequest, codes.OwnerCheck,
        Body.PLAIN, most={"codes": "owner_check_codes"},
    ),
    "code_verification": Call(
        "9.4", "Are these full codes genuine?", codes.VerifyRequest, tuple[codes.VerifiedCode, ...],
        Body.BARE, most={"codes": "verification_codes"},
    ),
    # API 1.21.1 §10 cards of products
    "products": Call(
        "10.1", "Cards of products of a group.", products.ProductsRequest, tuple[products.ProductCard, ...]
    ),
    "products_by_gtin": Call(
        "10.2", "Cards of a GTIN.", products.ProductsByGtinRequest, products.FoundProducts,
        paging=Paging("products", "offset", "", "products_page"),
    ),
    "product": Call("10.3", "A card with all its attributes.", products.ProductRequest, products.Product),
    "product_file": Call("10.4", "A file of a card.", products.ProductRequest, None),
    # API 1.21.1 §11 documents
    "utilisation_status": Call(
        "11.1", "A utilisation report's state; `document` is to be preferred.", documents.DocumentRequest,
        documents.UtilisationStatus,
    ),
    "search": Call(
        "11.2", "Documents and their states.", documents.SearchRequest, documents.DocumentInfos,
        paging=Paging("documentInfos", "cursor", "documentId", "search_page"),
    ),
    "document": Call("11.3", "A document's card.", documents.DocumentRequest, documents.DocumentCard),
    "content": Call("11.4", "A document as it was registered.", documents.DocumentRequest, Anything),
    "document_errors": Call(
        "11.5", "The errors of a document.", documents.DocumentErrorsRequest, documents.DocumentErrors,
        paging=Paging("documentErrors", "lastIndex", "index", "errors_page"),
    ),
    "code_outcomes": Call(
        "11.6", "What became of each code of a document.", documents.CodeOutcomesRequest,
        tuple[documents.CodeOutcomeRow, ...], paging=Paging("", "lastIndex", "index", "outcomes_page"),
    ),
    # API 1.21.1 §12 others
    "participant": Call(
        "12.1", "Is a participant registered, and for which product groups?", documents.ParticipantRequest,
        documents.Participant,
    ),
}  # fmt: skip
