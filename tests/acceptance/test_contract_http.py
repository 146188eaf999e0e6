"""The endpoint (docs/contract.md, HTTP) as a stranger meets it: who may ask, what is refused how, what answers hold."""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import Any
from urllib.parse import quote

from lined.sandbox.demo.process import Answer
from tests.acceptance.contract_line import OK, ContractLine, sums_agree
from tests.harness.daemon import GTIN
from tests.unit.papers.pages import column, names, table

CONTRACT = "docs/contract.md"
START = "/api/v1/job/start"
UTC_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
REPORT_STATES = "open sealed sending in_doubt submitted succeeded partial refused held released void".split()


def error(answer: Answer) -> str:
    """The code of an error, whose shape is checked."""
    assert set(answer.json) == {"error"}, answer
    found = answer.json["error"]
    assert set(found) >= {"code", "message", "details"}, answer
    assert all(set(detail) == {"path", "message"} for detail in found["details"]), answer
    return str(found["code"])


async def test_reading_needs_no_token_and_every_address_of_the_contract_answers(tmp_path: Path) -> None:
    async with ContractLine(tmp_path) as line:
        for path in (
            *("/livez", "/readyz", "/status", "/metrics", "/", "/openapi.json", "/api/v1/reports", "/api/v1/packages"),
            "/api/v1/reports?kind=utilisation&state=held",
        ):
            answer = await line.http("GET", path)
            assert answer.status == 200, (path, answer)
        assert "lined_" in (await line.http("GET", "/metrics")).text
        assert "text/html" in (await line.http("GET", "/")).headers["content-type"]
        assert "/api/v1/job/start" in (await line.http("GET", "/openapi.json")).json["paths"]
        for path in ("/nosuch", "/api/v1/reports/nosuch"):
            answer = await line.http("GET", path)
            assert (answer.status, bool(error(answer))) == (404, True)
        for path in ("reports?limit=0", "reports?limit=1001", "reports?state=nosuch", "packages?limit=x"):
            answer = await line.http("GET", f"/api/v1/{path}")
            assert (answer.status, error(answer)) == (422, "wrong-values"), path


async def test_the_paths_and_bodies_are_those_of_the_contract(tmp_path: Path) -> None:
    async with ContractLine(tmp_path) as line:
        document = (await line.http("GET", "/openapi.json")).json
    paths = {path: list(methods) for path, methods in document["paths"].items()}
    questions = set(column(CONTRACT, "Questions")) - {"/openapi.json"}
    commands = {names(path)[0]: names(body) for path, body in table(CONTRACT, "Commands")}
    assert paths == {path: ["get"] for path in questions} | {path: ["post"] for path in commands}
    for path, said in commands.items():
        body = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"]
        fields = document["components"]["schemas"][body.rpartition("/")[2]]["properties"].keys()
        assert fields - {"id", "by"} <= set(said), path  # beside them stand the words that a field may have


async def test_the_token_is_private_and_compulsory_for_commands(tmp_path: Path) -> None:
    async with ContractLine(tmp_path) as line:
        assert stat.S_IMODE((tmp_path / "line-1.db.token").stat().st_mode) == 0o600
        for token in (None, "Bearer wrong", "Basic eDp5", line.token):
            answer = await line.http("POST", START, {"gtin": GTIN}, headers={"Authorization": token})
            assert answer.status == 401, (token, answer)
            assert error(answer)
        assert (await line.status())["job"] is None


async def test_a_foreign_host_or_origin_is_403_even_with_the_token(tmp_path: Path) -> None:
    async with ContractLine(tmp_path) as line:
        for headers in ({"Host": "evil.example"}, {"Origin": "http://evil.example"}, {"Origin": "null"}):
            answer = await line.http("POST", START, {"gtin": GTIN}, headers=headers)
            assert answer.status == 403, (headers, answer)
            assert error(answer)
        assert (await line.http("GET", "/status", headers={"Host": "evil.example"})).status == 403
        assert (await line.http("GET", "/status", headers={"Host": f"localhost:{line.port}"})).status == 200
        ours = {"Origin": f"http://127.0.0.1:{line.port}"}
        assert (await line.http("POST", START, {"gtin": GTIN}, headers=ours)).status == 200


