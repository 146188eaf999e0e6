"""Which names are ours, and who is on this computer."""

from __future__ import annotations

from typing import Any

import pytest

from lined.api.gate import Gate, Known, is_loopback


async def nobody(*_: Any) -> None:
    raise AssertionError("not asked for")


def hosts(host: str, port: int, reached: str) -> list[str]:
    gate = Gate(nobody, Known("token"), lambda: (host, port))
    return gate.hosts({"type": "http", "server": (reached, port)})


def test_on_loopback_only_loopback_s_names_are_ours() -> None:
    assert hosts("127.0.0.1", 8480, "127.0.0.1") == ["127.0.0.1:8480", "localhost:8480", "[::1]:8480"]


def test_where_it_was_told_to_listen_is_ours() -> None:
    assert hosts("10.0.0.5", 8480, "10.0.0.5")[3:] == ["10.0.0.5:8480"]
    assert hosts("127.0.0.9", 8480, "127.0.0.9")[3:] == ["127.0.0.9:8480"]
    assert hosts("fd00::5", 8480, "fd00::5")[3:] == ["[fd00::5]:8480"]


@pytest.mark.parametrize("wildcard", ["0.0.0.0", "::"])
def test_listening_everywhere_the_address_that_was_reached_is_ours_and_the_wildcard_is_not(wildcard: str) -> None:
    assert hosts(wildcard, 8480, "10.0.0.5")[3:] == ["10.0.0.5:8480"]


def test_without_a_port_only_where_browsers_leave_it_out() -> None:
    assert "localhost" in hosts("127.0.0.1", 80, "127.0.0.1")
    assert "localhost" not in hosts("127.0.0.1", 8480, "127.0.0.1")


@pytest.mark.parametrize(
    ("client", "near"),
    [
        (("127.0.0.1", 5), True),
        (("127.9.9.9", 5), True),
        (("::1", 5), True),
        (("::ffff:127.0.0.1", 5), True),
        (("10.0.0.5", 5), False),
        (("fe80::1%eth0", 5), False),
        (("::ffff:10.0.0.5", 5), False),
        (None, False),
    ],
)
def test_who_is_on_this_computer(client: tuple[str, int] | None, near: bool) -> None:
    assert is_loopback({"type": "http", "client": client}) is near
