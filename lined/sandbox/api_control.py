"""The control endpoint, `/sandbox/...`: issue codes, set faults, read the books. No token; loopback only, unless the
sandbox was opened to the network explicitly.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from random import Random
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, ConfigDict, Field

from lined.sandbox import issuing, statements
from lined.sandbox.answers import json_response
from lined.sandbox.books import Connection, one
from lined.sandbox.faults import FaultRequest
from lined.sandbox.gate import sandbox_of
from lined.sandbox.issuing import ISSUE_MAX, Lot
from lined.sandbox.sandbox import Sandbox
from lined.sandbox.settings import SandboxSettings, is_loopback

PageSize = Annotated[int, Query(ge=1, le=statements.CODES_PAGE_MAX)]


def only_loopback(request: Request) -> None:
    """403 for anybody from the network, unless the settings allow it."""
    host = request.client.host if request.client else ""
    if not sandbox_of(request).settings.allow_lan and not is_loopback(host):
        raise HTTPException(403, "the control endpoint answers on loopback only")


router = APIRouter(prefix="/sandbox", dependencies=[Depends(only_loopback)])


class Issue(BaseModel):
    """Codes to issue. `tin` makes somebody else their owner; with `seed` fresh books give the same codes again."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    gtin: str = Field(pattern=r"^[0-9]{14}$")
    count: int = Field(ge=1, le=ISSUE_MAX)
    template: Literal["GS1_AISTR_SHORT", "GS1_AISTR_ASYM_SHORT", "GS1_AISTR", "TOBACCO"] = "GS1_AISTR_SHORT"
    serial_length: int = Field(default=13, ge=1, le=issuing.SERIAL_MAX_CHARS)
    group: str = "vegetableoil"
    package: Literal["UNIT", "GROUP", "SET"] = "UNIT"
    countries: tuple[str, ...] = ()  # none: the home country
    tin: str | None = None
    seed: int | None = None
    codes: bool = True  # whether the answer holds the codes themselves


