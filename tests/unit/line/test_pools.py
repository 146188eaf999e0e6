"""Code pools: `unknown-code` in its place among the reasons, and the sums of a pool whatever came first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lined.api.statuses import STATUS
from lined.codes import Shape
from lined.commands import pools as pool_commands
from lined.journal import writer
from lined.journal.tables import pools
from lined.line.plant import Station
from lined.supply.pool_codes import code_of, with_lost_separators
from lined.vocabulary.errors import CommandError
from tests.harness.line import GS, OIL, SSCC, TOBACCO, WATER, Line, frame, ident, oil, plant
from tests.harness.packing import GROUP_GTIN, GROUPS, VERIFY_APPLY, box_plant, marks
from tests.harness.packing import Line as PackingLine

WATER_CODE = f"01{WATER}21A000001{GS}93abcd"
TOBACCO_CODE = f"{TOBACCO}7bePLC4DT0lgreN"


async def load(line: Line, *codes: str, complete: bool = True, gtin: str = OIL) -> dict[str, Any]:
    return await line.line.do("pool-load", {"gtin": gtin, "codes": list(codes), "complete": complete})


async def pool(line: Line, gtin: str = OIL) -> tuple[str, int, int]:
    found = (await line.read(pools.present))[gtin]
    return found.state, found.codes, found.applied


async def test_what_is_not_in_the_pool_is_unknown_and_only_of_its_product(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        await load(line, oil(1), ident(2))
        await line.job()
        assert await line.words("cam-1", oil(1), oil(2), oil(3)) == ["accept", "accept", "unknown-code"]
        assert await line.words("cam-1", *(oil(n) for n in range(1, 12))) == ["duplicate"] * 2 + ["unknown-code"] * 9
        await line.job(TOBACCO, replace=True)
        assert await line.word("cam-1", TOBACCO_CODE) == "accept"
        assert (await line.sums())["reason.unknown-code"] == 10
        assert await pool(line) == ("active", 2, 2)


async def test_its_place_is_after_wrong_product_and_before_duplicate(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        await line.job()
        assert await line.word("cam-1", oil(1)) == "accept"
        await load(line, oil(2))
        assert await line.words("cam-1", oil(1), oil(2), oil(2)) == ["unknown-code", "accept", "duplicate"]
        assert await line.word("cam-1", WATER_CODE) == "wrong-product"
        assert await line.word("cam-1", SSCC) == "wrong-level"
        await line.line.do("job-stop", {})
        assert await line.word("cam-1", oil(3)) == "no-job"


async def test_a_verifier_that_applies_knows_the_pool_before_the_grade(tmp_path: Path) -> None:
    line = PackingLine(box_plant([VERIFY_APPLY]), tmp_path / "line.db")
    await line.open()
    try:
        good, foreign = marks(2)
        gtin = good[2:16]
        await line.operations.do("pool-load", {"gtin": gtin, "codes": [good], "complete": True})
        await line.operations.do("job-start", {"gtin": gtin})
        assert await line.say("grader", foreign, grade="D") == "unknown-code"
        assert await line.say("grader", good, grade="D") == "low-grade"
        assert await line.say("grader", good, grade="A") == "accept"
        assert await line.rows("SELECT applied FROM pool") == [(1,)]
    finally:
        await line.close()


async def test_a_pool_refuses_nothing_before_it_is_complete_nor_after_it_was_dropped(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        await line.job()
        await load(line, oil(1), complete=False)
        assert await line.word("cam-1", oil(2)) == "accept"
        await load(line)
        assert await line.word("cam-1", oil(3)) == "unknown-code"
        await load(line, oil(3))
        assert await line.word("cam-1", oil(3)) == "accept"
        await line.line.do("pool-drop", {"gtin": OIL})
        assert await line.word("cam-1", oil(4)) == "accept"
        with pytest.raises(CommandError, match="No code pool"):
            await line.line.do("pool-drop", {"gtin": OIL})
        await load(line, oil(5))  # a new one, while the old one's codes are still there
        assert await line.words("cam-1", oil(6), oil(5)) == ["unknown-code", "accept"]


async def test_the_pool_holds_after_a_restart_and_after_a_rollback(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        await load(line, oil(1), oil(2))
        await line.job()
        line.fail_next = True
        assert await line.words("cam-1", oil(1), oil(9)) == ["not-durable", "not-durable"]
        assert await pool(line) == ("active", 2, 0)
        assert await line.words("cam-1", oil(1), oil(9)) == ["accept", "unknown-code"]
        await line.restart()
        assert await line.words("cam-1", oil(2), oil(9)) == ["accept", "unknown-code"]
        assert await pool(line) == ("active", 2, 2)


async def test_codes_are_counted_as_applied_once_whatever_came_first(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        await line.job()
        assert await line.word("cam-1", oil(1)) == "accept"
        await load(line, oil(1), oil(2), oil(3), complete=False)
        assert await pool(line) == ("loading", 3, 1)
        assert await line.word("cam-1", oil(2)) == "accept"  # while it is loading
        await load(line, oil(1), oil(2), oil(3), oil(1), ident(3))
        assert await pool(line) == ("active", 3, 2)
        await line.line.do("withdraw", {"code": oil(2), "reason": "damaged"})
        assert await line.word("cam-1", oil(2)) == "accept"  # again: it is counted already
        assert await pool(line) == ("active", 3, 2)


async def test_a_test_job_judges_by_the_pool_and_uses_nothing_of_it(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        await load(line, oil(1))
        await line.job(mode="test")
        assert await line.words("cam-1", oil(1), oil(1), oil(2)) == ["accept", "accept", "unknown-code"]
        assert await pool(line) == ("active", 1, 0)


async def test_a_pool_of_tobacco_codes(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        await load(line, TOBACCO_CODE, gtin=TOBACCO)
        await line.job(TOBACCO)
        other = f"{TOBACCO}7bePLC5DT0lgreN"
        assert await line.words("cam-1", TOBACCO_CODE, other) == ["accept", "unknown-code"]


async def test_one_bad_code_and_nothing_of_the_page_is_loaded(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        with pytest.raises(CommandError) as refused:
            await load(line, oil(1), "junk", SSCC, WATER_CODE, oil(2))
        assert [problem.path for problem in refused.value.details] == ["codes[1]", "codes[2]", "codes[3]"]
        assert not await line.read(pools.present)
        with pytest.raises(CommandError, match="neither a product"):
            await load(line, gtin="04780012345004")
        with pytest.raises(CommandError, match="no codes"):
            await load(line)


async def test_the_codes_of_a_dropped_pool_go_step_by_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "SWEEP_ROWS", 4)
    async with Line(tmp_path / "j.db") as line:
        await load(line, *(oil(n) for n in range(10)))
        await line.line.do("pool-drop", {"gtin": OIL})
        await load(line, oil(3))
        left = []
        while await line.read(pools.sweep):
            left += await line.rows("SELECT count(*) FROM pool_code")
        assert left == [(7,), (3,), (1,)]
        assert await line.rows("SELECT no, codes FROM pool") == [(2, 1)]


async def test_a_page_is_loaded_in_steps_between_which_reads_are_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So no verdict waits for a whole page: here a group of the writer takes one work."""
    monkeypatch.setattr(pool_commands, "STEP_CODES", 2)
    monkeypatch.setattr(writer, "GROUP_MAX", 1)
    async with Line(tmp_path / "j.db") as line:
        await line.job()
        commits = line.journal.writer.commits
        await load(line, *(oil(n) for n in range(10)))
        assert line.journal.writer.commits - commits == 6


