"""Signing in and out over HTTP, and the questions about people and the audit trail."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, StringConstraints

from lined.api.answers import answer, rendered
from lined.api.described import answering
from lined.api.gate import CALLER, cookie_in
from lined.api.ports import PlantView
from lined.api.rendering import json_bytes, page_bytes
from lined.api.schemas import Audited, Page, SignedIn, VerifiedAudit
from lined.api.sign_in import COOKIE, LIFE_S, SignIn
from lined.commands.people import Person, described
from lined.commands.registry.caller import Caller
from lined.journal.database import Connection
from lined.journal.tables import audit, people
from lined.vocabulary.errors import NotKnown, TooMany
from lined.vocabulary.people import PersonRole
from lined.vocabulary.times import moment, with_moments

PACE_S = 0.5  # before a wrong PIN is answered


class SignInBody(BaseModel):
    """A name and its PIN; or without a name the text of a badge."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, StringConstraints(max_length=60)] = ""
    pin: Annotated[str, StringConstraints(min_length=1, max_length=64)]


class SignOutBody(BaseModel):
    model_config = ConfigDict(extra="forbid")


def sessions(people_known: SignIn) -> APIRouter:
    """Signing in and out. The cookie is for pages of our own only."""
    router = APIRouter(prefix="/api/v1", tags=["people"])

    @router.post("/sign-in", responses=answering(SignedIn, "Signed in; a cookie comes with it"))
    async def sign_in(request: Request, body: SignInBody) -> Response:
        """Sign in with name and PIN, or with a badge."""
        address = request.client.host if request.client else ""
        locked_s = people_known.locked_s(address)
        if locked_s:
            raise TooMany("too-many", f"Too many wrong attempts: nobody signs in from here for {locked_s:.0f} s.")
        found = await people_known.person(body.name.strip(), body.pin)
        if found is None:
            people_known.was_wrong(address)
            await asyncio.sleep(PACE_S)
            raise NotKnown("wrong-pin", "Nobody has this name and PIN, or this badge.")
        cookie = people_known.begin(found, address)
        response = answer({"name": found.name, "role": found.role})
        secure = request.url.scheme == "https"
        response.set_cookie(COOKIE, cookie, max_age=int(LIFE_S), httponly=True, samesite="strict", secure=secure)
        return response

    @router.post("/sign-out", responses=answering(SignedIn, "Signed out"))
    async def sign_out(request: Request, _body: SignOutBody) -> Response:
        """End the session of this cookie."""
        people_known.end(cookie_in(request.headers))
        response = answer({"name": None, "role": PersonRole.VIEWER})
        response.delete_cookie(COOKIE, httponly=True, samesite="strict")
        return response

    @router.get("/session", responses=answering(SignedIn))
    async def session(request: Request) -> Response:
        """Who asks: who has signed in, or the role of the token; on this computer everybody may look."""
        caller: Caller | None = request.scope.get(CALLER)
        role = PersonRole.VIEWER if caller is None else caller.role
        return answer({"name": (caller.by or None) if caller is not None else None, "role": role})

    return router


def questions(view: PlantView) -> APIRouter:
    """Who may sign in, and who commanded what."""
    router = APIRouter(prefix="/api/v1", tags=["people"])

    @router.get("/people", responses=answering(Page[Person]))
    async def list_people() -> Response:
        """Who may sign in, by name."""
        return rendered(await view.journal.read(_people))

    @router.get("/audit", responses=answering(Page[Audited]))
    async def list_audit(
        limit: Annotated[int, Query(ge=1, le=audit.PAGE_MAX)] = 100,
        after: Annotated[int | None, Query(ge=1, lt=2**62, description="`next` of the page before.")] = None,
    ) -> Response:
        """Who commanded what, newest first."""
        return rendered(await view.journal.read(_audit, after, limit))

    @router.get("/audit/verify", responses=answering(VerifiedAudit))
    async def verify_audit() -> Response:
        """Whether every row follows from the one before it."""
        return rendered(await view.journal.read(_verified))

    return router


def _people(connection: Connection) -> bytes:
    return json_bytes(people_list(connection))


def people_list(connection: Connection) -> dict[str, object]:
    return {"items": [with_moments(described(one)) for one in people.everybody(connection)], "next": None}


def _audit(connection: Connection, after: int | None, limit: int) -> bytes:
    rows, following = audit.page(connection, after, limit)
    return page_bytes((audited(row) for row in rows), None if following is None else str(following))


def audited(row: audit.AuditRow) -> Audited:
    """One row of the trail."""
    return {
        "no": row.no,
        "at": moment(row.at_ms),
        "by": row.by,
        "role": row.role,
        "way": row.way,
        "command": row.command,
        "subject": row.subject or None,
        "said": row.said,
    }


def _verified(connection: Connection) -> bytes:
    return json_bytes(verified(connection))


def verified(connection: Connection) -> VerifiedAudit:
    """The chain, read whole."""
    found = audit.verify(connection)
    return {"rows": found.rows, "end": found.end, "broken": found.broken}
