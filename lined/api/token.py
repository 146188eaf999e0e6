"""The token of commands: beside the journal, readable by the line's own user only (docs/contract.md, HTTP)."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from pathlib import Path

from lined.vocabulary.errors import LinedError

_TOKEN = re.compile(r"[A-Za-z0-9_-]{32,128}")
_READ_BYTES = 256
_MODE = 0o600


class StatusUnavailable(LinedError):
    """The endpoint cannot be offered: no token, or its port cannot be had. The process ends with 1."""


def make_token(path: Path) -> str:
    """The token in that file: the one that stands there, or a new one, written whole or not at all. Mode 0600 after it.

    Raises StatusUnavailable where the file can be neither read nor written.
    """
    try:
        return _existing(path) or _new(path)
    except OSError as error:
        raise StatusUnavailable(f"the token file {path} cannot be had: {error.strerror or error}") from error


def _existing(path: Path) -> str | None:
    """None: there is none, or what stands there is no token of ours."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        found = file.read(_READ_BYTES).decode("ascii", "replace").strip()
        if not _TOKEN.fullmatch(found):
            return None
        os.fchmod(file.fileno(), _MODE)
    return found


def _new(path: Path) -> str:
    token = secrets.token_urlsafe(32)
    unfinished = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _MODE)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            os.fchmod(file.fileno(), _MODE)
            file.write(f"{token}\n")
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        raise
    return token
