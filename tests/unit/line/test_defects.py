"""Defects of ours: noted, counted, told; a loop goes on behind them, a read they meet is rejected, others are not."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from lined.journal.database import Connection
from lined.line.stations.transaction import Transaction
from lined.line.watch.defects import LEAST, TOLD_WHOLE, WAIT_MOST_S, Defects
from lined.line.watch.problems import Problems
from lined.vocabulary.alarms import AlarmKind
from lined.vocabulary.errors import Defect, DeviceError, JournalBroken, LinedError, SettingsError
from tests.harness.line import Line, frame, oil


class Waits:
    """A `sleep` that takes no time."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    async def __call__(self, wait_s: float) -> None:
        self.taken.append(wait_s)
        await asyncio.sleep(0)


def noted() -> tuple[Defects, Problems, Waits]:
    problems, waits = Problems(lambda: 0), Waits()
    return Defects(problems, waits), problems, waits


async def test_a_loop_goes_on_after_each_defect_later_and_later() -> None:
    defects, problems, waits = noted()
    left = [ZeroDivisionError("0104…"), ExceptionGroup("", [KeyError("secret")]), DeviceError("x"), *[OSError()] * 9]

    async def run() -> None:
        if left:
            raise left.pop(0)

    await defects.keep_going("following", run)
    assert defects.counts == {"following": 12}
    assert waits.taken == [1, 2, 4, 8, 16, 32, *[WAIT_MOST_S] * 6]
    (problem,) = problems.all()
    assert (problem.kind, problem.where) == (AlarmKind.DEFECT, "following")
    assert "OSError" in problem.text
    assert AlarmKind.DEFECT.happened, "it is over when somebody has seen it"


async def test_what_a_problem_says_of_a_defect_is_its_name_and_place_only() -> None:
    defects, problems, _ = noted()
    defects.note("looking", ExceptionGroup("", [KeyError("0104899215122371215Ab")]))
    assert "KeyError" in problems.all()[0].text and "0104" not in problems.all()[0].text


@pytest.mark.parametrize("error", [JournalBroken("gone"), SettingsError([]), ConnectionError()])
async def test_what_has_to_end_the_program_comes_out(error: Exception) -> None:
    defects, _, waits = noted()

    async def run() -> None:
        raise ExceptionGroup("", [ZeroDivisionError(), error])

    with pytest.raises(ExceptionGroup):
        await defects.keep_going("sending", run, fatal=(ConnectionError,))
    assert (defects.counts, waits.taken) == ({}, [])


def test_a_defect_without_end_does_not_fill_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[dict[str, Any]] = []
    monkeypatch.setattr("lined.line.watch.defects.log.error", lambda _event, **more: lines.append(more))
    defects, _, _ = noted()
    for _ in range(10 * LEAST):
        defects.note("judging", ZeroDivisionError())
    assert len(lines) == TOLD_WHOLE + 10
    assert all(isinstance(line["exc_info"], ZeroDivisionError) for line in lines)


# ── a read ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_read_that_meets_a_defect_while_it_is_judged_is_rejected_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply = Transaction.apply

    def spoilt(tx: Transaction, read: Any, code: Any, job: Any) -> int:
        done = apply(tx, read, code, job)
        if code.ident == oil(3).partition("\x1d")[0]:
            raise ZeroDivisionError
        return done

    monkeypatch.setattr(Transaction, "apply", spoilt)
    async with Line(tmp_path / "j.db") as line:
        await line.job()
        judged = [line.submit("cam-1", frame(oil(n))) for n in (1, 2, 3, 4)]
        said = await asyncio.gather(*judged)
        assert [judgement.accepts for judgement in said] == [[True], [True], [False], [True]]
        assert [verdict.reason for verdict in line.verdicts] == [None, None, "defect", None]
        assert not any(judgement.failed for judgement in said), "sent again, it would meet the same"
        for judgement in said:
            line.intake.replied("cam-1", judgement)
        assert line.intake.under_way == 0
        assert line.intake.unkept == {"defect": 1}
        assert line.intake.defects.counts == {"Judging": 1}
        sums = await line.sums()
        assert (sums["read.accepted"], sums["code.applied"]) == (3, 3)
        monkeypatch.undo()
        assert await line.word("cam-1", oil(3)) == "accept", "nothing of it was kept"
        assert [report.codes for report in await line.reports()] == [4]


async def test_what_the_disk_refused_is_to_be_sent_again(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        await line.job()
        line.fail_next = True
        judgement = await line.submit("cam-1", frame(oil(1)))
        assert (judgement.accepts, judgement.failed) == ([False], True)
        judgement = await line.submit("cam-1", frame(oil(1)))
        assert (judgement.accepts, judgement.failed) == ([True], False)


async def test_a_read_that_meets_a_defect_while_it_is_parsed_is_rejected_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lined import codes

    parse = codes.parse

    def spoilt(raw: bytes, shapes: Any) -> Any:
        if raw == oil(2).encode():
            raise RecursionError
        return parse(raw, shapes)

    monkeypatch.setattr(codes, "parse", spoilt)
    async with Line(tmp_path / "j.db") as line:
        await line.job()
        assert await line.words("cam-1", oil(1), oil(2), oil(3)) == ["accept", "defect", "accept"]
        assert line.intake.defects.counts == {"reads of cam-1": 1}
        assert (await line.sums())["reason.defect"] == 1


async def test_a_command_that_meets_a_defect_is_undone_and_the_line_goes_on(tmp_path: Path) -> None:
    def broken(connection: Connection) -> None:
        connection.execute("UPDATE code SET own = 'withdrawn'")
        connection.execute("SELECT ?", (2**63,))

    async with Line(tmp_path / "j.db") as line:
        await line.job()
        assert await line.word("cam-1", oil(1)) == "accept"
        with pytest.raises(Defect):
            await line.journal.do(broken)
        assert await line.rows("SELECT own FROM code") == [(None,)]
        assert await line.words("cam-1", oil(1), oil(2)) == ["duplicate", "accept"]


def test_a_defect_is_told_by_its_kind_and_stands_in_the_tree() -> None:
    assert issubclass(Defect, LinedError)
    assert not issubclass(Defect, JournalBroken)
