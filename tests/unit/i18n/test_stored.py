"""What the journal keeps is said in the language of the page; what others said stays as it came."""

from __future__ import annotations

import pytest

from lined.i18n.catalogues import catalogue
from lined.i18n.facts import in_words
from lined.i18n.shown import Clock, visible
from lined.vocabulary.facts import Fact, RegulatorFact, ReportFact

CLOCK = Clock("Asia/Tashkent")
LOOKED = "It is looked for before it is sent again."
KEPT = (
    (Fact(ReportFact.ATTEMPT, n=2), "attempt 2", "попытка 2"),
    (Fact(ReportFact.PARTIAL, n=1), "1 code refused", "отклонено кодов: 1"),
    (Fact(ReportFact.PARTIAL, n=2), "2 codes refused", "отклонено кодов: 2"),
    (
        Fact(ReportFact.PARTIAL_UNLISTED, n=2, left=3),
        "2 codes refused, 3 not listed",
        "отклонено кодов: 2, нет в списке: 3",
    ),
    (
        Fact(ReportFact.REFUSED_NAMELESS, id="0f-1"),
        "document 0f-1 was refused whole, naming no code",
        "документ 0f-1 отклонён целиком, ни один код не назван",
    ),
    (
        Fact(ReportFact.REFUSED, more="HTTP 400: no right"),
        "refused: HTTP 400: no right",
        "система маркировки отклонила его: HTTP 400: no right",
    ),
    (Fact(ReportFact.SENT_AGAIN, by=""), "sent again by a person", "отправил(а) снова: сотрудник"),
    (
        Fact(ReportFact.RELEASED, state="accepted", by="Aziza", more="counted: 5"),
        "released as accepted by Aziza: counted: 5",
        "закрыл(а) вручную: Aziza, состояние кодов — принято: counted: 5",
    ),
    (
        Fact(ReportFact.NO_ANSWER, more=Fact(RegulatorFact.NO_READABLE_ANSWER, more="X")),
        f"Sent, but whether it arrived is unknown: sent, but no readable answer: X. {LOOKED}",
        "Отправлен, но дошёл ли — неизвестно. Перед повторной отправкой его ищут. (нет разборчивого ответа: X)",
    ),
    (
        Fact(RegulatorFact.NO_ANSWER, name="document", more="Reset"),
        "document: no answer: Reset",
        "система маркировки не отвечает (document: Reset)",
    ),
    (
        Fact(ReportFact.IN_DOUBT, list="6, 7 …"),
        "May or may not have been received: report 6, 7 …. Each is looked for before it is sent again.",
        "Отчёты, о получении которых ничего не известно: 6, 7 …. Каждый сначала ищут, потом отправляют снова.",
    ),
    (
        Fact(ReportFact.HELD_AND_MORE, list="3, 4", left=2, n=3),
        "Held: 3, 4 and 2 more. A person has to decide what becomes of each: lined report show 3, or the page.",
        "Задержаны: 3, 4, +2. Решить, что с каждым делать, должен человек.",
    ),
)


@pytest.mark.parametrize(("fact", "english", "russian"), KEPT)
def test_what_the_journal_keeps_is_said_in_the_language_of_the_page(fact: Fact, english: str, russian: str) -> None:
    assert fact == english
    assert in_words(fact, catalogue("ru").gettext, CLOCK) == russian
    assert in_words(fact, catalogue("uz").gettext, CLOCK) not in {english, russian}


def test_what_others_said_and_what_an_older_journal_keeps_stays_as_it_came() -> None:
    for text in ("", "Something 100% strange: <b>", "2 codes refused"):
        assert in_words(text, catalogue("uz").gettext, CLOCK) == text


def test_control_characters_are_named_and_nothing_becomes_markup() -> None:
    assert str(visible("01\u241d93<b>\u2404")) == (
        '01<span class="control">GS</span>93&lt;b&gt;<span class="control">EOT</span>'
    )
    assert str(visible(None)) == ""
