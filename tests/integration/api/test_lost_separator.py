"""A code whose separator got lost, of a product without `serial_length`: its check part looks like part of the serial,
and stands nowhere that anybody reads.
"""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.harness.served import GTIN, TAIL, Frame, Line
from tests.harness.served_lines import a_line

LOST = f"01{GTIN}21UGM6BL+d+aHQw93{TAIL}"
COMMANDS = {
    "reads": {"station": "marking", "code": LOST},
    "codes/withdraw": {"code": LOST, "reason": "scrap"},
    "packages/close": {"station": "boxing", "parent": LOST},
    "packages/dissolve": {"parent": LOST},
    "packages/take-out": {"code": LOST},
    "packages/replace": {"code": LOST, "with": LOST},
    "reports/correct": {"codes": [LOST], "series": "A"},
}


def silent(said: object) -> None:
    text = said.decode() if isinstance(said, bytes) else json.dumps(said)
    assert f"93{TAIL}" not in text and f"21UGM6BL+d+aHQw93{TAIL[:2]}" not in text, text


async def heard(line: Line, device: str) -> list[str | None]:
    found: list[str | None] = []
    line.intake.listeners.append(lambda verdicts: found.extend(verdict.code for verdict in verdicts))
    assert await line.read(Frame("read", (LOST.encode(),)), device=device) == [False]
    return found


async def test_the_verdict_of_what_is_malformed_names_no_code(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        await line.start()
        assert await heard(line, "cam-1") == [None]
        assert await heard(line, "cam-3") == [None]  # where codes without check part are read too
        line.devices["cam-1"].last_raw = LOST.encode()
        for page in ("/status", "/", "/codes", "/line", "/api/v1/alarms", f"/api/v1/codes?code={quote(LOST)}"):
            silent((await line.get(page)).body)
        reply = await line.post("/api/v1/reads", COMMANDS["reads"])
        assert (reply.json["reason"], reply.json["code"]) == ("malformed", None)


@pytest.mark.parametrize("path", COMMANDS)
async def test_no_command_says_it_again(tmp_path: Path, path: str) -> None:
    async with a_line(tmp_path) as line:
        await line.start()
        await line.codes([1])
        await line.codes([1], device="cam-3")  # a package is open
        silent((await line.post(f"/api/v1/{path}", COMMANDS[path])).body)


async def test_a_good_code_keeps_its_name(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        found: list[str | None] = []
        line.intake.listeners.append(lambda verdicts: found.extend(verdict.code for verdict in verdicts))
        await line.codes([1])  # no job
        await line.start()
        await line.codes([1, 1])
        assert found == [f"01{GTIN}210000000000001"] * 3
