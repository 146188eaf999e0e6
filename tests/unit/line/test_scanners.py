"""What scanners do to codes is counted by kind, and a setting that is to blame is found after ten reads in a row."""

from __future__ import annotations

import random
import string

import pytest

from lined.codes import GS, Malformed, Shape, parse
from lined.codes.separators import spellings
from lined.line.watch.problems import Problems
from lined.line.watch.scanners import DETAILS_MAX, IN_A_ROW, KINDS_MAX, RIGHT_AGAIN, Scanner
from lined.vocabulary.alarms import AlarmKind
from lined.vocabulary.scanners import ScannerSign, Symptom

GTIN = "04899215122371"
SHAPES = {GTIN: Shape(None, 6)}
SETTINGS: dict[str, str] = {symptom: f"set {symptom}" for symptom in Symptom}


class Device:
    """A scanner, and the moment of its reads: one a second."""

    def __init__(self) -> None:
        self.problems = Problems(lambda: 0)
        self.scanner = Scanner("cam-2", SETTINGS, self.problems)
        self.at_ms = 0

    def sends(self, *texts: str, first: bool = True) -> None:
        for text in texts:
            self.at_ms += 1000
            raw = text.encode()
            try:
                code = parse(raw, SHAPES)
            except Malformed as fault:
                self.scanner.malformed(raw, fault, self.at_ms)
            else:
                self.scanner.code(raw, code, self.at_ms, first=first)

    @property
    def found(self) -> list[Symptom]:
        return [one.symptom for one in self.scanner.findings()]

    @property
    def alarms(self) -> list[str]:
        return [str(one.text) for one in self.problems.all() if one.kind == AlarmKind.DEVICE_SETTINGS]

    def n(self, sign: ScannerSign) -> dict[str, int]:
        return {one.detail: one.n for one in self.scanner.signs() if one.sign is sign}


def good(n: int, separator: str = GS, aim: str = "]d2") -> list[str]:
    return [f"{aim}01{GTIN}21aB{at:04d}{separator}93xY{at % 10}z" for at in range(n)]


def test_a_right_device_is_counted_and_nothing_is_found() -> None:
    device = Device()
    device.sends(*good(50))
    assert device.n(ScannerSign.AIM) == {"]d2": 50}
    assert device.n(ScannerSign.SEPARATOR) == {"": 50}
    assert device.found == [] and device.alarms == []
    (aim, _) = device.scanner.signs()
    assert (aim.first_ms, aim.last_ms) == (1000, 50_000)


@pytest.mark.parametrize(
    ("separator", "sign", "words"),
    [
        ("", ScannerSign.SEPARATOR_LOST, "has sent no separator since 1970-01-01 00:00 UTC"),
        ("<GS>", ScannerSign.SEPARATOR_SPELLED, "has sent <GS> for the separator"),
        ("{GS}", ScannerSign.SEPARATOR_SPELLED, "has sent {GS} for the separator"),
        ("^]", ScannerSign.SEPARATOR_SPELLED, "has sent ^] for the separator"),
        ("\\x1d", ScannerSign.SEPARATOR_SPELLED, "has sent \\x1d for the separator"),
        ("_x001D_", ScannerSign.SEPARATOR_SPELLED, "has sent _x001D_ for the separator"),
    ],
)
def test_a_separator_that_is_lost_or_spelled_otherwise(separator: str, sign: ScannerSign, words: str) -> None:
    device = Device()
    device.sends(*good(3))
    device.sends(*good(IN_A_ROW - 1, separator))
    assert device.alarms == [], "nine may be chance"
    device.sends(*good(1, separator))
    (told,) = device.alarms
    assert words in told and told.endswith("To be set on it: set separator")
    assert device.scanner.findings()[0].since_ms == 4000, "since the first of them"
    assert device.n(sign) == {separator: IN_A_ROW}
    device.sends(*good(RIGHT_AGAIN - 1))
    assert device.alarms, "nine right ones may be chance"
    device.sends(*good(1))
    assert device.alarms == [] and device.found == []


def test_one_right_separator_among_them_begins_anew() -> None:
    device = Device()
    device.sends(*good(IN_A_ROW - 1, ""), *good(1), *good(IN_A_ROW - 1, ""))
    assert device.found == []


def test_a_lost_separator_of_a_product_without_a_serial_length() -> None:
    device = Device()
    other = "03077972920046"
    device.sends(*[f"01{other}21aB{at:04d}93xYz1" for at in range(IN_A_ROW)])
    assert device.found == [Symptom.SEPARATOR]
    assert device.n(ScannerSign.CHECK_PART_MISSING) == {"": IN_A_ROW}
    device = Device()
    device.sends(*[f"01{other}21aB{at:04d}" for at in range(IN_A_ROW)])
    assert device.found == [], "identification codes alone lost nothing"


