"""The client against the sandbox, which has read the text for itself."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from lined.regulator import Account, Document, Regulator
from lined.sandbox import SandboxServer, SandboxSettings
from lined.service.kind_search import KindSearch
from lined.vocabulary.errors import NotSent, OutcomeUnknown, Refused
from lined.vocabulary.reports import Outcome
from tests.profiles import PROFILE

MakeAccount = Callable[..., Account]
GTIN = "04899215122371"
WAITS = {"read_timeout_s": 10.0, "exchange_timeout_s": 20.0}


@asynccontextmanager
async def plant(account: MakeAccount, *, technical: bool = False) -> AsyncIterator[tuple[Regulator, httpx.AsyncClient]]:
    """The client of a business or technical user, and the sandbox's control endpoint."""
    quick = SandboxSettings(validating_after_s=0.0, in_process_after_s=0.0, final_after_s=(0.0, 0.1), seed=1)
    async with SandboxServer(quick) as sandbox, httpx.AsyncClient(base_url=sandbox.url, trust_env=False) as control:
        known = sandbox.credentials
        who: dict[str, object] = {"api_key": lambda: known.api_key}
        if technical:
            who = {"login": known.login, "password": lambda: known.password}
        async with Regulator(account(sandbox.url, **who, **WAITS)) as regulator:
            regulator._permits = 10
            regulator._requester.budget.limited._level = 9.0
            yield regulator, control


async def codes_of(control: httpx.AsyncClient, count: int = 5) -> list[str]:
    asked = {"gtin": GTIN, "group": "vegetableoil", "count": count, "template": "GS1_AISTR_SHORT"}
    answer = await control.post("/sandbox/codes", json={**asked, "codes": True})
    assert answer.status_code == 201, answer.text
    return [str(code) for code in answer.json()["codes"]]


async def fault(control: httpx.AsyncClient, kind: str, **how: object) -> None:
    answer = await control.post("/sandbox/faults", json={"kind": kind, "path": "/api/utilisation", **how})
    assert answer.status_code < 300, answer.text


def report(codes: list[str]) -> bytes:
    now = datetime.now(UTC)
    body: dict[str, Any] = {
        "sntins": codes,
        "businessPlaceId": 27,
        "releaseType": "PRODUCTION",
        "manufacturerCountry": "UZ",
        "productionDate": (now - timedelta(minutes=1)).isoformat(timespec="seconds"),
        "expirationDate": (now + timedelta(days=300)).isoformat(timespec="seconds"),
    }
    return json.dumps(body).encode()


async def settled(regulator: Regulator, document_id: str) -> Document:
    while True:
        card = await regulator.document(document_id)
        if card is not None and PROFILE.statuses.of_document(card.status) != Outcome.PENDING:
            return card
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("technical", [False, True])
async def test_a_report_goes_its_whole_way(account: MakeAccount, technical: bool) -> None:
    async with plant(account, technical=technical) as (regulator, control):
        codes = await codes_of(control)
        await regulator.check_credential()
        assert (regulator.credential_expires_at is None) is technical
        since = datetime.now(UTC) - timedelta(minutes=1)
        receipt = await regulator.submit("utilisation", report(codes), product_group="vegetableoil")
        card = await settled(regulator, receipt.document_id)
        assert (card.type, card.status) == ("UTILISATION", "SUCCESS")
        outcomes = await regulator.code_outcomes(receipt.document_id, after=None, limit=2000) or []
        assert {outcome.state for outcome in outcomes} == {"SUCCESS"} and len(outcomes) == len(codes)
        assert await regulator.code_outcomes(receipt.document_id, after=outcomes[-1].index, limit=2000) == []
        assert await regulator.document_errors(receipt.document_id, after=None, limit=100) == []
        found = await regulator.search(type="UTILISATION", since=since, cursor=None)
        assert [document.document_id for document in found] == [receipt.document_id]
        assert await regulator.search(type=None, since=since, cursor=receipt.document_id) == []
        content = await regulator.content(receipt.document_id)
        listed = content["sntins"]
        assert isinstance(listed, list)
        assert {str(code).replace("\x1d", "") for code in listed} == {code.replace("\x1d", "") for code in codes}
        if not technical:
            history = await regulator.code_histories([codes[0].partition("\x1d")[0]])
            assert receipt.document_id in {event.document_id for event in history[0].events}
            await _touched(regulator, [code.partition("\x1d")[0] for code in codes], receipt.document_id, since)
        assert await regulator.document("00000000-0000-0000-0000-000000000000") is None
        assert regulator.server_skew_s == pytest.approx(0.0, abs=1.5)
        assert regulator.last_problem is None or "404" in regulator.last_problem


