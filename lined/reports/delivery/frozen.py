"""Contents of a frozen body, read back out of its bytes: what was sent, whatever became of its codes since."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

from lined.journal.database import Connection
from lined.journal.tables import bodies
from lined.regulator.codec import ENVELOPE_BEGINS, ENVELOPE_ENDS
from lined.reports.kinds.bodies import unpacked

_BASE64_SLICE = 256 * 1024  # a multiple of 4


def stored_body(connection: Connection, report_id: int) -> bytes:
    """The exact bytes that go, or went, over the wire. Raises LookupError for a report without a body."""
    packed = bodies.packed(connection, report_id)
    if packed is None:
        raise LookupError(f"report {report_id} has no body")
    return unpacked(packed)


def elements(connection: Connection, report_id: int, name: str) -> Iterator[object]:
    """The elements of the list of this name in the body, one by one: a list of 30,000 decoded in one call would keep
    the interpreter from the event loop.
    """
    text = _document(stored_body(connection, report_id))
    for element, _ in _elements(text, _start(text, name)):
        yield element


def fields(connection: Connection, report_id: int, name: str) -> dict[str, object]:
    """Everything in the body but the list of this name."""
    text = _document(stored_body(connection, report_id))
    start = end = _start(text, name)
    for _, end in _elements(text, start):  # noqa: B007  where the last one ends
        pass
    found: dict[str, object] = json.loads(text[:start] + text[end:])
    del found[name]
    return found


def _start(text: str, name: str) -> int:
    return text.index(f'"{name}":[') + len(name) + 4


def _elements(text: str, at: int) -> Iterator[tuple[object, int]]:
    """Each element, and where what follows it begins."""
    decode = json.JSONDecoder().raw_decode
    while text[at] != "]":
        element, at = decode(text, at)
        at += text[at] == ","
        yield element, at


def _document(body: bytes) -> str:
    """The JSON itself, without the envelope around it."""
    if not body.startswith(ENVELOPE_BEGINS.encode()):
        return body.decode("ascii")
    inner = body[len(ENVELOPE_BEGINS) : -len(ENVELOPE_ENDS)]
    slices = range(0, len(inner), _BASE64_SLICE)
    return b"".join(base64.b64decode(inner[start : start + _BASE64_SLICE]) for start in slices).decode("ascii")
