"""Corrections: shown first, then sent; and only for codes that the regulator has."""

from __future__ import annotations

from pathlib import Path

import pytest

from lined.reports import reasons
from lined.vocabulary.errors import CommandError
from lined.vocabulary.times import moment
from tests.commands import report_commands
from tests.harness.packing import APPLY, GTIN, PACK, box_plant, ident, plantwide, wall_ms
from tests.integration.packing.test_aggregation import boxes


async def test_a_correction_is_shown_before_it_is_sent(tmp_path: Path) -> None:
    async with plantwide(box_plant([APPLY]), tmp_path) as line:
        await line.line.operations.do("job-start", {"gtin": GTIN, "series": "WRONG"})
        codes = await line.issue(3)
        await line.line.say_each("cam", codes)
        operations = report_commands(line.line.journal, wall_ms, line.delivery.nudge)
        with pytest.raises(CommandError) as early:
            await operations.do("report-correct", {"codes": codes, "series": "RIGHT"})
        assert early.value.code == "not-accepted"
        await line.deliver()
        shown = await operations.do("report-correct", {"report": "1", "series": "RIGHT", "preview": True})
        assert shown["codes"] == 3 and shown["updated"] == {"seriesNumber": "RIGHT"} and "reports" not in shown
        assert await line.states("correction") == []
        with pytest.raises(CommandError):
            await operations.do("report-correct", {"report": "1", "production_date": "2999-01-01"})
        with pytest.raises(CommandError):
            await operations.do("report-correct", {"report": "1"})
        done = await operations.do(
            "report-correct", {"codes": codes[:2], "series": "RIGHT", "production_date": "2026-01-02"}
        )
        assert len(done["reports"]) == 1
        await line.deliver()
        assert await line.states("correction") == ["succeeded"]
        (document,) = await line.sent("correction")
        assert sorted(document["codes"]) == sorted(ident(code) for code in codes[:2])
        assert document["updatedFields"] == {
            "productionDatetime": "2026-01-02T00:00:00+05:00",
            "seriesNumber": "RIGHT",
        }
        story = await line.story(codes[0])
        assert [effect["kind"] for effect in story["effects"]] == ["UTILISATION", "CODE_CORRECTION"]


async def test_no_production_date_is_corrected_to_one_later_than_the_package(tmp_path: Path) -> None:
    async with plantwide(box_plant([APPLY, PACK]), tmp_path) as line:
        (units,) = await boxes(line, 1, await line.ssccs(1))
        await line.deliver()
        operations = report_commands(line.line.journal, wall_ms, line.delivery.nudge)
        with pytest.raises(CommandError) as caught:
            await operations.do("report-correct", {"codes": units, "production_date": moment(wall_ms() - 1)})
        assert (type(caught.value).__name__, caught.value.details[0].path) == ("Invalid", "production_date")
        day_before = moment(wall_ms() - 86_400_000)
        assert (await operations.do("report-correct", {"codes": units, "production_date": day_before}))["codes"] == 3


async def test_a_technical_user_is_told_at_once(tmp_path: Path) -> None:
    async with plantwide(box_plant([APPLY]), tmp_path) as line:
        operations = report_commands(line.line.journal, wall_ms, line.delivery.nudge, may_correct=False)
        with pytest.raises(CommandError, match="technical user"):
            await operations.do("report-correct", {"report": "1", "series": "A"})


def test_every_known_reason_speaks_three_languages_and_unknown_ones_stay_as_they_came() -> None:
    for reason in reasons.known():
        for language in reasons.LANGUAGES:
            meaning, do = reasons.advice(reason, language)
            assert meaning and do
    assert reasons.advice("EMPTY_PACKAGE_COMPOSITION", "ru").meaning
    assert reasons.advice("already-aggregated: 0104", "uz").do
    assert reasons.advice("ejected after low-grade at quality").do
    assert reasons.advice("something-new") == ("", "")
