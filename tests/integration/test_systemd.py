"""The unit as systemd reads it: no word it does not know, confined, stopped and restarted as the contract says."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

UNIT = Path(__file__).parents[2] / "systemd" / "lined@.service"
EXPOSURE = 2.0  # of 10; 1.6 when this was written, and 9 without any confinement
STOP_S = 10  # docs/contract.md, Command line: SIGTERM ends within 10 s

pytestmark = [
    pytest.mark.systemd,
    pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here"),
]


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The unit with a program that exists, as after its installation."""
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text("utf-8").replace("/opt/lined/bin/lined", "/bin/true"), "utf-8")
    return unit


def _values(key: str) -> list[str]:
    return [line.partition("=")[2] for line in UNIT.read_text("utf-8").splitlines() if line.startswith(f"{key}=")]


def _analyze(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *words], text=True, capture_output=True, timeout=60, check=False)


def test_systemd_understands_every_line(installed: Path) -> None:
    done = _analyze("verify", "--man=no", installed)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_a_misspelt_line_would_be_noticed(installed: Path) -> None:
    installed.write_text(installed.read_text("utf-8").replace("ProtectHome=", "ProtectHomes="), "utf-8")
    assert "ProtectHomes" in _analyze("verify", "--man=no", installed).stderr


def test_the_service_is_confined(installed: Path) -> None:
    done = _analyze("security", "--offline=true", "--no-pager", f"--threshold={EXPOSURE * 10:.0f}", installed)
    assert done.returncode == 0, done.stdout
    found = re.search(r"Overall exposure level for .*: ([0-9.]+)", done.stdout)
    assert found is not None
    assert float(found[1]) <= EXPOSURE


def test_serial_ports_and_nothing_else_of_the_hardware_can_be_had() -> None:
    assert _values("DeviceAllow") == ["char-ttyUSB rw", "char-ttyACM rw", "char-ttyS rw"]
    assert _values("DevicePolicy") == ["closed"]
    assert _values("SupplementaryGroups") == ["dialout"]


def test_a_wrong_configuration_is_not_started_again_and_everything_else_is() -> None:
    assert _values("Restart") == ["always"]
    assert _values("RestartPreventExitStatus") == ["78"]
    assert _values("StartLimitIntervalSec") == ["0"]


def test_systemd_waits_for_a_proper_stop_and_watches() -> None:
    [wait] = _values("TimeoutStopSec")
    assert int(wait) > STOP_S
    assert _values("Type") == ["notify"]
    assert int(_values("WatchdogSec")[0]) > 0


def test_the_journal_can_be_written_where_the_examples_put_it() -> None:
    assert _values("StateDirectory") == ["lined/%i"]
    for name in ("lined", "serial"):
        text = (UNIT.parents[1] / "config" / f"{name}.toml").read_text("utf-8")
        assert re.search(r'^path = "/var/lib/lined/[a-z0-9-]+/', text, re.MULTILINE)


def test_credentials_have_the_names_that_the_examples_use() -> None:
    [credential] = _values("LoadCredential")
    prefix = credential.partition(":")[0]
    used = re.findall(r'"credential:([^"]+)"', (UNIT.parents[1] / "config" / "lined.toml").read_text("utf-8"))
    assert used
    assert all(name.startswith(f"{prefix}_") for name in used if name != "NAME")
