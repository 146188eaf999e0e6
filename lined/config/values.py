"""Single values of the configuration: what each may be, and what to say where it is something else.

A validator here returns the value or raises ValueError with a sentence that says what is wrong and what to write.
"""

from __future__ import annotations

import datetime
import ipaddress
import os
import re
import zoneinfo
from pathlib import Path
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from lined.codes import gtin_check_digit
from lined.config.secret import CREDENTIAL

DAY_S = 86_400.0
PATH_CHARACTERS = 1_000
NAME_BYTES = 255  # of one part of a path: what Linux takes
DIGITS_SHOWN = 10**40


def shown(value: object) -> str:
    """A value as people wrote it, short enough for one line, and such that any terminal can show it."""
    if isinstance(value, int) and abs(value) >= DIGITS_SHOWN:
        return f"a number of {int(value.bit_length() * 0.30103) + 1} digits"
    text = ascii(value[:60]) if isinstance(value, str) and not value.isprintable() else repr(_beginning(value))
    return text if len(text) <= 60 else text[:57] + "..."


def _beginning(value: object) -> object:
    return value[:60] if isinstance(value, str | bytes | list | tuple) else value


def is_loopback(host: str) -> bool:
    """Whether `host` can only be this machine. Names are not looked up: only `localhost` is known to be."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def split_url(text: str, schemes: tuple[str, ...]) -> SplitResult:
    """`text` as scheme, host, port and path only. Raises ValueError."""
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError as error:
        raise ValueError(f"{shown(text)} is not an address: {error}") from None
    expected = " or ".join(f"{scheme}://" for scheme in schemes)
    if url.scheme not in schemes or not url.hostname or not text.isascii() or re.search(r"[\s\x00-\x1f\x7f]", text):
        raise ValueError(f"must be an address that begins with {expected} and a host's name, not {shown(text)}")
    if port == 0:
        raise ValueError("port 0 cannot be connected to: write the port, or leave it out for the usual one")
    if url.username is not None or url.password is not None:
        raise ValueError("must not hold a user or password: secrets stand in files of their own (…_file)")
    if url.query or url.fragment:
        raise ValueError(f"must not have anything after ? or #, as {shown(text)} has")
    return url


def _identifier(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9-]{1,32}", text):
        raise ValueError(f"may have 1 to 32 characters of a-z, 0-9 and -, not {shown(text)}")
    return text


def _text(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError(f"must be a line of readable text, not {shown(text)}")
    return text


def _text_or_nothing(text: str) -> str:
    return _text(text) if text else text


def _timezone(text: str) -> str:
    try:
        zoneinfo.ZoneInfo(text)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"there is no time zone {shown(text)}: write one such as Asia/Tashkent") from None
    return text


def _clock(text: str) -> str:
    if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", text):
        raise ValueError(f"must be a time of day such as 08:00, not {shown(text)}")
    return text


def _regulator_url(text: str) -> str:
    url = split_url(text, ("https", "http"))
    if url.scheme == "http" and not is_loopback(url.hostname or ""):
        raise ValueError("http:// would send the key in the clear; it goes to this machine only: write https://")
    return text.rstrip("/")


def _mqtt_url(text: str) -> str:
    url = split_url(text, ("mqtt", "mqtts"))
    if url.path not in {"", "/"}:
        raise ValueError(f"has a path, {shown(url.path)}, which MQTT does not know: leave it out")
    return text


def _mqtt_root(text: str) -> str:
    if not re.fullmatch(r"[^\s+#/$\x00][^\s+#\x00]{0,127}", text) or text.endswith("/") or not text.isprintable():
        raise ValueError(
            f"must be the beginning of a topic, without spaces, +, # or a slash at its ends: {shown(text)}"
        )
    return text


def _host_name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?", text):
        raise ValueError(f"must be the name of a computer, without scheme and port: {shown(text)}")
    return text.lower()


def split_listen(text: str) -> tuple[str, int]:
    """`HOST:PORT` or `[V6]:PORT`; port 0 takes a free one. Raises ValueError."""
    host, colon, port = text.rpartition(":")
    host = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        known = host == "localhost" or bool(ipaddress.ip_address(host))
    except ValueError:
        known = False
    if not colon or not known or not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > 65_535:
        raise ValueError(f"must be an address of this machine and a port, such as 127.0.0.1:8480, not {shown(text)}")
    return host, int(port)


def _listen(text: str) -> str:
    split_listen(text)
    return text


def _gtin(text: str) -> str:
    if not re.fullmatch(r"[0-9]{14}", text):
        raise ValueError(f"must have 14 digits, with leading zeros for a shorter EAN, not {shown(text)}")
    if not int(text):
        raise ValueError("no product has a GTIN of zeros")
    right = gtin_check_digit(text[:-1])
    if text[-1] != right:
        raise ValueError(f"the check digit of {text} would have to be {right}: compare it with the product's card")
    return text


def _tin(text: str) -> str:
    if not re.fullmatch(r"[0-9]{9,14}", text):  # 9 digits in Uzbekistan, a PINFL has 14
        raise ValueError(f"must be the taxpayer's number, 9 to 14 digits in quotes, not {shown(text)}")
    return text


def _country(text: str) -> str:
    if not re.fullmatch(r"[A-Z]{2}", text):
        raise ValueError(f"must be a country's two capital letters, such as UZ, not {shown(text)}")
    return text


def _wire(text: str) -> str:
    if any(ord(character) > 0xFF for character in text):
        raise ValueError(f"can hold characters up to \\u00ff only, each is one byte on the wire: {shown(text)}")
    return text


def _device_url(text: str) -> str:
    from lined.devices.urls import parse_url

    parse_url(text)
    return text


def _path_text(value: object, info: ValidationInfo) -> object:
    """Text -> absolute path; relative ones are relative to the file (context `base`)."""
    if not isinstance(value, str):
        raise ValueError(f"must be a file's path in quotes, not {shown(value)}")  # noqa: TRY004 - pydantic's way
    if not value or not value.isprintable():
        raise ValueError(f"must be a file's path, not {shown(value)}")
    if len(value) > PATH_CHARACTERS or any(len(part.encode()) > NAME_BYTES for part in value.split("/")):
        raise ValueError(f"is longer than a file's path can be: {shown(value)}")
    base = (info.context or {}).get("base", Path())
    return Path(os.path.normpath(base / value))


def _secret_name(text: str, info: ValidationInfo) -> str:
    """A secret's file as an absolute path, or `credential:NAME`."""
    if text.startswith(CREDENTIAL):
        if not re.fullmatch(r"[A-Za-z0-9_.-]{1,255}", text.removeprefix(CREDENTIAL)) or ".." in text:
            raise ValueError(f"must be {CREDENTIAL} and the credential's name, not {shown(text)}")
        return text
    return str(_path_text(text, info))


