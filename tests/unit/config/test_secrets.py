"""Secrets: read from where they stand, with words where they cannot be had, and never shown."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lined.config import Config, Secret, from_tables
from lined.vocabulary.errors import SettingsError

Read = Callable[[dict[str, Any]], Config]
Judge = Callable[[dict[str, Any]], dict[str, str]]


def _problem(secret: Secret) -> tuple[str, str]:
    with pytest.raises(SettingsError) as caught:
        secret.read()
    [problem] = caught.value.problems
    return problem.path, problem.message


def test_a_secret_is_the_line_in_its_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    for content in ("s3cret", "s3cret\n", "s3cret\r\n"):
        file.write_text(content, newline="")
        assert Secret("regulator.api_key_file", str(file)).read() == "s3cret"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"hush\nhush\n", "more than one line"),
        (b"\xff\xfe", "is not text"),
        (b"x" * 65_537, "larger than"),
    ],
)
def test_a_file_that_holds_no_secret_is_told_by_the_key_that_names_it(
    content: bytes, words: str, tmp_path: Path
) -> None:
    (tmp_path / "key").write_bytes(content)
    path, message = _problem(Secret("mqtt.password_file", str(tmp_path / "key")))
    assert path == "mqtt.password_file"
    assert words in message
    assert "hush" not in message


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_secret_that_may_not_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "key").touch(mode=0o000)
    assert "Permission denied" in _problem(Secret("regulator.api_key_file", str(tmp_path / "key")))[1]


def test_a_credential_comes_from_systemds_directory(
    tables: dict[str, Any], read: Read, judge: Judge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables["regulator"]["api_key_file"] = "credential:lined_api-key"
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert "No such file" in judge(tables)["regulator.api_key_file"]
    (tmp_path / "lined_api-key").write_text("s3cret")
    config = read(tables)
    assert config.regulator.api_key is not None
    assert config.regulator.api_key.read() == "s3cret"
    assert not config.warnings or "regulator.api_key_file" not in {warning.path for warning in config.warnings}


def test_a_credential_without_systemd_is_a_warning_until_it_is_needed(
    tables: dict[str, Any], read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    tables["regulator"]["api_key_file"] = "credential:lined_api-key"
    config = read(tables)
    assert "given by systemd" in dict(config.warnings)["regulator.api_key_file"]
    assert config.regulator.api_key is not None
    path, message = _problem(config.regulator.api_key)
    assert path == "regulator.api_key_file"
    assert "LoadCredential=lined_api-key:" in message


@pytest.mark.parametrize("name", ["", "../key", "a/b", "a b"])
def test_a_credentials_name_is_no_path(name: str, tables: dict[str, Any], judge: Judge) -> None:
    tables["regulator"]["api_key_file"] = f"credential:{name}"
    assert "the credential's name" in judge(tables)["regulator.api_key_file"]


def test_people_who_may_not_read_secrets_can_load_the_rest(tables: dict[str, Any], tmp_path: Path) -> None:
    assert from_tables(tables, tmp_path / "elsewhere", secrets=False).line.id == "line-1"


def test_a_key_and_a_login_exclude_each_other(tables: dict[str, Any], read: Read, base: Path) -> None:
    config = read(tables)
    assert (config.regulator.api_key, config.regulator.password) == (
        Secret("regulator.api_key_file", str(base / "api-key")),
        None,
    )
    (base / "password").write_text("secret")
    del tables["regulator"]["api_key_file"]
    tables["regulator"] |= {"login": "line", "password_file": "password"}
    config = read(tables)
    assert (config.regulator.api_key, config.regulator.password) == (
        None,
        Secret("regulator.password_file", str(base / "password")),
    )


def test_a_configuration_shows_no_secret(tables: dict[str, Any], read: Read) -> None:
    config = read(tables)
    assert "a-key-of-a-business-user" not in config.model_dump_json() + repr(config) + repr(config.regulator.api_key)


@pytest.mark.parametrize(("table", "key"), [("regulator", "api_key"), ("regulator", "password"), ("mqtt", "password")])
def test_a_secret_written_into_the_configuration_is_no_key_and_is_not_repeated(
    table: str, key: str, tables: dict[str, Any], judge: Judge
) -> None:
    tables[table][key] = "hush-hush"
    problems = judge(tables)
    assert f"{table}.{key}" in problems
    assert "hush-hush" not in str(problems)
