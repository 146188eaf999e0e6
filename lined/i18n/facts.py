"""Facts in the words of a reader: the one place where a code with parameters becomes a text that people read."""

from __future__ import annotations

from collections.abc import Callable

from lined.i18n.shown import Clock
from lined.i18n.words import REFUSALS
from lined.vocabulary.facts import SOMEBODY, WORDS, Fact, Param, within
from lined.vocabulary.word import member

Say = Callable[[str], str]


def in_words(text: str | None, say: Say, clock: Clock) -> str:
    """A fact in the language that `say` translates to, its moments in the plant's own time. Another text, of an older
    journal or from outside, as it came.
    """
    if not isinstance(text, Fact):
        return text or ""
    return say(text.code.sentence) % {name: _part(name, value, say, clock) for name, value in text.params.items()}


def _part(name: str, value: Param, say: Say, clock: Clock) -> str:
    if isinstance(value, Fact):
        return within(in_words(value, say, clock))
    if name.endswith("_at") and isinstance(value, int):
        return clock.day_and_time(value)
    if name == "refusal":
        return say(REFUSALS.get(str(value), str(value)))
    if name == "by" and value == "":
        return say(SOMEBODY)
    word = member(WORDS[name], str(value)) if name in WORDS else None
    return str(value) if word is None else say(word.sentence)
