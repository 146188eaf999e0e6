"""Promises about printers: what is given to them, and when a label counts as printed."""

from __future__ import annotations

from tests.promises.mutation import Mutation

_LINK = "tests/integration/devices/test_printers.py"
_CRASH = "tests/crash/test_printing.py"

PRINTS = "a printer loses power in a label, its cable is pulled, lined is killed"

MUTATIONS = [
    Mutation(
        PRINTS,
        "what was with it is not set aside, and taken for printed with the next word",
        "lined/devices/printer.py::Printer._set_aside",
        "await self._source.set_aside(self.spec.id, cut_off=not self._fresh)",
        "pass",
        f"{_LINK}::test_what_was_with_it_at_the_end_of_a_connection_is_set_aside_and_not_sent_again[generic-queue]",
    ),
    Mutation(
        PRINTS,
        "a code is given out again after a restart",
        "lined/journal/tables/pool_stock.py::_look",
        "[(at_ms, pool.no, serial) for serial, _ in rows]",
        "[]",
        f"{_CRASH}::test_600_labels_with_2_kills_pulled_cables_and_lost_power_are_each_accounted_for",
    ),
    Mutation(
        PRINTS,
        "a label counts as printed by one answer about the queue",
        "drivers/parts/in_flight.py::InFlight.left",
        "min(now, self._before)",
        "now",
        "tests/unit/drivers/test_printers.py::test_zebra_a_label_is_printed_when_it_is_gone_from_buffer_and_batch",
    ),
    Mutation(
        PRINTS,
        "half a status of one connection is glued to the next one's",
        "drivers/printers/sato_sbpl.py::SatoSbpl._forget",
        'self._rest = b""',
        'self._rest = getattr(self, "_rest", b"")',
        "tests/unit/drivers/test_printers.py::test_sato_half_an_answer_of_one_connection_is_not_glued_to_the_next_ones",
    ),
]
