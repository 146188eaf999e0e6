"""Aggregated import codes (API 1.21.1 §7): made empty, filled, withdrawn."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from lined.regulator.models.base import (
    ENVELOPE,
    Answer,
    Code,
    Dictionary,
    Group,
    Gtin,
    Id,
    Request,
    Signature,
    When,
    Whole,
    Word,
)

Unit = Annotated[Whole, Dictionary("additional_unit")]


class ImportCodeNewRequest(Request):
    """API 1.21.1 §7.1.1: nothing is said."""


class ImportCode(Answer):
    """API 1.21.1 §7.1.2."""

    aggregated_customs_code: Code


class ImportCodeFillRequest(Request):
    """API 1.18.2 §7.2.1. `additional_unit` and `additional_unit_quantity` are null where there is none; `product_id`
    has not been compulsory since v1.5.3.
    """

    aggregated_customs_code: Code
    gtin: Gtin
    product_id: Id | None = None
    product_group: Group
    tnved: Word
    quantity: Annotated[Whole, Field(ge=1)]
    additional_unit: Unit | None = None
    additional_unit_quantity: float | None = None
    codes: Annotated[tuple[Code, ...], Field(min_length=1)]
    signature: Annotated[Signature, ENVELOPE]


class ImportCodeWithdrawRequest(Request):
    """API 1.21.1 §7.3.1."""

    business_datetime: When
    code: Code
    signature: Annotated[Signature, ENVELOPE]
