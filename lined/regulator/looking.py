"""A code looked up at the regulator: in full where it is ours (API 1.21.1 §9.2), else what everybody may know of it
(API 1.21.1 §9.1), and what a package directly holds (API 1.21.1 §9.3).

For people. It reads, and changes nothing; check parts go nowhere. What an answer lacks is None.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from lined.regulator.asked import asked
from lined.regulator.client import Regulator
from lined.regulator.models.codes import OwnedCode, OwnerCheck, PrivateCode, PrivateCodes, PublicCode
from lined.vocabulary.errors import CallError, Denied, Refused, Unavailable

REDIRECTED = range(300, 400)


class SeenEvent(NamedTuple):
    """One thing that happened to a code there. `document`: what caused it."""

    at: str
    what: str
    status: str | None
    document: str | None
    document_type: str | None


class SeenCode(NamedTuple):
    """What the regulator says of a code, in its own words. `ours`: told in full; else only what everybody may know."""

    code: str
    ours: bool
    status: str
    extended_status: str | None
    level: str | None
    gtin: str | None
    issued_to: str | None
    owner: str | None
    produced_at: str | None
    expires_at: str | None
    series: str | None
    country: str | None
    lies_in: str | None
    holds: int | None
    events: tuple[SeenEvent, ...] = ()


class SeenPackage(NamedTuple):
    """What the regulator says a package holds. `known`: it knows the code at all; `ours`: it is this participant's."""

    code: str
    known: bool
    ours: bool
    level: str | None = None
    status: str | None = None
    children: tuple[str, ...] = ()


async def look_up(regulator: Regulator, ident: str) -> SeenCode | None:
    """What is known of an identification code; None: nothing. Raises CallError where it cannot be asked about,
    LookupFailed, NotSent, Refused.
    """
    shortest = regulator.profile.limits.code_information_min_length
    if len(ident) < shortest:
        raise CallError(f"The regulator takes no question about a code of less than {shortest} characters.")
    _need_right(regulator, "code_histories", "public_codes")
    try:
        found = await _ask(regulator, PrivateCodes, "code_histories", codes=[ident])
    except Refused as error:
        if error.status not in REDIRECTED:
            raise
    else:
        if found.results:
            return _in_full(found.results[0])
    rows = await _ask(regulator, tuple[PublicCode, ...], "public_codes", codes=[ident])
    return _in_public(rows[0]) if rows else None


async def look_into(regulator: Regulator, ident: str) -> SeenPackage:
    """What a package of ours directly holds. Raises LookupFailed, NotSent, Refused."""
    _need_right(regulator, "owner_check")
    found = await _ask(regulator, OwnerCheck, "owner_check", codes=[ident], ownerTin=regulator.account.tin)
    if found.results:
        row: OwnedCode = found.results[0]
        return SeenPackage(ident, True, True, row.package_type, row.status, row.children or ())
    return SeenPackage(ident, known=ident in (found.forbidden_codes or ()), ours=False)


def _in_full(row: PrivateCode) -> SeenCode:
    product, package, marking, turnover = row.product_data, row.package_data, row.marking_data, row.turnover_data
    issuer = marking.issuer_info if marking is not None else None
    owner = turnover.owner_info if turnover is not None else None
    return SeenCode(
        code=row.code_data.code,
        ours=True,
        status=row.code_data.status,
        extended_status=row.code_data.extended_status,
        level=package.package_type if package is not None else None,
        gtin=product.gtin if product is not None else None,
        issued_to=issuer.issuer_tin if issuer is not None else None,
        owner=owner.owner_tin if owner is not None else None,
        produced_at=product.production_date if product is not None else None,
        expires_at=product.expiration_date if product is not None else None,
        series=product.product_series if product is not None else None,
        country=product.manufacturer_country if product is not None else None,
        lies_in=package.parent_code if package is not None else None,
        holds=package.actually_packed if package is not None else None,
        events=tuple(
            SeenEvent(
                one.event_date, one.event_type, one.event_changed_code_status, one.event_source_id, one.document_type
            )
            for one in row.code_history or ()
        ),
    )


def _in_public(row: PublicCode) -> SeenCode:
    return SeenCode(
        code=row.code,
        ours=False,
        status=row.status,
        extended_status=row.extended_status,
        level=row.package_type,
        gtin=row.gtin,
        issued_to=row.issuer_short_info.issuer_tin,
        owner=None,
        produced_at=row.production_date,
        expires_at=row.expiration_date,
        series=row.product_series,
        country=None,
        lies_in=None,
        holds=None,
    )


def _need_right(regulator: Regulator, *methods: str) -> None:
    closed = any(regulator.profile.methods[name].business for name in methods)
    if closed and not regulator.account.business:
        raise Denied("code information is closed to technical users: use an API key", status=403)


async def _ask(regulator: Regulator, model: Any, name: str, **values: str | Sequence[str]) -> Any:
    answer = await regulator.calls().one(asked(name, values, regulator.account))
    try:
        return TypeAdapter(model).validate_python(answer.value)
    except ValidationError:
        raise Unavailable(f"{name}: its answer is not as the text says: lined profile watch tells how") from None
