"""Alarms to an address through the real Apprise: they arrive, an outage costs nobody anything, no secret gets out."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import pytest

from lined.notify import notices
from lined.notify import sending as notify
from lined.notify.notices import Alarm, Notices, Pending
from lined.notify.sending import Message, Notifier, redacted, sender
from lined.vocabulary.errors import NotifyError, Problem, SettingsError
from tests.integration.notify.inbox import TOKEN, Inbox

HELLO = Message("line-1: ТРЕВОГА", "Oʻzbekcha, по-русски\nand 'quotes' <b>&")


async def test_a_message_arrives_as_it_was_written() -> None:
    async with Inbox() as inbox:
        await sender(lambda: inbox.url)(HELLO)
        [message] = inbox.messages
        assert (message["title"], message["message"]) == HELLO


async def test_an_address_is_looked_at_without_sending() -> None:
    async with Inbox() as inbox:
        await sender(lambda: inbox.url)(Message("", ""))
        assert inbox.attempts == 0
    with pytest.raises(NotifyError, match="no service"):
        await sender(lambda: f"nosuch://{TOKEN}")(Message("", ""))


async def test_a_failure_says_why_without_the_address() -> None:
    async with Inbox() as inbox:
        inbox.mode = "refuses"
        with pytest.raises(NotifyError, match="500") as refused:
            await sender(lambda: inbox.url)(HELLO)
        await inbox.close()
        with pytest.raises(NotifyError) as away:
            await sender(lambda: inbox.url)(HELLO)
    assert TOKEN not in f"{refused.value} {away.value}"
    assert redacted(f"POST /bot{TOKEN}/send to h0st failed", f"tgram://h0st/bot{TOKEN}") == "POST /…/send to … failed"


async def test_an_address_that_cannot_be_read_is_a_failure_like_others() -> None:
    def gone() -> str:
        raise SettingsError([Problem("notify[0].url_file", "cannot read it")])

    with pytest.raises(NotifyError, match="cannot read it"):
        await sender(gone)(HELLO)


async def test_what_hangs_is_ended_and_the_loop_goes_on_meanwhile() -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.01)
            ticks += 1

    async with Inbox() as inbox:
        inbox.mode = "hangs"
        ticking = asyncio.create_task(tick())
        began = time.monotonic()
        with pytest.raises(NotifyError, match="not sent within"):
            await sender(lambda: inbox.url + "?rto=60", send_s=2.0)(HELLO)
        took = time.monotonic() - began
        ticking.cancel()
    assert took < 50  # of 60 that it would hang; the process is gone: the fixture of every test looks for children
    assert ticks > 5


@contextlib.asynccontextmanager
async def running(inbox: Inbox, per_hour: int = 60) -> AsyncIterator[tuple[Notifier, list[str | None], list[str]]]:
    """A notifier at work; what it says is wrong; the states it saved."""
    told: list[str | None] = []
    saved: list[str] = []

    async def save(state: str) -> None:
        saved.append(state)

    def compose(changes: list[Pending], left_out: int) -> Message:
        return Message("alarms", " ".join(one.alarm.key[0] for one in changes) + f" and {left_out} more")

    def now_ms() -> int:
        return int(time.monotonic() * 1000)

    notifier = Notifier(
        Notices(per_hour, 600_000, now_ms()), sender(lambda: inbox.url), compose, told.append, save, now_ms
    )
    work = asyncio.create_task(notifier.run())
    try:
        yield notifier, told, saved
    finally:
        work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work


def alarm(kind: str, times: int = 1, *, raised: bool = True) -> Alarm:
    return Alarm((kind, "here"), raised, (1, times), None)


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "GATHER_MS", 50)
    monkeypatch.setattr(notify, "BACK_OFF_S", (0.05,) * 5)
    monkeypatch.setattr(notify, "TRIES", 3)
    monkeypatch.setattr(notify, "LATE_S", 0.3)


@pytest.mark.usefixtures("hurried")
async def test_an_outage_is_told_and_what_stands_arrives_in_one_message_after_it() -> None:
    async with Inbox() as inbox, running(inbox) as (notifier, told, saved):
        inbox.mode = "refuses"
        for number in range(40):
            notifier.on_alarm(alarm(f"kind-{number}"))
        assert inbox.attempts == 0  # nobody waits for the address
        await inbox.until(lambda: inbox.attempts >= 2)
        notifier.on_alarm(alarm("late"))
        assert any("500" in (text or "") for text in told)
        inbox.mode = "takes"
        await inbox.until(lambda: len(inbox.messages) >= 1)
        while not saved:
            await asyncio.sleep(0.01)
        every = " ".join(message["message"] for message in inbox.messages)
        assert all(f"kind-{number} " in every for number in range(40))
        assert "late" in every and len(inbox.messages) <= 2
        assert told[-1] is None and "kind-39" in saved[-1]


@pytest.mark.usefixtures("hurried")
async def test_what_cannot_be_sent_is_given_up_once_it_is_over_and_kept_while_it_stands() -> None:
    async with Inbox() as inbox, running(inbox) as (notifier, _, _):
        inbox.mode = "refuses"
        notifier.on_alarm(alarm("stands"))
        notifier.on_alarm(alarm("passes"))
        notifier.on_alarm(alarm("passes", raised=False))
        await inbox.until(lambda: inbox.attempts > notify.TRIES)
        inbox.mode = "takes"
        await inbox.until(lambda: len(inbox.messages) == 1)
        assert inbox.messages[0]["message"] == "stands and 1 more"


@pytest.mark.usefixtures("hurried")
async def test_the_hours_number_is_never_exceeded() -> None:
    async with Inbox() as inbox, running(inbox, per_hour=2) as (notifier, _, saved):
        notifier.on_alarm(alarm("first"))
        await inbox.until(lambda: len(inbox.messages) == 1)
        while not saved:
            await asyncio.sleep(0.01)
        for number in range(20):
            notifier.on_alarm(alarm(f"kind-{number}"))
        await asyncio.sleep(0.5)  # ten times what it takes where nothing holds it back
        assert inbox.attempts == 1
