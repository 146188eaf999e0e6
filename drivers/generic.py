r"""The generic driver: frames of any device that can be set up, and the ground on which the families stand.

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

Other frames: `length_digits = 4` reads `0038` and 38 bytes; `frame_bytes = 38` always 38; `closing_tag = "</r>"` a
document of XML; `idle_ms = 20` what comes between two pauses. With `checksum = "xor"` a check byte follows the suffix:
the exclusive or of payload and suffix, as a BCC behind ETX is. What the options are and what they default to stands in
`drivers/parts/generic_options.py`, and `lined drivers generic` shows it.

What stands before a code and cannot belong to one is dropped and counted: control characters, a telnet negotiation, a
heartbeat that nothing ended. The AIM id is told as `symbology` and left where it is.

A device that waits for `ack` after each frame sends nothing new before it: the same payload once more, while the ack is
still due, is the same read sent again. It gives no event and is counted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import ClassVar

from drivers.base import Event, Fault, Heartbeat, Manual, Option, Read, Response
from drivers.parts.building import extract_of
from drivers.parts.fields import Found, shown
from drivers.parts.framed import FramedDriver
from drivers.parts.framing import LineFramer
from drivers.parts.generic_options import OPTIONS
from drivers.parts.options import Options

# Control characters but GS, and RFC 854's commands: WILL, WON'T, DO, DON'T; a subnegotiation; NOP and its like.
_NEVER_IN_CODES = rb"[\x00-\x1c\x1e\x1f\x7f]|\xff[\xfb-\xfe].|\xff\xfa.*?\xff\xf0|\xff[\xf0-\xf9]"
_BEGINS_A_CODE = re.compile(rb"(?:\][A-Za-z][0-9A-Za-z])?\x1d?(?:[0-9]{14}|\(0[01]\))")
_FIRST_OF_CODES = frozenset(b"0123456789](\x1d")
_AIM = re.compile(rb"\][A-Za-z][0-9A-Za-z]")
_AIM_FIRST = 0x5D
_NEEDS_NO_LOOK = frozenset(range(0x21, 0x7F)) - {_AIM_FIRST}  # what a payload begins with that nothing stands before


@lru_cache(maxsize=128)
def _aim(start: bytes) -> str | None:
    """The AIM id that a code starts with, of its first three bytes."""
    return start.decode("ascii") if _AIM.fullmatch(start) else None


Presets = Mapping[str, Mapping[str, object]]
"""Defaults of a family by the name of the preset; its own where it has only one."""


class GenericDriver(FramedDriver):
    """See the head of the file for the frames. A family has its own PRESETS, of which the first holds unless the
    option `preset` names another, and reads its payloads in `_meant` or `_fields`.
    """

    OPTIONS: ClassVar[tuple[Option, ...]] = OPTIONS
    PRESETS: ClassVar[Presets] = {"": {}}
    MANUAL: ClassVar[Manual] = Manual(
        example="""\
