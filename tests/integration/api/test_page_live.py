"""The page without a browser: what streams say and to whom, alarms and their life, reports of shift and job."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from lined.journal.database import Connection
from lined.journal.tables import alarms as rows
from lined.journal.tables import counters
from lined.line.watch import alarms as book
from lined.vocabulary.facts import DeviceFact, Fact, RegulatorFact, ServiceFact
from lined.web import feed
from tests.harness.served import Frame, Line, code, malformed_frame, wall_ms
from tests.harness.served_lines import a_shown_line

REFUSED = Fact(DeviceFact.DOWN, where="cam-1", more="refused")


class Screen:
    """One stream of events, as a browser hears it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._rest = b""
        self.heard: list[tuple[str, dict[str, Any]]] = []

    async def until(self, name: str, within_s: float = 60) -> dict[str, Any]:
        """The next event of that name."""
        async with asyncio.timeout(within_s):
            while True:
                while b"\n\n" not in self._rest:
                    found = await self._reader.read(65536)
                    assert found, "the stream ended"
                    self._rest += found
                event, _, self._rest = self._rest.partition(b"\n\n")
                lines = [line for line in event.decode().splitlines() if line.startswith(("event: ", "data: "))]
                if len(lines) == 2:
                    self.heard.append((lines[0][7:], json.loads(lines[1][6:])))
                    if self.heard[-1][0] == name:
                        return self.heard[-1][1]


@contextlib.asynccontextmanager
async def a_screen(line: Line, query: str = "part=operator", **headers: str) -> AsyncIterator[Screen]:
    reader, writer = await asyncio.open_connection("127.0.0.1", line.server.port)
    try:
        writer.write(line.request("GET", f"/events?{query}", headers=headers))
        await writer.drain()
        head = await reader.readuntil(b"\r\n\r\n")
        assert b" 200 " in head.splitlines()[0] and b"text/event-stream" in head, head
        yield Screen(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def test_a_screen_hears_each_second_and_of_a_verdict_at_once(tmp_path: Path) -> None:
    async with a_shown_line(tmp_path) as line, a_screen(line) as screen:
        await screen.until("hello")
        first = await screen.until("tick")
        assert set(first["parts"]) == {"job", "packages", "counts", "alarms"}
        assert (await screen.until("tick"))["parts"].keys() <= {"counts"}  # what did not change is not sent again
        await line.start()
        await line.read(Frame("read", (code(5).encode(),)))
        found = await screen.until("verdict")  # an event of its own: it does not wait for the next second
        assert found["last"]["verdict"] == "accept" and found["last"]["end"] == "…000005"


async def test_a_thousand_reads_a_second_are_ten_updates_a_second_at_most(tmp_path: Path) -> None:
    async with a_shown_line(tmp_path) as line, a_screen(line) as screen:
        await line.start()
        await screen.until("tick")
        began = time.monotonic()
        number = 0
        while number < 1_000 or time.monotonic() - began < 2.0:
            await line.codes(range(number, number + 20))
            number += 20
            await asyncio.sleep(0.01)
        await screen.until("tick")
        told = [name for name, _ in screen.heard if name == "verdict"]
        at_most = 10 * (time.monotonic() - began) + 5
        assert 2 <= len(told) <= at_most, (number, len(told))


async def test_a_screen_of_one_station_hears_of_that_station(tmp_path: Path) -> None:
    async with a_shown_line(tmp_path) as line, a_screen(line, "part=&station=packing") as screen:
        await line.start()
        await line.read(malformed_frame())
        await line.read(malformed_frame(), device="cam-3")
        while (found := await screen.until("verdict"))["last"] is None:
            pass
        assert found["last"]["station"] == found["reject"]["station"] == "packing"


async def test_the_page_of_the_line_says_its_budgets_and_the_time_to_clear_in_words(tmp_path: Path) -> None:
    async with a_shown_line(tmp_path) as line:
        await line.start()
        await line.codes([1])
        shown = (await line.get("/line?lang=ru")).body.decode()
        assert "заказы и отчёты" in shown and "limited" not in shown
        assert "Переподключений" in shown  # not the number of breaks: a device that is gone now has one more of those
        assert "около 1 мин" in shown  # by the budget: the pace of a line just started says nothing


async def test_the_reasons_of_rejects_add_up_and_stations_stand_in_the_order_of_the_line(tmp_path: Path) -> None:
    async with a_shown_line(tmp_path) as line:
        await line.codes([1])  # no job
        await line.start()
        await line.codes([2, 2])
        await line.read(malformed_frame())
        await line.codes([9], device="cam-3")  # not applied
        await line.post("/api/v1/job/stop")
        operator = (await line.get("/?lang=en")).body.decode()
        assert operator.count("<li><span>") == 3 and ">1 more</a>" in operator
        assert line.server.view.balance is not None
        await line.server.view.balance.look()
        balance = (await line.get("/balance?lang=en")).body.decode()
        places = re.findall(r"<h3>(.*?)</h3>", balance)
        assert places == ["Whole line", "marking", "grading", "packing"]


async def test_what_to_do_now_comes_with_the_verdict_and_follows_the_package(tmp_path: Path) -> None:
    async with a_shown_line(tmp_path, issues=False) as line:
        await line.start()
        await line.codes([1, 2])
        async with a_screen(line, "part=operator&station=packing") as screen:
            assert (await screen.until("hello"))["guide"]["advice"].startswith("Begin a new package")
            for number in (1, 2):
                await line.codes([number], device="cam-3")
                found = await screen.until("verdict")
                assert found["guide"]["advice"] == f"Next item: {number} of 4 are in the package."


async def test_streams_obey_the_gate_and_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "CLIENTS_MAX", 2)
    async with a_shown_line(tmp_path) as line:
        assert (await line.get("/events", headers={"Host": "evil.example"})).error == "foreign-host"
        assert (await line.get("/events", headers={"Origin": "http://evil.example"})).error == "foreign-origin"
        async with a_screen(line) as one, a_screen(line) as two:
            await one.until("tick")
            await two.until("tick")
            assert (await line.get("/events")).status == 503
        async with asyncio.timeout(60):  # who has gone makes room
            while line.server.page.feed.clients:
                await asyncio.sleep(0.02)


