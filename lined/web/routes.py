"""The page's addresses. Pages are HTML made here; what they command goes to the commands of the endpoint itself."""

from __future__ import annotations

import asyncio
import hashlib
import json
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from lined.api.document import StatusDocument
from lined.api.gate import CALLER
from lined.api.ports import PlantView
from lined.api.status_schema import Status
from lined.commands.registry.caller import Caller
from lined.i18n import catalogues, commanded, words
from lined.i18n.shown import Clock
from lined.vocabulary.errors import NotFound, NotNow
from lined.vocabulary.people import Way
from lined.vocabulary.verdicts import Reason
from lined.vocabulary.word import N_, AdvisedWord
from lined.web.feed import Feed, measured
from lined.web.fragments import Fragments, Part
from lined.web.live import line_values
from lined.web.operator import Operator
from lined.web.rendering import Rendering

STATIC = Path(__file__).parent / "static"
KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
COOKIE = "lined-language"
YEAR_S = 365 * 24 * 3600

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}

PAGES = (
    ("/", N_("Operator")),
    ("/line", N_("Line")),
    ("/work", N_("Work list")),
    ("/reports", N_("Reports")),
    ("/codes", N_("Codes")),
    ("/packages", N_("Packages")),
    ("/orders", N_("Orders")),
    ("/quality", N_("Quality")),
    ("/balance", N_("Balance")),
    ("/alarms", N_("Alarms")),
    ("/journal", N_("Journal")),
    ("/report", N_("Shift")),
)


class Page:
    """Everything of the page. Made on the event loop; `end` lets its streams go."""

    def __init__(self, view: PlantView, document: StatusDocument) -> None:
        self.view = view
        self.document = document
        self.rendering = Rendering(Clock(view.plant.timezone if view.plant is not None else "UTC"))
        self.operator = Operator(view)
        self.fragments = Fragments(view, document, self.rendering, self._parts())
        self.feed = Feed(view, self.fragments)
        self.asset = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(STATIC.iterdir()))).hexdigest()[:12]

    def warm_up(self) -> None:
        """What takes long the first time; called in a thread."""
        for language in catalogues.LANGUAGES:
            catalogues.catalogue(language)
        self.rendering.warm_up(self.view.language)

    def end(self) -> None:
        """The daemon stops."""
        self.feed.end()

    @property
    def _called(self) -> dict[str, str]:
        """What people call the stations that have a name, by id."""
        plant = self.view.plant
        return {one.id: one.name for one in plant.stations.values() if one.name} if plant is not None else {}

    def _parts(self) -> dict[str, Part]:
        names = ("job", "packages", "counts", "alarms")
        return {
            "operator": Part({name: f"parts/{name}.html" for name in names}, self.operator_values),
            "line": Part({"line": "parts/line.html"}, partial(line_values, self.view)),
            "balance": Part({"balance": "parts/balance.html"}, self._balance_values),
        }

    async def _balance_values(self, _document: Status) -> dict[str, Any]:
        return {"balance": self.view.balance.latest if self.view.balance is not None else None}

    async def operator_values(self, document: Status) -> dict[str, Any]:
        plant = self.view.plant
        return {
            **await self.operator.values(document),
            "line_word": self.view.line_id,
            "called": self._called,
            "contact": plant.contact if plant is not None else "",
        }

    def language(self, request: Request) -> str:
        return catalogues.chosen(request.query_params.get("lang"), request.cookies.get(COOKIE), self.view.language)

    async def html(
        self,
        request: Request,
        template: str,
        values: dict[str, Any],
        *,
        part: str = "",
        live: bool = False,
        status: int = 200,
    ) -> Response:
        """One page, whole."""
        document = await self.document.current()
        language = self.language(request)
        plant = self.view.plant
        target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        everything = {
            "line": plant.called if plant is not None else self.view.line_id,
            "state": document["state"],
            "asset": self.asset,
            "pages": PAGES,
            "here": request.url.path,
            "address": target,
            "part": part,
            "live": "1" if live else "",
            "station": None,
            "body_class": f"view-{part or 'engineer'}",
            "document": document,
            "work": await self.fragments.work(document),
            **await self._who(request),
            **values,
        }
        text = await asyncio.to_thread(self._render, template, language, everything)
        return Response(text, status, HEADERS, "text/html")

    async def nothing(self, request: Request, text: str) -> Response:
        """The page of an address where nothing is."""
        return await self.html(request, "nothing.html", {"text": text}, status=404)

    async def _who(self, request: Request) -> dict[str, Any]:
        """`person`: who has signed in; `sign_in`: whether people sign in here at all."""
        caller: Caller | None = request.scope.get(CALLER)
        people = self.view.sign_in
        return {
            "person": caller.by if caller is not None and caller.way == Way.PERSON else "",
            "sign_in": people is not None and await people.anybody(),
        }

    def _render(self, template: str, language: str, values: dict[str, Any]) -> str:
        values["script_words"] = self._script_words(language)
        return self.rendering.render(template, language, values)

    def _script_words(self, language: str) -> str:
        """What the script says by itself, as JSON."""

        def translate(text: str) -> str:
            return self.rendering.translate(language, text)

        def of(one: AdvisedWord | words.Advised) -> dict[str, str]:
            return {"short": translate(one.sentence), "advice": translate(one.advice)}

        found = {
            **{name: translate(text) for name, text in words.SCRIPT.items()},
            "states": {name: translate(text) for name, text in words.LINE_STATES.items()},
            "reasons": {one: of(one) for one in Reason} | {"": of(words.UNKNOWN_REASON)},
            "refusals": {name: translate(text) for name, text in words.REFUSALS.items()},
            "fields": {name: translate(text) for name, text in commanded.FIELDS.items()},
            "stations": self._called,
        }
        return json.dumps(found, ensure_ascii=False, separators=(",", ":"))


