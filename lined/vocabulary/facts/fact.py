"""A fact: what is said, kept and sent inside, as a code with its parameters. Text in a reader's language is made of it
at the edge (`lined.i18n.facts`).

    Fact(ReportFact.REFUSED_WHOLE, document="d-1")

A fact is the text that stands in English answers, messages and logs; beside it are `code` and `params`. Codes are
declared beside this file, room by room. In a column of the journal a fact is compact JSON that begins with MARK, so
that no sentence of an older journal and no text from outside is taken for one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final, Self, overload

from lined.vocabulary.codes import CodeState
from lined.vocabulary.packages import Level
from lined.vocabulary.reports import ReportKind, ReportState
from lined.vocabulary.verdicts import Reason
from lined.vocabulary.word import N_, Word

MARK: Final = '{"fact":1,'
TEXT_MAX = 2_000  # characters of one parameter
DEPTH_MAX = 4  # facts within facts; what lies deeper is its English text
SOMEBODY = N_("a person")

WORDS: Mapping[str, type[Word]] = {
    "state": CodeState,
    "report_state": ReportState,
    "kind": ReportKind,
    "level": Level,
    "verdict": Reason,
}
"""Parameters of these names are members of these enums. Of the others, `…_at` are milliseconds since 1970, UTC,
`refusal` is the code of a command's error, and `by` who did it, empty where nobody has said."""

Param = str | int
"""A text from outside, an id, a number, or a fact that explains this one."""

_CODES: dict[str, FactCode] = {}


class FactCode(Word):
    """Codes of facts. `plain`: the English of answers, messages and logs; `sentence`: what people read, the same where
    nothing else is said. Both have their parameters as `%(name)s`; `plain` may count things, `%(n:code)s`: 1 code,
    2 codes. `names`: of its parameters.
    """

    plain: str
    names: frozenset[str]

    def __init__(self, value: str, plain: str, sentence: str = "") -> None:
        """`NAME = "value", "plain"[, N_("sentence")]`, or `NAME = "value", N_("both")`."""
        super().__init__(value, sentence or plain)
        if value in _CODES:
            raise ValueError(f"two facts have the code {value}")
        self.plain = plain
        self.names = frozenset(placeholders(plain) | placeholders(self.sentence))
        _CODES[value] = self


class Fact(str):
    """Immutable. Equal to its English text, whatever it is made of; so is a sentence that an older journal has kept."""

    __slots__ = ("code", "params")

    code: FactCode
    params: Mapping[str, Param]

    def __new__(cls, code: FactCode, /, **params: Param) -> Self:
        """Raises TypeError where a parameter is missing, or one too many, or no text and no whole number."""
        if params.keys() != code.names:
            raise TypeError(f"{code!r} takes {sorted(code.names)}, not {sorted(params)}")
        kept = {name: _bounded(name, value) for name, value in params.items()}
        fact = str.__new__(cls, code.plain % _English(kept))
        fact.code, fact.params = code, MappingProxyType(kept)
        return fact

    def __reduce__(self) -> tuple[Any, ...]:
        return from_column, (to_column(self),)

    @property
    def depth(self) -> int:
        return 1 + max((one.depth for one in self.params.values() if isinstance(one, Fact)), default=0)


class _English(dict[str, Param]):
    """Parameters as English shows them."""

    def __init__(self, params: Mapping[str, Param]) -> None:
        super().__init__({name: english(name, value) for name, value in params.items()})

    def __missing__(self, name: str) -> str:
        count, _, thing = name.partition(":")
        return f"{self[count]} {thing}" if self[count] == 1 else f"{self[count]} {thing}s"


def english(name: str, value: Param) -> Param:
    """One parameter as English answers, messages and logs show it."""
    if name.endswith("_at") and isinstance(value, int):
        return f"{datetime.fromtimestamp(value / 1000, UTC):%Y-%m-%d %H:%M} UTC"
    if name == "by" and value == "":
        return SOMEBODY
    return within(value) if isinstance(value, Fact) else value


def within(text: str) -> str:
    """A sentence within another: without a full stop of its own."""
    return str(text).rstrip().removesuffix(".")


def placeholders(template: str) -> set[str]:
    """Names of the parameters of a template."""
    seen = _Seen()
    _ = template % seen
    return seen.names


class _Seen(dict[str, str]):
    def __init__(self) -> None:
        self.names: set[str] = set()

    def __missing__(self, name: str) -> str:
        self.names.add(name.partition(":")[0])
        return ""


def _bounded(name: str, value: object) -> Param:
    if isinstance(value, Fact):
        return value if value.depth < DEPTH_MAX else str(value)[:TEXT_MAX]
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise TypeError(f"{name} is a {type(value).__name__}: parameters are texts and whole numbers")
    if isinstance(value, int):
        return value
    text = str(value)
    return text if len(text) <= TEXT_MAX else text[: TEXT_MAX - 1] + "…"


# ── in a column of the journal ──────────────────────────────────────────────────────────────────────────────────────


@overload
def to_column(text: str) -> str: ...
@overload
def to_column(text: str | None) -> str | None: ...
def to_column(text: str | None) -> str | None:
    """What stands in the column: a fact as JSON, another text as it is."""
    if isinstance(text, Fact):
        return _dumped(_document(text))
    return _dumped({"fact": 1, "text": text}) if text is not None and text.startswith(MARK) else text


def column_forms(text: str) -> tuple[str, str]:
    """What may stand in a column for a text of ours: the fact, or the sentence of an older journal."""
    return to_column(text), str(text)


@overload
def from_column(kept: str) -> str: ...
@overload
def from_column(kept: str | None) -> str | None: ...
def from_column(kept: str | None) -> str | None:
    """The Fact that a column holds; what is none, or is not known here, as it came."""
    if kept is None or not kept.startswith(MARK):
        return kept
    try:
        found = json.loads(kept)
        return str(found["text"]) if "text" in found else _fact(found)
    except (ValueError, TypeError, KeyError, AttributeError):
        return kept


def _document(fact: Fact) -> dict[str, Any]:
    params = {name: _document(one) if isinstance(one, Fact) else one for name, one in fact.params.items()}
    return {"fact": 1, "code": fact.code.value, **({"params": params} if params else {})}


def _dumped(document: Mapping[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _fact(found: Mapping[str, Any]) -> Fact:
    params = found.get("params", {})
    return Fact(
        _CODES[found["code"]], **{name: _fact(one) if isinstance(one, dict) else one for name, one in params.items()}
    )


def every_code() -> list[FactCode]:
    """All codes of facts."""
    return list(_CODES.values())
