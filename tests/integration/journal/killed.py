"""A program to be killed: a line that judges without saying, then waits. `python killed.py DIRECTORY STORY`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.harness.line import Line, frame, oil


async def main(path: Path, story: str) -> None:
    async with Line(path) as line:
        if story == "first":
            await line.job()
            await line.words("cam-1", oil(1), oil(2))
            await line.word("cam-2", oil(3))
            await line.submit("cam-1", frame(oil(4)), frame(oil(5)))  # committed, never said
            await line.word("cam-2", oil(6), say=False)  # listed while it still ran
            await line.submit("cam-2", frame(oil(7)))
            line.intake.settle_marks()
            await line.rows("SELECT 1")
            doomed = line.submit("cam-1", frame(oil(8)))  # perhaps committed, perhaps not
            del doomed
        else:  # accepted once more, and killed before that was said
            await line.submit("cam-2", frame(oil(4)))
        print("ready", flush=True)
        await asyncio.sleep(60)


asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
