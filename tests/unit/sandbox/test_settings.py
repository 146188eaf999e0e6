"""Where a sandbox may listen."""

from __future__ import annotations

import pytest

from lined.sandbox.settings import is_loopback, parse_listen
from lined.vocabulary.errors import SettingsError


@pytest.mark.parametrize(
    ("listen", "expected"),
    [
        ("127.0.0.1:8490", ("127.0.0.1", 8490)),
        ("localhost:0", ("localhost", 0)),
        ("[::1]:65535", ("::1", 65535)),
        ("127.8.9.1:1", ("127.8.9.1", 1)),
    ],
)
def test_loopback_is_taken(listen: str, expected: tuple[str, int]) -> None:
    assert parse_listen(listen, allow_lan=False) == expected


@pytest.mark.parametrize("listen", ["", "8490", ":8490", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536"])
def test_what_is_no_address_is_refused(listen: str) -> None:
    with pytest.raises(SettingsError):
        parse_listen(listen, allow_lan=True)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.5", "example.com", ""])
def test_beyond_loopback_is_refused_unless_allowed(host: str) -> None:
    assert not is_loopback(host)
    listen = f"[{host}]:1" if ":" in host else f"{host}:1"
    with pytest.raises(SettingsError):
        parse_listen(listen, allow_lan=False)
    if host:
        assert parse_listen(listen, allow_lan=True) == (host, 1)


def test_a_mapped_loopback_address_is_loopback() -> None:
    assert is_loopback("::ffff:127.0.0.1")
    assert not is_loopback("::ffff:10.0.0.5")
