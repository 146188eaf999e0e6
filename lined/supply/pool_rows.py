"""A row of a file of codes: the first column, as CSV in its strict form writes it, or as Excel spoils it.

    0104899215122371215zXkP3mQw8RtV␝93aB3d          the whole row is the code
    "0104899215122371215z""kP3mQw8RtV",2026-11-01   quoted: quotes within are doubled, a delimiter or nothing follows
    ="0104899215122371215zXkP3mQw8RtV"              what Excel writes so that it stays text
    '0104899215122371215zXkP3mQw8RtV                the same, by hand
    0104899215122371215zXkP3mQw8RtV<TAB>...         up to the first tab: no code holds one
    0104899215122371215zXkP3mQw8RtV;2026-11-01      unquoted: only with the delimiter that somebody gave

A code may hold `,`, `;`, `|` and quotes, so what is not exactly one of these forms is refused, never cut somewhere.
"""

from __future__ import annotations

import re
from typing import Final

DELIMITERS: Final = (",", ";", "\t", "|")
TAB: Final = "\t"
NAMES: Final = {",": "','", ";": "';'", "\t": "a tab", "|": "'|'"}

_QUOTED: Final = r'"(?:[^"]|"")*"'
_OPENING: Final = re.compile(f"={_QUOTED}|{_QUOTED}")
_WHOLE: Final = re.compile(_QUOTED)
_FORMULA: Final = re.compile(f"={_QUOTED}")
_FIELDS: Final = {each: re.compile(rf"={_QUOTED}|{_QUOTED}|[^{re.escape(each)}]*") for each in DELIMITERS}
BLANKS: Final = " \u00a0\u200b\ufeff"


class WrongRow(ValueError):
    """Not a row of this form; the message is for people."""


def is_quoted(text: str) -> bool:
    """Whether the row begins with a quoted column."""
    return text.startswith(('"', '="'))


def delimiter_after_quotes(text: str) -> str:
    """What follows a quoted first column; empty: nothing. Raises WrongRow where that is no delimiter."""
    opening = _OPENING.match(text)
    if opening is None:
        raise WrongRow("a quote that is not closed")
    after = text[opening.end() :].strip(BLANKS)[:1]
    if after and after not in DELIMITERS:
        raise WrongRow(
            f"{after!r} follows the closing quote, which is no delimiter: quotes within a code have to be doubled"
        )
    return after


def columns(text: str, delimiter: str) -> list[str]:
    """The columns of a row, raw. Raises WrongRow."""
    field, strict = _FIELDS[delimiter], is_quoted(text)
    found: list[str] = []
    at = 0
    while True:
        match = field.match(text, at)
        assert match is not None
        found.append(match[0])
        at = match.end()
        if strict and not is_quoted(match[0]) and '"' in match[0]:
            raise WrongRow("a quote within a column: quotes within a code have to be doubled")
        if at == len(text):
            return found
        if text[at] != delimiter:
            if text[at:].strip(BLANKS):
                raise WrongRow(f"something follows the closing quote of column {len(found)}")
            return found
        at += 1


def plain(column: str) -> str:
    """What a column holds: without its quotes, blanks around it and Excel's marks. Raises WrongRow."""
    text = column.strip(BLANKS)
    if text.startswith('"'):
        if not _WHOLE.fullmatch(text):
            raise WrongRow("quotes that do not close, or are not doubled within the code")
        text = text[1:-1].replace('""', '"').strip(BLANKS)
    if text.startswith("="):
        if not _FORMULA.fullmatch(text):
            raise WrongRow("an Excel formula: save the column as text, without =")
        text = text[2:-1].replace('""', '"').strip(BLANKS)
    return text.removeprefix("'")
