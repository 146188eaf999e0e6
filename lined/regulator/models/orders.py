"""Orders for codes (API 1.21.1 §4): ordered, followed product by product, fetched in packs, closed."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from lined.regulator.models.base import (
    Answer,
    Code,
    Country,
    Dictionary,
    Group,
    Gtin,
    Id,
    Moment,
    Package,
    Part,
    Request,
    Text,
    When,
    Whole,
    Word,
)

OrderStatus = Annotated[Word, Dictionary("order_status")]
SubOrderStatus = Annotated[Word, Dictionary("sub_order_status")]
ReleaseMethod = Annotated[Word, Dictionary("release_method")]


class OrderedProduct(Part):
    """One sub-order (API 1.21.1 §4.1.1). `serial_numbers`: only where the participant makes them himself."""

    gtin: Gtin
    quantity: Annotated[Whole, Field(ge=1)]
    cis_type: Package
    serial_number_type: Annotated[Word, Dictionary("serial_number_type")]
    serial_numbers: tuple[Code, ...] | None = None


class Contractor(Part):
    """The service provider to whom an order is handed (API 1.21.1 §4.1.1)."""

    contractor_tin: Id
    contractor_country_code: Country


class OrderNewRequest(Request):
    """API 1.21.1 §4.1.1. `business_place_id` is left out only where a service provider carries the order out."""

    product_group: Group
    business_place_id: Whole | None = None
    release_method_type: ReleaseMethod
    products: Annotated[tuple[OrderedProduct, ...], Field(min_length=1)]
    is_paid: bool | None = None
    po_number: Text | None = None
    contractor_info: Contractor | None = None


class OrderRegistered(Answer):
    """API 1.21.1 §4.1.2."""

    order_id: Id


class OrdersRequest(Request):
    """API 1.21.1 §4.2.1. `cursor`: the last order of the page before."""

    order_id: Id | None = None
    status: OrderStatus | None = None
    product_group: Group | None = None
    contractor_tin: Id | None = None
    po_number: Text | None = None
    date_from: When | None = None
    date_to: When | None = None
    limit: Whole | None = None
    cursor: Id | None = None


class OrderInfo(Part):
    """API 1.21.1 §4.2.2. `rejection_reason`: of all its sub-orders."""

    order_id: Id
    product_group: Group
    order_status: OrderStatus
    release_method_type: ReleaseMethod
    po_number: Text | None = None
    create_date: Moment
    rejection_reason: Text | None = None


class Orders(Answer):
    """API 1.21.1 §4.2.2."""

    order_infos: tuple[OrderInfo, ...]


class SubOrdersRequest(Request):
    """API 1.21.1 §4.3.1."""

    status: SubOrderStatus | None = None
    order_id: Id | None = None
    gtin: Gtin | None = None
    cis_type: Package | None = None
    date_from: When | None = None
    date_to: When | None = None
    limit: Whole | None = None
    cursor: Id | None = None


class SubOrderInfo(Part):
    """API 1.21.1 §4.3.2. `available_codes`: made in all; `left_in_buffer`: not fetched yet; `total_passed`: fetched.
    The sample is EXHAUSTED with 7 left: the numbers are to be trusted.
    """

    parent_order_id: Id
    gtin: Word
    buffer_status: SubOrderStatus
    cis_type: Package
    available_codes: Whole
    left_in_buffer: Whole
    total_passed: Whole
    last_pack_id: Id | None = None
    create_date: Moment
    rejection_reason: Text | None = None


class SubOrders(Answer):
    """API 1.21.1 §4.3.2."""

    sub_order_infos: tuple[SubOrderInfo, ...]


class OrderCodesRequest(Request):
    """API 1.21.1 §4.4.1. Without `last_pack_id`, or with 0, the first pack is given again; with that of an older pack
    the one after it again; with that of the last pack a new one is made.
    """

    order_id: Id
    gtin: Gtin
    quantity: Annotated[Whole, Field(ge=1)]
    last_pack_id: Id | None = None


class Pack(Answer):
    """API 1.21.1 §4.4.2: full codes, separators included."""

    pack_id: Id
    codes: tuple[Code, ...]


class OrderPacksRequest(Request):
    """API 1.21.1 §4.5.1."""

    order_id: Id
    gtin: Gtin


class PackInfo(Part):
    """API 1.21.1 §4.5.2."""

    pack_id: Id
    pack_date_time: Moment
    quantity: Whole


class Packs(Answer):
    """API 1.21.1 §4.5.2: the packs fetched so far."""

    order_id: Id
    gtin: Word
    packs: tuple[PackInfo, ...]


class OrderCloseRequest(Request):
    """API 1.21.1 §4.6.1: what was not fetched is annulled. Without `gtin` the whole order is closed."""

    order_id: Id
    gtin: Gtin | None = None


class OrderClosed(Answer):
    """API 1.21.1 §4.6.2."""

    order_id: Id
    gtin: Word | None = None
