"""The journal's own state, and what a person may do about it: back up, check, take note of a gap."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Response, Security
from fastapi.security import HTTPBearer

from lined.api.answers import answer
from lined.api.bodies import Body
from lined.journal.care.keeping import Keeping
from lined.vocabulary.times import moment

WAIT_S = 20.0  # a longer backup goes on; GET /api/v1/journal tells when it is done


def questions(keeping: Keeping) -> APIRouter:
    router = APIRouter(prefix="/api/v1")

    @router.get("/journal", tags=["journal"])
    async def show_journal() -> Response:
        """The last backup and check, and what the journal cannot know."""
        return answer(state(keeping))

    return router


def commands(keeping: Keeping) -> APIRouter:
    """The gate has judged the token."""
    router = APIRouter(prefix="/api/v1/journal", dependencies=[Security(HTTPBearer(auto_error=False))])

    @router.post("/backup", tags=["journal"])
    async def back_up(_body: Body) -> Response:
        """Back up now. `backing_up` is still true where it takes long: ask GET /api/v1/journal."""
        making = asyncio.ensure_future(keeping.back_up())
        await asyncio.wait({making}, timeout=WAIT_S)
        if making.done():
            making.result()
        return answer(state(keeping))

    @router.post("/confirm", tags=["journal"])
    async def confirm(body: Body) -> Response:
        """A person has taken note of what the journal cannot know; after a restore, sending begins."""
        await keeping.confirm(by=body.by or "")
        return answer(state(keeping))

    return router


def state(keeping: Keeping) -> dict[str, Any]:
    """Times as everywhere; `gap` null where the journal knows everything."""
    made, gap = keeping.last_backup, keeping.gap
    return {
        "backing_up": keeping.backing_up,
        "last_backup_at": moment(keeping.last_backup_ms),
        "last_backup": None
        if made is None
        else {"path": str(made.path), "at": moment(made.at_ms), "bytes": made.bytes, "codes": made.codes},
        "checked_at": moment(keeping.checked_ms),
        "problems": dict(keeping.problems),
        "gap": None
        if gap is None
        else {
            "why": gap.why,
            "since": moment(gap.since_ms),
            "until": moment(gap.until_ms),
            "backup": gap.backup,
            "aside": gap.aside,
            "confirmed_at": moment(gap.confirmed_ms),
            "confirmed_by": gap.confirmed_by,
        },
    }
