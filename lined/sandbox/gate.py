"""The gate of every request: whose token it is, what that user may do, and how often."""

from __future__ import annotations

import math
from typing import cast

from fastapi import Request
from starlette.requests import ClientDisconnect

from lined.sandbox import accounts
from lined.sandbox.accounts import User
from lined.sandbox.answers import Fault, Rejection, bad_request, inactive_token, no_rights
from lined.sandbox.rules import BODY_MAX_BYTES
from lined.sandbox.sandbox import Budget, Sandbox
from lined.sandbox.shapes import parse_instant

JSON = "application/json"


def sandbox_of(request: Request) -> Sandbox:
    return cast("Sandbox", request.app.state.sandbox)


async def enter(request: Request, *, business: bool = False, counted: bool = False) -> User:
    """The user who asks. `business`: methods that technical users may not ask (API 1.21.1 §3.4); `counted`: methods of
    orders and reports, 100 a minute (API 1.21.1 §1.4). Raises Rejection: 401, 403 or 429.
    """
    sandbox = sandbox_of(request)
    authorization = request.headers.get("authorization", "")
    tin, at = sandbox.settings.tin, sandbox.clock()
    user = await sandbox.books.read(lambda connection: accounts.user_of(connection, authorization, tin, at))
    if user is None:
        raise inactive_token(authorization)
    if business and user.technical and sandbox.settings.rules.business_only:
        raise no_rights("the method is not available to technical users")
    if counted:
        spend(sandbox, sandbox.requests)
    return user


def spend(sandbox: Sandbox, budget: Budget) -> None:
    """Take one request off a budget. Raises Rejection: 429."""
    wait_s = budget.take(sandbox.clock())
    if wait_s:
        retry_after_s = math.ceil(wait_s) if sandbox.settings.retry_after else None
        raise Rejection(
            429, "too-many-requests", [Fault("Request limit exceeded")], number="1", retry_after_s=retry_after_s
        )


async def json_body(request: Request) -> bytes:
    """The body of a request that says it is JSON. Raises Rejection."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != JSON:
        raise bad_request("Content-Type must be application/json", value=media)
    return await limited_body(request)


async def limited_body(request: Request) -> bytes:
    """The whole body, of a bounded size. Raises Rejection."""
    parts, size = [], 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > BODY_MAX_BYTES:
                raise Rejection(413, "too-large", [Fault(f"the body exceeds {BODY_MAX_BYTES} bytes")])
            parts.append(part)
    except ClientDisconnect as error:  # the answer reaches nobody
        raise bad_request("the body ended early") from error
    return b"".join(parts)


def integer(request: Request, name: str, default: int | None, *, low: int, high: int | None = None) -> int:
    """An integer of the query; `default` None: it is required. Raises Rejection."""
    text = request.query_params.get(name)
    if text is None and default is not None:
        return default
    if text is None:
        raise bad_request(f"parameter {name} is required", name, where="query")
    if not text.lstrip("-").isdigit() or int(text) < low:
        raise bad_request(f"invalid value [{text}] of parameter {name}", name, text, where="query")
    return int(text) if high is None else min(int(text), high)


def words(request: Request, name: str, among: frozenset[str]) -> tuple[str, ...]:
    """An array of the query, repeated or with commas, each word out of a dictionary. Raises Rejection."""
    found = [word for text in request.query_params.getlist(name) for word in text.split(",") if word]
    for word in found:
        if word not in among:
            raise bad_request(f"invalid value [{word}] of parameter {name}", name, word, where="query")
    return tuple(found)


def moment(request: Request, name: str) -> float | None:
    """A date and time of the query, None where there is none. Raises Rejection."""
    text = request.query_params.get(name)
    if not text:
        return None
    found = parse_instant(text)
    if found is None:
        raise bad_request(f"invalid value [{text}] of parameter {name}", name, text, where="query")
    return found.timestamp()


def window(request: Request, since: str = "dateFrom", until: str = "dateTo") -> tuple[float | None, float | None]:
    """Two moments of the query. Raises Rejection where the second is earlier (API 1.21.1 §4.2.1: "If dateTo < dateFrom,
    an error is returned"; without it the present moment counts).
    """
    first, last = moment(request, since), moment(request, until)
    if first is not None and (sandbox_of(request).clock() if last is None else last) < first:
        raise bad_request(f"{until} is earlier than {since}", until, where="query")
    return first, last
