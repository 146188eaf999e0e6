"""The journal's own state over HTTP."""

from __future__ import annotations

from fastapi import APIRouter, Response

from lined.api.answers import answer
from lined.api.described import answering
from lined.commands.journal import JournalState, state
from lined.journal.care.keeping import Keeping


def questions(keeping: Keeping) -> APIRouter:
    router = APIRouter(prefix="/api/v1")

    @router.get("/journal", tags=["journal"], responses=answering(JournalState))
    async def show_journal() -> Response:
        """The last backup and check, and what the journal cannot know."""
        return answer(state(keeping))

    return router
