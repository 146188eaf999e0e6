"""Reports (API 1.21.1 §5): the documents that `codec` writes at speed, as an engineer would write one by hand."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from lined.regulator.models.base import (
    ENVELOPE,
    QUERY,
    Answer,
    Code,
    Country,
    Group,
    Id,
    Package,
    Part,
    PrintClass,
    ReleaseType,
    Request,
    Signature,
    Text,
    When,
    Whole,
)

Codes = Annotated[tuple[Code, ...], Field(min_length=1)]


class UtilisationRequest(Request):
    """API 1.21.1 §5.1.1: full codes. Which dates and whether the series are compulsory depends on the group."""

    product_group: Annotated[Group, QUERY]
    sntins: Codes
    business_place_id: Whole
    release_type: ReleaseType
    manufacturer_country: Country
    production_order_id: Text | None = None
    production_date: When | None = None
    expiration_date: When | None = None
    series_number: Annotated[Text, Field(min_length=1)] | None = None


class UtilisationRegistered(Answer):
    """API 1.21.1 §5.1.2."""

    report_id: Id


class GradedCode(Part):
    """API 1.21.1 §5.2.1."""

    code: Code
    print_quality_class: PrintClass


class ValidationRequest(Request):
    """API 1.21.1 §5.2.1; `product_group` by API 1.18.2 §5.2.1, whose page the newer text lost."""

    product_group: Group
    business_place_id: Whole
    production_order_id: Text | None = None
    package_type: Package
    document_date: When
    codes: Annotated[tuple[GradedCode, ...], Field(min_length=1)]
    signature: Annotated[Signature | None, ENVELOPE] = None


class AggregationUnit(Part):
    """One package (API 1.21.1 §5.3.1)."""

    aggregation_items_count: Whole
    aggregation_unit_capacity: Whole
    codes: Codes
    should_be_unbundled: bool | None = None
    unit_serial_number: Code


class AggregationRequest(Request):
    """API 1.21.1 §5.3.1."""

    aggregation_units: Annotated[tuple[AggregationUnit, ...], Field(min_length=1)]
    production_order_id: Text | None = None
    business_place_id: Whole
    document_date: When
    signature: Annotated[Signature | None, ENVELOPE] = None


class UpdatedFields(Part):
    """New values (API 1.18.2 §5.4.1)."""

    expiration_datetime: When | None = None
    production_datetime: When | None = None
    manufacturer_country: Country | None = None
    series_number: Text | None = None


class CorrectionRequest(Request):
    """API 1.18.2 §5.4.1."""

    business_datetime: When
    updated_fields: UpdatedFields
    codes: Codes
    signature: Annotated[Signature | None, ENVELOPE] = None


class DisaggregationRequest(Request):
    """API 1.21.1 §5.5.1: codes of packages."""

    business_datetime: When
    codes: Codes
    signature: Annotated[Signature | None, ENVELOPE] = None
