"""The table of docs/contract.md, Reports, line by line: what an answer to a submission means."""

from __future__ import annotations

import copy

import pytest

from lined.regulator import Receipt
from lined.regulator.reply import Reply, with_notes
from lined.regulator.submission import with_answer, without_answer
from lined.regulator.wire import NoAnswer
from lined.vocabulary.errors import Blame, NotSent, OutcomeUnknown, Refused, SendingError
from tests.profiles import PROFILE

DEAD_TOKEN = [{"code": "access-denied", "context": {"description": "Provided token isn’t active"}}]
CODE = "010489921512237121U&U1+<cfOUoZf"


async def judge(
    status: int, value: object = None, *, page: bool = False, retry_s: float | None = None, kind: str = "utilisation"
) -> Receipt | SendingError:
    value = copy.deepcopy(value)  # errors are taken out of it
    readable = isinstance(value, dict | list) and not page
    reply = Reply(status, b"", page, readable, value if readable else None, (), None, retry_s)
    first = with_answer(reply, PROFILE.reports[kind], PROFILE, str, "what came back")
    if isinstance(first, Receipt):
        return first
    return with_answer(await with_notes(reply), PROFILE.reports[kind], PROFILE, str, "what came back")


@pytest.mark.parametrize("status", [200, 201, 202])
async def test_a_readable_id_is_a_receipt(status: int) -> None:
    assert await judge(status, {"reportId": "0e53"}) == Receipt("0e53", None)
    assert await judge(status, {"documentId": "0e54"}, kind="aggregation") == Receipt("0e54", None)


@pytest.mark.parametrize(
    "value", [None, {}, [], {"reportId": ""}, {"reportId": 7}, {"documentId": "0e53"}, [{"reportId": "x"}]]
)
async def test_success_without_a_readable_id_is_in_doubt_and_says_what_was_missing(value: object) -> None:
    error = await judge(200, value)
    assert isinstance(error, OutcomeUnknown)
    assert "no readable reportId" in str(error) and "NoneType" not in str(error)


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 429, 500, 502, 503])
async def test_an_html_page_is_an_outage_whatever_its_status_says(status: int) -> None:
    assert isinstance(await judge(status, page=True), OutcomeUnknown)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 599])
async def test_5xx_is_in_doubt(status: int) -> None:
    error = await judge(status, {"code": "internal", "error": "x"})
    assert isinstance(error, OutcomeUnknown)
    assert error.evidence == "what came back" and error.status == status


@pytest.mark.parametrize("status", [400, 409, 422])
@pytest.mark.parametrize(
    "value", [{"code": "1"}, {"errorCode": 1}, {"Code": "1"}, [{"code": "1"}], {"globalErrors": [{"errorCode": "1"}]}]
)
async def test_error_code_1_is_certainly_not_received(status: int, value: object) -> None:
    assert isinstance(await judge(status, value), NotSent)


@pytest.mark.parametrize("status", [200, 500, 503])
async def test_error_code_1_behind_a_5xx_or_a_success_is_in_doubt(status: int) -> None:
    """It says "try again", and nobody says that it is said only before the registration."""
    assert isinstance(await judge(status, {"globalErrors": [{"errorCode": "1"}]}), OutcomeUnknown)


async def test_an_id_counts_more_than_an_error_beside_it() -> None:
    assert await judge(200, {"reportId": "0e53", "code": "1"}) == Receipt("0e53", None)


async def test_401_is_not_sent_and_about_the_credential() -> None:
    for value in (None, {"code": "unauthorized"}, DEAD_TOKEN):
        error = await judge(401, value)
        assert isinstance(error, NotSent) and error.credential


async def test_a_dead_token_is_a_credential_fault_with_403_too() -> None:
    error = await judge(403, DEAD_TOKEN)
    assert isinstance(error, NotSent) and error.credential


async def test_a_missing_right_is_a_refusal() -> None:
    error = await judge(403, {"code": "201", "error": "Insufficient rights to perform the operation"})
    assert isinstance(error, Refused) and error.named == []
    assert isinstance(await judge(403, [{"code": "access-denied", "context": {"description": "no role"}}]), Refused)


async def test_429_is_not_sent_with_the_servers_floor() -> None:
    error = await judge(429, retry_s=7.0)
    assert isinstance(error, NotSent) and error.retry_after_s == 7.0 and not error.credential


@pytest.mark.parametrize("status", [400, 404, 409, 413, 415, 422])
async def test_a_readable_4xx_is_a_refusal(status: int) -> None:
    error = await judge(
        status, {"code": "602", "error": "Недопустимое значение [n] параметра [x]", "context": {"value": CODE}}
    )
    assert isinstance(error, Refused)
    assert list(error.named) == [Blame("602 Недопустимое значение [n] параметра [x]", (CODE,))]
    assert "Недопустимое" in str(error) and str(status) in str(error)


@pytest.mark.parametrize("status", [302, 307, 400, 403, 404, 408, 418])
async def test_what_is_not_readable_is_in_doubt(status: int) -> None:
    assert isinstance(await judge(status), OutcomeUnknown)


async def test_a_408_tells_nothing_about_what_arrived() -> None:
    assert isinstance(await judge(408, {"error": "Request Timeout"}), OutcomeUnknown)


async def test_a_redirect_is_no_answer_of_the_method() -> None:
    assert isinstance(await judge(307, {"reportId": "x"}), OutcomeUnknown)


@pytest.mark.parametrize("left", [True, False])
@pytest.mark.parametrize("timed_out", [True, False])
def test_without_an_answer_only_the_bytes_decide(left: bool, timed_out: bool) -> None:
    error = without_answer(NoAnswer("ReadTimeout", left=left, timed_out=timed_out), str, "")
    assert isinstance(error, OutcomeUnknown if left else NotSent)
