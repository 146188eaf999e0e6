"""Print quality, from the verifier's read to the regulator's outcome."""

from __future__ import annotations

from pathlib import Path

from tests.harness.packing import APPLY, GTIN, VERIFY, VERIFY_APPLY, box_plant, plantwide


def ident(code: str) -> str:
    return code.partition("\x1d")[0]


async def test_each_code_is_validated_once_with_its_last_accepted_grade(tmp_path: Path) -> None:
    async with plantwide(box_plant([APPLY, VERIFY]), tmp_path) as line:
        codes = await line.issue(5)
        await line.line.operations.do("job-start", {"gtin": GTIN, "order": "7-1"})
        assert await line.line.say_each("cam", codes) == ["accept"] * 5
        assert await line.line.say_each("grader", codes, "3.8") == ["accept"] * 5
        assert await line.line.say("grader", ident(codes[0]), grade="2.0/10/660/45Q") == "accept"
        assert await line.line.say("grader", codes[1], grade="D") == "low-grade"
        await line.deliver()
        assert await line.states("validation") == ["succeeded"]
        (document,) = await line.sent("validation")
        assert {row["code"]: row["printQualityClass"] for row in document["codes"]} == {
            ident(codes[0]): "C",
            **{ident(code): "A" for code in codes[2:]},
        }
        assert document["packageType"] == "UNIT" and document["productionOrderId"] == "7-1"
        assert list(document) == sorted(document)
        story = await line.story(codes[0])
        assert [effect["kind"] for effect in story["effects"]] == ["UTILISATION", "VALIDATION"]
        # every later grade is kept, and nothing is sent a second time
        assert await line.line.say("grader", codes[0], grade="A") == "accept"
        await line.deliver()
        assert await line.states("validation") == ["succeeded"]
        assert await line.line.rows("SELECT count(*) FROM grade WHERE ident = ?", ident(codes[0])) == [(3,)]


async def test_a_verifier_that_applies_never_applies_a_low_grade(tmp_path: Path) -> None:
    async with plantwide(box_plant([VERIFY_APPLY]), tmp_path) as line:
        codes = await line.issue(3)
        await line.line.operations.do("job-start", {"gtin": GTIN})
        assert await line.line.say("grader", codes[0], grade="1.4") == "low-grade"
        assert await line.line.say("grader", codes[1]) == "low-grade"
        assert line.line.problems.has("no-grade")
        assert await line.line.say("grader", codes[2], grade="B 3.0") == "accept"
        assert await line.line.say("grader", codes[2], grade="B 3.0") == "duplicate"
        assert await line.line.say("grader", codes[0], grade="A") == "accept"
        await line.deliver()
        assert await line.states("utilisation") == ["succeeded"] and await line.states("validation") == ["succeeded"]
        (document,) = await line.sent("validation")
        assert {row["code"] for row in document["codes"]} == {ident(codes[2]), ident(codes[0])}


async def test_a_refused_row_is_for_people_and_nothing_is_sent_again(tmp_path: Path) -> None:
    async with plantwide(box_plant([APPLY, VERIFY]), tmp_path) as line:
        codes = await line.issue(3)
        strange = (await line.issue(1, tin="123456789"))[0]
        await line.line.operations.do("job-start", {"gtin": GTIN})
        await line.line.say_each("grader", [*codes, strange], "A")
        await line.deliver()
        assert await line.states("validation") == ["partial"]
        assert await line.line.rows("SELECT kind, ident, reason FROM task") == [
            ("refused-code", ident(strange), "code-not-owned")
        ]


async def test_a_document_refused_whole_sends_the_innocent_once_more(tmp_path: Path) -> None:
    async with plantwide(box_plant([APPLY, VERIFY]), tmp_path, some_bad="error") as line:
        codes = await line.issue(3)
        strange = (await line.issue(1, tin="123456789"))[0]
        await line.line.operations.do("job-start", {"gtin": GTIN})
        await line.line.say_each("grader", [*codes, strange], "A")
        await line.deliver()
        assert await line.states("validation") == ["refused", "succeeded"]
        first, second = await line.sent("validation")
        assert len(first["codes"]) == 4
        assert {row["code"] for row in second["codes"]} == {ident(code) for code in codes}
