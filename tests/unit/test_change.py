"""A change finds its place by the shape of the code, and says so where there is none, or more than one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness.change import Change

PROGRAM = '''
LIMIT = 3


class Belt:
    def take(self, n: int) -> bool:
        """Docs."""
        if (
            n >
            LIMIT  # a comment
        ):
            self.stop('it is full: %d of %d')
            return False
        return n > 0

    def stop(self, why: str) -> None:
        print(why)


async def run(belt: Belt) -> None:
    await belt.turn()
    belt.stop("end")
'''


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "a.py").write_text(PROGRAM)
    (tmp_path / "a.service").write_text("Exit=78\n")
    return tmp_path


@pytest.mark.parametrize(
    ("place", "old", "new", "found"),
    [
        ("a.py::Belt.take", "n > LIMIT", "n >= LIMIT", "if n >= LIMIT:"),
        ("a.py::Belt.take", "return n > 0", "return True", "        return True\n"),
        ("a.py::Belt.take", '"full: %d"', '"empty: %d"', "'it is empty: %d of %d'"),
        ("a.py::LIMIT", "3", "4", "LIMIT = 4"),
        ("a.py::run", "await belt.turn()", "", "    None\n    belt.stop('end')"),
        ("a.py::run", "await belt.turn()\nbelt.stop('end')", "belt.stop('end')\nawait belt.turn()", "end')\n    await"),
        ("a.py::run", 'belt.stop("end")', "if belt:\n    raise", "    if belt:\n        raise"),
        ("a.py::Belt.stop", "print(why)\n", "pass\n", "None:\n        pass"),
        ("a.service", "78", "1", "Exit=1\n"),
    ],
)
def test_what_is_changed_is_found_by_its_shape(root: Path, place: str, old: str, new: str, found: str) -> None:
    assert found in Change(place, old, new).text(root)


@pytest.mark.parametrize(
    ("place", "old"),
    [
        ("a.py::Belt.give", "n > LIMIT"),  # no such function
        ("a.py::Belt.take", "n >= LIMIT"),  # not in it
        ("a.py::run", "n > LIMIT"),  # in another one
        ("a.py::Belt.take", "n"),  # twice
        ("a.py::Belt.take", '"%d"'),  # twice within one string
        ("a.py::run", "belt.stop('end')\nawait belt.turn()"),  # in another order
        ("a.service", "79"),
    ],
)
def test_a_place_that_is_not_there_once_is_told(root: Path, place: str, old: str) -> None:
    with pytest.raises(ValueError, match="times"):
        Change(place, old, '"x"').text(root)


def test_nothing_else_is_changed(root: Path) -> None:
    changed = Change("a.py::LIMIT", "3", "4").text(root)
    assert changed.count("\n") < PROGRAM.count("\n") and "self.stop('it is full: %d of %d')" in changed
