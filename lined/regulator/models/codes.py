"""Information about codes (API 1.21.1 §9): public, in detail, by owner with what a package holds, full codes verified.

The history of a code is a file of its own: `events`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from lined.regulator.models.base import (
    Answer,
    Code,
    CodeStatus,
    Country,
    Dictionary,
    ExtendedStatus,
    GroupId,
    Id,
    Moment,
    Names,
    Package,
    Part,
    Purpose,
    ReleaseType,
    Request,
    Template,
    Text,
    Whole,
    Word,
)
from lined.regulator.models.events import CodeEvent

WithdrawalReason = Annotated[Word, Dictionary("withdrawal_reason")]
FRESH = "RECEIVED"
"""The status of a code that was issued, and nothing more (API 1.21.1 §13.15)."""
Codes = Annotated[tuple[Code, ...], Field(min_length=1)]


class CodesRequest(Request):
    """API 1.21.1 §9.1.1, §9.2.1: identification codes."""

    codes: Codes


class GroupCount(Part):
    """How many units of a product group a package holds (API 1.21.1 §9.1.2)."""

    product_group_id: GroupId | None = None
    units_number: Whole | None = None


class CategoryCount(Part):
    """How many units of a category a package holds (API 1.21.1 §9.1.2)."""

    category_id: Word | None = None
    units_number: Whole | None = None


class ShortIssuer(Part):
    """Who had the code issued (API 1.21.1 §9.1.2)."""

    issuer_tin: Word
    issuer_name: Names


class PublicCode(Part):
    """API 1.21.1 §9.1.2; the answer is a list of these. Codes that are not known are absent.

    `is_had_extended_code`: as the samples spell it; the table does not have it.
    """

    code: Code
    is_had_extended_code: bool | None = None
    package_type: Package
    status: CodeStatus
    extended_status: ExtendedStatus | None = None
    issuer_short_info: ShortIssuer
    template: Template | None = None
    gtin: Word | None = None
    product_id: Id | None = None
    product_group_id: GroupId | None = None
    category_id: Word | None = None
    emission_date: Moment | None = None
    issue_date: Moment | None = None
    production_date: Moment | None = None
    expiration_date: Moment | None = None
    product_series: Text | None = None
    mixed_product_groups: bool | None = None
    mixed_categories: bool | None = None
    aggregate_product_groups: tuple[GroupCount, ...] | None = None
    aggregate_categories: tuple[CategoryCount, ...] | None = None


class CodeData(Part):
    """API 1.21.1 §9.2.2, as the next seven."""

    code: Code
    status: CodeStatus
    template: Template | None = None
    extended_status: ExtendedStatus | None = None


class ProductData(Part):
    product_id: Id | None = None
    gtin: Word | None = None
    product_group_id: GroupId | None = None
    category_id: Word | None = None
    production_date: Moment | None = None
    expiration_date: Moment | None = None
    product_series: Text | None = None
    manufacturer_country: Country | None = None
    mixed_product_groups: bool | None = None
    mixed_categories: bool | None = None


class Child(Part):
    code: Code
    status: CodeStatus
    extended_status: ExtendedStatus | None = None
    package_type: Package
    empty_package: bool | None = None
    mixed_product_groups: bool | None = None
    mixed_categories: bool | None = None
    product_id: Id | None = None
    product_group_id: GroupId | None = None
    category_id: Word | None = None


class PackageData(Part):
    package_type: Package
    empty_package: bool | None = None
    parent_code: Code | None = None
    children: tuple[Child, ...] | None = None
    actually_packed: Whole | None = None
    aggregate_product_groups: tuple[GroupCount, ...] | None = None
    aggregate_categories: tuple[CategoryCount, ...] | None = None


class Issuer(Part):
    issuer_id: Whole | None = None
    issuer_tin: Word | None = None
    issuer_name: Names | None = None
    issuer_business_place_id: Whole | None = None


class Provider(Part):
    contractor_id: Whole | None = None
    contractor_tin: Word | None = None
    contractor_name: Names | None = None
    contractor_business_place_id: Whole | None = None


class MarkingData(Part):
    emission_date: Moment | None = None
    issue_date: Moment | None = None
    issuer_info: Issuer | None = None
    contractor_info: Provider | None = None
    emission_type: Purpose | None = None
    issuer_business_place_id: Whole | None = None
    validation_date: Moment | None = None
    utilisation_date: Moment | None = None
    payment_date: Moment | None = None


class Owner(Part):
    owner_id: Whole | None = None
    owner_tin: Word | None = None
    owner_name: Names | None = None
    owner_business_place_id: Whole | None = None


class CustomsDeclaration(Part):
    date: Moment
    number: Text
    authority_code: Word | None = None


class TurnoverData(Part):
    """What has become of a code on the market (API 1.21.1 §9.2.2). `partial_quantity`: what is left of a package."""

    original_release_method: ReleaseType | None = None
    owner_info: Owner | None = None
    withdrawal_date: Moment | None = None
    withdrawal_reason: WithdrawalReason | None = None
    partial_quantity: float | None = None
    return_date: Moment | None = None
    return_reason: Annotated[Word, Dictionary("return_reason")] | None = None
    customs_declaration: CustomsDeclaration | None = None
    manufacturer_country: Country | None = None


class PrivateCode(Part):
    """Everything about one code, for its issuer or owner (API 1.21.1 §9.2.2)."""

    code_data: CodeData
    product_data: ProductData | None = None
    package_data: PackageData | None = None
    marking_data: MarkingData | None = None
    turnover_data: TurnoverData | None = None
    code_history: tuple[CodeEvent, ...] | None = None


class PrivateCodes(Answer):
    """API 1.21.1 §9.2.2. `forbidden_codes`: not the asker's. Codes that are not known are in neither list."""

    results: tuple[PrivateCode, ...]
    forbidden_codes: tuple[Code, ...] | None = None


class OwnerCheckRequest(Request):
    """API 1.21.1 §9.3.1."""

    codes: Codes
    owner_tin: Id


class OwnedCode(Part):
    """API 1.21.1 §9.3.2. `children`: what the package directly holds."""

    code: Code
    product_group_id: GroupId | None = None
    package_type: Package
    status: CodeStatus
    extended_status: ExtendedStatus | None = None
    issuer_short_info: ShortIssuer | None = None
    children: tuple[Code, ...] | None = None


class OwnerCheck(Answer):
    """API 1.21.1 §9.3.2. `forbidden_codes`: another owner's; `missing_codes`: not known."""

    results: tuple[OwnedCode, ...]
    forbidden_codes: tuple[Code, ...] | None = None
    missing_codes: tuple[Code, ...] | None = None


class VerifyRequest(Request):
    """API 1.21.1 §9.4.1: full codes with their separators. Sent as a bare list, whatever its table says."""

    codes: Codes


class VerifiedCode(Part):
    """API 1.21.1 §9.4.2; the answer is a list of these. `product_group`: an id, of genuine codes only. Of transport
    packages `verified` is always false.
    """

    code: Code
    verified: bool
    product_group: GroupId | None = None
