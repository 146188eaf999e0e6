"""Facts: a code with parameters inside, a text in the reader's language at the edge."""

from __future__ import annotations

import ast
import copy
import pickle
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from lined.i18n.catalogues import catalogue
from lined.i18n.facts import in_words
from lined.i18n.shown import Clock
from lined.vocabulary.facts import (
    MARK,
    WORDS,
    CareFact,
    DeviceFact,
    Fact,
    FactCode,
    LineFact,
    ServiceFact,
    column_forms,
    every_code,
    from_column,
    placeholders,
    to_column,
)
from lined.vocabulary.facts.fact import DEPTH_MAX, TEXT_MAX
from tests.harness.page_strings import every_string

CODES = every_code()
CLOCK = Clock("Asia/Tashkent")
AT_MS = 1_795_000_000_000
SOURCES = Path(__file__).parents[2] / "lined"
FACTS = SOURCES / "vocabulary" / "facts"


def sample(code: FactCode) -> Fact:
    """A fact of that code, each parameter of the kind that its name says."""
    values = {
        name: AT_MS if name.endswith("_at") else next(iter(WORDS[name])).value if name in WORDS else f"<{name}>"
        for name in code.names
    }
    return Fact(code, **values)


@pytest.mark.parametrize("code", CODES)
def test_every_fact_comes_back_from_its_column(code: FactCode) -> None:
    fact = sample(code)
    again = from_column(to_column(fact))
    assert isinstance(again, Fact)
    assert (again, again.code, again.params) == (fact, code, fact.params)
    assert str(fact) in column_forms(fact)


@pytest.mark.parametrize("language", ["uz", "ru"])
def test_every_fact_has_the_same_places_for_values_in_every_language(language: str) -> None:
    strings, found = every_string(), catalogue(language)
    for code in CODES:
        if re.search(r"[A-Za-z]", re.sub(r"%\(\w+\)s", "", code.sentence)):
            assert code.sentence in strings, f"{code!r}: its sentence is not marked N_"
        assert placeholders(found.gettext(code.sentence)) == placeholders(code.sentence), code


def calls() -> Iterator[tuple[Path, ast.Call]]:
    for path in sorted(SOURCES.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Fact":
                yield path, node


def named(node: ast.AST) -> Iterator[FactCode]:
    words = {words.__name__: words for words in FactCode.__subclasses__()}
    for one in ast.walk(node):
        if isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name) and one.value.id in words:
            yield words[one.value.id][one.attr]


def test_every_code_is_used_and_nothing_else_names_one() -> None:
    used = {
        code
        for path in SOURCES.rglob("*.py")
        if path.parent != FACTS
        for code in named(ast.parse(path.read_text("utf-8")))
    }
    assert [code.value for code in CODES if code not in used] == []


def test_every_fact_is_made_with_its_parameters() -> None:
    """A missing or surplus one would only show when something has gone wrong."""
    looked_at = 0
    for path, call in calls():
        keywords = {one.arg for one in call.keywords}
        codes = list(named(call.args[0]))
        assert codes or path.name == "fact.py", (path, call.lineno, "name the code where the fact is made")
        for code in codes:
            looked_at += 1
            given = {one for one in keywords if one is not None}
            assert given == code.names or (None in keywords and given <= code.names), (path, call.lineno)
    assert looked_at > 80


def test_a_missing_or_surplus_parameter_is_a_mistake() -> None:
    with pytest.raises(TypeError):
        Fact(LineFact.FLOOD)
    with pytest.raises(TypeError):
        Fact(LineFact.FLOOD, device="cam-1", station="s")
    with pytest.raises(TypeError):
        Fact(LineFact.FLOOD, device=1.5)  # type: ignore[arg-type]


def test_two_facts_with_one_code_are_a_mistake() -> None:
    with pytest.raises(ValueError, match=r"two facts"):
        FactCode("Again", {"FLOOD": (LineFact.FLOOD.value, "x")})  # type: ignore[arg-type]


