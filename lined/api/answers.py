"""Answers and refusals in the contract's shapes, also for what the framework refuses by itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from lined.api.rendering import json_bytes
from lined.api.statuses import STATUS
from lined.vocabulary.errors import DEFECT, DEFECT_SENTENCE, CommandError, Defect, JournalError, Problem, clause

_WORDS = {400: "not-json", 404: "not-found", 405: "method-not-allowed", 413: "too-large", 415: "not-json-type"}
_SENTENCES = {
    "extra_forbidden": "is not known here",
    "value_error": "{error}",
    "missing": "is required",
    "model_attributes_type": "must be a JSON object",
    "string_type": "must be text in quotes",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "string_too_short": "must not be empty",
    "string_too_long": "may have at most {max_length} characters",
    "literal_error": "must be {expected}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
}
"""Kinds of pydantic's findings in our words."""
_WHOLE_BODY = ("body",)


def answer(document: object, status: int = 200) -> Response:
    return rendered(json_bytes(document), status)


def rendered(document: bytes, status: int = 200) -> Response:
    """An answer that is JSON already. A journal's numbers are of their moment: nobody may keep them."""
    return Response(document, status, {"Cache-Control": "no-store"}, "application/json")


def refusal(status: int, code: str, message: str, details: Iterable[Problem] = ()) -> Response:
    """`{"error": {"code", "message", "details"}}`."""
    listed = [{"path": problem.path, "message": problem.message} for problem in details]
    response = answer({"error": {"code": code, "message": message, "details": listed}}, status)
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def put_refusals(app: FastAPI) -> None:
    """Every way in which a request can fail, in the one shape."""
    app.add_exception_handler(CommandError, _command)
    app.add_exception_handler(JournalError, _journal)
    app.add_exception_handler(Defect, _defect)
    app.add_exception_handler(TimeoutError, _too_slow)
    app.add_exception_handler(RequestValidationError, _wrong_values)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _defect)


async def _command(_request: Request, error: Exception) -> Response:
    refused = cast("CommandError", error)
    return refusal(STATUS[type(refused)], refused.code, str(refused), refused.details)


async def _journal(_request: Request, error: Exception) -> Response:
    return refusal(503, "cannot-commit", f"Nothing was done: {clause(error)}.")


async def _too_slow(_request: Request, _error: Exception) -> Response:
    return refusal(503, "cannot-commit", "The disk has not answered in time. Ask again, with the same id.")


async def _wrong_values(_request: Request, error: Exception) -> Response:
    found = cast("RequestValidationError", error).errors()
    if any(one["type"] == "json_invalid" or (one["type"], one["loc"]) == ("missing", _WHOLE_BODY) for one in found):
        return refusal(400, "not-json", "The body is not JSON; where there is nothing to say, send {}.")
    details = [_problem(one) for one in found]
    return refusal(422, "wrong-values", "; ".join(f"{p.path}: {p.message}" for p in details), details)


def _problem(one: dict[str, Any]) -> Problem:
    """Names the place and never repeats the value: it may be a code."""
    place = ".".join(str(part) for part in one["loc"][1:]) or str(one["loc"][0])
    sentence = _SENTENCES.get(one["type"])
    return Problem(place, sentence.format(**one.get("ctx", {})) if sentence else one["msg"])


async def _http(request: Request, error: Exception) -> Response:
    found = cast("HTTPException", error)
    text = {
        400: "The body cannot be read as JSON.",
        404: f"There is nothing at {request.url.path}.",
        405: f"{request.method} is not possible at {request.url.path}.",
    }.get(found.status_code, str(found.detail))
    response = refusal(found.status_code, _WORDS.get(found.status_code, "http"), text)
    response.headers.update(found.headers or {})
    return response


async def _defect(_request: Request, _error: Exception) -> Response:
    """A mistake of ours: the writer or the gate has noted it."""
    return refusal(500, DEFECT, DEFECT_SENTENCE)
