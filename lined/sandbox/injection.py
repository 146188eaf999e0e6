"""Fault injection between server and application: the faults that concern a request and its answer, and counts of
answers.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lined.sandbox.answers import Fault as Wrong
from lined.sandbox.answers import Rejection, inactive_token, rejection_response
from lined.sandbox.faults import Fault, FaultList
from lined.sandbox.shapes import open_envelope, parse_object
from lined.sandbox.wire import LINE, Line

CONTROL = "/sandbox"
ICOM = "/api/"
_PAGE = b"<!DOCTYPE html><html><head><title>Error</title></head><body><h1>Under maintenance</h1></body></html>"
_BEFORE = frozenset({"drop-before", "error-before", "html", "too-many", "expire-token", "reject"})
_AFTER = frozenset({"error-after", "answer-lost", "truncated", "html"})
_CAUSES = {429: "Request limit exceeded", 500: "Internal server error"}


class Injection:
    """The application, with faults in front of it and behind it."""

    def __init__(self, app: ASGIApp, faults: FaultList, kill_tokens: Callable[[], Awaitable[None]]) -> None:
        self._app = app
        self._faults = faults
        self._kill_tokens = kill_tokens
        self.answers: Counter[str] = Counter()  # by status, `cut` where nobody got one

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(CONTROL):
            await self._app(scope, receive, send)
            return
        method, path = scope["method"], scope["path"]
        slow = self._faults.meet(method, path, {"slow"})
        fault = self._faults.meet(method, path, _BEFORE | _AFTER)
        if slow is not None and not slow.asked.after:
            await asyncio.sleep(slow.asked.delay_s)
        if fault is not None and not _has_effect(fault):
            await self._instead(fault, scope, receive, send)
            return
        answer = await self._answer(scope, receive)
        if slow is not None and slow.asked.after:
            await asyncio.sleep(slow.asked.delay_s)
        if fault is not None:
            answer = await self._spoil(fault, answer, scope, receive, send)
        await self._say(answer, send)

    async def _answer(self, scope: Scope, receive: Receive) -> list[Message]:
        """What the application says, held back."""
        said: list[Message] = []

        async def hold(message: Message) -> None:
            said.append(message)

        await self._app(scope, receive, hold)
        return said

    async def _say(self, answer: list[Message], send: Send) -> None:
        if answer:
            self.answers[str(answer[0]["status"])] += 1
        for message in answer:
            await send(message)

    async def _instead(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        """An answer, or none, without any effect."""
        if fault.asked.kind == "drop-before":
            await self._cut(fault, scope, receive)
            return
        if fault.asked.kind == "expire-token":
            await self._kill_tokens()
        body = await _body(receive)
        await self._say(_error(fault, scope, body), send)

    async def _spoil(
        self, fault: Fault, answer: list[Message], scope: Scope, receive: Receive, send: Send
    ) -> list[Message]:
        """Another answer after the effect, or none."""
        if fault.asked.kind == "answer-lost":
            await self._cut(fault, scope, receive)
            return []
        if fault.asked.kind == "truncated":
            await self._say_half(answer, scope, receive, send)
            return []
        return _error(fault, scope, b"")

    async def _cut(self, fault: Fault, scope: Scope, receive: Receive) -> None:
        self.answers["cut"] += 1
        _line(scope).cut(reset=fault.asked.reset)
        await _gone(receive)

    async def _say_half(self, answer: list[Message], scope: Scope, receive: Receive, send: Send) -> None:
        self.answers["cut"] += 1
        start, *rest = answer
        body = b"".join(message.get("body", b"") for message in rest)
        await send(start)
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        _line(scope).end()
        await _gone(receive)


def _has_effect(fault: Fault) -> bool:
    return fault.asked.after if fault.asked.kind == "html" else fault.asked.kind in _AFTER


def _line(scope: Scope) -> Line:
    line: Line = scope["extensions"][LINE]["line"]
    return line


async def _gone(receive: Receive) -> None:
    """Wait until the server has noticed that the connection is no more, so that it answers nothing itself."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _error(fault: Fault, scope: Scope, body: bytes) -> list[Message]:
    asked = fault.asked
    if asked.kind == "html" or asked.html:
        status = asked.status or (200 if asked.kind == "html" else 500)
        return _messages(status, [(b"content-type", b"text/html; charset=utf-8")], _PAGE)
    if asked.kind == "expire-token":
        authorization = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
        rejection = inactive_token(authorization, status=asked.status or 401)
    elif asked.kind == "reject":
        rejection = _rejection(asked.status or 400, asked.codes, body)
    else:
        status = asked.status or (429 if asked.kind == "too-many" else 500)
        rejection = Rejection(status, "unavailable", [Wrong(_CAUSES.get(status, "Server error"))], number="1")
        rejection.retry_after_s = asked.retry_after_s
    response = rejection_response(rejection, icom=scope["path"].startswith(ICOM))
    return _messages(rejection.status, response.raw_headers, bytes(response.body))


def _messages(status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> list[Message]:
    headers = [pair for pair in headers if pair[0] != b"content-length"]
    headers.append((b"content-length", str(len(body)).encode()))
    return [
        {"type": "http.response.start", "status": status, "headers": headers},
        {"type": "http.response.body", "body": body},
    ]


def _rejection(status: int, count: int, body: bytes) -> Rejection:
    """A readable no that blames the first `count` codes of a report, or nobody."""
    wrong = [
        Wrong(f"invalid code [{code}]", "body", f"$.codes[{place}]", code)
        for place, code in enumerate(_codes_of(body)[:count])
    ]
    return Rejection(status, "invalid-code", wrong or [Wrong("the document cannot be accepted")])


def _codes_of(body: bytes) -> list[str]:
    """The codes of a report's body, wherever its kind puts them."""
    try:
        content = parse_object(body)
        if "documentBody" in content:
            content, _ = open_envelope(body)
    except Rejection:
        return []
    found = content.get("sntins") or content.get("codes") or []
    for unit in content.get("aggregationUnits") or []:
        found = [*found, unit.get("unitSerialNumber", ""), *unit.get("codes", [])]
    return [str(item.get("code") if isinstance(item, dict) else item) for item in found]
