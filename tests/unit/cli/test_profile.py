"""`lined profile`: a contract shown, a file of one's own checked, two compared."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from lined.cli.app import build
from lined.regulator.profiles import entries
from tests.profiles import PROFILE

OWN = '[profile]\nextends = "asl-belgisi"\nversion = "1.45"\n[limits]\nsearch_page = 50\n[groups.tea]\ndemands = []\n'
CHANGED = ["groups.tea.demands", "limits.search_page", "profile.version"]


@pytest.fixture
def own(tmp_path: Path) -> Path:
    file = tmp_path / "my.toml"
    file.write_text(OWN)
    return file


def lined(*words: object) -> Result:
    return CliRunner().invoke(build(), [str(word) for word in words])


def test_every_key_is_shown_as_an_override_would_name_it() -> None:
    done = lined("profile", "show", "asl-belgisi")
    assert done.exit_code == 0
    assert all(f" {key} " in done.stdout for key in entries(PROFILE))
    assert "OPEN API v1.21.1" in done.stdout and "shipped" not in done.stdout


def test_what_differs_from_the_shipped_one_is_marked(own: Path) -> None:
    told = lined("profile", "show", own).stdout
    assert "50   (shipped: 100)" in told and "1.45   (shipped: 1.21.1)" in told
    document = json.loads(lined("profile", "show", own, "--json").stdout)
    assert document["changed"] == CHANGED
    assert document["profile"]["limits.search_page"] == 50


def test_a_file_of_ones_own_is_checked(own: Path) -> None:
    done = lined("profile", "check", own)
    assert (done.exit_code, "100 → 50" in done.stdout, f"{own} is right." in done.stdout) == (0, True, True)
    assert json.loads(lined("profile", "check", own, "--json").stdout) == {"ok": True, "file": str(own), "problems": []}
    own.write_text(f"{OWN}[limitz]\n")
    done = lined("profile", "check", own)
    assert (done.exit_code, f"✗ {own}: limitz: a profile has no such key; limits is close" in done.stdout) == (78, True)
    document = json.loads(lined("profile", "check", own, "--json").stdout)
    assert (document["ok"], [problem["path"] for problem in document["problems"]]) == (False, [f"{own}: limitz"])


def test_two_are_compared_key_by_key(own: Path) -> None:
    rows = json.loads(lined("profile", "diff", "asl-belgisi", own, "--json").stdout)["items"]
    assert sorted(row["key"] for row in rows) == CHANGED
    assert {"key": "limits.search_page", "before": 100, "after": 50} in rows
    assert "nothing → none" in lined("profile", "diff", "asl-belgisi", own).stdout
    assert lined("profile", "diff", own, own).stdout == "There is no difference.\n"


def test_the_configurations_own_is_meant_where_none_is_named(own: Path) -> None:
    config = own.with_name("line.toml")
    example = Path(__file__).parents[3] / "config" / "lined.toml"
    config.write_text(
        example.read_text("utf-8")
        .replace('"asl-belgisi"  ', '"my.toml"  ')
        .replace("overrides = {}", 'overrides = { "limits.GROUP" = 12 }')
    )
    rows = json.loads(lined("profile", "diff", "asl-belgisi", "--config", config, "--json").stdout)["items"]
    assert sorted(row["key"] for row in rows) == sorted([*CHANGED, "limits.GROUP"])
    assert "limits.GROUP: 200 → 12" in lined("check", config).stdout
    told = json.loads(lined("check", config, "--json").stdout)
    assert sorted(told["profile"]["overridden"]) == sorted([*CHANGED, "limits.GROUP"])
