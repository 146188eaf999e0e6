"""Documents (API 1.21.1 §11): found, followed, read again; and the one other method (API 1.21.1 §12)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import model_validator

from lined.regulator.models.base import (
    Answer,
    Anything,
    Code,
    Dictionary,
    DocumentStatus,
    DocumentType,
    Group,
    Id,
    Moment,
    Names,
    Part,
    Request,
    Text,
    When,
    Whole,
    Word,
)


class DocumentRequest(Request):
    """API 1.21.1 §11.1.1, §11.3.1, §11.4.1."""

    id: Id


class UtilisationStatus(Answer):
    """API 1.21.1 §11.1.2, "planned for revision"."""

    report_id: Id
    report_status: Annotated[Word, Dictionary("report_status")]
    reject_reason: tuple[Text, ...] | None = None
    created_timestamp: Moment


class SearchRequest(Request):
    """API 1.21.1 §11.2.1. `cursor`: the last document of the page before."""

    document_id: Id | None = None
    product_groups: tuple[Group, ...] | None = None
    status: tuple[DocumentStatus, ...] | None = None
    types: tuple[DocumentType, ...] | None = None
    date_from: When | None = None
    date_to: When | None = None
    limit: Whole | None = None
    cursor: Id | None = None


class DocumentInfo(Part):
    """API 1.21.1 §11.2.2, §11.3.2."""

    document_id: Id
    type: DocumentType | None = None
    status: DocumentStatus | None = None
    create_date: Moment | None = None
    original_doc_id: Text | None = None
    document_number: Text | None = None
    product_group: Group | None = None


class DocumentInfos(Answer):
    """API 1.21.1 §11.2.2."""

    document_infos: tuple[DocumentInfo, ...]


class DocumentCard(DocumentInfo, Answer):
    """API 1.21.1 §11.3.2: flat in the sample, under `documentInfos` in the table; both are read."""

    @model_validator(mode="before")
    @classmethod
    def _flat(cls, value: Any) -> Any:
        inner = value.get("documentInfos") if isinstance(value, dict) else None
        return inner if isinstance(inner, dict) else value


class DocumentErrorsRequest(Request):
    """API 1.21.1 §11.5.1. `last_index`: the number of the last row of the page before."""

    id: Id
    property_name: Word | None = None
    limit: Whole | None = None
    last_index: Whole | None = None


class DocumentErrorRow(Part):
    """API 1.21.1 §11.5.2. `index` counts these rows, NOT the codes of the document."""

    property_name: Word | None = None
    index: Whole | None = None
    error_code: Word | None = None
    error_tags: dict[Word, Anything] | None = None


class DocumentErrors(Answer):
    """API 1.21.1 §11.5.2."""

    document_errors: tuple[DocumentErrorRow, ...]


class CodeOutcomesRequest(Request):
    """API 1.21.1 §11.6.1. `last_index`: the index of the last code of the page before."""

    id: Id
    limit: Whole | None = None
    last_index: Whole | None = None


class CodeOutcomeRow(Part):
    """API 1.21.1 §11.6.2. `index`: the code's place in the document."""

    index: Whole
    code: Code
    state: Annotated[Word, Dictionary("code_state")]
    result: Text | None = None


class ParticipantRequest(Request):
    """API 1.21.1 §12.1.1."""

    tin: Id


class Participant(Answer):
    """API 1.21.1 §12.1.2: empty where the participant is not known."""

    tin: Word | None = None
    name: Names | None = None
    full_name: Names | None = None
    product_groups: tuple[Group, ...] | None = None
