"""The examples in config/ are right, and the one that promises every key has every key."""

from __future__ import annotations

import itertools
import random
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from drivers import load as load_driver
from lined.codes.templates import SET_82
from lined.config import Config, load
from lined.config.models import Table
from lined.config.texts import known_keys
from tests.harness.drivers import reads_of

EXAMPLES = Path(__file__).parents[3] / "config"
LEFT_OUT = {"regulator.login", "regulator.password_file"}  # the other way to name an account: shown in a comment


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.toml")), ids=lambda file: file.name)
def test_an_example_is_right(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("api-key", "lined_api-key", "lined_password", "lined_telegram"):
        (tmp_path / name).write_text("tgram://secret/1")
        (tmp_path / name).chmod(0o600)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    config = load(shutil.copy(file, tmp_path))
    assert {warning.path for warning in config.warnings} <= {"journal.path"}


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.toml")), ids=lambda file: file.name)
def test_no_device_of_an_example_cuts_a_code(file: Path) -> None:
    """Codes with every character that serials may hold come back as they were, in the form that the options want."""
    chance = random.Random(file.name)
    codes = [f"010478001234500421{''.join(chance.choices(SET_82.decode(), k=13))}\x1d93abcd" for _ in range(1_000)]
    for device in tomllib.loads(file.read_text("utf-8"))["device"]:
        options = device.get("options", {})
        driver = load_driver(device["driver"])(options)
        separator, grade = options.get("separator", ""), "\tA" if "grade" in options.get("pattern", "") else ""
        end = options.get("suffix", "\r\n")
        for first, second in itertools.pairwise(codes):
            sent = [first, second] if separator else [first]
            (read,) = reads_of(driver.feed(f"{separator.join(sent)}{grade}{end}".encode()))
            assert [code.decode() for code in read.codes] == sent
            assert read.grade == ("A" if grade else None)


def _keys(table: dict[str, Any], place: tuple[str, ...] = ()) -> set[str]:
    """Every key written, of all entries together: `product.package.level`."""
    found = set()
    for key, value in table.items():
        here = (*place, key)
        found.add(".".join(here))
        for row in value if isinstance(value, list) else [value]:
            if isinstance(row, dict) and key not in {"options", "limits", "topics"}:
                found |= _keys(row, here)
    return found


def _known(model: type[Table], place: tuple[str, ...] = ()) -> set[str]:
    found = set()
    for key in known_keys(Config, place):
        here = (*place, key)
        found.add(".".join(here))
        try:
            found |= _known(model, here)
        except TypeError:  # a value, no table
            continue
    return found


def test_the_long_example_shows_every_key() -> None:
    written = _keys(tomllib.loads((EXAMPLES / "lined.toml").read_text("utf-8")))
    one_kind = {key for key in _known(Config) if key.startswith(("report.validation.", "report.aggregation."))}
    assert _known(Config) - one_kind - LEFT_OUT <= written
    comments = (EXAMPLES / "lined.toml").read_text("utf-8")
    assert all(f"# {key.partition('.')[2]} = " in comments for key in LEFT_OUT)
