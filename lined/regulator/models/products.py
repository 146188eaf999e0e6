"""Cards of products (API 1.21.1 §10): listed, found by GTIN, read whole, their files."""

from __future__ import annotations

from typing import Annotated

from lined.regulator.models.base import (
    Answer,
    Anything,
    Dictionary,
    Group,
    Gtin,
    Id,
    Moment,
    Names,
    Package,
    Part,
    Request,
    When,
    Whole,
    Word,
)

PUBLISHED = "PUBLISHED"  # API 1.21.1 §13.26
CardStatus = Annotated[Word, Dictionary("card_status")]


class ProductsRequest(Request):
    """API 1.21.1 §10.1.1."""

    product_group: Group
    inn: Id | None = None
    gtin: Gtin | None = None
    status: CardStatus | None = None
    tnved: Word | None = None
    updated_at_from: When | None = None
    updated_at_to: When | None = None
    package_type: Package | None = None


class Coded(Part):
    """A word with its name in each language (API 1.21.1 §10.1.2)."""

    code: Word
    name: Names


class ProductCard(Part):
    """API 1.21.1 §10.1.2; the answer is a list of these."""

    id: Id
    gtin: Word
    product_name: Names | None = None
    inn: Word
    product_group: Coded
    product_category: Coded | None = None
    tnved: Coded | None = None
    package_type: Coded
    status: Coded
    created_at: Moment | None = None
    updated_at: Moment | None = None


class ProductsByGtinRequest(Request):
    """API 1.21.1 §10.2.1. `offset`: how many rows are left out."""

    gtin: Gtin
    product_group: Group | None = None
    status: CardStatus | None = None
    limit: Whole | None = None
    offset: Whole | None = None


class Valued(Part):
    """The same as `Coded`, as API 1.21.1 §10.2.2 has it."""

    name: Names
    value: Word


class FoundProduct(Part):
    """API 1.21.1 §10.2.2. `pg`: the product group; `languages_complete`: by language."""

    id: Id
    gtin: Word
    inn: Word
    product_name: Names | None = None
    participant_name: Names | None = None
    languages_complete: dict[Word, bool] | None = None
    package_type: Valued
    pg: Valued
    product_category: Valued | None = None
    tnved: Word | None = None
    status: Valued


class FoundProducts(Answer):
    """API 1.21.1 §10.2.2."""

    has_next_page: bool
    products: tuple[FoundProduct, ...]


class ProductRequest(Request):
    """API 1.21.1 §10.3.1, §10.4.1: the id of a card, or of a file that a card names."""

    id: Id


class AttributeMeta(Part):
    code: Word
    name: Names
    type: Word


class Attribute(Part):
    """One attribute of a card (API 1.21.1 §10.3.2). The shape of `value` depends on its type."""

    meta: AttributeMeta
    value: Anything = None
    unit: Coded | None = None


class Product(ProductCard, Answer):
    """API 1.21.1 §10.3.2. `attributes` is a list, whatever its table says."""

    scope: Annotated[Word, Dictionary("card_scope")] | None = None
    attributes: tuple[Attribute, ...] | None = None
