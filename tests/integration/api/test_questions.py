"""Reports and codes, as the journal tells them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import quote

import pytest

from lined.codes import sscc
from lined.journal.database import Connection
from lined.journal.tables import codes
from tests.harness.served import GTIN, TAIL, Frame, Line, code, wall_ms
from tests.harness.served_lines import a_line

IDENT = "0104899215122371210000000000001"


async def reports_of(line: Line, query: str = "") -> tuple[list[str], str | None]:
    reply = await line.get(f"/api/v1/reports{query}")
    assert reply.status == 200, reply
    return [report["id"] for report in reply.json["items"]], reply.json["next"]


async def seven_reports(line: Line) -> None:
    """1 to 6 sealed, 7 open."""
    await line.start()
    for number in range(1, 8):
        await line.codes([number])
        if number < 7:
            await line.post("/api/v1/reports/seal")


async def test_reports_come_newest_first_page_by_page(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        assert await reports_of(line) == ([], None)
        await seven_reports(line)
        assert await reports_of(line) == (list("7654321"), None)
        assert await reports_of(line, "?limit=3") == (list("765"), "5")
        assert await reports_of(line, "?limit=3&after=5") == (list("432"), "2")
        assert await reports_of(line, "?limit=3&after=2") == (["1"], None)
        assert await reports_of(line, "?limit=7") == (list("7654321"), None)


async def test_a_new_report_does_not_shift_the_next_page(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        await seven_reports(line)
        _, after = await reports_of(line, "?limit=2")
        await line.post("/api/v1/reports/seal")
        await line.codes([8])
        assert await reports_of(line, f"?limit=2&after={after}") == (["5", "4"], "4")


async def test_reports_are_filtered_by_kind_and_state(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        await seven_reports(line)
        await line.hold("3")
        assert await reports_of(line, "?state=held") == (["3"], None)
        assert await reports_of(line, "?state=sealed&kind=utilisation&limit=2") == (["6", "5"], "5")
        assert await reports_of(line, "?state=sealed&after=4") == (["2", "1"], None)
        assert await reports_of(line, "?kind=aggregation") == ([], None)


@pytest.mark.parametrize(
    ("query", "path"),
    [
        *(("limit=0", "limit"), ("limit=1001", "limit"), ("limit=x", "limit"), ("state=lost", "state")),
        *(("kind=x", "kind"), ("after=x", "after"), ("after=-1", "after"), ("after=99999999999999999999", "after")),
    ],
)
async def test_wrong_questions_are_422_with_the_place(tmp_path: Path, query: str, path: str) -> None:
    async with a_line(tmp_path) as line:
        reply = await line.get(f"/api/v1/reports?{query}")
        assert (reply.status, reply.error) == (422, "wrong-values")
        assert [detail["path"] for detail in reply.json["error"]["details"]] == [path]


async def test_a_report_tells_its_history_and_what_came_back(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        await line.start(order="PO-1", series="LOT-7")
        await line.codes([1, 2, 3])
        await line.post("/api/v1/codes/withdraw", {"code": code(2), "reason": "sample"})
        await line.post("/api/v1/reports/seal")
        await line.hold("1", in_doubt=True)
        report = (await line.get("/api/v1/reports/1")).json
    assert [event["after"] for event in report["events"]] == ["open", "sealed", "sending", "in_doubt", "held"]
    assert report["evidence"] == '{"error": "no right to report"}' == report["events"][-1]["evidence"]
    assert (report["state"], report["codes"], report["own_states"]) == ("held", 2, {"withdrawn": 1})
    assert report["examples"] == [{"code": IDENT[:-1] + "2", "state": "withdrawn", "why": "sample"}]
    assert report["attributes"]["series"] == "LOT-7" and report["of_job"]["order"] == "PO-1" and report["job"] == "1"
    assert report["at"] == report["events"][-1]["at"] and report["attempts"] == 1
    assert report["problem"] == "the regulator refused the key"


async def test_a_report_in_a_list_is_the_report_by_itself(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        await line.start()
        await line.codes([1])
        (listed,) = (await line.get("/api/v1/reports")).json["items"]
        alone = (await line.get("/api/v1/reports/1")).json
    assert {key: alone[key] for key in listed} == listed
    # docs/contract.md, MQTT, `report`
    assert {"id", "kind", "state", "codes", "document_id", "job", "problem", "waits_for", "at"} <= set(listed)


@pytest.mark.parametrize("asked", [code(1), IDENT])
async def test_a_code_s_story(tmp_path: Path, asked: str) -> None:
    async with a_line(tmp_path) as line:
        await line.start(order="PO-1")
        await line.codes([1])
        await line.read(Frame("read", (code(1).encode(),)), device="cam-2")
        story = (await line.get(f"/api/v1/codes?code={quote(asked)}")).json
    assert (story["code"], story["state"], story["unsaid"]) == (IDENT, "unreported", None)
    assert story["applied"]["device"] == "cam-1" and story["applied"]["at"].endswith("Z")
    assert story["job"]["gtin"] == GTIN and story["job"]["order"] == "PO-1"
    assert [(read["device"], read["verdict"]) for read in story["reads"]] == [("cam-2", "duplicate")]
    assert [(report["id"], report["state"]) for report in story["reports"]] == [("1", "open")]


async def test_a_plus_in_a_code_is_percent_2b(tmp_path: Path) -> None:
    plus = f"0104899215122371210A+B%C&D=E;F/G?\x1d93{TAIL}"
    async with a_line(tmp_path) as line:
        await line.start()
        assert await line.read(Frame("read", (plus.encode(),))) == [True]
        reply = await line.get(f"/api/v1/codes?code={quote(plus, safe='')}")
        assert reply.json["code"] == "0104899215122371210A+B%C&D=E;F/G?"


async def test_a_story_tells_of_withdrawal_and_of_what_was_unsaid(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        await line.start()
        now = asyncio.get_running_loop().time()
        judgement = await line.intake.judge("cam-1", [Frame("read", (code(1).encode(),))], now)
        line.intake.unsaid("cam-1", judgement, 0, "connection lost")
        await line.codes([2])  # behind it in the writer's queue
        story = (await line.get(f"/api/v1/codes?code={IDENT}")).json
        assert story["unsaid"]["why"] == "connection lost"
        assert (await line.fresh())["unsaid"] == 1
        await line.post("/api/v1/codes/withdraw", {"code": IDENT, "reason": "scrap", "by": "anna"})
        story = (await line.get(f"/api/v1/codes?code={IDENT}")).json
        (event,) = story["events"]
        assert (story["state"], event["what"], event["detail"], event["by"]) == (
            "withdrawn",
            "withdrawn",
            "scrap",
            "anna",
        )


async def test_a_refused_code_names_its_report_and_why(tmp_path: Path) -> None:
    def refuse(connection: Connection) -> None:
        known = codes.find(connection, [IDENT])[IDENT]
        codes.set_own(connection, known, "refused", wall_ms(), detail="already introduced", report_id=1)

    async with a_line(tmp_path) as line:
        await line.start()
        await line.codes([1, 2])
        await line.journal.do(refuse)
        story = (await line.get(f"/api/v1/codes?code={IDENT}")).json
        assert story["state"] == "refused"
        assert (story["events"][0]["report"], story["events"][0]["detail"]) == ("1", "already introduced")


async def test_codes_nobody_applied_or_could_apply(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        assert (await line.get(f"/api/v1/codes?code={IDENT}")).error == "unknown-code"
        assert (await line.get("/api/v1/codes?code=hello")).error == "malformed"
        assert (await line.get("/api/v1/codes?code=%ff%00")).error == "malformed"
        for query in ("", "?code=", f"?code={'1' * 501}"):
            reply = await line.get(f"/api/v1/codes{query}")
            assert (reply.status, reply.error) == (422, "wrong-values")


async def packages_of(line: Line, query: str = "") -> tuple[list[tuple[str | None, str]], str | None]:
    page = (await line.get(f"/api/v1/packages{query}")).json
    return [(one["parent"], one["state"]) for one in page["items"]], page["next"]


async def test_packages_are_listed_newest_first_and_by_state(tmp_path: Path) -> None:
    parents = [sscc("0307797292", number) for number in range(3)]
    async with a_line(tmp_path) as line:
        assert await packages_of(line) == ([], None)
        await line.start()
        await line.codes(range(10))
        for number, parent in enumerate(parents):
            await line.codes([3 * number, 3 * number + 1, 3 * number + 2], device="cam-3")
            assert await line.read(Frame("read", (parent.encode(),)), device="cam-3") == [True]
        await line.codes([9], device="cam-3")
        closed = [(parent, "closed") for parent in reversed(parents)]
        assert await packages_of(line) == ([(None, "open"), *closed], None)
        assert await packages_of(line, "?limit=2") == ([(None, "open"), closed[0]], "3")
        assert await packages_of(line, "?limit=2&after=3") == (closed[1:], None)
        assert await packages_of(line, "?state=open") == ([(None, "open")], None)
        assert await packages_of(line, "?state=waiting") == await packages_of(line, "?state=closed") == (closed, None)
        assert await packages_of(line, "?state=dissolved&after=9") == ([], None)
        for query in ("?state=lost", "?limit=0", "?after=x"):
            assert (await line.get(f"/api/v1/packages{query}")).error == "wrong-values"
        box = (await line.get("/api/v1/packages?state=closed")).json["items"][0]
    assert (box["level"], box["count"], box["capacity"], box["station"], box["inside"]) == (
        "BOX_LV_1",
        3,
        3,
        "boxing",
        None,
    )
    assert box["at"] == box["closed_at"] and box["id"] == "3" and box["report"] is None


async def test_a_packed_code_and_its_parent_tell_of_each_other(tmp_path: Path) -> None:
    parent = sscc("0307797292", 15)
    async with a_line(tmp_path) as line:
        await line.start()
        await line.codes([1, 2, 3])
        await line.codes([1, 2, 3], device="cam-3")
        await line.read(Frame("read", (parent.encode(),)), device="cam-3")
        unit = (await line.get(f"/api/v1/codes?code={IDENT}")).json
        box = (await line.get(f"/api/v1/codes?code={parent[2:]}")).json
    assert [(one["parent"], one["count"]) for one in unit["packages"]] == [(parent, 3)]
    assert box["packages"] == unit["packages"] and box["code"] == parent and box["job"]["gtin"] == GTIN
    assert (box["state"], box["applied"], box["unsaid"]) == (None, None, None)


async def test_a_graded_code_names_its_validation_report_too(tmp_path: Path) -> None:
    def graded(connection: Connection) -> None:
        connection.execute(
            "INSERT INTO report (id, batch_id, kind, state, job_id, attributes, codes, first_code, last_code, "
            "opened_ms) VALUES (2, 2, 'validation', 'partial', 1, '{}', 1, 1, 1, ?)",
            (wall_ms(),),
        )
        connection.execute(
            "INSERT INTO grade (id, ident, at_ms, device_no, job_id, class, verdict, batch_id, as_class, own) "
            "VALUES (1, ?, ?, 1, 1, 'A', 'accept', 2, 'A', 'refused')",
            (IDENT, wall_ms()),
        )

    async with a_line(tmp_path) as line:
        await line.start()
        await line.codes([1])
        await line.journal.do(graded)
        story = (await line.get(f"/api/v1/codes?code={IDENT}")).json
        report = (await line.get("/api/v1/reports/2")).json
    assert [(one["id"], one["kind"]) for one in story["reports"]] == [("1", "utilisation"), ("2", "validation")]
    assert report["own_states"] == {"refused": 1} and report["examples"][0]["code"] == IDENT


@pytest.mark.parametrize("kind", ["utilisation", "validation", "aggregation", "disaggregation", "correction"])
async def test_a_report_of_every_kind_can_be_shown(tmp_path: Path, kind: str) -> None:
    def opened(connection: Connection) -> None:
        connection.execute(
            "INSERT INTO report (id, batch_id, kind, state, job_id, attributes, opened_ms) "
            "VALUES (1, 1, ?, 'sealed', 1, '{}', ?)",
            (kind, wall_ms()),
        )

    async with a_line(tmp_path) as line:
        await line.start()
        await line.journal.do(opened)
        report = (await line.get("/api/v1/reports/1")).json
        assert (report["kind"], report["own_states"], report["examples"]) == (kind, {}, [])
        assert await reports_of(line, f"?kind={kind}") == (["1"], None)


async def test_an_sscc_with_18_digits_gets_its_00(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        full = sscc("0307797292", 15)
        reply = await line.get(f"/api/v1/codes?code={full[2:]}")
        assert reply.error == "unknown-code" and full in reply.body.decode()


async def test_a_report_says_why_a_code_was_refused_also_after_it_was_taken_out_of_its_package(tmp_path: Path) -> None:
    def refused_then_taken_out(connection: Connection) -> None:
        connection.execute("UPDATE code SET own = 'refused' WHERE ident = ?", (IDENT,))
        connection.execute("UPDATE report SET state = 'partial' WHERE id = 1")
        code_id = codes.find(connection, [IDENT])[IDENT].id
        codes.record(connection, code_id, wall_ms(), "refused", "16: not issued", report_id=1)
        codes.record(connection, code_id, wall_ms(), "taken-out", "of 00030779729200000084", by="Aziza")

    async with a_line(tmp_path) as line:
        await line.start()
        await line.codes([1, 2])
        await line.post("/api/v1/reports/seal")
        await line.journal.do(refused_then_taken_out)
        report = (await line.get("/api/v1/reports/1")).json
    assert report["examples"] == [{"code": IDENT, "state": "refused", "why": "16: not issued"}]
