"""`lined run` with something in it that never ends, and a journal that breaks once the file `break` is there.

python hanging.py WHAT CONFIG
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from pathlib import Path
from typing import Any

from lined.cli import main
from lined.journal import Journal
from lined.journal.writer import Writer
from lined.line.watch.balance import BalanceWatch
from lined.vocabulary.errors import JournalBroken

LOOK_S = 0.02


async def deaf(_self: object) -> None:
    """No cancellation ends it, as where a library swallows it."""
    while True:
        try:
            await asyncio.sleep(3_600)
        except asyncio.CancelledError:
            continue


async def holding(_self: object) -> None:
    """Holds the loop once it is to end."""
    try:
        await asyncio.sleep(3_600)
    except asyncio.CancelledError:
        time.sleep(3_600)


async def never(_self: object) -> None:
    await asyncio.sleep(3_600)


def break_writers(file: Path) -> None:
    """Each writer breaks once the file is there."""
    start = Writer._begin

    def begin(self: Writer) -> None:
        start(self)
        threading.Thread(target=wait, args=(self,), daemon=True).start()

    def wait(writer: Writer) -> None:
        while not file.exists():
            time.sleep(LOOK_S)
        writer.fail(JournalBroken("disk I/O error"))

    Writer._begin = begin  # type: ignore[method-assign]


HANGS: dict[str, Any] = {
    "nothing": lambda: None,
    "a task": lambda: setattr(BalanceWatch, "run", deaf),
    "the loop": lambda: setattr(BalanceWatch, "run", holding),
    "the journal's closing": lambda: setattr(Journal, "close", never),
}

if __name__ == "__main__":
    what, config = sys.argv[1:]
    HANGS[what]()
    break_writers(Path(config).with_name("break"))
    sys.argv = ["lined", "run", "--config", config]
    main()
