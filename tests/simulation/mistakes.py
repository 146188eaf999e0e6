"""Mistakes of lined's own: an exception at any step, drawn from the seed. A statement of a work, a question to the
journal, what is made of an answer or of a read, a listener.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, TypeVar

from lined.journal.database import Connection
from lined.line.watch.defects import Defects, holds
from lined.line.watch.problems import Problems
from lined.vocabulary.errors import Defect

R = TypeVar("R")

# The writer's own statements are no work's.
CONTROL = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "PRAGMA", "UPDATE age")
RATES = (0.0, 0.0, 0.001, 0.005, 0.02)  # of all steps


class Mistake(Exception):
    """What nobody thought of."""


class Mistakes:
    """`maybe` raises, now and then. A stream of chance of its own, so that without mistakes a seed plays as before."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(f"mistakes {seed}")
        self.rate = self._chance.choice(RATES)
        self.made = 0

    def maybe(self, where: str) -> None:
        if self.rate and self._chance.random() < self.rate:
            self.made += 1
            raise Mistake(where)

    def end(self) -> None:
        """No more of them."""
        self.rate = 0.0


class Faulty:
    """A connection whose statements meet mistakes, before or after they are carried out."""

    def __init__(self, connection: Connection, mistakes: Mistakes) -> None:
        self._connection = connection
        self._mistakes = mistakes

    def execute(self, sql: str, *parameters: Any) -> Any:
        return self._met(sql, self._connection.execute, *parameters)

    def executemany(self, sql: str, *parameters: Any) -> Any:
        return self._met(sql, self._connection.executemany, *parameters)

    def _met(self, sql: str, run: Callable[..., Any], *parameters: Any) -> Any:
        if sql.startswith(CONTROL):
            return run(sql, *parameters)
        self._mistakes.maybe(f"before {sql[:40]}")
        answer = run(sql, *parameters)
        self._mistakes.maybe(f"after {sql[:40]}")
        return answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


class FaultyPort:
    """The regulator, of whose answers nothing can be made now and then."""

    def __init__(self, port: Any, mistakes: Mistakes) -> None:
        self._port = port
        self._mistakes = mistakes

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if not callable(found):
            return found

        async def asked(*arguments: Any, **named: Any) -> Any:
            self._mistakes.maybe(f"asking {name}")
            answer = await found(*arguments, **named)
            self._mistakes.maybe(f"reading {name}")
            return answer

        return asked


class Noted(Defects):
    """Whatever is noted has to be one that was made on purpose."""

    def __init__(self, problems: Problems, wrong: Callable[[str, BaseException], None]) -> None:
        super().__init__(problems)
        self._wrong = wrong

    def note(self, where: str, error: BaseException) -> None:
        found: BaseException | None = error
        while isinstance(found, Defect):
            found = found.__cause__
        if found is None or not holds(found, (Mistake,)):
            self._wrong(f"a defect in {where}: {error!r}", error)
        super().note(where, error)
