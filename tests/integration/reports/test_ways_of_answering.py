"""Ways in which the regulator may answer, each played by the stand-in: what becomes of the codes, over real HTTP."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.integration.packing.line import (
    APPLY,
    GTIN,
    PACK,
    VERIFY_APPLY,
    Plantwide,
    box_plant,
    plantwide,
)

UTILISATION = "/api/utilisation"
DOCUMENTS = "/public/api/v1/doc"
NAMINGS = ("value", "path", "text", "list")


def ident(code: str) -> str:
    return code.partition("\x1d")[0]


async def applied(line: Plantwide, count: int = 10) -> list[str]:
    """Codes of a job, applied and waiting to be reported."""
    codes = await line.issue(count)
    await line.line.operations.do("job-start", {"gtin": GTIN, "replace": True})
    assert await line.line.say_each("cam", codes) == ["accept"] * count
    return codes


async def own(line: Plantwide) -> dict[str, str | None]:
    return dict(await line.line.rows("SELECT ident, own FROM code"))


async def newest(line: Plantwide, kind: str = "utilisation") -> dict[str, Any]:
    names = "id, state, problem, evidence, document_id, document_status, attempts"
    rows = await line.line.rows(f"SELECT {names} FROM report WHERE kind = ? ORDER BY id DESC LIMIT 1", kind)
    return dict(zip(names.split(", "), rows[0], strict=True))


# ── whom a refusal names ────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("naming", NAMINGS)
async def test_a_code_that_a_refusal_names_in_any_way_is_refused_and_the_others_go_once_into_a_new_report(
    tmp_path: Path, naming: str
) -> None:
    async with plantwide(box_plant([APPLY]), tmp_path) as line:
        codes = await applied(line)
        await line.fault("reject", path=UTILISATION, codes=1, place=3, naming=naming)
        await line.deliver()
        assert await line.states("utilisation") == ["refused", "succeeded"]
        states = await own(line)
        assert [n for n, code in enumerate(codes) if states[ident(code)] == "refused"] == [3]
        assert Counter(states.values()) == {"refused": 1, None: 9}
        assert [len(body["sntins"]) for body in await line.sent("utilisation")] == [10, 9]


@pytest.mark.parametrize("naming", NAMINGS)
async def test_a_grade_that_a_refusal_names_in_any_way_is_refused_alone(tmp_path: Path, naming: str) -> None:
    async with plantwide(box_plant([VERIFY_APPLY]), tmp_path) as line:
        codes = await line.issue(5)
        await line.line.operations.do("job-start", {"gtin": GTIN})
        assert await line.line.say_each("grader", codes, grade="A") == ["accept"] * 5
        await line.fault("reject", path=f"{DOCUMENTS}/validation", codes=1, place=2, naming=naming)
        await line.deliver()
        assert await line.states("validation") == ["refused", "succeeded"]
        rows = await line.line.rows("SELECT ident FROM grade WHERE own = 'refused'")
        assert rows == [(ident(codes[2]),)]


@pytest.mark.parametrize("naming", NAMINGS)
@pytest.mark.parametrize(("place", "refused"), [(4, 1), (6, 1), (0, 0)])
async def test_a_package_or_a_child_that_a_refusal_names_in_any_way_refuses_its_package_alone(
    tmp_path: Path, naming: str, place: int, refused: int
) -> None:
    """Places 0 and 4 are the packages themselves, 6 is a child of the second."""
    async with plantwide(box_plant([APPLY, PACK]), tmp_path) as line:
        codes = await applied(line, 6)
        parents = await line.ssccs(2)
        for n, parent in enumerate(parents):
            await line.line.say_each("packer", [*codes[3 * n : 3 * n + 3], parent])
        await line.fault("reject", path=f"{DOCUMENTS}/aggregation", codes=1, place=place, naming=naming)
        await line.deliver()
        assert await line.states("aggregation") == ["refused", "succeeded"]
        rows = await line.line.rows("SELECT ident FROM package WHERE own = 'refused'")
        assert rows == [(parents[refused],)]


@pytest.mark.parametrize("naming", NAMINGS)
async def test_a_refusal_that_points_at_no_code_is_about_the_document(tmp_path: Path, naming: str) -> None:
    async with plantwide(box_plant([APPLY]), tmp_path) as line:
        await applied(line)
        await line.fault("reject", path=UTILISATION, codes=0, naming=naming)
        await line.deliver()
        assert await line.states("utilisation") == ["held"]
        assert set((await own(line)).values()) == {None}
