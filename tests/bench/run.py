"""The figures of speed, measured: one command, a table and JSON.

    python -m tests.bench.run                 everything (about 15 minutes; needs 6 GB of disk)
    python -m tests.bench.run --short         small journals, for breakage and not for figures
    python -m tests.bench.run latency intake  only these

The daemon is the installed program over real TCP and a real disk. Ratios are taken side by side in one run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from lined.journal.database import SQLITE_VERSION
from tests.bench import figures
from tests.bench.figures import Figure, Sizes
from tests.bench.parsing import parsing

FULL = Sizes(young=0, usual=3_000_000, old=10_000_000, backlog=1_000_000, seconds=60, reads=1_000_000)
SHORT = Sizes(young=0, usual=20_000, old=40_000, backlog=60_000, seconds=2, reads=9_600)

MEASURES: dict[str, Callable[[Path, Sizes], Awaitable[list[Figure]]]] = {
    "parsing": parsing,
    "start": figures.start,
    "latency": figures.latency,
    "intake": figures.intake,
    "delivery": figures.delivery,
    "memory": figures.memory,
    "disk": figures.disk,
    "wear": figures.wear,
}


def machine() -> dict[str, Any]:
    model = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        "",
    )
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "sqlite": SQLITE_VERSION,
        "commit": commit,
        "load": os.getloadavg()[0],
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


async def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("names", nargs="*", choices=[*MEASURES, []], default=[])
    arguments.add_argument("--short", action="store_true")
    arguments.add_argument("--json", type=Path)
    arguments.add_argument("--folder", type=Path, help="where journals are made; default: a temporary folder")
    asked = arguments.parse_args()
    sizes = SHORT if asked.short else FULL
    here = machine()
    print(" ".join(f"{key}={value}" for key, value in here.items()), flush=True)
    found: list[Figure] = []
    for name in asked.names or MEASURES:
        with tempfile.TemporaryDirectory(prefix="lined-bench-", dir=asked.folder) as folder:
            for figure in await MEASURES[name](Path(folder), sizes):
                found.append(figure)
                print(f"{figure.name:<58} {figure.value:>12} {figure.unit:<10} goal {figure.goal}", flush=True)
    if asked.json:
        asked.json.write_text(
            json.dumps({"machine": here, "figures": [figure._asdict() for figure in found]}, indent=2)
        )


if __name__ == "__main__":
    asyncio.run(main())
