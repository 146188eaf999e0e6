"""Print quality as devices say it, as a class of ISO/IEC 15415, and the slow fall of a printer.

    "B"                 a letter
    "3.4"               a number, 0.0 to 4.0
    "3.0/10/660/45Q"    a formal grade: grade / aperture / wavelength / angle
    "B 3.4", "B(3.4)"   both: they must say the same

Pure: text in, values out. Classes and their limits are those of ISO/IEC 15415 5.1 as the regulator names them
(API 1.21.1 §13.26: D "unacceptable", F scrap).
"""

from __future__ import annotations

import re
from typing import NamedTuple

CLASSES = "ABCDF"  # from best to worst
LIMITS = (("A", 3.5), ("B", 2.5), ("C", 1.5), ("D", 0.5))
MIDDLES = {"A": 4.0, "B": 3.0, "C": 2.0, "D": 1.0, "F": 0.0}
BEST = 4.0

_GRADE = re.compile(
    r"\s*(?:(?P<letter>[ABCDF])\s*[ (:=/,;-]*)?(?P<value>[0-9](?:[.,][0-9]{1,3})?)?\s*\)?"
    r"(?P<formal>(?:/[^/]+){1,4})?\s*",
    re.IGNORECASE,
)


class Grade(NamedTuple):
    """`letter` is the class that counts: the worse one where letter and number differ (`contradiction`).

    `value`: the number, None where the device gave a letter only. `formal`: the formal text, "" where it gave none.
    """

    letter: str
    value: float | None
    formal: str
    contradiction: bool

    @property
    def number(self) -> float:
        """A number for averages: the device's, or the middle of the letter's class."""
        return MIDDLES[self.letter] if self.value is None else self.value


def read_grade(text: str | None) -> Grade | None:
    """The grade in a device's text; None where there is none that can be understood."""
    match = _GRADE.fullmatch(text or "")
    if match is None or (match["letter"] is None and match["value"] is None):
        return None
    value = float(match["value"].replace(",", ".")) if match["value"] is not None else None
    if value is not None and value > BEST:
        return None
    formal = (text or "").strip() if match["formal"] else ""
    letter = match["letter"].upper() if match["letter"] else None
    if value is None:
        assert letter is not None
        return Grade(letter, None, formal, False)
    by_number = class_of(value)
    if letter is None or letter == by_number:
        return Grade(by_number, value, formal, False)
    return Grade(max(letter, by_number), value, formal, True)


def class_of(value: float) -> str:
    """A at 3.5 and above, B 2.5, C 1.5, D 0.5, else F."""
    return next((letter for letter, least in LIMITS if value >= least), "F")


def is_below(letter: str, least: str) -> bool:
    """Whether a class is worse than the least one allowed."""
    return CLASSES.index(letter) > CLASSES.index(least)


class Trend:
    """The running quality of one device's reads: a slow fall shows before the first reject.

    Two averages that forget: a quick one over some 30 reads, and a slow one whose best value ever is what this printer
    can do. The fall is told once the quick one lies a half grade below that, and is over when it comes within a
    quarter.
    """

    QUICK = 1 / 30
    SLOW = 1 / 200
    FALL = 0.5
    OVER = 0.25
    READS_MIN = 50  # before that an average says little

    def __init__(self) -> None:
        self.reads = 0
        self.quick = self.slow = self.best = 0.0
        self.falling = False

    def add(self, number: float) -> bool:
        """Count one reading. Returns whether `falling` changed."""
        self.reads += 1
        weight = 1 / self.reads
        self.quick += (number - self.quick) * max(self.QUICK, weight)
        self.slow += (number - self.slow) * max(self.SLOW, weight)
        if self.reads < self.READS_MIN:
            return False
        self.best = max(self.best, self.slow)
        fall = self.best - self.quick
        falling = fall >= self.FALL if not self.falling else fall > self.OVER
        changed, self.falling = falling != self.falling, falling
        return changed
