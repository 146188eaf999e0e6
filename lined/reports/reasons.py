"""The regulator's reasons in plain words, and what to do about them, in uz, ru and en: `reasons.toml` beside this
file.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import NamedTuple

from lined.vocabulary.facts import Fact

LANGUAGES = ("uz", "ru", "en")


class Advice(NamedTuple):
    """`meaning` in plain words and what to `do`; both empty for a reason that is not known."""

    meaning: str
    do: str


def advice(reason: str, language: str = "en") -> Advice:
    """Of a fact, or of the regulator's reason as it came, perhaps with more behind a colon."""
    found = _table().get(_word(reason))
    return found[language if language in LANGUAGES else "en"] if found else Advice("", "")


def known() -> list[str]:
    return sorted(_table())


def _word(reason: str) -> str:
    """`EMPTY_PACKAGE_COMPOSITION`, `already-aggregated: 01…` and `ejected after low-grade` by their key."""
    if isinstance(reason, Fact):
        return reason.code
    first = reason.split(":", 1)[0].split(" ", 1)[0]
    return first.strip().lower().replace("_", "-")


@cache
def _table() -> dict[str, dict[str, Advice]]:
    text = resources.files(__package__).joinpath("reasons.toml").read_text("utf-8")
    return {
        key: {language: Advice(*row[language]) for language in LANGUAGES} for key, row in tomllib.loads(text).items()
    }
