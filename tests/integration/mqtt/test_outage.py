"""The broker dies, stands still, or takes too long: no verdict is late, none comes twice, and the line never waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

import pytest

from lined.mqtt.outbox import TOO_LATE, UNCONFIRMED
from lined.mqtt.spec import MqttLimits
from tests.integration.mqtt.broker import Ear, Heard, broker, ear, until
from tests.integration.mqtt.side import SOON, Side, side

pytestmark = pytest.mark.mosquitto

GAP_S = 0.005  # 200 reads a second
NODELAY = ("allow_anonymous true", "set_tcp_nodelay true")


@asynccontextmanager
async def reads(working: Side, gap_s: float = GAP_S) -> AsyncIterator[None]:
    """200 judgements a second while the block runs."""

    async def read_on() -> NoReturn:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            working.line.judges(working.outbox)
            due += gap_s
            await asyncio.sleep(max(0.0, due - loop.time()))

    async with asyncio.TaskGroup() as tasks:
        reading = tasks.create_task(read_on())
        try:
            yield
        finally:
            reading.cancel()


def late_by_s(message: Heard) -> float:
    made = datetime.fromisoformat(message.document["at"])
    return message.at - made.timestamp()


def check(heard: list[Ear], working: Side, deaf: range = range(0)) -> None:
    """No verdict late, none twice, in order; every one accounted for; what was reported as said was heard, but for that
    of a time in which no subscriber was there.
    """
    messages = [message for one in heard for message in one.on("verdict")]
    seqs = [message.document["seq"] for message in messages]
    assert seqs == sorted(set(seqs)), "repeated or out of order"
    assert max(map(late_by_s, messages)) <= 1.0
    line = working.line
    unsaid = [mark for mark, _ in line.unsaid]
    assert sorted([*line.said, *unsaid]) == list(range(1, line.mark + 1)), "each is said or unsaid, once"
    assert set(line.said) - set(deaf) <= set(seqs), "said, and nobody heard it"
    never_sent = {mark for mark, why in line.unsaid if why == TOO_LATE}
    assert not never_sent & set(seqs), "unsaid as too late, and yet published"
    assert {why for _, why in line.unsaid} <= {TOO_LATE, UNCONFIRMED}


@pytest.mark.parametrize("protocol", [5, 311])
async def test_killed_and_restarted_in_the_middle_of_200_reads_a_second(tmp_path: Path, protocol: int) -> None:
    async with (
        broker(tmp_path, *NODELAY) as at,
        side(at, MqttLimits(), protocol=protocol) as working,
        ear(at) as before,
        AsyncExitStack() as later,
    ):
        async with reads(working):
            await until(lambda: len(before.on("verdict")) >= 200)
            deaf_from = working.line.mark
            await at.kill()
            await until(lambda: not working.outbox.state.connected)
            assert working.problem() is not None
            await until(lambda: working.outbox.state.verdicts_late >= 100)
            await at.start()
            after = await later.enter_async_context(ear(at, identifier="after"))
            deaf_to = working.line.mark
            await until(lambda: working.outbox.state.connected)
            assert working.problem() is None
            await until(lambda: len(after.on("verdict")) >= 200)
            await until(lambda: after.last("availability") == b"online" and bool(after.last("status")))
            assert after.on("status")[-1].document["mqtt"] == {"connected": True}
        await asyncio.wait_for(working.outbox.drained(), 60)
        await until(lambda: after.on("verdict")[-1].document["seq"] == working.line.said[-1])
    check([before, after], working, range(deaf_from, deaf_to + 1))
    assert working.outbox.state.connections == 2


async def test_a_broker_that_stands_still_gets_no_backlog_of_old_verdicts(tmp_path: Path) -> None:
    """What it had in its own hands when it stopped, the verdicts of one moment, is all that can come late."""
    async with broker(tmp_path, *NODELAY) as at, ear(at) as heard:
        async with side(at, replace(SOON, silent_s=1.0)) as working:
            async with reads(working):
                await until(lambda: len(heard.on("verdict")) >= 100)
                at.freeze()
                await until(lambda: working.outbox.state.verdicts_late >= 300)
                at.thaw()
                await until(lambda: working.outbox.state.connected and working.outbox.state.connections > 1)
                seen = len(heard.on("verdict"))
                await until(lambda: len(heard.on("verdict")) > seen + 100)
            await asyncio.wait_for(working.outbox.drained(), 60)
        seqs = [message.document["seq"] for message in heard.on("verdict")]
        assert seqs == sorted(set(seqs))
        assert len([message for message in heard.on("verdict") if late_by_s(message) > 1.0]) <= 2
        assert not {mark for mark, why in working.line.unsaid if why == TOO_LATE} & set(seqs)


async def test_a_short_pause_of_the_broker_costs_no_verdict_and_no_connection(tmp_path: Path) -> None:
    async with broker(tmp_path, *NODELAY) as at, ear(at) as heard:
        async with side(at) as working:
            async with reads(working):
                await until(lambda: len(heard.on("verdict")) >= 50)
                at.freeze()
                waiting = working.line.mark
                await until(lambda: working.line.mark >= waiting + 40)
                at.thaw()
                await until(lambda: len(heard.on("verdict")) >= 200)
            await asyncio.wait_for(working.outbox.drained(), 60)
        check([heard], working)
        assert working.line.unsaid == []
        assert working.outbox.state.connections == 1


async def test_events_of_an_outage_come_after_it_in_order(tmp_path: Path) -> None:
    later = replace(SOON, retry_first_s=2.0, retry_most_s=2.0)  # so that the subscriber is there before the bridge
    async with broker(tmp_path) as at, side(at, later) as working:
        await at.kill()
        await until(lambda: not working.outbox.state.connected)
        for number in range(20):
            working.outbox.report({"id": str(number)})
        await at.start()
        async with ear(at) as heard:
            await until(lambda: len(heard.on("report")) == 20)
            assert [int(message.document["id"]) for message in heard.on("report")] == list(range(20))


async def test_a_broker_that_is_away_at_the_start_costs_the_line_nothing(tmp_path: Path) -> None:
    async with broker(tmp_path) as at:
        await at.stop()
        async with side(at, replace(SOON, late_s=0.2), wait=False) as working:
            for _ in range(10):
                working.line.judges(working.outbox)
            await until(lambda: len(working.line.unsaid) == 10)
            assert working.problems[0] is not None


async def test_a_connection_that_breaks_while_it_is_written_to_leaves_the_loop_clean(tmp_path: Path) -> None:
    """The number of a closed socket may be a device's connection a moment later: nobody may watch it any more."""
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(context))
    async with broker(tmp_path, *NODELAY) as at, side(at) as working, reads(working, GAP_S / 25):
        for count in range(1, 16):
            await until(lambda count=count: working.outbox.state.connections >= count)  # type: ignore[misc]
            said = len(working.line.said)
            await until(lambda said=said: len(working.line.said) > said + 20)  # type: ignore[misc]
            await at.kill()
            await at.start()
    assert complaints == []


async def test_a_bridge_that_is_cancelled_leaves_nothing_behind(tmp_path: Path) -> None:
    async with broker(tmp_path) as at, ear(at) as heard, side(at) as working:
        working.line.judges(working.outbox)
        await until(lambda: heard.on("verdict"))
        tasks = [task for task in asyncio.all_tasks() if "Bridge.run" in repr(task.get_coro())]
        assert len(tasks) == 1
        tasks[0].cancel()
        await until(lambda: heard.last("availability") == b"offline")  # by last will
