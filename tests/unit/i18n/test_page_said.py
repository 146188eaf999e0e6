"""What the journal keeps in English is said in the language of the page; what others said stays as it came."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lined.i18n.catalogues import catalogue
from lined.i18n.shown import visible
from lined.i18n.stored import SENTENCES, said

LOOKED = "It is looked for before it is sent again."
KEPT = (
    ("attempt 2", "попытка 2"),
    ("2 codes refused", "отклонено кодов: 2"),
    ("2 codes refused, 3 not listed", "отклонено кодов: 2, нет в списке: 3"),
    ("document 0f-1 was refused whole, naming no code", "документ 0f-1 отклонён целиком, ни один код не назван"),
    ("refused: HTTP 400: no right", "система маркировки отклонила его: HTTP 400: no right"),
    ("refused with HTTP 400: no right", "система маркировки отклонила его: no right"),
    ("sent again by a person", "отправил(а) снова: сотрудник"),
    ("released as accepted by Aziza: counted: 5", "закрыл(а) вручную: Aziza, состояние кодов — принято: counted: 5"),
    (
        f"Sent, but whether it arrived is unknown: sent, but no readable answer: X. {LOOKED}",
        "Отправлен, но дошёл ли — неизвестно. Перед повторной отправкой его ищут. (нет разборчивого ответа: X)",
    ),
    ("document: no answer: Reset", "система маркировки не отвечает (document: Reset)"),
    (
        "May or may not have been received: report 6, 7 …. Each is looked for before it is sent again.",
        "Отчёты, о получении которых ничего не известно: 6, 7 …. Каждый сначала ищут, потом отправляют снова.",
    ),
    (
        "Held: 3, 4 and 2 more. A person has to decide what becomes of each: lined report show 3, or the page.",
        "Задержаны: 3, 4, +2. Решить, что с каждым делать, должен человек.",
    ),
)


@pytest.mark.parametrize(("text", "russian"), KEPT)
def test_what_the_journal_keeps_is_said_in_the_language_of_the_page(text: str, russian: str) -> None:
    assert said(text, catalogue("ru").gettext) == russian
    assert said(text, catalogue("uz").gettext) not in {text, russian}


def test_what_others_said_stays_as_it_came() -> None:
    for text in ("", "Something 100% strange: <b>", "codes refused"):
        assert said(text, catalogue("uz").gettext) == text


def test_each_sentence_is_still_written_somewhere() -> None:
    """A pattern that fits nothing the program writes any more would be a translation that nobody sees."""
    rooms = [Path("lined") / room for room in ("reports", "journal", "line", "regulator", "devices", "mqtt", "notify")]
    sources = " ".join(path.read_text("utf-8") for room in rooms for path in room.rglob("*.py"))
    sources = re.sub(r'"\s*\n\s*f?"', "", sources)
    for pattern, _ in SENTENCES:
        always = re.sub(r"\(\?: .*?\)\?", "", pattern)
        fixed = max(re.split(r"\\S\+|\\w\+|\\d\+|\.\*|\.\+\?|\(\?P<\w+>|\(\?:|[()?]|, |: ", always), key=len)
        words = fixed.replace("\\.", ".").strip(" :.;,(\\")
        assert words in sources, (pattern, words)


def test_control_characters_are_named_and_nothing_becomes_markup() -> None:
    assert str(visible("01\u241d93<b>\u2404")) == (
        '01<span class="control">GS</span>93&lt;b&gt;<span class="control">EOT</span>'
    )
    assert str(visible(None)) == ""
