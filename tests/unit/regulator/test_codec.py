"""The codec: what it writes it reads, and nothing that a regulator gives makes it fail."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator

import pytest

from lined.regulator.codec import FORMATS, UPDATED, unit, unit_codes, written_update
from lined.vocabulary.reports import ReportKind
from tests.monsters import JSON

CODE, BOX = "010489921512237121UGM6BL+d+aHQw", "00030779729200012315"
NEW = {"production_date": "2026-11-22T00:00:00+05:00", "series": "S-1"}


@pytest.mark.parametrize("kind", ReportKind)
def test_what_is_written_is_told_again(kind: str) -> None:
    format_ = FORMATS[kind]
    said: dict[str, object] = {name: f"<{name}>" for name in format_.names if name != UPDATED}
    if kind == ReportKind.CORRECTION:
        said[UPDATED] = NEW
    written = format_.written(said)
    assert len(written) == len(said) and not written.keys() & said.keys()
    assert format_.told({**written, format_.codes_in: [], "somethingNew": 1}) == said
    assert format_.written(dict.fromkeys(format_.names)) == {}


def test_there_is_a_format_for_each_kind_and_only_utilisation_stands_bare() -> None:
    assert set(FORMATS) == set(ReportKind)
    assert [kind for kind, format_ in FORMATS.items() if not format_.envelope] == ["utilisation"]


def test_a_correction_that_an_older_journal_holds_is_written_as_it_stands() -> None:
    assert written_update({"seriesNumber": "S-1"}) == {"seriesNumber": "S-1"} == written_update({"series": "S-1"})


def test_the_two_kinds_without_a_type_are_told_apart_by_their_content() -> None:
    for kind, other in (("correction", "disaggregation"), ("disaggregation", "correction")):
        content = FORMATS[kind].written({UPDATED: NEW} if kind == "correction" else {}) | {"codes": [CODE]}
        assert (FORMATS[kind].listed(content), FORMATS[other].listed(content)) == ([CODE], [])


def test_a_package_is_written_with_its_children_and_named_by_its_place() -> None:
    element, format_ = unit(BOX, [CODE], 12), FORMATS["aggregation"]
    assert unit_codes(element) == (BOX, [CODE])
    assert format_.listed({format_.codes_in: [element]}) == [CODE, BOX]
    assert [format_.code_at(element, rest) for rest in ((), ("codes", 0), ("codes", 1))] == [BOX, CODE, None]


def monsters() -> Iterator[object]:
    for text in JSON.values():
        with contextlib.suppress(ValueError, RecursionError):
            yield json.loads(text)


@pytest.mark.parametrize("kind", ReportKind)
def test_nothing_that_comes_back_makes_it_fail(kind: str) -> None:
    format_, row = FORMATS[kind], unit(BOX, [CODE], 1)
    for monster in monsters():
        contents: list[dict[str, object]] = [{format_.codes_in: monster}, {format_.codes_in: [monster]}]
        contents += [{format_.codes_in: [{**row, name: monster}]} for name in row]
        contents.append(dict.fromkeys(format_.names.values(), monster))
        for content in contents:
            listed = format_.listed(content)
            assert listed is None or all(isinstance(code, str) for code in listed)
            assert set(format_.told(content)) <= set(format_.names)
