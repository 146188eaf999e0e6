"""What supervisors and people look at: well, ready, and sums that agree."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from lined.journal import Journal
from lined.vocabulary.errors import JournalBroken
from lined.vocabulary.facts import DeviceFact, Fact, LineFact, RegulatorFact
from tests.harness.served import Frame, code, malformed_frame
from tests.harness.served_lines import a_line

NEVER_ENOUGH = 10**18  # bytes of free disk that no machine has


def agree(document: dict[str, Any]) -> None:
    """The contract's sums, of the journal's life and of the job."""
    for found in (document, document["job"]):
        if found is None:
            continue
        reads = found["reads"]
        assert reads["total"] == reads["accepted"] + reads["rejected"] + reads["no_read"] + reads["repeats"]
        assert sum(reads["by_reason"].values()) == reads["rejected"]
    applied = sum(document["codes"].values())
    assert applied >= sum((document["job"] or {"codes": {}})["codes"].values())


async def test_alive_and_ready_from_the_start(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        for path in ("/livez", "/readyz"):
            reply = await line.get(path)
            assert (reply.status, reply.json) == (200, {"status": "ok"})


async def test_not_ready_before_the_journal_has_recovered_but_alive(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        line.flags["ready"] = False
        reply = await line.get("/readyz")
        assert (reply.status, reply.error) == (503, "not-ready")
        assert (await line.get("/livez")).status == 200


async def test_ready_without_regulator_broker_or_devices(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        line.other.reachable, line.other.last_problem = False, Fact(RegulatorFact.NOT_WELL, where="x", more="no route")
        line.devices.clear()
        assert (await line.get("/readyz")).status == 200
        assert (await line.fresh())["regulator"]["reachable"] is False


async def test_the_document_has_every_key_of_the_contract_before_anything_happened(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        document = await line.fresh()
    assert document["line"] == "line-1" and document["state"] == "running" and document["problems"] == []
    assert document["job"] is None
    assert set(document["reads"]) == {"total", "accepted", "rejected", "no_read", "repeats", "by_reason"}
    assert document["reads"]["by_reason"]["duplicate"] == 0
    assert set(document["codes"]) == {"unreported", "reported", "accepted", "refused", "held", "withdrawn"}
    states = "open sealed sending in_doubt submitted succeeded partial refused held released void"
    assert document["reports"] == dict.fromkeys(states.split(), 0)
    assert [device["id"] for device in document["devices"]] == ["cam-1", "cam-2"]
    assert document["devices"][0]["connected"] is True and document["devices"][0]["last_read_at"] is None
    assert document["regulator"]["credential_expires_at"] == "2027-01-02T03:04:05.000Z"
    assert document["mqtt"]["connected"] is False
    assert document["journal"]["bytes"] > 0 and document["journal"]["free_bytes"] > 0


async def test_the_sums_count_every_verdict_and_agree(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        assert await line.codes([1]) == [False]  # no job yet
        await line.start(order="PO-7781")
        assert await line.codes([1, 2, 3, 3]) == [True] * 4  # the last one: a repeat
        assert await line.read(Frame("read", (code(1).encode(),)), device="cam-2") == [False]
        assert await line.read(Frame("no-read"), malformed_frame(), Frame("no-read")) == [False] * 3
        document = await line.fresh()
    agree(document)
    reads = document["reads"]
    assert (reads["total"], reads["accepted"], reads["rejected"], reads["no_read"], reads["repeats"]) == (9, 3, 3, 2, 1)
    assert {reason: n for reason, n in reads["by_reason"].items() if n} == {"no-job": 1, "duplicate": 1, "malformed": 1}
    assert document["codes"]["unreported"] == 3 == document["job"]["codes"]["unreported"]
    assert document["job"]["reads"]["total"] == 8 and document["job"]["order"] == "PO-7781"
    assert document["reports"]["open"] == 1
    assert document["backlog"]["codes"] == 3 and document["backlog"]["oldest_age_s"] >= 0


async def test_rejects_that_could_not_be_written_are_counted_and_say_stopped(tmp_path: Path) -> None:
    async with a_line(tmp_path, floor_bytes=NEVER_ENOUGH) as line:
        assert await line.codes([1, 2]) == [False, False]
        document = await line.fresh()
        assert (document["reads"]["rejected"], document["reads"]["by_reason"]["not-durable"]) == (2, 2)
        agree(document)
        assert document["state"] == "stopped"
        assert [problem["kind"] for problem in document["problems"]] == ["journal"]
        reply = await line.get("/readyz")
        assert (reply.status, reply.error) == (503, "not-ready")
        assert (await line.get("/livez")).status == 200


async def test_a_problem_is_degraded_and_its_end_is_running(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        line.problems.set("device", "cam-2", Fact(LineFact.NOT_CONNECTED, device="cam-2"))
        document = await line.fresh()
        assert document["state"] == "degraded"
        (problem,) = document["problems"]
        assert (problem["kind"], problem["where"]) == ("device", "cam-2") and problem["since"].endswith("Z")
        line.problems.clear("device", "cam-2")
        assert (await line.fresh())["state"] == "running"


async def test_a_broken_journal_still_answers_with_the_last_sums(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        await line.start()
        await line.codes([1, 2])
        before = await line.fresh()
        line.journal.writer.broken = JournalBroken("SQLITE_IOERR: disk I/O error")
        document = await line.fresh()
        assert document["state"] == "stopped" and document["reads"] == before["reads"]
        assert (await line.get("/readyz")).status == 503


async def test_a_journal_that_cannot_be_read_does_not_silence_the_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise JournalBroken("SQLITE_CORRUPT: malformed")

    async with a_line(tmp_path) as line:
        await line.start()
        await line.codes([1])
        before = await line.fresh()
        monkeypatch.setattr(Journal, "read", broken)
        document = await line.fresh()
        assert (document["state"], document["codes"]) == ("stopped", before["codes"])
        assert "SQLITE_CORRUPT" in document["problems"][0]["text"]


async def test_many_who_ask_at_once_cost_the_journal_one_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_line(tmp_path) as line:
        await line.fresh()
        asked = 0
        read = Journal.read

        async def counting(self: Journal, *arguments: Any) -> Any:
            nonlocal asked
            asked += 1
            return await read(self, *arguments)

        monkeypatch.setattr(Journal, "read", counting)
        monkeypatch.setattr("lined.api.document.FRESH_S", 60)
        line.server.document._asked = float("-inf")
        replies = await asyncio.gather(*(line.get("/status") for _ in range(20)))
        assert {reply.status for reply in replies} == {200}
        assert asked == 1


async def test_the_sums_of_reports_follow_every_change_of_state(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        await line.start()
        await line.codes([1, 2])
        assert (await line.fresh())["reports"]["open"] == 1
        await line.post("/api/v1/reports/seal")
        document = await line.fresh()
        assert (document["reports"]["open"], document["reports"]["sealed"]) == (0, 1)
        await line.hold("1")
        document = await line.fresh()
        assert (document["reports"]["sealed"], document["reports"]["held"]) == (0, 1)
        assert (document["codes"]["held"], document["codes"]["unreported"]) == (2, 0)
        assert document["backlog"]["codes"] == 0


async def test_prometheus_reads_the_same_numbers(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        await line.start()
        await line.codes([1, 2, 2])
        line.other.counts[("submit", "done")] = 3
        document = await line.fresh()
        reply = await line.get("/metrics")
    assert reply.headers["content-type"].startswith("text/plain")
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(reply.body.decode())
        for sample in family.samples
    }
    assert all(name[0].startswith("lined_") for name in samples)
    assert samples[("lined_reads_total", "accepted")] == document["reads"]["accepted"] == 2
    assert samples[("lined_reads_total", "repeats")] == 1
    assert samples[("lined_codes", "unreported")] == 2
    assert samples[("lined_reports", "open")] == 1
    assert samples[("lined_device_connected", "cam-1")] == 1 and samples[("lined_device_connected", "cam-2")] == 0
    assert samples[("lined_regulator_requests_total", "submit", "done")] == 3
    assert samples[("lined_state", "running")] == 1 and samples[("lined_ready",)] == 1


async def test_the_page_shows_state_and_test_mode_and_needs_nothing_from_outside(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        await line.start(mode="test", order="<script>alert(1)</script>")
        line.problems.set("device", "cam-2", Fact(DeviceFact.DOWN, where="cam-2", more="<b>is</b> away"))
        reply = await line.get("/")
    text = reply.body.decode()
    assert reply.headers["content-type"].startswith("text/html")
    assert "degraded" in text and "TEST" in text and "cam-2" in text
    assert "<script>" not in text and "<b>is" not in text
    assert "http://" not in text and "https://" not in text
    assert re.findall(r"src=\"[^\"]*", text) == re.findall(r"src=\"/static/page[.]js[^\"]*", text) != []
    assert "default-src 'none'" in reply.headers["content-security-policy"]


async def test_no_answer_may_be_kept(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        for path in ("/status", "/readyz", "/", "/api/v1/reports"):
            assert (await line.get(path)).headers["cache-control"] == "no-store"


async def test_what_a_device_sent_is_shown_without_its_check_part(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        line.devices["cam-1"].last_raw = code(5).encode()
        line.devices["cam-1"].last_read_at = 1_795_397_602.5
        device = (await line.fresh())["devices"][0]
    assert device["last_read_at"] == "2026-11-23T01:33:22.500Z"
    assert device["last_raw"].startswith("0104899215122371210000000000005")
    assert device["last_raw"].endswith("****")
