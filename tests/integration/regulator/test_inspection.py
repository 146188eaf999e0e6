"""An inspection of a configuration: our clock beside the regulator's, and what cannot be asked by whom."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from lined.regulator import Account, Regulator
from lined.regulator.inspection import Expected, Finding, Inspection
from lined.sandbox import SandboxServer, SandboxSettings

GTIN = "04899215122371"


async def found(account: Account, ahead_s: float = 0.0) -> list[Finding]:
    async with Regulator(account, wall=lambda: datetime.now(UTC) + timedelta(seconds=ahead_s)) as regulator:
        looked = Inspection(regulator, regulator.calls())
        await looked.look([Expected("product[0]", GTIN, "UNIT", "vegetableoil", "UZ")], 20)
    return looked.findings


@pytest.mark.parametrize(("ahead_s", "told"), [(60.0, "+60"), (-60.0, "-60"), (0.0, "")])
async def test_a_clock_that_is_off_is_told(account: Callable[..., Account], ahead_s: float, told: str) -> None:
    async with SandboxServer(SandboxSettings(seed=1)) as server:
        ours = account(server.url, api_key=lambda: server.credentials.api_key, read_timeout_s=20, exchange_timeout_s=20)
        seconds = [one.fact.params["seconds"] for one in await found(ours, ahead_s) if one.place == "clock"]
    assert len(seconds) == bool(told)
    assert all(abs(int(str(seen)) - int(told)) <= 1 for seen in seconds)


async def test_a_technical_user_is_told_what_could_not_be_looked_at(account: Callable[..., Account]) -> None:
    async with SandboxServer(SandboxSettings(seed=1)) as server:
        login, password = server.credentials.login, server.credentials.password
        waits = {"read_timeout_s": 20, "exchange_timeout_s": 20, "requests_per_minute": 60_000}
        right = await found(account(server.url, login=login, password=lambda: password, **waits))
        assert {one.place: one.wrong for one in right} == {"regulator.tin": False, "product[0].gtin": False}
        wrong = await found(account(server.url, login=login, password=lambda: "another", **waits))
        assert [(one.place, one.wrong) for one in wrong] == [("regulator.login", True)]
        assert "login or password refused" in wrong[0].fact