async def test_a_stream_ends_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "LIFE_S", 0.3)
    async with a_shown_line(tmp_path) as line, a_screen(line) as screen:
        await screen.until("bye")


async def test_no_page_holds_a_script_or_style_of_its_own_and_none_is_served_that_is_not_ours(tmp_path: Path) -> None:
    async with a_shown_line(tmp_path) as line:
        await line.start(order="<script>alert(1)</script>\"'&")
        await line.codes([1, 1])
        for address in (
            "/",
            "/line",
            "/work",
            "/reports",
            "/codes",
            "/packages",
            "/orders",
            "/quality",
            "/balance",
            "/alarms",
            "/journal",
            "/report",
            "/report/shift",
            "/report/job",
            "/reports/1",
            f"/codes?code={code(1)[:31]}",
        ):
            for language in ("uz", "ru", "en"):
                reply = await line.get(f"{address}{'&' if '?' in address else '?'}lang={language}")
                text = reply.body.decode()
                assert reply.status == 200, (address, reply.body[:300])
                assert (
                    "<script>" not in text and " style=" not in text and " onclick" not in text and "<style" not in text
                )
                assert "vuzv" not in text, address  # the check part
                assert f'lang="{language}"' in text
                policy = reply.headers["content-security-policy"]
                assert "script-src 'self'" in policy and "unsafe" not in policy and "default-src 'none'" in policy
        assert (await line.get("/static/..%2froutes.py")).status == 404
        assert (await line.get("/static/nothing.js")).status == 404
        assert (await line.get("/language?lang=uz&to=//evil.example")).headers["location"] == "/"
        reply = await line.get("/language?lang=uz&to=/reports?state=held")
        assert reply.headers["location"] == "/reports?state=held" and "lined-language=uz" in reply.headers["set-cookie"]


async def test_long_lists_come_in_pages(tmp_path: Path) -> None:
    async with a_shown_line(tmp_path) as line:
        await line.start()
        for _ in range(6):
            await line.read(*(malformed_frame() for _ in range(20)))
        first = (await line.get("/codes")).body.decode()
        assert first.count("Not a marking code</b>") == 50 and 'rel="next"' in first
        following = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
        second = (await line.get(following)).body.decode()
        third = (await line.get(second.split('rel="next" href="')[1].split('"')[0])).body.decode()
        assert third.count("Not a marking code</b>") == 20 and 'rel="next"' not in third


# ── alarms ──────────────────────────────────────────────────────────────────────────────────────────────────────────
async def listed(line: Line, *, now: bool = False) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await line.get(f"/api/v1/alarms{'?now=true' if now else ''}")).json["items"]
    return found


async def until_listed(line: Line, number: int, *, now: bool = False) -> list[dict[str, Any]]:
    async with asyncio.timeout(60):
        while len(found := await listed(line, now=now)) != number:
            await asyncio.sleep(0.02)
    return found


