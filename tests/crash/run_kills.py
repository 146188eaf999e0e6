"""SIGKILL under load, many times, while the network loses one answer in five.

python -m tests.crash.run_kills --kills 300

Prints what was accepted, what the regulator's stand-in holds, and whether each is there once. Exit 1 where not.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from tests.crash.plant import Figures, OneInFiveAnswersLost, Plant, kill_under_load
from tests.harness.programs import LINED


async def campaign(folder: Path, *, kills: int, seed: int, program: Sequence[str] = (str(LINED),)) -> Figures:
    """The whole run; `program` replaces the installed daemon. Raises AssertionError where it does not end."""
    chance = random.Random(seed)
    plan = OneInFiveAnswersLost(random.Random(seed + 1))
    async with Plant(folder, plan=plan, program=program) as plant:
        await plant.start_job()
        await plant.feed()
        playing = asyncio.create_task(plant.play())
        await kill_under_load(plant, plan, kills, chance)
        await plant.until_said(1)
        return await plant.finish(playing, bound_s=1200)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="for the journal, the books and the log; kept")
    asked = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="lined-kills-") as temporary:
        folder = asked.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        figures = asyncio.run(campaign(folder, kills=asked.kills, seed=asked.seed))
    print(json.dumps({**asdict(figures), "seconds": round(time.monotonic() - began), "holds": figures.holds}, indent=2))
    return 0 if figures.holds else 1


if __name__ == "__main__":
    sys.exit(main())
