"""The application: the gate, the framework, every route."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from fastapi import FastAPI, Response
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Message

from lined import __version__, mqtt
from lined.api import commands, keeping, orders, people, reading, rolls, stock, work
from lined.api.alarms import alarm_routes
from lined.api.answers import put_refusals, rendered
from lined.api.described import OF_HEALTH, OF_QUESTIONS, refusing
from lined.api.devices import device_routes
from lined.api.document import StatusDocument
from lined.api.gate import Gate, Known
from lined.api.ports import PlantView
from lined.api.wrong_tokens import WrongTokens
from lined.commands.registry import registry
from lined.commands.registry.command import Command, Source
from lined.web.code_orders import order_routes
from lined.web.engineer import engineer_routes
from lined.web.paper import paper_routes
from lined.web.routes import Page, page_routes
from lined.web.sign_in import sign_in_routes
from lined.web.work_list import work_routes

ABOUT = "Reads, codes and reports of one production line. Times are RFC 3339 in UTC, ids are opaque strings."


DOCUMENTS = {
    "/openapi.json": Path(__file__).parent / "openapi.json",
    "/asyncapi.json": Path(mqtt.__file__).parent / "asyncapi.json",
}
"""The descriptions of the interfaces: files that were made with the program, so that they cost a line nothing."""


def make_app(
    view: PlantView, document: StatusDocument, page: Page, token: str, address: Callable[[], tuple[str, int]]
) -> Gate:
    """The endpoint as an ASGI application. `address`: host and port as bound."""
    app = new_app()
    put_refusals(app, page.rendering.clock)
    there = [one for one in registry.from_source(Source.HTTP).values() if one.is_there(view.commands.context)]
    include_described(app, view, document, there)
    for address_of, path in DOCUMENTS.items():
        app.add_api_route(address_of, partial(_file, path), include_in_schema=False)
    if view.sign_in is not None:
        app.include_router(sign_in_routes(page, view.sign_in))
    app.include_router(page_routes(page))
    app.include_router(engineer_routes(page))
    app.include_router(order_routes(page))
    app.include_router(work_routes(page))
    app.include_router(paper_routes(page))
    wrong = WrongTokens(view.problems, view.refused, view.line_id)
    known = Known(token, view.reading_token, view.sign_in, view.hosts)
    return Gate(app, known, address, wrong, view.intake.defects.note)


async def look_through(app: ASGIApp) -> None:
    """Ask for what is not there. The framework puts its routes together when it first looks through all of them, which
    takes 12 ms: in the thread that makes the application, and not in the first request.
    """

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(_message: Message) -> None:
        pass

    scope = {"type": "http", "method": "GET", "path": "/nothing", "query_string": b"", "headers": [], "root_path": ""}
    await app({**scope, "scheme": "http", "server": None, "client": None, "http_version": "1.1"}, receive, send)


def new_app() -> FastAPI:
    """The framework's application without a route."""
    return FastAPI(
        title="lined",
        version=__version__,
        description=ABOUT,
        openapi_url=None,
        docs_url=None,  # its pages come from the internet, which a line does not have
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=_operation_id,
        telemetry={"auto_configure": False},  # whatever the environment says, nothing of a line is sent elsewhere
    )


def include_described(app: FastAPI, view: PlantView, document: StatusDocument, commanded: Iterable[Command]) -> None:
    """Every route that programs use: what the OpenAPI document describes."""
    questions = refusing(OF_QUESTIONS)
    app.include_router(reading.health(view, document), responses=refusing(OF_HEALTH))
    if view.permit is not None:
        app.include_router(reading.permission(view.permit), responses=questions)
    app.include_router(reading.questions(view), responses=questions)
    app.include_router(work.questions(view), responses=questions)
    app.include_router(orders.questions(view), responses=questions)
    app.include_router(rolls.questions(view), responses=questions)
    app.include_router(stock.questions(view), responses=questions)
    app.include_router(commands.routes(view.commands, commanded), responses=refusing())
    if view.keeping is not None:
        app.include_router(keeping.questions(view.keeping), responses=questions)
    app.include_router(people.questions(view), responses=questions)
    if view.sign_in is not None:
        app.include_router(people.sessions(view.sign_in), responses=refusing())
    app.include_router(alarm_routes(view), responses=questions)
    app.include_router(device_routes(view), responses=questions)


async def _file(path: Path) -> Response:
    return rendered(path.read_bytes())


def _operation_id(route: APIRoute) -> str:
    return route.name
