"""The ground of all printers' drivers: labels out by a template, labels in flight, and the condition that is told."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from drivers.parts.fields import shown
from drivers.parts.in_flight import InFlight
from drivers.parts.labels import LabelText
from drivers.parts.options import Options
from drivers.printers.base import Condition, Label, Printed, PrinterDriver, PrinterEvent, Trouble

SILENT_ASKS = 4  # questions in a row without an answer: it takes nothing before it has said how it is

Presets = Mapping[str, Mapping[str, object]]
"""Defaults of a family by the name of the preset; its own where it has only one."""


class LabelPrinter(PrinterDriver):
    """A family has OPTIONS, of which those of `labels.OUTWARD` are some, PRESETS, of which the first holds unless the
    option `preset` names another, and `feed`.
    """

    PRESETS: ClassVar[Presets] = {"": {}}

    _needs_empty = True
    """What is in its queue when a connection begins could be taken for what is loaded on it."""

    def __init__(self, options: Mapping[str, object]) -> None:
        wanted = Options(self.OPTIONS, options, self.preset_of(options))
        if len(self.PRESETS) > 1:
            wanted.choice("preset")
        self._label = LabelText(wanted)
        self._login, self._clear, self._ask = wanted.text("login"), wanted.text("clear"), wanted.text("ask")
        self.ask_s = wanted.number("ask_s") if self._ask else None
        self._read_options(wanted)
        wanted.close()
        self._forget()

    @classmethod
    def preset_of(cls, options: Mapping[str, object]) -> Mapping[str, object]:
        """The defaults of this family that hold with these options."""
        first = next(iter(cls.PRESETS))
        chosen = options.get("preset", first)
        return cls.PRESETS.get(chosen if isinstance(chosen, str) else first, {})

    @abstractmethod
    def _read_options(self, wanted: Options) -> None:
        """Those of the family; problems are told together afterwards."""

    def _forget(self) -> None:
        """A connection begins. A family forgets its half frames here too."""
        self._flight = InFlight()
        self._ready = True
        self._troubles: frozenset[Trouble] = frozenset()
        self._queue: int | None = None
        self._in_step = False

    def opening(self) -> bytes:
        self._forget()
        return self._login + self._clear + self.ask()

    @property
    def takes(self) -> bool:
        well = self._ready and not self._troubles and self._flight.silent < SILENT_ASKS
        return well and self._in_step and len(self._flight) < self.most

    def load(self, number: int, label: Label) -> bytes:
        written = self._label.bytes_of(number, label)
        self._flight.load(number)
        return written

    def ask(self) -> bytes:
        if self._ask:
            self._flight.asked()
        return self._ask

    @property
    def unanswered(self) -> int:
        return self._flight.silent

    def _printed(self, raw: bytes, numbers: Iterable[int]) -> list[PrinterEvent]:
        return [Printed(raw, number) for number in numbers]

    def _answered(self, raw: bytes, left: int, *, counts: bool) -> list[PrinterEvent]:
        """The printer says that so many labels are left. `counts`: those that are not are printed, by its word."""
        then = self._flight.answered()
        if not self._flight.loaded and (left == 0 or not self._needs_empty):
            self._in_step = True
        if then is None or not counts or not self._in_step:
            return []
        if self._troubles:
            self._flight.no_agreement()
            return []
        return self._printed(raw, self._flight.left(then, left))

    def _condition(
        self,
        raw: bytes,
        *,
        ready: bool | None = None,
        troubles: Iterable[Trouble] | None = None,
        queue: int | None = None,
        tells: bool = False,
    ) -> Sequence[PrinterEvent]:
        """What is said of the condition, where it differs from before, or `tells` of a trouble in words."""
        before = (self._ready, self._troubles, self._queue)
        self._ready = self._ready if ready is None else ready
        self._troubles = self._troubles if troubles is None else frozenset(troubles)
        self._queue = self._queue if queue is None else queue
        if not tells and before == (self._ready, self._troubles, self._queue):
            return []
        text = (shown(raw) or "") if tells else ""
        return [Condition(raw, self._ready, self._troubles, self._queue, text)]
