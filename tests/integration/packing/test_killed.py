"""Kill -9 between any two steps of packing: the open package is what it was, to the child."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness.packing import ident, marks

PROGRAM = Path(__file__).with_name("killed.py")
UNITS = 8  # boxes of 3: two are closed under issued SSCCs, two units are left in the third
# At which passing of a point each run is killed. Opening takes one step, putting in two, closing three: each is met.
TIMES = {
    "before-commit": (4, 3, 5, 3, 4, 6, 3, 5, 3),
    "after-commit": (4, 3, 5, 3, 4, 6, 3, 5, 3),
    "before-step": (1, 2, 3, 4, 5, 6, 7, 8, 9),
}


def tree(path: Path) -> tuple[list[tuple[str, str, int]], dict[str, str], str | None]:
    """Packages (parent, state, holds), unit → parent or `open`, and the SSCC counter, from the file alone."""
    connection = sqlite3.connect(path)
    try:
        rows = connection.execute("SELECT coalesce(ident, 'open'), state, holds FROM package ORDER BY id").fetchall()
        inside = connection.execute(
            "SELECT c.ident, coalesce(p.ident, 'open') FROM code c JOIN package p ON p.id = c.package_id"
        ).fetchall()
        counter = connection.execute("SELECT next FROM sscc").fetchone()
        return rows, dict(inside), counter[0] if counter else None
    finally:
        connection.close()


@pytest.mark.slow
@pytest.mark.bound(120)
@pytest.mark.parametrize("point", TIMES)
def test_the_open_package_is_what_it_was_to_the_child(tmp_path: Path, point: str) -> None:
    units = marks(UNITS)
    listed = tmp_path / "units.txt"
    listed.write_text("\n".join(units))
    journal = tmp_path / "line.db"
    told: dict[str, str] = {}  # unit → what it was told when its packing was on disk
    kills = 0
    for times in (*TIMES[point], 1_000):
        left = [unit for unit in units if told.get(ident(unit)) is None]
        listed.write_text("\n".join(left))
        done = subprocess.run(
            [sys.executable, str(PROGRAM), str(journal), point, str(times), str(listed)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode in {0, -9}, done.stderr
        kills += done.returncode == -9
        for line in done.stdout.split("\n"):
            if line.startswith("told "):  # the log goes to stdout too
                _, code, _, packed = line.split(" ")
                told[code] = packed
        packages, inside, counter = tree(journal)
        accepted = {code for code, word in told.items() if word in {"accept", "already-packed"}}
        assert accepted <= set(inside), "what was told to be packed is packed"
        assert len(set(inside) - accepted) <= 1, "at most the one that was on its way"
        for parent, state, holds in packages:
            assert holds == sum(1 for outer in inside.values() if outer == parent)
            assert (state == "closed") == (holds == 3)
        closed = [parent for parent, state, _ in packages if state == "closed"]
        assert len(set(closed)) == len(closed) and int(counter or 1) == len(closed) + 1
    assert kills >= 5 and len(told) == UNITS
    assert [holds for _, _, holds in tree(journal)[0]] == [3, 3, 2]
