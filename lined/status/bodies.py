"""The bodies of commands, as the contract's section 3 has them. Unknown keys are errors: a misspelt `serie` must not be
dropped in silence.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

Short = Annotated[str, StringConstraints(max_length=200)]
Required = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Code = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Gtin = Annotated[str, StringConstraints(pattern=r"^[0-9]{8,14}$")]
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
    production_date: Short | None = None
    expiration_date: Short | None = None


class JobStart(_Attributes):
    gtin: Gtin
    mode: Literal["normal", "test"] = "normal"
    replace: bool = False
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


class PackageClose(Body):
    station: Required
    parent: Code | None = None


class Withdraw(Body):
    code: Code
    reason: Literal["sample", "scrap", "damaged", "other"]


class TypedRead(Body):
    """A code typed in by hand; `reason` is why it had to be, for the log."""

    station: Required
    code: Code
    reason: Short | None = None
