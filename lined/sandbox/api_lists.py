"""Lists of codes (API 1.21.1 §8), for business users."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from lined.sandbox import lists
from lined.sandbox.answers import bad_request, json_response
from lined.sandbox.gate import enter, json_body, sandbox_of
from lined.sandbox.lists import Ready
from lined.sandbox.shapes import parse_object

router = APIRouter()
_LISTS = "/public/api/cod/exports"


@router.post(_LISTS)
async def register(request: Request) -> Response:
    """8.1."""
    sandbox = sandbox_of(request)
    user = await enter(request, business=True)
    content = parse_object(await json_body(request))
    lists.check(content)
    uuid, at = sandbox.new_id(), sandbox.clock()
    await sandbox.books.write(lambda connection: lists.register(connection, content, uuid, user.tin, at))
    return json_response({"id": uuid})


@router.get(f"{_LISTS}/{{list_id}}/status")
async def status(request: Request, list_id: str) -> Response:
    """8.2: a bare word."""
    return json_response((await _ready(request, list_id)).status)


@router.get(f"{_LISTS}/{{list_id}}/result")
async def result(request: Request, list_id: str) -> Response:
    """8.3."""
    ready = await _ready(request, list_id)
    if ready.file is None:
        raise bad_request(f"the list is {ready.status}", "id", list_id, where="path")
    return Response(ready.file, media_type="application/zip")


async def _ready(request: Request, list_id: str) -> Ready:
    sandbox = sandbox_of(request)
    user = await enter(request, business=True)
    at = sandbox.clock()
    return await sandbox.books.read(lambda c: lists.look(c, list_id, user.tin, at, sandbox.settings))
