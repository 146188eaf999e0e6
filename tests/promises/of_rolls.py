"""Promises about codes that are given out into files."""

from __future__ import annotations

from tests.promises.mutation import Mutation

GIVEN = (
    "codes are given out into a file for a printer's software, and the daemon or the command is killed at any moment"
)
_ROLLS = "tests/integration/supply/test_rolls.py"
_EXPORT = "tests/acceptance/test_export.py"

MUTATIONS = [
    Mutation(
        GIVEN,
        "a code of a roll is given out once more after its pool was loaded again",
        "lined/journal/tables/pool_stock.py::_look",
        "rolls.known(connection, idents)",
        "set()",
        f"{_ROLLS}::test_a_pool_that_was_dropped_and_loaded_again_gives_no_code_of_a_roll",
    ),
    Mutation(
        GIVEN,
        "the same page of a roll again gives out further codes",
        "lined/commands/rolls.py::_give_some",
        "min(STEP_CODES, row.missing, after + PAGE - row.codes)",
        "min(STEP_CODES, row.missing)",
        f"{_ROLLS}::test_codes_are_given_out_on_disk_when_they_are_told_and_the_same_again",
    ),
    Mutation(
        GIVEN,
        "codes are told that are not on disk as given out",
        "lined/commands/rolls.py::_give_some",
        "pool_stock.give(tx.connection, pool, wanted, tx.at_ms, packs)",
        "pool_stock.give(tx.connection, pool, wanted, None, packs)",
        f"{_ROLLS}::test_a_code_is_in_one_roll_or_on_one_label_whatever_is_asked_for_and_after_a_restart",
    ),
    Mutation(
        GIVEN,
        "a file is there before all its codes are",
        "lined/cli/export.py::_pages",
        'written >= page["quantity"]',
        "written",
        f"{_EXPORT}::test_codes_go_into_a_file_once_with_their_separators_and_the_same_again_by_the_roll_s_id",
    ),
    Mutation(
        GIVEN,
        "a code of a roll that is applied again is counted as seen again, and one that was never seen is hidden by it",
        "lined/journal/tables/rolls.py::note",
        '"UPDATE roll_code SET seen = 1 WHERE roll_id = ? AND n = ? AND seen = 0"',
        '"UPDATE roll_code SET seen = 1 WHERE roll_id = ? AND n = ?"',
        f"{_ROLLS}::test_a_code_of_a_roll_that_is_withdrawn_and_applied_again_is_seen_once",
    ),
]