async def _touched(regulator: Regulator, codes: list[str], document_id: str, since: datetime) -> None:
    """The order that brought the codes is none of a report's documents, and what is too old is not either."""
    touching = KindSearch(regulator).touching
    assert await touching(kind="utilisation", codes=[*codes, "too-short"], since=since) == [document_id]
    assert await touching(kind="aggregation", codes=codes, since=since) == []
    later = datetime.now(UTC) + timedelta(minutes=1)
    assert await touching(kind="utilisation", codes=codes, since=later) == []


@pytest.mark.parametrize(
    ("kind", "how", "raised"),
    [
        ("drop-before", {}, OutcomeUnknown),
        ("error-before", {"status": 503}, OutcomeUnknown),
        ("error-before", {"html": True}, OutcomeUnknown),
        ("html", {}, OutcomeUnknown),
        ("html", {"after": True}, OutcomeUnknown),
        ("error-after", {}, OutcomeUnknown),
        ("answer-lost", {}, OutcomeUnknown),
        ("answer-lost", {"reset": True}, OutcomeUnknown),
        ("truncated", {}, OutcomeUnknown),
        ("too-many", {"retry_after_s": 2}, NotSent),
        ("reject", {}, Refused),
    ],
)
async def test_what_a_fault_makes_of_a_submission(
    account: MakeAccount, kind: str, how: dict[str, object], raised: type[Exception]
) -> None:
    async with plant(account) as (regulator, control):
        codes = await codes_of(control)
        await fault(control, kind, **how)
        with pytest.raises(raised):
            await regulator.submit("utilisation", report(codes), product_group="vegetableoil")


async def test_a_refusal_names_the_codes_we_sent(account: MakeAccount) -> None:
    async with plant(account) as (regulator, control):
        codes = await codes_of(control)
        await fault(control, "reject", codes=2)
        with pytest.raises(Refused) as caught:
            await regulator.submit("utilisation", report(codes), product_group="vegetableoil")
        named = {code.replace("\x1d", "") for named in caught.value.named for code in named.values}
        assert named == {code.replace("\x1d", "") for code in codes[:2]}
        assert not any(code.partition("\x1d")[2] in caught.value.evidence for code in codes)


async def test_a_403_says_what_is_likely_missing(account: MakeAccount) -> None:
    async with plant(account) as (regulator, control):
        codes = await codes_of(control)
        foreign = json.dumps({**json.loads(report(codes)), "businessPlaceId": 999}).encode()
        with pytest.raises(Refused) as caught:
            await regulator.submit("utilisation", foreign, product_group="vegetableoil")
        assert caught.value.status == 403
        assert "likely missing: business place 27" in str(caught.value)


async def test_an_expired_token_is_renewed_within_the_submission(account: MakeAccount) -> None:
    async with plant(account, technical=True) as (regulator, control):
        codes = await codes_of(control)
        await regulator.check_credential()
        await fault(control, "expire-token")
        receipt = await regulator.submit("utilisation", report(codes), product_group="vegetableoil")
        assert (await settled(regulator, receipt.document_id)).status == "SUCCESS"
