"""The bodies of commands (docs/contract.md, Commands). Unknown keys are errors: a misspelt `serie` must not be dropped
in silence.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StringConstraints

from lined.line.pool_operations import PAGE_MAX


def _gtin(text: str) -> str:
    if not re.fullmatch(r"[0-9]{8,14}", text):
        raise ValueError("must be the 8 to 14 digits of a GTIN")
    return text


def _day(text: str) -> str:
    """Nearer to the ends of the calendar than this, arithmetic with dates overflows."""
    if not re.match(r"2[01][0-9]{2}-", text):
        raise ValueError("must be a day such as 2026-11-23 or a moment such as 2026-11-23T08:00:00+05:00")
    return text


Short = Annotated[str, StringConstraints(max_length=200)]
Required = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Code = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Gtin = Annotated[str, AfterValidator(_gtin)]
Day = Annotated[str, StringConstraints(max_length=40), AfterValidator(_day)]
Packages = Literal["keep", "close", "dissolve"]
Kind = Literal["utilisation", "validation", "aggregation", "disaggregation", "correction"]


class Body(BaseModel):
    """`id`: the same again within 7 days is answered again, not done again. `by`: who."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Short | None = None
    by: Short | None = None

    def wish(self) -> dict[str, Any]:
        """What was said, without `id` and `by`."""
        return self.model_dump(exclude_unset=True, exclude={"id", "by"})


class _Attributes(Body):
    order: Short | None = None
    series: Short | None = None
    production_date: Day | None = None
    expiration_date: Day | None = None


class JobStart(_Attributes):
    gtin: Gtin
    mode: Literal["normal", "test"] = "normal"
    replace: StrictBool = False
    packages: Packages = "keep"


class JobStop(Body):
    packages: Packages = "keep"


class JobCorrect(_Attributes):
    """What is not said stays; null takes a value away."""


class Seal(Body):
    kind: Kind | None = None


class Retry(Body):
    confirm: Literal["not-received"] | None = None
    document_id: Required | None = None


class Release(Body):
    codes: Literal["unreported", "accepted", "refused"]
    reason: Required


class ReportCorrect(Body):
    """Codes, or a utilisation report whose accepted codes all get the new values; `preview` sends nothing."""

    codes: list[Code] | None = None
    report: Short | None = None
    production_date: Short | None = None
    expiration_date: Short | None = None
    series: Short | None = None
    country: Short | None = None
    preview: bool = False


class PackageDissolve(Body):
    """`parent`, or `station` for its open package."""

    station: Short | None = None
    parent: Code | None = None


class TakeOut(Body):
    """The child leaves its package."""

    code: Code


class ReplaceChild(Body):
    """`code` leaves its package, `with` takes its place."""

    model_config = ConfigDict(extra="forbid", frozen=True, serialize_by_alias=True)

    code: Code
    with_: Annotated[Code, Field(alias="with")]


class TaskDone(Body):
    """`task`, or `report`: all that it put before people, or with `reason` what of it has that reason."""

    task: Required | None = None
    report: Required | None = None
    reason: Short | None = None
    note: Short | None = None


class PackageClose(Body):
    station: Required
    parent: Code | None = None


class PoolLoad(Body):
    """Some of the codes issued for a product, with or without check part. `complete`: these were the last of them, and
    from now on what is not in the pool is an `unknown-code`.
    """

    gtin: Gtin
    codes: Annotated[list[Code], Field(max_length=PAGE_MAX)] = Field(default_factory=list)
    complete: StrictBool = False


class PoolDrop(Body):
    gtin: Gtin


class Withdraw(Body):
    code: Code
    reason: Literal["sample", "scrap", "damaged", "other"]


class TypedRead(Body):
    """A code typed in by hand; `reason` is why it had to be, for the log."""

    station: Required
    code: Code
    reason: Short | None = None