[[device]]
id = "cam-1"
driver = "generic"
url = "tcp://10.0.0.21:9004"
options = { prefix = "\\u0002", suffix = "\\u0003", no_read = ["NOREAD"] }
reply = { accept = "OK\\r\\n", reject = "NG\\r\\n" }
""",
        settings=(
            ("output", "raw data, with the AIM identifier before it; GS (1D) sent as it is"),
            ("suffix", "CR LF, or STX before and ETX behind"),
            ("no-read text", "switched on, such as NOREAD, and the same in no_read"),
            ("heartbeat", "where there is one: every 10 s, its text in heartbeat, and silent_s = 30"),
        ),
        remedies={"separator": "output", "aim": "output", "layout": "output", "brackets": "output", "frames": "suffix"},
    )

    def __init__(self, options: Mapping[str, object]) -> None:
        wanted = Options(self.OPTIONS, options, self.preset_of(options))
        if len(self.PRESETS) > 1:
            wanted.choice("preset")
        self._read_options(wanted)
        wanted.close()
        unended = sorted(
            (re.escape(one) for one in self._heartbeats if one and one[0] not in _FIRST_OF_CODES), reverse=True
        )
        self._foreign = re.compile(b"(?:%b)+" % b"|".join([*unended, _NEVER_IN_CODES]), re.DOTALL)
        self._words = self._no_reads | self._heartbeats
        self._starts = _NEEDS_NO_LOOK.difference(one[0] for one in self._heartbeats if one)
        own = type(self)._fields is not GenericDriver._fields or type(self)._meant is not GenericDriver._meant  # noqa: SLF001
        patterns = (self._ignored, self._responses, self._faults, self._extract)
        needs_a_look = (*patterns, self._prefix, self._check, self._separator, self._slots, self._waits_for_ack, own)
        self._plain = self._framer if isinstance(self._framer, LineFramer) and not any(needs_a_look) else None

    @classmethod
    def preset_of(cls, options: Mapping[str, object]) -> Mapping[str, object]:
        """The defaults of this family that hold with these options."""
        first = next(iter(cls.PRESETS))
        chosen = options.get("preset", first)
        return cls.PRESETS.get(chosen if isinstance(chosen, str) else first, {})

    def _read_options(self, wanted: Options) -> None:
        """A family with options of its own reads them here too; problems are told together afterwards."""
        self._read_framing(wanted)
        self._no_reads = frozenset(wanted.texts("no_read"))
        self._heartbeats = frozenset(wanted.texts("heartbeat"))
        self._ignored, self._responses = wanted.patterns("ignore"), wanted.patterns("responses")
        self._faults = wanted.patterns("faults")
        self._extract, fields = extract_of(wanted)
        self.grades = "grade" in fields
        self._separator = wanted.text("separator")
        self._slots = int(wanted.number("slots"))
        if self._slots > 1 and not self._separator:
            wanted.complain("slots", "needs the separator between them")
        for same in sorted(self._no_reads & self._heartbeats):
            wanted.complain("heartbeat", f"{same!r} also stands in no_read")
        for name, texts in (
            ("separator", [self._separator]),
            ("no_read", self._no_reads),
            ("heartbeat", self._heartbeats),
        ):
            wanted.without(name, texts, self._framing.ends)

    def feed(self, chunk: bytes) -> list[Event]:
        if self._plain is not None:  # every byte of a fast line goes this way: a million frames a second
            most, words, starts = self._max_bytes, self._words, self._starts
            return [
                Read("read", (frame,), frame)
                if len(frame) <= most and frame[0] in starts and frame not in words
                else self._odd(frame)
                for frame in self._plain.cut(chunk)
                if frame
            ]
        return super().feed(chunk)

    def _odd(self, frame: bytes) -> Event:
        if frame[0] == _AIM_FIRST and len(frame) <= self._max_bytes and frame not in self._words:
            return Read("read", (frame,), frame, symbology=_aim(frame[:3]))
        event = self._event(frame)
        assert event is not None  # a plain driver ignores nothing but what is empty
        return event

    def _meant(self, payload: bytes) -> Event | None:
        """What a payload that is not empty stands for."""
        if payload in self._heartbeats:
            return Heartbeat(payload)
        if self._ignored is not None and self._ignored.fullmatch(payload):
            return None
        if self._faults is not None and self._faults.fullmatch(payload):
            return Fault(payload, shown(payload) or "")
        if self._responses is not None and self._responses.fullmatch(payload):
            return Response(payload)
        payload = self._without_foreign(payload)
        if payload in self._no_reads:
            return Read("no-read", (), payload)
        return self._read(payload)

    def _without_foreign(self, payload: bytes) -> bytes:
        """`payload` without what stands before a code and cannot belong to it; whole where nothing known follows."""
        foreign = self._foreign.match(payload)
        if foreign is None:
            return payload
        rest = payload[foreign.end() :]
        if not rest or not (rest in self._no_reads or self._is_expected(rest)):
            return payload
        self.dropped_bytes += foreign.end()
        return rest

    def _is_expected(self, payload: bytes) -> bool:
        found = self._fields(payload)
        if isinstance(found, str):
            return False
        return self._extract is not None or _BEGINS_A_CODE.match(payload) is not None

    def _only_foreign(self, frame: bytes, end: int) -> bool:
        return self._foreign.fullmatch(frame, 0, end) is not None

    def _fields(self, payload: bytes) -> Found | str:
        """The fields of a payload, or what is wrong with it."""
        return self._extract(payload) if self._extract is not None else Found((payload,))

    def _read(self, payload: bytes) -> Read:
        found = self._fields(payload)
        if isinstance(found, str):
            return Read("malformed", (), payload, problem=found)
        places = [
            place for code in found.codes for place in (code.split(self._separator) if self._separator else (code,))
        ]
        codes = tuple(place for place in places if not self._is_no_read(place))
        missed = len(places) - len(codes)
        if self._slots and len(places) != self._slots:
            return Read("malformed", (), payload, problem=f"{len(places)} places instead of {self._slots}")
        if missed == len(places) == 1:
            return Read("no-read", (), payload)
        symbology = found.symbology or (_aim(codes[0][:3]) if codes else None)
        return Read("read", codes, payload, found.grade, found.at, found.image, "", missed, symbology, found.trigger)

    def _is_no_read(self, place: bytes) -> bool:
        """A slot that the device left empty stays an empty code, where nothing says how many there are: it counts, and
        is nobody's marking code.
        """
        return place in self._no_reads or (not place and (self._slots > 0 or self._extract is not None))


DRIVER = GenericDriver
