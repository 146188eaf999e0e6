"""The journal's files under the hands of a running daemon: whatever becomes of them, nothing is accepted that would be
lost, and nobody but their owner may read them.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lined.journal.care import archive
from lined.journal.care.backup import back_up
from lined.journal.care.salvage import salvage
from lined.journal.care.takeover import RESTORE, take_over
from lined.journal.open_files import OpenFiles
from tests.harness.line import Line, oil
from tests.integration.ending.test_ending import SLACK_S, hanging, seconds_to_end

NOTICED_S = 1.0
NAME = "line-1.db"


def _gone(end: str) -> Callable[[Path], None]:
    return lambda journal: journal.with_name(journal.name + end).unlink()


def _another(end: str) -> Callable[[Path], None]:
    """A restore by hand, a tool that keeps folders alike."""

    def put(journal: Path) -> None:
        path = journal.with_name(journal.name + end)
        copy = path.with_name("copy")
        shutil.copyfile(path, copy)
        copy.rename(path)

    return put


def _cut(end: str, share: float) -> Callable[[Path], None]:
    def cut(journal: Path) -> None:
        path = journal.with_name(journal.name + end)
        os.truncate(path, int(path.stat().st_size * share))

    return cut


def _moved(journal: Path) -> None:
    journal.rename(journal.with_name("elsewhere.db"))


DEEDS: dict[str, tuple[Callable[[Path], None], str]] = {
    "it is deleted": (_gone(""), "the journal was deleted"),
    "it is moved away": (_moved, "the journal was deleted or moved away"),
    "it is replaced": (_another(""), "the journal was replaced"),
    "it is cut to half": (_cut("", 0.5), "the journal was cut"),
    "it is emptied": (_cut("", 0), "the journal was cut"),
    "its WAL is deleted": (_gone("-wal"), "its -wal was deleted"),
    "its WAL is replaced": (_another("-wal"), "its -wal was replaced"),
    "its WAL is emptied": (_cut("-wal", 0), "its -wal was emptied"),
    "its index is deleted": (_gone("-shm"), "its -shm was deleted"),
}


@pytest.mark.parametrize("deed", DEEDS)
async def test_what_becomes_of_the_open_files_is_seen(tmp_path: Path, deed: str) -> None:
    journal = tmp_path / NAME
    async with Line(journal) as line:
        await line.job()
        files = line.journal.files
        assert files is not None
        line.journal.writer._checkpoint("PASSIVE")
        await line.words("cam-1", *[oil(n) for n in range(50)])
        assert files.wrong() is None
        keep = tmp_path / "keep"
        keep.mkdir()
        for end in ("", "-wal", "-shm"):
            os.link(f"{journal}{end}", keep / f"{NAME}{end}")
        change, text = DEEDS[deed]
        change(journal)
        assert text in str(files.wrong())
    assert isinstance(files, OpenFiles)


@pytest.mark.parametrize("deed", ["it is deleted", "it is replaced", "its WAL is deleted"])
async def test_the_daemon_stops_with_74(tmp_path: Path, deed: str) -> None:
    async with hanging(tmp_path, "nothing") as process:
        DEEDS[deed][0](tmp_path / NAME)
        assert await seconds_to_end(process) < NOTICED_S + 5.0 + SLACK_S
        assert process.returncode == 74


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("open_umask")
async def test_nobody_else_may_read_the_journal_and_what_is_made_of_it(tmp_path: Path) -> None:
    journal = tmp_path / NAME
    async with Line(journal) as line:
        await line.job()
        await line.words("cam-1", oil(1), oil(1))
        back_up(journal, tmp_path, 1)
        rows = await line.read(lambda c: archive.old_rows(c, "read", 2**62, -1))
        archive.put(journal, rows._replace(rows=[(1, 1, "cam-1", 1, "duplicate", None, b"raw")]))
        _alone(tmp_path)
        for file in tmp_path.glob("*.db*[!k]"):
            file.chmod(0o644)  # as an earlier version left them
    made = next(tmp_path.glob(f"{NAME}.backup-*"))
    salvage(journal, tmp_path / "recovered.db")
    take_over(tmp_path / "other.db", made, why=RESTORE, aside=None, at_ms=2)
    made.unlink()
    for old in tmp_path.glob("*.archive-*"):
        old.unlink()
    async with Line(journal) as line:
        await line.word("cam-1", oil(2))
        _alone(tmp_path)


def _alone(folder: Path) -> None:
    open_to_others = [file.name for file in folder.iterdir() if stat.S_IMODE(file.stat().st_mode) & 0o077]
    assert not open_to_others
