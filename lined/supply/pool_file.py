"""Files of codes as the regulator and printing houses give them: which code each line means.

A line is a full code, with its separators or (where the product fixes its serial length) with what became of them; or
an identification code; or CSV whose first column is one (see `pool_rows`). A few lines without digits before the first
code are titles.

`,`, `;`, `|` and quotes are characters of codes, and a separator may be lost so that a check part looks like the end of
a serial. Whatever may be read in two ways is a doubt, and a doubt is refused with its line: a pool of other codes than
were issued would stop a line, or let a foreign code pass.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from lined.codes import Malformed, MarkingCode, Shape
from lined.codes.separators import STAND_IN
from lined.codes.templates import SERIAL_AT
from lined.line.pool_operations import code_of
from lined.supply.pool_rows import (
    BLANKS,
    DELIMITERS,
    NAMES,
    TAB,
    WrongRow,
    columns,
    delimiter_after_quotes,
    is_quoted,
    plain,
)
from lined.supply.text_lines import NoText, numbered

NO_DELIMITER = "none"
TITLES_MAX = 5
_MARKS = (",", ";", "|")  # delimiters that codes hold too
_CHANCE = 20  # one serial in 3,400 ends like a check part by chance; one in so many does not

_DIGITS = re.compile("[0-9]{8}")  # a line without them holds no code
_LIKE_A_CHECK_PART = re.compile(
    rf"[!-~]+?(?:{STAND_IN})?(?:93(?:[!-~]{{8}}|[!-~]{{4}})|91[!-~]{{4}}(?:{STAND_IN})?92[!-~]{{44,88}})"
)
_ESCAPED = re.compile(
    r"""&(?:amp|lt|gt|quot|apos|nbsp|\#0*(?!29;)[0-9]{1,7}|\#[xX]0*(?!1[dD];)[0-9a-fA-F]{1,6});
    |\\["'/\\]|\\u(?!001[dD])[0-9a-fA-F]{4}|\\x(?!0*1[dD])[0-9a-fA-F]{2}""",
    re.VERBOSE,
)
_PERCENT = re.compile("%(?:2[0-9A-Fa-f]|3[A-Fa-f]|40|5[B-Eb-e]|60|7[B-Db-d])")
_SHORTER_TAILS = {1 + 2 + 8: 1 + 2 + 4, 1 + 2 + 4 + 1 + 2 + 88: 1 + 2 + 4 + 1 + 2 + 44}  # one check part begins another


class Line(NamedTuple):
    """A line of the file: its code, or why it has none. `place`: its number, or what names it within JSON."""

    place: str
    code: MarkingCode | None
    problem: str = ""


class PoolFile:
    """Iterating reads the file from its beginning and yields a Line for each that holds something.

    `delimiter`: what a person says about unquoted CSV; NO_DELIMITER: it is none. `uneven`: a person says that these are
    identification codes whose serials differ in length. `doubts` says, after the file was read once,
    why it may mean something else than was read.
    """

    def __init__(
        self,
        path: Path,
        gtin: str,
        shapes: Mapping[str, Shape],
        delimiter: str | None = None,
        *,
        uneven: bool = False,
    ) -> None:
        self._path = path
        self._gtin = gtin
        self._shapes = shapes
        self._told = delimiter
        self._seen = _Seen(shapes.get(gtin), delimiter, uneven=uneven)
        self._as_it_was: tuple[int, ...] = ()
        self.titles = 0
        """Lines before the first code that were taken for titles."""

    def __iter__(self) -> Iterator[Line]:
        self._seen.clear()
        try:
            there = self._path.stat()
            now = (there.st_dev, there.st_ino, there.st_size, there.st_mtime_ns)
            self._as_it_was = self._as_it_was or now
            delimiter, wrong = self._delimiter()
            yield from self._lines(delimiter) if wrong is None else [wrong]
            there = self._path.stat()
        except NoText as fault:
            yield Line("1", None, f"the file {fault}")
        except OSError as fault:
            yield Line("1", None, f"the file cannot be read: {fault.strerror or fault}")
        else:
            if self._as_it_was != (there.st_dev, there.st_ino, there.st_size, there.st_mtime_ns):
                yield Line("1", None, "the file was changed while it was read: try again")

    def doubts(self) -> list[Line]:
        """Empty: none."""
        return self._seen.doubts()

    def _delimiter(self) -> tuple[str, Line | None]:
        """The file's own, where it has quoted columns: one for all its lines; else what was told. And the line, if
        there is one, that contradicts. Raises OSError and NoText.
        """
        found, where = "" if self._told in {None, NO_DELIMITER} else str(self._told), 0
        for number, text, _ in numbered(self._path):
            row = text.strip(BLANKS)
            if self._told == NO_DELIMITER or not is_quoted(row) or not _DIGITS.search(row):
                continue
            try:
                delimiter = delimiter_after_quotes(row)
            except WrongRow as fault:
                return "", Line(str(number), None, str(fault))
            if delimiter and found and delimiter != found:
                first = f"line {where} has" if where else "you said"
                message = (
                    f"{NAMES[delimiter]} follows the quoted code, {first} {NAMES[found]}: a file has one delimiter"
                )
                return "", Line(str(number), None, message)
            if delimiter and not found:
                found, where = delimiter, number
        return found, None

    def _lines(self, delimiter: str) -> Iterator[Line]:
        self.titles, codes, width = 0, False, 0
        for number, text, wrong in numbered(self._path):
            row = text.strip(BLANKS)
            if not row.strip() and not wrong:
                continue
            if not codes and not wrong and self.titles < TITLES_MAX and not _DIGITS.search(row):
                self.titles += 1
                continue
            codes = True
            try:
                if wrong:
                    raise WrongRow(wrong)
                cells = self._cells(row, delimiter)
                width = width or len(cells)
                if len(cells) != width:
                    raise WrongRow(f"{len(cells)} columns, the first line has {width}")
                code = self._code(plain(cells[0]))
            except (Malformed, WrongRow) as fault:
                yield Line(str(number), None, str(fault))
            else:
                self._seen.take(number, code, whole=len(cells) == 1 and not is_quoted(row))
                yield Line(str(number), code)

    def _cells(self, row: str, delimiter: str) -> list[str]:
        if self._told == NO_DELIMITER:
            return [row]
        if delimiter:
            return columns(row, delimiter)
        if TAB in row:
            return [row.partition(TAB)[0]]
        return [row]

    def _code(self, text: str) -> MarkingCode:
        escaped = _ESCAPED.search(text)
        if escaped:
            raise Malformed(f"looks escaped ({escaped[0]}): ask for the codes as they are printed")
        return code_of(text, self._gtin, self._shapes)


class _Seen:
    """What the codes of a file look like together: only so is seen what each of them hides."""

    def __init__(self, shape: Shape | None, told: str | None, *, uneven: bool) -> None:
        self._certain = shape is not None and shape.serial_length is not None
        self._told = told
        self._uneven = uneven
        self.clear()

    def clear(self) -> None:
        self._codes = self._percents = self._escapes = 0
        self._forms: Counter[tuple[int, int]] = Counter()
        self._first: dict[tuple[int, int], int] = {}
        self._alike: Counter[tuple[int, int]] = Counter()
        self._alike_first = 0
        self._marks = set(_MARKS)

    def take(self, line: int, code: MarkingCode, *, whole: bool) -> None:
        """`whole`: nothing told where the code ends but the end of the line, or a tab."""
        self._codes += 1
        form = (len(code.ident), len(code.tail))
        self._forms[form] += 1
        self._first.setdefault(form, line)
        self._percents += code.full.count("%")
        self._escapes += len(_PERCENT.findall(code.full))
        if self._marks:
            self._marks &= self._could_be_delimiters(code) if whole else set()
        if not code.tail and _LIKE_A_CHECK_PART.fullmatch(code.ident, SERIAL_AT):
            self._alike_first = self._alike_first or line
            self._alike[form] += 1

    def doubts(self) -> list[Line]:
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
            str(min(self._first.values())),
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
                str(self._first[form]),
                None,
                f"{_described(form)}, where line {self._first[usual]} has {_described(usual)} ({count:,} such lines): "
                "a lost separator? Give the product its serial_length in the configuration, or say --uneven-serials where all "
                "are identification codes without check parts",
            )

    def _of_lost_separators(self) -> Iterator[Line]:
        if self._certain or self._uneven:
            return
        if any(count * _CHANCE >= self._forms[form] for form, count in self._alike.items()):
            yield Line(
                str(self._alike_first),
                None,
                "ends like a check part without its separator (93…), as others do: give the product its serial_length "
                "in the configuration, or ask for a file with separators",
            )


def _described(form: tuple[int, int]) -> str:
    return f"{form[0]} characters {'before' if form[1] else 'and no'} check part"


__all__ = ["DELIMITERS", "NO_DELIMITER", "Line", "PoolFile"]
