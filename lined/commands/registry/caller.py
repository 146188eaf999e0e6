"""The caller of a command: a person who has signed in, a program with the token, or the PLC."""

from __future__ import annotations

from typing import NamedTuple

from lined.vocabulary.people import PersonRole, Way


class Caller(NamedTuple):
    """`by`: the person's name; of a program, who it is where the command's body does not say."""

    by: str
    role: PersonRole
    way: Way

    def name(self, named: str | None) -> str:
        """Who it was, where `named` is the command's own `by`. Somebody who has signed in is nobody else."""
        return self.by if self.way == Way.PERSON else named or self.by


PROGRAM = Caller("", PersonRole.ENGINEER, Way.TOKEN)
"""Whoever holds the token. It stands in a file that only the line's own user can read."""
READER = Caller("", PersonRole.VIEWER, Way.TOKEN)
"""Whoever holds the token of programs that only look."""
