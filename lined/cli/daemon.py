"""The running daemon over its local HTTP: one request, one answer, or an error that says what to do.

A command carries an id, so that it can be asked again after a broken connection without being done twice.
"""

from __future__ import annotations

import contextlib
import getpass
import http.client
import json
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlencode

from lined.api.statuses import kind_of
from lined.vocabulary.errors import JournalFull, LinedError, Problem

if TYPE_CHECKING:
    from lined.config import Config

QUESTION_S: Final = 10.0
COMMAND_S: Final = 40.0  # the daemon itself gives up after 30 s
ANSWER_BYTES: Final = 32 * 1024 * 1024
ANY_ADDRESS: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where lined listens, not this program


class NoDaemon(LinedError):
    """Nothing answers where the daemon should."""


class DaemonFailed(LinedError):
    """Something answers, but not what was asked."""


class Address(NamedTuple):
    host: str
    port: int

    def __str__(self) -> str:
        return f"{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


def address_of(config: Config) -> Address:
    """Where the daemon listens; for port 0 the port that it got, told beside the journal (0: it has told none yet)."""
    host, port = config.status.address
    if port == 0:
        with contextlib.suppress(OSError, ValueError):
            port = int(config.journal.port_path.read_text("ascii"))
    return Address(ANY_ADDRESS.get(host, host), port)


def ask(config: Config, path: str, **query: object) -> Any:
    """The answer to a question. Raises NoDaemon, DaemonFailed, JournalFull."""
    asked = urlencode({name: value for name, value in query.items() if value is not None})
    return _exchange(address_of(config), "GET", f"{path}?{asked}" if asked else path, {}, None, QUESTION_S)


def ask_as_engineer(config: Config, path: str, **query: object) -> Any:
    """As `ask`, with the token of the line."""
    asked = urlencode({name: value for name, value in query.items() if value is not None})
    to = address_of(config)
    headers = {"Authorization": f"Bearer {_token(config)}"}
    return _exchange(to, "GET", f"{path}?{asked}" if asked else path, headers, None, QUESTION_S)


def ask_file(config: Config, path: str, **query: object) -> bytes:
    """The answer as it came, where it is a file. Raises as `ask`."""
    asked = urlencode({name: value for name, value in query.items() if value is not None})
    to = address_of(config)
    status, content = _received(to, "GET", f"{path}?{asked}", {}, None, QUESTION_S)
    if status != 200:
        _understood(to, status, content)
    return content


def command(config: Config, name: str, body: Mapping[str, object], by: str | None = None, subject: str = "") -> Any:
    """Have a command of the registry carried out; the answer is durable. Raises as `ask`.

    After a broken connection it is asked once more, with the same id.
    """
    from lined.commands.registry import registry

    path = registry.path_of(name, subject)
    sent = json.dumps({**body, "by": by or _user(), "id": f"cli-{secrets.token_hex(12)}"}).encode()
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {_token(config)}"}
    to = address_of(config)
    try:
        return _exchange(to, "POST", path, headers, sent, COMMAND_S)
    except DaemonFailed:
        return _exchange(to, "POST", path, headers, sent, COMMAND_S)


def _exchange(
    to: Address, method: str, target: str, headers: Mapping[str, str], body: bytes | None, timeout_s: float
) -> Any:
    return _understood(to, *_received(to, method, target, headers, body, timeout_s))


def _received(
    to: Address, method: str, target: str, headers: Mapping[str, str], body: bytes | None, timeout_s: float
) -> tuple[int, bytes]:
    """Status and content of the answer, whatever they are. Raises NoDaemon, DaemonFailed."""
    connection = http.client.HTTPConnection(to.host, to.port, timeout=timeout_s)
    try:
        connection.connect()
    except OSError as error:
        raise NoDaemon(f"nothing answers at {to} ({error.strerror or error})") from None
    try:
        connection.request(method, target, body, dict(headers))
        answer = connection.getresponse()
        content = answer.read(ANSWER_BYTES)
    except (OSError, http.client.HTTPException) as error:
        raise DaemonFailed(f"the daemon at {to} broke off: {str(error) or type(error).__name__}") from None
    finally:
        connection.close()
    return answer.status, content


def _understood(to: Address, status: int, content: bytes) -> Any:
    try:
        document = json.loads(content)
    except ValueError:
        raise _foreign(to, status) from None
    if 200 <= status < 300:
        return document
    error = document.get("error") if isinstance(document, dict) else None
    if not isinstance(error, dict):
        raise _foreign(to, status)
    message = str(error.get("message"))
    if status == 503 and error.get("code") == "cannot-commit":
        raise JournalFull(message)
    details = [Problem(str(one.get("path")), str(one.get("message"))) for one in error.get("details", ())]
    raise kind_of(status)(str(error.get("code")), message, details)


def _foreign(to: Address, status: int) -> LinedError:
    return kind_of(status)("not-lined", f"What answers at {to} is not lined: see status.listen.")


def _token(config: Config) -> str:
    path = config.journal.token_path
    try:
        return path.read_text("ascii").strip()
    except FileNotFoundError:
        raise NoDaemon(f"there is no token at {path}: the daemon has not run yet") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DaemonFailed(f"{path}: {reason}; run this as the user that the line runs as") from None


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name
        return ""
