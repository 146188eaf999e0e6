"""Programs run to their end: the installed one, and others beside it."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

LINED = Path(sys.executable).with_name("lined")
"""The installed program, beside this interpreter."""
COMMAND_BOUND_S = 60.0


class Done(NamedTuple):
    """A program that has ended."""

    code: int
    out: str
    errors: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


async def run(*words: str | Path, env: Mapping[str, str] | None = None, within_s: float = COMMAND_BOUND_S) -> Done:
    """`lined …` as installed, bounded. `env` is added to our environment."""
    return await run_program(LINED, *words, env=env, within_s=within_s)


async def run_program(
    *words: str | Path, env: Mapping[str, str] | None = None, within_s: float = COMMAND_BOUND_S, cwd: Path | None = None
) -> Done:
    """The same with any program."""
    process = await asyncio.create_subprocess_exec(
        *map(str, words), env={**os.environ, **(env or {})}, cwd=cwd,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(within_s):
            out, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return Done(process.returncode, out.decode(), errors.decode())


def free_port() -> int:
    """A port that was free a moment ago: for who has to know it beforehand, or keeps it over a restart."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])