async def test_an_alarm_is_raised_acknowledged_once_and_cleared(tmp_path: Path) -> None:
    async with a_shown_line(tmp_path) as line:
        line.problems.set("device", "cam-1", REFUSED)
        alarm = (await until_listed(line, 1))[0]
        assert (
            alarm["severity"] == "serious" and alarm["where"] == "cam-1" and set(alarm["texts"]) == {"uz", "ru", "en"}
        )
        path = f"/api/v1/alarms/{alarm['id']}/acknowledge"
        assert (await line.post(path, {}, headers={"Authorization": ""})).error == "token-required"
        done = await line.post(path, {"by": "Aziz", "id": "a1"})
        assert done.status == 200 and done.json["acknowledged_by"] == "Aziz" and done.json["acknowledged_at"]
        assert (await line.post(path, {"by": "Aziz", "id": "a1"})).json == done.json
        assert (await line.post(path, {"by": "Olga", "id": "a2"})).error == "acknowledged"
        assert (await line.post("/api/v1/alarms/99/acknowledge", {})).error == "unknown-alarm"
        assert (await line.post("/api/v1/alarms/x/acknowledge", {})).error == "unknown-alarm"
        line.problems.clear("device", "cam-1")
        await until_listed(line, 0, now=True)
        assert (await listed(line))[0]["cleared_at"] is not None


async def test_an_alarm_that_comes_back_has_its_own_moment_and_a_loose_cable_does_not_fill_the_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "KEPT", 20)
    async with a_shown_line(tmp_path) as line:
        for _ in range(50):
            line.problems.set("device", "cam-1", REFUSED)
            line.problems.clear("device", "cam-1")
            await asyncio.sleep(0)
        async with asyncio.timeout(60):
            while not (found := await listed(line)) or found[0]["times"] < 50:
                await asyncio.sleep(0.02)
        assert all(one["cleared_at"] is not None for one in found)
        assert [int(one["id"]) for one in found] == list(range(50, 30, -1))
        line.problems.set("device", "cam-1", REFUSED)
        (back,) = await until_listed(line, 1, now=True)
        assert back["id"] == "51" and back["raised_at"] >= found[0]["cleared_at"]


async def test_what_stood_at_the_end_is_over_after_a_start_unless_it_comes_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(book, "SETTLE_S", 0.3)
    async with a_shown_line(tmp_path) as line:
        line.problems.set("device", "cam-1", REFUSED)
        line.problems.set("regulator", "there", Fact(RegulatorFact.NOT_WELL, where="there", more="away"))
        await until_listed(line, 2)
    async with a_shown_line(tmp_path) as line:
        line.problems.set("device", "cam-1", Fact(DeviceFact.DOWN, where="cam-1", more="refused again"))
        await until_listed(line, 1, now=True)
        assert [(one["kind"], one["cleared_at"] is None) for one in await listed(line)] == [
            ("regulator", False),
            ("device", True),
        ]


async def test_an_alarm_that_the_disk_does_not_take_is_written_once_it_does(tmp_path: Path) -> None:
    async with a_shown_line(tmp_path) as line:
        line.journal.writer.stopped.set()  # as good as a disk that takes nothing
        line.problems.set("disk", "journal", Fact(ServiceFact.DISK_FULL, more="full"))
        await asyncio.sleep(0.1)
        assert "The disk is full" in (await line.get("/?lang=en")).body.decode()  # and it is shown meanwhile
        line.journal.writer.stopped.clear()
        found = await until_listed(line, 1)
        assert found[0]["severity"] == "critical"


# ── balance and reports ─────────────────────────────────────────────────────────────────────────────────────────────
async def test_the_balance_of_a_line_with_everything_in_it_adds_up(tmp_path: Path) -> None:
    async with a_shown_line(tmp_path) as line:
        await some_production(line)
        watch = line.server.view.balance
        assert watch is not None
        found = await watch.look()
        assert [one for one in [*found.life, *(found.of_job or [])] if one.difference] == []
        assert not line.problems.has("balance")
        places = {one.place for one in found.life}
        assert {"", "marking", "grading", "packing"} == places

        def lose(connection: Connection) -> None:
            connection.execute("UPDATE counter SET n = n - 1 WHERE name = 'code.unreported'")

        await line.journal.do(lose)
        await watch.look()
        assert [(one.kind, one.where) for one in line.problems.all()] == [("balance", "line: applied")]

        def find(connection: Connection) -> None:
            connection.execute("UPDATE counter SET n = n + 1 WHERE name = 'code.unreported'")

        await line.journal.do(find)
        await watch.look()
        assert not line.problems.has("balance")


