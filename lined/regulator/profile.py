"""The contract profile as a model: every key that a profile may have, and what its value may be.

A key that is not known here is an error, and each one here has its reader, which a test looks for: a profile says
nothing that nothing listens to.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from lined.vocabulary.reports import Outcome, ReportKind

Word = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Words = Annotated[frozenset[Word], Field(min_length=1, strict=False)]
Listed = Annotated[tuple[Word, ...], Field(min_length=1, strict=False)]
Limit = Annotated[int, Field(ge=1, lt=2**31)]
Path = Annotated[str, StringConstraints(pattern=r"^/([A-Za-z0-9/_.-]|\{[a-z]+\}){0,200}$")]
BY_ID = frozenset({  # methods that ask about one document, list, card or file
    "document", "code_outcomes", "document_errors", "content", "utilisation_status", "code_list_status", "code_list",
    "product", "product_file",
})  # fmt: skip
BY_TIN = frozenset({"participant"})
Demand = Literal["production_date", "expiration_date", "series"]


class Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False, hide_input_in_errors=True)


def _wrong(at: str, message: str) -> PydanticCustomError:
    """What does not fit together: told at that key of the table."""
    return PydanticCustomError("misfit", "{message}", {"at": at, "message": message})


class About(Table):
    """Which contract this is. `texts`: what it was read from."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
    version: Word
    texts: Listed


class Servers(Table):
    """The regulator's addresses. Any other but loopback is taken for production too."""

    production: Words
    test: Annotated[frozenset[Word], Field(strict=False)]

    def is_test(self, url: str) -> bool:
        """Nothing that is sent there counts."""
        return url.rstrip("/") in self.test


