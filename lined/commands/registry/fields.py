"""The types of fields of commands' bodies: every text, number and date that comes in is bounded here.

Each says the same to programs (JSON Schema) as it checks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, StrictInt, StringConstraints
from pydantic_core import CoreSchema, core_schema

from lined.vocabulary.codes import Withdrawal
from lined.vocabulary.facts import Fact, FieldFact
from lined.vocabulary.line import JobMode
from lined.vocabulary.packages import OpenPackages
from lined.vocabulary.reports import RELEASES, ReportKind

SEQ_MOST = 2**53 - 1  # what every JSON reader takes as a whole number
COUNT_MOST = 1_000_000_000  # one increment; no counter of a PLC reaches it between two messages
_DAY = "2[01][0-9]{2}-.*"  # of the years that lined.vocabulary.days knows; whether it is one is seen there
_A_DAY = Fact(FieldFact.DAY)


@dataclass(frozen=True, eq=False)
class Checked:
    """A check that JSON Schema cannot say, or says otherwise: `wrong` is None where the text is right."""

    wrong: Callable[[str], Fact | None]
    reads: tuple[tuple[str, Any], ...]
    """Of its JSON Schema, beside what pydantic says."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def check(text: str) -> str:
            wrong = self.wrong(text)
            if wrong is not None:
                raise ValueError(wrong)
            return text

        return core_schema.no_info_after_validator_function(check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(schema), **dict(self.reads)}


def matches(pattern: str, wanted: Fact) -> Checked:
    """The whole text fits the pattern."""
    whole = re.compile(pattern, re.ASCII)
    return Checked(lambda text: None if whole.fullmatch(text) else wanted, (("pattern", f"^{pattern}$"),))


def one_of(words: Iterable[str]) -> Checked:
    """One of these words."""
    known = tuple(str(word) for word in words)
    quoted = [repr(word) for word in known]
    expected = f"{', '.join(quoted[:-1])} or {quoted[-1]}" if len(known) > 1 else quoted[0]
    wanted = Fact(FieldFact.MUST_BE, expected=expected)
    return Checked(lambda text: None if text in known else wanted, (("enum", list(known)),))


Short = Annotated[str, StringConstraints(max_length=200)]
Required = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Code = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Gtin = Annotated[str, matches("[0-9]{8,14}", Fact(FieldFact.GTIN))]
Day = Annotated[str, StringConstraints(max_length=40), matches(f"({_DAY})?", _A_DAY)]
"""Empty: none; a PLC has no other way to say so."""
Seq = Annotated[StrictInt, Field(ge=1, le=SEQ_MOST)]
Increment = Annotated[StrictInt, Field(ge=0, le=COUNT_MOST)]

Mode = Annotated[str, one_of(JobMode)]
Packages = Annotated[str, one_of(OpenPackages)]
Kind = Annotated[str, one_of(ReportKind)]
Reason = Annotated[str, one_of(Withdrawal)]
Released = Annotated[str, one_of(RELEASES)]
Confirmed = Annotated[str, one_of(["not-received"])]