async def test_the_reports_of_shift_and_job_say_what_was_counted(tmp_path: Path) -> None:
    async with a_shown_line(tmp_path) as line:
        await some_production(line)
        status = await line.fresh()
        found: dict[str, Any] = {}
        for address in ("/report/shift", "/report/job"):
            found = (await line.get(f"{address}?format=json")).json
            reads = found["reads"]
            assert reads["total"] == status["reads"]["total"] and reads["rejected"] == status["reads"]["rejected"]
            assert {k: n for k, n in status["reads"]["by_reason"].items() if n} == reads["by_reason"]
            assert sum(found["codes"].values()) == found["applied"] == sum(status["codes"].values())
            assert sum(one["total"] for one in found["stations"].values()) == reads["total"]
            assert found["grades"] == {"A": 10} and found["packages"]["BOX_LV_1"] == {"count": 1, "holds": 4}
        assert all(one["difference"] == 0 for one in found["balance"])
        sheet = (await line.get("/report/shift?format=csv&lang=uz")).body.decode()
        assert '"=""04899215122371"""' in sheet and sheet.startswith("\ufeffBoʻlim;")
        assert (await line.get("/report/shift?day=nonsense")).status == 422
        assert (await line.get("/report/job?job=77")).error == "unknown-job"
        earlier = (await line.get("/report/shift?day=2020-01-01&start=08:00&format=json")).json
        assert earlier["reads"]["total"] == earlier["applied"] == 0


async def test_the_report_of_a_shift_has_what_the_plc_counted_in_it_and_not_before(tmp_path: Path) -> None:
    async with a_shown_line(tmp_path) as line:
        await some_production(line)
        now = (await line.get("/report/shift?format=json")).json
        begins = datetime.fromisoformat(now["from"])
        await line.line.do("count", {"station": "marking", "triggers": 30, "ejected": 3})

        def late_and_early(connection: Connection) -> None:
            """Two confirmed; and in the last minute of the shift before, with the job that ran then."""
            counters.add_in_time(connection, 1, {"station.marking.confirmed": 2}, wall_ms())
            early_ms = int(begins.timestamp() * 1000) - 1
            counters.add_in_time(connection, 1, {"station.marking.triggers": 7}, early_ms)

        await line.journal.do(late_and_early)
        reads = now["stations"]["marking"]["total"]
        found = (await line.get("/report/shift?format=json")).json
        assert of_plc(found) == [
            ("triggers", 30, {"reads": reads, "missed": 30 - reads}),
            ("ejected", 3, {"confirmed": 2, "unconfirmed": 1}),
        ]
        assert all(one["difference"] == 0 for one in found["balance"])
        packed = next(one for one in found["balance"] if "packed" in one["parts"])
        assert (packed["n"], packed["parts"]) == (10, {"packed": 5, "not-packed": 5})

        local = (begins - timedelta(hours=12)).astimezone(ZoneInfo("Asia/Tashkent"))
        before = (await line.get(f"/report/shift?day={local.date()}&start={local:%H:%M}&format=json")).json
        assert before["to"] == now["from"]
        assert of_plc(before) == [("triggers", 7, {"reads": 0, "missed": 7})]
        of_job = (await line.get("/report/job?format=json")).json
        assert of_plc(of_job)[0] == ("triggers", 37, {"reads": reads, "missed": 37 - reads})

        sheet = (await line.get("/report/shift?format=csv&lang=en")).body.decode()
        assert "Balance: marking,items seen by the PLC,30,triggers" in sheet
        assert f"Balance: marking,missed,{30 - reads},missed" in sheet
        page = (await line.get("/report/shift?lang=en")).body.decode()
        assert "marking: items seen by the PLC</span> <b>30</b>" in page


def of_plc(report: dict[str, Any]) -> list[tuple[str, int, dict[str, int]]]:
    """What the PLC counted at the marking station."""
    found = [one for one in report["balance"] if one["whole"] in ("triggers", "ejected")]
    assert {one["place"] for one in found} == {"marking"}
    return [(one["whole"], one["n"], one["parts"]) for one in found]


async def some_production(line: Line) -> None:
    """Every kind of read at every station, one box closed, one code withdrawn and applied again."""
    await line.start(order="=1+1", series="0042")
    await line.codes(range(10))
    await line.codes([3, 4])
    await line.read(malformed_frame(), Frame("no-read", raw=b"NOREAD"))
    await line.read(*(Frame("read", (code(n).encode(),), grade="A") for n in range(10)), device="verifier")
    await line.read(*(Frame("read", (code(n).encode(),)) for n in range(4)), device="cam-3")
    await line.read(Frame("read", (code(5).encode(),)), device="cam-3")
    await line.read(Frame("read", (b"000307797292" + b"00000015",)), device="cam-3")
    assert (await line.post("/api/v1/codes/withdraw", {"code": code(9), "reason": "damaged"})).status == 200
    await line.codes([9])
    await line.read(malformed_frame(), device="cam-3")
