"""The benchmarks in their short form, so that they do not break unnoticed. No time is judged here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.bench.run import MEASURES

TIME_S = 280


def test_each_measure_gives_its_figures(tmp_path: Path) -> None:
    found = tmp_path / "figures.json"
    run = subprocess.run(
        [sys.executable, "-m", "tests.bench.run", "--short", "--json", str(found), "--folder", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=TIME_S,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    told = json.loads(found.read_text())
    assert told["machine"]["sqlite"]
    names = [figure["name"] for figure in told["figures"]]
    assert len(names) == len(set(names))
    for measure in MEASURES:
        beginning = {"latency": "verdict"}.get(measure, measure)
        assert any(name.startswith(beginning) for name in names) or measure == "wear", (measure, names)
    assert all(figure["value"] > 0 for figure in told["figures"] if not figure["name"].startswith("reports settled"))
