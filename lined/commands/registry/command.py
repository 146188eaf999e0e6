"""A command: the one declaration of its name, its body, where it may come from, its answer and what it does."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ConfigDict, create_model

from lined.commands.registry.fields import Required, Short
from lined.vocabulary.errors import NotFound
from lined.vocabulary.ids import row_number
from lined.vocabulary.people import PersonRole

if TYPE_CHECKING:
    from lined.commands.registry.execution import Call, Tx


class Source(Enum):
    """Where a command may come from. The shell and the page speak HTTP."""

    HTTP = auto()
    MQTT = auto()
    SHELL = auto()
    PAGE = auto()


SHELL = frozenset({Source.HTTP, Source.SHELL})
PAGE = frozenset({Source.HTTP, Source.PAGE})
PLC = frozenset({Source.MQTT})
PEOPLE = SHELL | PAGE
EVERYWHERE = PEOPLE | PLC


class Body(BaseModel):
    """What is said. Unknown keys are errors: a misspelt `serie` must not be dropped in silence.

    `id`: the same again within 7 days is answered again, not done again. `by`: who.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, serialize_by_alias=True)

    id: Short | None = None
    by: Short | None = None

    def given(self) -> dict[str, Any]:
        """What was said, without `id` and `by`: what a command is known again by."""
        return self.model_dump(exclude_unset=True, exclude={"id", "by"})


class Answer(BaseModel):
    """What is answered."""

    model_config = ConfigDict(extra="forbid")


B = TypeVar("B", bound=Body)
Made = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Subject:
    """What the path of a command names by its id: `report` in `/reports/{report_id}/retry`."""

    name: str

    @property
    def parameter(self) -> str:
        return f"{self.name}_id"

    def check(self, text: str) -> None:
        """Raises NotFound for what can be no row's number."""
        if row_number(text) is None:
            raise NotFound(f"unknown-{self.name}", f"There is no {self.name} {text!r}.")


@dataclass(frozen=True, slots=True)
class Command:
    """`handler` takes a Tx and the body, in the writer's transaction; or, where it is a coroutine, a Call and the body:
    then it says itself which steps are transactions. Its answer is a mapping whose moments end in `_ms`.

    `path`: below `/api/v1/`; empty for what is not commanded over HTTP.
    """

    name: str
    body: type[Body]
    answer: type[Answer]
    summary: str
    sources: frozenset[Source]
    handler: Callable[..., Any]
    path: str = ""
    tag: str = ""
    subject: Subject | None = None
    intake: bool = False
    """It takes items in, as devices do: refused where the disk is nearly full."""
    role: PersonRole = PersonRole.ENGINEER
    """The least that somebody who has signed in has to be."""
    audited: bool = True
    """Kept in the audit trail: all but what machines say each second."""
    is_there: Callable[[Any], bool] = lambda _context: True
    """Whether a line has it, by its context."""

    @property
    def in_steps(self) -> bool:
        return inspect.iscoroutinefunction(self.handler)

    @property
    def route(self) -> str:
        """The path as HTTP has it, with the subject's parameter."""
        return f"/api/v1/{self.path}"

    def path_of(self, subject: str = "") -> str:
        """The path about one subject; quoted already."""
        return self.route.replace(f"{{{self.subject.parameter}}}", subject) if self.subject else self.route

    def body_from(self, source: Source | None) -> type[Body]:
        """The model of a body that comes from there. A PLC has to name its command: it could not tell the answer."""
        return _named(self.body) if source == Source.MQTT else self.body


_NAMED: dict[type[Body], type[Body]] = {}


def _named(body: type[Body]) -> type[Body]:
    if body not in _NAMED:
        _NAMED[body] = create_model(body.__name__, __base__=body, __doc__=body.__doc__, id=(Required, ...))
    return _NAMED[body]


Handler = Callable[["Tx", B], Mapping[str, Any]] | Callable[["Call", B], Awaitable[Mapping[str, Any]]]
H = TypeVar("H", bound=Callable[..., Any])
DECLARED: dict[str, Command] = {}
"""By name, in the order of their files. Filled by `command` when a file of commands is imported."""


def command(name: str, body: type[Body], answer: type[Answer], summary: str, **more: Any) -> Callable[[H], H]:
    """Declare a command with the function that it decorates; see `Command` for `more`."""

    def declared(handler: H) -> H:
        assert name not in DECLARED, f"two commands are called {name}"
        DECLARED[name] = Command(name, body, answer, summary, handler=handler, **more)
        return handler

    return declared
