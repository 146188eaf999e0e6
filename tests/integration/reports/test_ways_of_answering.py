"""Ways in which the regulator may answer, each played by the stand-in: what becomes of the codes, over real HTTP."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.harness.packing import (
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


# ── documents ───────────────────────────────────────────────────────────────────────────────────────────────────────
STORAGE = f"{DOCUMENTS}/storage"


async def looks(line: Plantwide, times: int) -> None:
    """So many looks at the documents, each in its time."""
    await line.line.operations.do("seal", {})
    await line.sealer.look()
    while await line.delivery.send_next():
        pass
    for _ in range(times):
        await line.line.execute("UPDATE report SET due_ms = 0 WHERE document_id IS NOT NULL AND due_ms IS NOT NULL")
        await line.delivery.follow_next()


async def test_a_refused_document_without_a_list_of_codes_is_held_with_its_status_and_its_errors(
    tmp_path: Path,
) -> None:
    async with plantwide(box_plant([APPLY]), tmp_path) as line:
        await applied(line, 3)
        await line.fault("document-error", path=UTILISATION, named=2)
        await line.fault("error-before", path=f"{STORAGE}/docs/*/codes", status=404, times=None)
        await looks(line, 1)
        first = await newest(line)
        assert (first["state"], first["document_status"]) == ("submitted", "ERROR")
        assert "internal-processing-error" in first["evidence"]
        await looks(line, 2)
        last = await newest(line)
        assert (last["state"], last["document_status"]) == ("held", "ERROR")
        assert "its errors: internal-processing-error (2)" in last["problem"]
        assert set((await own(line)).values()) == {None}


@pytest.mark.parametrize("foreign", ["id", "type"])
@pytest.mark.parametrize("kind", ["utilisation", "aggregation"])
async def test_the_card_of_another_document_changes_nothing(tmp_path: Path, foreign: str, kind: str) -> None:
    async with plantwide(box_plant([APPLY, PACK]), tmp_path) as line:
        codes = await applied(line, 3)
        if kind == "aggregation":
            await line.line.say_each("packer", [*codes, *await line.ssccs(1)])
            await line.deliver_only("utilisation")
            while await line.planning.look():
                pass
        await line.fault("stuck", path="*", stuck_s=3_600)
        await line.fault("foreign-card", foreign=foreign, times=3)
        await looks(line, 3)
        report = await newest(line, kind)
        assert report["state"] == "submitted"
        problems = {(problem.kind, problem.where) for problem in line.line.problems.all()}
        assert ("strange-answer", str(report["id"])) in problems
        await looks(line, 1)
        assert not [p for p in line.line.problems.all() if p.kind == "strange-answer"]


async def test_a_list_that_never_ends_keeps_no_other_document_waiting(tmp_path: Path) -> None:
    async with plantwide(box_plant([APPLY]), tmp_path) as line:
        await applied(line, 5)
        await line.fault("partial", path=UTILISATION)
        await line.fault("endless", path=f"{STORAGE}/docs/*/codes", times=None)
        await looks(line, 1)
        endless = await newest(line)
        assert (endless["state"], endless["document_status"]) == ("submitted", "PARTIALLY_PROCESSED")
        listed = (await line.http.get("/sandbox/faults")).json()["items"]
        assert {fault["kind"]: fault["hits"] for fault in listed}["endless"] <= 2
        await applied(line, 2)
        await looks(line, 1)
        assert (await newest(line))["state"] == "succeeded"


@pytest.mark.parametrize("spoil", [1, 4])
async def test_packages_of_which_only_the_children_are_listed_have_their_outcome(tmp_path: Path, spoil: int) -> None:
    async with plantwide(box_plant([APPLY, PACK]), tmp_path) as line:
        codes = await applied(line, 18)
        parents = await line.ssccs(6)
        for n, parent in enumerate(parents):
            await line.line.say_each("packer", [*codes[3 * n : 3 * n + 3], parent])
        await line.fault("children-only", times=None)
        await line.fault("partial", path=f"{DOCUMENTS}/aggregation", spoil=spoil)
        await line.deliver()
        assert await line.states("aggregation") == ["partial"]
        formed = {story["parent"] for code in codes if (story := await line.story(ident(code)))["parent"]}
        rows = dict(await line.line.rows("SELECT ident, own FROM package"))
        assert 6 - spoil <= len(formed) < 6
        assert rows == {parent: None if parent in formed else "refused" for parent in parents}
        assert await line.line.rows("SELECT waits_for FROM report WHERE kind = 'aggregation'") == [(None,)]
        tasks = {row[0] for row in await line.line.rows("SELECT ident FROM task WHERE kind = 'refused-package'")}
        assert tasks == set(parents) - formed


async def test_a_document_without_a_type_is_looked_into_by_its_content(tmp_path: Path) -> None:
    async with plantwide(box_plant([APPLY]), tmp_path) as line:
        await applied(line, 3)
        await line.fault("answer-lost", path=UTILISATION)
        await line.fault("typeless", path=f"{STORAGE}/docs/search", times=None)
        await looks(line, 0)
        assert await line.states("utilisation") == ["in_doubt"]
        await line.line.execute("UPDATE report SET due_ms = 0")
        await line.delivery.look_next()
        await looks(line, 1)
        assert await line.states("utilisation") == ["succeeded"]


async def test_remarks_are_kept_shown_and_counted(tmp_path: Path) -> None:
    async with plantwide(box_plant([APPLY]), tmp_path) as line:
        codes = await applied(line, 5)
        await line.fault("warned", path=UTILISATION, warned=2)
        await line.deliver()
        assert await line.states("utilisation") == ["succeeded"]
        await line.delivery.follow_next()
        warned = dict(await line.line.rows("SELECT ident, result FROM warning"))
        assert len(warned) == 2 and set(warned.values()) == {"EXTENDED_STATUS_EXISTS"}
        assert warned.keys() <= {ident(code) for code in codes}
        assert await line.line.rows("SELECT warnings FROM report") == [(2,)]
        assert set((await own(line)).values()) == {None}


async def test_a_success_without_an_id_is_looked_for_and_found(tmp_path: Path) -> None:
    async with plantwide(box_plant([APPLY]), tmp_path) as line:
        await applied(line, 3)
        await line.fault("no-id", path=UTILISATION)
        await looks(line, 0)
        report = await newest(line)
        assert report["state"] == "in_doubt"
        assert "HTTP 200: the answer has no readable reportId" in report["problem"]
        await line.line.execute("UPDATE report SET due_ms = 0")
        await line.delivery.look_next()
        await looks(line, 1)
        assert await line.states("utilisation") == ["succeeded"]
        assert (await line.http.get("/sandbox/books")).json()["codes"]["repeated_attempts"] == 0