def test_packages_say_nothing_about_separators() -> None:
    device = Device()
    device.sends(*good(IN_A_ROW, "", aim=""), *["00030779729200012315"] * RIGHT_AGAIN)
    assert device.found == [Symptom.SEPARATOR]


def test_letters_of_one_case_only() -> None:
    device = Device()
    chance = random.Random(7)
    codes = [f"01{GTIN}21{''.join(chance.choices(string.ascii_letters, k=6))}{GS}93xYz{at % 9}" for at in range(40)]
    device.sends(*[code.upper() for code in codes[:20]])
    assert device.found == []
    device.sends(codes[20].upper())
    assert device.found == [Symptom.CASE] and "letters of one case only" in device.alarms[0]
    assert device.n(ScannerSign.CASE) == {"upper": 20}
    device.sends(*codes[21:31])
    assert device.found == []
    device = Device()
    device.sends(*[codes[0].upper()] * 50)
    assert device.found == [], "one label again and again says nothing"
    device = Device()
    device.sends(*[f"01{GTIN}21{at:06d}{GS}931234" for at in range(50)])
    assert device.found == [], "digits have no case"


def test_the_case_of_an_identifier_tells_that_all_letters_are_changed() -> None:
    device = Device()
    device.sends(*good(20, aim="]D2"))
    assert device.found == [Symptom.CASE]


def test_an_identifier_that_does_not_come_any_more() -> None:
    device = Device()
    device.sends(*good(30, aim=""))
    assert device.found == [] and device.n(ScannerSign.AIM_MISSING) == {"": 30}, "it never sent one"
    device.sends(*good(1))
    device.sends(*good(IN_A_ROW, aim=""))
    assert device.found == [Symptom.AIM] and "no identifier" in device.alarms[0]
    device.sends(*good(RIGHT_AGAIN))
    assert device.found == []


def test_one_identifier_stands_for_all_codes_of_a_frame() -> None:
    device = Device()
    device.sends(*good(1))
    device.sends(*good(40, aim=""), first=False)
    assert device.found == [] and device.n(ScannerSign.AIM_MISSING) == {}


def test_a_keyboard_layout_and_the_printed_form_have_an_alarm_of_their_own() -> None:
    device = Device()
    device.sends(*["ъв2" + "0" * 30] * IN_A_ROW)
    device.sends(*[f"(01){GTIN}(21)aB12(93)xYz1"] * IN_A_ROW)
    assert device.found == [Symptom.LAYOUT, Symptom.BRACKETS] and device.alarms == []
    assert device.n(ScannerSign.FOREIGN) == {"Cyrillic": IN_A_ROW}
    device.sends(*good(RIGHT_AGAIN))
    assert device.found == []


def test_surplus_separators_are_told_and_are_no_alarm() -> None:
    device = Device()
    device.sends(*[text + GS for text in good(IN_A_ROW)])
    assert device.found == [Symptom.SURPLUS] and device.alarms == []


def test_frames_that_the_driver_does_not_understand() -> None:
    device = Device()
    for _ in range(IN_A_ROW):
        device.scanner.frame(0, understood=False)
    assert device.found == [Symptom.FRAMES] and device.alarms
    for _ in range(RIGHT_AGAIN):
        device.scanner.frame(0, understood=True)
    assert device.found == [] and device.alarms == []


def test_what_is_kept_is_bounded_whatever_it_sends() -> None:
    device = Device()
    for letter in string.ascii_letters:
        device.sends(*[f"]{letter}{n}01{GTIN}21aB0001{GS}93xYz1" for n in string.digits])
    device.sends(*[f"]{letter}001{GTIN}21aB000193xYz1" for letter in string.ascii_letters])
    assert len(device.scanner._kinds) <= KINDS_MAX + 8
    assert sum(one.n for one in device.scanner.signs() if one.sign is ScannerSign.AIM) == 572
    assert all(len(one) <= DETAILS_MAX + 1 for one in device.scanner._details.values())


@pytest.mark.parametrize("first", ["", GS, "<GS>", "&#29;"])
@pytest.mark.parametrize("second", ["", GS, "^]"])
def test_each_separator_is_found_where_it_stands(first: str, second: str) -> None:
    raw = f"]d201{GTIN}2192abcd{first}91WxYz{second}92{'q' * 44}".encode()
    code = parse(raw, SHAPES)
    assert code.remarks or (first, second) == (GS, GS)
    assert spellings(raw, code.ident, code.tail) == [first, second]
