from __future__ import annotations

import re

import pytest

from lined.devices import ListenUrl, SerialUrl, TcpUrl, parse_url


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("tcp://10.0.0.21:9004", TcpUrl("10.0.0.21", 9004)),
        ("tcp://camera.line.local:23", TcpUrl("camera.line.local", 23)),
        ("tcp://[fe80::1]:2112", TcpUrl("fe80::1", 2112)),
        ("tcp-listen://0.0.0.0:9005", ListenUrl("0.0.0.0", 9005)),
        ("tcp-listen://[::]:9005", ListenUrl("::", 9005)),
        ("tcp-listen://127.0.0.1:0", ListenUrl("127.0.0.1", 0)),
        ("serial:///dev/ttyUSB0", SerialUrl("/dev/ttyUSB0", 9600, 8, "N", 1.0)),
        (
            "serial:///dev/serial/by-id/usb-FTDI_A5-if00?baud=115200&bits=7&parity=E&stop=1.5",
            SerialUrl("/dev/serial/by-id/usb-FTDI_A5-if00", 115200, 7, "E", 1.5),
        ),
        ("serial:///dev/odd%20name%23", SerialUrl("/dev/odd name#")),
    ],
)
def test_a_url_says_where_the_device_is(text: str, url: object) -> None:
    assert parse_url(text) == url


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must begin with"),
        ("10.0.0.21:9004", "must begin with"),
        ("udp://10.0.0.21:9004", "must begin with"),
        ("tcp://10.0.0.21", "needs a port"),
        ("tcp://10.0.0.21:0", "needs a port"),
        ("tcp://:9004", "needs a host"),
        ("tcp-listen://:9004", "needs a host"),
        ("tcp://10.0.0.21:65536", "65535"),
        ("tcp://10.0.0.21:port", "65535"),
        ("tcp://10.0.0.21:9004/", "nothing else"),
        ("tcp://10.0.0.21:9004?x=1", "nothing else"),
        ("tcp://user@10.0.0.21:9004", "nothing else"),
        ("tcp://10.0.0. 21:9004", "blanks"),
        ("tcp://10.0.0.21:9004\n", "blanks"),
        ("tcp://[::1:9004", "is no URL"),
        ("serial://dev/ttyUSB0", "three slashes"),
        ("serial:///", "three slashes"),
        ("serial:///dev/ttyUSB0?baud=fast", "baud"),
        ("serial:///dev/ttyUSB0?baud=0", "baud"),
        ("serial:///dev/ttyUSB0?baud=", "baud"),
        ("serial:///dev/ttyUSB0?bits=9", "5, 6, 7, 8"),
        ("serial:///dev/ttyUSB0?parity=n", "N, E, O, M, S"),
        ("serial:///dev/ttyUSB0?stop=3", "1, 1.5, 2"),
        ("serial:///dev/ttyUSB0?speed=9600", "'speed'"),
        ("serial:///dev/ttyUSB0?baud=9600&baud=9600", "twice"),
    ],
)
def test_a_wrong_url_is_refused_with_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        parse_url(text)
