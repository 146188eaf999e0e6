"""A throw-away copy of the source tree with an interpreter of its own, so that whatever runs there runs the copy.

The interpreter is a virtual environment without an installer: the copy first on its path, then the libraries of the
environment that we run in. Tests start the program as `sys.executable`, or as the `lined` beside it: both are the
copy's, whatever their environment says. Seen to at each copy: see `Tree.made`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import venv
from collections.abc import Iterator, Sequence
from importlib.util import cache_from_source
from pathlib import Path
from typing import NamedTuple, Self

from tests.harness.change import ROOT
from tests.promises.mutation import LINT_IMPORTS

NOT_COPIED = (".*", "build", "*.egg-info")
_SCRIPTS = {
    "lined": "from lined.cli import main\nmain()\n",
    LINT_IMPORTS: "from importlinter.cli import lint_imports_command\nlint_imports_command()\n",
}
_WHERE = "import lined, drivers; print(lined.__file__, drivers.__file__, sep='\\n')"
_KILLED_WITHIN_S = 10


class Ended(NamedTuple):
    """`code` None: it took too long and was ended."""

    code: int | None
    output: str


class Tree:
    """`root` holds the files; `run` runs something in it. `leavings`: where tests may put theirs."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.leavings = root.with_name(f"{root.name}.tmp")
        self._bin = root / ".venv" / "bin"

    @classmethod
    def made(cls, root: Path, source: Path = ROOT) -> Self:
        """Copy `source` to `root`, which must not exist. Raises RuntimeError where the copy's interpreter, or its
        `lined`, would import anything but the copy.
        """
        shutil.copytree(source, root, ignore=shutil.ignore_patterns(*NOT_COPIED), symlinks=True)
        tree = cls(root)
        venv.create(root / ".venv", symlinks=True, with_pip=False)
        packages = next((root / ".venv" / "lib").glob("python*/site-packages"))
        # Lines of a .pth file are folders; a .pth file in such a folder (an editable install) is not looked at.
        packages.joinpath("copy.pth").write_text("\n".join([str(root), *_libraries()]) + "\n", "utf-8")
        for name, program in _SCRIPTS.items():
            script = tree._bin / name
            script.write_text(f"#!{tree._bin / 'python'}\n{program}", "utf-8")
            script.chmod(0o755)
        tree._prove()
        return tree

    def _prove(self) -> None:
        asked = [str(self._bin / "python"), "-P", "-c", _WHERE]
        found = subprocess.run(asked, cwd="/", env=_environment(), capture_output=True, text=True, check=True).stdout
        wrong = [line for line in found.splitlines() if self.root not in Path(line).parents]
        if wrong or not found:
            raise RuntimeError(f"{self.root} is not what its interpreter imports: {found}")

    def run(self, words: Sequence[str], limit_s: float) -> Ended:
        """Run a program of the copy's environment, the copy being the working directory; end it, and every process that
        it has left, after that time.
        """
        with subprocess.Popen(
            [str(self._bin / words[0]), *words[1:]],
            cwd=self.root,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        ) as process:
            try:
                output, _ = process.communicate(timeout=limit_s)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                self._end_all()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.communicate(timeout=_KILLED_WITHIN_S)
                return Ended(None, "")
            return Ended(process.returncode, output)

    def write(self, file: str, text: str) -> None:
        """Another text for a file. Its compiled form goes: of a text of the same size and second it would be taken."""
        path = self.root / file
        path.write_text(text, "utf-8")
        if path.suffix == ".py":
            Path(cache_from_source(str(path))).unlink(missing_ok=True)

    def _end_all(self) -> None:
        """Daemons that tests started have sessions of their own; each has the copy's path among its words."""
        for pid in _pids():
            with contextlib.suppress(OSError):
                if str(self.root).encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
                    os.kill(pid, signal.SIGKILL)

    def remove(self) -> None:
        """The copy, with what tests that were ended have mounted in it."""
        for line in Path("/proc/mounts").read_text("utf-8").splitlines():
            place = line.split()[1]
            if place.startswith(f"{self.leavings}/"):
                subprocess.run(["umount", "-l", place], check=False, capture_output=True)
        for folder in (self.root, self.leavings):
            shutil.rmtree(folder, ignore_errors=True)


def _libraries() -> list[str]:
    return [path for path in sys.path if Path(path).name in {"site-packages", "dist-packages"}]


def _environment() -> dict[str, str]:
    """Ours, without what would put another tree before the copy."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST"))}


def _pids() -> Iterator[int]:
    return (int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal())
