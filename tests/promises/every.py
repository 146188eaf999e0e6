"""All mutations, in the order of the README's table."""

from __future__ import annotations

from tests.promises import of_devices, of_journal, of_line, of_orders, of_people, of_printers, of_reports, of_rolls
from tests.promises.mutation import Mutation
from tests.promises.table import rows

_ORDER = {row.when: number for number, row in enumerate(rows())}

MUTATIONS: list[Mutation] = sorted(
    [
        *of_journal.MUTATIONS,
        *of_reports.MUTATIONS,
        *of_line.MUTATIONS,
        *of_orders.MUTATIONS,
        *of_devices.MUTATIONS,
        *of_people.MUTATIONS,
        *of_printers.MUTATIONS,
        *of_rolls.MUTATIONS,
    ],
    key=lambda mutation: _ORDER.get(mutation.row, len(_ORDER)),
)
