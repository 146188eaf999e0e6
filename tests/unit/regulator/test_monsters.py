"""Every member of every answer of the regulator, and every header read of it, against the whole table of monsters.

`ANSWERS` holds one whole answer for each question; a field of a model that no sample fills fails the first test, so a
new field is tried here without a test of its own.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lined.regulator import Account, Regulator, answers
from lined.regulator.credentials import NewKey
from lined.regulator.wire import Answer
from lined.vocabulary.errors import LookupFailed, Refused, SendingError
from tests.monsters import JSON, TEXTS
from tests.profiles import PROFILE

LONGEST = 70_000  # of anything that is kept; evidence is the longest
SINCE = datetime(2026, 2, 25, tzinfo=UTC)
CODE = "010489921512237121U&U1+<cfOUoZf"
CARD = {
    "documentId": "0e33",
    "type": "UTILISATION",
    "status": "SUCCESS",
    "createDate": "2025-01-20T06:43:13.536Z",
    "productGroup": "water",
}
OUTCOME = {"index": 3, "code": CODE, "state": "ERROR", "result": "code-not-found"}
ERROR = {"propertyName": "sntins", "errorCode": "602", "errorTags": {"status": "APPLIED"}, "index": 1}
EVENT = {"eventType": "APPLY", "eventSourceId": "0e33", "documentType": "UTILISATION", "eventDate": "2026-02-25"}
HISTORY = {
    "codeData": {"code": CODE, "status": "APPLIED", "extendedStatus": "WAIT_SHIPMENT"},
    "codeHistory": [EVENT],
}
REFUSAL = {
    "errorId": "1",
    "code": 602,
    "error": f"Недопустимое значение [{CODE}] параметра [sntins]",
    "requestBodyJsonPath": "$.sntins[3]",
    "requestQueryJsonPath": "q",
    "requestPathJsonPath": "p",
    "codes": [CODE],
    "invalidCodes": [CODE],
    "context": {
        "description": "d",
        "exception": "e",
        "specificError": "s",
        "parameter": [CODE],
        "value": CODE,
        "codes": [CODE],
    },
}
BODY = json.dumps({"sntins": [CODE]}).encode()
KEY = {"apiKey": "k2", "id": "7", "expiresOn": "2026-11-15T23:59:59Z", "label": "line 1", "isTinCorrect": True}

Question = Callable[[Regulator], Awaitable[object]]


async def _submit(regulator: Regulator) -> object:
    return await regulator.submit("utilisation", BODY, product_group="water")


async def _check(regulator: Regulator) -> object:
    await regulator.check_credential()
    return regulator.last_problem, regulator.credential_expires_at


async def _saved(_: NewKey) -> None:
    """Where nothing has to be kept."""


ANSWERS: dict[str, tuple[Question, int, object]] = {
    "document": (lambda r: r.document("0e33"), 200, CARD),
    "code outcomes": (lambda r: r.code_outcomes("0e33", after=None, limit=10), 200, [OUTCOME]),
    "document errors": (lambda r: r.document_errors("0e33", after=None, limit=10), 200, {"documentErrors": [ERROR]}),
    "search": (lambda r: r.search(type=None, since=SINCE, cursor=None), 200, {"documentInfos": [CARD]}),
    "content": (lambda r: r.content("0e33"), 200, {"sntins": [CODE], "seriesNumber": "1"}),
    "code histories": (lambda r: r.code_histories([CODE]), 200, {"results": [HISTORY]}),
    "key check": (_check, 200, KEY),
    "key refresh": (lambda r: r.refresh_api_key(), 200, KEY),
    "receipt": (_submit, 200, {"reportId": "0e33"}),
    "refusal": (_submit, 400, REFUSAL),
    "refusals": (_submit, 400, {"globalErrors": [REFUSAL, {"errorCode": "1", "message": "m", "value": CODE}]}),
    "unauthorized": (_submit, 401, {"code": "access-denied", "error": "token isn't active"}),
    "outage": (lambda r: r.document("0e33"), 503, REFUSAL),
    "login": (_submit, 200, {"accessToken": "t", "refreshToken": "r", "accessTokenExpiresIn": 1_800_000}),
}
HEADERS = {
    "Date": "Wed, 25 Feb 2026 12:00:00 GMT",
    "Retry-After": "3",
    "Content-Type": "application/json",
    "Content-Encoding": "identity",
    "Age": "0",
}
each_answer = pytest.mark.parametrize("name", ANSWERS)


async def _ask(
    name: str, monkeypatch: pytest.MonkeyPatch, status: int, body: bytes, headers: dict[str, str]
) -> tuple[object, Regulator]:
    """What the question ends in, a value or an error of the room's own; anything else goes through."""

    async def exchange(*_: object, **__: object) -> Answer:
        return Answer(status, headers, body, 0.0, 0.0)

    monkeypatch.setattr("lined.regulator.wire.Wire.exchange", exchange)
    who: dict[str, Any] = {"api_key": lambda: "k1"}
    if name == "login":
        who = {"login": "line1", "password": lambda: "secret"}
    account = Account(
        url="http://127.0.0.1:1", tin="307797292", business_place_id=27, profile=PROFILE, requests_per_minute=100, **who
    )
    now = 0.0

    def clock() -> float:
        return now

    async def sleep(seconds: float) -> None:
        nonlocal now
        now += max(seconds, 0.001)

    regulator = Regulator(account, on_new_secret=_saved, clock=clock, sleep=sleep, wall=lambda: SINCE)
    try:
        return await ANSWERS[name][0](regulator), regulator
    except (LookupFailed, SendingError) as error:
        return error, regulator


