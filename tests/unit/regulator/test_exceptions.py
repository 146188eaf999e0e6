"""Nothing that httpx or httpcore can raise goes past `wire.OUTSIDE` untranslated."""

from __future__ import annotations

import inspect
from types import ModuleType

import httpcore
import httpx
import pytest

from lined.regulator.wire import OUTSIDE

# What was looked at one by one. httpx turns each of httpcore's into its own of the same name, ConnectionNotAvailable
# never leaves httpcore's pool, and HTTPStatusError is raised only by raise_for_status, which nobody calls here.
HTTPX = {
    "CloseError", "ConnectError", "ConnectTimeout", "CookieConflict", "DecodingError", "HTTPError", "HTTPStatusError",
    "InvalidURL", "LocalProtocolError", "NetworkError", "PoolTimeout", "ProtocolError", "ProxyError", "ReadError",
    "ReadTimeout", "RemoteProtocolError", "RequestError", "RequestNotRead", "ResponseNotRead", "StreamClosed",
    "StreamConsumed", "StreamError", "TimeoutException", "TooManyRedirects", "TransportError", "UnsupportedProtocol",
    "WriteError", "WriteTimeout",
}  # fmt: skip
HTTPCORE = {
    "ConnectError", "ConnectTimeout", "ConnectionNotAvailable", "LocalProtocolError", "NetworkError", "PoolTimeout",
    "ProtocolError", "ProxyError", "ReadError", "ReadTimeout", "RemoteProtocolError", "TimeoutException",
    "UnsupportedProtocol", "WriteError", "WriteTimeout",
}  # fmt: skip


def _exceptions(module: ModuleType) -> dict[str, type[BaseException]]:
    found = {name: getattr(module, name) for name in module.__all__}
    return {name: each for name, each in found.items() if inspect.isclass(each) and issubclass(each, BaseException)}


@pytest.mark.parametrize(("module", "known"), [(httpx, HTTPX), (httpcore, HTTPCORE)])
def test_no_exception_has_been_added_that_nobody_looked_at(module: ModuleType, known: set[str]) -> None:
    assert set(_exceptions(module)) == known


def test_everything_httpx_raises_is_translated() -> None:
    assert [name for name, each in _exceptions(httpx).items() if not issubclass(each, OUTSIDE)] == []


def test_httpx_knows_everything_httpcore_raises() -> None:
    """Its own table: what is missing there would come through as httpcore's."""
    from httpx._transports.default import _load_httpcore_exceptions

    covered = tuple(_load_httpcore_exceptions())
    strangers = [name for name, each in _exceptions(httpcore).items() if not issubclass(each, covered)]
    assert strangers == ["ConnectionNotAvailable"]


def test_what_the_network_itself_raises_is_translated() -> None:
    for each in (ConnectionResetError, TimeoutError, BrokenPipeError, UnicodeEncodeError):
        assert issubclass(each, OUTSIDE)
