"""The states of a report (docs/contract.md, Reports) with the regulator's faults, and what a person may do."""

from __future__ import annotations

import asyncio
import http.client
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from lined.sandbox import SandboxSettings
from tests.acceptance.contract_line import OK, ContractLine, sums_agree

QUICK = SandboxSettings(validating_after_s=0, in_process_after_s=0, final_after_s=(0.1, 0.2))
BUCKETS = ("unreported", "reported", "accepted", "refused", "held", "withdrawn")


async def apply(line: ContractLine, count: int, *, stop: bool = True) -> list[bytes]:
    """A job with so many applied codes."""
    codes = await line.issue(count)
    await line.start_job(replace=True)
    async with line.scanner() as scanner:
        assert await scanner.say(*codes) == [OK] * count
    if stop:
        await line.command("job/stop")
    return codes


async def buckets(line: ContractLine) -> dict[str, int]:
    """Where the codes are, without zeros."""
    status = await line.status()
    assert sums_agree(status)
    assert tuple(status["codes"]) == BUCKETS
    return {bucket: count for bucket, count in status["codes"].items() if count}


async def until_buckets(line: ContractLine, expected: Mapping[str, int], *, bound_s: float = 60) -> None:
    async def there() -> bool:
        return await buckets(line) == expected

    try:
        await line.until(there, f"codes are not {expected}", bound_s=bound_s)
    except AssertionError as error:
        raise AssertionError(f"{error}\n{await buckets(line)}") from None


def states(report: Mapping[str, Any]) -> list[str]:
    return [event["after"] for event in report["events"]]


async def held(line: ContractLine, count: int = 3) -> tuple[dict[str, Any], list[bytes]]:
    """A report that a 4xx naming nobody has held."""
    await line.fault("reject")
    codes = await apply(line, count)
    return await line.until_report("held"), codes


async def test_the_plain_way_of_a_report_is_open_sealed_sending_submitted_succeeded(tmp_path: Path) -> None:
    async with ContractLine(tmp_path, sandbox=QUICK) as line:
        await apply(line, 3, stop=False)
        (report,) = await line.reports()
        assert (report["state"], report["codes"]) == ("open", 3)
        assert await buckets(line) == {"unreported": 3}
        await line.command("job/stop")
        report = await line.until_report("succeeded")
        assert states(report) == ["open", "sealed", "sending", "submitted", "succeeded"]
        assert await buckets(line) == {"accepted": 3}
        assert report["document_id"]


async def test_in_a_partial_document_each_code_takes_its_own_state_and_nothing_is_sent_again(tmp_path: Path) -> None:
    async with ContractLine(tmp_path, sandbox=QUICK) as line:
        await line.fault("partial", "*", "*", spoil=2)
        await apply(line, 5)
        await line.until_report("partial")
        await until_buckets(line, {"accepted": 3, "refused": 2})
        (report,) = await line.reports()
        assert report["codes"] == 5, "not as many as its document has"


async def test_in_an_error_document_named_codes_are_refused_and_the_others_go_once_into_a_new_report(
    tmp_path: Path,
) -> None:
    async with ContractLine(tmp_path, sandbox=QUICK) as line:
        await line.fault("document-error", "*", "*", named=1)
        await apply(line, 4)
        await line.until_report("succeeded")
        await until_buckets(line, {"accepted": 3, "refused": 1})
        reports = [(report["state"], report["codes"]) for report in await line.reports()]
        assert reports == [("succeeded", 3), ("refused", 4)]


async def test_a_4xx_that_names_codes_refuses_those_and_sends_the_others(tmp_path: Path) -> None:
    async with ContractLine(tmp_path, sandbox=QUICK) as line:
        await line.fault("reject", codes=2)
        await apply(line, 5)
        await line.until_report("succeeded")
        await until_buckets(line, {"accepted": 3, "refused": 2})
        assert [report["state"] for report in await line.reports()] == ["succeeded", "refused"]


async def test_a_4xx_that_names_nobody_holds_the_report_and_blocks_no_other(tmp_path: Path) -> None:
    async with ContractLine(tmp_path, sandbox=QUICK) as line:
        report, _ = await held(line)
        assert await buckets(line) == {"held": 3}
        assert report["problem"]
        await apply(line, 2)
        await line.until_report("succeeded")
        assert await buckets(line) == {"held": 3, "accepted": 2}
        assert [found["state"] for found in await line.reports("&state=held")] == ["held"]
        status = await line.status()
        told = [problem["text"] for problem in status["problems"] if problem["kind"] == "held"]
        assert (status["state"], len(told)) == ("degraded", 1), status
        assert f"lined report show {report['id']}" in told[0]


