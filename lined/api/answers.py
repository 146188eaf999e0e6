"""Answers and refusals in the contract's shapes, also for what the framework refuses by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import partial
from typing import Any, cast

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from lined.api.rendering import json_bytes
from lined.api.statuses import STATUS
from lined.commands.registry import registry
from lined.i18n.catalogues import LANGUAGES, catalogue
from lined.i18n.facts import in_words
from lined.i18n.shown import Clock
from lined.vocabulary.errors import DEFECT, DEFECT_SENTENCE, CommandError, Defect, JournalError, Problem, clause

_WORDS = {400: "not-json", 404: "not-found", 405: "method-not-allowed", 413: "too-large", 415: "not-json-type"}
_WHOLE_BODY = ("body",)


def answer(document: object, status: int = 200) -> Response:
    return rendered(json_bytes(document), status)


async def in_language(found: dict[str, Any], language: str | None, timezone: str) -> dict[str, Any]:
    """What was done, its warnings in the language that the address asks for with `lang`, in the plant's own time."""
    if language not in LANGUAGES or not found.get("warnings"):
        return found
    translate = (await asyncio.to_thread(catalogue, language)).gettext
    return {**found, "warnings": [in_words(text, translate, Clock(timezone)) for text in found["warnings"]]}


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


def put_refusals(app: FastAPI, clock: Clock) -> None:
    """Every way in which a request can fail, in the one shape. `clock`: of the plant."""
    app.add_exception_handler(CommandError, partial(_command, clock=clock))
    app.add_exception_handler(JournalError, _journal)
    app.add_exception_handler(Defect, _defect)
    app.add_exception_handler(TimeoutError, _too_slow)
    app.add_exception_handler(RequestValidationError, partial(_wrong_values, clock=clock))
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _defect)


async def _command(request: Request, error: Exception, clock: Clock) -> Response:
    return await _refused(request, cast("CommandError", error), clock)


async def _refused(request: Request, refused: CommandError, clock: Clock) -> Response:
    """In English, or in the language that the address asks for with `lang`, as the page does."""
    message: str = refused.args[0] if refused.args else ""
    details = refused.details
    language = request.query_params.get("lang")
    if language in LANGUAGES:
        translate = (await asyncio.to_thread(catalogue, language)).gettext
        message = in_words(message, translate, clock)
        details = [Problem(one.path, in_words(one.message, translate, clock)) for one in details]
    return refusal(STATUS[type(refused)], refused.code, message, details)


async def _journal(_request: Request, error: Exception) -> Response:
    return refusal(503, "cannot-commit", f"Nothing was done: {clause(error)}.")


async def _too_slow(_request: Request, _error: Exception) -> Response:
    return refusal(503, "cannot-commit", "The disk has not answered in time. Ask again, with the same id.")


async def _wrong_values(request: Request, error: Exception, clock: Clock) -> Response:
    found = cast("RequestValidationError", error).errors()
    if any(one["type"] == "json_invalid" or (one["type"], one["loc"]) == ("missing", _WHOLE_BODY) for one in found):
        return refusal(400, "not-json", registry.NOT_JSON)
    wrong = registry.wrong_values(registry.problems_in(found, skipped=1))
    return await _refused(request, wrong, clock)


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
