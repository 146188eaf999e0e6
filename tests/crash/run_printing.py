"""A printer under attack: SIGKILL of the daemon, cables pulled, power lost in the middle of a label, jams.

python -m tests.crash.run_printing --labels 100000

Prints what the journal says of every code of the pool, held against what came out of the printer. Exit 1 where a code
is on two labels, or one of those in flight is not accounted for.
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

from lined.sandbox.devices.printers import PrinterFaults
from tests.crash.printing import Figures, PrintingPlant, printing
from tests.harness.programs import LINED

USUAL = PrinterFaults(jams=0.0002, power_cuts=0.0005, pulls=0.001, jam_s=0.05)


async def campaign(
    folder: Path,
    *,
    labels: int,
    kills: int,
    seed: int,
    faults: PrinterFaults = USUAL,
    family: str = "generic-queue",
    program: Sequence[str] = (str(LINED),),
) -> Figures:
    """The whole run; `program` replaces the installed daemon. Raises AssertionError where it does not end."""
    plant = PrintingPlant(folder, labels, faults=faults, family=family, program=program, seed=seed)
    async with printing(plant):
        await plant.load_pool()
        await plant.attack(kills, random.Random(seed))
        return await plant.finish(bound_s=3_600)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labels", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--family", default="generic-queue", help="the printer's driver; behind a slash its way")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="for the journal, the paper and the log; kept")
    asked = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="lined-printing-") as temporary:
        folder = asked.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        figures = asyncio.run(
            campaign(folder, labels=asked.labels, kills=asked.kills, seed=asked.seed, family=asked.family)
        )
    print(json.dumps({**asdict(figures), "seconds": round(time.monotonic() - began), "holds": figures.holds}, indent=2))
    return 0 if figures.holds else 1


if __name__ == "__main__":
    sys.exit(main())
