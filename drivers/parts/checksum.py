"""Check characters of a frame.

xor       one byte, the exclusive or of all bytes (LRC, BCC)
xor-hex   the same as two hexadecimal digits
sum       one byte, the sum of all bytes modulo 256
sum-hex   the same as two hexadecimal digits
"""

from __future__ import annotations

from functools import reduce
from operator import xor

KINDS = ("xor", "xor-hex", "sum", "sum-hex")


def width(kind: str) -> int:
    """How many bytes the check characters are."""
    return 2 if kind.endswith("-hex") else 1


def check_of(kind: str, data: bytes) -> bytes:
    """The check characters of `data`."""
    value = reduce(xor, data, 0) if kind.startswith("xor") else sum(data) & 0xFF
    return b"%02X" % value if kind.endswith("-hex") else bytes((value,))


def agrees(kind: str, data: bytes, check: bytes) -> bool:
    """Hexadecimal digits may be of either case."""
    return check_of(kind, data) == (check.upper() if kind.endswith("-hex") else check)
