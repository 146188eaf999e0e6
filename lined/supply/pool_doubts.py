"""Doubts about a file of codes: what its codes look like together, and what each of them may hide.

A single line cannot tell a serial that ends in `93abcd` from one whose check part lost its separator, nor CSV without
quotes from a serial that holds a comma. All lines together can, nearly always; where they leave it open, that is a
doubt.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from lined.codes import MarkingCode, Shape, may_have_lost_its_separator
from lined.supply.pool_rows import NAMES

NO_DELIMITER = "none"
_MARKS = (",", ";", "|")  # delimiters that codes hold too
_CHANCE = 20  # one serial in 3,400 ends like a check part by chance; one in so many does not
_PERCENT = re.compile("%(?:2[0-9A-Fa-f]|3[A-Fa-f]|40|5[B-Eb-e]|60|7[B-Db-d])")
_SHORTER_TAILS = {1 + 2 + 8: 1 + 2 + 4, 1 + 2 + 4 + 1 + 2 + 88: 1 + 2 + 4 + 1 + 2 + 44}  # one check part begins another


class Line(NamedTuple):
    """A line of the file: its code, or why it has none. `place`: its number, or what names it within JSON."""

    place: str
    code: MarkingCode | None
    problem: str = ""


class Doubts:
    """What the codes of a file look like together: only so is seen what each of them hides."""

    def __init__(self, shape: Shape | None, told: str | None, *, uneven: bool) -> None:
        self._certain = shape is not None and shape.serial_length is not None
        self._told = told
        self._uneven = uneven
        self.clear()

    def clear(self) -> None:
        self._codes = self._percents = self._escapes = 0
        self._forms: Counter[tuple[int, int]] = Counter()
        self._first: dict[tuple[int, int], str] = {}
        self._alike: Counter[tuple[int, int]] = Counter()
        self._alike_first = ""
        self._marks = set(_MARKS)

    def take(self, place: str, code: MarkingCode, *, whole: bool) -> None:
        """`whole`: nothing told where the code ends but the end of the line, or a tab."""
        self._codes += 1
        form = (len(code.ident), len(code.tail))
        self._forms[form] += 1
        self._first.setdefault(form, place)
        self._percents += code.full.count("%")
        self._escapes += len(_PERCENT.findall(code.full))
        if self._marks:
            self._marks &= self._could_be_delimiters(code) if whole else set()
        if not code.tail and may_have_lost_its_separator(code.ident):
            self._alike_first = self._alike_first or place
            self._alike[form] += 1

    def found(self) -> list[Line]:
        if not self._codes:
            return []
        return [*self._of_escapes(), *self._of_delimiters(), *self._of_forms(), *self._of_lost_separators()]

    def _of_escapes(self) -> Iterator[Line]:
        if self._percents > 1 and self._escapes == self._percents:
            yield Line("1", None, "every % looks like an escape (%3C): ask for the codes as they are printed")

    def _of_delimiters(self) -> Iterator[Line]:
        if self._told is not None or not self._marks:
            return
        mark = min(self._marks, key=_MARKS.index)
        yield Line(
            next(iter(self._first.values())),
            None,
            f"this line and every other could be cut at {NAMES[mark]}: is it CSV? Say --delimiter {NAMES[mark].strip()}"
            f", or --delimiter {NO_DELIMITER} where it belongs to the codes",
        )

    def _could_be_delimiters(self, code: MarkingCode) -> set[str]:
        """The marks at which the line could be cut as well, and leave a code."""
        if not code.tail:
            return set() if self._certain else {mark for mark in _MARKS if mark in code.ident}
        shorter = _SHORTER_TAILS.get(len(code.tail))
        return {code.tail[shorter]} & set(_MARKS) if shorter else set()

    def _of_forms(self) -> Iterator[Line]:
        """Codes of one product are alike. One that is not may have lost its separator, or have been cut."""
        if len(self._forms) == 1 or self._certain or self._uneven:
            return
        usual = max(self._forms, key=lambda form: (form[1] > 0, self._forms[form]))
        cut = self._told not in (None, NO_DELIMITER)
        for form, count in self._forms.items():
            if form == usual or (form[1] and not cut):
                continue
            yield Line(
                self._first[form],
                None,
                f"{_described(form)}, where line {self._first[usual]} has {_described(usual)} ({count:,} such lines): "
                "a lost separator? Give the product its serial_length in the configuration, or say --uneven-serials "
                "where all are identification codes without check parts",
            )

    def _of_lost_separators(self) -> Iterator[Line]:
        if self._certain or self._uneven:
            return
        if any(count * _CHANCE >= self._forms[form] for form, count in self._alike.items()):
            yield Line(
                self._alike_first,
                None,
                "ends like a check part without its separator (93…), as others do: give the product its serial_length "
                "in the configuration, or ask for a file with separators",
            )


def _described(form: tuple[int, int]) -> str:
    return f"{form[0]} characters {'before' if form[1] else 'and no'} check part"
