"""Jobs and what their dates become on the wire (docs/contract.md, HTTP)."""

from __future__ import annotations

import asyncio
import datetime
import http.client
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from lined.sandbox import SandboxSettings
from tests.acceptance.contract_line import NG, OK, ContractLine, sums_agree
from tests.harness.daemon import GTIN

ZONE = ZoneInfo("Asia/Tashkent")
SHELF_LIFE_DAYS = 1_095
WHOLE = SandboxSettings(content_as_sample=False, final_after_s=(0.2, 0.4))
DAY = datetime.timedelta(days=1)


def today() -> datetime.date:
    return datetime.datetime.now(ZONE).date()


def local(day: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time(), ZONE)


def moment(text: str) -> datetime.datetime:
    found = datetime.datetime.fromisoformat(text)
    assert found.tzinfo is not None, f"{text} has no zone"
    return found


async def content(line: ContractLine, document_id: str) -> dict[str, Any]:
    """What the regulator's stand-in was sent, by its documentId."""
    return await asyncio.to_thread(_content, line, document_id)


def _content(line: ContractLine, document_id: str) -> dict[str, Any]:
    connection = http.client.HTTPConnection(line.sandbox.url.removeprefix("http://"), timeout=60)
    try:
        headers = {"Authorization": f"Bearer {line.sandbox.credentials.api_key}"}
        connection.request("GET", f"/public/api/v1/doc/storage/json/{document_id}", None, headers)
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status == 200, text
        return dict(json.loads(text))
    finally:
        connection.close()


async def reported(line: ContractLine, code: bytes, **job: Any) -> dict[str, Any]:
    """Apply one code in a job of these attributes; the utilisation report's body."""
    await line.start_job(**job)
    async with line.scanner() as scanner:
        assert await scanner.say(code) == [OK]
    await line.command("job/stop")
    report = await line.until_report("succeeded")
    return await content(line, report["document_id"])


async def test_dates_go_out_as_the_contract_words_them(tmp_path: Path) -> None:
    async with ContractLine(tmp_path, sandbox=WHOLE) as line:
        codes = await line.issue(4)
        before = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=1)

        body = await reported(line, codes[0], order="order-7", series="S1")
        assert before <= moment(body["productionDate"]) <= datetime.datetime.now(datetime.UTC)
        assert moment(body["expirationDate"]) == local(today() + SHELF_LIFE_DAYS * DAY)
        assert (body["productionOrderId"], body["seriesNumber"], body["releaseType"]) == ("order-7", "S1", "PRODUCTION")
        assert body["businessPlaceId"] == 27
        assert body["sntins"] == [codes[0].decode()]

        body = await reported(line, codes[1], production_date=today().isoformat())
        assert before <= moment(body["productionDate"]) <= datetime.datetime.now(datetime.UTC)
        assert moment(body["expirationDate"]) == local(today() + SHELF_LIFE_DAYS * DAY)

        past = today() - 3 * DAY
        body = await reported(line, codes[2], production_date=past.isoformat())
        assert moment(body["productionDate"]) == local(past)
        assert body["productionDate"].endswith("+05:00")
        assert moment(body["expirationDate"]) == local(past + SHELF_LIFE_DAYS * DAY)

        expiry = today() + 100 * DAY
        body = await reported(line, codes[3], expiration_date=expiry.isoformat())
        assert moment(body["expirationDate"]) == local(expiry)


async def test_a_future_production_date_or_a_missing_value_is_422_and_starts_nothing(tmp_path: Path) -> None:
    def change(text: str) -> str:
        without = text.replace("shelf_life_days = 1095\n", "")
        return (
            without + '\n[[product]]\ngtin = "03077972920046"\nname = "Pills"\ngroup = "pharma"\nshelf_life_days = 30\n'
        )

    async with ContractLine(tmp_path, change=change) as line:
        tomorrow = (today() + DAY).isoformat()
        for body, path in [
            ({"gtin": GTIN}, "expiration_date"),
            ({"gtin": GTIN, "expiration_date": "2090-01-01", "production_date": tomorrow}, "production_date"),
            ({"gtin": GTIN, "expiration_date": (today() - DAY).isoformat()}, "expiration_date"),
            ({"gtin": "03077972920046"}, "series"),
        ]:
            answer = await line.post("job/start", **body)
            assert answer.status == 422, (body, answer)
            assert path in [detail["path"] for detail in answer.json["error"]["details"]], (body, answer.text)
            assert (await line.status())["job"] is None
        assert (await line.post("job/start", gtin=GTIN, expiration_date=tomorrow)).status == 200
        assert (await line.post("job/start", gtin="03077972920046", series="A1", replace=True)).status == 200


async def test_a_second_job_is_409_unless_it_replaces_the_first_and_stopping_seals(tmp_path: Path) -> None:
    async with ContractLine(tmp_path) as line:
        (code,) = await line.issue(1)
        first = await line.start_job(order="one")
        async with line.scanner() as scanner:
            assert await scanner.say(code) == [OK]
        answer = await line.post("job/start", gtin=GTIN)
        assert (answer.status, answer.json["error"]["code"]) == (409, "job-running")
        assert (await line.status())["job"]["order"] == "one"
        second = await line.start_job(order="two", replace=True)
        assert first["id"] != second["id"]
        status = await line.status()
        assert status["job"]["order"] == "two"
        assert status["job"]["reads"]["total"] == 0
        assert status["job"]["codes"]["unreported"] == 0
        assert status["reports"]["open"] == 0, "the replaced job's batch is still open"
        await line.command("job/stop")
        assert (await line.status())["job"] is None
        again = await line.post("job/stop")
        assert again.status == 409


