"""`lined demo` without an end, at a terminal: each key does what it says, people read what happened, and it adds up."""

from __future__ import annotations

import asyncio
import os
import pty
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.harness.programs import LINED

READY_S = 60.0
SAID_S = 60.0
END_S = 60.0


class Terminal:
    """What the demo prints to a terminal, and keys for it."""

    def __init__(self, descriptor: int) -> None:
        self.text = ""
        self._descriptor = descriptor
        self._changed = asyncio.Event()
        asyncio.get_running_loop().add_reader(descriptor, self._hear)

    def _hear(self) -> None:
        try:
            self.text += os.read(self._descriptor, 65_536).decode("utf-8", "replace")
        except OSError:  # the demo has ended
            self.close()
        self._changed.set()

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._descriptor)

    async def press(self, key: str, *answers: str) -> None:
        """Press a key, and wait until the demo has said each of these after it."""
        since = len(self.text)
        os.write(self._descriptor, key.encode())
        for answer in answers:
            await self.says(answer, since)

    async def says(self, answer: str, since: int = 0, within_s: float = SAID_S) -> None:
        """Words that stand in a row, however the terminal broke the line."""
        pattern = re.compile(r"\s+".join(map(re.escape, answer.split())))
        try:
            async with asyncio.timeout(within_s):
                while not pattern.search(self.text, since):
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"it did not say {answer!r}:\n{self.text[since:][-3000:]}") from None


@asynccontextmanager
async def a_demo(folder: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, Terminal]]:
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *(str(LINED), "demo", "--rate", "20", "--keep", str(folder)),
        stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        env=os.environ | {"COLUMNS": "200", "TERM": "xterm"},
    )  # fmt: skip
    os.close(theirs)
    terminal = Terminal(ours)
    try:
        yield process, terminal
    finally:
        terminal.close()
        if process.returncode is None:
            process.terminate()
            await process.wait()
        os.close(ours)


@pytest.mark.bound(150)
async def test_every_fault_at_the_press_of_a_key_and_the_balance_adds_up(tmp_path: Path) -> None:
    async with a_demo(tmp_path) as (process, terminal):
        await terminal.says("end, with the balance", within_s=READY_S)
        assert "token for commands" in terminal.text
        await terminal.press("?", "Keys: c, i, s, b, r, k, Ctrl-C")
        await terminal.press("b", "All are rejected")
        await terminal.press("s", "come without separators")
        await terminal.press("r", "they come to http://127.0.0.1:", "2 codes were refused")
        await terminal.press("c", "cable is pulled", "! A device is not connected: camera")
        await terminal.press("c", "cable is back", "✓ Over: a device is not connected: camera")
        await terminal.press("i", "The internet is gone", "! ")  # the page's own alarm, in words
        await terminal.press("k", "was killed (SIGKILL)", "It is back")  # while the internet is away
        await terminal.press("i", "The internet is back", "✓ Over: the marking system does not answer")
        since = len(terminal.text)
        os.kill(process.pid, signal.SIGINT)
        async with asyncio.timeout(END_S):
            assert await process.wait() == 0
        await terminal.says("of them twice", since, 5)
        told = terminal.text[since:]
        assert told.count("✓") >= 3 and "✗" not in told, told
        assert re.search(r"[\d,]+ reads = .* 2 rejected, 1 no-read", told), told
        assert "(1 wrong-product, 1 duplicate)" in told and "2 refused" in told, told
