"""The lines of a text file from outside: decoded, bounded, numbered.

Every file is read to its end or named as what it is; nothing of it can grow without bound in memory.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

FILE_BYTES = 1_000_000_000  # ten million full codes; a device or a disk image is not read to its end
LINE_CHARACTERS = 4_096
_HEAD_BYTES = 4_096

_MARKS = (  # the longer before the shorter that it begins with
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_OTHERS = (
    (b"PK\x03\x04", "an Excel workbook or a ZIP archive: save the sheet as CSV, or unpack it"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook (.xls): save the sheet as CSV"),
    (b"\x1f\x8b", "compressed (gzip): unpack it"),
    (b"%PDF", "a PDF: ask for a text file or CSV"),
)


class NoText(Exception):
    """The file as a whole is no text that can be read; the message says what it is and what to do."""


def numbered(path: Path) -> Iterator[tuple[int, str, str]]:
    """Each line as its number, its text without line end, and what is wrong with it as a line (mostly nothing).

    Line ends are LF, CRLF and CR; a Ctrl-Z that ends the file is none of its text. Raises OSError and NoText.
    """
    with opened(path) as file:
        following = file.readline(LINE_CHARACTERS + 1)
        number = 0
        while following:
            number += 1
            text, problem = following, ""
            if len(text) > LINE_CHARACTERS and not text.endswith("\n"):
                problem = f"a line of more than {LINE_CHARACTERS:,} characters"
                while following and not following.endswith("\n"):
                    following = file.readline(LINE_CHARACTERS)
                text = ""
            following = file.readline(LINE_CHARACTERS + 1)
            text = text.rstrip("\n")
            yield number, text if following else text.removesuffix("\x1a"), problem


def opened(path: Path) -> TextIO:
    """The file as text, in the encoding that its beginning tells. Raises OSError and NoText."""
    there = path.stat()
    if not stat.S_ISREG(there.st_mode):
        raise NoText("is no regular file: save it to the disk first")
    if there.st_size > FILE_BYTES:
        raise NoText(f"has more than {FILE_BYTES:,} bytes: split it")
    with path.open("rb") as file:
        encoding = _encoding(file.read(_HEAD_BYTES))
    return path.open(encoding=encoding, errors="replace", newline=None)


def _encoding(head: bytes) -> str:
    for magic, what in _OTHERS:
        if head.startswith(magic):
            raise NoText(f"is {what}")
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    if b"\0" not in head:
        return "utf-8"
    even, odd = head[0::2], head[1::2]
    if b"\0" not in even and 2 * odd.count(b"\0") >= len(odd):  # codes are ASCII, whatever the titles are
        return "utf-16-le"
    if b"\0" not in odd and 2 * even.count(b"\0") >= len(even):
        return "utf-16-be"
    raise NoText("holds NUL bytes: it is no text (or was cut off by a power failure): ask for it again")
