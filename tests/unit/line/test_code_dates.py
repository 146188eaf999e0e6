"""A job that names its codes, and a production date before these were there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lined.journal.database import Connection
from lined.journal.tables import code_orders, rolls, sub_orders
from lined.vocabulary.errors import CommandError
from tests.harness.line import DAY, HOUR, NOON, OIL, WATER, Line, oil


def ordered(connection: Connection, gtin: str, at_ms: int) -> int:
    order = code_orders.add(
        connection, marker=f"m{at_ms}{gtin}", product_group="g", method="PRIMARY", completes=False, at_ms=at_ms, by="",
        why="x",
    )  # fmt: skip
    sub_orders.add(connection, order, gtin=gtin, quantity=9, level="UNIT", series_no=None, serial_first=None)
    return order


async def warned(line: Line, date: str | None, **more: Any) -> list[str]:
    """The warnings of a job's start."""
    given = {"production_date": date} if date else {}
    answer = await line.job(replace=True, **given, **more)
    assert all("before the codes" in one for one in answer["warnings"])
    return list(answer["warnings"])


async def test_a_production_date_before_the_codes_were_loaded_is_a_warning_and_the_job_runs(tmp_path: Path) -> None:
    async with Line(tmp_path / "line-1.db") as line:
        assert await warned(line, "2026-11-01") == []  # nothing is known of its codes
        await line.line.do("pool-load", {"gtin": OIL, "codes": [oil(1)]})
        (text,) = await warned(line, "2026-11-22")
        assert OIL in text and "2026-11-22" in text
        assert await warned(line, "2026-11-23") == []  # the day they came
        assert await warned(line, "2026-11-23T11:59:00+05:00") != []
        assert await warned(line, "2026-11-23T12:00:00+05:00") == [] == await warned(line, None)
        assert await warned(line, "2026-11-22") != [] and await line.word("cam-1", oil(1)) == "accept"


async def test_the_order_or_the_roll_that_a_job_names_says_when_its_codes_were_ordered(tmp_path: Path) -> None:
    async with Line(tmp_path / "line-1.db") as line:
        first = str(await line.journal.do(lambda x: ordered(x, OIL, NOON - 10 * DAY)))
        second = await line.journal.do(lambda x: ordered(x, OIL, NOON - 2 * DAY))
        await line.line.do("pool-load", {"gtin": OIL, "codes": [oil(1)]})
        await line.journal.do(
            lambda x: rolls.begin(x, name="Print 7", gtin=OIL, order_id=second, wanted=1, at_ms=NOON, by="")
        )
        day = "2026-11-17"  # between both
        assert await warned(line, day) == [] == await warned(line, day, code_order=first)
        assert await warned(line, day, code_order=str(second)) != [] != await warned(line, day, roll="Print 7")
        assert await warned(line, "2026-11-12") != []
        job = await line.job(replace=True, code_order=first, roll="Print 7")
        assert (job["code_order"], job["roll"]) == (first, "Print 7")
        line.now += HOUR
        corrected = await line.line.do("job-correct", {"series": "L1"})
        assert (corrected["code_order"], corrected["roll"], corrected["series"]) == (first, "Print 7", "L1")


@pytest.mark.parametrize("named", [{"roll": "Print 8"}, {"code_order": "7"}, {"code_order": "x"}, {"roll": "of water"}])
async def test_what_a_job_names_has_to_be_of_its_product(tmp_path: Path, named: dict[str, str]) -> None:
    async with Line(tmp_path / "line-1.db") as line:
        await line.journal.do(
            lambda x: rolls.begin(x, name="of water", gtin=WATER, order_id=None, wanted=1, at_ms=NOON, by="")
        )
        with pytest.raises(CommandError) as refused:
            await line.job(**named)
        assert [problem.path for problem in refused.value.details] == list(named)
        assert await line.rows("SELECT count(*) FROM job") == [(0,)]
