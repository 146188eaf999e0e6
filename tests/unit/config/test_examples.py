"""The examples in config/ are right, and the one that promises every key has every key."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from lined.config import Config, load
from lined.config.models import Table
from lined.config.texts import known_keys

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
