"""Every command (docs/contract.md, Commands): what it does, and each way it is refused."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from lined.api import commands
from lined.codes import sscc
from lined.commands.registry import execution
from lined.line.jobs import jobs
from lined.vocabulary.errors import JournalBroken
from tests.harness.served import GTIN, Line, code
from tests.harness.served_lines import a_line

IDENT = "0104899215122371210000000000001"
SSCC = sscc("0307797292", 15)


async def refused(line: Line, path: str, body: object, status: int, word: str) -> dict[str, Any]:
    reply = await line.post(f"/api/v1/{path}", body)
    assert (reply.status, reply.error) == (status, word), reply
    found: dict[str, Any] = reply.json["error"]
    return found


async def paths_of(line: Line, path: str, body: object) -> list[str]:
    """Where a 422 finds its faults."""
    reply = await line.post(f"/api/v1/{path}", body)
    assert reply.status == 422, reply
    assert all(detail["message"] for detail in reply.json["error"]["details"])
    return [detail["path"] for detail in reply.json["error"]["details"]]


# ── jobs ────────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_job_is_started_corrected_and_stopped(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        job = await line.start(order="PO-1", by="anna")
        assert job["id"] == "1" and job["gtin"] == GTIN and job["started_at"].endswith("Z")
        document = await line.fresh()
        assert document["job"]["order"] == "PO-1" and document["job"]["started_by"] == "anna"
        await line.codes([1])
        corrected = (await line.post("/api/v1/job/correct", {"series": "LOT-7", "order": None})).json
        assert (corrected["series"], corrected["order"], corrected["reports"]) == ("LOT-7", None, ["1"])
        stopped = (await line.post("/api/v1/job/stop", {"packages": "keep"})).json
        assert stopped["stopped_at"].endswith("Z")
        document = await line.fresh()
        assert document["job"] is None and document["reports"]["sealed"] == 1


async def test_what_is_wrong_is_told_in_english_or_in_the_language_of_the_address(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        body = {"gtin": GTIN, "production_date": "2126-01-01"}
        told = {}
        for asked in ("", "?lang=en", "?lang=ru", "?lang=uz", "?lang=xx"):
            found = await refused(line, f"job/start{asked}", body, 422, "wrong-values")
            told[asked] = [(one["path"], one["message"]) for one in found["details"]]
        english = "lies in the future; check the date and the clock of this computer"
        assert told[""] == told["?lang=xx"] == told["?lang=en"] == [("production_date", english)]
        assert told["?lang=ru"][0][1].startswith("дата ещё не наступила")
        assert told["?lang=uz"] not in (told[""], told["?lang=ru"])


async def test_what_is_odd_is_told_in_english_or_in_the_language_of_the_address(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        await line.line.do("pool-load", {"gtin": GTIN, "codes": [code(1)]})
        told = {}
        for asked in ("", "?lang=ru", "?lang=uz"):
            body = {"gtin": GTIN, "production_date": "2024-05-06", "replace": True}
            reply = await line.post(f"/api/v1/job/start{asked}", body)
            assert reply.status == 200, reply
            (told[asked],) = reply.json["warnings"]
        assert told[""].startswith("the production date 2024-05-06 is before the codes of")
        assert told["?lang=ru"].startswith("дата производства 2024-05-06 раньше")
        assert told["?lang=uz"] not in (told[""], told["?lang=ru"])


async def test_a_second_job_is_409_unless_it_replaces(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        await line.start()
        await refused(line, "job/start", {"gtin": GTIN}, 409, "job-running")
        assert (await line.start(replace=True))["id"] == "2"


async def test_without_a_job_there_is_nothing_to_stop_or_correct(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        await refused(line, "job/stop", {}, 409, "no-job")
        await refused(line, "job/correct", {"series": "A"}, 409, "no-job")


async def test_a_gtin_of_eight_to_fourteen_digits(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        await refused(line, "job/start", {"gtin": "04780000000014"}, 422, "unknown-product")
        for gtin in ("123", "1" * 15, "0489921512237x", " 4899215122371", "٠٤٨٩٩٢١٥١٢٢٣٧١", ""):
            assert await paths_of(line, "job/start", {"gtin": gtin}) == ["gtin"]
        assert (await line.start(gtin=GTIN[1:]))["gtin"] == GTIN


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({}, ["gtin"]),
        ({"gtin": 4899215122371}, ["gtin"]),
        ({"gtin": None}, ["gtin"]),
        ({"gtin": GTIN, "serie": "A"}, ["serie"]),
        ({"gtin": GTIN, "mode": "dry", "packages": "burn"}, ["mode", "packages"]),
        ({"gtin": GTIN, "replace": "yes"}, ["replace"]),
        ({"gtin": GTIN, "series": "x" * 21}, ["series"]),
        ({"gtin": GTIN, "order": ["a"]}, ["order"]),
        ({"gtin": GTIN, "production_date": "2126-01-01"}, ["production_date"]),
        ({"gtin": GTIN, "production_date": "23.11.2026"}, ["production_date"]),
        ({"gtin": GTIN, "production_date": "2026-02-30"}, ["production_date"]),
        ({"gtin": GTIN, "expiration_date": "2020-01-01"}, ["expiration_date"]),
        ({"gtin": GTIN, "by": "x" * 201, "id": 5}, ["id", "by"]),
    ],
)
async def test_each_wrong_value_is_named(tmp_path: Path, body: object, paths: list[str]) -> None:
    async with a_line(tmp_path) as line:
        assert await paths_of(line, "job/start", body) == paths
        assert (await line.fresh())["job"] is None


async def test_dates_at_the_ends_of_the_calendar_harm_nobody(tmp_path: Path) -> None:
    ends = ("0001-01-01", "0001-01-01T00:00:00+23:59", "9999-12-31", "9999-12-31T23:59:59-23:59", "1999-12-31")
    async with a_line(tmp_path) as line:
        for key in ("production_date", "expiration_date"):
            for date in ends:
                assert await paths_of(line, "job/start", {"gtin": GTIN, key: date}) == [key]
        await line.start()
        for key in ("production_date", "expiration_date"):
            for date in ends:
                assert await paths_of(line, "job/correct", {key: date}) == [key]
        assert await line.codes([1]) == [True]


async def test_text_that_is_no_unicode_harms_nobody(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        for key in ("order", "series", "by", "id"):
            reply = await line.post("/api/v1/job/start", raw=f'{{"gtin": "{GTIN}", "{key}": "\\ud800"}}'.encode())
            assert reply.status == 422
        await line.start(order="\x00 Ўзбекистон 🏭")
        assert (await line.fresh())["job"]["order"] == "\x00 Ўзбекистон 🏭"


# ── the same id ─────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_the_same_id_is_answered_again_and_not_done_again(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        first = await line.post("/api/v1/job/start", {"gtin": GTIN, "id": "c-1", "by": "anna"})
        again = await line.post("/api/v1/job/start", {"gtin": GTIN, "id": "c-1", "by": "anna"})
        assert (first.status, first.body) == (again.status, again.body)
        await line.post("/api/v1/job/stop")
        assert (await line.post("/api/v1/job/start", {"gtin": GTIN, "id": "c-1"})).body == first.body
        assert (await line.fresh())["job"] is None


async def test_an_id_belongs_to_one_command(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        await line.start(id="c-1")
        await refused(line, "job/start", {"gtin": GTIN, "order": "other", "id": "c-1"}, 409, "id-reused")
        await refused(line, "job/stop", {"id": "c-1"}, 409, "id-reused")


async def test_what_was_refused_may_be_asked_again_under_its_id(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        await refused(line, "job/stop", {"id": "c-1"}, 409, "no-job")
        await line.start()
        assert (await line.post("/api/v1/job/stop", {"id": "c-1"})).status == 200


# ── reports ─────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_seal_takes_a_kind_or_all(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        await line.start()
        assert (await line.post("/api/v1/reports/seal")).json == {"sealed": []}
        await line.codes([1])
        assert (await line.post("/api/v1/reports/seal", {"kind": "aggregation"})).json == {"sealed": []}
        assert (await line.post("/api/v1/reports/seal", {"kind": "utilisation"})).json == {"sealed": ["1"]}
        assert await paths_of(line, "reports/seal", {"kind": "all"}) == ["kind"]


async def a_held_report(line: Line, *, in_doubt: bool = False) -> None:
    await line.start()
    await line.codes([1, 2])
    await line.post("/api/v1/reports/seal")
    await line.hold("1", in_doubt=in_doubt)


async def test_a_held_report_is_retried(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        await a_held_report(line)
        reply = await line.post("/api/v1/reports/1/retry", {"by": "anna"})
        assert reply.json == {"id": "1", "state": "sealed", "document_id": None}
        await refused(line, "reports/1/retry", {}, 409, "wrong-state")


async def test_after_a_doubt_a_person_must_say_that_it_was_not_received(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        await a_held_report(line, in_doubt=True)
        await refused(line, "reports/1/retry", {}, 422, "confirm-required")
        assert await paths_of(line, "reports/1/retry", {"confirm": "yes"}) == ["confirm"]
        assert (await line.post("/api/v1/reports/1/retry", {"confirm": "not-received"})).json["state"] == "sealed"


async def test_or_name_its_document(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        await a_held_report(line, in_doubt=True)
        reply = await line.post("/api/v1/reports/1/retry", {"document_id": "d-77"})
        assert reply.json == {"id": "1", "state": "submitted", "document_id": "d-77"}


async def test_a_held_report_is_released_with_a_reason(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        await a_held_report(line)
        assert await paths_of(line, "reports/1/release", {}) == ["codes", "reason"]
        assert await paths_of(line, "reports/1/release", {"codes": "gone", "reason": ""}) == ["codes", "reason"]
        reply = await line.post("/api/v1/reports/1/release", {"codes": "unreported", "reason": "typed anew"})
        assert (reply.json["state"], reply.json["new_report"]) == ("released", "2")
        assert (await line.fresh())["codes"]["unreported"] == 2
        await refused(line, "reports/1/release", {"codes": "accepted", "reason": "x"}, 409, "wrong-state")


async def test_a_report_that_is_not_there_is_404(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        for report in ("99", "0", "abc", "9223372036854775808", "1%2F..", "٣"):
            path = quote(report, safe="%")
            await refused(line, f"reports/{path}/retry", {}, 404, "not-found" if "%2F" in path else "unknown-report")
            assert (await line.get(f"/api/v1/reports/{path}")).status == 404
        assert await line.start()


# ── codes ───────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("given", [code(1), IDENT])
async def test_a_code_is_withdrawn_with_or_without_its_check_part(tmp_path: Path, given: str) -> None:
    async with a_line(tmp_path) as line:
        await line.start()
        await line.codes([1, 2])
        reply = await line.post("/api/v1/codes/withdraw", {"code": given, "reason": "damaged"})
        assert reply.json == {"code": IDENT, "state": "withdrawn", "reason": "damaged"}
        assert (await line.fresh())["codes"] == {
            **dict.fromkeys(("reported", "accepted", "refused", "held"), 0),
            "unreported": 1,
            "withdrawn": 1,
        }
        await refused(line, "codes/withdraw", {"code": given, "reason": "damaged"}, 409, "already-withdrawn")


async def test_what_cannot_be_withdrawn(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        await a_held_report(line)
        await refused(line, "codes/withdraw", {"code": IDENT, "reason": "scrap"}, 409, "already-reported")
        await refused(line, "codes/withdraw", {"code": code(9), "reason": "scrap"}, 404, "unknown-code")
        await refused(line, "codes/withdraw", {"code": "not a code", "reason": "scrap"}, 422, "malformed")
        assert await paths_of(line, "codes/withdraw", {"code": IDENT, "reason": "lost"}) == ["reason"]
        assert await paths_of(line, "codes/withdraw", {}) == ["code", "reason"]


async def test_a_code_typed_in_is_judged_like_a_read(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        body = {"station": "marking", "code": code(1), "reason": "label smudged"}
        assert (await line.post("/api/v1/reads", body)).json["reason"] == "no-job"
        await line.start()
        reply = await line.post("/api/v1/reads", body)
        assert reply.json == {"station": "marking", "verdict": "accept", "reason": None, "code": IDENT}
        assert (await line.post("/api/v1/reads", body)).json["reason"] == "duplicate"
        assert (await line.post("/api/v1/reads", {**body, "code": IDENT})).json["reason"] == "malformed"
        assert (await line.fresh())["codes"]["unreported"] == 1
        await refused(line, "reads", {**body, "station": "nowhere"}, 404, "unknown-station")
        assert await paths_of(line, "reads", {"station": "marking", "code": ""}) == ["code"]


async def test_a_station_that_does_not_pack_has_no_package_to_close(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        found = await refused(line, "packages/close", {"station": "marking"}, 409, "no-packing")
        assert "marking" in found["message"]
        assert await paths_of(line, "packages/close", {}) == ["station"]
        await refused(line, "packages/close", {"station": "nowhere"}, 404, "unknown-station")
        await refused(line, "packages/close", {"station": "boxing"}, 409, "no-open-package")


async def test_an_open_package_is_closed_before_it_is_full(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        await line.start()
        await line.codes([1, 2])
        assert await line.codes([1, 2], device="cam-3") == [True, True]
        reply = await line.post("/api/v1/packages/close", {"station": "boxing", "parent": SSCC[2:]})
        assert reply.json == {"station": "boxing", "parent": SSCC, "count": 2, "state": "closed"}
        await refused(line, "packages/close", {"station": "boxing"}, 409, "no-open-package")


# ── a journal that cannot commit ────────────────────────────────────────────────────────────────────────────────────
async def test_nothing_is_answered_as_done_that_is_not_on_disk(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        await line.start()
        line.journal.writer.broken = JournalBroken("SQLITE_IOERR: disk I/O error")
        for path, body in (
            ("job/stop", {}),
            ("reports/seal", {}),
            ("reads", {"station": "marking", "code": code(1)}),
            ("reports/1/retry", {}),
        ):
            found = await refused(line, path, body, 503, "cannot-commit")
            assert "SQLITE_IOERR" in found["message"]


async def test_a_typed_code_is_not_taken_where_devices_would_be_told_to_reject(tmp_path: Path) -> None:
    async with a_line(tmp_path, floor_bytes=10**18) as line:
        await line.start()
        await line.codes([1])
        await refused(line, "reads", {"station": "marking", "code": code(1)}, 503, "cannot-commit")


async def test_a_disk_that_does_not_answer_is_not_waited_for_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "COMMAND_S", 0.1)
    async with a_line(tmp_path) as line:
        free = threading.Event()
        held = line.journal.do(lambda _: free.wait(20))
        try:
            await refused(line, "job/start", {"gtin": GTIN}, 503, "cannot-commit")
        finally:
            free.set()
            await held


# ── what nobody may read ────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_check_part_is_in_no_answer_and_in_no_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    secret = "SECRETCHECKPART_SECRETCHECKPART_SECRETCHECKP"  # as long as a real one of 92
    full = f"{IDENT}\x1d91ABCD\x1d92{secret}"
    answers = []
    async with a_line(tmp_path) as line:
        await line.start()
        for path, body in (
            ("reads", {"station": "marking", "code": full}),
            ("reads", {"station": "marking", "code": full + "\x1d"}),
            ("codes/withdraw", {"code": "\u0436" + full, "reason": "other"}),
            ("codes/withdraw", {"code": full + "x", "reason": "nonsense"}),
            ("codes/withdraw", {"code": [full], "reason": "other"}),
            ("codes/withdraw", {"code": full, "reason": "other"}),
            ("packages/close", {"station": "marking", "parent": full}),
        ):
            answers.append(await line.post(f"/api/v1/{path}", body))
        asked = (full, full + "\x1d", "\u0436" + full, full * 20)
        answers += [await line.get(f"/api/v1/codes?code={quote(text)}") for text in asked]
        line.devices["cam-1"].last_raw = full.encode()
        await line.fresh()
        pages = ("/status", "/metrics", "/", "/api/v1/reports", "/api/v1/reports/1")
        answers += [await line.get(path) for path in pages]
    assert {reply.status for reply in answers} == {200, 409, 422}
    assert not any("SECRETCHECK" in reply.body.decode() for reply in answers)
    out, err = capsys.readouterr()
    assert "SECRETCHECK" not in out + err


# ── mistakes of our own ─────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_defect_in_a_commands_step_undoes_that_command_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_line(tmp_path) as line:
        await line.start()
        stop = jobs.stop

        def spoilt(*arguments: Any) -> None:
            stop(*arguments)
            raise OverflowError("date value out of range")

        with monkeypatch.context() as patch:
            patch.setattr(jobs, "stop", spoilt)
            for _ in range(3):
                await refused(line, "job/stop", {"id": "stop-1"}, 500, "defect")
        document = await line.fresh()
        assert document["job"] is not None and document["state"] == "degraded"
        assert [(p["kind"], p["where"]) for p in document["problems"]] == [("defect", "command job-stop")]
        metrics = (await line.get("/metrics")).body.decode()
        assert 'lined_defects_total{where="command job-stop"} 3.0' in metrics
        assert (await line.codes([1])) is not None
        assert (await line.post("/api/v1/job/stop", {"id": "stop-1"})).status == 200, "the id was not used up"


async def test_a_defect_in_the_endpoint_is_told_once_and_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_line(tmp_path) as line:

        def spoilt(*_: Any) -> None:
            raise KeyError("sntin")

        monkeypatch.setattr(execution, "with_moments", spoilt)
        await refused(line, "job/start", {"gtin": GTIN}, 500, "defect")
        async with asyncio.timeout(60):
            while not line.intake.defects.counts:  # it is noted after it was answered
                await asyncio.sleep(0.01)
        assert line.intake.defects.counts == {"POST /api/v1/job/start": 1}
