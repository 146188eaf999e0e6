"""The token of commands: one file, one mode, whole or not at all."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from lined.api.token import StatusUnavailable, make_token


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_token_is_long_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "line-1.db.token"
    token = make_token(path)
    assert len(token) >= 32
    assert path.read_text() == f"{token}\n"
    assert mode(path) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_the_token_of_the_last_run_stays(tmp_path: Path) -> None:
    path = tmp_path / "token"
    assert make_token(path) == make_token(path)


def test_two_lines_have_two_tokens(tmp_path: Path) -> None:
    assert make_token(tmp_path / "a") != make_token(tmp_path / "b")


def test_a_token_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "token"
    token = make_token(path)
    path.chmod(0o644)
    assert make_token(path) == token
    assert mode(path) == 0o600


@pytest.mark.parametrize(
    "content", [b"", b"short\n", b"\xff" * 40, b"x" * 300, b"two words of thirty-two characters ok\n"]
)
def test_what_is_no_token_is_replaced(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "token"
    path.write_bytes(content)
    token = make_token(path)
    assert path.read_text() == f"{token}\n"
    assert mode(path) == 0o600


def test_a_link_put_in_its_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("x" * 40)
    (tmp_path / "token").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StatusUnavailable, match="cannot be had"):
        make_token(tmp_path / "token")
    assert (tmp_path / "elsewhere").read_text() == "x" * 40


def test_a_directory_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(StatusUnavailable, match="nowhere/token"):
        make_token(tmp_path / "nowhere" / "token")
