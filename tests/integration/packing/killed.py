"""A line that packs until it kills itself at a named commit; what it was told to be on disk it says on stdout.

python killed.py JOURNAL POINT TIMES UNITS    POINT: before-commit, after-commit, or before-step, which is a statement
                                              that changes what is packed; UNITS: a file, one code a line
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from lined.journal import Journal
from tests.harness.packing import APPLY, GTIN, PACK, SSCC, Line, box_plant

STEP = re.compile(r"(INSERT|UPDATE|DELETE)\b.*\b(package|package_id|rescan|sscc:\w+)\b", re.DOTALL)


class Killing:
    """SIGKILL at the n-th passing of a point."""

    def __init__(self, point: str, at: int) -> None:
        self._point, self._left = point, at

    def __call__(self, name: str) -> None:
        if name == self._point:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def statement(self, sql: str) -> None:
        if STEP.match(sql):
            self("before-step")


async def main(path: Path, point: str, at: int, units: list[str]) -> None:
    line = Line(box_plant([APPLY, PACK], sscc=SSCC), path)
    killing = Killing(point, at)
    line.journal = Journal(path, crash_point=killing)
    await line.open()
    assert line.journal.writer._connection is not None
    line.journal.writer._connection.set_trace_callback(killing.statement)
    if not await line.rows("SELECT 1 FROM job"):
        await line.operations.do("job-start", {"gtin": GTIN})
    for unit in units:
        applied = await line.say("cam", unit)
        packed = await line.say("packer", unit)
        sys.stdout.write(f"told {unit.partition(chr(29))[0]} {applied} {packed}\n")
        sys.stdout.flush()
    await line.close()


def _lines(path: Path) -> list[str]:
    """Not splitlines(): a separator of a code ends a line for that."""
    return [line for line in path.read_text().split("\n") if line]


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), _lines(Path(sys.argv[4]))))