def page_routes(page: Page) -> APIRouter:
    """What a browser asks for."""
    router = APIRouter(include_in_schema=False)
    _of_screens(router, page)

    @router.get("/static/{name}")
    async def static(name: str) -> Response:
        path = STATIC / name
        if path.name != name or path.suffix not in KINDS or not path.is_file():
            raise NotFound("not-found", "There is no such file.")
        headers = {"Cache-Control": "max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
        return Response(path.read_bytes(), 200, headers, KINDS[path.suffix])

    @router.get("/language")
    async def choose(lang: str, to: str = "/") -> Response:
        """Remember the language, go back to where one was: an address of ours only."""
        answer = RedirectResponse(to if is_ours(to) else "/", 303, HEADERS)
        if lang in catalogues.LANGUAGES:
            answer.set_cookie(COOKIE, lang, max_age=YEAR_S, httponly=True, samesite="strict")
        return answer

    return router


def is_ours(address: str) -> bool:
    """Whether it leads to this endpoint and nowhere else."""
    return address.startswith("/") and not address.startswith(("//", "/\\"))


def _of_screens(router: APIRouter, page: Page) -> None:
    @router.get("/")
    async def operator(request: Request, station: Annotated[str | None, Query(max_length=100)] = None) -> Response:
        plant = page.view.plant
        stations = list(plant.stations.values()) if plant is not None else []
        wanted = station if any(one.id == station for one in stations) else None
        values = {
            **await page.operator_values(await page.document.current()),
            "stations": stations,
            "station": wanted,
            "measured": wanted or measured(page.view),
            "products": list(plant.products.values()) if plant is not None else [],
        }
        return await page.html(request, "operator.html", values, part="operator")

    @router.get("/events")
    async def events(
        request: Request,
        part: Annotated[str, Query(max_length=20)] = "",
        station: Annotated[str | None, Query(max_length=100)] = None,
    ) -> Response:
        """Server-sent events; 503 where too many look already, or the daemon is stopping."""
        if page.feed.full:
            raise NotNow("too-many", "Too many screens are open.")
        plant = page.view.plant
        known = station if plant is not None and station in plant.stations else None
        stream = page.feed.stream(page.language(request), part, known)
        headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        return StreamingResponse(stream, 200, headers, "text/event-stream")