async def test_a_group_s_own_code_is_looked_for_in_the_pool_of_groups(tmp_path: Path) -> None:
    line = PackingLine(box_plant([Station("marking", "apply", ("cam",)), GROUPS]), tmp_path / "line.db")
    await line.open()
    try:
        units = marks(2)
        foreign, good = marks(2, GROUP_GTIN, seed=2)
        await line.operations.do("pool-load", {"gtin": GROUP_GTIN, "codes": [good], "complete": True})
        await line.operations.do("job-start", {"gtin": units[0][2:16]})
        assert await line.say_each("cam", units) == ["accept"] * 2
        assert await line.say_each("wrapper", units) == ["accept"] * 2
        assert await line.say("wrapper", foreign) == "unknown-code"
        with pytest.raises(CommandError, match="not in the code pool"):
            await line.operations.do("package-close", {"station": "groups", "parent": foreign})
        assert await line.say("wrapper", good) == "accept"
        assert await line.rows("SELECT applied FROM pool") == [(1,)]
    finally:
        await line.close()


async def test_nothing_is_asked_of_pools_that_are_not_there(tmp_path: Path) -> None:
    """The way of a read is no longer than before where no pool is loaded for its product."""
    async with Line(tmp_path / "j.db", plant()) as line:
        await load(line, WATER_CODE, gtin=WATER)
        await line.job()
        asked: list[str] = []
        await line.read(lambda connection: connection.set_trace_callback(asked.append))
        judgement = await line.submit("cam-1", *(frame(oil(n)) for n in range(20)))
        line.intake.replied("cam-1", judgement)
        await line.read(lambda connection: connection.set_trace_callback(None))
        assert any("FROM code" in statement for statement in asked)
        assert not [statement for statement in asked if "pool" in statement]


async def test_check_parts_are_kept_for_the_printer(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        full, tail = oil(1), oil(1).removeprefix(ident(1))
        await load(line, ident(1), oil(2), complete=False)

        async def tails() -> dict[str, str]:
            rows = await line.read(
                lambda connection: connection.execute("SELECT serial, tail FROM pool_code").fetchall()
            )
            return dict(map(tuple, rows))

        assert sorted((await tails()).values()) == ["", tail]
        assert (await load(line, full, ident(2)))["added"] == 0
        assert set((await tails()).values()) == {tail}, "what came without gains it, what has it keeps it"
        other = f"{ident(1)}{GS}93wxyz"
        for given in ([oil(3), other], [oil(3), f"{ident(3)}{GS}93wxyz"]):
            with pytest.raises(CommandError) as refused:
                await load(line, *given)
            assert (STATUS[type(refused.value)], refused.value.code) == (409, "other-check-part")
            assert "wxyz" not in str(refused.value.details)
        assert (await pool(line))[1] == 2
        assert tail in (await tails()).values()


async def test_a_page_of_codes_that_may_be_others_is_refused(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        shapes = {OIL: Shape(None, None)}
        lost = [f"01{OIL}21ABCDEF{number}93abcd" for number in range(3)]
        some_whole = [f"01{OIL}21ABCDEF{number}{GS}93abcd" for number in range(3, 6)]
        chance = [f"01{OIL}21ABCDEFG9{number}abcd" for number in range(4)]
        found = [code_of(text, OIL, shapes) for text in (*lost, *some_whole)]
        assert with_lost_separators(found, shapes[OIL]) == [0, 1, 2]
        assert with_lost_separators([code_of(text, OIL, shapes) for text in chance], shapes[OIL]) == []
        for given in (
            f"01{OIL}21ABC&lt;DE{GS}93abcd",
            f"01{OIL}21ABC\\u0026DE{GS}93abcd",
        ):
            with pytest.raises(CommandError) as refused:
                await load(line, oil(1), given)
            assert (refused.value.code, refused.value.details[0].path) == ("wrong-codes", "codes[1]")
        assert await line.read(pools.present) == {}
