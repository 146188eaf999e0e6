"""The history of a code (API 1.21.1 §9.2.2, `codeHistory`): each event, and what is said of it by its kind.

The descriptions stand under `eventDescription` in the samples, which the table does not have; two of the
members stand in the samples only.
"""

from __future__ import annotations

from typing import Annotated

from lined.regulator.models.base import (
    Code,
    CodeStatus,
    Country,
    Dictionary,
    DocumentType,
    ExtendedStatus,
    Id,
    Moment,
    Names,
    Part,
    PrintClass,
    ReleaseType,
    Text,
    Whole,
    Word,
)


class EventValidation(Part):
    """API 1.21.1 §9.2.2, as all of this file."""

    print_quality_class: PrintClass | None = None


class EventUtilisation(Part):
    added_application_identifier: tuple[Text, ...] | None = None
    manufacturer_country: Country | None = None


class EventPayment(Part):
    charge_id: Text | None = None


class EventUpdateChildren(Part):
    package_change_type: Annotated[Word, Dictionary("package_change")] | None = None
    max_package_capacity: Whole | None = None
    actually_packed: Whole | None = None
    actually_removed: Whole | None = None
    empty_package: bool | None = None


class EventChangeParent(Part):
    former_parent_code: Code | None = None
    actual_parent_code: Code | None = None


class EventIntroduction(Part):
    original_release_method: ReleaseType | None = None


class EventWithdraw(Part):
    withdrawal_reason: Annotated[Word, Dictionary("withdrawal_reason")] | None = None
    partial_quantity: float | None = None
    changed_partial_quantity: float | None = None
    price: float | None = None
    vat_rate: float | None = None


class EventDropout(Part):
    withdrawal_reason: Annotated[Word, Dictionary("withdrawal_reason")] | None = None
    children_write_off: bool | None = None


class EventReturn(Part):
    """`return_reason`: a word of the dictionary, although its table calls it a number."""

    return_reason: Annotated[Word, Dictionary("return_reason")] | None = None
    partial_quantity: float | None = None
    changed_partial_quantity: float | None = None


class EventOwnerChange(Part):
    receiver_tin: Word | None = None
    receiver_name: Names | None = None


class CodeValues(Part):
    production_date: Moment | None = None
    product_series: Text | None = None
    manufacturer_country: Country | None = None
    expiration_date: Moment | None = None


class EventCorrection(CodeValues):
    values_before_correction: CodeValues | None = None


class EventOwnerReturn(Part):
    receiver_tin: Word | None = None
    principal_tin: Word | None = None


class EventReversal(Part):
    receiver_tin: Word | None = None
    principal_tin: Word | None = None
    owner_tin: Word | None = None
    owner_name: Names | None = None


class EventCustomsControl(Part):
    extended_status: ExtendedStatus | None = None


class EventDescription(Part):
    event_validation_short_response: EventValidation | None = None
    event_utilisation_short_response: EventUtilisation | None = None
    event_payment_short_response: EventPayment | None = None
    event_update_children_short_response: EventUpdateChildren | None = None
    event_change_parent_short_response: EventChangeParent | None = None
    event_introduction_short_response: EventIntroduction | None = None
    event_withdraw_short_response: EventWithdraw | None = None
    event_dropout_short_response: EventDropout | None = None
    event_return_short_response: EventReturn | None = None
    event_owner_change_short_response: EventOwnerChange | None = None
    event_code_correction_short_response: EventCorrection | None = None
    event_owner_return_short_response: EventOwnerReturn | None = None
    event_reversal_short_response: EventReversal | None = None
    event_customs_control_short_response: EventCustomsControl | None = None


class CodeEvent(Part):
    """One event. `event_source_id` names the document that caused it; only the asker's own events are told."""

    event_business_date: Moment | None = None
    event_date: Moment
    event_type: Annotated[Word, Dictionary("event_type", open=True)]  # API 1.21.1 §13.19 has none for a correction
    event_source_id: Id
    code_state_changed: bool | None = None
    document_type: DocumentType | None = None
    sender_tin: Word | None = None
    sender_name: Names | None = None
    receiver_tin: Word | None = None
    receiver_name: Names | None = None
    event_changed_code_status: CodeStatus | None = None
    event_changed_code_ext_status: ExtendedStatus | None = None
    event_description: EventDescription | None = None
