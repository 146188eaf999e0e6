"""Commands about people: who may sign in at the page, and as what."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from lined.commands.registry.command import SHELL, Answer, Body, command
from lined.commands.registry.context import Context
from lined.commands.registry.execution import Call, Tx
from lined.commands.registry.fields import matches, one_of
from lined.journal.tables import people
from lined.journal.tables.people import PersonRow
from lined.vocabulary.errors import Conflict, Invalid, NotFound, Problem
from lined.vocabulary.people import PersonRole

Name = Annotated[
    str, StringConstraints(min_length=1, max_length=60), matches(r"\S(.*\S)?", "must not begin or end with a blank")
]
Pin = Annotated[str, matches("[0-9]{4,12}", "must have 4 to 12 digits")]
Badge = Annotated[str, matches("[!-~]{6,64}", "must have 6 to 64 printable characters")]


class PersonSet(Body):
    """A person, new or changed. Who has a PIN signs in with name and PIN, who has a badge by the badge alone. What is
    not said stays; a new person needs a role and one of the two.
    """

    name: Name
    role: Annotated[str, one_of(PersonRole)] | None = None
    pin: Annotated[Pin | None, Field(repr=False)] = None
    badge: Annotated[Badge | None, Field(repr=False)] = None


class PersonRemove(Body):
    name: Name


class Person(Answer):
    """`pin`, `badge`: whether there is one."""

    name: str
    role: str
    pin: bool
    badge: bool
    set_at: str
    set_by: str


class RemovedPerson(Answer):
    name: str


def _signs_in(context: Context) -> bool:
    return context.people is not None


@command(
    "person-set",
    PersonSet,
    Person,
    "Add somebody who may sign in, or change role, PIN or badge.",
    path="people/set",
    tag="people",
    sources=SHELL,
    is_there=_signs_in,
)
async def set_person(call: Call, body: PersonSet) -> Mapping[str, Any]:
    assert call.context.people is not None
    digests = call.context.people
    pin = None if body.pin is None else await asyncio.to_thread(digests.of_pin, body.name, body.pin)
    badge = None if body.badge is None else await asyncio.to_thread(digests.of_badge, body.badge)

    def put(tx: Tx) -> dict[str, Any]:
        known = people.get(tx.connection, body.name)
        role = body.role or (known.role if known is not None else None)
        if role is None:
            raise Invalid("wrong-values", "role: a new person needs one", [Problem("role", "is required")])
        if known is None and pin is None and badge is None:
            raise Invalid("wrong-values", "pin: a new person needs one, or a badge", [Problem("pin", "is required")])
        if known is None and len(people.everybody(tx.connection)) >= people.MOST:
            raise Conflict("too-many-people", f"{people.MOST} people are known: remove one first.")
        people.put(tx.connection, body.name, role, pin, badge, tx.at_ms, tx.by)
        found = people.get(tx.connection, body.name)
        assert found is not None
        return described(found)

    given = {"name": body.name, "role": body.role, "pin": body.pin is not None, "badge": body.badge is not None}
    answer = await call.finish(put, given=given)
    call.context.people.changed(body.name)
    return answer


@command(
    "person-remove",
    PersonRemove,
    RemovedPerson,
    "Somebody may not sign in any more; their session ends.",
    path="people/remove",
    tag="people",
    sources=SHELL,
    is_there=_signs_in,
)
async def remove_person(call: Call, body: PersonRemove) -> Mapping[str, Any]:
    assert call.context.people is not None

    def remove(tx: Tx) -> dict[str, Any]:
        if not people.remove(tx.connection, body.name):
            raise NotFound("unknown-person", f"There is nobody called {body.name!r}.")
        return {"name": body.name}

    answer = await call.finish(remove)
    call.context.people.changed(body.name)
    return answer


def described(row: PersonRow) -> dict[str, Any]:
    """A person as programs see one."""
    return {
        "name": row.name,
        "role": row.role,
        "pin": row.pin,
        "badge": row.badge,
        "set_ms": row.set_ms,
        "set_by": row.set_by,
    }
