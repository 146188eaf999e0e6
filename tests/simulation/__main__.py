"""Play seeds from the command line.

    python -m tests.simulation --seeds 20000 --from 0     many, on two processes; figures at the end
    python -m tests.simulation --seed 4711                one, with everything that happened in it

Exit code 1 where a promise was broken; each such seed is printed with the command that plays it again.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from tests.simulation.run import Result, play, play_briefly, quiet

SHOWN = 20  # failing seeds that are printed


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("--seed", type=int, help="play one seed and print what happened")
    parser.add_argument("--seeds", type=int, default=1_000, help="how many")
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first of them")
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    if given.seed is not None:
        return _one(given.seed)
    return _many(range(given.first, given.first + given.seeds), given.processes)


def _one(seed: int) -> int:
    with quiet():
        result = play(seed)
    print("\n".join(result.trace))
    print(f"seed {seed}: {result.figures}")
    for error in result.errors:
        traceback.print_exception(error)
    return 1 if result.wrongs else 0


def _many(seeds: range, processes: int) -> int:
    begun = time.monotonic()
    sums: Counter[str] = Counter()
    failed = 0
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for result in pool.map(play_briefly, seeds, chunksize=10):
            sums.update(result.figures)
            if result.wrongs:
                failed += 1
                if failed <= SHOWN:
                    print(told(result), flush=True)
    passed_s = time.monotonic() - begun
    print(
        f"{len(seeds)} seeds from {seeds.start}, {failed} failed, {len(seeds) / passed_s * 60:.0f} a minute; "
        f"{sums['virtual_s'] / 3600:.0f} hours of a line, {sums['lives']} lives, {sums['codes']} codes, "
        f"{sums['documents']} documents, {sums['doubts']} in doubt, {sums['echoes']} echoes, "
        f"{sums['twice']} codes sent twice to a regulator that hid the first"
    )
    return 1 if failed else 0


def told(result: Result) -> str:
    """A failed seed, for people."""
    more = f" (and {len(result.wrongs) - 1} more)" if len(result.wrongs) > 1 else ""
    again = f"python -m tests.simulation --seed {result.seed}"
    return f"seed {result.seed}: {result.wrongs[0]}{more}\n    play it again: {again}"


if __name__ == "__main__":
    sys.exit(main())