class Headers(Table):
    """`accept`: what is sent as Accept; some servers answer 406 to anything but `*/*`."""

    accept: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9/*+.;=, -]{1,100}$")]


class Limits(Table):
    codes_per_report: Limit
    group: Annotated[Limit, Field(alias="GROUP")]
    box: Annotated[Limit, Field(alias="BOX_LV_1")]
    pallet: Annotated[Limit, Field(alias="BOX_LV_2")]
    requests_per_minute: Limit
    reads_per_minute: Limit
    code_information: Limit
    code_information_min_length: Limit
    owner_check_codes: Limit
    verification_codes: Limit
    order_products: Limit
    order_codes: Limit
    active_orders: Limit
    order_life_days: Limit
    search_page: Limit
    outcomes_page: Limit
    errors_page: Limit
    orders_page: Limit
    transfers_page: Limit
    products_page: Limit
    key_checks_per_day: Limit
    series_number_length: Limit

    def children(self, level: str) -> int:
        """The most direct children of a package of this level; 1 where nothing is packed into it."""
        return {"GROUP": self.group, "BOX_LV_1": self.box, "BOX_LV_2": self.pallet}.get(level, 1)

    def __getitem__(self, name: str) -> int:
        found: int = getattr(self, name)
        return found


class Method(Table):
    """One method of the API. `business`: closed to technical users; `role`: what the user needs for it, in the
    regulator's words. `limited`: it counts against `requests_per_minute`; `rate`: a limit of its own.
    """

    verb: Literal["GET", "POST"]
    path: Path
    business: bool = False
    role: str = ""
    limited: bool = False
    rate: Annotated[str, StringConstraints(pattern=r"^([1-9]\d{0,8}/(s|min|h|day))?$")] = ""

    @property
    def places(self) -> frozenset[str]:
        """What stands in its path."""
        return frozenset(re.findall(r"\{(\w*)\}", self.path))


class Methods(Table):
    """Every method of the contract; what each is asked and answers stands in `methods`, under the same name."""

    key_check: Method
    key_refresh: Method
    authenticate: Method
    token_refresh: Method
    order_new: Method
    orders: Method
    sub_orders: Method
    order_codes: Method
    order_packs: Method
    order_close: Method
    utilisation: Method
    validation: Method
    aggregation: Method
    correction: Method
    disaggregation: Method
    transfers: Method
    transfer_new: Method
    transfer_answer: Method
    import_code_new: Method
    import_code_fill: Method
    import_code_withdraw: Method
    code_list_new: Method
    code_list_status: Method
    code_list: Method
    public_codes: Method
    code_histories: Method
    owner_check: Method
    code_verification: Method
    products: Method
    products_by_gtin: Method
    product: Method
    product_file: Method
    utilisation_status: Method
    search: Method
    document: Method
    content: Method
    document_errors: Method
    code_outcomes: Method
    participant: Method

    @model_validator(mode="after")
    def _places(self) -> Self:
        """A path with another placeholder could not be filled, and one without the document's would ask for nothing."""
        for name in type(self).model_fields:
            found, needed = self[name].places, name in BY_ID | BY_TIN
            allowed = {"tin"} if name.startswith("key_") or name in BY_TIN else {"id"} if name in BY_ID else set()
            if found - allowed or (needed and not found):
                wanted = f"must have {{{min(allowed)}}} in it" if needed else "has a placeholder of no meaning"
                raise _wrong(f"{name}.path", f"{self[name].path} {wanted}")
        return self

    def __getitem__(self, name: str) -> Method:
        found: Method = getattr(self, name)
        return found


class ReportRules(Table):
    """How one kind of report is sent. `document_type` is empty where the regulator's dictionary has no type for it, so
    that it can only be searched without one. `form`: codes with their check part, or identification codes.
    """

    document_type: str
    answer_id: Word
    form: Literal["full", "identification"] = "identification"
    group_in_query: bool = False


class Reports(Table):
    utilisation: ReportRules
    validation: ReportRules
    aggregation: ReportRules
    disaggregation: ReportRules
    correction: ReportRules

    @model_validator(mode="after")
    def _forms(self) -> Self:
        for kind in (ReportKind.AGGREGATION, ReportKind.DISAGGREGATION, ReportKind.CORRECTION):
            if self[kind].form == "full":
                raise _wrong(f"{kind}.form", "this kind of report is made of identification codes")
        return self

    def __getitem__(self, kind: str) -> ReportRules:
        found: ReportRules = getattr(self, kind)
        return found


class Statuses(Table):
    """Words that settle a document, and a code in one (`code_…`; `code_warned`: processed, with a remark). Any other is
    looked at again. `order_…`: of a product of an order of codes; any other is open, and its numbers tell.
    """

    succeeded: Words
    partial: Words
    refused: Words
    code_accepted: Words
    code_warned: Words
    code_refused: Words
    order_pending: Words
    order_refused: Words
    order_closed: Words

    @model_validator(mode="after")
    def _apart(self) -> Self:
        for family in (
            ("succeeded", "partial", "refused"),
            ("code_accepted", "code_warned", "code_refused"),
            ("order_pending", "order_refused", "order_closed"),
        ):
            for one, other in itertools.combinations(family, 2):
                if both := getattr(self, one) & getattr(self, other):
                    raise _wrong(other, f"{min(both)} stands among {one} too, and can mean one thing only")
        return self

    def of_document(self, status: str | None) -> Outcome:
        if status in self.succeeded:
            return Outcome.ACCEPTED
        if status in self.partial:
            return Outcome.PARTIAL
        return Outcome.REFUSED if status in self.refused else Outcome.PENDING


class ProductGroup(Table):
    """`demands`: what a utilisation report has to say, or this group's are refused. `id`: its number, which some
    methods have in the place of its name.
    """

    id: Limit | None = None
    demands: Annotated[frozenset[Demand], Field(strict=False)]


class Release(Table):
    """Which release type goes with which country of production."""

    home_country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
    home: Word
    foreign: Word
    no_country: Word

    @property
    def types(self) -> tuple[str, ...]:
        return self.home, self.foreign, self.no_country

    def problem(self, release_type: str, country: str) -> str | None:
        """Why this country cannot go with this release type; None where it can. The country's own card is not known."""
        home = country.upper() == self.home_country
        if home and release_type != self.home:
            return f"country {self.home_country} goes with {self.home}, not with {release_type}"
        if not home and release_type == self.home:
            return f"{release_type} goes with country {self.home_country}; {country} is {self.foreign}"
        return None


class Codes(Table):
    """`templates`: those that a product may name."""

    templates: Listed


class Countries(Table):
    codes: Words


class Dictionaries(Table):
    """Words of the regulator's dictionaries that no other table of the profile has."""

    release_method: Listed
    serial_number_type: Listed
    order_status: Listed
    sub_order_status: Listed
    report_status: Listed
    document_status: Listed
    confirmation_status: Listed
    resolution: Listed
    document_type: Listed
    package_type: Listed
    template: Listed
    code_status: Listed
    code_state: Listed
    emission_type: Listed
    extended_status: Listed
    event_type: Listed
    withdrawal_reason: Listed
    return_reason: Listed
    package_change: Listed
    list_status: Listed
    print_quality: Listed
    additional_unit: Listed
    card_status: Listed
    card_scope: Listed


class Errors(Table):
    """Codes of errors. `again`: not processed, try later; `rights`: a right is missing, though the status is
    no 403.
    """

    again: Words
    rights: Annotated[frozenset[Word], Field(strict=False)]


class CredentialRules(Table):
    """How a dead token shows in an answer that says `denied_code`, and how long tokens live."""

    denied_code: Word
    dead_token: Listed
    token_life_s: Limit
    refresh_life_s: Limit


class Profile(Table):
    about: Annotated[About, Field(alias="profile")]
    servers: Servers
    headers: Headers
    limits: Limits
    methods: Methods
    reports: Reports
    statuses: Statuses
    groups: Annotated[Mapping[str, ProductGroup], Field(min_length=1)]
    release: Release
    codes: Codes
    countries: Countries
    dictionaries: Dictionaries
    errors: Errors
    credential: CredentialRules

    def words(self, dictionary: str) -> frozenset[str]:
        """The words of one of the regulator's dictionaries (`models.base.Dictionary`)."""
        match dictionary:
            case "product_group":
                return frozenset(self.groups)
            case "product_group_id":
                return frozenset(str(group.id) for group in self.groups.values() if group.id is not None)
            case "country":
                return self.countries.codes
            case "release_type":
                return frozenset(self.release.types)
            case _:
                return frozenset(getattr(self.dictionaries, dictionary))
