"""A report that was refused whole is one thing on the work list, not one for each of its codes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from lined.commands import tasks as ending_tasks
from lined.commands.registry.execution import Call
from lined.journal.database import Connection
from lined.journal.tables import tasks
from lined.journal.views import task_groups
from lined.vocabulary.tasks import TaskKind
from tests.harness.served import Line, code
from tests.harness.served_lines import a_line

REPORT = 7
REASON = "code-not-owned"


def ident(number: int) -> str:
    return code(number)[:31]


async def refuse(line: Line, numbers: Sequence[int], reason: str = REASON, *, packed: bool = False) -> None:
    """Let a report have been refused for these codes, each in a box of its own where they are packed."""

    def step(connection: Connection) -> None:
        for number in numbers:
            tasks.add(connection, TaskKind.REFUSED_CODE, 1, ident=ident(number), reason=reason, report_id=REPORT)
            if packed:
                about = f"{reason}: {ident(number)}"
                holds = TaskKind.PACKAGE_HOLDS_REFUSED
                tasks.add(connection, holds, 1, ident=f"00{number:018d}", reason=about, report_id=REPORT)

    await line.journal.do(step)


async def cards(line: Line, address: str = "/work") -> list[str]:
    """The cards of a work list, without their tags."""
    reply = await line.get(f"{address}{'&' if '?' in address else '?'}lang=en")
    assert reply.status == 200
    found = re.findall(r'<li class="card task.*?</li>', reply.body.decode(), re.DOTALL)
    return [" ".join(re.sub("<[^>]*>", " ", card).split()) for card in found]


async def things(line: Line) -> int:
    return (await line.journal.read(task_groups.waiting)).things


async def test_what_a_report_was_refused_for_is_one_card_and_counts_once(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        await refuse(line, range(12))
        await refuse(line, [20], "invalid-check-code")
        one, group = await cards(line)
        assert ident(20) in one and "It is dealt with" in one and "check part of the code is wrong" in one
        assert "A code was refused × 12" in group and "Report 7" in group and "9 more" in group
        assert "The code belongs to another participant." in group and "All of it is dealt with" in group
        assert re.findall(r"01\d{14}21\d{13}", group) == [ident(number) for number in range(3)]
        assert await things(line) == 2
        page = (await line.get("/")).body.decode()
        assert re.search(r'id="work"[^>]*>2<', page), "the bar counts what the list shows"


async def test_each_of_a_group_is_reached_page_by_page(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        await refuse(line, range(70), packed=True)
        (group,) = await cards(line)
        assert "× 70" in group and "One by one" in group
        found, address = [], f"/work?report={REPORT}&reason={REASON}"
        while address:
            text = (await line.get(address)).body.decode()
            found += re.findall(r'"task": "(\d+)"', text)
            following = re.search(r'rel="next" href="([^"]*)"', text)
            address = following[1].replace("&amp;", "&") if following else ""
        assert len(set(found)) == 140
        (first, *_), reply = (
            await cards(line, f"/work?report={REPORT}&reason={REASON}"),
            await line.get("/api/v1/tasks"),
        )
        assert "× 70" in first and len(reply.json["items"]) == 100


async def test_a_task_is_added_without_a_look_at_all_of_its_report(tmp_path: Path) -> None:
    def plans(connection: Connection) -> list[str]:
        said: list[str] = []
        connection.set_trace_callback(said.append)
        tasks.add(connection, TaskKind.REFUSED_CODE, 1, ident=ident(1), reason=REASON, report_id=REPORT)
        connection.set_trace_callback(None)
        (select,) = [text for text in said if text.startswith("SELECT")]
        return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {select}")]

    async with a_line(tmp_path) as line:
        (plan,) = await line.journal.do(plans)
        assert "task_open (ident=? AND kind=?)" in plan


async def test_few_stand_singly_as_they_always_did(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        await refuse(line, [1], packed=True)
        assert len(await cards(line)) == 2 and await things(line) == 1
        assert not any("All of it" in card for card in await cards(line))


async def test_a_group_is_dealt_with_in_steps_once_and_what_comes_later_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ending_tasks, "STEP_TASKS", 5)
    async with a_line(tmp_path) as line:
        await refuse(line, range(10))
        await refuse(line, range(12), "invalid-check-code", packed=True)
        wish = {"report": str(REPORT), "reason": REASON, "note": "scrapped", "by": "Aziza", "id": "one"}
        reply = await line.post("/api/v1/tasks/done", wish)
        assert reply.json == {"report": "7", "reason": REASON, "state": "done", "tasks": 10}
        await refuse(line, range(20, 22))
        assert (await line.post("/api/v1/tasks/done", wish)).json == reply.json
        of_reason = (await line.get(f"/api/v1/tasks?report={REPORT}&reason={REASON}")).json["items"]
        assert [one["code"] for one in of_reason] == [ident(21), ident(20)]
        done = (await line.get("/api/v1/tasks?done=1")).json["items"]
        assert {(one["reason"], one["done_by"], one["note"]) for one in done} == {(REASON, "Aziza", "scrapped")}
        assert (await line.post("/api/v1/tasks/done", {**wish, "note": "lost"})).error == "id-reused"
        assert len((await line.get("/api/v1/tasks?done=1")).json["items"]) == 10
        assert (await line.post("/api/v1/tasks/done", {"report": str(REPORT)})).json["tasks"] == 26
        assert await things(line) == 0
        assert (await line.post("/api/v1/tasks/done", {"report": str(REPORT)})).error == "unknown-task"


async def test_a_group_that_was_cut_off_is_ended_by_the_same_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ending_tasks, "STEP_TASKS", 5)
    async with a_line(tmp_path) as line:
        await refuse(line, range(15))
        submit, steps = Call._submit, 0

        async def cut_off(*arguments: Any, **more: Any) -> Any:
            nonlocal steps
            steps += 1
            if steps == 3:  # a look, then the first five
                raise TimeoutError
            return await submit(*arguments, **more)

        with monkeypatch.context() as broken:
            broken.setattr(Call, "_submit", cut_off)
            with pytest.raises(TimeoutError):
                await line.line.do("task-done", {"report": str(REPORT)}, id="one")
        assert len((await line.get("/api/v1/tasks")).json["items"]) == 10
        assert (await line.post("/api/v1/tasks/done", {"report": str(REPORT), "id": "one"})).json["tasks"] == 10
        assert await things(line) == 0


@pytest.mark.parametrize("wish", [{}, {"task": "1", "report": "7"}])
async def test_a_task_or_a_report_is_named(tmp_path: Path, wish: dict[str, str]) -> None:
    async with a_line(tmp_path) as line:
        assert (await line.post("/api/v1/tasks/done", wish)).status == 422


@pytest.mark.parametrize("number", ["9" * 19, "9" * 100, "²", "x"])
async def test_a_number_that_is_none_stops_nothing(tmp_path: Path, number: str) -> None:
    async with a_line(tmp_path) as line:
        for name in ("task", "report"):
            assert (await line.post("/api/v1/tasks/done", {name: number})).error == "unknown-task"
        await line.start()
        assert await line.codes([1]) == [True]
