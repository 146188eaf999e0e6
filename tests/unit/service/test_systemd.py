"""What systemd hears before the daemon is ready: that something long goes on, what, and for how long to wait."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lined.config import load
from lined.journal import journal as journals
from lined.journal.tables import life
from lined.service import Service, systemd
from lined.service.systemd import Notify, Starting

CONFIG = Path(__file__).parents[3] / "config" / "minimal.toml"


class Systemd:
    """Datagrams, in the order in which they came."""

    def __init__(self, path: Path) -> None:
        self.heard: list[str] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        while text := self._socket.recv(4096).decode():
            self.heard.append(text)

    def close(self, path: Path) -> None:
        with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as last:
            last.sendto(b"", str(path))
        self._thread.join(10)
        self._socket.close()


@pytest.fixture
def listening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Systemd]:
    path = tmp_path / "notify"
    heard = Systemd(path)
    monkeypatch.setenv("NOTIFY_SOCKET", str(path))
    monkeypatch.setattr(systemd, "EVERY_S", 0.05)
    yield heard
    heard.close(path)


def test_it_is_told_again_and_again_until_it_is_over(listening: Systemd) -> None:
    with Starting(Notify(), "line-1") as starting:
        starting.tell("the journal is checked")
        until = time.monotonic() + 20
        while len(listening.heard) < 3 and time.monotonic() < until:
            time.sleep(0.01)
    count = len(listening.heard)
    for text in listening.heard:
        assert re.fullmatch(r"EXTEND_TIMEOUT_USEC=60000000\nSTATUS=line-1: the journal is checked \(\d+ s\)", text)
    time.sleep(0.2)
    assert len(listening.heard) == count >= 3


def test_what_goes_on_for_ever_is_given_up(listening: Systemd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(systemd, "MOST_S", 0.0)
    with Starting(Notify(), "line-1") as starting:
        starting._thread.join(20)
        assert not starting._thread.is_alive()
    assert listening.heard == []


async def test_a_long_check_of_the_journal_is_told_before_the_daemon_is_ready(
    tmp_path: Path, listening: Systemd, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "line.toml"
    text = CONFIG.read_text("utf-8").replace("tcp://10.0.0.21:9004", "tcp-listen://127.0.0.1:0")
    text = text.replace("https://xtrace.stage.aslbelgisi.uz", "http://127.0.0.1:1")
    file.write_text(text + '\n[status]\nlisten = "127.0.0.1:0"\n', "utf-8")
    (tmp_path / "api-key").write_text("key")
    (tmp_path / "api-key").chmod(0o600)
    check = journals.quick_check

    def slowly(*arguments: Any) -> None:
        time.sleep(0.5)  # holds the loop, as the real one does
        check(*arguments)

    monkeypatch.setattr(journals, "quick_check", slowly)
    monkeypatch.setattr(life, "was_stopped", lambda _connection: False)
    running = asyncio.create_task(Service(load(file)).run())
    async with asyncio.timeout(40):
        while not any("READY=1" in text for text in listening.heard):
            await asyncio.sleep(0.01)
    os.kill(os.getpid(), signal.SIGTERM)
    assert await running == 0
    ready = next(number for number, text in enumerate(listening.heard) if "READY=1" in text)
    assert any("the journal is checked after an unclean stop" in text for text in listening.heard[:ready])
    assert not any("EXTEND_TIMEOUT" in text for text in listening.heard[ready:])
