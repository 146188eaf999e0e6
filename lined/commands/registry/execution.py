"""The carrying out of commands: in the writer's transaction, once for each id, an error undoing that command alone.

Guarantees: what is answered is durable; the same `id` with the same body within 7 days is answered again and not done
again; an answer has moments instead of milliseconds and no number of a row.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from lined.commands.registry import registry
from lined.commands.registry.caller import PROGRAM, Caller
from lined.commands.registry.command import Body, Command
from lined.commands.registry.context import Context
from lined.journal.database import Connection
from lined.journal.steps import one_step
from lined.journal.tables import audit
from lined.journal.tables import commands as journal_of
from lined.journal.tables.commands import once
from lined.line.state import LineState
from lined.vocabulary.errors import Forbidden, LinedError, Unsupported
from lined.vocabulary.times import with_moments

AUDIT_MAX = 4_000  # characters of a body in the audit trail
INTERNAL = ("code_id",)  # numbers of rows mean nothing outside

Action = Callable[["Tx"], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Tx:
    """The writer's transaction, as a handler sees it. `subject`: the id that the command's path names, 0 for none."""

    connection: Connection
    context: Context
    by: str
    at_ms: int
    subject: int = 0

    @property
    def state(self) -> LineState:
        """Of the line, as this transaction has it so far."""
        return self.context.line.state


class Order(NamedTuple):
    """A command that waits for the writer, and what carries it out."""

    known_as: journal_of.Command
    action: Callable[[Connection, int], Mapping[str, Any]]

    @property
    def label(self) -> str:
        """For what is told about it."""
        return f"command {self.known_as.name}"


class Orders:
    """A Work of the journal's writer, one command at a time: an error undoes that command alone."""

    def __init__(self, state: LineState | None, *, intake: bool) -> None:
        self._state = state
        self.intake, self.barrier = intake, False

    def run(self, connection: Connection, items: Sequence[Order]) -> list[Mapping[str, Any] | LinedError]:
        return [self._one(connection, order) for order in items]

    def rolled_back(self) -> None:
        if self._state is not None:
            self._state.stale = True

    def _one(self, connection: Connection, order: Order) -> Mapping[str, Any] | LinedError:
        def action() -> dict[str, Any]:
            return dict(order.action(connection, order.known_as.at_ms))

        answer: Mapping[str, Any] | LinedError = one_step(connection, lambda c: once(c, order.known_as, action))
        if isinstance(answer, LinedError):
            self.rolled_back()
        return answer


class Call:
    """One command being carried out. `step` and `finish` are transactions of their own, durable when they return; they
    raise CommandError, JournalError.
    """

    def __init__(self, commands: Commands, command: Command, body: Body, subject: str, caller: Caller) -> None:
        self.context = commands.context
        self.command = command
        self.id = body.id or ""
        self.by = caller.name(body.by)
        self._caller = caller
        self.subject = subject
        self._body = body
        self._commands = commands

    @property
    def given(self) -> dict[str, Any]:
        """What the command is known again by."""
        given = self._body.given()
        return {**given, self.command.subject.name: self.subject} if self.command.subject else given

    def earlier(self, tx: Tx) -> Mapping[str, Any] | None:
        """What a command of this id was answered. Raises Conflict where the id belongs to another."""
        if not self.id:
            return None
        return journal_of.earlier(tx.connection, self._known_as(self.given, self.id, tx.at_ms))

    async def step(self, action: Action, *, intake: bool | None = None) -> Mapping[str, Any]:
        """A part of the command that may be done again."""
        return await self._submit(action, {}, "", intake, noted=False)

    async def finish(
        self, action: Action, *, given: Mapping[str, Any] | None = None, once: bool = True, intake: bool | None = None
    ) -> Mapping[str, Any]:
        """The step under the command's id: answered again, and not done again, where the id is known. `once` False: it
        changes nothing.
        """
        known_as = self.id if once else ""
        noted = once and self.command.audited
        return await self._submit(action, dict(self.given if given is None else given), known_as, intake, noted=noted)

    async def _submit(
        self, action: Action, given: dict[str, Any], known_as: str, intake: bool | None, *, noted: bool
    ) -> Mapping[str, Any]:
        number = int(self.subject) if self.command.subject else 0

        def carry_out(connection: Connection, at_ms: int) -> Mapping[str, Any]:
            answer = action(Tx(connection, self.context, self.by, at_ms, number))
            if noted:
                audit.add(connection, self._audited(given, at_ms))
            return answer

        order = Order(self._known_as(given, known_as, self.context.wall_ms()), carry_out)
        work = self._commands.works[self.command.intake if intake is None else intake]
        answer: Mapping[str, Any] = await self.context.journal.submit(work, order)
        return answer

    def _audited(self, given: Mapping[str, Any], at_ms: int) -> audit.AuditRow:
        """No check part stands in it, and no more than AUDIT_MAX characters."""
        text = json.dumps(journal_of.without_tails(given), ensure_ascii=False, sort_keys=True)[:AUDIT_MAX]
        caller = self._caller
        return audit.AuditRow(0, at_ms, self.by, caller.role, caller.way, self.command.name, self.subject, text)

    def _known_as(self, given: dict[str, Any], known_as: str, at_ms: int) -> journal_of.Command:
        return journal_of.Command(known_as, self.by, self.command.name, given, at_ms)


class Commands:
    """What may be commanded on this line."""

    def __init__(self, context: Context) -> None:
        self.context = context
        state = context.line_side.state if context.line_side is not None else None
        self.works = {intake: Orders(state, intake=intake) for intake in (False, True)}

    async def execute(
        self, command: Command, body: Body, *, subject: str = "", caller: Caller = PROGRAM
    ) -> dict[str, Any]:
        """The answer as the outside reads it. Raises CommandError, JournalError, Defect."""
        if not caller.role.may(command.role):
            raise Forbidden(
                "role-required",
                f"{command.name} takes the role {command.role} or more; {caller.by} has the role {caller.role}.",
            )
        if not command.is_there(self.context):
            raise Unsupported("not-available", f"{command.name} is not possible on this line.")
        if command.subject is not None:
            command.subject.check(subject)
        call = Call(self, command, body, subject, caller)
        if command.in_steps:
            answer = await command.handler(call, body)
        else:
            answer = await call.finish(lambda tx: command.handler(tx, body))
        return {key: value for key, value in with_moments(answer).items() if key not in INTERNAL}

    async def do(
        self, name: str, given: Mapping[str, Any] | None = None, *, subject: str = "", **more: Any
    ) -> dict[str, Any]:
        """As `execute`, by name, with a body that is not judged yet; `more` are fields of it."""
        command, body = registry.accepted(name, {**(given or {}), **more})
        return await self.execute(command, body, subject=subject)
