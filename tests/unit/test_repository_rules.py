"""Rules for every file of the repository: it can be read by a stranger, on another machine, with another index."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
TEXT_BYTES = 2_000_000
README_LINES = 200

# Written in pieces, so that this file keeps its own rules.
REGISTRIES = [
    "py" + "pi.org",
    "python" + "hosted.org",
    "registry." + "npmjs.org",
    "registry." + "yarnpkg.com",
    "conda." + "anaconda.org",
    "jsdeli" + "vr.net",
    "un" + "pkg.com",
    "cdn" + "js.cloudflare.com",
]
MACHINE = [
    r"/home/(?!lined\b)[a-z]\w*/",
    r"/ro" + r"ot/",
    r"/wo" + r"rk/(main|shared)",
    r"/tm" + r"p/(v|plan)\b",
    r"/opt/(wh" + r"eels|py" + r"pi)",
    r"/Us" + r"ers/\w",
]
SECRETS = [r"-----BEGIN [A-Z ]*PRIVATE" + " KEY-----", r"\bgh[pousr]_[A-Za-z0-9]{30,}", r"\bAKIA[0-9A-Z]{16}\b"]


def _files() -> list[Path]:
    """What git keeps, and what is about to be added. Without git (an unpacked archive): everything but caches."""
    listed = subprocess.run(
        ["git", "-C", REPOSITORY, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        timeout=60,
        check=False,
    )
    if listed.returncode == 0:
        names = listed.stdout.decode().split("\0")
        return [REPOSITORY / name for name in names if name and (REPOSITORY / name).is_file()]
    skipped = re.compile(r"/(\.|__pycache__|build/|[^/]*\.egg-info/)")
    every = (path for path in REPOSITORY.rglob("*") if path.is_file())
    return [path for path in every if not skipped.search(f"/{path.relative_to(REPOSITORY)}")]


def _texts() -> Iterator[tuple[str, str]]:
    for path in _files():
        content = path.read_bytes()
        if b"\0" not in content[:8192] and len(content) <= TEXT_BYTES:
            yield str(path.relative_to(REPOSITORY)), content.decode("utf-8", "replace")


def _found(patterns: list[str]) -> list[str]:
    wanted = re.compile("|".join(f"(?:{pattern})" for pattern in patterns))
    return [f"{name}: {match[0]}" for name, text in _texts() for match in wanted.finditer(text)]


def test_there_is_something_to_look_at() -> None:
    names = {str(path.relative_to(REPOSITORY)) for path in _files()}
    assert {"pyproject.toml", "README.md", "lined/vocabulary/errors.py"} <= names


def test_no_file_names_the_host_of_a_package_registry() -> None:
    assert _found([re.escape(host) for host in REGISTRIES]) == []


def test_no_file_names_a_path_of_one_machine() -> None:
    assert _found(MACHINE) == []


def test_no_file_holds_a_secret() -> None:
    assert _found(SECRETS) == []


def test_requirements_are_exact_and_have_hashes() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        lines = (REPOSITORY / name).read_text("utf-8").replace("\\\n", " ").splitlines()
        entries = [line for line in lines if line and not line.lstrip().startswith("#")]
        assert entries
        for entry in entries:
            assert re.match(r"[a-z0-9-]+==[^\s;]+.*--hash=sha256:[0-9a-f]{64}", entry), entry


def test_every_library_that_is_asked_for_is_among_the_exact_versions() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    for name, wanted in {
        "requirements.txt": project["dependencies"] + project["optional-dependencies"]["notify"],
        "requirements-dev.txt": project["dependencies"] + project["optional-dependencies"]["dev"],
    }.items():
        exact = set(re.findall(r"^([a-z0-9-]+)==", (REPOSITORY / name).read_text("utf-8"), re.MULTILINE))
        assert {re.split(r"[<>=!~\[;]", library)[0] for library in wanted} <= exact


DISTRIBUTIONS = {"paho": "paho-mqtt", "serial": "pyserial", "sqlite_utils": "sqlite-utils"}
ONLY_IF_THERE = {"apprise"}  # an extra
NOT_BY_NAME = {"pysqlite3", "tzdata"}  # sqlite-utils and zoneinfo find them
OF_THE_BUILD = {"backend.py", "compiling.py"}  # of `lined/i18n`: nothing that runs imports them


def test_what_is_imported_is_declared_and_the_other_way_round() -> None:
    whole = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))
    every = [*(REPOSITORY / "lined").rglob("*.py"), *(REPOSITORY / "drivers").rglob("*.py")]
    build = {REPOSITORY / "lined/i18n" / name for name in OF_THE_BUILD}
    assert _imported(set(every) - build) - ONLY_IF_THERE == _names(whole["project"]["dependencies"]) - NOT_BY_NAME
    assert _imported(build) - {"compiling"} == _names(whole["build-system"]["requires"])


def _imported(files: Iterable[Path]) -> set[str]:
    """Distributions of other people's that these files import."""
    found = set()
    for path in files:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
    outside = found - sys.stdlib_module_names - {"lined", "drivers"}
    return {DISTRIBUTIONS.get(name, name.replace("_", "-")) for name in outside}


