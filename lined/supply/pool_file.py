"""Files of codes as the regulator and printing houses give them: which code each line means.

    0104899215122371215zXkP3mQw8RtV␝93aB3d        a full code a line, with its separators or (where the product fixes
    0104899215122371215zXkP3mQw8RtV                its serial length) without; or an identification code
    "0104899215122371215z""kP3mQw8RtV",2026-11-01  CSV with quotes: the first column
    0104899215122371215zXkP3mQw8RtV<TAB>...        up to the first tab: no code holds one
    0104899215122371215zXkP3mQw8RtV;2026-11-01     CSV without quotes: only with its delimiter given

`,` and `;` are ordinary characters of codes, so nothing is cut off at them unless somebody says so, and a file in which
every line may have been meant that way is refused rather than read wrongly.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from lined.codes import Malformed, Shape
from lined.line.pool_operations import identified

NO_DELIMITER = "none"
LINE_BYTES = 4096
_QUOTED = re.compile(r'"(?:[^"]|"")*"(.?)')
_LOST = re.compile(r"[!-~]+93(?:[!-~]{4}|[!-~]{8})")  # an identification code that ends like a check part


class Line(NamedTuple):
    """A line of the file: its identification code, or why it has none."""

    number: int
    ident: str
    problem: str = ""


class PoolFile:
    """Iterating reads the file from its beginning, one line at a time, and yields a Line for each that is not empty.

    Raises OSError. `doubts` says, after the file was read once, why it may mean something else than was read.
    """

    def __init__(self, path: Path, gtin: str, shapes: Mapping[str, Shape], delimiter: str | None = None) -> None:
        self._path = path
        self._gtin = gtin
        self._shapes = shapes
        self._delimiter = None if delimiter == NO_DELIMITER else delimiter
        shape = shapes.get(gtin)
        self._certain = shape is not None and shape.serial_length is not None
        self._told = delimiter is not None
        self._counts: set[tuple[int, int]] = set()
        self._columns = 0
        self._codes = self._lost = 0

    def __iter__(self) -> Iterator[Line]:
        self._columns = self._codes = self._lost = 0
        self._counts = set()
        with self._path.open("rb") as file:
            first = True
            for number, raw in enumerate(iter(lambda: file.readline(LINE_BYTES), b""), 1):
                text = raw.decode("utf-8", "replace").removeprefix("\ufeff" if number == 1 else "").rstrip("\r\n")
                if not text.strip():
                    continue
                if first and not re.search("[0-9]{8}", text):
                    first = False
                    continue  # the names of columns
                first = False
                yield self._line(number, text)

    def doubts(self) -> str:
        """Empty: none."""
        if self._codes < 2 or self._certain:
            return ""
        if self._lost == self._codes:
            return (
                "every line ends like a check part without its separator (93…): give the product its serial_length in "
                "the configuration, or ask for a file with separators"
            )
        marks = [mark for at, mark in enumerate(",;") if {count[at] for count in self._counts} not in ({0}, set())]
        if not self._told and len(self._counts) == 1 and marks:
            return (
                f"each line has the same number of {' and '.join(marks)}: is it CSV? Say --delimiter '{marks[0]}', or "
                f"--delimiter {NO_DELIMITER} where these belong to the codes"
            )
        return ""

    def _line(self, number: int, text: str) -> Line:
        try:
            field = self._first_column(text)
            ident = identified(field, self._gtin, self._shapes)
        except Malformed as fault:
            return Line(number, "", str(fault))
        self._codes += 1
        self._lost += bool(ident == field and _LOST.fullmatch(ident))
        self._counts.add((text.count(","), text.count(";")) if field == text else (0, 0))
        return Line(number, ident)

    def _first_column(self, text: str) -> str:
        quoted = _QUOTED.match(text)
        delimiter = self._delimiter or (quoted[1] if quoted else "")
        if not quoted and not delimiter:
            return text.partition("\t")[0]
        columns = next(csv.reader([text], delimiter=delimiter or ","))
        self._columns = self._columns or len(columns)
        if len(columns) != self._columns:
            raise Malformed(f"{len(columns)} columns, the first line has {self._columns}")
        return columns[0]
