"""Break each promise of the README's table on purpose and see that its test notices.

    python -m tests.promises                    all of them, one after the other
    python -m tests.promises "disk is full"     those with these words in the row or in what is broken
    python -m tests.promises --list             what there is

Each mutation is made in a copy of the tree; the checkout stays as it is. The tests of a row have to pass unbroken
first. Exit code 1 where a promise was broken and nobody noticed. Needs the programs that the tests need (fiu-run,
mosquitto, systemd-analyze, the right to mount a small disk): what is skipped notices nothing.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.promises.every import MUTATIONS
from tests.promises.mutation import Mutation
from tests.promises.tree import Tree
from tests.promises.trial import judged, unbroken


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.promises")
    parser.add_argument("words", nargs="*", help="only mutations with one of these in their row or in what is broken")
    parser.add_argument("--list", action="store_true", help="print what there is, break nothing")
    given = parser.parse_args()
    chosen = [one for one in MUTATIONS if not given.words or any(words in _title(one) for words in given.words)]
    if given.list:
        for one in chosen:
            print(f"{_title(one)}\n    {one.place}, to be noticed by {one.proof}")
        return 0
    if not chosen:
        print("no mutation has these words", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="lined-promises-", ignore_cleanup_errors=True) as folder:
        return _try(chosen, Path(folder))


def _title(mutation: Mutation) -> str:
    return f"{mutation.row}: {mutation.broken}"


def _try(chosen: Sequence[Mutation], folder: Path) -> int:
    begun = time.monotonic()
    whole = Tree.made(folder / "unbroken")
    unnoticed = 0
    for row in dict.fromkeys(one.row for one in chosen):
        mine = [one for one in chosen if one.row == row]
        print(f"{row}", flush=True)
        wrong = unbroken(whole, dict.fromkeys(proof for one in mine for proof in one.tests or [one.proof]))
        if wrong:
            print(f"    NOT JUDGED: its tests do not pass unbroken: {wrong}", flush=True)
            unnoticed += len(mine)
            continue
        for number, one in enumerate(mine):
            unnoticed += not _judge(one, whole, folder / f"broken-{number}")
    minutes = (time.monotonic() - begun) / 60
    rows = len({one.row for one in chosen})
    told = "all noticed" if not unnoticed else f"{unnoticed} NOT NOTICED"
    print(f"{len(chosen)} mutations of {rows} rows, {told}; {minutes:.1f} minutes")
    return 1 if unnoticed else 0


def _judge(mutation: Mutation, whole: Tree, root: Path) -> bool:
    begun = time.monotonic()
    tree = Tree.made(root, whole.root)
    try:
        verdict = judged(tree, mutation)
    finally:
        tree.remove()
    what = f"noticed by {verdict.by}" if verdict.noticed else f"NOT NOTICED {verdict.why}".rstrip()
    print(f"    {mutation.broken}: {what} ({time.monotonic() - begun:.0f} s)", flush=True)
    return verdict.noticed


if __name__ == "__main__":
    sys.exit(main())
