"""Files of codes as the regulator and printing houses give them: which code each line means.

A line is a full code, with its separators or (where the product fixes its serial length) with what became of them; or
an identification code; or CSV whose first column is one (see `pool_rows`). A few lines without digits before the first
code are titles. The regulator's answers in JSON are read as well (see `pool_json`).

`,`, `;`, `|` and quotes are characters of codes, and a separator may be lost so that a check part looks like the end of
a serial. Whatever may be read in two ways is a doubt, and a doubt is refused with its line: a pool of other codes than
were issued would stop a line, or let a foreign code pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from lined.codes import Malformed, Shape
from lined.supply.pool_codes import code_of
from lined.supply.pool_doubts import NO_DELIMITER, Doubts, Line
from lined.supply.pool_json import codes_in, is_json
from lined.supply.pool_rows import (
    BLANKS,
    NAMES,
    TAB,
    WrongRow,
    columns,
    delimiter_after_quotes,
    is_quoted,
    plain,
)
from lined.supply.text_lines import NoText, numbered

TITLES_MAX = 5

_DIGITS = re.compile("[0-9]{8}")  # a line without them holds no code
_LIKE_A_CODE = re.compile("01[0-9]{14}|[0-9]{18}")


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
        self._seen = Doubts(shapes.get(gtin), delimiter, uneven=uneven)
        self._as_it_was: tuple[int, ...] = ()
        self._width = 0
        self.titles = 0
        """Lines before the first code that were taken for titles."""

    def __iter__(self) -> Iterator[Line]:
        self._seen.clear()
        try:
            there = self._path.stat()
            now = (there.st_dev, there.st_ino, there.st_size, there.st_mtime_ns)
            self._as_it_was = self._as_it_was or now
            yield from self._of_json() if is_json(self._path) else self._of_lines()
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
        return self._seen.found()

    def _of_json(self) -> Iterator[Line]:
        self.titles = 0
        for place, text in codes_in(self._path):
            if isinstance(text, str):
                yield self._taken(place, text, whole=False)
            else:
                yield Line(place, None, "a code has to be a text in quotes")

    def _of_lines(self) -> Iterator[Line]:
        delimiter, wrong = self._delimiter()
        yield from self._lines(delimiter) if wrong is None else [wrong]

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
        self.titles, self._width, codes = 0, 0, False
        for number, text, wrong in numbered(self._path):
            row = text.strip(BLANKS)
            if not row.strip() and not wrong:
                continue
            if not codes and not wrong and self.titles < TITLES_MAX and _is_title(row):
                self.titles += 1
                continue
            codes = True
            yield Line(str(number), None, wrong) if wrong else self._line(number, row, delimiter)

    def _line(self, number: int, row: str, delimiter: str) -> Line:
        try:
            cells = self._cells(row, delimiter)
            text = plain(cells[0])
        except WrongRow as fault:
            return Line(str(number), None, str(fault))
        return self._taken(str(number), text, whole=len(cells) == 1 and not is_quoted(row))

    def _taken(self, place: str, text: str, *, whole: bool) -> Line:
        try:
            code = code_of(text, self._gtin, self._shapes)
        except Malformed as fault:
            return Line(place, None, str(fault))
        self._seen.take(place, code, whole=whole)
        return Line(place, code)

    def _cells(self, row: str, delimiter: str) -> list[str]:
        if self._told != NO_DELIMITER and not delimiter:
            return [row.partition(TAB)[0]]
        cells = columns(row, delimiter) if delimiter else [row]
        self._width = self._width or len(cells)
        if len(cells) != self._width:
            raise WrongRow(f"{len(cells)} columns, the first line has {self._width}")
        return cells


def _is_title(row: str) -> bool:
    """Words, such as `GTIN 04899215122371`, and nothing that a code could have become."""
    return not _DIGITS.search(row) or (row[0].isalpha() and " " in row and not _LIKE_A_CODE.search(row))
