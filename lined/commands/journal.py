"""Commands about the journal itself: back it up, take note of what it cannot know. And its state."""

from __future__ import annotations

import asyncio
from typing import Any

from lined.commands.registry.command import PEOPLE, SHELL, Answer, Body, command
from lined.commands.registry.context import Context
from lined.commands.registry.execution import Call
from lined.journal.care.keeping import Keeping
from lined.vocabulary.people import PersonRole
from lined.vocabulary.times import moment

WAIT_S = 20.0  # a longer backup goes on; GET /api/v1/journal tells when it is done


class JournalState(Answer):
    """`gap` null where the journal knows everything."""

    backing_up: bool
    last_backup_at: str | None
    last_backup: dict[str, Any] | None
    checked_at: str | None
    problems: dict[str, str]
    gap: dict[str, Any] | None


def _is_kept(context: Context) -> bool:
    return context.keeping is not None


@command(
    "journal-backup",
    Body,
    JournalState,
    "Back up now. `backing_up` is still true where it takes long: ask GET /api/v1/journal.",
    path="journal/backup",
    tag="journal",
    sources=PEOPLE,
    role=PersonRole.MASTER,
    is_there=_is_kept,
)
async def back_up(call: Call, _body: Body) -> dict[str, Any]:
    keeping = _keeping(call)
    making = asyncio.ensure_future(keeping.back_up())
    await asyncio.wait({making}, timeout=WAIT_S)
    if making.done():
        making.result()
    return state(keeping)


@command(
    "journal-confirm",
    Body,
    JournalState,
    "A person has taken note of what the journal cannot know; after a restore, sending begins.",
    path="journal/confirm",
    tag="journal",
    sources=SHELL,
    is_there=_is_kept,
)
async def confirm(call: Call, _body: Body) -> dict[str, Any]:
    keeping = _keeping(call)
    await keeping.confirm(by=call.by)
    return state(keeping)


def _keeping(call: Call) -> Keeping:
    assert call.context.keeping is not None
    return call.context.keeping


def state(keeping: Keeping) -> dict[str, Any]:
    """Times as everywhere; see `JournalState`."""
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
