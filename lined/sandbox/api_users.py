"""Credentials (API 1.21.1 §2): API keys of the business user, tokens of the technical user."""

from __future__ import annotations

from urllib.parse import parse_qs

from fastapi import APIRouter, Request, Response

from lined.sandbox import accounts
from lined.sandbox.answers import bad_request, json_response
from lined.sandbox.gate import enter, json_body, limited_body, sandbox_of, spend
from lined.sandbox.shapes import Fields, parse_object

router = APIRouter()
_KEYS = "/public/api/v1/party/parties/{tin}/api-keys"
_FORM = "application/x-www-form-urlencoded"


@router.get(f"{_KEYS}/check")
async def check_key(request: Request, tin: str) -> Response:
    """2.1.4."""
    sandbox = sandbox_of(request)
    user = await enter(request, business=True)
    spend(sandbox, sandbox.key_checks)
    authorization, own = request.headers["authorization"], tin == user.tin
    answer = await sandbox.books.read(lambda connection: accounts.check_key(connection, authorization, own))
    return json_response(answer)


@router.post(f"{_KEYS}/refresh")
async def refresh_key(request: Request, tin: str) -> Response:
    """2.1.5: POST, whatever the sample says."""
    sandbox = sandbox_of(request)
    user = await enter(request, business=True)
    spend(sandbox, sandbox.key_refreshes)
    if tin != user.tin:
        raise bad_request("the TIN is not the user's", "tin", tin, where="path")
    fields = Fields(body := parse_object(await json_body(request)))
    fields.only("apiKey", "id")
    fields.text("apiKey", required=False)
    fields.text("id", required=False)
    fields.done()
    at = sandbox.clock()
    answer = await sandbox.books.write(
        lambda connection: accounts.refresh_key(connection, body, sandbox.settings, at, sandbox.new_id)
    )
    return json_response(answer)


@router.post("/api/users/authenticate")
async def authenticate(request: Request) -> Response:
    """2.2.2."""
    sandbox = sandbox_of(request)
    fields = Fields(body := parse_object(await json_body(request)))
    fields.only("login", "password")
    fields.text("login")
    fields.text("password")
    fields.done()
    at = sandbox.clock()
    answer = await sandbox.books.write(
        lambda connection: accounts.authenticate(
            connection, body, sandbox.credentials, sandbox.settings, at, sandbox.new_id
        )
    )
    return json_response(answer)


@router.post("/api/users/tokens/refresh")
async def refresh_tokens(request: Request) -> Response:
    """2.2.3: form-encoded."""
    sandbox = sandbox_of(request)
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != _FORM:
        raise bad_request(f"Content-Type must be {_FORM}", value=media)
    form = parse_qs((await limited_body(request)).decode("ascii", "replace"))
    tokens = form.get("refreshToken", [])
    if len(tokens) != 1:
        raise bad_request("parameter refreshToken is required", "$.refreshToken")
    at = sandbox.clock()
    answer = await sandbox.books.write(
        lambda connection: accounts.refresh_tokens(connection, tokens[0], sandbox.settings, at, sandbox.new_id)
    )
    return json_response(answer)
