"""Commands of the PLC: messages of `command/<name>` in, one answer each out.

Guarantees: commands are carried out one at a time, in the order of their arrival; nothing that arrives raises, and a
defect of ours in carrying it out is its answer; what cannot be understood never reaches the line, and is answered, with
`id` null where none can be read; a retained command is refused, and so is one that had to wait too long: both were
meant for a moment that has passed. What a program of the PLC does wrong in itself, people are told. Knows no MQTT
library.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple, Protocol

import structlog

from lined.commands.registry import registry
from lined.commands.registry.caller import Caller
from lined.commands.registry.command import Body, Command, Source
from lined.mqtt.outbox import Event, Outbox, json_bytes
from lined.vocabulary.errors import (
    DEFECT,
    DEFECT_SENTENCE,
    CommandError,
    Conflict,
    Defect,
    JournalError,
    NotNow,
    TooLarge,
    clause,
)
from lined.vocabulary.facts import BrokerFact, Fact
from lined.vocabulary.people import PersonRole, Way

log = structlog.get_logger()

PLC = Caller("mqtt", PersonRole.ENGINEER, Way.BROKER)
"""Who may publish on `command/#` commands the line: the broker sees to that."""
EXPIRED_S = 10.0  # a command that waited so long for those before it is answered, and not carried out
TOPIC_BYTES = 1_000  # of a response topic
NAME_CHARS = 200  # of what stands behind `command/`
SHOWN_CHARS = 50  # of it, for people
PADDING = b"\0 \t\r\n"  # a PLC sends the whole of its string variable
_ID = re.compile(rb'"id"\s*:\s*"([^"\\]{1,200})"')


class Executor(Protocol):
    """Carries commands out: `lined.commands.registry.execution.Commands`."""

    def execute(self, command: Command, body: Body, *, caller: Caller) -> Awaitable[dict[str, Any]]:
        """The answer, durable. Raises CommandError, JournalError."""


class Asked(NamedTuple):
    """A message as it came. `at`: the loop's time."""

    name: str
    payload: bytes
    response_topic: str | None
    correlation: bytes | None
    at: float


