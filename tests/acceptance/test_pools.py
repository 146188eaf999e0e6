"""`lined pool …` as installed, and what a loaded pool means over the wire."""

from __future__ import annotations

import json
from pathlib import Path

from tests.acceptance.contract_line import NG, OK, ContractLine
from tests.acceptance.test_contract_verdicts import reasons
from tests.harness.daemon import GTIN, OTHER_GTIN

SSCC = "00030779729200012315"


def write(path: Path, *codes: bytes, more: str = "") -> str:
    path.write_bytes(b"\n".join(codes) + b"\n" + more.encode())
    return str(path)


async def test_codes_that_were_issued_pass_and_others_are_unknown(tmp_path: Path) -> None:
    async with ContractLine(tmp_path) as line, line.scanner() as scanner:
        codes = await line.issue(2_006)
        foreign = await line.issue(1)
        await line.start_job()
        assert await scanner.say(codes[0]) == [OK]
        bad = write(tmp_path / "bad.txt", *codes[:3], more=f"junk\n{SSCC}\n")
        done = await line.run("pool", "load", bad, "--gtin", GTIN)
        assert done.code == 1 and not done.out
        assert "bad.txt:4: " in done.errors and "bad.txt:5: an SSCC" in done.errors
        assert (await line.run("pool", "show", "--json")).json == {"items": [], "next": None}

        file = write(tmp_path / "codes.txt", *codes)
        for added in (2_006, 0):
            done = await line.run("pool", "load", file, "--gtin", GTIN, "--json")
            assert done.code == 0, done.errors
            assert (done.json["codes"], done.json["applied"], done.json["added"]) == (2_006, 1, added)
        assert await scanner.say(codes[1], foreign[0], codes[0], foreign[0]) == [OK, NG, NG, NG]
        assert await reasons(line) == {"unknown-code": 2, "duplicate": 1}
        answer = await line.http("GET", "/api/v1/pools")
        (pool,) = answer.json["items"]
        assert (pool["gtin"], pool["state"], pool["left"]) == (GTIN, "active", 2_004)

        done = await line.run("pool", "drop", "--gtin", GTIN, "--json")
        assert done.code == 0 and done.json["state"] == "dropped"
        assert await scanner.say(foreign[0]) == [OK]


async def test_an_order_as_the_regulator_answers_it_is_loaded(tmp_path: Path) -> None:
    """The longest codes there are, the largest page: it fits a command."""

    def longest(text: str) -> str:
        return text.replace("GS1_AISTR_SHORT", "GS1_AISTR").replace("serial_length = 13", "serial_length = 20")

    async with ContractLine(tmp_path, change=longest) as line:
        codes = [code.decode() for code in await line.issue(2_001, template="GS1_AISTR", serial_length=20)]
        file = tmp_path / "pack.json"
        file.write_text(json.dumps({"packId": "0e13a2f6-14c9-4013-40c1-5ad0d9bfc655", "codes": codes}, indent=1))
        for added in (2_001, 0):
            done = await line.run("pool", "load", str(file), "--gtin", GTIN, "--json")
            assert done.code == 0, done.errors
            assert (done.json["codes"], done.json["added"]) == (2_001, added)
        file.write_text(json.dumps({"codes": [codes[0], codes[1][:-1]]}))
        done = await line.run("pool", "load", str(file), "--gtin", GTIN)
        assert (done.code, done.out) == (1, "")
        assert "pack.json:codes[1]: " in done.errors


async def test_without_a_daemon_the_journal_takes_the_codes(tmp_path: Path) -> None:
    async with ContractLine(tmp_path) as line:
        codes = await line.issue(3)
        file = write(tmp_path / "codes.txt", *codes[:2])
        assert await line.terminate() == 0
        done = await line.run("pool", "load", file, "--gtin", GTIN)
        assert done.code == 0 and "has 2 codes" in done.out, done
        done = await line.run("pool", "show", "--json")
        assert done.json["items"][0]["codes"] == 2
        await line.start()
        await line.start_job()
        async with line.scanner() as scanner:
            assert await scanner.say(*codes) == [OK, OK, NG]
        await line.kill()
        done = await line.run("pool", "load", file, "--gtin", GTIN)
        assert done.code == 1 and "start the daemon" in done.errors


async def test_pools_over_http_are_checked_like_every_command(tmp_path: Path) -> None:
    async with ContractLine(tmp_path) as line:
        codes = [code.decode() for code in await line.issue(2_001)]
        answer = await line.post("pools/load", gtin=OTHER_GTIN, codes=codes[:1])
        assert (answer.status, answer.json["error"]["code"]) == (422, "unknown-product")
        answer = await line.post("pools/load", gtin=GTIN, codes=codes)
        assert answer.status == 422 and answer.json["error"]["details"][0]["path"] == "codes"
        answer = await line.post("pools/load", gtin=GTIN, codes=[codes[0], SSCC])
        assert (answer.status, answer.json["error"]["code"]) == (422, "wrong-codes")
        assert answer.json["error"]["details"][0]["path"] == "codes[1]"
        for _ in range(2):  # the same id: answered again
            answer = await line.post("pools/load", gtin=GTIN, codes=codes[:2_000], id="page-1", complete=True)
            assert answer.status == 200 and answer.json["added"] == 2_000
        assert codes[0] not in answer.text
        answer = await line.http("POST", "/api/v1/pools/load", {"gtin": GTIN}, headers={"Authorization": None})
        assert answer.status == 401
        answer = await line.post("pools/drop", gtin=OTHER_GTIN)
        assert (answer.status, answer.json["error"]["code"]) == (404, "unknown-pool")
