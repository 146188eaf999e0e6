"""Every string of the page in all three languages, with the same places for values, and safe inside HTML."""

from __future__ import annotations

import re

import pytest

from lined.i18n.catalogues import LANGUAGES, SOURCE, catalogue, chosen
from lined.vocabulary.word import AdvisedWord, Word
from tests.harness.page_strings import every_string

STRINGS = every_string()
OTHERS = sorted(set(LANGUAGES) - {SOURCE})
SAME = {"s", "Operator", "Token", "Limit", "Balans"}  # words that are the same in English and the other language


def test_the_strings_are_found() -> None:
    assert len(STRINGS) > 300
    assert {"Operator", "Start a job", "Code already used", "ACCEPTED", "Downtime, minutes"} <= set(STRINGS)


@pytest.mark.parametrize("language", OTHERS)
def test_every_string_is_translated(language: str) -> None:
    found = catalogue(language)
    missing = [f"{place}: {text}" for text, place in STRINGS.items() if found.gettext(text) in {text, ""} - SAME]
    assert [one for one in missing if one.partition(": ")[2] not in SAME] == []


@pytest.mark.parametrize("language", OTHERS)
def test_no_catalogue_holds_what_is_said_nowhere(language: str) -> None:
    found = catalogue(language)
    assert set(found._catalog) - {""} <= set(STRINGS)  # type: ignore[attr-defined]


@pytest.mark.parametrize("language", LANGUAGES)
def test_places_for_values_are_the_same_and_nothing_breaks_out_of_an_attribute(language: str) -> None:
    for text in STRINGS:
        said = catalogue(language).gettext(text)
        assert sorted(re.findall(r"%\(\w+\)s", said)) == sorted(re.findall(r"%\(\w+\)s", text)), text
        assert not set('<>&"') & set(said), said
        assert "%" not in re.sub(r"%\(\w+\)s", "", said), said


@pytest.mark.parametrize("language", OTHERS)
def test_uzbek_is_latin_and_russian_is_cyrillic(language: str) -> None:
    said = " ".join(catalogue(language).gettext(text) for text in STRINGS)
    cyrillic = len(re.findall(r"[а-яё]", said, re.IGNORECASE))
    assert cyrillic > 5_000 if language == "ru" else cyrillic == 0


def test_every_verdict_state_and_kind_has_words() -> None:
    for enum in Word.__subclasses__() + AdvisedWord.__subclasses__():
        for word in enum:
            assert word.sentence in STRINGS and (not isinstance(word, AdvisedWord) or word.advice in STRINGS), word


def test_the_language_asked_for_wins_over_the_one_remembered_and_that_over_the_lines_own() -> None:
    assert chosen("ru", "uz", "en") == "ru"
    assert chosen(None, "uz", "en") == "uz"
    assert chosen("xx", None, "ru") == "ru"
    assert chosen(None, "<b>", "") == "en"
