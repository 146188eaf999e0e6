"""Files of codes as they come: each line means one code or is named as bad; what may mean two things is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from lined.codes import Shape
from lined.supply.pool_file import PoolFile

GTIN = "04899215122371"
OPEN = {GTIN: Shape(None, None)}
FIXED = {GTIN: Shape("GS1_AISTR_SHORT", 13)}
SERIALS = ("UGM6BL+d+aHQw", "U&U1+<cfOUoZf", "Uug'NAJ+-AO;D", 'UZU_DjU(,"MSJ')
IDENTS = [f"01{GTIN}21{serial}" for serial in SERIALS]
FULL = [f"{ident}\x1d93a,c;" for ident in IDENTS]


def read(
    tmp_path: Path, text: str | bytes, shapes: dict[str, Shape] = FIXED, delimiter: str | None = None
) -> tuple[list[str], list[tuple[int, str]], str]:
    """Codes, bad lines, doubts."""
    path = tmp_path / "codes.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    file = PoolFile(path, GTIN, shapes, delimiter)
    lines = list(file)
    assert list(file) == lines, "another reading gives something else"
    bad = [(line.number, line.problem) for line in lines if line.problem]
    return [line.ident for line in lines if not line.problem], bad, file.doubts()


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
    assert read(tmp_path, lost + f"\n{IDENTS[0]}", OPEN)[2] == ""


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
