"""Files of codes as they come: each line means one code or is named as bad; what may mean two things is refused."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from lined.codes import Shape
from lined.codes.templates import SET_82
from lined.supply.pool_file import PoolFile
from tests.monsters import JSON, TEXTS

GTIN = "04899215122371"
OPEN = {GTIN: Shape(None, None)}
FIXED = {GTIN: Shape("GS1_AISTR_SHORT", 13)}
SERIALS = ("UGM6BL+d+aHQw", "U&U1+<cfOUoZf", "Uug'NAJ+-AO;D", 'UZU_DjU(,"MSJ')
IDENTS = [f"01{GTIN}21{serial}" for serial in SERIALS]
FULL = [f"{ident}\x1d93a,c;" for ident in IDENTS]


def read(
    tmp_path: Path,
    text: str | bytes,
    shapes: dict[str, Shape] = FIXED,
    delimiter: str | None = None,
    *,
    uneven: bool = False,
) -> tuple[list[str], list[tuple[int, str]], str]:
    """Codes, bad lines, doubts."""
    path = tmp_path / "codes.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    file = PoolFile(path, GTIN, shapes, delimiter, uneven=uneven)
    lines = list(file)
    assert list(file) == lines, "another reading gives something else"
    bad = [(int(line.place), line.problem) for line in lines if line.code is None]
    doubts = "\n".join(f"{line.place}: {line.problem}" for line in file.doubts())
    return [line.code.ident for line in lines if line.code is not None], bad, doubts


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


@pytest.mark.parametrize("shapes", [OPEN, FIXED])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    "rows",
    [
        FULL,
        IDENTS,
        [quoted(one) for one in FULL],
        [f"{quoted(one)},2026-11-01,x" for one in FULL],
        [f"{quoted(one)};2026-11-01" for one in IDENTS],
        [f"{one}\t{GTIN}" for one in FULL],
        ["code,order", *(f"{quoted(one)},77" for one in FULL)],
        ["", *FULL, ""],
    ],
    ids="full idents quoted columns semicolons tabs header blank".split(),
)
def test_each_way_of_writing_gives_the_same_codes(
    tmp_path: Path, rows: list[str], end: str, shapes: dict[str, Shape]
) -> None:
    assert read(tmp_path, end.join(rows) + end, shapes) == (IDENTS, [], "")
    assert read(tmp_path, b"\xef\xbb\xbf" + end.join(rows).encode(), shapes) == (IDENTS, [], "")


def test_separators_are_restored_where_the_product_makes_them_certain(tmp_path: Path) -> None:
    spelled = [full.replace("\x1d", other) for full in FULL for other in ("", "<GS>", "␝")]
    found, bad, doubts = read(tmp_path, "\n".join(spelled))
    assert (found, bad, doubts) == ([ident for ident in IDENTS for _ in range(3)], [], "")


def test_lost_separators_are_not_taken_for_serials(tmp_path: Path) -> None:
    lost = "\n".join(f"01{GTIN}21{serial}93abcd" for serial in ("ABCDEFG", "QRSTUVW", "0123456"))
    assert "serial_length" in read(tmp_path, lost, OPEN)[2]
    assert "serial_length" in read(tmp_path, lost + f"\n{IDENTS[0]}", OPEN)[2]


def test_csv_without_quotes_needs_its_delimiter(tmp_path: Path) -> None:
    text = "\n".join(f"{ident};7" for ident in IDENTS[:2])
    assert "--delimiter ';'" in read(tmp_path, text, OPEN)[2]
    assert len(read(tmp_path, text, FIXED)[1]) == 2
    for shapes in (OPEN, FIXED):
        assert read(tmp_path, text, shapes, ";") == (IDENTS[:2], [], "")
    serials = [f"01{GTIN}21AB;{n:04}" for n in range(3)]
    assert read(tmp_path, "\n".join(serials), OPEN, "none") == (serials, [], "")


def test_a_code_is_never_cut_at_a_delimiter_of_its_own(tmp_path: Path) -> None:
    text = "\n".join(f"{ident};7" for ident in IDENTS[:3])
    found, bad, _ = read(tmp_path, text, OPEN, ";")
    assert found == IDENTS[:2]
    assert bad == [(3, "3 columns, the first line has 2")]


def test_every_bad_line_has_its_number(tmp_path: Path) -> None:
    rows = [FULL[0], "", "junk", "00030779729200012315", FULL[1], f"010307797292004621{SERIALS[0]}", "é" * 40]
    found, bad, _ = read(tmp_path, "\n".join(rows))
    assert found == IDENTS[:2]
    assert [number for number, _ in bad] == [3, 4, 6, 7]
    assert "SSCC" in bad[1][1]


SPOILED = {
    "a code with blanks before the others": [f"01 {GTIN} 21UGM6BL+d+aHQw", *FULL],
    "printed text before the others": [f"(01) {GTIN} (21) UGM6BL+d+aHQw", *FULL],
    "another product's code among words": [f"Code 010307797292004621{SERIALS[0]}", *FULL],
    "a box among words": ["Box 00030779729200012315", *FULL],
    "quotes not doubled": [f'"{one}","2026-11-01"' for one in IDENTS],
    "quotes not doubled, no other column": [f'"{one}"' for one in IDENTS],
    "a delimiter that is none": [f"{quoted(one)}:2026" for one in IDENTS],
    "two delimiters": [f"{quoted(IDENTS[0])},2026", f"{quoted(IDENTS[1])};2026"],
    "columns that differ": [f"{quoted(IDENTS[0])},2026", f"{quoted(IDENTS[1])},2026,x"],
    "a quote that does not close": [f'"{IDENTS[0]}'],
    "something behind a quote": [f"{quoted(IDENTS[0])},{quoted('x')}y"],
    "escaped for XML": [f"01{GTIN}21ABC&lt;DEFGHIJ\x1d93abcd"],
    "escaped for XML, by number": [f"01{GTIN}21ABC&#60;DEFGHI\x1d93abcd"],
    "escaped for JSON": [f'01{GTIN}21ABC\\"DEFGHIJK\x1d93abcd'],
    "escaped for JSON, by number": [f"01{GTIN}21ABC\\u0026DEFG\x1d93abcd"],
    "a broken Excel formula": [f'="{IDENTS[0]}"x'],
    "Excel arithmetic": [f"=A1&{GTIN}"],
    "a line without end": [*FULL, "0" * 5_000, FULL[0]],
}


@pytest.mark.parametrize("shapes", [OPEN, FIXED])
@pytest.mark.parametrize("kind", SPOILED)
def test_what_is_spoiled_is_refused_with_its_line(tmp_path: Path, kind: str, shapes: dict[str, Shape]) -> None:
    rows = SPOILED[kind]
    found, bad, _ = read(tmp_path, "\n".join(rows), shapes)
    assert bad, found
    assert all(1 <= number <= len(rows) and problem for number, problem in bad)


@pytest.mark.parametrize("shapes", [OPEN, FIXED])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_thousand_codes_with_quotes_that_are_not_doubled_never_become_others(
    tmp_path: Path, delimiter: str, shapes: dict[str, Shape]
) -> None:
    chance = random.Random(delimiter)
    idents = [f"01{GTIN}21{''.join(chance.choices(SET_82.decode(), k=13))}" for _ in range(1_000)]
    text = "\n".join(f'"{ident}"{delimiter}"2026-11-01"' for ident in idents)
    found, bad, _ = read(tmp_path, text, shapes)
    assert bad
    assert set(found) <= set(idents)
    written = "\n".join(f"{quoted(ident)}{delimiter}2026-11-01" for ident in idents)
    assert read(tmp_path, written, shapes) == (idents, [], "")


def test_a_line_that_lost_its_separator_is_named(tmp_path: Path) -> None:
    lost = [f"01{GTIN}21{serial}93abcd" for serial in ("ABCDEFG", "QRSTUVW", "0123456")]
    whole = [f"01{GTIN}21{serial}\x1d93abcd" for serial in ("ABCDEFh", "QRSTUVh", "012345h")]
    for rows, line in [
        ([*whole, *lost], "4: "),
        ([lost[0], *whole], "1: "),
        ([*lost, whole[0]], "1: "),
        ([*(f"01{GTIN}21{n:07}" for n in range(100)), lost[0]], "101: "),
    ]:
        assert read(tmp_path, "\n".join(rows), OPEN)[2].startswith(line)
        known = {GTIN: Shape("GS1_AISTR_SHORT", 7)}
        assert read(tmp_path, "\n".join(rows), known)[1:] == ([], "")


def test_serials_that_differ_in_length_are_read_where_somebody_says_so(tmp_path: Path) -> None:
    idents = [f"01{GTIN}21{'x' * length}" for length in range(1, 21)]
    assert "--uneven-serials" in read(tmp_path, "\n".join(idents), OPEN)[2]
    assert read(tmp_path, "\n".join(idents), OPEN, uneven=True) == (idents, [], "")
    full = [f"{ident}\x1d93abcd" for ident in idents]
    assert read(tmp_path, "\n".join(full), OPEN) == (idents, [], "")


def test_csv_without_quotes_is_noticed_where_some_serials_hold_its_delimiter(tmp_path: Path) -> None:
    chance = random.Random(1)
    idents = [f"01{GTIN}21{''.join(chance.choices(SET_82.decode(), k=13))}" for _ in range(1_000)]
    found, bad, doubts = read(tmp_path, "\n".join(f"{ident};7" for ident in idents), OPEN)
    assert "--delimiter ';'" in doubts, (found, bad)
    _, bad, _ = read(tmp_path, "\n".join(f"{ident};7" for ident in idents), OPEN, ";")
    assert [number for number, _ in bad] == [number for number, ident in enumerate(idents, 1) if ";" in ident]


def test_a_cut_check_part_is_a_doubt_too(tmp_path: Path) -> None:
    rows = [f"{ident}\x1d93abcd,123" for ident in IDENTS]
    for shapes in (OPEN, FIXED):
        assert "--delimiter ','" in read(tmp_path, "\n".join(rows), shapes)[2]


@pytest.mark.parametrize("shapes", [OPEN, FIXED])
@pytest.mark.parametrize(
    "text",
    [
        "\n".join(f"{one}  " for one in FULL),
        "\n".join(f" {one}\u00a0" for one in FULL),
        "\n".join(f"'{one}" for one in FULL),
        "\n".join("=" + quoted(one) for one in FULL),
        "\n".join(f"={quoted(one)};7" for one in FULL),
        "\n".join(quoted("=" + quoted(one)) + ",7" for one in FULL),
        "\n".join(FULL) + "\n\x1a",
        "\n".join(FULL) + "\x1a",
        "\r".join(FULL) + "\r",
        "\n".join(["Order 77", "code", *FULL]),
        "\n".join([f"GTIN: {GTIN}", "Заказ 20261101 от 01.11.2026", "", "Codes:", *FULL]),
        "\n".join(["Order 77", "", "code,date", *(f"{quoted(one)},7" for one in FULL)]),
    ],
    ids="blanks hard apostrophe formula formula-csv quoted ctrl-z ctrl-z-behind CR titles words titles-csv".split(),
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_what_other_programs_do_to_a_file_is_read(
    tmp_path: Path, text: str, encoding: str, shapes: dict[str, Shape]
) -> None:
    assert read(tmp_path, text.encode(encoding), shapes) == (IDENTS, [], "")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x03\x04" + bytes(5_000), "Excel"),
        (b"\xd0\xcf\x11\xe0" + bytes(5_000), "Excel"),
        (b"\x1f\x8b" + bytes(99), "gzip"),
        (b"%PDF-1.7", "PDF"),
        (IDENTS[0].encode() + b"\n" + bytes(4_096), "NUL"),
    ],
)
def test_what_is_no_text_is_named_in_words(tmp_path: Path, content: bytes, said: str) -> None:
    found, bad, _ = read(tmp_path, content)
    assert not found
    assert said in bad[0][1]


ANSWER = {"packId": "0e13a2f6-14c9-4013-40c1-5ad0d9bfc655", "codes": FULL}


@pytest.mark.parametrize("shapes", [OPEN, FIXED])
@pytest.mark.parametrize(
    ("text", "places"),
    [
        (json.dumps(ANSWER), ["codes[0]", "codes[1]", "codes[2]", "codes[3]"]),
        (json.dumps(ANSWER, indent=4, ensure_ascii=False), ["codes[0]", "codes[1]", "codes[2]", "codes[3]"]),
        (json.dumps(FULL), ["[0]", "[1]", "[2]", "[3]"]),
        (
            json.dumps([{"codes": FULL[:1]}, {"codes": FULL[1:], "packId": None}]),
            ["[0].codes[0]", "[1].codes[0]", "[1].codes[1]", "[1].codes[2]"],
        ),
        (
            "\n".join(json.dumps({"codes": [one]}) for one in FULL),
            ["codes[0]", "[1].codes[0]", "[2].codes[0]", "[3].codes[0]"],
        ),
    ],
    ids="answer indented list answers lines".split(),
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_regulators_answer_is_read_with_its_check_parts(
    tmp_path: Path, text: str, places: list[str], encoding: str, shapes: dict[str, Shape]
) -> None:
    path = tmp_path / "codes.json"
    path.write_bytes(text.encode(encoding))
    file = PoolFile(path, GTIN, shapes)
    for _ in range(2):
        lines = list(file)
        assert [line.code.full for line in lines if line.code] == FULL
        assert [line.place for line in lines] == places
        assert file.doubts() == []


def test_json_that_hides_lost_separators_is_a_doubt(tmp_path: Path) -> None:
    path = tmp_path / "codes.json"
    lost = [f"01{GTIN}21{serial}93abcd" for serial in ("ABCDEFG", "QRSTUVW", "0123456")]
    path.write_text(json.dumps({"codes": lost}))
    file = PoolFile(path, GTIN, OPEN)
    assert all(line.code for line in file)
    assert [line.place for line in file.doubts()] == ["codes[0]"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"packId": "1"}', "without a list"),
        ('{"codes": {}}', "without a list"),
        ('{"codes": [], "codes": []}', "stands twice"),
        ('{"codes": ["', "no JSON at line 1"),
        ('{"codes": [1]}', "in quotes"),
        ('{"codes": [["x"]]}', "in quotes"),
        ('[{"packs": []}]', "[0]"),
        ('{"codes": []} junk', "no JSON"),
        ('["' + FULL[0].replace("\x1d", "\\u001d") + '\\ud800"]', "ASCII"),
        ('{"codes": ["01' + GTIN + '21A&amp;B"]}', "escaped"),
        ('[{"codes":' * 900 + "1" + "}]" * 900, "nested"),
    ],
)
def test_other_json_is_refused_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "codes.json"
    path.write_text(text)
    (line,) = [line for line in PoolFile(path, GTIN, FIXED) if line.code is None]
    assert said in line.problem


@pytest.mark.parametrize(
    "shape", ["{}", '{{"codes": {}}}', '{{"codes": [{}]}}', "[{}]", '{{"packId": {}, "codes": []}}']
)
@pytest.mark.parametrize("name", JSON)
def test_no_json_ends_in_anything_but_codes_or_a_place(tmp_path: Path, name: str, shape: str) -> None:
    path = tmp_path / "codes.json"
    path.write_text(shape.format(JSON[name]))
    file = PoolFile(path, GTIN, OPEN)
    for line in file:
        assert line.code is None
        assert line.place
        assert 0 < len(line.problem) < 500
    assert file.doubts() == []


def test_what_cannot_be_read_is_an_error_with_words(tmp_path: Path) -> None:
    for path, said in [(tmp_path, "regular file"), (Path("/dev/zero"), "regular file"), (tmp_path / "none", "No such")]:
        (line,) = PoolFile(path, GTIN, FIXED)
        assert said in line.problem


def test_a_file_that_changes_meanwhile_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "codes.csv"
    path.write_text("\n".join(FULL))
    file = PoolFile(path, GTIN, FIXED)
    assert all(line.code for line in file)
    path.write_text("\n".join(FULL[:2]))
    assert "changed" in list(file)[-1].problem


@pytest.mark.parametrize("shapes", [OPEN, FIXED])
@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize(
    "shape", ["{}", '"{}"', '="{}"', "'{}", '"{}",x', "{}\tx", f"01{GTIN}21{{}}", f"01{GTIN}21ABC\x1d93{{}}"]
)
def test_no_text_of_a_file_ends_in_anything_but_a_code_or_its_line(
    tmp_path: Path, name: str, shape: str, shapes: dict[str, Shape]
) -> None:
    for lines in ([shape.format(TEXTS[name])], [FULL[0], shape.format(TEXTS[name]), FULL[1]]):
        found, bad, doubts = read(tmp_path, "\n".join(lines), shapes)
        meant = shape.format(TEXTS[name])
        strange = [ident for ident in found if ident not in IDENTS]
        assert all(ident in meant for ident in strange)
        assert not bad or all(problem and len(problem) < 500 for _, problem in bad), doubts
