"""Options of the generic driver, which every family built on it has, with defaults of its own."""

from __future__ import annotations

from collections.abc import Iterable

from drivers.parts import checksum
from drivers.parts.options import Option

MAX_BYTES = 4096
MAX_BYTES_MOST = 1_048_576  # a frame is held in memory, and matched, as one piece
SLOTS_MOST = 1_000
SECONDS_MOST = 86_400

FRAMES = (
    Option("prefix", "text", "what a frame begins with; a frame without it is malformed", empty_is_none=True),
    Option("suffix", "text or texts", "what ends a frame, or a list of such; without: CR, LF or CRLF"),
    Option("closing_tag", "text", "what ends a frame and belongs to it: </result>", empty_is_none=True),
    Option("length_digits", "number", "decimal digits before the payload that say its length", least=1, most=6),
    Option("length_bytes", "number", "bytes before the payload, a binary number, that say its length", least=1, most=4),
    Option("length_order", "choice", "of length_bytes: the first or the last byte counts most", "big", 0, 0,
           ("big", "little")),
    Option("frame_bytes", "number", "every frame has so many bytes after its prefix", least=1, most=MAX_BYTES_MOST),
    Option("idle_ms", "number", "a pause of so long ends a frame; with a length it ends what is cut short, after 1 s",
           least=1, most=60_000),
    Option("checksum", "choice", "check characters of each frame: one byte after the suffix, or two digits before it",
           choices=checksum.KINDS),
)  # fmt: skip
MEANINGS = (
    Option("no_read", "texts", "payloads, or codes, that say: nothing legible. Compared whole", ()),
    Option("heartbeat", "texts", "payloads that say: I am alive. Compared whole", ()),
    Option("ignore", "texts", "regular expressions of whole payloads that mean nothing", ()),
    Option("responses", "texts", "regular expressions of whole payloads that answer a command", ()),
    Option("faults", "texts", "regular expressions of whole payloads that report an error", ()),
)
FIELDS = (
    Option("pattern", "pattern", "regular expression over the whole payload, with the groups code (required), grade, "
           "at, image, symbology, trigger", empty_is_none=True),
    Option("json", "fields", 'where the same stand in JSON: { code = "results[0].text" }'),
    Option("xml", "fields", 'where the same stand in XML: { code = "general/full_string", image = "@image_id" }'),
    Option("separator", "text", "stands between several codes of one frame", empty_is_none=True),
    Option("slots", "number", "places of a frame between its separators, each a code or a no-read", least=1,
           most=SLOTS_MOST),
    Option("max_bytes", "number", "a longer frame is one malformed read", MAX_BYTES, 1, MAX_BYTES_MOST),
)  # fmt: skip
COMMANDS = (
    Option("ack", "text", "written when a frame is kept; the device sends the next one only then", empty_is_none=True),
    Option("nack", "text", "written when it could not be kept: the device sends it again", empty_is_none=True),
    Option("login", "text", "written first on each connection", empty_is_none=True),
    Option("trigger_on", "text", "starts a read", empty_is_none=True),
    Option("trigger_off", "text", "ends it", empty_is_none=True),
    Option("keepalive", "text", "written every keepalive_s seconds", empty_is_none=True),
    Option("keepalive_s", "number", "see keepalive", 10.0, 0.1, SECONDS_MOST),
    Option("silent_s", "number", "something comes at least this often: an alarm where it does not", least=0.1,
           most=SECONDS_MOST),
)  # fmt: skip
OPTIONS = (*FRAMES, *MEANINGS, *FIELDS, *COMMANDS)


def preset_option(names: Iterable[str]) -> Option:
    """For a family with several sets of defaults; the first holds where none is chosen."""
    choices = tuple(names)
    return Option("preset", "choice", "which defaults hold", choices[0], choices=choices)
