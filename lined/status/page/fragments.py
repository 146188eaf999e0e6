"""The parts of a page that are sent again when they change: rendered once a second for all screens of a language.

In a thread: the loop, on which verdicts are said, only looks things up.
"""

from __future__ import annotations

import asyncio
import time
import zlib
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from lined.status.document import StatusDocument
from lined.status.page.rendering import Rendering
from lined.status.ports import PlantView
from lined.status.rendering import json_bytes

FRESH_S = 0.8

Values = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


class Picture(NamedTuple):
    """`parts`: HTML by the id of the element it goes into. `version` changes when lists should be read again."""

    parts: dict[str, str]
    clock: str
    state: str
    version: int


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

    async def current(self, language: str, name: str) -> Picture:
        document = await self._document.current()
        version = self.version(document)
        parts = await self._html(language, name, document) if name in self._parts else {}
        clock = self._rendering.clock.local(self._view.wall_ms()).strftime("%H:%M:%S")
        return Picture(parts, clock, document["state"], version)

    def version(self, document: dict[str, Any]) -> int:
        """The same as long as no report, alarm or package changed."""
        revision = 0 if self._view.alarms is None else self._view.alarms.revision
        told = [document["reports"], document["job"] and document["job"]["id"], revision, len(document["problems"])]
        return zlib.crc32(json_bytes(told))

    async def _html(self, language: str, name: str, document: dict[str, Any]) -> dict[str, str]:
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
