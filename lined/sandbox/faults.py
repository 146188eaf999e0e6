"""Faults that the control endpoint asks for, and which of them a request meets.

    kind            what happens
    drop-before     the connection is cut before the body is read; no effect
    error-before    `status` (500), JSON or in another `shape`; no effect
    html            an HTML page with `status` (200); after the effect with `after`
    too-many        429; `Retry-After` where `retry_after_s` is given; no effect
    expire-token    401 "Provided token isn't active"; a technical user's token is dead for good
    reject          `status` (400), naming `codes` of the report's codes from `place` on (0: nobody), each by its value,
                    its path or within the text, as `naming` says; no effect
    slow            waits `delay_s`, before the effect or with `after` before the answer; goes with another fault
    error-after     the effect happens, then `status` (500), JSON or in another `shape`
    no-id           the effect happens, then a success without the number of the document
    answer-lost     the effect happens, then the connection is cut without an answer; with `reset` by a RST
    truncated       the effect happens, the answer's second half is missing
    hide            the next document is invisible for `hide_s`
    stuck           the next document is decided `stuck_s` later
    partial         `spoil` random codes of the next document are refused
    document-error  the next document is ERROR, naming `named` codes (0: nobody)
    unlisted        the first `unlisted` codes of the next document are missing in its list of outcomes
    warned          `warned` random codes of the next document are processed with a remark
    foreign-card    the card is that of another document; with `foreign` = "type" one of another type
    typeless        the first document of a page of a search has no type
    children-only   the list of an aggregation's codes holds no package
    endless         the list of a document's codes never ends: page after page of codes that are not in it
    huge            the effect happens, then an answer of `megabytes` of JSON

`containing`: only requests whose body holds this text are met, decoded where it is base64 in an envelope.
Faults live in memory: they are gone after a restart, which is what a test that kills the sandbox wants.
"""

from __future__ import annotations

import fnmatch
import itertools
from collections.abc import Collection
from random import Random
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_FAULTS = 1_000

DOCUMENT_KINDS = frozenset({"hide", "stuck", "partial", "document-error", "unlisted", "warned"})
Kind = Literal[
    "drop-before", "error-before", "html", "too-many", "expire-token", "reject", "slow", "error-after", "answer-lost",
    "truncated", "hide", "stuck", "partial", "document-error", "unlisted", "no-id", "warned", "foreign-card",
    "typeless", "children-only", "endless", "huge",
]  # fmt: skip


class FaultRequest(BaseModel):
    """A fault as it is asked for. It meets requests whose method and path match; `skip` of them pass first, then
    `times` are hit (null: all), each with `probability`. `path` is a glob pattern; /sandbox is never hit.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind
    method: str = "*"
    path: str = "*"
    times: int | None = Field(default=1, ge=1)
    skip: int = Field(default=0, ge=0)
    probability: float = Field(default=1.0, gt=0, le=1)

    status: int | None = Field(default=None, ge=200, le=599)
    html: bool = False  # as shape = "html"
    shape: Literal["json", "html", "plain", "empty"] = "json"
    after: bool = False
    reset: bool = False
    delay_s: float = Field(default=1.0, ge=0, le=3_600)
    retry_after_s: int | None = Field(default=None, ge=0)
    codes: int = Field(default=0, ge=0)
    place: int = Field(default=0, ge=0)
    naming: Literal["value", "path", "text", "list"] = "value"
    containing: str = ""
    foreign: Literal["id", "type"] = "id"
    warned: int = Field(default=1, ge=1)
    megabytes: int = Field(default=20, ge=1, le=100)
    hide_s: float = Field(default=30.0, ge=0)
    stuck_s: float = Field(default=86_400.0, ge=0)
    spoil: int = Field(default=1, ge=1)
    named: int = Field(default=0, ge=0)
    unlisted: int = Field(default=1, ge=1)


class Fault:
    """A fault that is set, and how often it was met."""

    def __init__(self, identity: str, asked: FaultRequest) -> None:
        self.id = identity
        self.asked = asked
        self.passed = 0
        self.hits = 0

    @property
    def spent(self) -> bool:
        return self.asked.times is not None and self.hits >= self.asked.times

    def as_json(self) -> dict[str, Any]:
        return {"id": self.id, "passed": self.passed, "hits": self.hits, **self.asked.model_dump()}

    def directives(self) -> dict[str, Any]:
        """What a document fault asks of the document (the fields of `documents.Directives`)."""
        asked = self.asked
        wanted: dict[str, dict[str, Any]] = {
            "hide": {"hide_s": asked.hide_s},
            "stuck": {"stuck_s": asked.stuck_s},
            "partial": {"spoil": asked.spoil},
            "document-error": {"error_named": asked.named},
            "unlisted": {"unlisted": asked.unlisted},
            "warned": {"warned": asked.warned},
        }
        return wanted[asked.kind]


class FaultList:
    """The faults that are set, oldest first."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._numbers = itertools.count(1)
        self._faults: dict[str, Fault] = {}
        self.hits: dict[str, int] = {}  # by kind, for the life of the process

    def add(self, asked: FaultRequest) -> Fault:
        """Set a fault. Raises ValueError where there are too many."""
        if len(self._faults) >= MAX_FAULTS:
            raise ValueError(f"more than {MAX_FAULTS} faults")
        fault = Fault(f"f{next(self._numbers)}", asked)
        self._faults[fault.id] = fault
        return fault

    def remove(self, identity: str | None) -> int:
        """Take one fault away, or all; how many are gone."""
        if identity is None:
            gone = len(self._faults)
            self._faults.clear()
            return gone
        return 1 if self._faults.pop(identity, None) else 0

    def listing(self) -> list[Fault]:
        return list(self._faults.values())

    @property
    def reads_bodies(self) -> bool:
        """A fault waits for requests with a certain body."""
        return any(fault.asked.containing and not fault.spent for fault in self._faults.values())

    def meet(self, method: str, path: str, kinds: Collection[str], body: str = "") -> Fault | None:
        """The first fault of these kinds that this request meets, counted as met."""
        for fault in self._faults.values():
            wanted = fault.asked.kind in kinds and not fault.spent and fault.asked.containing in body
            if wanted and self._meets(fault, method, path):
                fault.hits += 1
                self.hits[fault.asked.kind] = self.hits.get(fault.asked.kind, 0) + 1
                return fault
        return None

    def _meets(self, fault: Fault, method: str, path: str) -> bool:
        asked = fault.asked
        if asked.method not in {"*", method} or not fnmatch.fnmatchcase(path, asked.path):
            return False
        if fault.passed < asked.skip:
            fault.passed += 1
            return False
        return asked.probability >= 1 or self._rng.random() < asked.probability