async def test_two_refusals_in_a_row_that_name_nobody_pause_the_kind_until_a_person_resumes_it(tmp_path: Path) -> None:
    async with ContractLine(tmp_path, sandbox=QUICK) as line:
        await line.fault("reject", times=2)
        first, _ = await held_again(line)
        second, _ = await held_again(line)
        assert first["id"] != second["id"]
        await apply(line, 2)

        async def told() -> bool:
            return "paused" in str((await line.status())["problems"])

        await line.until(told, "no problem says that sending is paused", bound_s=60)
        assert (await line.reports())[0]["state"] == "sealed"
        assert await buckets(line) == {"held": 4, "unreported": 2}
        answer = await line.post(f"reports/{second['id']}/retry")
        assert answer.status == 200, answer
        await until_buckets(line, {"held": 2, "accepted": 4})


async def held_again(line: ContractLine) -> tuple[dict[str, Any], list[bytes]]:
    codes = await apply(line, 2)
    return await line.until_report("held"), codes


@pytest.mark.parametrize("kind", ["too-many", "expire-token", "drop-before"])
async def test_what_was_certainly_or_never_received_is_sent_again_and_counted_once(tmp_path: Path, kind: str) -> None:
    async with ContractLine(tmp_path, sandbox=QUICK) as line:
        await line.fault(kind)
        await apply(line, 3)
        report = await line.until_report("succeeded", bound_s=60)
        if kind != "drop-before":
            assert "in_doubt" not in states(report)
            assert states(report).count("sending") == 2
        books = await line.books()
        assert books["codes"]["applied"] == 3
        assert books["codes"]["repeated_attempts"] == 0


@pytest.mark.parametrize("fault", [{"kind": "error-before"}, {"kind": "html"}])
async def test_a_doubt_is_searched_for_twice_and_only_then_sent_again(tmp_path: Path, fault: dict[str, Any]) -> None:
    async with ContractLine(tmp_path, sandbox=QUICK) as line:
        await line.fault(**fault)
        await apply(line, 3)
        report = await line.until_report("in_doubt")
        assert await buckets(line) == {"reported": 3}
        refused = await line.post(f"reports/{report['id']}/retry")
        assert refused.status in {409, 422}, refused
        report = await line.until_report("succeeded", bound_s=60)
        passed = states(report)
        assert passed[passed.index("in_doubt") :] == ["in_doubt", "sealed", "sending", "submitted", "succeeded"]
        assert (await line.books())["codes"]["repeated_attempts"] == 0


async def test_a_document_that_hides_from_the_first_search_is_found_by_the_second_and_not_sent_again(
    tmp_path: Path,
) -> None:
    async with ContractLine(tmp_path, sandbox=QUICK) as line:
        await line.fault("hide", "*", "*", hide_s=0.9)
        await line.fault("answer-lost")
        await apply(line, 3)
        report = await line.until_report("succeeded", bound_s=60)
        assert states(report).count("sending") == 1
        assert "in_doubt" in states(report)
        books = await line.books()
        assert (books["codes"]["applied"], books["codes"]["repeated_attempts"]) == (3, 0)


async def test_a_held_report_is_retried_by_a_person(tmp_path: Path) -> None:
    async with ContractLine(tmp_path, sandbox=QUICK) as line:
        report, _ = await held(line)
        answer = await line.post(f"reports/{report['id']}/retry", id="r-1")
        assert answer.status == 200, answer
        assert (await line.post(f"reports/{report['id']}/retry", id="r-1")).text == answer.text
        await until_buckets(line, {"accepted": 3})
        again = await line.post(f"reports/{report['id']}/retry")
        assert again.status == 409, again
        release = await line.post(f"reports/{report['id']}/release", codes="refused", reason="x")
        assert release.status == 409, release


async def test_a_held_report_takes_the_document_that_a_person_names(tmp_path: Path) -> None:
    async with ContractLine(tmp_path, sandbox=QUICK) as line:
        report, codes = await held(line)
        document_id = await asyncio.to_thread(_send_by_hand, line, codes)
        answer = await line.post(f"reports/{report['id']}/retry", document_id=document_id)
        assert answer.status == 200, answer
        found = await line.until_report("succeeded")
        assert found["document_id"] == document_id
        await until_buckets(line, {"accepted": 3})
        assert (await line.books())["codes"]["repeated_attempts"] == 0


