"""A report as CSV that spreadsheet programs leave as it is.

A code of digits is written as the formula ="0489…": Excel and LibreOffice both turn a quoted "0489…" into a number
when the file is opened by a double click, and the formula is the one form that both show as text with its zeros. The
same form keeps a text of people that begins with = + - @ from being carried out. The separator is what the language's
regional settings expect: a semicolon in Uzbek and Russian, a comma in English; a byte order mark says UTF-8.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable

from lined.i18n import words
from lined.i18n.shown import Clock, Translate
from lined.vocabulary.word import N_
from lined.web.summary import Reads, Summary

MARK = "\ufeff"
SEPARATORS = {"uz": ";", "ru": ";", "en": ","}
_NUMBER_LIKE = re.compile(r"0[0-9]+|[0-9]{12,}")
_CARRIED_OUT = ("=", "+", "-", "@", "\t", "\r", "\n")

Cell = str | int | float | None

TEXTS = {
    "from": N_("From"),
    "to": N_("To"),
    "section": N_("Section"),
    "item": N_("Entry"),
    "value": N_("Value"),
    "detail": N_("Details"),
    "codes": N_("Codes applied, by what they count as now"),
    "grades": N_("Grades"),
    "downtime": N_("Downtime, minutes"),
    "reads": N_("Reads"),
}


def cell(value: Cell) -> str | int | float:
    """A value as it has to stand in the file, before CSV's own quoting."""
    if value is None:
        return ""
    if not isinstance(value, str):
        return value
    if _NUMBER_LIKE.fullmatch(value) or value.startswith(_CARRIED_OUT):
        doubled = value.replace('"', '""')
        return f'="{doubled}"'
    return value


def sheet(rows: Iterable[tuple[Cell, ...]], language: str) -> str:
    """The file's text."""
    into = io.StringIO()
    writer = csv.writer(into, delimiter=SEPARATORS[language], lineterminator="\r\n")
    writer.writerows([cell(value) for value in row] for row in rows)
    return MARK + into.getvalue()


def rows_of(found: Summary, translate: Translate, clock: Clock) -> list[tuple[Cell, ...]]:
    """The report as rows: section, entry, value, details."""
    texts = {name: translate(text) for name, text in TEXTS.items()}
    rows: list[tuple[Cell, ...]] = [
        (texts["section"], texts["item"], texts["value"], texts["detail"]),
        (texts["from"], clock.day_and_time(found.span.from_ms), None, clock.timezone),
        (texts["to"], clock.day_and_time(found.span.to_ms), None, clock.timezone),
    ]
    for job in found.jobs:
        detail = " · ".join(str(part) for part in (job.product.get("name"), job.attributes.get("series")) if part)
        rows += [
            (translate(N_("Job")), job.gtin, job.attributes.get("order"), detail),
        ]
    rows += _of_reads(texts["reads"], found.reads, translate)
    for station, reads in found.stations.items():
        rows += _of_reads(f"{texts['reads']}: {station}", reads, translate)
    rows += [(texts["codes"], translate(words.CODE_STATES[state]), n, None) for state, n in found.codes.items()]
    rows += [(texts["grades"], grade, n, None) for grade, n in found.classes.items()]
    for level, (n, holds) in found.packages.items():
        rows.append((translate(N_("Packages")), translate(words.LEVELS.get(level, level)), n, holds))
    for document in found.documents:
        state = translate(words.REPORT_STATES[document.state])
        kind = translate(words.KINDS[document.kind])
        rows.append((kind, document.document_id or f"№ {document.id}", document.size, state))
    for row in found.alarms:
        until = clock.day_and_time(row.cleared_ms)
        rows.append(
            (
                translate(N_("Alarms")),
                translate(words.alarm(row.kind).sentence),
                f"{clock.day_and_time(row.raised_ms)} – {until}",
                row.place,
            )
        )
    rows += _of_balance(found, translate)
    rows += [
        (texts["downtime"], clock.day_and_time(stop.from_ms), stop.minutes, clock.day_and_time(stop.to_ms))
        for stop in found.stops
    ]
    return rows


def _of_balance(found: Summary, translate: Translate) -> list[tuple[Cell, ...]]:
    """Each equation: its whole, then its parts, and the difference where there is one."""
    rows: list[tuple[Cell, ...]] = []
    for one in found.balance:
        section = f"{translate(N_('Balance'))}: {one.place or translate(N_('Whole line'))}"
        rows.append((section, translate(words.PARTS[one.whole]), one.n, one.whole))
        rows += [(section, translate(words.part(word)), n, word) for word, n in one.parts]
        if one.difference:
            rows.append((section, translate(N_("difference")), one.difference, None))
    return rows


def _of_reads(section: str, reads: Reads, translate: Translate) -> list[tuple[Cell, ...]]:
    return [
        (section, translate(N_("total")), reads.total, None),
        (section, translate(words.PARTS["accepted"]), reads.accepted, None),
        (section, translate(words.PARTS["rejected"]), reads.rejected, None),
        *((section, translate(words.reason(word).sentence), n, word) for word, n in reads.reasons.items()),
        (section, translate(words.PARTS["no-read"]), reads.no_read, None),
        (section, translate(words.PARTS["repeats"]), reads.repeats, None),
    ]