class Ssccs(BaseModel):
    """SSCCs to make. They are the participant's own: the books know them once they were used."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prefix: str = Field(pattern=r"^[0-9]{8,14}$")
    first: int = Field(default=1, ge=0)
    count: int = Field(ge=1, le=ISSUE_MAX)


@router.get("/account")
async def account(request: Request) -> Response:
    """Who may log in, and how."""
    sandbox = sandbox_of(request)
    settings = sandbox.settings
    return json_response({
        "tin": settings.tin, "places": settings.places, "groups": settings.open_groups, **sandbox.credentials._asdict()
    })  # fmt: skip


@router.post("/codes")
async def issue(request: Request, wanted: Issue) -> Response:
    """Issue codes: `{"batch", "issued", "codes"}`. The GTIN gets its card; another group than before is a 409."""
    sandbox = sandbox_of(request)
    serial_length = issuing.TOBACCO_SERIAL_CHARS if wanted.template == "TOBACCO" else wanted.serial_length
    batch = sandbox.new_id()
    lot = Lot(
        wanted.gtin, wanted.count, wanted.template, serial_length, wanted.package,
        wanted.tin or sandbox.settings.tin, batch,
    )  # fmt: skip
    _check(wanted, lot, sandbox.settings)
    rng = sandbox.rng if wanted.seed is None else Random(wanted.seed)  # noqa: S311  # test codes
    countries = wanted.countries or (sandbox.settings.rules.home,)
    codes = await sandbox.books.write(lambda c: _issue(c, wanted, lot, countries, rng, sandbox.clock()))
    answer: dict[str, Any] = {"batch": batch, "issued": len(codes)}
    return json_response(answer | ({"codes": codes} if wanted.codes else {}), status=201)


def _check(wanted: Issue, lot: Lot, settings: SandboxSettings) -> None:
    if not issuing.has_check_digit(wanted.gtin):
        raise HTTPException(422, "the check digit of the GTIN is wrong")
    if wanted.group not in settings.rules.groups:
        raise HTTPException(422, f"{wanted.group!r} is not a product group")
    if issuing.too_many(lot):
        raise HTTPException(422, f"there are not enough serials of {lot.serial_length} characters for {lot.size} codes")


def _issue(
    connection: Connection, wanted: Issue, lot: Lot, countries: Sequence[str], rng: Random, at: float
) -> list[str]:
    group = one(connection, "SELECT product_group FROM cards WHERE gtin = ?", (wanted.gtin,))
    if group not in {None, wanted.group}:
        raise HTTPException(409, f"the card of this GTIN says {group}")
    connection.execute(
        "INSERT OR REPLACE INTO cards (gtin, product_group, countries) VALUES (?, ?, ?)",
        (wanted.gtin, wanted.group, ",".join(countries)),
    )
    try:
        return issuing.issue(connection, lot, rng, at)
    except issuing.Exhausted as error:
        raise HTTPException(409, str(error)) from error


@router.get("/codes")
async def issued_codes(
    request: Request,
    batch: str = "",
    status: str = "",
    after: int = 0,
    limit: PageSize = 10_000,
    lines: bool = False,
) -> Response:
    """A page of full codes, as JSON `{"codes", "next"}` or with `lines` one a line, `X-Next` saying where to go on."""
    page, following = await sandbox_of(request).books.read(
        lambda c: statements.codes(c, status=status, source=batch, after=after, limit=limit, full=True)
    )
    codes = [item["code"] for item in page]
    if lines:
        return PlainTextResponse("\n".join(codes), headers={"X-Next": str(following or "")})
    return json_response({"codes": codes, "next": following})


@router.post("/ssccs")
async def make_ssccs(wanted: Ssccs) -> Response:
    """`{"codes": [...]}`: SSCCs with their `00`."""
    if wanted.first + wanted.count > 10 ** (17 - len(wanted.prefix)):
        raise HTTPException(422, "the numbers do not fit behind the prefix")
    return json_response(
        {"codes": await asyncio.to_thread(issuing.ssccs, wanted.prefix, wanted.first, wanted.count)}, status=201
    )


@router.get("/books")
async def books(request: Request) -> Response:
    """The counts; see `statements.totals`. `answers` and `faults` count since the start of the process."""
    sandbox = sandbox_of(request)
    totals = await sandbox.books.read(statements.totals)
    answers = request.app.state.injection.answers
    return json_response(totals | {"answers": dict(answers), "faults": dict(sandbox.faults.hits)})


@router.get("/books/codes")
async def books_codes(
    request: Request,
    status: str = "",
    batch: str = "",
    code: str = "",
    after: int = 0,
    limit: PageSize = 10_000,
) -> Response:
    """A page of codes `{"items", "next"}`; or with `code` that one's story, with effects and refused attempts."""
    read = sandbox_of(request).books.read
    if code:
        story = await read(lambda connection: statements.story(connection, issuing.split(code)[0]))
        if story is None:
            raise HTTPException(404, "the code is unknown")
        return json_response(story)
    items, following = await read(
        lambda c: statements.codes(c, status=status, source=batch, after=after, limit=limit, full=False)
    )
    return json_response({"items": items, "next": following})


@router.get("/books/documents")
async def books_documents(
    request: Request, after: int = 0, limit: Annotated[int, Query(ge=1, le=statements.DOCUMENTS_PAGE_MAX)] = 100
) -> Response:
    """A page of documents `{"items", "next"}`, oldest first, with their counts."""
    sandbox: Sandbox = sandbox_of(request)
    items, following = await sandbox.books.read(
        lambda connection: statements.documents(connection, after=after, limit=limit, at=sandbox.clock())
    )
    return json_response({"items": items, "next": following})


@router.post("/faults")
async def add_fault(request: Request, wanted: FaultRequest) -> Response:
    """Set a fault; see `faults`."""
    try:
        fault = sandbox_of(request).faults.add(wanted)
    except ValueError as error:
        raise HTTPException(409, str(error)) from error
    return json_response(fault.as_json(), status=201)


@router.get("/faults")
async def list_faults(request: Request) -> Response:
    """All faults that are set, spent ones too, with their hits."""
    return json_response({"items": [fault.as_json() for fault in sandbox_of(request).faults.listing()]})


@router.delete("/faults")
@router.delete("/faults/{identity}")
async def remove_faults(request: Request, identity: str | None = None) -> Response:
    """Take one fault away, or all: `{"removed"}`."""
    return json_response({"removed": sandbox_of(request).faults.remove(identity)})