def _send_by_hand(line: ContractLine, codes: list[bytes]) -> str:
    """As a person would in the regulator's own cabinet."""
    body = {
        "sntins": [code.decode() for code in codes], "businessPlaceId": 27, "releaseType": "PRODUCTION",
        "manufacturerCountry": "UZ", "productionDate": "2026-01-01T00:00:00+05:00",
        "expirationDate": "2090-01-01T00:00:00+05:00",
    }  # fmt: skip
    connection = http.client.HTTPConnection(line.sandbox.url.removeprefix("http://"), timeout=60)
    try:
        headers = {"Authorization": f"Bearer {line.sandbox.credentials.api_key}", "Content-Type": "application/json"}
        connection.request("POST", "/api/utilisation?productGroup=vegetableoil", json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status == 200, text
        return str(json.loads(text)["reportId"])
    finally:
        connection.close()


@pytest.mark.parametrize("choice", ["unreported", "accepted", "refused"])
async def test_a_held_report_is_released_for_good_with_a_say_about_its_codes(tmp_path: Path, choice: str) -> None:
    async with ContractLine(tmp_path, sandbox=QUICK) as line:
        report, codes = await held(line)
        wrong = await line.post(f"reports/{report['id']}/release", codes="held", reason="x")
        assert wrong.status == 422
        answer = await line.post(f"reports/{report['id']}/release", codes=choice, reason="agreed by telephone")
        assert answer.status == 200, answer
        assert (await line.report(report["id"]))["state"] == "released"
        await until_buckets(line, {"accepted" if choice == "unreported" else choice: 3})
        assert (await line.books())["codes"]["applied"] == (3 if choice == "unreported" else 0)
        assert "agreed by telephone" in str(await line.report(report["id"]))
        assert await line.story(codes[0])
        assert (await line.post(f"reports/{report['id']}/retry")).status == 409


@pytest.mark.bound(90)
@pytest.mark.slow
async def test_sigterm_ends_within_10_s_while_the_regulator_hangs_and_nothing_is_sent_twice(tmp_path: Path) -> None:
    async with ContractLine(tmp_path, sandbox=QUICK) as line:
        await line.fault("slow", delay_s=30, after=True)
        await apply(line, 3)
        await line.until_report("sending")
        assert await line.terminate() == 0
        await line.start()
        report = await line.until_report("succeeded", bound_s=60)
        assert "in_doubt" in states(report)
        books = await line.books()
        assert (books["codes"]["applied"], books["codes"]["repeated_attempts"]) == (3, 0)


async def test_a_report_that_was_being_sent_at_kill_9_is_in_doubt_and_found(tmp_path: Path) -> None:
    async with ContractLine(tmp_path, sandbox=QUICK) as line:
        await line.fault("slow", delay_s=20, after=True)
        await apply(line, 3)
        await line.until_report("sending")
        await line.kill()
        await line.start()
        report = await line.until_report("succeeded", bound_s=60)
        assert "in_doubt" in states(report)
        books = await line.books()
        assert (books["codes"]["applied"], books["codes"]["repeated_attempts"]) == (3, 0)


async def test_lists_are_newest_first_and_paged_to_the_end(tmp_path: Path) -> None:
    async with ContractLine(tmp_path, sandbox=QUICK) as line:
        for _ in range(3):
            await apply(line, 1)
        whole = (await line.http("GET", "/api/v1/reports?kind=utilisation")).json
        assert whole["next"] is None
        opened = [report["opened_at"] for report in whole["items"]]
        assert opened == sorted(opened, reverse=True)
        assert len(opened) == 3
        assert all(isinstance(report["id"], str) and report["opened_at"].endswith("Z") for report in whole["items"])
        paged: list[str] = []
        after = ""
        for _ in range(5):
            page = (await line.http("GET", f"/api/v1/reports?limit=1{after}")).json
            paged += [report["id"] for report in page["items"]]
            if page["next"] is None:
                break
            after = f"&after={page['next']}"
        assert paged == [report["id"] for report in whole["items"]]
        for kind in ("validation", "aggregation"):
            assert (await line.http("GET", f"/api/v1/reports?kind={kind}")).json == {"items": [], "next": None}
