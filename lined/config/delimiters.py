"""Delimiters in a generic device's options that may cut a marking code: characters that serials are made of.

A serial may hold any of GS1's 82 characters, `,` and `;` among them. What is cut there is malformed at best; without a
serial length it may read as another code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from lined.codes.templates import SET_82

BETTER = r"a tab (\t) or another control character cannot stand in a code"
_CODE_GROUP = "(?P<code>"
_HEAD, _SERIAL_REST = "010489921512237121", "AAAAAAAAAAAA"
_LITERAL = re.compile(r"\)*(?:\\([^\w\s])|([^\\\w\s.^$*+?{}\[\]|()]))")  # behind the group: one character as it stands


def cutting_options(options: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Options with which a code may be cut, and why."""
    for name in ("separator", "suffix"):
        value = options.get(name)
        if isinstance(value, str) and value and _within_codes(value):
            yield name, f"{value!r} may stand within a code, which is then cut there: {BETTER}"
    pattern = options.get("pattern")
    if isinstance(pattern, str):
        cut = "".join(_cut_by(pattern))
        if cut:
            yield "pattern", f"a code with one of {cut} in it is cut or malformed: {BETTER}"


def _within_codes(text: str) -> bool:
    return all(character.encode("utf-8", "replace") in SET_82 for character in text)


def _cut_by(pattern: str) -> Iterator[str]:
    """The characters of serials that the group `code` of the pattern cannot hold."""
    start = pattern.find(_CODE_GROUP)
    end = _end_of_group(pattern, start)
    if start < 0 or end < 0:
        return
    inner, behind = pattern[start + len(_CODE_GROUP) : end], pattern[end:]
    follows = _LITERAL.match(behind)
    literal = (follows[1] or follows[2]) if follows and re.search(r"[*+?}]\?\Z", inner) else ""
    try:
        group = re.compile(inner)
    except (re.error, OverflowError, RecursionError):
        return  # such as one that refers to another group
    tail = next((one for one in ("\x1d93abcd", "\x1d93abcdefgh", "") if group.fullmatch(_code("A", one))), None)
    if tail is None:
        return  # what it wants is nothing that is known here
    for byte in SET_82:
        if chr(byte) == literal or not group.fullmatch(_code(chr(byte), tail)):
            yield chr(byte)


def _code(character: str, tail: str) -> str:
    return _HEAD + character + _SERIAL_REST + tail


def _end_of_group(pattern: str, start: int) -> int:
    """Where the parenthesis at `start` closes; -1: nowhere."""
    depth, at, in_class = 0, start, False
    while 0 <= at < len(pattern):
        character = pattern[at]
        if character == "\\":
            at += 1
        elif in_class:
            in_class = character != "]" or pattern[at - 1] == "[" or pattern[at - 2 : at] == "[^"
        elif character == "[":
            in_class = True
        elif character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
            if not depth:
                return at
        at += 1
    return -1
