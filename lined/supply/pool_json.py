r"""Codes in JSON as the regulator answers them (ASL BELGISI open API, 4.4): saved as it came, one answer or several.

    {"packId": "0e13a2f6-…", "codes": ["010489921512237121UGM6BL+d+aHQw\u001d93vuzv", …]}

A list of codes, or of such answers, is read too. Anything else, and a key that stands twice, is refused with its place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lined.supply.text_lines import NoText, opened

JSON_CHARACTERS = 100_000_000  # the 150,000 codes of the largest order have a fifth of it; it is held in memory
_BEGINNING = re.compile(r'\s*(?:\{\s*["}]|\[\s*["{\]])')
_NEXT = re.compile(r"[^\s,]")
_BEGINNING_CHARACTERS = 256


def is_json(path: Path) -> bool:
    """Whether the file begins like JSON, and like no line with a code. Raises OSError and NoText."""
    with opened(path) as file:
        return _BEGINNING.match(file.read(_BEGINNING_CHARACTERS)) is not None


def codes_in(path: Path) -> Iterator[tuple[str, object]]:
    """Each code with its place. What stands where a code should may be anything. Raises OSError and NoText."""
    with opened(path) as file:
        text = file.read(JSON_CHARACTERS + 1)
    if len(text) > JSON_CHARACTERS:
        raise NoText(f"is JSON of more than {JSON_CHARACTERS:,} characters: split it")
    for number, value in enumerate(_values(text)):
        yield from _codes(value, f"[{number}]" if number else "")


def _values(text: str) -> Iterator[Any]:
    decoder = json.JSONDecoder(object_pairs_hook=_unambiguous)
    following = _NEXT.search(text)
    while following is not None:
        try:
            value, at = decoder.raw_decode(text, following.start())
        except RecursionError:
            raise NoText("is JSON that is nested too deeply") from None
        except json.JSONDecodeError as fault:
            raise NoText(f"is no JSON at line {fault.lineno}, column {fault.colno}: {fault.msg}") from None
        except ValueError as fault:
            raise NoText(f"is JSON that cannot be read: {fault}") from None
        yield value
        following = _NEXT.search(text, at)


def _unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _codes(value: Any, place: str) -> Iterator[tuple[str, object]]:
    """Of an answer, of a list of codes, of a list of answers."""
    if isinstance(value, dict):
        codes = value.get("codes")
        if not isinstance(codes, list):
            raise NoText(f"is JSON without a list of codes at {place or 'its beginning'}")
        yield from ((f"{place}.codes[{at}]".lstrip("."), code) for at, code in enumerate(codes))
    elif isinstance(value, list):
        for at, one in enumerate(value):
            if isinstance(one, dict):
                yield from _codes(one, f"{place}[{at}]")
            else:
                yield f"{place}[{at}]", one
    else:
        raise NoText("is JSON, but no answer with codes")
