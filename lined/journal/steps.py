"""Works that are single steps: one function, one savepoint, one answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from lined.journal.database import Connection, cursors_end_with_errors, is_fault_of_disk
from lined.vocabulary.errors import LinedError, defect_of

Step = Callable[[Connection], Any]


class Steps:
    """A Work whose items are functions of the connection. What a step raises undoes and fails that step alone."""

    intake = False
    barrier = False

    def run(self, connection: Connection, items: Sequence[Step]) -> list[Any]:
        return [one_step(connection, step) for step in items]

    def rolled_back(self) -> None:
        """Keeps nothing in memory."""


def one_step(connection: Connection, step: Step) -> Any:
    """The step's answer, or the LinedError it raised, with its statements undone; Defect for any other exception but
    the disk's, which come through.
    """
    connection.execute("SAVEPOINT step")
    try:
        with cursors_end_with_errors():
            answer = step(connection)
    except LinedError as refusal:
        connection.execute("ROLLBACK TO step")
        answer = refusal
    except Exception as error:
        if is_fault_of_disk(error) or not connection.in_transaction:
            raise
        connection.execute("ROLLBACK TO step")
        answer = defect_of(error)
    # Not in a `finally`: a full disk ends the whole transaction, savepoint included, and its error must come through.
    connection.execute("RELEASE step")
    return answer
