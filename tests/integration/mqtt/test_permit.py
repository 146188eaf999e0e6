"""A PLC that knows docs/plc.md and nothing else, at the installed program: its conveyor never runs on an old permit."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from lined.mqtt.messages import Permit
from tests.harness.daemon import device
from tests.integration.mqtt.broker import Broker, Ear, broker, ear, until
from tests.integration.mqtt.side import side
from tests.integration.mqtt.test_daemon import NODELAY, MqttLine

STALE_S = 3.0  # docs/plc.md


class Plc:
    """The rule of the page, over what a subscriber heard."""

    def __init__(self, heard: Ear) -> None:
        self._heard = heard

    @property
    def permits(self) -> list[dict[str, Any]]:
        """Those that count: not the retained one of before."""
        return [message.document for message in self._heard.on("permit") if not message.retained]

    @property
    def kept(self) -> list[dict[str, Any]]:
        """What the broker had kept of before."""
        return [message.document for message in self._heard.on("permit") if message.retained]

    async def fenced(self) -> None:
        """Whatever the broker had kept has come by now: what is published after subscribing comes behind it."""
        await self._heard.client.publish("lined/line-1/fence", b"", 1)
        await until(lambda: bool(self._heard.on("fence")))

    @property
    def runs(self) -> bool:
        """Whether the conveyor may run now."""
        live = [message for message in self._heard.on("permit") if not message.retained]
        return bool(live) and live[-1].document["run"] and time.time() - live[-1].at <= STALE_S

    def stands(self, because: str | None) -> bool:
        return bool(self.permits) and (self.permits[-1]["run"], self.permits[-1]["because"]) == (False, because)


@contextlib.asynccontextmanager
async def a_plc(at: Broker, name: str) -> AsyncIterator[Plc]:
    async with ear(at, "lined/line-1/+", identifier=name) as heard:
        yield Plc(heard)


def numbers_rise(permits: list[dict[str, Any]]) -> bool:
    """In each session by one, and every message of its shape."""
    for document in permits:
        Permit.model_validate(document, strict=True)
    pairs = [(document["session"], document["n"]) for document in permits]
    return all(after[1] == before[1] + 1 for before, after in pairwise(pairs) if before[0] == after[0])


@pytest.mark.bound(120)
@pytest.mark.mosquitto
async def test_no_conveyor_runs_on_an_old_permit(tmp_path: Path) -> None:
    async with broker(tmp_path, *NODELAY) as at, MqttLine(tmp_path, at, mute=True) as line, a_plc(at, "plc") as plc:
        await until(lambda: plc.stands("device"))  # no camera has come yet
        assert plc.permits[-1]["where"] == "cam-1"
        async with device(line):
            await until(lambda: plc.stands("no-job"))
            await line.start_job()
            await until(lambda: plc.runs)
            await until(lambda: len(plc.permits) > 5)
            assert plc.runs, "it beats once a second"
        await until(lambda: plc.stands("device"))
        async with device(line):
            await until(lambda: plc.runs)
            first = plc.permits[-1]["session"]
            await line.kill()
            await until(lambda: not plc.runs)
            async with a_plc(at, "late") as late:
                await late.fenced()
                assert late.kept == [], "the broker has let the old one go"
            await line.start()
        async with device(line):
            await until(lambda: plc.runs and plc.permits[-1]["session"] != first)
            assert numbers_rise(plc.permits)
            await at.kill()
            await until(lambda: not plc.runs)
            await at.start()
            async with a_plc(at, "after") as after:
                await until(lambda: after.runs)
                assert await line.terminate() == 0
                await until(lambda: after.stands("ending"))
                assert numbers_rise(after.permits)


@pytest.mark.mosquitto
@pytest.mark.parametrize("protocol", [5, 311])
async def test_what_is_retained_is_told_as_such_and_is_of_the_last_second(tmp_path: Path, protocol: int) -> None:
    async with broker(tmp_path) as at, side(at, protocol=protocol):
        async with ear(at, "lined/line-1/permit") as first:
            await until(lambda: first.on("permit"))
        async with ear(at, "lined/line-1/permit", identifier="late") as late:
            await until(lambda: len(late.on("permit")) >= 2)
            there, fresh = late.on("permit")[:2]
        assert there.retained and not fresh.retained
        assert fresh.document["n"] == there.document["n"] + 1
        assert abs(datetime.fromisoformat(fresh.document["at"]).timestamp() - fresh.at) < 60
