r"""The generic driver: frames between a prefix and a suffix, which is what every family can be set to send.

A handheld with AIM id and CR LF, the code as in the request of ASL BELGISI's open API 1.21.1, 5.1.1:

     ]d2 010489921512237121Uhgr>kO42*S<<  GS  93f7PE  CR LF
    |--- |------------------------------|----|-------|-----|
     AIM   identification code           1D    check   suffix
    |--------------- payload = code -----------------|

A verifier that appends the formal grade (aperture 10 mil, 660 nm, 45 degrees; grade as a DataMan 475V writes it),
with `prefix = "\u0002"`, `suffix = "\u0003"` and `pattern = '(?P<code>[^\t]*)\t(?P<grade>[^\t]*)'`; a tab, for `,` and
`;` may stand within a code:

     STX  010489921512237121Uhgr>kO42*S<< GS 93f7PE  HT  3.0/10/660/45Q  ETX
    |----|------------------------------------------|---|---------------|----|
     02    code                                      09   grade           03

Options, all of them free:

    prefix      what a frame begins with; CR and LF before it are ignored, a frame without it is malformed
    suffix      what ends a frame; default: CR, LF or CRLF
    no_read     payloads that say "nothing legible": compared whole, for a code may contain the same letters
    heartbeat   payloads that say "I am alive": counted, no read
    pattern     regular expression over the whole payload, on bytes; groups `code` (required), `grade`, `at`, `image`
    separator   stands between several codes of one frame
    max_bytes   of a frame without its suffix; default 4096. A longer one is one malformed read

What stands before a code and cannot belong to one is dropped and counted: control characters, a telnet negotiation, a
heartbeat that nothing ended.

Texts are Latin-1: U+0000 to U+00FF stand for the bytes 00 to FF. The AIM id is left where it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from drivers.base import DriverOptionError, OptionProblem, Read
from drivers.framing import Framer

MAX_BYTES = 4096
GROUP_SHOWN = 100  # characters of a grade, a time, an image's name
TEXT_MOST = 1_000  # characters of an option
TEXTS_MOST = 100  # payloads that mean the same
MAX_BYTES_MOST = 1_048_576  # a frame is held in memory, and matched, as one piece
OPTIONS = frozenset({"prefix", "suffix", "no_read", "heartbeat", "pattern", "separator", "max_bytes"})
EMPTY_IS_NONE = frozenset({"prefix", "pattern", "separator"})
GROUPS = frozenset({"code", "grade", "at", "image"})
# Control characters but GS, and RFC 854's commands: WILL, WON'T, DO, DON'T; a subnegotiation; NOP and its like.
_NEVER_IN_CODES = rb"[\x00-\x1c\x1e\x1f\x7f]|\xff[\xfb-\xfe].|\xff\xfa.*?\xff\xf0|\xff[\xf0-\xf9]"
_BEGINS_A_CODE = re.compile(rb"(?:\][A-Za-z][0-9A-Za-z])?\x1d?(?:[0-9]{14}|\(0[01]\))")
_SHOWN = dict.fromkeys([*range(0x20), *range(0x7F, 0xA1), 0xAD], "\ufffd")
_FIRST_OF_CODES = frozenset(b"0123456789](\x1d")


class GenericDriver:
    """See the head of the file for the frame and the options."""

    def __init__(self, options: Mapping[str, object]) -> None:
        wanted = _Options(options)
        self.heartbeats = self.dropped_bytes = 0
        self._prefix = wanted.text("prefix") or b""
        suffix = wanted.text("suffix")
        self._no_reads = frozenset(wanted.texts("no_read"))
        self._heartbeats = frozenset(wanted.texts("heartbeat"))
        self._pattern = wanted.pattern("pattern")
        self._separator = wanted.text("separator") or None
        self._max_bytes = wanted.number("max_bytes", MAX_BYTES, 1, MAX_BYTES_MOST)
        for same in sorted(self._no_reads & self._heartbeats):
            wanted.complain("heartbeat", f"{same!r} also stands in no_read")
        wanted.without_suffix("prefix", [self._prefix], suffix)
        wanted.without_suffix("separator", [self._separator or b""], suffix)
        wanted.without_suffix("no_read", self._no_reads, suffix)
        wanted.without_suffix("heartbeat", self._heartbeats, suffix)
        if wanted.problems:
            raise DriverOptionError(wanted.problems)
        self._framer = Framer(suffix, self._max_bytes)
        unended = sorted(
            (re.escape(one) for one in self._heartbeats if one and one[0] not in _FIRST_OF_CODES), reverse=True
        )
        self._foreign = re.compile(b"(?:%b)+" % b"|".join([*unended, _NEVER_IN_CODES]), re.DOTALL)
        self._plain = not (self._prefix or self._no_reads or self._heartbeats or self._pattern or self._separator)

    def reset(self) -> None:
        self._framer.reset()

    def feed(self, chunk: bytes) -> list[Read]:
        frames = self._framer.cut(chunk)
        if self._plain:  # every byte of a fast line goes this way: a million frames a second
            most = self._max_bytes
            return [
                Read("read", (frame,), frame) if len(frame) <= most and 0x20 < frame[0] < 0x7F else self._odd(frame)
                for frame in frames
                if frame
            ]
        return [read for read in map(self._frame, frames) if read is not None]

    def _too_long(self, frame: bytes) -> Read:
        return Read("malformed", (), frame[: self._max_bytes], problem=f"a frame of more than {self._max_bytes} bytes")

    def _odd(self, frame: bytes) -> Read:
        if len(frame) > self._max_bytes:
            return self._too_long(frame)
        payload = self._without_foreign(frame)
        return Read("read", (payload,), payload)

    def _without_foreign(self, payload: bytes) -> bytes:
        """`payload` without what stands before a code and cannot belong to it; whole where nothing known follows."""
        foreign = self._foreign.match(payload)
        if foreign is None:
            return payload
        rest = payload[foreign.end() :]
        expected = (self._pattern.fullmatch if self._pattern else _BEGINS_A_CODE.match)(rest)
        if not rest or (expected is None and rest not in self._no_reads):
            return payload
        self.dropped_bytes += foreign.end()
        return rest

    def _frame(self, frame: bytes) -> Read | None:
        """None for what is no read: an empty payload, a heartbeat."""
        if len(frame) > self._max_bytes:
            return self._too_long(frame)
        if self._prefix and not frame.startswith(self._prefix):
            frame = frame.lstrip(b"\r\n")  # a line end after the frame before, where the suffix is another
            frame = self._from_prefix(frame)
            if frame and not frame.startswith(self._prefix):
                return Read("malformed", (), frame, problem="a frame without the prefix")
        payload = frame[len(self._prefix) :]
        if not payload:
            return None
        if payload in self._heartbeats:
            self.heartbeats += 1
            return None
        payload = self._without_foreign(payload)
        if payload in self._no_reads:
            return Read("no-read", (), payload)
        return self._payload(payload)

    def _from_prefix(self, frame: bytes) -> bytes:
        """`frame` without what cannot belong to a code before its prefix."""
        at = frame.find(self._prefix)
        if at <= 0 or not self._foreign.fullmatch(frame, 0, at):
            return frame
        self.dropped_bytes += at
        return frame[at:]

    def _payload(self, payload: bytes) -> Read:
        if self._pattern is None:
            codes, missed = self._codes(payload)
            return Read("read", codes, payload, missed=missed)
        match = self._pattern.fullmatch(payload)
        if match is None:
            return Read("malformed", (), payload, problem="the payload does not match the pattern")
        found = match.groupdict()
        if not found["code"]:
            return Read("malformed", (), payload, problem="the pattern found no code")
        codes, missed = self._codes(found["code"])
        return Read(
            "read",
            codes,
            payload,
            grade=_text(found.get("grade")),
            at=_text(found.get("at")),
            image=_text(found.get("image")),
            missed=missed,
        )

    def _codes(self, codes: bytes) -> tuple[tuple[bytes, ...], int]:
        """The codes, and how many slots hold what says "nothing legible".

        A slot that the device left empty stays an empty code: it counts, and is nobody's marking code.
        """
        if self._separator is None:
            return (codes,), 0
        slots = codes.split(self._separator)
        found = tuple(slot for slot in slots if slot not in self._no_reads)
        return found, len(slots) - len(found)


def _text(group: bytes | None) -> str | None:
    """As the device wrote it, in a length and in characters that anything can show."""
    return group[:GROUP_SHOWN].decode("latin-1").translate(_SHOWN) if group else None


class _Options:
    """Reads options and collects what is wrong with them. After a problem the value returned means nothing."""

    def __init__(self, options: Mapping[str, object]) -> None:
        self._options = options
        self.problems: list[OptionProblem] = []
        for name in options:
            if name not in OPTIONS:
                self.complain(name[:TEXT_MOST], f"unknown option; there are: {', '.join(sorted(OPTIONS))}")

    def complain(self, path: str, message: str) -> None:
        self.problems.append(OptionProblem(path, message))

    def text(self, name: str) -> bytes | None:
        return self._bytes(name, self._options[name]) if name in self._options else None

    def texts(self, name: str) -> list[bytes]:
        values = self._options.get(name, [])
        if not isinstance(values, list | tuple):
            self.complain(name, "must be a list of strings")
            return []
        if len(values) > TEXTS_MOST:
            self.complain(name, f"may have at most {TEXTS_MOST} entries, and has {len(values)}")
            return []
        return [self._bytes(f"{name}[{index}]", value) for index, value in enumerate(values)]

    def number(self, name: str, default: int, least: int, most: int) -> int:
        value = self._options.get(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            self.complain(name, f"must be a whole number from {least} to {most}")
            return default
        return value

    def pattern(self, name: str) -> re.Pattern[bytes] | None:
        source = self.text(name)
        if not source:
            return None
        try:
            pattern = re.compile(source)
        except (re.error, OverflowError, RecursionError) as broken:
            self.complain(name, f"is no regular expression: {broken}")
            return None
        if "code" not in pattern.groupindex:
            self.complain(name, "needs the named group (?P<code>...)")
        for group in sorted(pattern.groupindex.keys() - GROUPS):
            self.complain(name, f"unknown group {group!r}; there are: {', '.join(sorted(GROUPS))}")
        return pattern

    def without_suffix(self, name: str, texts: Iterable[bytes], suffix: bytes | None) -> None:
        ends = (suffix,) if suffix else (b"\r", b"\n")
        if any(end in text for text in texts for end in ends):
            self.complain(name, "holds the suffix, so it would never be seen")

    def _bytes(self, path: str, value: object) -> bytes:
        if not isinstance(value, str):
            self.complain(path, "must be a string")
        elif not value and path not in EMPTY_IS_NONE:
            self.complain(path, "must not be empty")
        elif len(value) > TEXT_MOST:
            self.complain(path, f"may have at most {TEXT_MOST} characters, and has {len(value)}")
        elif not value.isascii() and max(value) > "\u00ff":
            self.complain(path, "holds a character above U+00FF, which stands for no byte")
        else:
            return value.encode("latin-1")
        return b""


DRIVER = GenericDriver
