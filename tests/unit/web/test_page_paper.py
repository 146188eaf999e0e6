"""Shifts on the plant's clock, downtime, and a file that spreadsheet programs leave as it is."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, time
from itertools import islice
from zoneinfo import ZoneInfo

from lined.i18n.shown import Clock, code_end, number
from lined.journal.tables.jobs import JobRow
from lined.journal.views.tallies import Span
from lined.web.feed import Rates
from lined.web.operator import picture
from lined.web.sheet import MARK, cell, sheet
from lined.web.shifts import shift_at, shifts_before
from lined.web.summary import reads_of, stops_in

TASHKENT = ZoneInfo("Asia/Tashkent")
STARTS = (time(8), time(20))


def test_the_shift_that_runs_comes_first_and_the_night_belongs_to_the_day_it_began() -> None:
    at_three = datetime(2026, 11, 23, 3, 0, tzinfo=TASHKENT).astimezone(UTC)
    found = list(islice(shifts_before(at_three, STARTS, TASHKENT), 3))
    assert [(one.day, one.start) for one in found] == [
        ("2026-11-22", "20:00"),
        ("2026-11-22", "08:00"),
        ("2026-11-21", "20:00"),
    ]
    assert found[0].ends == datetime(2026, 11, 23, 8, 0, tzinfo=TASHKENT)


def test_shifts_follow_each_other_without_gap_where_clocks_change() -> None:
    zone = ZoneInfo("Europe/Berlin")
    shift = shift_at(date(2026, 10, 24), time(20), STARTS, zone)
    from_ms, to_ms = shift.span_ms
    assert to_ms - from_ms == 13 * 3_600_000  # the night has one hour more
    assert shift_at(date(2026, 10, 25), time(8), STARTS, zone).span_ms[0] == to_ms


def test_leading_zeros_stay_and_nothing_is_carried_out() -> None:
    assert cell("04899215122371") == '="04899215122371"'
    assert cell("12") == "12" and cell(12) == 12 and cell(None) == ""
    assert cell('=cmd|"/c calc"!A1') == '="=cmd|""/c calc""!A1"'
    for nasty in ("+1", "-1", "@x", "\tx"):
        assert str(cell(nasty)).startswith('="')
    text = sheet([("a;b", "0012", 'say "x"')], "ru")
    assert text.startswith(MARK)
    assert list(csv.reader(io.StringIO(text[1:]), delimiter=";")) == [["a;b", '="0012"', 'say "x"']]
    assert sheet([("a", 1)], "en") == f"{MARK}a,1\r\n"


def job(started_ms: int, stopped_ms: int | None) -> JobRow:
    return JobRow(1, "0", "normal", {}, {}, started_ms, None, stopped_ms, None)


def test_downtime_is_whole_minutes_without_a_read_while_a_job_ran() -> None:
    minute = 60_000
    minutes = dict.fromkeys([0, 1, 2, 6, 7, 20], 5)
    span = Span(0, 30 * minute)
    found = stops_in(minutes, [job(0, 15 * minute)], span, 60 * minute)
    assert [(stop.from_ms // minute, stop.minutes) for stop in found] == [(3, 3), (8, 7)]
    assert stops_in(minutes, [job(0, None)], span, 4 * minute) == []  # one empty minute is no downtime
    assert stops_in({}, [], span, 60 * minute) == []


def test_reads_add_up() -> None:
    reads = reads_of(
        {("a", "accept"): 3, ("a", "again"): 1, ("b", "repeat"): 2, ("b", "no-read"): 4, ("b", "duplicate"): 5}
    )
    assert reads == (4, 2, 4, {"duplicate": 5}) and reads.total == 15


def test_seconds_in_which_nothing_passed_count_as_none() -> None:
    rates = Rates()
    rates.add(100, 3, 1)
    rates.add(100, 2, 0)
    rates.add(103, 1, 0)
    rates.roll(104)
    assert rates.past() == [(5, 1), (0, 0), (0, 0), (1, 0)] and rates.last == (1, 0)
    rates.roll(10_000)
    assert len(rates.past()) == 600


def test_a_package_is_drawn_full_place_by_place_and_as_a_level_where_it_is_large() -> None:
    small = picture(12, 5)
    assert (small.columns, small.rows) == (4, 3) and sum(filled for _, _, filled in small.cells) == 5
    large = picture(500, 125)
    assert large.cells == [] and large.percent == 25
    assert picture(1, 0).cells == [(0, 0, False)]


def test_people_read_times_of_the_plant_and_the_end_of_a_code() -> None:
    clock = Clock("Asia/Tashkent")
    assert clock.day_and_time("2026-11-23T03:00:00.250Z") == "23.11.2026 08:00:00"
    assert clock.day_or_moment("2026-11-23") == "23.11.2026" and clock.day_or_moment(None) == "–"
    assert code_end("0104899215122371210000000000042") == "…000042" and code_end(None) == ""
    assert number(1234567) == "1\u202f234\u202f567"