def _profile_name(text: str, info: ValidationInfo) -> str:
    """A profile's name, or the absolute path of a file of the user's."""
    return str(_path_text(text, info)) if "/" in text or text.endswith(".toml") else _text(text)


def _optional_name(text: str, info: ValidationInfo) -> str:
    return _secret_name(text, info) if text else text


def _optional_path(value: object, info: ValidationInfo) -> object:
    return None if value == "" else _path_text(value, info)


def is_directory(path: Path) -> bool:
    """False also for what may not be looked at."""
    try:
        return path.is_dir()
    except OSError:
        return False


def is_file(path: Path) -> bool:
    """False also for what may not be looked at."""
    try:
        return path.is_file()
    except OSError:
        return False


def clock_time(text: str) -> datetime.time:
    """`08:00` as a time."""
    return datetime.time.fromisoformat(text)


Id = Annotated[str, AfterValidator(_identifier)]
Text = Annotated[str, Field(max_length=200), AfterValidator(_text)]
ProfileName = Annotated[str, Field(max_length=500), AfterValidator(_profile_name)]
OptionalText = Annotated[str, Field(max_length=200), AfterValidator(_text_or_nothing)]
Timezone = Annotated[str, AfterValidator(_timezone)]
Clock = Annotated[str, AfterValidator(_clock)]
RegulatorUrl = Annotated[str, Field(max_length=500), AfterValidator(_regulator_url)]
MqttUrl = Annotated[str, Field(max_length=500), AfterValidator(_mqtt_url)]
MqttRoot = Annotated[str, AfterValidator(_mqtt_root)]
HostName = Annotated[str, AfterValidator(_host_name)]
Listen = Annotated[str, AfterValidator(_listen)]
Gtin = Annotated[str, AfterValidator(_gtin)]
Tin = Annotated[str, AfterValidator(_tin)]
Country = Annotated[str, AfterValidator(_country)]
DeviceUrl = Annotated[str, Field(max_length=500), AfterValidator(_device_url)]
Wire = Annotated[str, Field(max_length=256), AfterValidator(_wire)]
FilePath = Annotated[Path, BeforeValidator(_path_text)]
OptionalFilePath = Annotated[Path | None, BeforeValidator(_optional_path)]
SecretName = Annotated[str, AfterValidator(_secret_name)]
OptionalSecretName = Annotated[str, AfterValidator(_optional_name)]
Wait = Annotated[float, Field(gt=0, le=DAY_S)]
Pause = Annotated[float, Field(ge=0, le=DAY_S)]