def test_what_is_sent_is_the_english_text() -> None:
    lost = Fact(DeviceFact.CLOSED_BY_DEVICE)
    assert (
        Fact(DeviceFact.DOWN, where="tcp://cam-1:9004", more=lost)
        == "tcp://cam-1:9004: the device closed the connection"
    )
    assert Fact(ServiceFact.KEY_EXPIRES, n=1, expires_at=AT_MS).startswith("The API key expires within 1 day, on 2026-")
    assert Fact(ServiceFact.KEY_EXPIRES, n=7, expires_at=AT_MS).startswith(
        "The API key expires within 7 days, on 2026-"
    )


def test_what_is_read_is_in_the_language_and_the_time_of_the_plant() -> None:
    lost = Fact(DeviceFact.DOWN, where="tcp://cam-1:9004", more=Fact(DeviceFact.CLOSED_BY_DEVICE))
    assert in_words(lost, catalogue("ru").gettext, CLOCK) == "tcp://cam-1:9004: устройство закрыло соединение"
    gap = Fact(CareFact.NOTHING_KNOWN, until_at=AT_MS)
    assert CLOCK.day_and_time(AT_MS) in in_words(gap, catalogue("uz").gettext, CLOCK)
    reject = sample(LineFact.NOT_CONFIRMED)
    assert reject.params["verdict"] == "not-durable"
    assert "Cannot be saved" in in_words(reject, catalogue("en").gettext, CLOCK)


OLD = (
    "The clock of this computer was set 5 s ahead. Nothing is sent before the regulator's clock was heard.",
    "document d-1 was refused whole, naming no code",
    "cam-1:9004: the device closed the connection",
    '{"code":"x"}',
    "",
)


@pytest.mark.parametrize("sentence", OLD)
@pytest.mark.parametrize("language", ["uz", "ru", "en"])
def test_a_sentence_of_an_old_journal_is_shown_as_it_came(sentence: str, language: str) -> None:
    found = from_column(sentence)
    assert not isinstance(found, Fact)
    assert in_words(found, catalogue(language).gettext, CLOCK) == sentence


@pytest.mark.parametrize(
    "text", [MARK, f'{MARK}"code":"device-floods","params":{{"device":"x"}}}}', f'{MARK}"text":1}}']
)
def test_no_text_from_outside_becomes_a_fact(text: str) -> None:
    found = from_column(to_column(text))
    assert (type(found), found) == (str, text)


@pytest.mark.parametrize(
    "kept",
    [
        MARK,
        f'{MARK}"code":[]}}',
        f'{MARK}"code":"of-a-later-version"}}',
        f'{MARK}"code":"device-floods"}}',
        f"{MARK}[]",
    ],
)
def test_what_cannot_be_understood_is_shown_as_it_came(kept: str) -> None:
    assert from_column(kept) == kept


def test_facts_are_bounded() -> None:
    fact = Fact(LineFact.WRONG_CHARACTERS, where="", more="x" * 3 * TEXT_MAX)
    assert len(fact) == TEXT_MAX + len(": ")
    for _ in range(2 * DEPTH_MAX):
        fact = Fact(LineFact.WRONG_CHARACTERS, where="", more=fact)
    assert fact.depth <= DEPTH_MAX


def test_a_fact_stays_one_wherever_it_is_handed() -> None:
    fact = sample(LineFact.NOT_CONFIRMED)
    for again in (copy.deepcopy(fact), pickle.loads(pickle.dumps(fact))):
        assert (again, again.code, again.params) == (fact, fact.code, fact.params)
    with pytest.raises(TypeError):
        fact.params["seq"] = 1  # type: ignore[index]


def test_nothing_that_makes_texts_for_people_looks_into_a_sentence() -> None:
    """Dates, numbers and languages have patterns; what was said has a code."""
    looking = {
        str(path.relative_to(SOURCES))
        for room in ("i18n", "web", "notify")
        for path in (SOURCES / room).rglob("*.py")
        if re.search(r"^import re$|^from re import", path.read_text("utf-8"), re.MULTILINE)
    }
    assert looking == {"i18n/shown.py", "web/sheet.py", "notify/sending.py"}  # days, digits, an address to be hidden
