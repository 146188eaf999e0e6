"""The page for signing in: the line's name, two fields, nothing of what happens on the line."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from lined.api.sign_in import SignIn
from lined.web.routes import HEADERS, Page, is_ours


def sign_in_routes(page: Page, people: SignIn) -> APIRouter:
    """What somebody sees who has not signed in."""
    router = APIRouter(include_in_schema=False)

    @router.get("/sign-in")
    async def sign_in(request: Request, to: Annotated[str, Query(max_length=500)] = "/") -> Response:
        values = {
            "line": page.view.line_id,
            "asset": page.asset,
            "to": to if is_ours(to) else "/",
            "address": request.url.path,
            "somebody": await people.anybody(),
        }
        text = await asyncio.to_thread(page.rendering.render, "sign_in.html", page.language(request), values)
        return Response(text, 200, HEADERS, "text/html")

    return router
