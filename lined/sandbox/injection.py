"""Fault injection between server and application: the faults that concern a request and its answer, and counts of
answers.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lined.sandbox.answers import BAD_VALUE, Rejection, inactive_token, json_response, not_found, rejection_response
from lined.sandbox.answers import Fault as Wrong
from lined.sandbox.faults import Fault, FaultList, FaultRequest
from lined.sandbox.shapes import open_envelope, parse_object
from lined.sandbox.wire import LINE, Line

CONTROL = "/sandbox"
NOT_FOUND = 404
NOT_ACCEPTABLE = 406
ICOM = "/api/"
MEGABYTE = 1_000_000
_JSON = [(b"content-type", b"application/json")]
_PAGE = b"<!DOCTYPE html><html><head><title>Error</title></head><body><h1>Under maintenance</h1></body></html>"
_BEFORE = frozenset({"drop-before", "error-before", "html", "too-many", "expire-token", "reject"})
_AFTER = frozenset({"error-after", "answer-lost", "truncated", "html", "no-id", "huge"})
_ROW = b'{"index":1,"code":"010489921512237121UGM6BL+d+aHQw","state":"SUCCESS"},'
_CAUSES = {429: "Request limit exceeded", 500: "Internal server error"}


class Injection:
    """The application, with faults in front of it and behind it. `accepts_all`: whoever does not accept everything gets
    a 406 without a body.
    """

    def __init__(
        self, app: ASGIApp, faults: FaultList, kill_tokens: Callable[[], Awaitable[None]], *, accepts_all: bool = False
    ) -> None:
        self._app = app
        self._faults = faults
        self._kill_tokens = kill_tokens
        self._accepts_all = accepts_all
        self.answers: Counter[str] = Counter()  # by status, `cut` where nobody got one

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(CONTROL):
            await self._app(scope, receive, send)
            return
        if self._accepts_all and dict(scope["headers"]).get(b"accept", b"").strip() != b"*/*":
            await self._send_answer(_messages(NOT_ACCEPTABLE, [], b""), send)
            return
        method, path = scope["method"], scope["path"]
        text = ""
        if self._faults.reads_bodies:
            body = await _body(receive)
            text, receive = _decoded(body), _again(body, receive)
        slow = self._faults.meet(method, path, {"slow"}, text)
        fault = self._faults.meet(method, path, _BEFORE | _AFTER, text)
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
        await self._send_answer(answer, send)

    async def _answer(self, scope: Scope, receive: Receive) -> list[Message]:
        """What the application says, held back."""
        answered: list[Message] = []

        async def hold(message: Message) -> None:
            answered.append(message)

        await self._app(scope, receive, hold)
        return answered

    async def _send_answer(self, answer: list[Message], send: Send) -> None:
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
        await self._send_answer(_error(fault, scope, body), send)

    async def _spoil(
        self, fault: Fault, answer: list[Message], scope: Scope, receive: Receive, send: Send
    ) -> list[Message]:
        """Another answer after the effect, or none."""
        if fault.asked.kind == "answer-lost":
            await self._cut(fault, scope, receive)
            return []
        if fault.asked.kind == "truncated":
            await self._send_half(answer, scope, receive, send)
            return []
        if fault.asked.kind == "no-id":
            return _messages(200, _JSON, b'{"success":true}')
        if fault.asked.kind == "huge":
            return _messages(200, _JSON, b"[" + _ROW * (fault.asked.megabytes * MEGABYTE // len(_ROW)) + b"{}]")
        return _error(fault, scope, b"")

    async def _cut(self, fault: Fault, scope: Scope, receive: Receive) -> None:
        self.answers["cut"] += 1
        _line(scope).cut(reset=fault.asked.reset)
        await _gone(receive)

    async def _send_half(self, answer: list[Message], scope: Scope, receive: Receive, send: Send) -> None:
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
    if asked.kind == "html" or asked.html or asked.shape == "html":
        status = asked.status or (200 if asked.kind == "html" else 500)
        return _messages(status, [(b"content-type", b"text/html; charset=utf-8")], _PAGE)
    if asked.shape != "json":
        text = b"Request Entity Too Large" if asked.shape == "plain" else b""
        return _messages(asked.status or 500, [(b"content-type", b"text/plain")] if text else [], text)
    if asked.kind == "expire-token":
        authorization = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
        rejection = inactive_token(authorization, status=asked.status or 401)
    elif asked.kind == "reject":
        rejection, answered = _rejection(asked, body)
        if answered is not None:
            response = json_response(answered, status=rejection.status)
            return _messages(rejection.status, response.raw_headers, bytes(response.body))
    elif asked.status == NOT_FOUND:
        rejection = not_found("documentId", scope["path"])
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


def _rejection(asked: FaultRequest, body: bytes) -> tuple[Rejection, object]:
    """A readable no that blames some codes of a report, or nobody. Second: its JSON, where that is none of our own
    shapes: one error a code, without a context, as the text's table leaves it open (API 1.21.1 §1.6).
    """
    status, last = asked.status or 400, asked.place + asked.codes
    named = list(_places(body))[asked.place : last]
    if named and asked.naming != "value":
        return Rejection(status, "invalid-code", []), [_bare(asked.naming, path, code) for path, code in named]
    wrong = [Wrong(f"invalid code [{code}]", "body", path, code) for path, code in named]
    return Rejection(status, "invalid-code", wrong or [Wrong("the document cannot be accepted")]), None


def _bare(naming: str, path: str, code: str) -> dict[str, object]:
    error: dict[str, object] = {"code": int(BAD_VALUE), "errorId": str(uuid.uuid4()), "service": "icom"}
    if naming == "list":
        return {**error, "error": "Недопустимое значение", "invalidCodes": [code]}
    shown = code if naming == "text" else "CODE"
    error["error"] = f"Недопустимое значение [{shown}] параметра [{path[2:].partition('[')[0]}]"
    return error if naming == "text" else {**error, "requestBodyJsonPath": path}


def _places(body: bytes) -> Iterator[tuple[str, str]]:
    """The codes of a report's body, wherever its kind puts them, each with its path."""
    try:
        content = parse_object(body)
        if "documentBody" in content:
            content, _ = open_envelope(body)
    except Rejection:
        return
    for name in ("sntins", "codes"):
        for place, item in enumerate(content.get(name) or []):
            yield f"$.{name}[{place}]", str(item.get("code") if isinstance(item, dict) else item)
    for number, unit in enumerate(content.get("aggregationUnits") or []):
        yield f"$.aggregationUnits[{number}].unitSerialNumber", str(unit.get("unitSerialNumber", ""))
        for place, code in enumerate(unit.get("codes", [])):
            yield f"$.aggregationUnits[{number}].codes[{place}]", str(code)


def _decoded(body: bytes) -> str:
    """A request's body as its codes stand in it."""
    return "\n".join([body.decode("utf-8", "replace"), *(code for _, code in _places(body))])


def _again(body: bytes, receive: Receive) -> Receive:
    """The same body once more, then whatever follows."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
