"""Information about codes (API 1.21.1 §9), for business users."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from lined.codes import GS
from lined.sandbox import histories
from lined.sandbox.answers import json_response
from lined.sandbox.books import Connection
from lined.sandbox.gate import enter, json_body, sandbox_of, spend
from lined.sandbox.rules import CODE_MIN_CHARS, CODE_QUESTION_MAX, OWNER_QUESTION_MAX
from lined.sandbox.shapes import Fields, parse_json, parse_object

router = APIRouter()
_PUBLIC = "/public/api/cod/public/codes"


@router.post("/public/api/cod/private/codes")
async def private_codes(request: Request) -> Response:
    """9.2: codes of the user in full, others in `forbiddenCodes`; only others: on to the public method. Unknown codes
    are simply absent.
    """
    sandbox = sandbox_of(request)
    user = await enter(request, business=True)
    idents = await _asked(request)

    def look(connection: Connection) -> tuple[list[dict[str, object]], list[str]]:
        found = histories.find(connection, idents)
        own = [histories.private(connection, code) for code in found if code.owner == user.tin]
        return own, [code.ident for code in found if code.owner != user.tin]

    results, forbidden = await sandbox.books.read(look)
    if forbidden and not results:
        return RedirectResponse(_PUBLIC, status_code=307)
    return json_response({"results": results, "forbiddenCodes": forbidden})


@router.post(_PUBLIC)
async def public_codes(request: Request) -> Response:
    """9.1: a bare list."""
    await enter(request, business=True)
    idents = await _asked(request)
    found = await sandbox_of(request).books.read(
        lambda connection: [histories.public(connection, code) for code in histories.find(connection, idents)]
    )
    return json_response(found)


@router.post("/public/api/cod/nested-codes/owner-check")
async def owner_check(request: Request) -> Response:
    """9.3: codes of the owner who is named, with what they hold; those of others; those nobody knows."""
    sandbox = sandbox_of(request)
    await enter(request, business=True)
    spend(sandbox, sandbox.owner_checks)
    fields = Fields(parse_object(await json_body(request)))
    fields.only("codes", "ownerTin")
    owner = fields.text("ownerTin")
    idents = _idents(fields, OWNER_QUESTION_MAX)

    def look(connection: Connection) -> dict[str, object]:
        found = histories.find(connection, idents)
        known = {code.ident for code in found}
        return {
            "results": [histories.owned(connection, code) for code in found if code.owner == owner],
            "forbiddenCodes": [code.ident for code in found if code.owner != owner],
            "missingCodes": [ident for ident in idents if ident not in known],
        }

    return json_response(await sandbox.books.read(look))


@router.post("/public/api/v1/code-verification/verify")
async def verify(request: Request) -> Response:
    """9.4: a bare list of full codes, whatever its table says."""
    await enter(request, business=True)
    fields = Fields({"codes": parse_json(await json_body(request))})
    codes = fields.texts("codes", max_items=CODE_QUESTION_MAX)
    fields.done()
    return json_response(await sandbox_of(request).books.read(lambda c: histories.verified(c, codes)))


async def _asked(request: Request) -> list[str]:
    """1 to 1,000 identification codes. Raises Rejection: too short, not ASCII, with a check part."""
    fields = Fields(parse_object(await json_body(request)))
    fields.only("codes")
    return _idents(fields, CODE_QUESTION_MAX)


def _idents(fields: Fields, most: int) -> list[str]:
    codes = fields.texts("codes", max_items=most)
    for place, code in enumerate(codes):
        if len(code) < CODE_MIN_CHARS:
            fields.wrong(f"codes[{place}]", f"the code is shorter than {CODE_MIN_CHARS} characters", code)
        elif not code.isascii():
            fields.wrong(f"codes[{place}]", "the code has invalid characters", code)
        elif GS in code:
            fields.wrong(f"codes[{place}]", "only identification codes are allowed", code)
    fields.done()
    return codes
