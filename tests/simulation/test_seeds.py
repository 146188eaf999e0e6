"""A thousand seeds, and those that once found something."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.__main__ import told
from tests.simulation.run import play, quiet

ROOT = Path(__file__).parents[2]
PART = 50  # seeds in one test

# What each found when it was first played. The streams of chance move with the simulation; the defects have tests of
# their own where they were mended.
FOUND = {
    3: "a refusal that was our own echo was believed",
    6: "a full disk at the start ended the program",
    20: "what a frozen body held was guessed from the states of its codes",
    21: "a repeat that was heard left its accept on the list of the unsaid",
    31: "a clock that had run ahead kept reports waiting",
    4310: "the simulation forgot that a clock that is set back makes an old read young",
    45511: "the simulation did not know that a stop with a broken disk leaves as much in doubt as a death",
    20953: "a start of the machine with a wrong clock was believed, though the one before it showed a later time",
    21146: "the simulation compared clocks by one that had noticed no step",
    2920: "a code was put on the list of the unsaid, late, after it had been told",
    3826: "the simulation's person took a document for lost whose codes were read by half",
    5837: "the simulation took a repeat, heard after a withdrawal, for the code's return",
    7825: "the simulation did not know that what is hidden for ever may be refused at once, for a few codes only",
}


@pytest.mark.parametrize("seed", FOUND)
def test_seeds_that_found_something_hold(seed: int) -> None:
    with quiet():
        result = play(seed)
    assert not result.wrongs, told(result)


def test_a_seed_plays_the_same_run_again() -> None:
    with quiet():
        first, second = play(77), play(77)
    assert first.trace == second.trace
    assert first.figures == second.figures


def test_a_seed_plays_the_same_run_in_another_process() -> None:
    outputs = set()
    for hash_seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-m", "tests.simulation", "--seed", "78"],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            timeout=50,
            check=True,
        )
        outputs.add(done.stdout)
    assert len(outputs) == 1


@pytest.mark.parametrize("first", range(1_000, 2_000, PART), ids=lambda first: f"{first}-{first + PART - 1}")
def test_a_thousand_seeds_break_no_promise(first: int) -> None:
    """In parts, so that all workers take their share: a minute in all on two cores."""
    with quiet():
        failed = [result for result in map(play, range(first, first + PART)) if result.wrongs]
    assert not failed, "\n".join(map(told, failed))


@pytest.mark.slow
def test_another_thousand_by_command_break_none_either() -> None:
    command = [sys.executable, "-m", "tests.simulation", "--seeds", "1000", "--from", "10000"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
