"""Disks that fail: a small file system of its own, and libfiu's control over the daemon's system calls."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

FIU_RUN = shutil.which("fiu-run")
FIU_CTRL = shutil.which("fiu-ctrl")
ENOSPC, EIO = 28, 5

needs_fiu = pytest.mark.skipif(FIU_RUN is None or FIU_CTRL is None, reason="fiu-run is not installed (fiu-utils)")


@contextlib.contextmanager
def small_disk(at: Path, size_bytes: int) -> Iterator[Path]:
    """A file system of this size at a new folder; skips the test where none may be mounted."""
    at.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "lined-test", str(at)]
    if os.getuid() or shutil.which("mount") is None or _failed(command):
        pytest.skip("a file system cannot be mounted here (needs root)")
    try:
        yield at
    finally:
        subprocess.run(["umount", "-l", str(at)], check=True)


def _failed(command: list[str]) -> bool:
    return subprocess.run(command, check=False, capture_output=True).returncode != 0


def fiu_program(program: tuple[str, ...], control: Path) -> tuple[str, ...]:
    """The command that runs `program` under libfiu, controlled through named pipes that begin with `control`."""
    assert FIU_RUN is not None
    return (FIU_RUN, "-x", "-f", str(control), *program)


def fail(control: Path, name: str, error: int, *, once: bool = False) -> None:
    """From now on these system calls of every process under `control` fail, or the next one does."""
    _tell(control, f"enable name={name},{'onetime,' if once else ''}failinfo={error}")


def mend(control: Path, name: str) -> None:
    _tell(control, f"disable name={name}")


def _tell(control: Path, command: str) -> None:
    assert FIU_CTRL is not None
    pids = {
        pipe.name.removeprefix(control.name + "-").removesuffix(".in")
        for pipe in control.parent.glob(f"{control.name}-*.in")
    }
    assert pids, "no process under libfiu"
    subprocess.run([FIU_CTRL, "-f", str(control), "-c", command, *pids], check=True, timeout=10)
