"""Printers: what is written for a label, and what each of their words means, as bytes."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from drivers import printers
from drivers.parts.label_printer import LabelPrinter
from drivers.printers import (
    Accepted,
    Condition,
    DriverOptionError,
    Label,
    Printed,
    PrinterDriver,
    PrinterEvent,
    Refused,
    Trouble,
    Unprintable,
)
from tests.harness.printers import CODE, SSCC, example

NAMES = {"generic-queue", "sato-sbpl", "tsc-tspl", "videojet-ztc", "zebra-zpl"}


def printer(name: str, **options: object) -> PrinterDriver:
    return printers.load(name)(options)


def takes(driver: PrinterDriver) -> bool:
    return driver.takes


def numbers(events: list[PrinterEvent]) -> list[int]:
    return [event.number for event in events if isinstance(event, Printed)]


# ── all of them ─────────────────────────────────────────────────────────────────────────────────────────────────────
def test_every_driver_has_a_name_and_a_docstring_that_draws_its_frame() -> None:
    assert set(printers.printer_names()) == NAMES
    assert printers.printer_names()[0] == "generic-queue"
    for name in NAMES:
        head = sys.modules[printers.load(name).__module__].__doc__ or ""
        assert "|--" in head
        assert "Source" in head


@pytest.mark.parametrize("name", sorted(NAMES))
def test_the_example_and_the_defaults_are_taken(name: str) -> None:
    driver = printers.load(name)
    stanza = example(driver)
    assert stanza["driver"] == name
    driver(stanza.get("options", {})).opening()
    assert issubclass(driver, LabelPrinter)
    for preset in driver.PRESETS:
        assert driver({"preset": preset} if preset else {}).feed(b"") == []
    for option in driver.OPTIONS:
        assert option.about


def test_an_unknown_one_is_refused_with_those_there_are() -> None:
    with pytest.raises(printers.UnknownDriver, match="did you mean zebra-zpl"):
        printers.load("zebra")


def test_drivers_are_usable_without_lined() -> None:
    lines = (
        "import sys; from drivers import printers; [printers.load(name) for name in printers.printer_names()];"
        " sys.exit(any(name.startswith('lined') for name in sys.modules))"
    )
    subprocess.run([sys.executable, "-c", lines], check=True, timeout=30, cwd=Path(__file__).parents[3])


@pytest.mark.parametrize("name", sorted(NAMES))
@pytest.mark.parametrize("code", [b"0104 89", b"01048\x00", "01048я".encode(), b"", b"]d2\r\n", CODE + b"\x1d"])
def test_what_is_no_code_is_refused_and_not_in_flight(name: str, code: bytes) -> None:
    driver = printer(name)
    driver.opening()
    with pytest.raises(Unprintable) as refused:
        driver.load(1, Label(code))
    assert code.decode("latin-1") not in str(refused.value) or not code
    assert driver.load(2, Label(CODE))


# ── what is written ─────────────────────────────────────────────────────────────────────────────────────────────────
def test_zebra_writes_a_gs1_datamatrix_with_fnc1_first_and_gs_between() -> None:
    written = printer("zebra-zpl").load(7, Label(CODE, "Olma sharbati ^1~_"))
    field = re.search(rb"\^BXN,5,200,,,,_\^FD(.*?)\^FS", written)
    assert field is not None
    assert field[1] == b"_1010489921512237121Uhgr>kO42*S<<_d02993f7PE"
    assert b"^FDOlma sharbati  1  ^FS" in written
    assert written.startswith(b"^XA") and written.endswith(b"^PQ1^XZ\r\n")


@pytest.mark.parametrize("serial", [b"a_b", b"a^XZ", b"~JA", b"_1_d029", b"\"'&<>%"])
def test_zebra_what_its_language_would_take_for_its_own_comes_back_as_the_code(serial: bytes) -> None:
    code = b"010489921512237121" + serial + b"\x1d93f7PE"
    written = printer("zebra-zpl").load(7, Label(code))
    field = re.search(rb"\^FD(.*?)\^FS", written)
    assert field is not None
    assert b"^" not in field[1]
    assert b"~" not in field[1]
    assert _read_by_zebra(field[1]) == b"<FNC1>" + code


def _read_by_zebra(field: bytes) -> bytes:
    """As ^BX with the escape character `_` reads it."""
    read = {b"_1": b"<FNC1>", b"__": b"_"}
    return re.sub(rb"_d([0-9]{3})|_1|__", lambda one: bytes((int(one[1]),)) if one[1] else read[one[0]], field)


def test_zebra_box_label_is_a_gs1_128_with_the_sscc_and_its_text() -> None:
    written = printer("zebra-zpl").load(7, Label(SSCC, "Box 12", package=True))
    assert b"^BCN,180,N,N,N^FD>;>8" + SSCC + b"^FS" in written
    assert b"^FD(00) 030779729200012315^FS" in written
    assert b"Box 12" in written


@pytest.mark.parametrize("code", [SSCC[2:], b"01" + SSCC[2:], CODE])
def test_a_box_label_takes_nothing_but_an_sscc(code: bytes) -> None:
    with pytest.raises(Unprintable, match="SSCC"):
        printer("zebra-zpl").load(7, Label(code, package=True))


def test_the_others_write_a_label_as_their_documents_have_it() -> None:
    inner = b"010489921512237121Uhgr>kO42*S<<"
    assert printer("generic-queue").load(7, Label(CODE)) == b"7\t" + CODE + b"\r\n"
    assert printer("videojet-ztc").load(7, Label(CODE)) == b"SID|7|~1" + inner + b"~d02993f7PE|\r"
    assert printer("videojet-ztc", preset="jobs").load(7, Label(CODE)) == b"JDI|1|CODE=~1" + inner + b"~d02993f7PE|\r"
    assert b'c126,"~1' + inner + b'~d02993f7PE"\r\nPRINT 1\r\n' in printer("tsc-tspl").load(7, Label(CODE))
    sato = printer("sato-sbpl").load(7, Label(CODE))
    assert sato.startswith(b"\x1bA") and sato.endswith(b"\x1bDC" + CODE + b"\x1bQ1\x1bZ")


def test_a_character_that_would_end_the_label_is_refused() -> None:
    with pytest.raises(Unprintable, match="does not allow"):
        printer("videojet-ztc").load(7, Label(CODE.replace(b"U", b"|")))
    with pytest.raises(Unprintable, match="package_label"):
        printer("generic-queue").load(7, Label(SSCC, package=True))


# ── what is heard ───────────────────────────────────────────────────────────────────────────────────────────────────
def test_generic_accepted_is_not_printed() -> None:
    driver = printer("generic-queue", ask="", queue=[])
    driver.opening()
    driver.load(7, Label(CODE))
    driver.load(8, Label(CODE))
    assert driver.feed(b"OK 7\r\nOK 8\r\nOK 8\r\n") == [Accepted(b"OK 7", 7), Accepted(b"OK 8", 8)]
    assert driver.feed(b"PRINTED 7\r\nNO 8\r\n") == [Printed(b"PRINTED 7", 7), Refused(b"NO 8", 8)]


def test_generic_troubles_end_with_ready() -> None:
    driver = printer("generic-queue", ask="", queue=[])
    driver.opening()
    assert takes(driver)
    (event,) = driver.feed(b"RIBBON\r\n")
    assert event == Condition(b"RIBBON", True, frozenset({Trouble.RIBBON}), None, "RIBBON")
    assert not takes(driver)
    assert driver.feed(b"RIBBON\r\n") == []
    (event,) = driver.feed(b"HEAD\r\n")
    assert isinstance(event, Condition)
    assert event.troubles == {Trouble.RIBBON, Trouble.HEAD}
    (event,) = driver.feed(b"READY\r\n")
    assert event == Condition(b"READY", True, frozenset(), None)
    assert takes(driver)


def test_generic_that_names_no_label_is_loaded_once_its_old_queue_is_known_to_be_empty() -> None:
    driver = printer("generic-queue", printed=["PRC"], label="{code}\r\n", accepted=["ACK"], refused=["NAK"])
    driver.opening()
    assert not takes(driver)
    driver.feed(b"QUEUE 2\r\nPRC\r\n")
    assert not takes(driver)
    driver.ask()
    assert numbers(driver.feed(b"PRC\r\nQUEUE 0\r\n")) == []
    assert takes(driver)
    driver.load(7, Label(CODE))
    assert driver.feed(b"ACK\r\nPRC\r\nPRC\r\n") == [Accepted(b"ACK", 7), Printed(b"PRC", 7)]


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({"printed": [], "ask": ""}, "printed"),
        ({"printed": ["PRC"], "ask": ""}, "printed"),
        ({"queue": ["QUEUE [0-9]+"]}, "queue"),
        ({"printed": ["P(?P<code>.)"]}, "printed[0]"),
        ({"label": "no place\r\n"}, "label"),
        ({"package_label": "no place\r\n"}, "package_label"),
    ],
)
def test_generic_options_that_cannot_work_are_refused(options: dict[str, object], path: str) -> None:
    with pytest.raises(DriverOptionError) as caught:
        printer("generic-queue", **options)
    assert path in [problem.path for problem in caught.value.problems]


def test_generic_the_queue_alone_is_its_word_where_two_answers_agree() -> None:
    driver = printer("generic-queue", printed=[])
    driver.opening()
    driver.feed(b"QUEUE 0\r\n")
    for number in (7, 8, 9):
        driver.load(number, Label(CODE))
    heard = []
    for left in (3, 1, 2, 1, 0, 0):
        driver.ask()
        heard.append(numbers(driver.feed(b"QUEUE %d\r\n" % left)))
    assert heard == [[], [], [7], [], [8], [9]]


def _status(in_buffer: int, left: int, *, media: int = 0, head: int = 0, ribbon: int = 0, waits: int = 0) -> bytes:
    return (
        b"\x02030,%d,0,1234,%03d,0,0,0,000,0,0,0\x03\r\n\x02000,0,%d,%d,0,2,6,%d,%08d,1,000\x03\r\n\x021234,0\x03\r\n"
        % (media, in_buffer, head, ribbon, waits, left)
    )


def test_zebra_a_label_is_printed_when_it_is_gone_from_buffer_and_batch() -> None:
    driver = printer("zebra-zpl")
    assert driver.opening() == b"~HS\r\n"
    assert not takes(driver)
    (event,) = driver.feed(_status(0, 0))
    assert event == Condition(b"", True, frozenset(), 0)
    assert takes(driver)
    for number in (7, 8, 9):
        driver.load(number, Label(CODE))
    heard = []
    for in_buffer, left in ((2, 1), (1, 1), (1, 0), (0, 1), (0, 0), (0, 0)):
        driver.ask()
        heard.append(numbers(driver.feed(_status(in_buffer, left))))
    assert heard == [[], [], [7], [8], [], [9]]


def test_zebra_a_label_sent_after_the_question_is_not_counted_by_its_answer() -> None:
    driver = printer("zebra-zpl")
    driver.opening()
    driver.feed(_status(0, 0))
    driver.ask()
    driver.load(7, Label(CODE))
    assert numbers(driver.feed(_status(0, 0))) == []
    driver.ask()
    assert numbers(driver.feed(_status(0, 0))) == []
    driver.ask()
    assert numbers(driver.feed(_status(0, 0))) == [7]


def test_zebra_waits_until_what_was_sent_before_is_gone() -> None:
    driver = printer("zebra-zpl")
    driver.opening()
    driver.feed(_status(3, 1))
    assert not takes(driver)
    driver.ask()
    driver.feed(_status(0, 0))
    assert takes(driver)


@pytest.mark.parametrize(
    ("flags", "trouble"), [({"media": 1}, Trouble.MEDIA), ({"head": 1}, Trouble.HEAD), ({"ribbon": 1}, Trouble.RIBBON)]
)
def test_zebra_while_it_reports_a_trouble_nothing_is_printed(flags: dict[str, int], trouble: Trouble) -> None:
    driver = printer("zebra-zpl")
    driver.opening()
    driver.feed(_status(0, 0))
    driver.load(7, Label(CODE))
    heard = []
    for _ in range(3):
        driver.ask()
        heard += driver.feed(_status(0, 0, **flags))
    assert numbers(heard) == []
    assert [event.troubles for event in heard if isinstance(event, Condition)] == [{trouble}]
    assert not takes(driver)
    heard = []
    for _ in range(2):
        driver.ask()
        heard += driver.feed(_status(0, 0))
    assert numbers(heard) == [7]


def test_a_printer_that_answers_nothing_is_loaded_with_nothing() -> None:
    driver = printer("zebra-zpl")
    driver.opening()
    driver.feed(_status(0, 0))
    for _ in range(20):
        driver.ask()
    assert driver.unanswered == 20
    assert not takes(driver)
    driver.feed(_status(0, 0))
    assert takes(driver)


def test_videojet_the_cursor_of_its_buffer_tells_what_is_printed() -> None:
    driver = printer("videojet-ztc")
    assert driver.opening() == b"\rSNO|ERS|1|\rSCB\rSHO|CODE|\rSRC\rSLR\rGST\r"
    assert not takes(driver)
    driver.feed(b"ACK\rACK\rACK\rSRC|0|\rSLR|3|\rSTS|3|0|job|0|0|\r")
    assert takes(driver)
    for number in (7, 8, 9):
        driver.load(number, Label(CODE))
    assert driver.feed(b"ACK\rERR\r") == [Accepted(b"ACK", 7), Refused(b"ERR", 8)]
    assert numbers(driver.feed(b"SLR|3|\rSLR|7|\rSLR|7|\rSLR|11|\rSLR|9|\r")) == [7, 9]
    (event,) = driver.feed(b"STS|4|2|job|0|0|\r")
    assert isinstance(event, Condition)
    assert event.troubles == {Trouble.OTHER}


def test_videojet_jobs_each_print_is_told() -> None:
    driver = printer("videojet-ztc", preset="jobs")
    driver.opening()
    driver.load(7, Label(CODE))
    assert driver.feed(b"4711\rPRS\rPRC\r") == [Accepted(b"4711", 7), Printed(b"PRC", 7)]


def _answer(letter: bytes, left: int) -> bytes:
    return b"\x0201%b%06dlined           \x03" % (letter, left)


def test_sato_one_label_at_a_time() -> None:
    driver = printer("sato-sbpl")
    assert driver.opening() == b"\x05"
    driver.feed(_answer(b"A", 0))
    assert takes(driver)
    driver.load(7, Label(CODE))
    assert not takes(driver)
    assert driver.feed(b"\x06") == [Accepted(b"\x06", 7)]
    heard = []
    for letter, left in ((b"G", 1), (b"G", 0), (b"A", 0), (b"A", 0)):
        driver.ask()
        heard.append(numbers(driver.feed(_answer(letter, left))))
    assert heard == [[], [], [], [7]]
    (event,) = driver.feed(_answer(b"d", 0))
    assert isinstance(event, Condition)
    assert event.troubles == {Trouble.RIBBON}
    (event,) = driver.feed(_answer(b"z", 0))
    assert isinstance(event, Condition)
    assert event.troubles == {Trouble.OTHER}


def test_sato_half_an_answer_of_one_connection_is_not_glued_to_the_next_ones() -> None:
    driver = printer("sato-sbpl")
    driver.opening()
    assert driver.feed(_answer(b"d", 0)[:20]) == []
    driver.opening()
    assert driver.feed(_answer(b"d", 0)[20:]) == []
    (event,) = driver.feed(_answer(b"d", 0))
    assert isinstance(event, Condition)


def test_tsc_a_label_is_printed_when_it_was_seen_printing_and_is_at_rest() -> None:
    driver = printer("tsc-tspl")
    assert driver.opening() == b"\x1b!?"
    driver.feed(b"\x00")
    driver.load(7, Label(CODE))
    heard = []
    for byte in (0x00, 0x00, 0x20, 0x20, 0x00, 0x00):
        driver.ask()
        heard.append(numbers(driver.feed(bytes((byte,)))))
    assert heard == [[], [], [], [], [], [7]]
    (event,) = driver.feed(b"\x09")
    assert isinstance(event, Condition)
    assert event.troubles == {Trouble.HEAD, Trouble.RIBBON}


def test_examples_are_toml_with_one_printer() -> None:
    for name in NAMES:
        assert list(tomllib.loads(printers.load(name).MANUAL.example)) == ["printer"]
