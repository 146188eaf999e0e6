"""Answers in the shapes of API 1.21.1 §1.6: a list or an object, depending on the service that speaks.

The ICOM paths (`/api/...`) answer with an object that holds `globalErrors`; the public ones with a bare list. Both
carry `errorId` and `service`. As in the text's own sample the context of an `access-denied` echoes the bearer token.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from typing import NamedTuple

from fastapi import Response

# Numeric codes of the reference in 1.6.
UNAVAILABLE, BAD_LOGIN, NO_RIGHTS, GTIN_NOT_IN_ORDER, BAD_VALUE = "1", "100", "201", "301", "602"

TEXTS = {
    UNAVAILABLE: "The service is temporarily unavailable. Please try again after a few seconds",
    BAD_LOGIN: "Wrong login or password",
    NO_RIGHTS: "Insufficient rights to perform the operation",
    GTIN_NOT_IN_ORDER: "GTIN is not in the order",
}


class Fault(NamedTuple):
    """One thing that is wrong with a request: where (`body`, `query`, `path`, and a JSON path) and with which value."""

    text: str
    where: str = "body"
    path: str = ""
    value: str = ""


class Rejection(Exception):
    """A request that is refused: the status, the symbolic and the numeric code, and what is wrong."""

    def __init__(
        self,
        status: int,
        code: str,
        faults: Sequence[Fault],
        *,
        number: str = BAD_VALUE,
        authorization: str = "",
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.number = number
        self.faults = list(faults)
        self.authorization = authorization
        self.retry_after_s = retry_after_s


def bad_request(text: str, path: str = "", value: object = "", *, where: str = "body") -> Rejection:
    """400 for one wrong value."""
    return Rejection(400, "invalid-parameter", [Fault(text, where, path, str(value)[:200])])


def inactive_token(authorization: str, *, status: int = 401) -> Rejection:
    return Rejection(
        status, "access-denied", [Fault("Provided token isn't active")], number=NO_RIGHTS, authorization=authorization
    )


def no_rights(text: str, path: str = "", value: object = "") -> Rejection:
    return Rejection(403, "access-denied", [Fault(text, "body", path, str(value))], number=NO_RIGHTS)


def not_found(what: str, value: str) -> Rejection:
    return Rejection(404, "not-found", [Fault(f"{what} is not found", "path", what, value)])


def rejection_response(rejection: Rejection, *, icom: bool) -> Response:
    """The answer to a refused request; `icom` chooses the object's shape."""
    entries = [_entry(rejection, fault, icom=icom) for fault in rejection.faults]
    content: object = entries
    if icom:
        content = {"globalErrors": entries, "errorId": str(uuid.uuid4()), "service": "icom", "success": False}
    response = json_response(content, status=rejection.status)
    if rejection.retry_after_s is not None:
        response.headers["Retry-After"] = str(rejection.retry_after_s)
    return response


def _entry(rejection: Rejection, fault: Fault, *, icom: bool) -> dict[str, object]:
    if icom:
        entry: dict[str, object] = {"errorCode": rejection.number, "error": fault.text}
    else:
        entry = {"code": rejection.code, "errorId": str(uuid.uuid4()), "service": "doc-gateway"}
    if fault.path:
        entry[f"request{fault.where.capitalize()}JsonPath"] = fault.path
    context = {
        "description": TEXTS.get(rejection.number, fault.text),
        "exception": f"{rejection.code}: {fault.text}",
        "specificError": fault.text,
        "parameter": fault.path,
        "value": fault.value,
        "Authorization": rejection.authorization,
    }
    entry["context"] = {key: value for key, value in context.items() if value}
    return entry


def json_response(content: object, *, status: int = 200) -> Response:
    """JSON in UTF-8, compact, non-ASCII as it is."""
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(body, status, media_type="application/json")
