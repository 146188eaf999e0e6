"""A driver of somebody else's, as a package outside would bring it: codes between `<` and `>`."""

from __future__ import annotations

from collections.abc import Mapping

from drivers import Driver, DriverOptionError, Event, Manual, Option, OptionProblem, Read

MOST = 200


class OurReader(Driver):
    """A frame: `<`, the code, `>`. What stands between two frames means nothing."""

    OPTIONS = (Option("nothing", "text", "what it sends where it sees nothing", "?"),)
    MANUAL = Manual(example='[[device]]\nid = "cam-9"\ndriver = "our-reader"\nurl = "tcp://10.0.0.9:9"\n')

    def __init__(self, options: Mapping[str, object]) -> None:
        super().__init__(options)
        if options.keys() - {"nothing"}:
            raise DriverOptionError([OptionProblem(name, "unknown option") for name in options])
        self._nothing = str(options.get("nothing", "?")).encode("latin-1")
        self._code: bytearray | None = None

    def feed(self, chunk: bytes) -> list[Event]:
        events: list[Event] = []
        for byte in chunk:
            if byte == ord("<"):
                self._code = bytearray()
            elif self._code is not None and byte == ord(">"):
                code, self._code = bytes(self._code), None
                if code:
                    events.append(Read("no-read", (), code) if code == self._nothing else Read("read", (code,), code))
            elif self._code is not None and len(self._code) < MOST:
                self._code.append(byte)
        return events

    def reset(self) -> None:
        self._code = None
