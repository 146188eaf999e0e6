"""Options that may cut a code are known, and those that cannot have no warning."""

from __future__ import annotations

import random

import pytest

from drivers import load
from lined.codes.templates import SET_82
from lined.config.delimiters import cutting_options
from tests.harness.drivers import reads_of

HARMLESS: list[dict[str, object]] = [
    {},
    {"separator": "\t"},
    {"separator": "\x1e"},
    {"separator": ",\x1e"},
    {"separator": "|"},
    {"suffix": "\r"},
    {"suffix": "\x03", "prefix": "\x02"},
    {"no_read": ["NOREAD"], "heartbeat": ["HB"]},
    {"pattern": r"(?P<code>[^\t]+)\t(?P<grade>[^\t]*)"},
    {"pattern": r"(?P<code>.+);(?P<grade>[A-F])"},
    {"pattern": r"(?P<code>.*?)\t(?P<grade>.*)"},
    {"pattern": r"(?P<code>.{37})(?P<grade>.)"},
    {"pattern": r"(?P<code>[!-~\x1d]+) (?P<grade>.*)"},
    {"pattern": r"CODE:(?P<code>\S+)( GRADE:(?P<grade>\S+))?"},
    {"pattern": r"(?P<code>(?:[^\t)]|\))+)\t"},
    {"pattern": r"(?P<code>cannot be a code);"},
    {"pattern": r"(?P<code>["},
    {"pattern": 7, "separator": 7, "suffix": []},
]
HARMFUL: list[tuple[dict[str, object], str, str]] = [
    ({"separator": ","}, "separator", ","),
    ({"separator": ";;"}, "separator", ";;"),
    ({"separator": "<CR>"}, "separator", "<CR>"),
    ({"suffix": ";"}, "suffix", ";"),
    ({"pattern": r"(?P<code>[^;]+);(?P<grade>[^;]*)"}, "pattern", ";"),
    ({"pattern": r"(?P<code>[^,;]*);?(?P<grade>[A-F]?)"}, "pattern", ",;"),
    ({"pattern": r"(?P<code>.*?);(?P<grade>.*)"}, "pattern", ";"),
    ({"pattern": r"(?P<code>.+?)\*(?P<grade>.*)"}, "pattern", "*"),
    ({"pattern": r"ID=(?P<code>[^])&]+)&(?P<grade>.)"}, "pattern", "&)"),
    ({"pattern": r"(?P<code>[0-9A-Za-z\x1d]+)"}, "pattern", "!"),
]


@pytest.mark.parametrize("options", HARMLESS, ids=str)
def test_what_cuts_no_code_has_no_warning(options: dict[str, object]) -> None:
    assert list(cutting_options(options)) == []


@pytest.mark.parametrize(("options", "name", "characters"), HARMFUL, ids=str)
def test_what_may_cut_a_code_is_named(options: dict[str, object], name: str, characters: str) -> None:
    ((option, message),) = cutting_options(options)
    assert option == name
    assert all(character in message for character in characters)


@pytest.mark.parametrize("options", [one for one in HARMLESS if isinstance(one.get("pattern"), str)][:5], ids=str)
def test_a_pattern_without_a_warning_gives_every_code_whole(options: dict[str, object]) -> None:
    chance = random.Random(0)
    between = {"\\t": "\t", ");": ";", ") (": " "}
    for _ in range(500):
        code = f"010489921512237121{''.join(chance.choices(SET_82.decode(), k=12))}\x1d93abcd"
        sign = next((sign for mark, sign in between.items() if mark in str(options["pattern"])), "")
        (read,) = reads_of(load("generic")(options).feed(f"{code}{sign}A\n".encode()))
        assert read.codes == (code.encode(),)
