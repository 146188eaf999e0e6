"""The sandbox as Kazakhstan's twin: what it does otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from lined.sandbox import SandboxServer, SandboxSettings
from lined.vocabulary.errors import SettingsError
from tests.integration.sandbox.conftest import QUICK
from tests.integration.sandbox.line_client import Client

TWIN: dict[str, Any] = QUICK | {"contract": "ismet", "tin": "123456789012"}
EVERYTHING = {"Accept": "*/*"}


async def test_whoever_does_not_accept_everything_gets_a_406_without_a_body() -> None:
    async with SandboxServer(SandboxSettings(**TWIN)) as server:
        client = Client(server)
        async with client.http as http:
            refused = await http.get("/api/orders", headers={"Accept": "application/json"})
            assert (refused.status_code, refused.content) == (406, b"")
            assert (await http.get("/api/orders", headers=EVERYTHING)).status_code == 200
            assert (await http.get("/sandbox/account", headers={"Accept": "application/json"})).status_code == 200


async def test_its_home_is_kazakhstan_and_its_groups_are_others() -> None:
    async with SandboxServer(SandboxSettings(**TWIN)) as server:
        client = Client(server)
        async with client.http as http:
            http.headers.update(EVERYTHING)
            assert (await http.post("/sandbox/codes", json={"gtin": "04899215122371", "count": 1})).status_code == 422
            codes = await client.issue(2, group="autofluids")
            refused = await client.utilise(codes[:1], "autofluids")  # UZ with PRODUCTION
            assert refused.status_code == 400
            taken = await client.utilise(codes[1:], "autofluids", manufacturerCountry="KZ")
            assert await client.final(taken.json()["reportId"]) == "SUCCESS"
            assert (await client.utilise(codes[:1], "vegetableoil", manufacturerCountry="KZ")).status_code == 400


async def test_a_user_with_login_and_password_may_ask_what_is_closed_to_technical_users_elsewhere() -> None:
    async with SandboxServer(SandboxSettings(**TWIN)) as server:
        client = Client(server)
        async with client.http as http:
            http.headers.update(EVERYTHING)
            user = {"login": server.credentials.login, "password": server.credentials.password}
            tokens = await http.post("/api/users/authenticate", json=user)
            http.headers["Authorization"] = f"Bearer {tokens.json()['accessToken']}"
            answer = await http.get("/public/api/v1/party/parties/123456789012/status")
            assert answer.json()["productGroups"] == sorted(SandboxSettings(**TWIN).rules.groups)


def test_wrong_settings_are_told() -> None:
    with pytest.raises(SettingsError) as wrong:
        SandboxSettings(contract="ismet")  # its participants' numbers have 12 digits
    assert [str(problem.message) for problem in wrong.value.problems] == ["must be 12 digits"]
    with pytest.raises(SettingsError) as unknown:
        SandboxSettings(contract="chestny-znak")
    assert [problem.path for problem in unknown.value.problems] == ["contract"]
