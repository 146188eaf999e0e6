"""A connection's calls can be cancelled at any moment, also in the turn in which the broker answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from lined.mqtt.connection import Connection
from lined.mqtt.spec import MqttLimits, MqttSpec


class Client:
    """As the library waits for the broker's answer."""

    def __init__(self) -> None:
        self.answered = asyncio.Event()

    async def _wait(self, *_: Any, **__: Any) -> list[int]:
        await asyncio.wait_for(self.answered.wait(), 30)
        return [0]

    publish = subscribe = unsubscribe = _wait


CALLS: dict[str, Callable[[Connection], Coroutine[Any, Any, Any]]] = {
    "publish": lambda connection: connection.publish("t", b""),
    "prove": lambda connection: connection.prove(5.0),
    "subscribe": lambda connection: connection.subscribe("t"),
}


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("call", CALLS)
async def test_a_cancellation_in_the_turn_of_an_answer_is_not_forgotten(call: str, turns: int) -> None:
    client: Any = Client()
    connection = Connection(client, MqttSpec("localhost", 1883, "line-1"), MqttLimits())

    async def for_ever() -> None:
        while True:
            await CALLS[call](connection)
            client.answered.clear()

    task = asyncio.create_task(for_ever())
    for _ in range(5):
        await asyncio.sleep(0)
    client.answered.set()
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task], timeout=5)
    assert task.cancelled()
