"""The application: the gate, the framework, every route."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import FastAPI

from lined import __version__
from lined.status.answers import put_refusals
from lined.status.commands import commands
from lined.status.document import StatusDocument
from lined.status.gate import Gate
from lined.status.ports import PlantView
from lined.status.reading import health, questions

ABOUT = "Reads, codes and reports of one production line. Times are RFC 3339 in UTC, ids are opaque strings."


def make_app(view: PlantView, document: StatusDocument, token: str, address: Callable[[], tuple[str, int]]) -> Gate:
    """The endpoint as an ASGI application. `address`: host and port as bound."""
    app = FastAPI(
        title="lined",
        version=__version__,
        description=ABOUT,
        docs_url=None,  # its pages come from the internet, which a line does not have
        redoc_url=None,
        redirect_slashes=False,
    )
    put_refusals(app)
    app.include_router(health(view, document))
    app.include_router(questions(view))
    app.include_router(commands(view))
    return Gate(app, token, address)
