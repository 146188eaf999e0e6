"""A code that was spoiled in one of the known ways is read as itself or refused; never as another code.

A thousand codes a way, their serials over the whole of GS1's set 82, from a reader, typed by a person and in a file.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest

from lined.codes import AISTR, ASYM_SHORT, GS, SHORT, TOBACCO, Malformed, MarkingCode, Shape, build, parse, typed
from lined.codes.templates import SET_82
from lined.supply.pool_file import PoolFile
from tests.unit.codes.test_codes_separators import STAND_INS

GTIN = "04899215122371"
CODES = 1_000
LAYOUTS = ((SHORT, 4, 0), (SHORT, 8, 0), (ASYM_SHORT, 44, 4), (AISTR, 88, 4), (TOBACCO, 8, 0))
HTML = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"))
RUSSIAN = dict(zip("qwertyuiop", "йцукенгшщз", strict=True))


class Made(NamedTuple):
    """A code and what its product fixes."""

    text: str
    shape: Shape


def made(seed: str, layouts: tuple[tuple[str, int, int], ...] = LAYOUTS) -> list[Made]:
    chance = random.Random(seed)

    def text(length: int) -> str:
        return "".join(chance.choices(SET_82.decode(), k=length))

    found = []
    for number in range(CODES):
        template, check, key = layouts[number % len(layouts)]
        serial = 7 if template == TOBACCO else chance.choice([6, 7, 12, 13, 19, 20])
        code = build(template, GTIN, text(serial), check=text(check), key=text(key))
        found.append(Made(code, Shape(template, serial)))
    return found


def taken(reading: Callable[[], MarkingCode]) -> MarkingCode | None:
    try:
        return reading()
    except Malformed:
        return None


def cut(text: str, chance: random.Random) -> str:
    return text[: chance.randrange(1, len(text))]


READER: dict[str, Callable[[str, random.Random], bytes]] = {
    **{
        f"separators as {one!r}": partial(lambda other, text, _: text.encode().replace(GS.encode(), other), one)
        for one in [b"", *STAND_INS]
    },
    "separators mixed": lambda text, chance: b"".join(
        chance.choice([b"", GS.encode(), *STAND_INS]) if sign == GS else sign.encode() for sign in text
    ),
    "GS behind the GTIN": lambda text, _: (f"{text[:16]}{GS}{text[16:]}" if GS in text else text).encode(),
    "GS doubled": lambda text, _: text.replace(GS, GS + GS).encode(),
    "GS at the end": lambda text, _: (text + GS).encode(),
    "GS and identifier in front": lambda text, _: f"]d2{GS}{text}".encode(),
    "GS anywhere": lambda text, chance: f"{text[: (at := chance.randrange(len(text)))]}{GS}{text[at:]}".encode(),
    "cut": lambda text, chance: cut(text, chance).encode(),
    "begun late": lambda text, chance: text[chance.randrange(1, len(text)) :].encode(),
    "sent twice": lambda text, _: (text + text).encode(),
    "glued to the half of the one before": lambda text, chance: (cut(text, chance) + text).encode(),
    "a byte lost": lambda text, chance: (text[: (at := chance.randrange(18))] + text[at + 1 :]).encode(),
    "another keyboard layout": lambda text, _: "".join(RUSSIAN.get(sign, sign) for sign in text).encode(),
    "the high bit set": lambda text, chance: bytes(
        byte | 0x80 if at == (chance.randrange(len(text))) else byte for at, byte in enumerate(text.encode())
    ),
    "escaped for XML": lambda text, _: escaped(text, HTML).encode(),
    "printed form": lambda text, _: printed(text).encode(),
}


def escaped(text: str, signs: tuple[tuple[str, str], ...]) -> str:
    for sign, other in signs:
        text = text.replace(sign, other)
    return text


def printed(text: str) -> str:
    if GS not in text:
        return text
    head, *tail = text.split(GS)
    return f"(01){head[2:16]}(21){head[18:]}" + "".join(f"({part[:2]}){part[2:]}" for part in tail)


@pytest.mark.parametrize("way", READER)
def test_from_a_reader_with_the_product_known(way: str) -> None:
    chance = random.Random(way)
    restored = 0
    for code, shape in made(way):
        raw = READER[way](code, chance)
        read = taken(partial(parse, raw, {GTIN: shape}))
        if read is None:
            continue
        whole = parse(code.encode(), {GTIN: shape})
        assert read.ident == whole.ident, (code, raw)
        assert read.tail in {whole.tail, ""} or way in {"cut", "a byte lost", "escaped for XML"}, (code, raw)
        restored += read.full == code
    if way.startswith(("separators", "GS behind", "GS doubled", "GS at", "GS and")):
        assert restored == CODES


@pytest.mark.parametrize("way", READER)
def test_from_a_reader_with_nothing_known_no_apply_station_takes_another(way: str) -> None:
    """Without the length of serials a lost separator looks like a longer serial, which has no check part."""
    chance = random.Random(way)
    for code, _ in made(way, LAYOUTS[:4]):
        raw = READER[way](code, chance)
        read = taken(partial(parse, raw))
        if read is None or not read.tail or way in {"a byte lost", "escaped for XML", "GS anywhere"}:
            continue
        assert read.ident == parse(code.encode()).ident, (code, raw)


TYPED: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "blanks": lambda text: f" \t{text}\u00a0\n",
    "<GS>": lambda text: text.replace(GS, "<GS>"),
    "x1d": lambda text: text.replace(GS, "\\x1d"),
    "picture": lambda text: text.replace(GS, "␝"),
    "printed form": printed,
    "printed form with blanks": lambda text: printed(text).replace("(21)", " (21) ").replace("(93)", " (93) "),
}


@pytest.mark.parametrize("way", TYPED)
def test_typed_by_a_person(way: str) -> None:
    for known in (True, False):
        for code, shape in made(way, LAYOUTS if known else LAYOUTS[:4]):
            read = taken(partial(typed, TYPED[way](code), {GTIN: shape} if known else {}))
            assert read is not None
            assert read.full == code


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


FILES: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "quoted": quoted,
    "quoted and more": lambda text: f"{quoted(text)},2026-11-01",
    "quotes not doubled": lambda text: f'"{text}","2026-11-01"',
    "quotes not doubled, semicolon": lambda text: f'"{text}";1',
    "unquoted comma": lambda text: f"{text},2026",
    "unquoted semicolon": lambda text: f"{text};1",
    "unquoted bar": lambda text: f"{text}|1",
    "tab": lambda text: f"{text}\t1",
    "formula": lambda text: f"={quoted(text)}",
    "formula, quotes not doubled": lambda text: f'="{text}"',
    "apostrophe": lambda text: f"'{text}",
    "escaped for XML": lambda text: escaped(text, HTML),
    "escaped for XML, GS too": lambda text: escaped(text, (*HTML, (GS, "&#29;"))),
    "escaped by Excel": lambda text: text.replace(GS, "_x001D_"),
    "escaped for JSON": lambda text: escaped(text, (("\\", "\\\\"), ('"', '\\"'), (GS, "\\u001d"))),
    "percent": lambda text: escaped(text, (("%", "%25"), *((sign, f"%{ord(sign):02X}") for sign in '"&<>+/?=;,'))),
    "separators lost": lambda text: text.replace(GS, ""),
    "identification codes": lambda text: text.partition(GS)[0],
    "identification codes, unquoted semicolon": lambda text: text.partition(GS)[0] + ";1",
    "identification codes, unquoted comma": lambda text: text.partition(GS)[0] + ",2026-11-01",
}
READ = {"as it is", "quoted", "quoted and more", "tab", "formula", "apostrophe", "identification codes"}


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("way", FILES)
def test_in_a_file(way: str, known: bool, tmp_path: Path) -> None:
    """Loaded are the codes that were written, or nothing: one bad line or one doubt, and nothing is."""
    for serial in (6, 13, 20):
        chance = random.Random(f"{way}{serial}")
        idents = [f"01{GTIN}21{''.join(chance.choices(SET_82.decode(), k=serial))}" for _ in range(CODES)]
        codes = [f"{ident}{GS}93{''.join(chance.choices(SET_82.decode(), k=4))}" for ident in idents]
        path = tmp_path / "codes.csv"
        path.write_text("\n".join(map(FILES[way], codes)), "utf-8", newline="")
        file = PoolFile(path, GTIN, {GTIN: Shape(SHORT, serial) if known else Shape(None, None)})
        lines = list(file)
        loaded = [line.code.ident for line in lines if line.code is not None]
        if all(line.code for line in lines) and not file.doubts():
            assert loaded == idents
        else:
            assert way not in READ


@pytest.mark.parametrize("share", [0.001, 0.1, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("serial", [6, 7, 12, 13])
def test_in_a_file_where_some_lines_lost_their_separators(share: float, serial: int, tmp_path: Path) -> None:
    chance = random.Random(f"{share}{serial}")
    idents = [f"01{GTIN}21{''.join(chance.choices(SET_82.decode(), k=serial))}" for _ in range(CODES)]
    lost = set(chance.sample(range(CODES), max(1, round(share * CODES))))
    rows = [f"{ident}{'' if at in lost else GS}93abcd" for at, ident in enumerate(idents)]
    path = tmp_path / "codes.csv"
    path.write_text("\n".join(rows), "utf-8")
    unknown = PoolFile(path, GTIN, {})
    assert any(line.code is None for line in unknown) or int(unknown.doubts()[0].place) - 1 in lost
    assert [line.code and line.code.ident for line in PoolFile(path, GTIN, {GTIN: Shape(None, serial)})] == idents
