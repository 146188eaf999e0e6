"""Lists of a participant's codes (API 1.21.1 §8): asked for, made, fetched as a ZIP file."""

from __future__ import annotations

from typing import Annotated

from lined.regulator.models.base import (
    Answer,
    CodeStatus,
    Dictionary,
    GroupId,
    Gtin,
    Id,
    Package,
    Purpose,
    ReleaseType,
    Request,
    Text,
    When,
    Word,
)

ListStatus = Annotated[Word, Dictionary("list_status")]
"""API 1.21.1 §8.2.2: the whole answer is this word."""


class CodeListNewRequest(Request):
    """API 1.21.1 §8.1.1: whose codes, filtered. `gtin` and names are compared as a whole."""

    gtin: Gtin
    product_id: Id | None = None
    product_name: Text | None = None
    product_group_id: tuple[GroupId, ...] | None = None
    package_type: tuple[Package, ...] | None = None
    emission_date_from: When | None = None
    emission_date_to: When | None = None
    production_date_from: When | None = None
    production_date_to: When | None = None
    expiration_date_from: When | None = None
    expiration_date_to: When | None = None
    status: tuple[CodeStatus, ...] | None = None
    emission_type: tuple[Purpose, ...] | None = None
    original_release_method: tuple[ReleaseType, ...] | None = None
    empty_package: bool | None = None
    product_series: Text | None = None


class CodeListRegistered(Answer):
    """API 1.21.1 §8.1.2."""

    id: Id


class CodeListRequest(Request):
    """API 1.21.1 §8.2.1, §8.3.1."""

    id: Id
