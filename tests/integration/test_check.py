"""`lined check` and the program around it, as a process: words, JSON and exit codes."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.harness.drivers import OUTSIDE

REPOSITORY = Path(__file__).parents[2]
LINED = Path(sysconfig.get_path("scripts"), "lined")


def _lined(*words: str | Path, cwd: Path | None = None, path: str = "") -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key != "CREDENTIALS_DIRECTORY"}
    environment |= {"PYTHONPATH": path} if path else {}
    return subprocess.run(
        [LINED, *words], text=True, capture_output=True, timeout=30, cwd=cwd, env=environment, check=False
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "api-key").write_text("never-to-be-shown")
    (tmp_path / "api-key").chmod(0o600)
    return Path(shutil.copy(REPOSITORY / "config" / "minimal.toml", tmp_path / "line.toml"))


@pytest.fixture
def wrong(file: Path) -> Path:
    text = file.read_text("utf-8").replace("tcp://10.0.0.21:9004", "tcp://10.0.0.21").replace('"asl-belgisi"', '"x"')
    file.write_text(text, "utf-8")
    return file


def test_a_right_configuration_is_told_back_and_exits_0(file: Path) -> None:
    done = _lined("check", file)
    assert (done.returncode, done.stderr) == (0, "")
    for words in (
        "line-1",
        "marking",
        "tcp://10.0.0.21:9004",
        "Sunflower oil 1 l",
        "utilisation",
        f"{file} is right.",
        "line-1.db.token",
    ):
        assert words in done.stdout
    assert "never-to-be-shown" not in done.stdout


def test_all_problems_are_told_on_lines_of_their_own_and_exit_78(wrong: Path) -> None:
    done = _lined("check", wrong)
    assert done.returncode == 78
    assert "✗ regulator.profile: unknown; known are asl-belgisi, ismet, and files" in done.stdout
    assert "✗ device[0].url: needs a port, such as tcp://10.0.0.21:9004\n" in done.stdout
    assert "2 problems" in done.stdout


def test_json_is_one_document_in_both_cases(file: Path, wrong: Path) -> None:
    right = json.loads(_lined("check", REPOSITORY / "config" / "serial.toml", "--json").stdout)
    assert right["ok"]
    assert right["config"]["station"][1]["level"] == "BOX_LV_1"
    assert {warning["path"] for warning in right["warnings"]} == {"journal.path", "regulator.password_file"}
    done = _lined("check", "--json", wrong)
    document = json.loads(done.stdout)
    assert (done.returncode, document["ok"], document["file"]) == (78, False, str(file))
    assert [problem["path"] for problem in document["problems"]] == ["regulator.profile", "device[0].url"]


def test_check_touches_nothing(file: Path) -> None:
    def state() -> list[tuple[str, int]]:
        return sorted((path.name, path.stat().st_mtime_ns) for path in (file.parent, *file.parent.iterdir()))

    before = state()
    assert _lined("check", file.name, cwd=file.parent).returncode == 0
    assert state() == before


def test_config_is_the_same_as_file(wrong: Path) -> None:
    assert _lined("check", "--config", wrong).returncode == 78


def test_a_file_that_is_not_there_exits_78(tmp_path: Path) -> None:
    done = _lined("check", tmp_path / "none.toml")
    assert done.returncode == 78
    assert "No such file or directory" in done.stdout


@pytest.mark.parametrize("words", [["nonsense"], ["check", "--nonsense"], ["check", "a", "b"], []])
def test_wrong_usage_exits_2(words: list[str]) -> None:
    assert _lined(*words).returncode == 2


def test_the_drivers_are_listed() -> None:
    names = [item["name"] for item in json.loads(_lined("drivers", "--json").stdout)["items"]]
    assert "generic" in names
    assert all(name in _lined("drivers").stdout for name in names)


def test_a_driver_of_a_package_outside_is_listed_shown_and_taken_by_the_configuration(file: Path) -> None:
    text = re.sub(r"^options = .*\n", "", file.read_text("utf-8"), flags=re.MULTILINE)
    file.write_text(text.replace('driver = "generic"', 'driver = "our-reader"'), "utf-8")
    unknown = _lined("check", file)
    assert unknown.returncode == 78
    assert "there is no driver 'our-reader'" in unknown.stdout
    installed = str(OUTSIDE)
    assert _lined("check", file, path=installed).returncode == 0
    assert "our-reader" in _lined("drivers", path=installed).stdout
    assert "what it sends where it sees nothing" in _lined("drivers", "our-reader", path=installed).stdout
    file.write_text(text.replace('driver = "generic"', 'driver = "gone"'), "utf-8")
    broken = _lined("check", file, path=installed)
    assert broken.returncode == 78
    assert "our_reader:Missing" in broken.stdout


def test_help_and_version() -> None:
    assert "check" in _lined("--help").stdout
    assert _lined("--version").stdout.startswith("lined ")


def test_a_terminal_that_knows_no_unicode_is_no_failure(wrong: Path) -> None:
    environment = os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = subprocess.run([LINED, "check", wrong], capture_output=True, timeout=30, env=environment, check=False)
    assert done.returncode == 78
    assert b"device[0].url: needs a port" in done.stdout


def test_only_what_is_needed_is_imported() -> None:
    """The commands start in a moment because the rooms with heavy libraries stay out. Modules, not milliseconds."""
    heavy = {"fastapi", "uvicorn", "apscheduler", "babel", "jinja2", "sqlite_utils", "prometheus_client"}
    program = "import sys, lined.cli.app, lined.config; lined.cli.app.build(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], text=True, capture_output=True, timeout=30, check=True)
    assert not heavy & set(done.stdout.split())


def test_a_rate_tells_whether_the_budget_suffices(file: Path) -> None:
    done = _lined("check", file, "--rate", "40")
    assert done.returncode == 0, done.stderr
    assert "At 40 codes a second" in done.stdout and "it suffices" in done.stdout
    text = file.read_text("utf-8").replace("[journal]", "requests_per_minute = 1\n[journal]")
    file.write_text(text + "\n[report.utilisation]\nmax_age_s = 10\n", "utf-8")
    document = json.loads(_lined("check", file, "--rate", "40", "--json").stdout)
    assert document["ok"] and not document["budget"]["suffices"]
    assert [one["path"] for one in document["warnings"] if "stay behind" in one["message"]] == [
        "regulator.requests_per_minute"
    ]
