"""A file that is there whole or not at all, and takes no other one's place."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from lined.cli.whole_file import NameUnsure, whole_file
from lined.journal import files


@pytest.fixture(params=["nameless", "named"])
def system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """File systems that know files without a name, and others."""
    real = os.open

    def without(path: object, flags: int, mode: int = 0o777, **more: object) -> int:
        if flags & os.O_TMPFILE == os.O_TMPFILE:
            raise OSError(errno.EOPNOTSUPP, "not supported")
        return real(path, flags, mode, **more)  # type: ignore[arg-type]

    if request.param == "named":
        monkeypatch.setattr(os, "open", without)
    return str(request.param)


@pytest.mark.usefixtures("system")
def test_it_appears_whole_for_its_owner_alone_and_not_before(tmp_path: Path) -> None:
    path = tmp_path / "codes.txt"
    with whole_file(path) as file:
        file.write(b"a\x1db\n")
        assert not path.exists()
    assert path.read_bytes() == b"a\x1db\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.usefixtures("system")
def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    def cut_off() -> None:
        with whole_file(tmp_path / "codes.txt") as file:
            file.write(b"a\n")
            raise ValueError("cut off")

    with pytest.raises(ValueError, match="cut off"):
        cut_off()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("system")
def test_a_file_that_is_there_stays_also_where_it_came_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "codes.txt"
    with pytest.raises(FileExistsError), whole_file(path):
        path.write_text("another's")
    assert path.read_text() == "another's"
    with pytest.raises(FileExistsError), whole_file(path):
        pass
    assert [one.name for one in tmp_path.iterdir()] == ["codes.txt"]
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileExistsError), whole_file(link):
        pass


@pytest.mark.usefixtures("system")
def test_what_a_kill_left_beside_it_is_begun_anew(tmp_path: Path, system: str) -> None:
    left = tmp_path / ".codes.txt.part"
    if system == "named":
        left.write_text("half of an earlier one, and longer")
    with whole_file(tmp_path / "codes.txt") as file:
        file.write(b"new\n")
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("codes.txt", b"new\n")]


@pytest.mark.usefixtures("system")
def test_where_only_its_name_is_unsure_it_is_there_and_that_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_folder: Path) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(files, "sync_folder", failing)
    path = tmp_path / "codes.txt"
    with pytest.raises(NameUnsure), whole_file(path) as file:
        file.write(b"a\n")
    assert path.read_bytes() == b"a\n"