class CommandConsumer:
    """`take` from the connection, `run` as a task of the bridge; answers go to the outbox. `strange` hears, as a fact,
    of commands that no program should send; `note` of defects that the journal's writer does not see.
    """

    def __init__(
        self,
        commands: Executor,
        outbox: Outbox,
        strange: Callable[[Fact], None] = lambda _fact: None,
        note: Callable[[str, BaseException], None] = lambda _where, _error: None,
    ) -> None:
        self._commands = commands
        self._note = note
        self._outbox = outbox
        self._state = outbox.state
        self._strange = strange
        self._limits = outbox.limits
        self._spec = outbox.spec
        self._asked: deque[Asked] = deque()
        self._some = asyncio.Event()
        self._none = asyncio.Event()
        self._none.set()

    def take(
        self,
        topic: str,
        payload: bytes,
        *,
        retained: bool = False,
        response_topic: str | None = None,
        correlation: bytes | None = None,
    ) -> None:
        """A message under `command/`. Above the bound it is answered at once, and not carried out."""
        name = topic.removeprefix(f"{self._spec.topic('command')}/")
        asked = Asked(name, payload.rstrip(PADDING), response_topic, correlation, asyncio.get_running_loop().time())
        if retained:
            if not asked.payload:
                return  # this is how one is cleared
            self._state.commands_ignored += 1
            self._strange(Fact(BrokerFact.RETAINED, topic=_shown_name(topic)))
            text = "The command was published with the retain flag, so it was not carried out; publish it without."
            self._refuse(asked, _id_in(payload), Conflict("retained", text))
            return
        if len(self._asked) >= self._limits.commands_most:
            self._refuse(
                asked,
                _id_in(payload),
                NotNow("busy", "Too many commands are waiting; ask again."),
            )
            return
        self._asked.append(asked)
        self._some.set()
        self._none.clear()

    async def run(self) -> None:
        """Until cancelled. A command under way when the connection breaks is done; its answer waits for the next."""
        while True:
            await self._some.wait()
            while self._asked:
                await self._carry_out(self._asked.popleft())
            self._some.clear()
            self._none.set()

    async def drained(self) -> None:
        """Returns when no command waits and none is being carried out."""
        await self._none.wait()

    async def _carry_out(self, asked: Asked) -> None:
        self._state.commands += 1
        command_id = _id_in(asked.payload)
        try:
            command, body = self._body(asked)
            command_id, by = body.id, PLC.name(body.by)
            async with asyncio.timeout(self._limits.command_s):
                found = await self._commands.execute(command, body, caller=PLC)
            log.info("command_done", command=asked.name, by=by)
            self._answer(asked, {**_beside_id(found), "id": command_id, "ok": True, "error": None})
        except CommandError as refused:
            self._refuse(asked, command_id, refused)
        except JournalError as error:
            self._refuse(
                asked,
                command_id,
                NotNow("cannot-commit", f"Nothing was done: {clause(error)}."),
            )
        except TimeoutError:
            text = "The disk has not answered in time. Ask again, with the same id."
            self._refuse(asked, command_id, NotNow("cannot-commit", text))
        except Exception as error:  # noqa: BLE001  a defect of ours
            if not isinstance(error, Defect):  # the writer has told that
                self._note(f"command {asked.name if asked.name in registry.every() else 'of no name'}", error)
            self._refuse(asked, command_id, CommandError(DEFECT, DEFECT_SENTENCE))

    def _body(self, asked: Asked) -> tuple[Command, Body]:
        """What was asked for, fit for the line. Raises CommandError."""
        known = registry.from_source(Source.MQTT)
        if asked.name not in known:
            topic = f"{self._spec.topic('command')}/{_shown_name(asked.name)}"
            self._strange(Fact(BrokerFact.NO_COMMAND, topic=topic, known=", ".join(known)))
        elif len(asked.payload) > self._limits.payload_bytes:
            raise TooLarge("too-large", f"A command has at most {self._limits.payload_bytes} bytes.")
        elif asyncio.get_running_loop().time() - asked.at > EXPIRED_S:
            raise NotNow("expired", "The command had to wait too long and was not carried out; ask again.")
        value = registry.read_json(asked.payload) if asked.name in known else None
        return registry.accepted(asked.name, value, Source.MQTT)

    # ── answers ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _refuse(self, asked: Asked, command_id: str | None, refused: CommandError) -> None:
        self._state.commands_refused += 1
        log.info("command_refused", command=asked.name[:SHOWN_CHARS], error=refused.code)
        details = [{"path": problem.path, "message": problem.message} for problem in refused.details]
        error = {"code": refused.code, "message": str(refused), "details": details}
        self._answer(asked, {"id": command_id, "ok": False, "error": error})

    def _answer(self, asked: Asked, document: Mapping[str, Any]) -> None:
        topic = asked.response_topic
        if topic is None or not self._may_answer_on(topic):
            if len(asked.name) > NAME_CHARS:
                return
            topic = f"{self._spec.topic('reply')}/{asked.name}"
        self._outbox.event(Event(topic, json_bytes(document), asked.correlation))

    def _may_answer_on(self, topic: str) -> bool:
        """A response topic is the sender's, or a reply of ours: nobody has us say things on our other topics."""
        fits = 0 < len(topic.encode("utf-8", "replace")) <= TOPIC_BYTES and not set(topic) & set("+#\0")
        if topic.startswith("$"):  # the broker's own
            return False
        reply = f"{self._spec.topic('reply')}/"
        return fits and (topic.startswith(reply) or not topic.startswith(f"{self._spec.base}/"))


def _shown_name(name: str) -> str:
    return name[-SHOWN_CHARS:].encode("ascii", "backslashreplace").decode()


def _id_in(payload: bytes) -> str | None:
    """The command's id, also out of what is not JSON."""
    found = _ID.search(payload[:4096])
    return found[1].decode("utf-8", "replace") if found else None


def _beside_id(found: Mapping[str, Any]) -> dict[str, Any]:
    """An answer beside the command's own `id`: a job's is `job`."""
    return {"job" if key == "id" else key: value for key, value in found.items()}