def _leaves(value: object) -> Iterator[object]:
    """Everything in what a question ended in."""
    if isinstance(value, Refused):
        yield from _leaves(value.named)
    if isinstance(value, SendingError):
        yield from (str(value), value.evidence, getattr(value, "retry_after_s", None))
    elif isinstance(value, Exception):
        yield str(value)
    elif isinstance(value, NewKey):
        yield from (value.api_key, value.id, value.expires_on, value.label)
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from _leaves(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _leaves(inner)
    else:
        yield value


def _fit_to_be_kept(leaf: object, where: str, memory: sqlite3.Connection) -> None:
    if isinstance(leaf, str):
        leaf.encode()
        assert len(leaf) <= LONGEST, where
        assert not any(ord(char) < 0x20 and char not in "\x1d\n" for char in leaf), where
    if isinstance(leaf, datetime):
        assert leaf.tzinfo is not None
        assert (leaf + timedelta(days=365)) > (leaf - timedelta(days=365)), where
        leaf = int(leaf.timestamp() * 1000)
    if isinstance(leaf, str | int | float | None):
        memory.execute("SELECT ?", (leaf,)).fetchone()


def _places(value: object, path: tuple[object, ...] = ()) -> Iterator[tuple[object, ...]]:
    """Each place of a JSON value, itself included."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, under in inner:
        yield from _places(under, (*path, key))


def _with(value: Any, path: tuple[object, ...], monster: str) -> str:
    """The JSON text with a monster at this place."""
    if not path:
        return monster
    if isinstance(value, dict):
        parts = [
            f"{json.dumps(key)}: {_with(under, path[1:], monster) if key == path[0] else json.dumps(under)}"
            for key, under in value.items()
        ]
        return "{" + ", ".join(parts) + "}"
    return (
        "["
        + ", ".join(_with(u, path[1:], monster) if i == path[0] else json.dumps(u) for i, u in enumerate(value))
        + "]"
    )


async def _survives(
    name: str, where: str, monkeypatch: pytest.MonkeyPatch, status: int, body: bytes, **changes: str
) -> None:
    found, regulator = await _ask(name, monkeypatch, status, body, {**HEADERS, **changes})
    known = (found, regulator.last_problem, regulator.server_skew_s, regulator.server_time)
    memory = sqlite3.connect(":memory:")
    for leaf in _leaves([*known, regulator.credential_expires_at]):
        _fit_to_be_kept(leaf, where, memory)
    memory.close()


@each_answer
async def test_no_member_of_an_answer_raises_anything_but_our_own_errors_nor_brings_what_cannot_be_kept(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, status, sample = ANSWERS[name]
    for path in _places(sample):
        for monster, text in JSON.items():
            if name == "refusals" and len(path) > 2:
                continue  # the same members as those of "refusal"
            body = _with(sample, path, text).encode("utf-8", "surrogatepass")
            await _survives(name, f"{name} {path} {monster}", monkeypatch, status, body)


@each_answer
@pytest.mark.parametrize("header", HEADERS)
async def test_no_header_raises_anything_but_our_own_errors_nor_brings_what_cannot_be_kept(
    name: str, header: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, status, sample = ANSWERS[name]
    for monster, text in TEXTS.items():
        where = f"{name} {header} {monster}"
        for answered in (status, 429, 503):
            await _survives(name, where, monkeypatch, answered, json.dumps(sample).encode(), **{header: text})


@pytest.mark.parametrize("body", [text.encode("utf-8", "surrogatepass") for text in TEXTS.values()], ids=TEXTS.keys())
async def test_no_body_that_is_not_json_raises_anything_but_our_own_errors(
    body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ANSWERS:
        for status in (200, 400, 404, 413, 503):
            await _survives(name, f"{name} {status}", monkeypatch, status, body)


async def test_the_samples_fill_every_field_of_every_model(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[object] = []
    for name, (_, status, sample) in ANSWERS.items():
        value, _ = await _ask(name, monkeypatch, status, json.dumps(sample).encode(), HEADERS)
        found += value if isinstance(value, list) else [value]
    found += [event for row in found if isinstance(row, answers.CodeHistory) for event in row.events]
    notes = list(answers.error_notes(json.loads(json.dumps(REFUSAL))))
    models = [
        model
        for model in vars(answers).values()
        if isinstance(model, type) and issubclass(model, tuple) and model.__module__ == answers.__name__
    ]
    assert len(models) >= 7
    for model in models:
        filled = [row for row in [*found, *notes] if isinstance(row, model)]
        assert filled, f"no sample brings a {model.__name__}"
        for field in model._fields:  # type: ignore[attr-defined]  # a NamedTuple's
            assert any(getattr(row, field) not in (None, "", (), {}, False) for row in filled), (model, field)
