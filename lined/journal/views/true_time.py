"""Moments of the journal by a right clock, worked out of how the computer's clock was set and found to be off.

What was written stays as it was written; a report is dated by this. The machine's uptime goes on whatever is done to
the clock, so all settings of one start of the machine are known as soon as one of them was compared with the
regulator's clock. Where none was, a moment is taken as it stands, unless the clock was stepped far within that start,
or the moment does not lie between what is known before and after it, or the clocks of two such starts contradict each
other, the later one showing the earlier time: that is a doubt, and for a person.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import pairwise
from math import inf
from typing import NamedTuple

from lined.journal.database import Connection
from lined.journal.tables import clock_settings
from lined.journal.tables.clock_settings import UNKNOWN, Setting
from lined.journal.tables.reports import ReportRow
from lined.vocabulary.clocks import SYNCED_MS, WRONG_MS


class Right(NamedTuple):
    """A moment by a right clock. `error_ms`: what the clock was off by. `doubt`: it was off, and how far is not known.
    `now_wrong_ms`: it was not right once since the machine started, and could still be put right.
    """

    ms: int
    error_ms: int = 0
    doubt: bool = False
    now_wrong_ms: int = 0


class TrueTime:
    """Of one connection, while one report is looked at."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._settings = clock_settings.every(connection)
        self._anchors: dict[str, Setting | None] = {}
        self._errors: dict[int, int | None] = {}

    def of_code(self, code_id: int, at_ms: int) -> Right:
        """When a code was read, `at_ms` by the clock of then."""
        return self._right([setting.first_code for setting in self._settings], code_id, at_ms)

    def of_closing(self, number: int | None, at_ms: int) -> Right:
        """When a package was closed; `number` is its `closed_no`."""
        return self._right([setting.first_closing for setting in self._settings], number or 0, at_ms)

    def of_sealing(self, report: ReportRow) -> Right:
        """When a report was sealed first, or opened where it never was."""
        row = self._connection.execute(
            "SELECT id FROM report_event WHERE report_id = ? AND after IN ('open', 'sealed') "
            "ORDER BY after = 'open', id LIMIT 1",
            (report.id,),
        ).fetchone()
        firsts = [setting.first_event for setting in self._settings]
        return self._right(firsts, int(row[0]) if row else 0, report.sealed_ms or report.opened_ms)

    def code_spans(self, low: int | None, high: int | None) -> list[tuple[int, int]]:
        """The codes from number `low` to `high`, cut into those that were dated under one setting each."""
        return _spans([setting.first_code for setting in self._settings], low, high)

    def closing_spans(self, low: int | None, high: int | None) -> list[tuple[int, int]]:
        """The same of closings."""
        return _spans([setting.first_closing for setting in self._settings], low, high)

    def _right(self, firsts: list[int], number: int, at_ms: int) -> Right:
        index = bisect_right(firsts, number) - 1
        if index < 0 or self._settings[index].boot == UNKNOWN:
            return Right(at_ms)
        setting = self._settings[index]
        error_ms = self._error_ms(setting)
        if error_ms is None:
            return Right(at_ms, doubt=self._doubtful(index, at_ms))
        anchor = self._anchor(setting)
        wrong_ms = _off_ms(anchor.skew_ms or 0) if anchor and setting.boot == self._settings[-1].boot else 0
        return Right(at_ms - error_ms, error_ms, now_wrong_ms=wrong_ms)

    def _error_ms(self, setting: Setting) -> int | None:
        """What the clock was off by under a setting; None: nothing tells."""
        if setting.id not in self._errors:
            self._errors[setting.id] = _error_ms(setting, self._anchor(setting))
        return self._errors[setting.id]

    def _anchor(self, setting: Setting) -> Setting | None:
        if setting.boot not in self._anchors:
            self._anchors[setting.boot] = _anchor([one for one in self._settings if one.boot == setting.boot])
        return self._anchors[setting.boot]

    def _doubtful(self, index: int, at_ms: int) -> bool:
        """Of two clocks that contradict each other nobody knows which was wrong; one that contradicts what is known was
        wrong, and says nothing about another.
        """
        setting = self._settings[index]
        offsets = [one.offset_ms for one in self._settings if one.boot == setting.boot]
        if max(offsets) - min(offsets) > WRONG_MS:
            return True
        earlier, before = self._beside(range(index - 1, -1, -1))
        later, after = self._beside(range(index + 1, len(self._settings)))
        low_ms, high_ms = max(before, default=-inf) - WRONG_MS, min(after, default=inf) + WRONG_MS
        if not low_ms <= at_ms <= high_ms:
            return True
        ahead = any(at_ms + WRONG_MS < moment <= high_ms for moment in earlier)
        return ahead or any(low_ms <= moment < at_ms - WRONG_MS for moment in later)

    def _beside(self, places: Iterable[int]) -> tuple[list[int], list[int]]:
        """The moments of the settings at these places as they stand, up to the first one of which more is known, and
        those of that one by a right clock.
        """
        unmeasured: list[int] = []
        for place in places:
            setting = self._settings[place]
            if setting.boot == UNKNOWN:
                continue
            error_ms = self._error_ms(setting)
            if error_ms is not None:
                return unmeasured, [moment - error_ms for moment in self._moments(place)]
            unmeasured += self._moments(place)
        return unmeasured, []

    def _moments(self, place: int) -> list[int]:
        """When a setting began, and when the last code under it was read, by the clock of then."""
        setting, following = self._settings[place], self._settings[place + 1 : place + 2]
        row = self._connection.execute(
            "SELECT at_ms FROM code WHERE id BETWEEN ? AND coalesce(?, 9223372036854775807) ORDER BY id DESC LIMIT 1",
            (setting.first_code, following[0].first_code - 1 if following else None),
        ).fetchone()
        return [setting.from_ms] if row is None else [setting.from_ms, int(row[0])]


def later(one: Right, other: Right) -> Right:
    """The later of two moments, with the doubts of both."""
    last = max(one, other)
    wrong_ms = one.now_wrong_ms or other.now_wrong_ms
    return last._replace(doubt=one.doubt or other.doubt, now_wrong_ms=wrong_ms)


def _spans(firsts: list[int], low: int | None, high: int | None) -> list[tuple[int, int]]:
    if low is None or high is None:
        return []
    cuts = [low, *sorted({first for first in firsts if low < first <= high}), high + 1]
    return [(first, following - 1) for first, following in pairwise(cuts)]


def _anchor(boot: list[Setting]) -> Setting | None:
    """Of the settings of one start of the machine, the one whose clock was nearest to the regulator's; the newest of
    those that time synchronisation may have left behind. None: no one was heard.
    """
    measured = [one for one in boot if one.skew_ms is not None]
    return min(measured, key=lambda one: (abs(one.skew_ms or 0) // SYNCED_MS, -one.id), default=None)


def _error_ms(setting: Setting, anchor: Setting | None) -> int | None:
    """What is between a setting and its anchor is exact. Where a machine stood still for a while (a virtual one that
    was put by), its uptime says nothing about before: what was heard under the setting itself counts.
    """
    if anchor is None or anchor.skew_ms is None:
        return None
    error_ms = setting.offset_ms - anchor.offset_ms + _off_ms(anchor.skew_ms)
    if setting.skew_ms is not None and abs(error_ms - setting.skew_ms) > 2 * WRONG_MS:
        return _off_ms(setting.skew_ms)
    return error_ms


def _off_ms(skew_ms: int) -> int:
    """A clock that is not wrong counts as it is: the regulator's is known less exactly than it keeps time."""
    return skew_ms if abs(skew_ms) > WRONG_MS else 0
