"""`lined support`: one archive for whoever helps, without secrets and without check parts of codes.

What could not be had says so in its own place: the archive is made of what there is, also where nothing runs.
"""

from __future__ import annotations

import contextlib
import io
import json
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from lined.cli.options import AT_WORK, CONFIG, ConfigOption
from lined.cli.output import console

if TYPE_CHECKING:
    from lined.config import Config

LOG_LINES: Final = 20_000
LOG_BYTES: Final = 8 * 1024 * 1024
PROGRAM_S: Final = 20.0  # for a program of the system to answer
QUESTIONS: Final = {
    "status": "/status",
    "alarms": "/api/v1/alarms",
    "journal": "/api/v1/journal",
    "reports": "/api/v1/reports",
    "tasks": "/api/v1/tasks",
    "pools": "/api/v1/pools",
}
"""What the running daemon is asked, by the name of the file that takes its answer."""


def register(app: typer.Typer) -> None:
    app.command("support", rich_help_panel=AT_WORK)(support)


def support(
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FILE", help="The archive; default: lined-support-….tar.gz here.")
    ] = None,
    log: Annotated[
        Path | None, typer.Option("--log", metavar="FILE", help="The daemon's log, where systemd does not keep it.")
    ] = None,
    config: ConfigOption = CONFIG,
) -> None:
    """Gather what whoever helps wants to see into one archive, without secrets and full codes."""
    from lined.vocabulary.errors import SettingsError

    found: Config | None = None
    wrong = ""
    try:
        from lined.config import load

        found = load(config, secrets=False)
    except SettingsError as error:
        wrong = "\n".join(f"{problem.path}: {problem.message}" for problem in error.problems)
    name = found.line.id if found is not None else "line"
    path = to or Path(f"lined-support-{name}-{time.strftime('%Y%m%d-%H%M%S')}.tar.gz")
    parts = _parts(config, found, wrong, log)
    _write(path, path.name.removesuffix(".tar.gz"), parts, _secrets(found))
    console().print(f"{path}: {', '.join(parts)}. Secrets and check parts of codes were taken out.", style="green")


def _parts(config: Path, found: Config | None, wrong: str, log: Path | None) -> dict[str, Callable[[], str]]:
    """What each file of the archive is made by."""
    parts: dict[str, Callable[[], str]] = {"about.txt": _about, "packages.txt": _packages}
    if found is None:
        parts["configuration.txt"] = lambda: f"{config} cannot be used:\n{wrong}"
    else:
        parts["configuration.json"] = lambda: _json(found.model_dump(mode="json", by_alias=True))
        parts["files.txt"] = lambda: _files(found.journal.path)
        for name, address in QUESTIONS.items():
            parts[f"{name}.json"] = lambda address=address: _answer(found, address)  # type: ignore[misc]
    parts["log.txt"] = lambda: _log(found.line.id if found is not None else "", log)
    return parts


def _write(path: Path, folder: str, parts: dict[str, Callable[[], str]], secrets: list[str]) -> None:
    """The archive, readable by its owner alone."""
    from lined.journal.files import private
    from lined.regulator.redaction import redact

    private(path)
    with path.open("wb") as file, tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, make in parts.items():
            content = redact(_made(make), secrets).encode("utf-8", "replace")
            entry = tarfile.TarInfo(f"{folder}/{name}")
            entry.size, entry.mtime, entry.mode = len(content), int(time.time()), 0o600
            archive.addfile(entry, io.BytesIO(content))


def _made(make: Callable[[], str]) -> str:
    """The content, or why there is none."""
    from lined.vocabulary.errors import LinedError

    try:
        return make()
    except (LinedError, OSError, ValueError) as error:
        return f"not to be had: {error}\n"


def _secrets(config: Config | None) -> list[str]:
    """All that could be read of what must not leave: keys, passwords, tokens."""
    from lined.config.rules_outside import secrets_of
    from lined.vocabulary.errors import SettingsError

    if config is None:
        return []
    found = []
    for secret in secrets_of(config):
        with contextlib.suppress(SettingsError):
            found.append(secret.read())
    for path in (config.journal.token_path, config.journal.reading_token_path):
        with contextlib.suppress(OSError, ValueError):
            found.append(path.read_text("utf-8").strip())
    return found


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def _answer(config: Config, address: str) -> str:
    from lined.cli.daemon import ask

    return _json(ask(config, address))


def _about() -> str:
    """Versions and the machine."""
    import os
    import platform
    import sys

    from lined import __version__
    from lined.journal.database import SQLITE_VERSION

    release = Path("/etc/os-release")
    lines = {
        "made": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "lined": __version__,
        "python": sys.version.split()[0],
        "sqlite": SQLITE_VERSION,
        "system": platform.platform(),
        "cores": str(os.cpu_count()),
        "load": " ".join(f"{one:.2f}" for one in os.getloadavg()),
        "memory": _of_file("/proc/meminfo", 3),
        "uptime": _of_file("/proc/uptime", 1),
    }
    told = "".join(f"{name}: {value}\n" for name, value in lines.items())
    return told + (release.read_text("utf-8", "replace") if release.exists() else "")


def _of_file(path: str, lines: int) -> str:
    try:
        return ", ".join(Path(path).read_text("ascii", "replace").splitlines()[:lines])
    except OSError as error:
        return str(error)


def _packages() -> str:
    from importlib.metadata import distributions

    return "".join(sorted({f"{one.name}=={one.version}\n" for one in distributions()}))


def _files(journal: Path) -> str:
    """What lies beside the journal, and the room that is left."""
    import shutil

    folder = journal.resolve().parent
    free = shutil.disk_usage(folder).free
    return f"{folder}: {free:,} bytes free\n" + "".join(_listed(folder))


def _listed(folder: Path) -> Iterator[str]:
    for path in sorted(folder.iterdir()):
        about = path.stat()
        changed = time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(about.st_mtime))
        yield f"{about.st_mode:o} {about.st_uid}:{about.st_gid} {about.st_size:>15,} {changed} {path.name}\n"


def _log(line: str, given: Path | None) -> str:
    """The end of the log: of the file that was given, else of the unit in the system's journal."""
    import subprocess

    if given is not None:
        with given.open("rb") as file:
            file.seek(max(0, given.stat().st_size - LOG_BYTES))
            return file.read(LOG_BYTES).decode("utf-8", "replace")
    words = ["journalctl", "--no-pager", "-o", "short-iso", "-n", str(LOG_LINES), "-u", f"lined@{line}"]
    try:
        done = subprocess.run(words, capture_output=True, timeout=PROGRAM_S, check=False)  # noqa: S603 - no shell
    except subprocess.TimeoutExpired:
        return f"not to be had: journalctl did not answer within {PROGRAM_S:.0f} s\n"
    return (done.stdout[-LOG_BYTES:] + done.stderr[-LOG_BYTES:]).decode("utf-8", "replace")
