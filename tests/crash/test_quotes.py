"""Where the slow tests hold on to the program: each place is there, seen at once and not only when they run."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.crash import broken
from tests.crash.test_kills import POINTS
from tests.harness.change import ROOT, Change

CONTROLS = [broken.ACCEPT_BEFORE_COMMIT, broken.SYNCHRONOUS_OFF, broken.SEND_AGAIN_WITHOUT_LOOKING]


@pytest.mark.parametrize("changes", CONTROLS, ids=["accept", "synchronous", "send again"])
def test_a_control_changes_what_is_there_once(changes: Sequence[Change], tmp_path: Path) -> None:
    broken.broken(tmp_path, changes)


def test_every_point_of_a_kill_is_a_step_of_the_program() -> None:
    steps = {
        node.name
        for path in (ROOT / "lined").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }
    named = {point.partition(":")[0].partition("/")[2] for point in POINTS} - {""}
    assert named and named <= steps
