"""API keys and the technical user's tokens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from tests.integration.sandbox.line_client import STORAGE, Client, Open

KEYS = "/public/api/v1/party/parties/307797292/api-keys"
SEARCH = f"{STORAGE}/docs/search"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def log_in(client: Client, **changes: Any) -> httpx.Response:
    credentials = client.server.credentials
    body = {"login": credentials.login, "password": credentials.password} | changes
    return await client.http.post("/api/users/authenticate", json=body)


async def test_without_a_living_token_there_is_a_401_that_echoes_it_as_the_text_does(sandbox: Open) -> None:
    async with sandbox() as client:
        answer = await client.http.get(SEARCH, headers=bearer("dead"))
        assert answer.status_code == 401
        (fault,) = answer.json()
        assert fault["code"] == "access-denied"
        assert fault["context"]["Authorization"] == "Bearer dead"
        assert "token isn't active" in fault["context"]["specificError"]
        codes = await client.issue(1)
        for header in ("", "Basic abc", client.server.credentials.api_key):
            answer = await client.http.get(SEARCH, headers={"Authorization": header})
            assert answer.status_code == 401, header
        client.http.headers["Authorization"] = "Bearer dead"
        assert (await client.utilise(codes)).status_code == 401
        assert (await client.books())["documents"]["total"] == 0


async def test_a_key_can_be_checked(sandbox: Open) -> None:
    async with sandbox() as client:
        own = (await client.http.get(f"{KEYS}/check")).json()
        assert own["isTinCorrect"] is True
        left = datetime.fromisoformat(own["expiresOn"]) - datetime.now(UTC)
        assert timedelta(days=89) < left <= timedelta(days=90)
        other = (await client.http.get(KEYS.replace("307797292", "123456789") + "/check")).json()
        assert other == {"isTinCorrect": False}


async def test_a_refreshed_key_is_dead_at_once_and_the_new_one_lives(sandbox: Open) -> None:
    async with sandbox() as client:
        old = client.server.credentials.api_key
        answer = await client.http.post(f"{KEYS}/refresh", json={"apiKey": old})
        new = answer.json()
        assert set(new) == {"apiKey", "id", "expiresOn", "label"}
        assert (await client.http.get(SEARCH)).status_code == 401
        client.http.headers.update(bearer(new["apiKey"]))
        assert (await client.http.get(SEARCH)).status_code == 200
        newest = (await client.http.post(f"{KEYS}/refresh", json={"id": new["id"]})).json()
        assert (await client.http.get(SEARCH)).status_code == 401
        assert (await client.http.get(SEARCH, headers=bearer(newest["apiKey"]))).status_code == 200


async def test_a_refresh_names_exactly_one_key(sandbox: Open) -> None:
    async with sandbox() as client:
        key = client.server.credentials.api_key
        for body in ({}, {"apiKey": key, "id": "x"}, {"apiKey": "unknown"}, {"apiKey": 1}, {"apikey": key}):
            assert (await client.http.post(f"{KEYS}/refresh", json=body)).status_code == 400, body
        assert (await client.http.get(SEARCH)).status_code == 200
        assert (await client.http.get(f"{KEYS}/refresh")).status_code == 405  # POST, whatever the sample says


async def test_checks_and_refreshes_have_a_daily_limit(sandbox: Open) -> None:
    async with sandbox(key_requests_per_day=2) as client:
        answers = [(await client.http.get(f"{KEYS}/check")).status_code for _ in range(3)]
        assert answers == [200, 200, 429]


async def test_a_key_expires(sandbox: Open) -> None:
    async with sandbox(api_key_life_s=0) as client:
        assert (await client.http.get(SEARCH)).status_code == 401


async def test_a_technical_user_logs_in_and_works(sandbox: Open) -> None:
    async with sandbox() as client:
        answer = (await log_in(client)).json()
        assert answer["accessTokenType"] == "BEARER"
        assert answer["accessTokenExpiresIn"] == 1_800_000
        client.http.headers.update(bearer(answer["accessToken"]))
        await client.applied(await client.issue(1))


async def test_a_wrong_password_has_code_100(sandbox: Open) -> None:
    async with sandbox() as client:
        answer = await log_in(client, password="wrong")
        assert answer.status_code == 401
        assert answer.json()["globalErrors"][0]["errorCode"] == "100"


async def test_a_new_token_kills_the_one_before(sandbox: Open) -> None:
    async with sandbox() as client:
        first = (await log_in(client)).json()
        second = (await log_in(client)).json()
        assert (await client.http.get(SEARCH, headers=bearer(first["accessToken"]))).status_code == 401
        assert (await client.http.get(SEARCH, headers=bearer(second["accessToken"]))).status_code == 200
        stale = await client.http.post("/api/users/tokens/refresh", data={"refreshToken": first["refreshToken"]})
        assert stale.status_code == 401
        third = (
            await client.http.post("/api/users/tokens/refresh", data={"refreshToken": second["refreshToken"]})
        ).json()
        assert (await client.http.get(SEARCH, headers=bearer(second["accessToken"]))).status_code == 401
        assert (await client.http.get(SEARCH, headers=bearer(third["accessToken"]))).status_code == 200
        assert third["refreshToken"] != second["refreshToken"]


async def test_a_refresh_of_tokens_is_form_encoded(sandbox: Open) -> None:
    async with sandbox() as client:
        token = (await log_in(client)).json()["refreshToken"]
        assert (await client.http.post("/api/users/tokens/refresh", json={"refreshToken": token})).status_code == 400
        assert (await client.http.post("/api/users/tokens/refresh", data={"other": token})).status_code == 400


async def test_access_tokens_expire(sandbox: Open) -> None:
    async with sandbox(access_token_life_s=0.0) as client:
        token = (await log_in(client)).json()["accessToken"]
        assert (await client.http.get(SEARCH, headers=bearer(token))).status_code == 401


async def test_what_a_technical_user_cannot_do_is_a_403(sandbox: Open) -> None:
    async with sandbox() as client:
        client.http.headers.update(bearer((await log_in(client)).json()["accessToken"]))
        assert (await client.send("correction", {})).status_code == 403
        assert (await client.http.get(f"{KEYS}/check")).status_code == 403
        answer = await client.http.post("/public/api/cod/private/codes", json={"codes": ["0" * 20]})
        assert answer.status_code == 403


async def test_credentials_outlive_a_restart(sandbox: Open, tmp_path: Path) -> None:
    state = tmp_path / "sandbox.db"
    async with sandbox(state) as client:
        before = client.server.credentials
        refreshed = (await client.http.post(f"{KEYS}/refresh", json={"apiKey": before.api_key})).json()["apiKey"]
    async with sandbox(state) as client:
        assert client.server.credentials == before._replace(api_key=refreshed)
        assert (await client.http.get(SEARCH)).status_code == 200


async def test_a_given_key_that_was_refreshed_stays_dead_after_a_restart(sandbox: Open, tmp_path: Path) -> None:
    state = tmp_path / "sandbox.db"
    async with sandbox(state, api_key="given-key") as client:
        refreshed = (await client.http.post(f"{KEYS}/refresh", json={"apiKey": "given-key"})).json()["apiKey"]
    async with sandbox(state, api_key="given-key") as client:
        assert client.server.credentials.api_key == refreshed
        assert (await client.http.get(SEARCH, headers=bearer("given-key"))).status_code == 401
