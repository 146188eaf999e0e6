"""Entries of the writer's queue: works, the items handed to them, and the runs that items make."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

from lined.journal.database import Connection, cursors_end_with_errors
from lined.vocabulary.errors import Defect, LinedError

T = TypeVar("T", contravariant=True)
R = TypeVar("R", covariant=True)


class Work(Protocol[T, R]):
    """Statements to run in the writer's transaction.

    `barrier`: what is queued behind it relies on it, and fails with it, until it was written after all.
    `intake`: refused while there is less free disk than the floor, so that outcomes can still be written.
    """

    intake: bool
    barrier: bool

    def run(self, connection: Connection, items: Sequence[T]) -> Sequence[R | LinedError]:
        """Write what the items ask for; one result each, in order: an answer, or a LinedError for that item's waiter.

        A LinedError raised undoes the whole run and is every item's answer. After any other exception that is not the
        disk's the items are run one by one, so that only the one it comes from is left undone.
        """

    def rolled_back(self) -> None:
        """The transaction did not happen: what `run` put into memory since the last commit is void."""


class Entry(NamedTuple):
    work: Work[Any, Any]
    item: Any
    future: asyncio.Future[Any]
    queued: float


class Stop:
    """Ends the thread; everything queued before it is committed first."""


class Undone(Exception):
    """A run was undone because of a defect."""

    def __init__(self, defect: Defect) -> None:
        super().__init__()
        self.defect = defect


def name_of(entry: Entry) -> str:
    """Of the work, or of the single step it carries or the outcome that this one writes, for crash points."""
    if not callable(entry.item):
        return type(entry.work).__name__
    outcome = getattr(entry.item, "keywords", {}).get("outcome")
    if outcome is not None:
        return type(outcome).__name__
    step = getattr(entry.item, "func", entry.item)
    return str(getattr(step, "__qualname__", type(step).__name__)).partition(".<locals>")[0]


def place_of(entry: Entry) -> str:
    """For people: the command, else as for crash points."""
    return str(getattr(entry.item, "label", "") or name_of(entry))


def runs_of(group: list[Entry]) -> list[list[Entry]]:
    """Neighbours of the same work, in order: a work sees as many items at once as it can."""
    runs: list[list[Entry]] = []
    for entry in group:
        if runs and runs[-1][0].work is entry.work:
            runs[-1].append(entry)
        else:
            runs.append([entry])
    return runs


def outcome_of(run: list[Entry], connection: Connection) -> list[tuple[Entry, Any]]:
    """What their work makes of the items of a run. Raises whatever that raises."""
    with cursors_end_with_errors():
        results = run[0].work.run(connection, [entry.item for entry in run])
    return list(zip(run, results, strict=True))


def complete(entry: Entry, result: Any) -> None:
    if entry.future.done():
        return
    if isinstance(result, BaseException):
        entry.future.set_exception(result)
    else:
        entry.future.set_result(result)