async def test_a_job_runs_on_after_kill_9_with_its_sums_and_the_same_token(tmp_path: Path) -> None:
    async with ContractLine(tmp_path) as line:
        codes = await line.issue(5)
        await line.start_job(order="o-1", series="S")
        async with line.scanner() as scanner:
            assert await scanner.say(*codes, codes[0], b"NOREAD") == [OK] * 5 + [NG] * 2
        before, token = (await line.status())["job"], line.token
        await line.kill()
        await line.start()
        after = (await line.status())["job"]
        assert after == before
        assert line.token == token
        assert before["reads"] | {"by_reason": {}} == {
            "total": 7, "accepted": 5, "rejected": 1, "no_read": 1, "repeats": 0, "by_reason": {},
        }  # fmt: skip
        assert before["codes"]["unreported"] == 5
        (more,) = await line.issue(1)
        async with line.scanner() as scanner:
            assert await scanner.say(more) == [OK]
        status = await line.status()
        assert status["job"]["codes"]["unreported"] == status["codes"]["unreported"] == 6
        assert sums_agree(status)


async def test_test_mode_judges_but_reports_and_remembers_nothing_and_says_so(tmp_path: Path) -> None:
    async with ContractLine(tmp_path) as line:
        code, other = await line.issue(2)
        await line.start_job(mode="test")
        async with line.scanner() as scanner:
            assert await scanner.say(code, code, b"junk") == [OK, OK, NG]
            status = await line.status()
            assert status["job"]["mode"] == "test"
            assert set(status["codes"].values()) == {0}
            assert sums_agree(status)
            shown = await line.run("status")
            assert "test" in shown.out.lower()
            await line.command("job/stop")
            assert await line.reports() == []
            await line.start_job()
            assert (await line.status())["job"]["mode"] == "normal"
            assert await scanner.say(code, other, code) == [OK, OK, NG]
        assert (await line.status())["codes"]["unreported"] == 2


async def test_correct_changes_what_is_not_frozen_yet(tmp_path: Path) -> None:
    async with ContractLine(tmp_path, sandbox=WHOLE) as line:
        (code,) = await line.issue(1)
        await line.start_job(order="wrong", series="S1")
        async with line.scanner() as scanner:
            assert await scanner.say(code) == [OK]
        past = (today() - DAY).isoformat()
        corrected = await line.post("job/correct", order="right", production_date=past)
        assert corrected.status == 200, corrected
        job = (await line.status())["job"]
        assert (job["order"], job["series"], job["production_date"]) == ("right", "S1", past)
        future = await line.post("job/correct", production_date=(today() + DAY).isoformat())
        assert future.status == 422
        await line.command("job/stop")
        report = await line.until_report("succeeded")
        body = await content(line, report["document_id"])
        assert (body["productionOrderId"], body["seriesNumber"]) == ("right", "S1")
        assert moment(body["productionDate"]) == local(today() - DAY)


def _with(**keys: float) -> Callable[[str], str]:
    def change(text: str) -> str:
        head, tail = text.split("[report.utilisation]\n")
        return head + "[report.utilisation]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items()) + tail

    return change


async def test_a_batch_is_sealed_by_size_by_age_and_by_command(tmp_path: Path) -> None:
    async with ContractLine(tmp_path, max_codes=3, max_age_s=1.5) as line:
        codes = await line.issue(5)
        await line.start_job()
        async with line.scanner() as scanner:
            assert await scanner.say(*codes[:4]) == [OK] * 4
            first = await line.until_report("succeeded", number=1)
            assert first["codes"] == 3
            second = await line.until_report("succeeded")  # by its age: nobody sealed it
            assert second["codes"] == 1
            assert await scanner.say(codes[4]) == [OK]
        sealed = await line.command("reports/seal")
        assert len(sealed["sealed"]) == 1


async def test_the_first_batch_of_a_job_is_sealed_soon_where_first_batch_s_is_set(tmp_path: Path) -> None:
    async with ContractLine(tmp_path, first_batch_s=0.5) as line:
        codes = await line.issue(2)
        await line.start_job()
        async with line.scanner() as scanner:
            assert await scanner.say(codes[0]) == [OK]
            await line.until_report("succeeded")
            assert await scanner.say(codes[1]) == [OK]
        assert (await line.reports())[0]["state"] == "open"


async def test_a_withdrawal_between_sealing_and_freezing_still_counts_and_an_empty_report_is_void(
    tmp_path: Path,
) -> None:
    async with ContractLine(tmp_path, change=_with(settle_s=2)) as line:
        codes = await line.issue(3)
        await line.start_job()
        async with line.scanner() as scanner:
            assert await scanner.say(*codes) == [OK] * 3
        await line.command("job/stop")
        await line.command("codes/withdraw", code=codes[0].decode(), reason="damaged")
        report = await line.until_report("succeeded")
        books = await line.books()
        assert books["codes"]["applied"] == 2
        status = await line.status()
        assert (status["codes"]["accepted"], status["codes"]["withdrawn"]) == (2, 1)
        assert report["state"] == "succeeded"
        await line.start_job()
        for voids, path in enumerate(("reports/seal", "job/stop"), 1):
            (last,) = await line.issue(1)
            async with line.scanner() as scanner:
                assert await scanner.say(last) == [OK]
            await line.command("codes/withdraw", code=last.decode(), reason="other")
            assert not (await line.command(path)).get("sealed")
            await line.until_report("void")
            assert (await line.status())["reports"]["void"] == voids
