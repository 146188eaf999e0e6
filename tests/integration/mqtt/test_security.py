"""TLS, password and rights, at a real broker."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lined.vocabulary.errors import Problem, SettingsError
from tests.integration.mqtt.broker import Broker, broker, ear, make_certificates, needs_mosquitto, until
from tests.integration.mqtt.side import SOON, side
from tests.integration.mqtt.stub import stub

pytestmark = pytest.mark.mosquitto


def passwords(directory: Path, **users: str) -> str:
    needs_mosquitto()
    program = shutil.which("mosquitto_passwd")
    if program is None:
        pytest.skip("there is no mosquitto_passwd")
    file = directory / "passwords"
    file.touch(mode=0o600)
    for user, password in users.items():
        subprocess.run([program, "-b", str(file), user, password], check=True, capture_output=True, timeout=30)
    return f"password_file {file}"


def tls_lines(directory: Path) -> list[str]:
    return [f"{word}file {directory / name}" for word, name in (("cert", "server.crt"), ("key", "server.key"))]


@pytest.mark.parametrize("protocol", [5, 311])
async def test_over_tls_with_the_plants_own_authority(tmp_path: Path, protocol: int) -> None:
    make_certificates(tmp_path)
    async with broker(tmp_path, "allow_anonymous true", *tls_lines(tmp_path)) as at:
        settings: dict[str, Any] = {
            "host": "localhost",
            "tls": True,
            "ca_file": tmp_path / "ca.crt",
            "protocol": protocol,
        }
        async with side(at, **settings) as working:
            for _ in range(20):
                working.line.judges(working.outbox)
            await until(lambda: len(working.line.said) == 20)
            assert working.problems == [None]


@pytest.mark.parametrize(
    ("name", "authority", "why"),
    [("localhost", "another.crt", "certificate verify failed"), ("other.example", "ca.crt", "Hostname mismatch")],
)
async def test_a_broker_that_cannot_prove_who_it_is_hears_nothing(
    tmp_path: Path, name: str, authority: str, why: str
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    make_certificates(other)
    shutil.copy(other / "ca.crt", tmp_path / "another.crt")
    make_certificates(tmp_path, name)
    settings: dict[str, Any] = {"host": "localhost", "tls": True, "ca_file": tmp_path / authority, "username": "u"}
    async with broker(tmp_path, "allow_anonymous true", *tls_lines(tmp_path)) as at:
        async with side(at, wait=False, **settings) as working:
            await until(lambda: working.problems)
            assert why in str(working.problems[0])
            assert not working.outbox.state.connected
        assert "New client connected" not in at.log()


async def test_plain_text_is_not_spoken_to_a_broker_that_wants_tls(tmp_path: Path) -> None:
    make_certificates(tmp_path)
    async with broker(tmp_path, "allow_anonymous true", *tls_lines(tmp_path)) as at, side(at, wait=False) as working:
        await until(lambda: working.problems)
        assert not working.outbox.state.connected


@pytest.mark.parametrize("protocol", [5, 311])
async def test_the_password_is_read_anew_for_each_connection(tmp_path: Path, protocol: int) -> None:
    line = passwords(tmp_path, line="right", watcher="w")
    secret = tmp_path / "secret"
    secret.write_text("wrong")
    async with broker(tmp_path, "allow_anonymous false", line) as at:
        settings: dict[str, Any] = {"username": "line", "password": secret.read_text, "protocol": protocol}
        async with side(at, wait=False, **settings) as working:
            await until(lambda: working.problems)
            assert "uthori" in str(working.problems[0])
            secret.write_text("right")
            await until(lambda: working.outbox.state.connected and working.problems[-1] is None)


async def test_a_password_that_cannot_be_read_is_a_problem_and_no_crash(tmp_path: Path) -> None:
    fails = [True]

    def password() -> str:
        if fails:
            raise SettingsError([Problem("mqtt.password_file", "cannot read it")])
        return "right"

    line = passwords(tmp_path, line="right")
    settings: dict[str, Any] = {"wait": False, "username": "line", "password": password}
    async with broker(tmp_path, "allow_anonymous false", line) as at, side(at, **settings) as working:
        await until(lambda: working.problems)
        assert "cannot read it" in str(working.problems[0])
        fails.clear()
        await until(lambda: working.outbox.state.connected)


def acl(directory: Path, text: str) -> list[str]:
    (directory / "acl").write_text(text)
    (directory / "acl").chmod(0o600)
    return ["allow_anonymous false", passwords(directory, line="right", plc="p"), f"acl_file {directory / 'acl'}"]


async def test_the_least_rights_are_enough(tmp_path: Path) -> None:
    rights = "user line\ntopic write lined/line-1/#\ntopic read lined/line-1/command/#\nuser plc\ntopic readwrite #\n"
    async with broker(tmp_path, *acl(tmp_path, rights)) as at:
        as_plc = {"username": "plc", "password": "p"}
        async with ear(at, **as_plc) as heard, side(at, username="line", password=lambda: "right") as working:
            working.line.judges(working.outbox)
            await heard.ask("count", {"id": "1", "station": "marking"})
            await until(lambda: heard.on("reply/count") and heard.on("verdict"))
            assert working.problems == [None]
            assert working.line.said == [1]


async def test_without_the_right_to_hear_commands_verdicts_are_told_and_the_problem_is_named() -> None:
    """Mosquitto grants every subscription and passes nothing on; other brokers say no."""
    async with stub(granted=0x80) as answering, side(answering.as_broker, protocol=311) as working:
        working.line.judges(working.outbox)
        await until(lambda: working.line.said == [1])
        assert working.outbox.state.connected
        assert "lined-line-1-" in str(working.problems[0])
        assert "/command/+" in str(working.problems[0])


async def test_a_broker_that_never_answers_is_left_within_the_bound_and_tried_again() -> None:
    limits = replace(SOON, connect_s=0.2)
    async with stub(mute=True) as silent, side(silent.as_broker, limits, wait=False, protocol=311) as working:
        await until(lambda: silent.connections >= 3)
        await until(lambda: silent.open <= 1)
        assert not working.outbox.state.connected
        assert "timed out" in str(working.problems[0])


async def test_where_nobody_listens_it_says_so_and_goes_on_trying(tmp_path: Path) -> None:
    async with broker(tmp_path) as at:
        await at.stop()
        async with side(Broker(tmp_path, port=at.port), wait=False) as working:
            await until(lambda: working.problems)
            assert "refused" in str(working.problems[0])
            await at.start()
            await until(lambda: working.outbox.state.connected)
            assert working.problems[-1] is None
