"""Sending about alarms to one address, through Apprise in a process of its own.

Guarantees: nothing waits for it, neither the line nor the loop; each attempt ends within SEND_S, its process with it;
what cannot be sent is tried again TRIES times, later and later, then once an hour for as long as something stands; the
address appears in no text that leaves this file.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, NoReturn

import structlog

from lined.notify.notices import Alarm, Key, Notices, Pending
from lined.vocabulary.errors import LinedError, NotifyError, clause
from lined.vocabulary.facts import Fact, ServiceFact

log = structlog.get_logger()

SEND_S = 30.0  # a mail server may take its time
BACK_OFF_S = (5.0, 15.0, 60.0, 180.0, 600.0)
TRIES = len(BACK_OFF_S) + 1
LATE_S = 3_600.0  # between attempts after that
ANSWER_MAX = 4_096  # bytes of a child's answer that are looked at
CHILD = Path(__file__).with_name("apprise_child.py")


class Message(NamedTuple):
    """`body` empty: only see whether the address can be understood."""

    title: str
    body: str


Send = Callable[[Message], Awaitable[None]]
Compose = Callable[[list[Pending], int], Message]
Problem = Callable[[Fact | None], None]
Save = Callable[[str], Awaitable[None]]


def sender(url: Callable[[], str], send_s: float = SEND_S) -> Send:
    """`url` gives the address, read anew each time; it may raise LinedError. The sender raises NotifyError."""

    async def send(message: Message) -> None:
        try:
            address = await asyncio.to_thread(url)
        except LinedError as error:
            raise NotifyError(str(error)) from error
        request = json.dumps({"url": address, "title": message.title, "body": message.body})
        try:
            async with asyncio.timeout(send_s):
                sent = await _ask_child(request.encode())
        except TimeoutError:
            raise NotifyError(f"it was not sent within {send_s:.0f} s; whether it arrived is not known") from None
        except OSError as error:
            raise NotifyError(f"no process could be started for it: {error.strerror}") from error
        if not sent[0]:
            raise NotifyError(redacted(sent[1], address) or "Apprise says no more than that it failed")

    return send


async def _ask_child(request: bytes) -> tuple[bool, str]:
    """Run the child to its end, or end it. Its answer: whether it was done, and why not."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",  # what lies beside the child's file is not for it to import
        "-W",
        "ignore",
        str(CHILD),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,  # a traceback could hold the address
    )
    try:
        out, _ = await child.communicate(request)
    finally:
        if child.returncode is None:
            with suppress(ProcessLookupError):
                child.kill()
            await child.wait()
    try:
        answer = json.loads(out[-ANSWER_MAX:].splitlines()[-1])
        return bool(answer["ok"]), str(answer["why"])
    except (ValueError, TypeError, KeyError, IndexError):
        return False, f"its process ended with {child.returncode} and no answer"


def redacted(text: str, address: str) -> str:
    """`text` without any part of the address but its scheme: its host may be a token."""
    parts = {part for part in re.split(r"[/?&=:@#,\s]+", address.partition("://")[2]) if len(part) > 1}
    for part in sorted({address, *parts}, key=len, reverse=True):
        text = text.replace(part, "…")
    return " ".join(text.split())


class Notifier:
    """One address. `on_alarm` from the loop; `run` for ever. `compose` makes a message of changes and the number of
    those left out; `problem` hears what is wrong, or None; `save` keeps the state over a restart.
    """

    def __init__(
        self, notices: Notices, send: Send, compose: Compose, problem: Problem, save: Save, now_ms: Callable[[], int]
    ) -> None:
        self._notices = notices
        self._send = send
        self._compose = compose
        self._problem = problem
        self._save = save
        self._now_ms = now_ms
        self._some = asyncio.Event()
        self._failed = 0

    def on_alarm(self, alarm: Alarm) -> None:
        """An alarm changed. Never waits."""
        self._notices.on_alarm(alarm, self._now_ms())
        self._some.set()

    def believed(self) -> list[Key]:
        """Alarms that stand, as far as people know."""
        return self._notices.believed()

    async def run(self) -> NoReturn:
        """Look at the address first, so that a wrong one shows before it is needed."""
        while not await self._attempt(Message("", "")):
            await self._back_off()
        while True:
            wait_ms = self._notices.wait_ms(self._now_ms())
            self._some.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(None if wait_ms is None else wait_ms / 1000):
                    await self._some.wait()
            changes = self._notices.due(self._now_ms())
            if changes:
                await self._tell(changes)

    async def _tell(self, changes: list[Pending]) -> None:
        left_out = self._notices.left_out
        message = self._compose(changes, left_out)
        if await self._attempt(message):
            self._notices.told(changes, left_out, self._now_ms())
            await self._save(self._notices.state())
            log.info("alarm_sent", title=message.title)
            return
        if self._failed >= TRIES:
            self._notices.give_up(changes)
        await self._back_off()

    async def _back_off(self) -> None:
        await asyncio.sleep(BACK_OFF_S[self._failed - 1] if self._failed < TRIES else LATE_S)

    async def _attempt(self, message: Message) -> bool:
        try:
            await self._send(message)
        except NotifyError as error:
            self._failed += 1
            log.warning("alarm_not_sent", attempt=self._failed, error=str(error))
            self._problem(Fact(ServiceFact.NOT_SENT, more=clause(error)))
            return False
        self._failed = 0
        self._problem(None)
        return True
