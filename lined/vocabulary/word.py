"""A word of the domain: a member of an enum that is its own text, with the sentence that people are shown for it."""

from __future__ import annotations

from enum import StrEnum
from typing import Self, TypeVar


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for it
    """Mark a text for the catalogues; it is translated where it is shown."""
    return text


W = TypeVar("W", bound="Word")


class Word(StrEnum):
    """Compares, sorts, hashes and is stored as its text; `sentence` is English and stands in the catalogues."""

    sentence: str

    def __init_subclass__(cls) -> None:
        """Members become plain attributes, as they are from Python 3.12 on: 3.11 looks each of them up by a function,
        which made `Reason.NO_READ` a fifth of what a verdict costs the loop.
        """
        super().__init_subclass__()
        for name, word in cls.__members__.items():
            type.__setattr__(cls, name, word)

    def __new__(cls, value: str, *_about: object) -> Self:
        """The text; what else stands beside it is for `__init__`."""
        word = str.__new__(cls, value)
        word._value_ = value
        return word

    def __init__(self, _value: str, sentence: str) -> None:
        """`NAME = "value", N_("sentence")`."""
        self.sentence = sentence

    def __repr__(self) -> str:
        """As of any text: errors of the configuration and logs show it so."""
        return repr(self.value)


class AdvisedWord(Word):
    """A word about something that went wrong, with what to do about it."""

    advice: str

    def __init__(self, value: str, sentence: str, advice: str) -> None:
        """`NAME = "value", N_("sentence"), N_("advice")`."""
        super().__init__(value, sentence)
        self.advice = advice


def member(words: type[W], text: str | None) -> W | None:
    """The member with that text, or None."""
    return next((word for word in words if word == text), None)


def sentences(words: type[Word]) -> dict[str, str]:
    """The sentence of each member, by its text."""
    return {word: word.sentence for word in words}
