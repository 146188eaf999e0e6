"""Messages about alarms for people who are not at the page: a mail, a Telegram message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from lined.i18n import words
from lined.i18n.catalogues import catalogue
from lined.i18n.facts import in_words
from lined.i18n.shown import Clock
from lined.journal.tables.alarms import AlarmRow

BODY_MAX = 3_500  # characters: Telegram takes 4,096
CAUSE_MAX = 300


class Change(NamedTuple):
    """An alarm as it stands, and how often it was raised since people last heard of it."""

    row: AlarmRow
    raisings: int
    told_before: bool


def message(line: str, language: str, clock: Clock, changes: Sequence[Change], left_out: int) -> tuple[str, str]:
    """Title and body. One that would get too long says how many it leaves out."""
    translate = catalogue(language).gettext
    parts: list[str] = []
    room = BODY_MAX
    for change in changes:
        part = _part(change, language, clock)
        if len(part) > room:
            break
        parts.append(part)
        room -= len(part) + 2
    left_out += len(changes) - len(parts)
    if left_out:
        parts.append(f"{translate(words.NOTICES['left-out'])}: {left_out}")
    if len(changes) == 1:
        title = f"{line}: {_state(changes[0], language)}: {translate(words.alarm(changes[0].row.kind).sentence)}"
    else:
        title = f"{line}: {translate(words.NOTICES['many'])}: {len(changes)}"
    return title, "\n\n".join(parts)


def _state(change: Change, language: str) -> str:
    if change.row.cleared_ms is None:
        word = "again" if change.told_before else "raised"
    else:
        word = "passed" if change.raisings else "over"
    times = f" × {change.raisings}" if change.raisings > 1 else ""
    return catalogue(language).gettext(words.NOTICES[word]) + times


def _part(change: Change, language: str, clock: Clock) -> str:
    """Some three lines: since when what is wrong where, what to do, and the cause."""
    row, translate = change.row, catalogue(language).gettext
    about = words.alarm(row.kind)
    span = clock.day_and_time(row.raised_ms)
    if row.cleared_ms is not None:
        span += f" – {clock.day_and_time(row.cleared_ms)}"
    severity = translate(words.SEVERITIES[row.severity])
    first = f"{_state(change, language)} ({severity}): {translate(about.sentence)}: {row.place}"
    advice = [] if row.cleared_ms is not None else [translate(about.advice)]
    return "\n".join([first, span, *advice, f"[{in_words(row.text, translate, clock)[:CAUSE_MAX]}]"])
