"""The application: the gate, the framework, every route."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel

from lined import __version__
from lined.api import commands, keeping, people, work
from lined.api.alarms import alarm_routes
from lined.api.answers import put_refusals, rendered
from lined.api.document import StatusDocument
from lined.api.gate import Gate, Known
from lined.api.ports import PlantView
from lined.api.reading import health, permission, questions
from lined.api.rendering import json_bytes
from lined.api.wrong_tokens import WrongTokens
from lined.mqtt import asyncapi
from lined.web.engineer import desk_routes
from lined.web.paper import paper_routes
from lined.web.routes import Page, page_routes
from lined.web.sign_in import sign_in_routes
from lined.web.work_list import work_routes

ABOUT = "Reads, codes and reports of one production line. Times are RFC 3339 in UTC, ids are opaque strings."


class Detail(BaseModel):
    path: str
    message: str


class Error(BaseModel):
    code: str
    message: str
    details: list[Detail]


class Refusal(BaseModel):
    """Every answer but 2xx."""

    error: Error


_ABOUT_REFUSALS = {
    400: "Not JSON",
    401: "The token is missing or wrong",
    403: "A Host that is not ours, or a foreign Origin",
    404: "Not known here",
    409: "Wrong state",
    415: "Not application/json",
    422: "Wrong values; details name each",
    503: "The journal cannot commit",
}
_OF_QUESTIONS = (401, 403, 404, 422, 503)


def make_app(
    view: PlantView, document: StatusDocument, page: Page, token: str, address: Callable[[], tuple[str, int]]
) -> Gate:
    """The endpoint as an ASGI application. `address`: host and port as bound."""
    app = FastAPI(
        title="lined",
        version=__version__,
        description=ABOUT,
        docs_url=None,  # its pages come from the internet, which a line does not have
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=_operation_id,
        telemetry={"auto_configure": False},  # whatever the environment says, nothing of a line is sent elsewhere
    )
    put_refusals(app)
    app.include_router(health(view, document), responses=_refusals((401, 403, 503)))
    if view.permit is not None:
        app.include_router(permission(view.permit), responses=_refusals(_OF_QUESTIONS))
    app.include_router(questions(view), responses=_refusals(_OF_QUESTIONS))
    app.include_router(work.questions(view), responses=_refusals(_OF_QUESTIONS))
    app.include_router(commands.routes(view.commands), responses=_refusals(tuple(_ABOUT_REFUSALS)))
    if view.keeping is not None:
        app.include_router(keeping.questions(view.keeping), responses=_refusals(_OF_QUESTIONS))
    app.include_router(people.questions(view), responses=_refusals(_OF_QUESTIONS))
    if view.sign_in is not None:
        app.include_router(people.sessions(view.sign_in), responses=_refusals(tuple(_ABOUT_REFUSALS)))
        app.include_router(sign_in_routes(page, view.sign_in))
    app.include_router(alarm_routes(view), responses=_refusals(_OF_QUESTIONS))
    app.include_router(page_routes(page))
    app.include_router(desk_routes(page))
    app.include_router(work_routes(page))
    app.include_router(paper_routes(page))
    _describe_mqtt(app)
    app.openapi()  # now and not in the first request: the framework puts its routes together on the way
    wrong = WrongTokens(view.problems, view.refused, view.line_id)
    known = Known(token, view.reading_token, view.sign_in, view.hosts)
    return Gate(app, known, address, wrong, view.intake.defects.note)


def _describe_mqtt(app: FastAPI) -> None:
    """The description of the MQTT interface, also where there is no broker; made now, not in a request."""
    described = json_bytes(asyncapi.document())

    @app.get("/asyncapi.json", include_in_schema=False)
    async def asyncapi_document() -> Response:
        return rendered(described)


def _refusals(statuses: tuple[int, ...]) -> dict[int | str, dict[str, Any]]:
    return {status: {"model": Refusal, "description": _ABOUT_REFUSALS[status]} for status in statuses}


def _operation_id(route: APIRoute) -> str:
    return route.name
