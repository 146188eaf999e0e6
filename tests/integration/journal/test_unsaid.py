"""Accepted but not said: accepted once more, exactly once, whoever reads it and whatever happens in between."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

from tests.harness.line import MINUTE, Line, frame, ident, oil

ROOT = Path(__file__).parents[3]


def run_and_kill(path: Path, story: str) -> None:
    program = [sys.executable, str(Path(__file__).with_name("killed.py")), str(path), story]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}) as child:
        assert child.stdout is not None
        assert "ready\n" in iter(child.stdout.readline, "")
        child.kill()


async def test_after_a_kill_each_code_not_said_is_accepted_once_more_and_no_other(tmp_path: Path) -> None:
    run_and_kill(tmp_path / "j.db", "first")
    run_and_kill(tmp_path / "j.db", "second")
    async with Line(tmp_path / "j.db") as line:
        assert not line.journal.was_clean
        listed = await line.unsaid()
        assert set(listed) - {ident(8)} == {ident(4), ident(5), ident(6), ident(7)}
        for number in (1, 2, 3):
            assert await line.word("cam-1", oil(number)) == "duplicate"
        for number in (4, 5, 6, 7, 8):
            assert await line.word("cam-1", oil(number)) == "accept"
            assert await line.word("cam-2", oil(number)) == "duplicate"
        assert await line.unsaid() == []
        await line.restart()
        assert await line.word("cam-1", oil(4)) == "duplicate"
        assert await line.rows("SELECT sum(codes) FROM report") == [(8,)]


async def test_unsaid_is_accepted_once_by_any_device(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        await line.job()
        assert await line.word("cam-1", oil(1), say=False) == "accept"
        assert await line.word("cam-2", oil(1)) == "accept"
        assert await line.word("cam-2", oil(1)) == "duplicate"
        assert await line.word("cam-1", oil(1)) == "duplicate"
        sums = await line.sums()
        assert (sums["read.accepted"], sums["code.unreported"]) == (2, 1)


async def test_two_reads_of_an_unsaid_code_before_the_first_is_told_are_one_accept(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        await line.job()
        await line.word("cam-1", oil(1), say=False)
        together = await asyncio.gather(
            line.submit("cam-1", frame(oil(1)), frame(oil(1))), line.submit("cam-2", frame(oil(1)))
        )
        later = await line.submit("cam-2", frame(oil(1)))
        assert [good for judgement in (*together, later) for good in judgement.accepts] == [True, False, False, False]


async def test_unsaid_again_is_accepted_again(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        await line.job()
        for device in ("cam-1", "cam-2", "cam-1"):
            assert await line.word(device, oil(1), say=False) == "accept"
        await line.restart()
        assert await line.word("cam-1", oil(1)) == "accept"
        assert await line.word("cam-1", oil(1)) == "duplicate"


async def test_only_the_frames_from_the_given_one_on_are_unsaid(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        await line.job()
        judgement = await line.submit("cam-1", frame(oil(1), oil(2)), frame("x"), frame(oil(3), oil(4)), frame(oil(5)))
        line.intake.unsaid("cam-1", judgement, 2, "gone")
        assert await line.unsaid() == [ident(3), ident(4), ident(5)]


async def test_what_counted_as_said_and_never_arrived_is_listed_after_all(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        await line.job()
        judgement = await line.submit("cam-1", frame(oil(1), oil(2)), frame("x"), frame(oil(3)), frame(oil(4)))
        line.intake.replied("cam-1", judgement)
        line.intake.unacknowledged("cam-1", judgement, 2, "cable pulled")
        assert await line.unsaid() == [ident(3), ident(4)]
        assert await line.words("cam-1", oil(2), oil(3), oil(3)) == ["duplicate", "accept", "duplicate"]
        assert await line.unsaid() == [ident(4)]


async def test_an_accept_once_more_that_never_arrived_is_given_once_more(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        await line.job()
        await line.word("hand-1", oil(1), say=False)
        for _ in range(2):
            line.now += MINUTE
            judgement = await line.submit("hand-1", frame(oil(1)))
            assert judgement.accepts == [True]
            line.intake.replied("hand-1", judgement)
            line.intake.unacknowledged("hand-1", judgement, 0, "cable pulled")
            assert await line.unsaid() == [ident(1)]
        line.now += MINUTE
        assert await line.words("hand-1", oil(1), oil(1)) == ["accept", "repeat"]


async def test_a_repeat_that_never_arrived_changes_nothing_where_the_first_accept_did(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        await line.job()
        assert await line.word("hand-1", oil(1)) == "accept"
        judgement = await line.submit("hand-1", frame(oil(1)))
        line.intake.replied("hand-1", judgement)
        line.intake.unacknowledged("hand-1", judgement, 0, "cable pulled")
        assert await line.unsaid() == []


async def test_a_reject_that_was_not_said_leaves_nothing_behind(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        await line.job()
        await line.word("cam-1", oil(1))
        assert await line.word("cam-1", oil(1), say=False) == "duplicate"
        assert await line.unsaid() == []
        assert await line.word("cam-1", oil(1)) == "duplicate"


async def test_unsaid_is_listed_before_the_next_read_is_judged(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        await line.job()
        judgement = await line.submit("cam-1", frame(oil(1)))
        line.intake.unsaid("cam-1", judgement, 0, "gone")
        assert (await line.submit("cam-1", frame(oil(1)))).accepts == [True]


async def test_an_unsaid_code_read_again_by_its_own_handheld_is_taken_off_the_list(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        await line.job()
        await line.word("hand-1", oil(1), say=False)
        line.now += 1_000
        assert await line.word("hand-1", oil(1)) == "accept"
        assert await line.unsaid() == []
        line.now += 1_000
        assert await line.word("hand-1", oil(1)) == "repeat"
        line.now += MINUTE
        assert await line.word("hand-1", oil(1)) == "duplicate"


async def test_a_withdrawn_code_applied_again_is_not_unsaid_any_more(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        await line.job()
        await line.word("cam-1", oil(1), say=False)
        await line.line.do("withdraw", {"code": oil(1), "reason": "damaged"})
        assert await line.word("cam-1", oil(1)) == "accept"
        assert await line.word("cam-1", oil(1)) == "duplicate"


async def test_scrap_that_was_unsaid_stays_scrap(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        await line.job()
        await line.word("cam-1", oil(1), say=False)
        await line.line.do("withdraw", {"code": oil(1), "reason": "scrap"})
        assert await line.word("cam-1", oil(1)) == "duplicate"


async def test_a_test_job_does_not_use_up_what_is_unsaid(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        await line.job()
        await line.word("cam-1", oil(1), say=False)
        await line.job(mode="test", replace=True)
        assert await line.word("cam-1", oil(1)) == "accept"
        await line.job(replace=True)
        assert await line.word("cam-1", oil(1)) == "accept"
        assert await line.word("cam-1", oil(1)) == "duplicate"


async def refused(line: Line) -> None:
    """Everything queued so far meets a full disk."""
    await asyncio.gather(line.journal.do(lambda _: None), return_exceptions=True)
    await asyncio.sleep(0)


async def test_a_list_that_the_disk_refused_is_written_later_and_its_mark_waits(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        await line.job()
        first, second = await asyncio.gather(line.submit("cam-1", frame(oil(1))), line.submit("cam-1", frame(oil(2))))
        line.fail_next = True
        line.intake.unsaid("cam-1", first, 0, "gone")
        await refused(line)
        line.intake.replied("cam-1", second)
        assert line.journal.reply_marks is not None
        assert line.journal.reply_marks.get(line.numbers["cam-1"]) == 0
        line.intake.settle_marks()
        assert line.journal.reply_marks.get(line.numbers["cam-1"]) == 0
        assert await line.unsaid() == [ident(1)]
        line.intake.settle_marks()
        assert line.journal.reply_marks.get(line.numbers["cam-1"]) == 2
        assert await line.word("cam-1", oil(1)) == "accept"


async def test_a_list_that_the_disk_refused_is_written_before_the_next_read_is_judged(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        await line.job()
        judgement = await line.submit("cam-1", frame(oil(1)))
        line.fail_next = True
        line.intake.unsaid("cam-1", judgement, 0, "gone")
        await refused(line)
        assert await line.word("cam-2", oil(1)) == "accept"
        assert await line.word("cam-2", oil(1)) == "duplicate"


async def test_a_list_that_the_disk_refused_does_not_undo_what_was_told_since(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        await line.job()
        first, again = await asyncio.gather(*(line.submit("hand-1", frame(oil(1))) for _ in range(2)))
        assert again.accepts == [True]  # a repeat
        line.fail_next = True
        line.intake.unsaid("hand-1", first, 0, "gone")
        await refused(line)
        line.intake.replied("hand-1", again)
        line.intake.settle_marks()
        assert await line.unsaid() == []
        assert await line.word("cam-2", oil(1)) == "duplicate"


async def test_what_was_told_that_the_disk_refused_does_not_undo_a_list_made_since(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        await line.job()
        await line.word("cam-1", oil(1), say=False)
        told = await line.submit("cam-1", frame(oil(1)))
        line.fail_next = True
        line.intake.replied("cam-1", told)
        await refused(line)
        line.intake.unacknowledged("cam-1", told, 0, "gone")
        line.intake.settle_marks()
        assert await line.unsaid() == [ident(1)]
        assert await line.word("cam-2", oil(1)) == "accept"


async def test_what_was_told_stays_told_although_the_disk_was_full_just_then(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        await line.job()
        await line.word("cam-1", oil(1), say=False)
        judgement = await line.submit("cam-1", frame(oil(1)), frame(oil(2)))
        line.fail_next = True
        line.intake.unsaid("cam-1", judgement, 1, "gone")  # the first of the two was told
        await refused(line)
        line.intake.settle_marks()
        await line.restart()
        assert await line.words("cam-1", oil(1), oil(2)) == ["duplicate", "accept"]


async def test_a_verdict_nobody_waits_for_is_unsaid(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        await line.job()
        line.submit("cam-1", frame(oil(1))).cancel()
        await line.rows("SELECT 1")
        assert await line.unsaid() == [ident(1)]
        assert line.intake.under_way == 0


async def test_a_typed_code_counts_as_said_when_it_is_answered(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        await line.job()
        await line.word("cam-1", oil(1), say=False)
        answer = await line.line.do("read", {"station": "apply", "code": oil(1)})
        assert answer["verdict"] == "accept"
        assert await line.word("cam-1", oil(1)) == "duplicate"
        assert (await line.line.do("read", {"station": "apply", "code": oil(2)}))["verdict"] == "accept"
        await line.restart()
        assert await line.unsaid() == []
        assert line.intake.under_way == 0
