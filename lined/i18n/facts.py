"""Facts in the words of a reader: the one place where a code with parameters becomes a text that people read."""

from __future__ import annotations

from lined.i18n.shown import Clock, Translate
from lined.i18n.words import REFUSALS
from lined.vocabulary.facts import SOMEBODY, WORDS, Fact, Param, within
from lined.vocabulary.word import member


def in_words(text: str | None, translate: Translate, clock: Clock) -> str:
    """A fact in the language of `translate`, its moments in the plant's own time. Another text, of an older
    journal or from outside, as it came.
    """
    if not isinstance(text, Fact):
        return text or ""
    return translate(text.code.sentence) % {
        name: _part(name, value, translate, clock) for name, value in text.params.items()
    }


def _part(name: str, value: Param, translate: Translate, clock: Clock) -> str:
    if isinstance(value, Fact):
        return within(in_words(value, translate, clock))
    if name.endswith("_at") and isinstance(value, int):
        return clock.day_and_time(value)
    if name == "refusal":
        return translate(REFUSALS.get(str(value), str(value)))
    if name == "by" and value == "":
        return translate(SOMEBODY)
    word = member(WORDS[name], str(value)) if name in WORDS else None
    return str(value) if word is None else translate(word.sentence)
