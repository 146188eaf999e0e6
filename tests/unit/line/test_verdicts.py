"""The verdicts of apply stations, reason by reason, in the order of docs/contract.md, Verdicts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lined.journal import writer as writing
from lined.line.plant import BatchRules
from tests.harness.line import (
    GS,
    HOUR,
    MINUTE,
    NOON,
    OIL,
    REPEAT_MS,
    SSCC,
    TOBACCO,
    WATER,
    Frame,
    Line,
    frame,
    ident,
    oil,
    plant,
)

WATER_CODE = f"01{WATER}21A000001{GS}93abcd"
TOBACCO_CODE = f"{TOBACCO}7bePLC4DT0lgreN"
BAD_GTIN = oil(1).replace(OIL, "04899215122372")
NO_READ = Frame("no-read", (), b"ERROR")
FOREIGN = Frame("malformed", (), b"garbage")


@asynccontextmanager
async def running(path: Path, **attributes: Any) -> AsyncIterator[Line]:
    async with Line(path / "j.db") as line:
        await line.job(**attributes)
        yield line


@pytest.mark.parametrize(
    ("read", "word"),
    [
        (oil(1), "accept"),
        (NO_READ, "no-read"),
        (FOREIGN, "malformed"),
        (Frame("read", (), b""), "malformed"),
        ("", "malformed"),
        ("hello", "malformed"),
        (BAD_GTIN, "malformed"),
        (oil(1).replace("A0", "Ж0"), "malformed"),
        (ident(1), "malformed"),  # apply needs the full code
        (TOBACCO_CODE[:21], "malformed"),
        (SSCC, "wrong-level"),
        (SSCC[2:], "wrong-level"),
        (SSCC[:-1] + "0", "malformed"),
        ("0000030796671523062500001", "malformed"),
        (WATER_CODE, "wrong-product"),
        (TOBACCO_CODE, "wrong-product"),
        (f"0113077972920043217DkDcfb:?sZxK{GS}93Ejf?", "wrong-product"),
    ],
)
async def test_each_reason_with_a_job(tmp_path: Path, read: str | Frame, word: str) -> None:
    async with running(tmp_path) as line:
        assert await line.word("cam-1", read) == word


@pytest.mark.parametrize(
    ("read", "word"),
    [
        (NO_READ, "no-read"),
        (FOREIGN, "malformed"),
        (BAD_GTIN, "malformed"),
        (ident(1), "malformed"),
        (SSCC, "wrong-level"),
        (oil(1), "no-job"),
        (WATER_CODE, "no-job"),
        (oil(2), "no-job"),  # a duplicate, were there a job
    ],
)
async def test_the_earlier_reason_wins_over_no_job(tmp_path: Path, read: str | Frame, word: str) -> None:
    async with running(tmp_path) as line:
        await line.word("cam-1", oil(2))
        await line.line.do("job-stop", {})
        assert await line.word("cam-1", read) == word


async def test_wrong_product_comes_before_duplicate(tmp_path: Path) -> None:
    async with running(tmp_path) as line:
        await line.word("cam-1", oil(1))
        await line.job(TOBACCO, replace=True)
        assert await line.words("cam-1", oil(1), TOBACCO_CODE) == ["wrong-product", "accept"]
        await line.job(OIL, replace=True)
        assert await line.words("cam-1", oil(1), TOBACCO_CODE) == ["duplicate", "wrong-product"]


@pytest.mark.parametrize("read", [NO_READ, FOREIGN, SSCC, oil(1)])
async def test_not_durable_comes_before_everything_and_is_counted_in_memory_only(
    tmp_path: Path, read: str | Frame
) -> None:
    async with running(tmp_path) as line:
        before = await line.sums()
        line.fail_next = True
        assert await line.word("cam-1", read) == "not-durable"
        assert line.intake.unkept["not-durable"] == 1
        assert await line.sums() == before
        assert await line.word("cam-1", oil(1)) == "accept"


async def test_a_code_is_a_duplicate_for_ever_wherever_it_was_applied(tmp_path: Path) -> None:
    async with running(tmp_path) as line:
        assert await line.word("cam-1", oil(1)) == "accept"
        assert await line.words("cam-1", oil(1)) == ["duplicate"]
        assert await line.word("cam-2", oil(1)) == "duplicate"
        assert await line.word("hand-1", oil(1)) == "duplicate"
        await line.job(replace=True)
        await line.restart()
        line.now += 400 * 24 * HOUR
        assert await line.word("cam-1", oil(1)) == "duplicate"


@pytest.mark.parametrize("tail", ["93abcE", "93abcdefgh", f"91abcd{GS}92{'x' * 44}"])
async def test_the_same_code_with_another_check_part_is_a_duplicate_with_an_alarm(tmp_path: Path, tail: str) -> None:
    async with running(tmp_path) as line:
        await line.word("hand-1", oil(1))
        assert not line.problems.has("other-check-part")
        assert await line.word("hand-1", oil(1, tail)) == "duplicate"  # nor a repeat
        assert line.problems.has("other-check-part")


async def test_a_forged_copy_typed_by_hand_raises_the_alarm_as_well(tmp_path: Path) -> None:
    async with running(tmp_path) as line:
        await line.word("cam-1", oil(1))
        answer = await line.line.do("read", {"station": "apply", "code": oil(1, "93zzzz")})
        assert (answer["verdict"], answer["reason"]) == ("reject", "duplicate")
        assert line.problems.has("other-check-part")


async def test_another_check_part_does_not_use_up_the_unsaid_nor_bring_back_the_withdrawn(tmp_path: Path) -> None:
    async with running(tmp_path) as line:
        await line.word("cam-1", oil(1), say=False)
        await line.word("cam-1", oil(2))
        await line.line.do("withdraw", {"code": oil(2), "reason": "damaged"})
        assert await line.words("cam-1", oil(1, "93zzzz"), oil(2, "93zzzz")) == ["duplicate", "duplicate"]
        assert await line.words("cam-1", oil(1), oil(2)) == ["accept", "accept"]


# ── frames and groups ───────────────────────────────────────────────────────────────────────────────────────────────


async def test_several_codes_in_a_frame_get_a_verdict_each_and_one_reply(tmp_path: Path) -> None:
    async with running(tmp_path) as line:
        await line.word("cam-1", oil(9))
        judgement = await line.submit(
            "cam-1", frame(oil(1), oil(2)), frame(oil(3), oil(9)), frame(oil(4)), frame(oil(5), "")
        )
        assert judgement.accepts == [True, False, True, False]
        words = [(v.verdict, v.reason) for v in line.verdicts[-7:]]
        assert words == [
            *[("accept", None)] * 3,
            ("reject", "duplicate"),
            *[("accept", None)] * 2,
            ("reject", "malformed"),
        ]
        assert (await line.sums())["code.unreported"] == 6


async def test_a_frame_of_two_beside_an_empty_one_keeps_its_single_reply(tmp_path: Path) -> None:
    async with running(tmp_path) as line:
        judgement = await line.submit("cam-1", frame(oil(1), "x"), Frame("read", (), b""))
        assert judgement.accepts == [False, False]


async def test_two_equal_codes_in_one_frame_or_chunk_are_one_accept(tmp_path: Path) -> None:
    async with running(tmp_path) as line:
        judgement = await line.submit("cam-1", frame(oil(1), oil(1)), frame(oil(2)), frame(oil(2)))
        assert judgement.accepts == [False, True, False]
        assert await line.rows("SELECT count(*) FROM code") == [(2,)]


async def test_two_equal_codes_from_two_devices_in_one_group_are_one_accept(tmp_path: Path) -> None:
    async with running(tmp_path) as line:
        futures = [line.submit(device, frame(oil(n))) for n in range(50) for device in ("cam-1", "cam-2", "hand-1")]
        judged = await asyncio.gather(*futures)
        accepts = [judgement.accepts[0] for judgement in judged]
        assert accepts == [True, False, False] * 50
        assert line.journal.writer.commits <= 4


async def test_after_a_rollback_every_waiter_is_rejected_and_nothing_is_remembered(tmp_path: Path) -> None:
    async with running(tmp_path) as line:
        await line.words("cam-1", oil(1), oil(2))
        before = await line.sums()
        line.fail_next = True
        futures = [line.submit("cam-1", frame(oil(3)), frame(oil(4))), line.submit("cam-2", frame(oil(5)))]
        assert [j.accepts for j in await asyncio.gather(*futures)] == [[False, False], [False]]
        assert await line.sums() == before
        assert await line.words("cam-2", oil(5), oil(4), oil(3)) == ["accept"] * 3
        assert await line.rows("SELECT codes, first_code FROM report") == [(5, 1)]
        assert await line.rows("SELECT id FROM code ORDER BY id") == [(n,) for n in range(1, 6)]


async def test_futures_of_a_device_complete_in_order_also_when_the_writer_is_overrun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "QUEUE_MAX", 20)
    order: list[int] = []
    async with running(tmp_path) as line:
        futures = [line.submit("cam-1", frame(oil(n))) for n in range(100)]
        for n, future in enumerate(futures):
            future.add_done_callback(lambda _future, n=n: order.append(n))  # type: ignore[misc]
        await asyncio.gather(*futures)
        assert order == list(range(100))
        assert line.intake.unkept["not-durable"] > 0
        assert [verdict.seq for verdict in line.verdicts] == list(range(1, 101))
        accepted = sum(1 for verdict in line.verdicts if verdict.verdict == "accept")
        assert await line.rows("SELECT count(*) FROM code") == [(accepted,)]


async def test_a_listener_that_fails_keeps_no_device_waiting(tmp_path: Path) -> None:
    async with running(tmp_path) as line:

        def fail(_verdicts: object) -> None:
            raise ZeroDivisionError

        line.intake.listeners.insert(0, fail)
        assert (await asyncio.wait_for(line.submit("cam-1", frame(oil(1))), 60)).accepts == [True]
        assert line.intake.defects.counts == {"verdicts of cam-1": 1}
        assert [verdict.reason for verdict in line.verdicts] == [None], "the others hear it all the same"


# ── repeats ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_repeat_is_accepted_within_its_time_of_the_last_read(tmp_path: Path) -> None:
    async with running(tmp_path) as line:
        assert await line.word("hand-1", oil(1)) == "accept"
        for _ in range(3):
            line.now += REPEAT_MS
            assert await line.word("hand-1", oil(1)) == "repeat"
        line.now += REPEAT_MS + 1
        assert await line.word("hand-1", oil(1)) == "duplicate"
        assert await line.word("hand-1", oil(1)) == "duplicate"
        sums = await line.sums()
        assert (sums["read.accepted"], sums["read.repeats"], sums["read.rejected"]) == (1, 3, 2)


async def test_a_repeat_is_of_the_same_device(tmp_path: Path) -> None:
    async with running(tmp_path) as line:
        await line.word("hand-1", oil(1))
        assert await line.word("hand-2", oil(1)) == "duplicate"
        assert await line.word("cam-1", oil(1)) == "duplicate"
        assert await line.word("hand-1", oil(1)) == "repeat"


async def test_a_repeat_is_of_the_same_job(tmp_path: Path) -> None:
    async with running(tmp_path) as line:
        await line.word("hand-1", oil(1))
        assert await line.word("hand-1", oil(1)) == "repeat"
        await line.job(replace=True)
        assert await line.word("hand-1", oil(1)) == "duplicate"


async def test_a_device_without_repeat_s_has_no_repeats(tmp_path: Path) -> None:
    async with running(tmp_path) as line:
        assert await line.words("cam-1", oil(1), oil(1)) == ["accept", "duplicate"]


async def test_a_rejected_read_is_judged_afresh(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        assert await line.word("hand-1", oil(1)) == "no-job"
        await line.job()
        assert await line.word("hand-1", oil(1)) == "accept"


async def test_the_time_of_a_repeat_survives_restart_and_rollback(tmp_path: Path) -> None:
    async with running(tmp_path) as line:
        await line.word("hand-1", oil(1))
        line.now += REPEAT_MS
        assert await line.word("hand-1", oil(1)) == "repeat"
        await line.restart()
        line.now += REPEAT_MS
        assert await line.word("hand-1", oil(1)) == "repeat"
        line.fail_next = True
        assert await line.word("hand-1", oil(1)) == "not-durable"
        line.now += REPEAT_MS
        assert await line.word("hand-1", oil(1)) == "repeat"


async def test_a_clock_stepped_back_does_not_turn_duplicates_into_repeats(tmp_path: Path) -> None:
    async with running(tmp_path) as line:
        await line.word("hand-1", oil(1))
        line.now -= HOUR
        assert await line.word("hand-1", oil(1)) == "duplicate"


async def test_what_was_accepted_once_more_may_be_repeated_by_who_read_it(tmp_path: Path) -> None:
    async with running(tmp_path) as line:
        await line.word("hand-1", oil(1), say=False)
        assert await line.word("hand-2", oil(1)) == "accept"
        assert await line.word("hand-2", oil(1)) == "repeat"


async def test_three_repeats_in_a_row_are_a_stuck_code_and_another_code_clears_it(tmp_path: Path) -> None:
    async with running(tmp_path) as line:
        await line.words("hand-1", oil(1), oil(1), oil(1))
        assert not line.problems.has("stuck-code")
        await line.word("hand-1", oil(1))
        assert line.problems.has("stuck-code")
        await line.word("hand-1", oil(2))
        assert not line.problems.has("stuck-code")


# ── withdrawn, test, typed ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("reason", "word"),
    [("damaged", "accept"), ("other", "accept"), ("scrap", "duplicate"), ("sample", "duplicate")],
)
@pytest.mark.parametrize("device", ["cam-1", "hand-1"])
async def test_a_withdrawn_code_comes_back_unless_it_is_scrap_or_a_sample(
    tmp_path: Path, device: str, reason: str, word: str
) -> None:
    async with running(tmp_path) as line:
        await line.words("hand-1", oil(1), oil(2))
        await line.line.do("withdraw", {"code": ident(1), "reason": reason})
        line.now += MINUTE
        assert await line.word(device, oil(1)) == word
        line.now += MINUTE
        assert await line.word(device, oil(1)) == "duplicate"
        sums = await line.sums()
        assert (sums["code.unreported"], sums.get("code.withdrawn", 0)) == ((2, 0) if word == "accept" else (1, 1))
        assert await line.rows("SELECT sum(codes) FROM report") == [(sums["code.unreported"],)]


async def test_the_last_reason_counts_where_a_code_was_withdrawn_twice(tmp_path: Path) -> None:
    async with running(tmp_path) as line:
        for reason, word in (("damaged", "accept"), ("scrap", "duplicate")):
            await line.word("cam-1", oil(1))
            await line.line.do("withdraw", {"code": ident(1), "reason": reason})
            assert await line.word("cam-2", oil(1)) == word


async def test_a_test_job_remembers_and_reports_nothing(tmp_path: Path) -> None:
    async with running(tmp_path, mode="test") as line:
        assert await line.words("cam-1", oil(1), oil(1), SSCC, WATER_CODE) == [
            "accept",
            "accept",
            "wrong-level",
            "wrong-product",
        ]
        assert await line.rows("SELECT count(*) FROM code") == [(0,)]
        assert await line.reports() == []
        assert not any(name.startswith("code.") for name in await line.sums())
        await line.job(replace=True)
        assert await line.word("cam-1", oil(1)) == "accept"


async def test_in_a_test_job_a_code_applied_for_real_is_a_duplicate(tmp_path: Path) -> None:
    async with running(tmp_path) as line:
        await line.words("hand-1", oil(1), oil(2), oil(3))
        await line.line.do("withdraw", {"code": oil(2), "reason": "damaged"})
        await line.line.do("withdraw", {"code": oil(3), "reason": "scrap"})
        await line.job(mode="test", replace=True)
        before = await line.rows("SELECT ident, own FROM code ORDER BY id")
        assert await line.words("hand-1", oil(1), oil(2), oil(3)) == ["duplicate", "accept", "duplicate"]
        assert await line.rows("SELECT ident, own FROM code ORDER BY id") == before
        await line.restart()
        assert await line.word("cam-1", oil(1)) == "duplicate"


async def test_a_typed_code_is_judged_like_a_read(tmp_path: Path) -> None:
    async with running(tmp_path) as line:
        expected = [(oil(1), "accept", None), (oil(1), "reject", "duplicate"), (SSCC, "reject", "wrong-level")]
        expected += [("gibberish", "reject", "malformed"), (WATER_CODE, "reject", "wrong-product")]
        for code, verdict, reason in expected:
            answer = await line.line.do("read", {"station": "apply", "code": code})
            assert (answer["verdict"], answer["reason"]) == (verdict, reason)
        assert await line.word("cam-1", oil(1)) == "duplicate"
        sums = await line.sums()
        assert (sums["read.accepted"], sums["read.rejected"]) == (1, 5)
        assert [v.reason for v in line.verdicts[:2]] == [None, "duplicate"]  # people at the line are told, too


async def test_a_typed_code_asked_for_twice_under_one_id_is_judged_once(tmp_path: Path) -> None:
    async with running(tmp_path) as line:
        body = {"station": "apply", "code": oil(1)}
        first = await line.line.do("read", body, id="t1")
        assert await line.line.do("read", body, id="t1") == first
        assert first["verdict"] == "accept"
        assert (await line.sums())["read.accepted"] == 1
        assert line.intake.under_way == 0


async def test_below_the_floor_typed_codes_are_refused_like_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path) as line:
        line.journal.writer.low_on_space = True
        assert await line.word("cam-1", oil(1)) == "not-durable"
        with pytest.raises(Exception, match="too little room"):
            await line.line.do("read", {"station": "apply", "code": oil(1)})
        assert line.intake.under_way == 0
        await line.line.do("job-stop", {})  # what people have to do still goes


async def test_a_lost_separator_is_restored_only_for_a_product_that_makes_it_certain(tmp_path: Path) -> None:
    lost = oil(1).replace(GS, "")
    plain = plant()
    known = replace(plain.products[OIL], serial_length=7, template="GS1_AISTR_SHORT")
    async with Line(tmp_path / "a.db", replace(plain, products={OIL: known})) as line:
        await line.job()
        assert await line.words("cam-1", lost, oil(1)) == ["accept", "duplicate"]
        await line.line.do("withdraw", {"code": lost, "reason": "scrap"})
    async with running(tmp_path) as line:
        assert await line.word("cam-1", lost) == "malformed"


# ── batches ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_code_after_the_limit_opens_the_next_batch_within_one_group(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db", batches=BatchRules(max_codes=30_000)) as line:
        await line.job()
        frames = [frame(oil(n)) for n in range(30_001)]
        judged = await asyncio.gather(*[line.submit("cam-1", *frames[at : at + 700]) for at in range(0, 30_001, 700)])
        assert all(all(judgement.accepts) for judgement in judged)
        assert [(r.codes, r.full) for r in await line.reports()] == [(30_000, 1), (1, 0)]
        bounds = "SELECT batch_id, count(*), min(id), max(id) FROM code GROUP BY batch_id ORDER BY 1"
        assert await line.rows(bounds) == [(1, 30_000, 1, 30_000), (2, 1, 30_001, 30_001)]
        assert [(r.first_code, r.last_code) for r in await line.reports()] == [(1, 30_000), (30_001, None)]


@pytest.mark.parametrize("chunks", [1, 7, 25])
async def test_no_batch_ever_has_more_than_its_limit(tmp_path: Path, chunks: int) -> None:
    async with Line(tmp_path / "j.db", batches=BatchRules(max_codes=10)) as line:
        await line.job()
        for start in range(0, 25, chunks):
            await line.words("cam-1", *[oil(n) for n in range(start, min(25, start + chunks))])
            if start == 14:
                await line.restart()
        assert [r.codes for r in await line.reports()] == [10, 10, 5]


@pytest.mark.parametrize("zone", ["Asia/Tashkent", "Europe/Berlin", "America/Havana", "Africa/Cairo"])
@pytest.mark.parametrize(
    "date", [(2026, 11, 23), (2026, 3, 29), (2026, 10, 25), (2026, 3, 8), (2026, 11, 1), (2026, 4, 24)]
)
async def test_without_a_production_date_batches_split_at_local_midnight(
    tmp_path: Path, zone: str, date: tuple[int, int, int]
) -> None:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    midnight = int(datetime(*date, tzinfo=ZoneInfo(zone)).timestamp() * 1000)
    async with Line(tmp_path / "j.db", plant(timezone=zone), now=midnight - 3 * HOUR) as line:
        await line.job()
        for number, moment in enumerate((-HOUR, -1, 0, 1, HOUR, 22 * HOUR, 26 * HOUR)):
            line.now = midnight + moment
            assert await line.word("cam-1", oil(number)) == "accept"
        found = [(r.codes, r.first_ms, r.last_ms) for r in await line.reports()]
        assert found == [
            (2, midnight - HOUR, midnight - 1),
            (4, midnight, midnight + 22 * HOUR),
            (1, midnight + 26 * HOUR, midnight + 26 * HOUR),
        ]


async def test_with_a_production_date_midnight_splits_nothing(tmp_path: Path) -> None:
    async with running(tmp_path, production_date="2026-11-23") as line:
        for number in range(3):
            line.now += 8 * HOUR
            await line.word("cam-1", oil(number))
        assert [r.codes for r in await line.reports()] == [3]


async def test_the_day_of_a_group_split_in_its_middle(tmp_path: Path) -> None:
    async with running(tmp_path) as line:
        line.now = NOON + 12 * HOUR - 1
        futures = [line.submit("cam-1", frame(oil(1)), frame(oil(2)))]
        line.now += 1
        futures.append(line.submit("cam-2", frame(oil(3))))
        await asyncio.gather(*futures)
        assert [(r.codes, r.day) for r in await line.reports()] == [(2, "2026-11-23"), (1, "2026-11-24")]
