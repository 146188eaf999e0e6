"""Jobs: dates, series, what a group demands, one at a time, corrected and stopped, the same command once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from lined.api.statuses import STATUS
from lined.line.plant import Product
from lined.vocabulary.errors import CommandError, JournalFull
from tests.harness.line import DAY, HOUR, MINUTE, NOON, OIL, WATER, Line, frame, ident, oil, plant

WATER_JOB = {"series": "S1", "expiration_date": "2027-11-23"}


async def refusal(command: Awaitable[Any]) -> tuple[int, str, list[str]]:
    """Status, code, and the paths of the details."""
    with pytest.raises(CommandError) as caught:
        await command
    assert str(caught.value)
    return STATUS[type(caught.value)], caught.value.code, [problem.path for problem in caught.value.details]


# ── dates ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"production_date": "2026-11-23"},  # today
        {"production_date": "2026-11-22"},
        {"production_date": "2026-11-23T12:00:00+05:00"},  # this very moment
        {"production_date": "2026-11-23T07:00:00Z"},
        {"expiration_date": "2026-11-24"},
        {"production_date": "2026-11-22", "expiration_date": "2026-11-24"},
        {"production_date": "2025-11-24"},  # 365 days of shelf life end tomorrow
        {"series": "x" * 20, "order": "y" * 100},
    ],
)
async def test_a_job_may_start_with(tmp_path: Path, attributes: dict[str, str]) -> None:
    async with Line(tmp_path / "j.db") as line:
        answer = await line.job(**attributes)
        for key, value in attributes.items():
            assert answer[key] == value


@pytest.mark.parametrize(
    ("attributes", "paths"),
    [
        ({"production_date": "2026-11-24"}, ["production_date"]),
        ({"production_date": "2026-11-23T12:00:01+05:00"}, ["production_date"]),
        ({"production_date": "2026-11-23T12:00:00"}, ["production_date"]),  # no offset
        ({"production_date": "23.11.2026"}, ["production_date"]),
        ({"production_date": "2026-02-30"}, ["production_date"]),
        ({"expiration_date": "2026-11-23"}, ["expiration_date"]),  # its local 00:00 has passed
        ({"expiration_date": "2026-11-23T11:59:59+05:00"}, ["expiration_date"]),
        ({"expiration_date": "soon"}, ["expiration_date"]),
        ({"production_date": "2025-11-23"}, ["expiration_date"]),  # computed: 2026-11-23, local 00:00
        ({"production_date": "2024-01-01"}, ["expiration_date"]),
        ({"series": "x" * 21}, ["series"]),
        ({"order": "y" * 101}, ["order"]),
        ({"series": "x" * 21, "production_date": "2027-01-01"}, ["series", "production_date"]),
    ],
)
async def test_a_job_may_not_start_with(tmp_path: Path, attributes: dict[str, str], paths: list[str]) -> None:
    async with Line(tmp_path / "j.db") as line:
        assert await refusal(line.job(**attributes)) == (422, "wrong-values", paths)
        assert await line.rows("SELECT count(*) FROM job") == [(0,)]
        assert await line.word("cam-1", oil(1)) == "no-job"


async def test_today_is_the_day_of_the_line_and_not_of_utc(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db", now=NOON + 13 * HOUR) as line:  # 01:00 of the 24th in Tashkent, 20:00 UTC
        assert (await line.job(production_date="2026-11-24"))["production_date"] == "2026-11-24"
        line.now -= 2 * HOUR  # 23:00 of the 23rd
        assert (await refusal(line.job(production_date="2026-11-24", replace=True)))[0] == 422


@pytest.mark.parametrize("missing", [["series"], ["expiration_date"], ["series", "expiration_date"]])
async def test_what_the_group_demands_is_demanded_at_the_start(tmp_path: Path, missing: list[str]) -> None:
    wish = {key: value for key, value in WATER_JOB.items() if key not in missing}
    async with Line(tmp_path / "j.db") as line:
        assert await refusal(line.job(WATER, **wish)) == (422, "wrong-values", missing)
        empty = dict.fromkeys(missing, "")
        assert await refusal(line.job(WATER, **{**wish, **empty})) == (422, "wrong-values", missing)
        await line.job(WATER, **WATER_JOB)


async def test_a_group_without_demands_needs_nothing(tmp_path: Path) -> None:
    plain = plant(products={OIL: Product(OIL, "Iron", "appliances", "PRODUCTION", "UZ")})
    async with Line(tmp_path / "j.db", plain) as line:
        await line.job()


@pytest.mark.parametrize("gtin", ["04899215122372", "4899215122371x", "", "03077972929999"])
async def test_a_product_that_is_not_of_this_line_is_refused(tmp_path: Path, gtin: str) -> None:
    async with Line(tmp_path / "j.db") as line:
        assert (await refusal(line.job(gtin)))[0] == 422


async def test_a_gtin_may_be_written_with_13_digits(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        assert (await line.job(OIL[1:]))["gtin"] == OIL


# ── nothing that is sent can stop the thread that writes ────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"gtin": None},
        {"gtin": 4899215122371},
        {"gtin": OIL, "series": 5},
        {"gtin": OIL, "order": ["a"]},
        {"gtin": OIL, "production_date": 20261123},
        {"gtin": OIL, "production_date": {"day": 1}},
        {"gtin": OIL, "replace": "yes"},
        {"gtin": OIL, "mode": "dry"},
        {"gtin": OIL, "mode": 1},
        {"gtin": OIL, "packages": "burn"},
        {"gtin": OIL, "order": "\ud800"},
        {"gtin": "\udfff"},
    ],
)
async def test_a_malformed_start_is_a_422_and_nothing_else(tmp_path: Path, body: dict[str, Any]) -> None:
    async with Line(tmp_path / "j.db") as line:
        assert (await refusal(line.line.do("job-start", body)))[0] == 422
        await line.job()
        assert line.journal.writer.broken is None


async def test_no_command_can_stop_the_thread_that_writes(tmp_path: Path) -> None:
    odd: list[Any] = [None, 5, 1.5, True, [], {"a": 1}, "", "\ud800", "x\x00y", "é" * 1000, "-1", 2**70]
    async with Line(tmp_path / "j.db") as line:
        await line.job()
        await line.word("cam-1", oil(1))
        for value in odd:
            operations = line.line
            calls = [
                operations.do("seal", {"kind": value}),
                operations.do("withdraw", {"code": value, "reason": "scrap"}),
                operations.do("withdraw", {"code": ident(9), "reason": value}),
                operations.do("read", {"station": value, "code": oil(2)}),
                operations.do("read", {"station": "apply", "code": value}),
                operations.do("job-correct", {"series": value, "production_date": value}),
                operations.do("job-correct", {"nonsense": value}),
                operations.do("job-start", {"gtin": value}),
                operations.do("job-stop", {"packages": value, "x": value}, id="\ud800"),
                operations.do("job-correct", {"order": "o"}, by="\udc00"),
            ]
            results = await asyncio.gather(*calls, return_exceptions=True)
            assert not [r for r in results if isinstance(r, BaseException) and not isinstance(r, CommandError)]
        assert line.journal.writer.broken is None
        assert await line.word("cam-1", oil(1)) == "duplicate"


# ── one job at a time ───────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_job_while_another_runs_is_a_409_unless_it_replaces_it(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        first = await line.job()
        await line.word("cam-1", oil(1))
        assert (await refusal(line.job()))[:2] == (409, "job-running")
        second = await line.job(replace=True, series="S2")
        assert second["id"] != first["id"]
        await line.word("cam-1", oil(2))
        assert [(r.job_id, r.state) for r in await line.reports()] == [
            (int(first["id"]), "sealed"),
            (int(second["id"]), "open"),
        ]


async def test_a_replacement_that_is_refused_leaves_the_running_job_alone(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        await line.job()
        await line.word("cam-1", oil(1))
        for wrong in ({"series": "x" * 21}, {"mode": "dry"}, {"production_date": "2027-01-01"}):
            assert (await refusal(line.job(replace=True, **wrong)))[0] == 422
        assert (await refusal(line.job("04899215122372", replace=True)))[0] == 422
        assert await line.word("cam-1", oil(2)) == "accept"
        assert [(r.codes, r.state) for r in await line.reports()] == [(2, "open")]


async def test_replacing_nothing_is_starting(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        await line.job(replace=True)


async def test_stopping_seals_and_nothing_is_accepted_any_more(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        await line.job()
        await line.word("cam-1", oil(1))
        await line.line.do("job-stop", {})
        assert await line.word("cam-1", oil(2)) == "no-job"
        assert [(r.codes, r.state, r.seal_reason) for r in await line.reports()] == [(1, "sealed", "job ended")]
        assert (await refusal(line.line.do("job-stop", {})))[:2] == (409, "no-job")
        assert (await refusal(line.line.do("job-correct", {"order": "x"})))[:2] == (409, "no-job")


async def test_a_job_survives_a_restart_with_its_attributes_and_its_open_batch(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        job = await line.job(series="S1", order="O1")
        await line.word("cam-1", oil(1))
        await line.restart()
        assert await line.word("cam-1", oil(2)) == "accept"
        assert (await refusal(line.job()))[:2] == (409, "job-running")
        assert [(r.codes, r.job_id) for r in await line.reports()] == [(2, int(job["id"]))]
        attributes = json.loads((await line.reports())[0].attributes)
        assert (attributes["series"], attributes["order"]) == ("S1", "O1")
        assert (await line.line.do("job-stop", {}))["id"] == job["id"]


async def test_a_job_that_the_disk_refused_does_not_run(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        line.fail_next = True
        with pytest.raises(JournalFull):
            await line.job()
        assert await line.word("cam-1", oil(1)) == "no-job"
        await line.job()
        line.fail_next = True
        with pytest.raises(JournalFull):
            await line.line.do("job-stop", {})
        assert await line.word("cam-1", oil(1)) == "accept"


async def test_a_job_keeps_its_product_as_it_was_when_it_started(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        await line.job()
        changed = replace(line.plant.products[OIL], group="water", country="KZ")
        line.plant = replace(line.plant, products={OIL: changed})
        await line.restart()
        await line.word("cam-1", oil(1))
        attributes = json.loads((await line.reports())[0].attributes)
        assert (attributes["group"], attributes["country"]) == ("vegetableoil", "UZ")


# ── correcting ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_correcting_changes_only_what_is_not_frozen(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        await line.job(series="S1", order="O1")
        for number in range(4):
            await line.word("cam-1", oil(number))
            if number < 3:
                await line.line.do("seal", {})
        await line.rows("UPDATE report SET frozen_ms = 1, fingerprint = 'x' WHERE id = 1")
        await line.rows("UPDATE report SET frozen_ms = 1, state = 'submitted' WHERE id = 2")
        answer = await line.line.do("job-correct", {"series": "S2"})
        assert answer["reports"] == ["3", "4"]
        found = [json.loads(r.attributes) for r in await line.reports()]
        assert [a["series"] for a in found] == ["S1", "S1", "S2", "S2"]
        assert {a["order"] for a in found} == {"O1"}
        revisions = [r.revision for r in await line.reports()]
        assert revisions[:2] == [0, 0]
        assert min(revisions[2:]) > 0  # a body being built meanwhile is built anew
        await line.restart()
        await line.line.do("seal", {})
        await line.word("cam-1", oil(5))
        assert json.loads((await line.reports())[-1].attributes)["series"] == "S2"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"series": "x" * 21}, "wrong-values"),
        ({"production_date": "2026-11-24"}, "wrong-values"),
        ({"expiration_date": "2026-11-01"}, "wrong-values"),
        ({"production_date": "2024-11-01"}, "wrong-values"),
        ({}, "nothing-to-correct"),
        ({"gtin": WATER}, "wrong-values"),
        ({"series": 7}, "wrong-values"),
    ],
)
async def test_a_correction_is_checked_like_a_start(tmp_path: Path, changes: dict[str, Any], code: str) -> None:
    async with Line(tmp_path / "j.db") as line:
        await line.job(series="S1")
        await line.word("cam-1", oil(1))
        before = await line.rows("SELECT attributes FROM report UNION ALL SELECT attributes FROM job")
        assert (await refusal(line.line.do("job-correct", changes)))[:2] == (422, code)
        assert await line.rows("SELECT attributes FROM report UNION ALL SELECT attributes FROM job") == before


async def test_a_demanded_value_cannot_be_corrected_away(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        await line.job(WATER, **WATER_JOB)
        for changes in ({"series": None}, {"series": ""}, {"expiration_date": None}):
            assert (await refusal(line.line.do("job-correct", changes)))[0] == 422
        await line.line.do("job-correct", {"series": "S9"})


# ── the same id ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_same_id_is_answered_again_and_not_done_again_for_seven_days(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        body = {"gtin": OIL, "replace": True}
        first = await line.line.do("job-start", body, id="a", by="Anna")
        line.now += MINUTE
        assert await line.line.do("job-start", body, id="a", by="Anna") == first
        await line.restart()
        line.now = NOON + 7 * DAY - 1
        assert await line.line.do("job-start", body, id="a", by="Anna") == first
        assert await line.rows("SELECT count(*) FROM job") == [(1,)]
        line.now = NOON + 7 * DAY + 1
        assert (await line.line.do("job-start", body, id="a", by="Anna"))["id"] != first["id"]


async def test_an_id_of_another_command_is_a_409(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        await line.line.do("job-start", {"gtin": OIL}, id="a")
        assert (await refusal(line.line.do("job-start", {"gtin": OIL, "replace": True}, id="a")))[:2] == (
            409,
            "id-reused",
        )
        assert (await refusal(line.line.do("job-stop", {}, id="a")))[:2] == (409, "id-reused")
        assert await line.word("cam-1", oil(1)) == "accept"


async def test_a_refused_command_may_be_tried_again_under_its_id(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        assert (await refusal(line.line.do("job-stop", {}, id="s")))[1] == "no-job"
        await line.job()
        await line.line.do("job-stop", {}, id="s")
        line.fail_next = True
        with pytest.raises(JournalFull):
            await line.line.do("job-start", {"gtin": OIL}, id="d")
        await line.line.do("job-start", {"gtin": OIL}, id="d")


async def test_two_commands_of_one_id_in_one_group_are_done_once(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        body = {"gtin": OIL}
        one, other = await asyncio.gather(
            line.line.do("job-start", body, id="a"), line.line.do("job-start", body, id="a")
        )
        assert one == other
        assert await line.rows("SELECT count(*) FROM job") == [(1,)]


async def test_a_refused_command_undoes_nothing_of_its_neighbours(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        await line.job()
        results = await asyncio.gather(
            line.submit("cam-1", frame(oil(1))),
            line.job(),
            line.line.do("withdraw", {"code": oil(5), "reason": "scrap"}),
            line.line.do("withdraw", {"code": oil(1), "reason": "scrap"}),
            line.line.do("read", {"station": "apply", "code": oil(2)}),
            return_exceptions=True,
        )
        kinds = [type(result).__name__ for result in results]
        assert kinds == ["Judgement", "Conflict", "NotFound", "dict", "dict"]
        assert await line.rows("SELECT codes FROM report") == [(1,)]


# ── withdrawing ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_withdrawing_is_for_what_was_applied_and_not_reported(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        await line.job()
        await line.words("cam-1", oil(1), oil(2), oil(3))
        withdraw = partial(line.line.do, "withdraw")
        assert (await refusal(withdraw({"code": oil(9), "reason": "scrap"})))[:2] == (404, "unknown-code")
        assert (await refusal(withdraw({"code": oil(1), "reason": "whim"})))[0] == 422
        assert (await refusal(withdraw({"code": "hello", "reason": "scrap"})))[0] == 422
        await withdraw({"code": oil(1), "reason": "scrap"})
        assert (await refusal(withdraw({"code": ident(1), "reason": "scrap"})))[0] == 409
        await line.line.do("seal", {})
        await withdraw({"code": oil(2), "reason": "scrap"})
        await line.rows("UPDATE report SET frozen_ms = 1")
        assert (await refusal(withdraw({"code": oil(3), "reason": "scrap"})))[:2] == (409, "already-reported")
        assert [r.codes for r in await line.reports()] == [1]
        sums = await line.sums()
        assert (sums["read.accepted"], sums["code.unreported"], sums["code.withdrawn"]) == (3, 1, 2)


async def test_the_moment_of_commands_is_kept(tmp_path: Path) -> None:
    async with Line(tmp_path / "j.db") as line:
        await line.line.do("job-start", {"gtin": OIL}, by="Anna")
        line.now += DAY
        await line.line.do("job-stop", {}, by="Ben")
        assert await line.rows("SELECT started_ms, started_by, stopped_ms, stopped_by FROM job") == [
            (NOON, "Anna", NOON + DAY, "Ben")
        ]
