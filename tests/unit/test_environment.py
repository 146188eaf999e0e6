"""Environment variables: asked for in one place, and nothing in them ends anything."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from lined.config.secret import Secret
from lined.service.crash_point import crash_point
from lined.service.loop_watch import wanted_watch
from lined.service.systemd import Notify
from lined.vocabulary.environment import LIBRARIES, NAMES, variable, whole_number
from lined.vocabulary.errors import SettingsError
from tests.monsters import TEXTS

ROOT = Path(__file__).parents[2]
VALUES = {name: text[:100_000] for name, text in TEXTS.items() if "\0" not in text} | {
    "half a character": b"x\xff".decode("utf-8", "surrogateescape"),
    "many digits": "9" * 5_000,
    "a superscript": "\u00b2",
}


def test_one_file_asks_for_them() -> None:
    asking = {
        str(path.relative_to(ROOT))
        for path in [*(ROOT / "lined").rglob("*.py"), *(ROOT / "drivers").rglob("*.py")]
        if re.search(r"\benviron\b|\bgetenv\b|\bgetenvb\b", path.read_text("utf-8"))
    }
    assert asking == {"lined/vocabulary/environment.py"}


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("name", NAMES)
def test_whatever_one_holds_it_is_shown_text_or_nothing(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, VALUES[value])
    assert variable(name).isprintable()
    assert len(variable(name)) <= 1_000
    number = whole_number(name)
    assert number is None or 0 <= number < 10**15
    notify = Notify()
    notify.ready("ready")
    assert notify.watchdog_s is None or notify.watchdog_s > 0
    wanted_watch()
    for asking in (Secret("key", "credential:none").read, crash_point):
        try:
            asking()
        except SettingsError as told:
            problems = told.problems
        else:
            problems = []
        assert all(len(one.message) < 2_000 and one.message.isprintable() for one in problems)


@pytest.mark.parametrize("value", VALUES)
def test_a_command_says_what_it_has_to_say_whatever_they_hold(value: str) -> None:
    environment = dict.fromkeys([*NAMES, *LIBRARIES, "TERM", "LANG", "TZ", "LOGNAME"], VALUES[value])
    environment |= {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    checked = subprocess.run(
        [sys.executable, "-m", "lined", "check", str(ROOT / "config" / "minimal.toml")],
        env=environment,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert checked.returncode in {0, 78}
    assert b"Traceback" not in checked.stderr
