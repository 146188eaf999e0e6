"""Reading big JSON without holding the event loop.

`json.loads` holds the interpreter for as long as it runs, in a thread just as well: 30,000 codes cost some 20 ms, and
a verdict would wait for it. Here the text is walked element by element, each small element decoded by the C scanner,
and the loop gets its turn after every millisecond. Guarantee: one slice ends within SLICE_S plus one small element.
"""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import gc
import json
import re
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from lined.regulator.answers import Unreadable

SLICE_S = 0.001
SMALL = 32 * 1024  # json.loads of this takes well under a millisecond
ELEMENT = 2 * 1024  # an element that closes within this length and holds no other is decoded whole
DEEPEST = 32
PIECE = 512 * 1024  # bytes decoded in one go
MOST_CONTAINERS = 120_000  # 30,000 errors with a context each are 60,000
MOST_VALUES = 1_000_000  # 30,000 errors have some 300,000
CLOCK_EVERY = 32  # elements between two looks at the clock

_BLANK = re.compile(r"[ \t\n\r]*")
_FLAT = re.compile(r'[\[{](?:[^"\[\]{}]++|"(?:[^"\\]++|\\.)*+")*+[\]}]', re.DOTALL)

T = TypeVar("T")
R = TypeVar("R")


async def read_json(body: bytes) -> object:
    """The JSON value in these UTF-8 bytes; raises Unreadable. Not finite numbers and trailing text are errors."""
    try:
        text = await _text(body)
        if len(text) <= SMALL:
            return json.loads(text, parse_constant=_no_constant)
        walk = _Walk(text)
        while not walk.step(time.monotonic() + SLICE_S):  # noqa: ASYNC110  no event comes: the others get their turn
            await asyncio.sleep(0)
        return walk.value
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"not JSON: {str(error)[:200]}") from error


async def _text(body: bytes) -> str:
    """UTF-8, decoded piece by piece."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    pieces: list[str] = []
    for start in range(0, len(body), PIECE):
        pieces.append(decoder.decode(body[start : start + PIECE]))
        if start:
            await asyncio.sleep(0)
    return "".join(pieces) + decoder.decode(b"", final=True)


async def in_slices(convert: Callable[[T], R], rows: Iterable[T], *, clock_every: int = CLOCK_EVERY) -> list[R]:
    """`[convert(row) for row in rows]`, giving the loop its turn after every millisecond. `clock_every`: 1 where a
    single row may be big.
    """
    done: list[R] = []
    until = time.monotonic() + SLICE_S
    for number, row in enumerate(rows):
        done.append(convert(row))
        if number % clock_every == 0 and time.monotonic() > until:
            await asyncio.sleep(0)
            until = time.monotonic() + SLICE_S
    return done


def eaten(rows: list[T]) -> Iterator[T]:
    """Each row, let go of behind us: freeing 30,000 at once would hold the loop as reading them at once would."""
    rows.reverse()
    while rows:
        yield rows.pop()


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """The cyclic collector rests: what is read out of JSON has no cycles, and looking for them among 60,000 new objects
    holds the loop for 20 ms.
    """
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def _no_constant(word: str) -> object:
    raise ValueError(f"{word} is not JSON")


class _Walk:
    """One document being read: where we are in the text, and the containers that are open."""

    def __init__(self, text: str) -> None:
        self.value: object = None
        self._text = text
        self._at = self._blank(0)
        self._open: list[list[object] | dict[str, object]] = []
        self._keys: list[str] = []  # the member being read, for each open object that is not empty
        self._containers = self._values = 0
        self._decode = json.JSONDecoder(parse_constant=_no_constant).raw_decode

    def step(self, until: float) -> bool:
        """Read on until that moment; True when the document is complete."""
        budget = CLOCK_EVERY
        while not self._element():
            budget -= 1
            if budget == 0:
                if time.monotonic() > until:
                    return False
                budget = CLOCK_EVERY
        if self._at != len(self._text):
            raise ValueError(f"text behind the document at {self._at}")
        return True

    def _element(self) -> bool:
        """Read one value or open one container; True when the outermost value is complete."""
        first = self._text[self._at : self._at + 1]
        opens = first in {"[", "{"}
        self._containers += opens
        if self._containers > MOST_CONTAINERS or self._values > MOST_VALUES:
            raise ValueError("more of it than any answer has")
        if opens and not _FLAT.match(self._text, self._at, self._at + ELEMENT):
            return self._enter([] if first == "[" else {})
        start = self._at
        value, self._at = self._decode(self._text, start)
        self._values += 1 + self._text.count(",", start, self._at) if opens else 1
        self._at = self._blank(self._at)
        return self._place(value)

    def _enter(self, container: list[object] | dict[str, object]) -> bool:
        if len(self._open) >= DEEPEST:
            raise ValueError("too deep")
        self._at = self._blank(self._at + 1)
        self._open.append(container)
        if self._text[self._at : self._at + 1] == ("]" if isinstance(container, list) else "}"):
            self._at = self._blank(self._at + 1)
            return self._place(self._open.pop())
        self._member(container)
        return False

    def _place(self, value: object) -> bool:
        """Put a complete value where it belongs and step over what follows it."""
        while self._open:
            container = self._open[-1]
            if isinstance(container, list):
                container.append(value)
            else:
                container[self._keys.pop()] = value
            following = self._text[self._at : self._at + 1]
            if following == ",":
                self._at = self._blank(self._at + 1)
                self._member(container)
                return False
            if following != ("]" if isinstance(container, list) else "}"):
                raise ValueError(f"a comma or a closing bracket was expected at {self._at}")
            self._at = self._blank(self._at + 1)
            value = self._open.pop()
        self.value = value
        return True

    def _member(self, container: list[object] | dict[str, object]) -> None:
        """In an object: read the name of the next member and its colon."""
        if isinstance(container, list):
            return
        if self._text[self._at : self._at + 1] != '"':
            raise ValueError(f"a name was expected at {self._at}")
        name, self._at = self._decode(self._text, self._at)
        self._at = self._blank(self._at)
        if self._text[self._at : self._at + 1] != ":":
            raise ValueError(f"a colon was expected at {self._at}")
        self._at = self._blank(self._at + 1)
        self._keys.append(name)

    def _blank(self, at: int) -> int:
        found = _BLANK.match(self._text, at)
        return found.end() if found else at
