"""A 403 says what is likely missing: the role by the name it has in the personal account, the place, the group."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from lined.regulator import load_profile
from lined.regulator.account import Account
from lined.regulator.reply import Reply, read_reply
from lined.regulator.rights import missing
from lined.regulator.wire import Answer
from tests.profiles import PROFILE

BUSINESS = Account("https://x", "307797292", 27, PROFILE, api_key=lambda: "key")
TECHNICAL = Account("https://x", "307797292", 27, PROFILE, login="user", password=lambda: "secret")
ROLES = {
    "utilisation": "Документы работы с КМ (Валидация, Нанесение)",
    "validation": "Документы работы с КМ (Валидация, Нанесение)",
    "aggregation": "Агрегация",
    "disaggregation": "Расформирование КИТУ",
    "correction": "Корректировка сведений о КМ",
    "code_histories": "Коды маркировки",
    "key_refresh": "Менеджер API ключей",
}


async def reply(status: int, value: object) -> Reply:
    return await read_reply(Answer(status, {}, json.dumps(value).encode(), 0.0, 0.0), datetime.now(UTC))


def said(context: dict[str, str], **more: str) -> list[dict[str, object]]:
    return [{"code": "access-denied", "errorId": "1", "service": "s", "context": context, **more}]


@pytest.mark.parametrize("method", ROLES)
async def test_an_answer_that_says_nothing_may_be_about_role_place_or_group(method: str) -> None:
    text = missing(await reply(403, {"errorCode": "201"}), PROFILE.methods[method], BUSINESS, "beer")
    assert ROLES[method] in text and "business place 27" in text and "product group beer" in text


async def test_an_error_that_says_so_counts_where_the_profile_has_it() -> None:
    """As a server has answered: a 400."""
    answer = {"globalErrors": [{"error": "No permission for operation", "errorCode": 201}]}
    twin = load_profile("ismet")
    ours = Account("https://x", "123456789012", 27, twin, login="user", password=lambda: "secret")
    text = missing(await reply(400, answer), twin.methods["orders"], ours, "beer")
    assert "MARKING-CODE-ORDER.READ" in text and "business place 27" in text
    other = {"globalErrors": [{"error": "No", "errorCode": 602}]}
    assert missing(await reply(400, other), twin.methods["orders"], ours, "beer") == ""


@pytest.mark.parametrize(
    ("context", "more", "named", "not_named"),
    [
        ({"description": "no right to this business place"}, {}, "business place 27", "role"),
        ({}, {"requestBodyJsonPath": "$.businessPlaceId"}, "business place 27", "role"),
        ({"parameter": "productGroup", "value": "beer"}, {}, "product group beer", "role"),
    ],
)
async def test_an_answer_that_names_one_is_about_that(
    context: dict[str, str], more: dict[str, str], named: str, not_named: str
) -> None:
    text = missing(await reply(403, said(context, **more)), PROFILE.methods["utilisation"], BUSINESS, "beer")
    assert named in text and not_named not in text


async def test_what_is_closed_to_technical_users_is_said_so() -> None:
    text = missing(await reply(403, {"errorCode": "201"}), PROFILE.methods["correction"], TECHNICAL)
    assert "technical user" in text and "API key" in text


@pytest.mark.parametrize("status", [400, 401, 404, 500])
async def test_only_a_403_is_about_rights(status: int) -> None:
    assert missing(await reply(status, {"errorCode": "201"}), PROFILE.methods["utilisation"], BUSINESS, "beer") == ""
