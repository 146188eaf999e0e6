"""Pools verified before they are used: what the regulator says of each code, and that nothing bad is loaded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import Result

from lined.vocabulary.errors import LinedError
from tests.harness.daemon import Line
from tests.harness.desk import GTIN, Desk, served
from tests.harness.programs import free_port

OTHER_TIN = "123456789"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with served(tmp_path) as desk:
        yield desk


def verify(desk: Desk, codes: list[str], *words: str) -> Result:
    file = desk.folder / "codes.txt"
    file.write_text("".join(f"{code}\n" for code in codes))
    return desk.lined("pool", "verify", str(file), "--gtin", GTIN, *words)


def spoiled(code: str) -> str:
    """The same code with another check part."""
    return code[:-1] + ("A" if code[-1] != "A" else "B")


def test_each_code_is_told_by_its_class_and_line_and_no_check_part_is_shown(desk: Desk) -> None:
    good = desk.issue(3)
    fake = spoiled(desk.issue(1)[0])
    others = desk.issue(1, tin=OTHER_TIN)[0]
    invented = good[0].replace(good[0][18:31], "INVENTED+CODE")
    done = verify(desk, [*good, fake, others, invented], "--json")
    assert done.exit_code == 1, (done.output, done.exception)
    document = json.loads(done.stdout)
    assert document["codes"] == 6
    assert document["standings"] == {"usable": 3, "not-genuine": 2, "others": 1}
    assert {(one["line"], one["standing"]) for one in document["bad"]} == {
        ("4", "not-genuine"), ("5", "others"), ("6", "not-genuine"),
    }  # fmt: skip
    for code in (*good, fake, others):
        assert code.partition("\x1d")[2] not in done.output + done.stderr
    assert f"codes.txt:4: {fake.partition(chr(29))[0]} is not genuine" in done.stderr
    assert verify(desk, good).exit_code == 0
    assert "3 of 3 codes of codes.txt are usable." in verify(desk, good).output


def test_more_than_a_page_is_asked_page_by_page(desk: Desk) -> None:
    codes = desk.issue(2_300)
    codes[2_100] = spoiled(codes[2_100])
    document = json.loads(verify(desk, codes, "--json").stdout)
    assert document["standings"] == {"usable": 2_299, "not-genuine": 1}
    assert [one["line"] for one in document["bad"]] == ["2101"]
    asked = desk.control.get("/sandbox/books").json()
    assert asked["codes"]["applied"] == 0


def test_without_check_parts_nothing_can_be_verified(desk: Desk) -> None:
    idents = [code.partition("\x1d")[0] for code in desk.issue(2)]
    document = json.loads(verify(desk, idents, "--json").stdout)
    assert document["standings"] == {"no-check-part": 2}


def test_a_regulator_that_does_not_answer_makes_nothing_usable(desk: Desk) -> None:
    desk.fault(kind="error-before", path="*code-verification*", status=500, times=None)
    done = verify(desk, desk.issue(2))
    assert isinstance(done.exception, LinedError)
    assert "usable" not in done.stdout


def test_leaving_out_goes_with_verifying_only(desk: Desk) -> None:
    file = desk.folder / "codes.txt"
    file.write_text(f"{desk.issue()[0]}\n")
    assert desk.lined("pool", "load", str(file), "--gtin", GTIN, "--leave-out-bad").exit_code == 2


async def test_one_bad_code_and_nothing_is_loaded_or_all_but_the_bad_ones(tmp_path: Path) -> None:
    async with Line(tmp_path, [f"raw:tcp-listen://127.0.0.1:{free_port()}"]) as line:
        codes = [code.decode() for code in await line.issue(5)]
        file = tmp_path / "codes.txt"
        file.write_text("".join(f"{code}\n" for code in [*codes[:4], spoiled(codes[4])]))
        words = ("pool", "load", str(file), "--gtin", GTIN, "--verify")
        refused = await line.run(*words)
        assert refused.code == 1 and "4 of 5 codes of codes.txt are usable (not-genuine 1)" in refused.errors
        assert (await line.run("pool", "show", "--json")).json["items"] == []
        done = await line.run(*words, "--leave-out-bad", "--json")
        assert done.code == 0, done.errors
        assert (done.json["codes"], done.json["verified"]["standings"]) == (4, {"usable": 4, "not-genuine": 1})
