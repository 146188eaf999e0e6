"""Builders of a driver's parts from its options: the framer, the fields, the meanings of payloads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from drivers.parts import checksum
from drivers.parts.fields import CODE, FIELDS, Extract, by_json, by_pattern, by_xml, json_problem, xml_problem
from drivers.parts.framing import EndsFramer, Framer, LineFramer
from drivers.parts.options import Options
from drivers.parts.sized import GapFramer, Size, SizeFramer

ENDS = frozenset({"suffix", "closing_tag"})
SIZES = frozenset({"length_digits", "length_bytes", "frame_bytes"})
CUT_SHORT_MS = 1_000  # a frame of a known size whose bytes do not come


class Framing(NamedTuple):
    """How a stream is cut, and what is left on a frame to be taken off."""

    framer: Framer
    max_bytes: int
    gap_s: float
    ends: list[bytes]
    """What ends a frame, and so stands in no payload."""
    prefix: bytes = b""
    check: str = ""
    strips: bool = False
    """The suffix is still on the frame."""
    check_behind: bool = False
    """And behind it the check byte."""
    keeps_end: bool = False
    """What ends the frame belongs to it; a line end before the next one does not."""


def framing_of(options: Options) -> Framing:
    prefix, suffixes = options.text("prefix"), options.text_or_texts("suffix")
    tag, check = options.text("closing_tag"), options.choice("checksum")
    max_bytes = int(options.number("max_bytes"))
    numbers = {name: int(options.number(name)) for name in ("idle_ms", *sorted(SIZES))}
    little = options.choice("length_order") == "little"
    chosen = options.given((*ENDS, *SIZES, "idle_ms"))
    sizes = sorted(chosen & SIZES)
    if chosen >= ENDS:
        options.complain("closing_tag", "is itself what ends a frame: leave suffix out")
    for other in sizes[1:] or (sizes if "closing_tag" in chosen else []):
        options.complain(other, "says another size or end of the same frame: give one")
    if sizes:
        name = sizes[0]
        field = 0 if name == "frame_bytes" else numbers[name]
        size = Size(field, name == "length_digits", little, numbers["frame_bytes"])
        suffix = suffixes[0] if suffixes and "suffix" in chosen else b""
        framer = SizeFramer(size, prefix, suffix, max_bytes)
        return Framing(framer, max_bytes, (numbers["idle_ms"] or CUT_SHORT_MS) / 1000, [], check=check)
    if "idle_ms" in chosen:
        if chosen & ENDS:
            options.complain("idle_ms", "a pause ends nothing where a frame has its own end: give one of them")
        return Framing(GapFramer(max_bytes), max_bytes, numbers["idle_ms"] / 1000, [], prefix, check)
    if "closing_tag" in chosen and tag:
        return Framing(EndsFramer([tag], max_bytes), max_bytes, 0, [tag], prefix, check, keeps_end=True)
    return _ended(options, suffixes if "suffix" in chosen else [], prefix, check, max_bytes)


def _ended(options: Options, suffixes: list[bytes], prefix: bytes, check: str, max_bytes: int) -> Framing:
    ends = [end for end in suffixes if end]
    for end in ends:
        if any(other is not end and end.startswith(other) for other in ends):
            options.complain("suffix", f"{end!r} begins with another suffix, and would never be seen")
    behind = checksum.width(check) if check and not check.endswith("-hex") else 0
    if behind and not ends:
        options.complain("checksum", "a check byte stands behind a suffix: say which")
    if ends and (behind or len(ends) > 1):
        return Framing(
            EndsFramer(ends, max_bytes, behind),
            max_bytes,
            0,
            ends,
            prefix,
            check,
            strips=True,
            check_behind=bool(behind),
        )
    return Framing(
        LineFramer(ends[0] if ends else None, max_bytes), max_bytes, 0, ends or [b"\r", b"\n"], prefix, check
    )


def extract_of(options: Options) -> tuple[Extract | None, frozenset[str]]:
    """What finds the fields, and which; None: the payload is the code."""
    pattern = options.pattern("pattern", FIELDS, CODE)
    as_json, as_xml = _places(options, "json", json_problem), _places(options, "xml", xml_problem)
    given = options.given(("pattern", "json", "xml"))
    chosen = [name for name in ("pattern", "json", "xml") if name in given]
    for other in chosen[1:]:
        options.complain(other, f"{chosen[0]} says already where the fields stand: give one")
    if pattern is not None and "pattern" in given:
        return by_pattern(pattern), frozenset(pattern.groupindex)
    if as_json and "json" in given:
        return by_json(as_json), frozenset(as_json)
    if as_xml and "xml" in given:
        return by_xml(as_xml), frozenset(as_xml)
    return None, frozenset()


def _places(options: Options, name: str, problem: Callable[[str], str]) -> Mapping[str, list[str]]:
    found = options.fields(name, FIELDS, CODE)
    for field, places in found.items():
        for place in places:
            if wrong := problem(place):
                options.complain(f"{name}.{field}", wrong)
    return found
