"""Which line a command is about, and what `lined status` ends with (docs/contract.md, Command line)."""

from __future__ import annotations

import inspect
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer

from lined.cli import options
from lined.cli.app import build
from lined.cli.exits import DEGRADED, STOPPED
from lined.vocabulary.facts import Fact, LineFact
from tests.harness.programs import LINED
from tests.integration.cli.test_at_work import configure, lined, served_line, silent_port


def commands(app: typer.Typer) -> list[Any]:
    found = [info.callback for info in app.registered_commands]
    for group in app.registered_groups:
        assert group.typer_instance is not None
        found += commands(group.typer_instance)
    return found


def test_every_command_that_has_to_do_with_a_line_takes_its_id() -> None:
    found = {command.__name__: set(inspect.signature(command).parameters) for command in commands(build())}
    assert {"run", "check", "status", "recover", "load", "shift", "renew"} <= found.keys()
    without = {name for name, parameters in found.items() if "line" not in parameters}
    assert without == {"init", "demo", "sandbox", "simulate"}


def test_an_id_names_a_file_in_etc_and_the_environment_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "one.toml"
    for words, environment, told in (
        (["--line", "line-7"], {}, f"{options.FOLDER}/line-7.toml"),
        (["--line", "line-7"], {"LINED_CONFIG": str(path)}, f"{options.FOLDER}/line-7.toml"),
        ([], {"LINED_CONFIG": str(path)}, str(path)),
        ([], {}, f"{options.FOLDER}/lined.toml"),
    ):
        for command in (["check"], ["status"]):
            done = run(*command, *words, environment=environment)
            assert (done.returncode, told in done.stdout + done.stderr) == (78, True), (command, words, done)


@pytest.mark.parametrize("wrong", ["", "Line 1", "../line-1", "x" * 33])
def test_an_id_that_cannot_be_one_is_wrong_usage(wrong: str) -> None:
    assert run("status", "--line", wrong).returncode == 2


def run(*words: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LINED, *words],
        text=True,
        capture_output=True,
        timeout=60,
        check=False,
        env={"PATH": "/usr/bin:/bin", "COLUMNS": "200", **(environment or {})},
    )


async def test_status_ends_with_how_the_line_is(tmp_path: Path) -> None:
    with silent_port() as port:
        configure(tmp_path, port)
        assert (await lined(tmp_path, "status")).code == STOPPED  # there is no journal yet
    async with served_line(tmp_path) as line:
        assert (await lined(tmp_path, "status", "--json")).code == 0
        line.problems.set("device", "cam-1", Fact(LineFact.NOT_CONNECTED, device="cam-1"))
        assert (await lined(tmp_path, "status")).code == DEGRADED
        assert (await lined(tmp_path, "status", "--json")).json["state"] == "degraded"
