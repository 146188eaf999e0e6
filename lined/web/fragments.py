"""The parts of a page that are sent again when they change: rendered once a second for all screens of a language.

In a thread: the loop, on which verdicts are said, only looks things up.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import zlib
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from lined.api.document import ASK_S, StatusDocument
from lined.api.ports import PlantView
from lined.api.rendering import json_bytes
from lined.api.status_schema import Status
from lined.journal.database import Connection
from lined.journal.tables import code_orders, sub_orders
from lined.journal.views import task_groups
from lined.journal.views.task_groups import Waiting
from lined.vocabulary.errors import JournalError
from lined.web.rendering import Rendering

FRESH_S = 0.8

Values = Callable[[Status], Awaitable[dict[str, Any]]]


class Picture(NamedTuple):
    """`parts`: HTML by the id of the element it goes into. `version` changes when lists should be read again. `work`:
    how much waits for a person.
    """

    parts: dict[str, str]
    clock: str
    state: str
    version: int
    work: int


class Part(NamedTuple):
    """What is live on one page: the template of each element, and the values they all share."""

    templates: dict[str, str]
    values: Values


class Fragments:
    """`parts`: by name, what `current` can be asked for."""

    def __init__(self, view: PlantView, document: StatusDocument, rendering: Rendering, parts: dict[str, Part]) -> None:
        self._view = view
        self._document = document
        self._rendering = rendering
        self._parts = parts
        self._kept: dict[tuple[str, str], tuple[float, dict[str, str]]] = {}
        self._making: dict[tuple[str, str], asyncio.Lock] = {}
        self._tasks: tuple[float, Waiting, int] = (float("-inf"), Waiting(0, 0, 0), 0)

    async def current(self, language: str, name: str) -> Picture:
        document = await self._document.current()
        work = await self.work(document)
        version = self.version(document, work)
        parts = await self._html(language, name, document) if name in self._parts else {}
        clock = self._rendering.clock.local(self._view.wall_ms()).strftime("%H:%M:%S")
        return Picture(parts, clock, document["state"], version, work)

    def translate(self, language: str, text: str) -> str:
        """A marked text in a language."""
        return self._rendering.translate(language, text)

    async def work(self, document: Status) -> int:
        """How much waits for a person: held reports, and what stands on the work list, a group being one. The last
        known count where the journal does not answer.
        """
        asked, tasks, ordered = self._tasks
        if time.monotonic() - asked >= FRESH_S:
            with contextlib.suppress(JournalError, TimeoutError):
                async with asyncio.timeout(ASK_S):
                    tasks, ordered = await self._view.journal.read(_news)
            self._tasks = (time.monotonic(), tasks, ordered)
        return tasks.things + int(document["reports"]["held"])

    def version(self, document: Status, work: int) -> int:
        """The same as long as no report, alarm, package, task or order changed."""
        revision = 0 if self._view.alarms is None else self._view.alarms.revision
        job = document["job"] and document["job"]["id"]
        told = [document["reports"], job, revision, len(document["problems"]), work, *self._tasks[1:]]
        return zlib.crc32(json_bytes(told))

    async def _html(self, language: str, name: str, document: Status) -> dict[str, str]:
        key = (language, name)
        async with self._making.setdefault(key, asyncio.Lock()):
            made, found = self._kept.get(key, (float("-inf"), {}))
            if time.monotonic() - made < FRESH_S:
                return found
            part = self._parts[name]
            values = await part.values(document)
            found = await asyncio.to_thread(self._render, language, part.templates, values)
            self._kept[key] = (time.monotonic(), found)
            return found

    def _render(self, language: str, templates: dict[str, str], values: dict[str, Any]) -> dict[str, str]:
        return {name: self._rendering.render(template, language, values) for name, template in templates.items()}


def _news(connection: Connection) -> tuple[Waiting, int]:
    """What waits for a person; and a number that grows with every change of an order."""
    return task_groups.waiting(connection), code_orders.newest_change(connection) + sub_orders.newest_pack(connection)
