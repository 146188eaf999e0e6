"""Codes handed from one participant to another (API 1.21.1 §6): imported pharma and medicals, before they are
introduced.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from lined.regulator.models.base import (
    ENVELOPE,
    Answer,
    Code,
    Dictionary,
    DocumentStatus,
    Gtin,
    Id,
    Moment,
    Part,
    Request,
    Signature,
    Text,
    When,
    Whole,
    Word,
)

Confirmation = Annotated[Word, Dictionary("confirmation_status")]


class TransfersRequest(Request):
    """API 1.21.1 §6.1.1. `cursor`: the last document of the page before."""

    document_id: Id | None = None
    statuses: tuple[DocumentStatus, ...] | None = None
    confirmation_statuses: tuple[Confirmation, ...] | None = None
    owner_id: Whole | None = None
    buyer_id: Whole | None = None
    date_from: When | None = None
    date_to: When | None = None
    business_date_from: When | None = None
    business_date_to: When | None = None
    limit: Whole | None = None
    cursor: Id | None = None


class TransferInfo(Part):
    """API 1.21.1 §6.1.2."""

    document_id: Id
    status: DocumentStatus
    confirmation_status: Confirmation | None = None
    create_date: Moment


class Transfers(Answer):
    """API 1.21.1 §6.1.2: a list, whatever its table says."""

    document_infos: tuple[TransferInfo, ...]


class TransferProduct(Part):
    """API 1.18.2 §6.2.1. `quantity`: consumer packages."""

    gtin: Gtin
    quantity: Annotated[Whole, Field(ge=1)]


class TransferNewRequest(Request):
    """API 1.18.2 §6.2.1: asked by the buyer. `products` is a list, whatever its table says: the sample is one."""

    buyer_id: Whole
    owner_id: Whole
    external_document_reference: Text | None = None
    business_datetime: When
    products: Annotated[tuple[TransferProduct, ...], Field(min_length=1)]
    codes: Annotated[tuple[Code, ...], Field(min_length=1)]
    signature: Annotated[Signature | None, ENVELOPE] = None


class TransferAnswerRequest(Request):
    """API 1.21.1 §6.3.1: the owner's yes or no to a request."""

    transfer_request_doc_id: Id
    resolution: Annotated[Word, Dictionary("resolution")]
    signature: Annotated[Signature | None, ENVELOPE] = None