def _names(libraries: list[str]) -> set[str]:
    return {re.split(r"[<>=!~\[;]", library)[0] for library in libraries}


def test_every_third_party_library_has_a_bound_on_both_sides() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    for library in project["dependencies"] + project["optional-dependencies"]["dev"]:
        name = library.partition(">=")[0]
        assert ">=" in library
        assert "<" in library or name == "tzdata", library  # tzdata counts years


class TestReadme:
    TEXT = (REPOSITORY / "README.md").read_text("utf-8")

    def test_it_is_short(self) -> None:
        assert len(self.TEXT.splitlines()) <= README_LINES

    def test_its_two_commands_can_be_found_by_ci(self) -> None:
        marks = re.findall(r"^<!-- \.ci/run: (\w+) -->\n```sh\n(.+)\n```$", self.TEXT, re.MULTILINE)
        assert [name for name, _ in marks] == ["demo", "test"]
        assert all(command.startswith("python3 -m venv .venv && ") for _, command in marks)

    def test_every_file_it_names_exists(self) -> None:
        linked = re.findall(r"\]\(([^)#]+)\)", self.TEXT)
        proofs = re.findall(r"`(tests/[^`:]+)", self.TEXT)
        missing = [name for name in linked + proofs if "://" not in name and not (REPOSITORY / name).exists()]
        assert missing == []

    def test_every_test_it_names_exists(self) -> None:
        for file, test in re.findall(r"`(tests/[^`:]+)::(\w+)", self.TEXT):
            assert re.search(rf"def {test}\(", (REPOSITORY / file).read_text("utf-8")), f"{file}::{test}"


def test_only_the_fixed_directories_stand_at_the_top() -> None:
    top = {path.relative_to(REPOSITORY).parts[0] for path in _files() if len(path.relative_to(REPOSITORY).parts) > 1}
    assert {name for name in top if not name.startswith(".")} <= {
        "config",
        "docs",
        "drivers",
        "lined",
        "systemd",
        "tests",
    }


@pytest.mark.parametrize("room", ["lined", "drivers"])
def test_files_stay_small_enough_to_be_read(room: str) -> None:
    lengths = {
        name: len(text.splitlines()) for name, text in _texts() if name.startswith(f"{room}/") and name.endswith(".py")
    }
    assert {name: length for name, length in lengths.items() if length > 400} == {}


# A head is a noun phrase that says what the file is.
QUESTIONS = re.compile(
    r"(What|How|Where|Whether|When|Who|Whose|Which|Why|From|For|At|Up|Between|Until|Somebody|Everything|Nothing|Dying)\b"
)


def test_every_file_begins_with_what_it_is() -> None:
    heads = {
        name: ast.get_docstring(ast.parse(text)) or ""
        for name, text in _texts()
        if name.endswith(".py") and name.startswith(("lined/", "drivers/"))
    }
    assert [name for name, head in heads.items() if not head] == []
    asked = {name: head.splitlines()[0] for name, head in heads.items() if QUESTIONS.match(head)}
    assert asked == {}


SHARED = {"harness", "commands", "monsters", "profiles", "rows"}


@pytest.mark.parametrize("room", ["unit", "property"])
def test_the_quick_tests_import_no_slow_ones(room: str) -> None:
    found = set()
    for path in (REPOSITORY / "tests" / room).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tests."):
                parts = (node.module or "").split(".")
                if parts[1] not in SHARED | {"unit", room}:
                    found.add(f"{path.relative_to(REPOSITORY)}: {node.module}")
    assert found == set()