async def test_what_is_wrong_with_a_command_is_told_by_status_and_path(tmp_path: Path) -> None:
    async with ContractLine(tmp_path) as line:
        for kind in (None, "text/plain", "application/x-www-form-urlencoded"):
            answer = await line.http("POST", START, {"gtin": GTIN}, headers={"Content-Type": kind})
            assert (answer.status, bool(error(answer))) == (415, True), kind
        for text in ("", "{", "gtin=1"):
            answer = await line.http("POST", START, text)
            assert (answer.status, bool(error(answer))) == (400, True), text
        wrong: list[tuple[str, dict[str, Any], int, str]] = [
            ("job/start", {}, 422, "gtin"),
            ("job/start", {"gtin": 4, "order": "", "replace": "x"}, 422, "replace"),
            ("codes/withdraw", {"code": "", "reason": "scrap"}, 422, "code"),
            ("job/start", {"gtin": GTIN, "mode": "x"}, 422, "mode"),
            ("job/start", {"gtin": GTIN, "nosuch": 1}, 422, "nosuch"),
            ("job/start", {"gtin": GTIN, "packages": "x"}, 422, "packages"),
            ("job/start", {"gtin": GTIN, "production_date": "2024-02-30"}, 422, "production_date"),
            ("job/start", {"gtin": GTIN, "series": "x" * 21}, 422, "series"),
            ("job/start", {"gtin": "03077972920046"}, 422, "gtin"),
            ("job/stop", {}, 409, ""),
            ("job/correct", {"series": "A"}, 409, ""),
            ("reports/seal", {"kind": "nosuch"}, 422, "kind"),
            ("reports/nosuch/retry", {}, 404, ""),
            ("reports/1/release", {"codes": "accepted"}, 422, "reason"),
            ("reports/nosuch/release", {"codes": "accepted", "reason": "x"}, 404, ""),
            ("packages/close", {}, 422, "station"),
            ("packages/close", {"station": "nosuch"}, 404, ""),
            ("packages/close", {"station": "marking-1"}, 409, ""),
            ("codes/withdraw", {"code": "01048992151223712112345", "reason": "nosuch"}, 422, "reason"),
            ("codes/withdraw", {"code": "010489921512237121UGM6BL+d+aHQw", "reason": "scrap"}, 404, ""),
            ("reads", {"code": "x", "reason": "y"}, 422, "station"),
            ("reads", {"station": "nosuch", "code": "x", "reason": "y"}, 404, ""),
            ("nosuch", {}, 404, ""),
        ]
        for path, body, status, named in wrong:
            answer = await line.post(path, **body)
            assert answer.status == status, (path, body, answer)
            error(answer)
            if named:
                assert named in [detail["path"] for detail in answer.json["error"]["details"]], (path, answer.text)
            assert not re.search(r"Input should|Field required|String should", answer.text), answer.text
        assert (await line.status())["job"] is None


async def test_the_same_id_is_answered_again_and_not_done_again_even_after_a_restart(tmp_path: Path) -> None:
    async with ContractLine(tmp_path) as line:
        first = await line.post("job/start", gtin=GTIN, id="start-1")
        assert first.status == 200
        assert (await line.post("job/stop", id="stop-1")).status == 200
        again = await line.post("job/start", gtin=GTIN, id="start-1")
        assert (again.status, again.json) == (200, first.json)
        assert (await line.status())["job"] is None, "the same id was done again"
        await line.kill()
        await line.start()
        assert (await line.post("job/start", gtin=GTIN, id="start-1")).json == first.json
        assert (await line.status())["job"] is None


async def test_status_holds_at_least_what_the_contract_shows_and_times_are_utc(tmp_path: Path) -> None:
    async with ContractLine(tmp_path) as line, line.scanner() as scanner:
        (code,) = await line.issue(1)
        await line.start_job(order="o")
        assert await scanner.say(code) == [OK]
        status = await line.status()
        assert set(status) >= set(
            "line version state problems job reads codes reports devices regulator mqtt journal".split()
        )
        assert (status["line"], status["state"], status["problems"]) == ("line-1", "running", [])
        assert set(status["job"]) >= set("id gtin order mode started_at reads codes".split())
        assert set(status["reads"]) == set("total accepted rejected no_read repeats by_reason".split())
        assert set(status["codes"]) == set("unreported reported accepted refused held withdrawn".split())
        assert list(status["reports"]) == REPORT_STATES
        (device,) = status["devices"]
        assert (device["id"], device["connected"]) == ("cam-1", True)
        assert isinstance(status["regulator"]["reachable"], bool)
        assert "credential_expires_at" in status["regulator"]
        assert status["mqtt"]["connected"] is False
        assert min(status["journal"]["bytes"], status["journal"]["free_bytes"]) > 0
        for at in (device["last_read_at"], status["job"]["started_at"], (await line.reports())[0]["opened_at"]):
            assert UTC_TIME.fullmatch(at), at
        assert sums_agree(status)
        assert status["job"]["reads"] == status["reads"]
        assert status["job"]["codes"] == status["codes"]


async def test_a_codes_story_is_found_percent_encoded_with_and_without_its_check_part(tmp_path: Path) -> None:
    plus = b"010489921512237121a+b%c&d\"e'fg?\x1d93abcd"
    async with ContractLine(tmp_path) as line, line.scanner() as scanner:
        await line.start_job()
        assert await scanner.say(plus) == [OK]
        ident = plus.decode().split("\x1d")[0]
        for asked in (ident, plus.decode()):
            answer = await line.http("GET", f"/api/v1/codes?code={quote(asked, safe='')}")
            assert answer.status == 200, answer
            assert answer.json["code"] == ident
        bare_plus = await line.http("GET", f"/api/v1/codes?code={quote(ident, safe='+')}")
        assert bare_plus.status in {404, 422}, "a bare + means a space"
        metrics = (await line.http("GET", "/metrics")).text
        assert "93abcd" not in metrics, "a check part is shown"


async def test_readyz_is_503_or_away_until_commands_can_be_given_and_the_token_is_there_before(tmp_path: Path) -> None:
    async with ContractLine(tmp_path) as line:
        token = line.token
        assert await line.terminate() == 0
        await line.start(ready=False)
        seen: set[int] = set()

        async def ready() -> bool:
            try:
                status = (await line.http("GET", "/readyz")).status
            except OSError:
                return False
            seen.add(status)
            return status == 200

        await line.until(ready, "never ready", bound_s=60)
        assert seen <= {200, 503}
        assert line.token == token
        assert (await line.post("job/start", gtin=GTIN)).status == 200
