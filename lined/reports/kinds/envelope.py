"""A report's bytes, made piece by piece: JSON with sorted keys, and where the kind asks for it the base64 envelope
around it.

    {"documentBody": "<base64 of the JSON>"}          (API 1.18.2 §5.2 to §5.5; keys sorted: docs/regulator.md, Reports)

One call over 30,000 codes would keep the interpreter from the event loop for 18 ms, so lists are encoded in slices.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from lined.regulator.codec import ENVELOPE_BEGINS, ENVELOPE_ENDS

SLICE = 500  # codes encoded in one go: under 1 ms


class Body(NamedTuple):
    """`packed` is the body, compressed; `fingerprint` the SHA-256 of the body as it is sent; `codes` how many are in
    it.
    """

    packed: bytes
    fingerprint: str
    codes: int
    revision: int


class Pieces:
    """Text goes in, the packed body and its fingerprint come out. Text is ASCII: JSON with escapes."""

    def __init__(self, *, envelope: bool) -> None:
        self._envelope = envelope
        self._digest = hashlib.sha256()
        self._packer = zlib.compressobj(1)
        self._parts: list[bytes] = []
        self._carry = b""
        if envelope:
            self._out(ENVELOPE_BEGINS.encode())

    def put(self, text: str) -> None:
        raw = text.encode("ascii")
        if not self._envelope:
            self._out(raw)
            return
        raw = self._carry + raw
        whole = len(raw) - len(raw) % 3
        self._carry = raw[whole:]
        self._out(base64.b64encode(raw[:whole]))

    def done(self, codes: int, revision: int) -> Body:
        """`codes`: how many members of the report are in it; `revision`: the report's when it was read."""
        if self._envelope:
            self._out(base64.b64encode(self._carry) + ENVELOPE_ENDS.encode())
        self._parts.append(self._packer.flush())
        return Body(b"".join(self._parts), self._digest.hexdigest(), codes, revision)

    def _out(self, raw: bytes) -> None:
        self._digest.update(raw)
        self._parts.append(self._packer.compress(raw))


def put_document(pieces: Pieces, fields: Mapping[str, Any], name: str, slices: Iterable[Sequence[Any]]) -> None:
    """A JSON object of these fields and, at its place among the sorted keys, the list `name` in slices. None is left
    out.
    """
    before = "{"
    for key in sorted({*(key for key, value in fields.items() if value is not None), name}):
        pieces.put(f"{before}{json.dumps(key)}:")
        if key == name:
            _put_list(pieces, slices)
        else:
            pieces.put(_dumped(fields[key]))
        before = ","
    pieces.put("}")


def _put_list(pieces: Pieces, slices: Iterable[Sequence[Any]]) -> None:
    before = "["
    for items in slices:
        if items:
            pieces.put(before + _dumped(items)[1:-1])
            before = ","
    pieces.put("]" if before == "," else "[]")


def _dumped(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
