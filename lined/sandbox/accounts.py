"""Accounts (API 1.21.1 §2.1, §2.2): API keys of the business user and tokens of the technical user.

One key a user, so a refreshed key is dead at once. A new access token kills the one before, and with it the refresh
token that came with that one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from lined.sandbox.answers import BAD_LOGIN, Fault, Rejection, bad_request
from lined.sandbox.books import Connection, one
from lined.sandbox.settings import SandboxSettings

ACCESS, REFRESH = "access", "refresh"
KEY_LABEL = "sandbox"


class Credentials(NamedTuple):
    """What a user of the sandbox needs to begin: printed at the start, shown by the control endpoint."""

    api_key: str
    login: str
    password: str


class User(NamedTuple):
    """Who a request's bearer token stands for."""

    tin: str
    technical: bool


def prepare(connection: Connection, settings: SandboxSettings, at: float, new_id: Callable[[], str]) -> Credentials:
    """Bring the account into the books. A given key that was refreshed meanwhile stays dead: its successor counts."""
    given = settings.api_key
    known = given is not None and one(connection, "SELECT 1 FROM api_keys WHERE key = ?", (given,)) is not None
    active = one(connection, "SELECT key FROM api_keys WHERE active")
    if active is None or (given is not None and not known):
        active = _replace_key(connection, given or new_id(), new_id(), at + settings.api_key_life_s)
    password = settings.password or one(connection, "SELECT value FROM facts WHERE name = 'password'") or new_id()[:13]
    connection.execute("INSERT OR REPLACE INTO facts (name, value) VALUES ('password', ?)", (password,))
    return Credentials(active, settings.login, password)


def user_of(connection: Connection, authorization: str, tin: str, at: float) -> User | None:
    """The user of an `Authorization` header; None where the token is unknown, dead or too old."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        return None
    if one(connection, "SELECT 1 FROM api_keys WHERE key = ? AND active AND expires_at > ?", (token, at)):
        return User(tin, technical=False)
    alive = "SELECT 1 FROM tokens WHERE token = ? AND kind = ? AND active AND expires_at > ?"
    return User(tin, technical=True) if one(connection, alive, (token, ACCESS, at)) else None


def check_key(connection: Connection, authorization: str, own: bool) -> dict[str, object]:
    """2.1.4: whether the key that asks belongs to the participant, and until when it lives."""
    if not own:
        return {"isTinCorrect": False}
    key = authorization.partition(" ")[2]
    expires_at = one(connection, "SELECT expires_at FROM api_keys WHERE key = ?", (key,))
    return {"isTinCorrect": True, "expiresOn": instant(expires_at or 0.0)}


def refresh_key(
    connection: Connection, body: dict[str, object], settings: SandboxSettings, at: float, new_id: Callable[[], str]
) -> dict[str, object]:
    """2.1.5: a new key for the one named by exactly one of `apiKey` and `id`; the old one is dead. Raises Rejection."""
    given = {name: body[name] for name in ("apiKey", "id") if body.get(name) is not None}
    if len(given) != 1:
        raise bad_request("exactly one of apiKey and id must be given", "$", "")
    ((name, value),) = given.items()
    column = {"apiKey": "key", "id": "id"}[name]
    if one(connection, f"SELECT 1 FROM api_keys WHERE {column} = ? AND active", (value,)) is None:  # noqa: S608
        raise bad_request(f"{name} is not a key of this participant", f"$.{name}")
    key, identity, expires_at = new_id(), new_id(), at + settings.api_key_life_s
    _replace_key(connection, key, identity, expires_at)
    return {"apiKey": key, "id": identity, "expiresOn": instant(expires_at), "label": KEY_LABEL}


def _replace_key(connection: Connection, key: str, identity: str, expires_at: float) -> str:
    connection.execute("UPDATE api_keys SET active = 0")
    connection.execute("INSERT INTO api_keys VALUES (?, ?, ?, ?, 1)", (key, identity, KEY_LABEL, expires_at))
    return key


def authenticate(
    connection: Connection,
    body: dict[str, object],
    credentials: Credentials,
    settings: SandboxSettings,
    at: float,
    new_id: Callable[[], str],
) -> dict[str, object]:
    """2.2.2: tokens for login and password. Raises Rejection (code 100)."""
    if (body.get("login"), body.get("password")) != (credentials.login, credentials.password):
        raise Rejection(401, "unauthorized", [Fault("Wrong login or password")], number=BAD_LOGIN)
    return _new_tokens(connection, settings, at, new_id)


def refresh_tokens(
    connection: Connection, refresh_token: str, settings: SandboxSettings, at: float, new_id: Callable[[], str]
) -> dict[str, object]:
    """2.2.3: new tokens for a refresh token, which is used up. Raises Rejection."""
    alive = "SELECT 1 FROM tokens WHERE token = ? AND kind = ? AND active AND expires_at > ?"
    if one(connection, alive, (refresh_token, REFRESH, at)) is None:
        raise Rejection(401, "unauthorized", [Fault("Refresh token isn't active")], number=BAD_LOGIN)
    return _new_tokens(connection, settings, at, new_id)


def kill_access_tokens(connection: Connection) -> None:
    """What a second program on the same technical user does to the first."""
    connection.execute("UPDATE tokens SET active = 0 WHERE kind = ?", (ACCESS,))


def _new_tokens(
    connection: Connection, settings: SandboxSettings, at: float, new_id: Callable[[], str]
) -> dict[str, object]:
    access, refresh = new_id(), new_id()
    connection.execute("DELETE FROM tokens WHERE expires_at < ?", (at,))
    connection.execute("UPDATE tokens SET active = 0")
    connection.executemany(
        "INSERT INTO tokens VALUES (?, ?, ?, 1)",
        [(access, ACCESS, at + settings.access_token_life_s), (refresh, REFRESH, at + settings.refresh_token_life_s)],
    )
    return {
        "accessToken": access,
        "accessTokenType": "BEARER",
        "accessTokenExpiresIn": int(settings.access_token_life_s * 1000),
        "refreshToken": refresh,
    }


def instant(at: float) -> str:
    """A moment as the samples print it: UTC, microseconds, Z."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
