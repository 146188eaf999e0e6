"""Copies of the program with one promise broken on purpose, to show that a test can fail."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.harness.change import ROOT, Change


def broken(into: Path, changes: Sequence[Change]) -> tuple[str, ...]:
    """Copy the packages, change them; the command that runs the copy. Raises ValueError where a change has no place."""
    for package in ("lined", "drivers"):
        shutil.copytree(ROOT / package, into / package, ignore=shutil.ignore_patterns("__pycache__"))
    for change in changes:
        (into / change.file).write_text(change.text(into), "utf-8")
    start = f"import sys; sys.path.insert(0, {str(into)!r}); from lined.cli import main; main()"
    return (sys.executable, "-P", "-c", start)


ACCEPT_BEFORE_COMMIT = [
    Change(
        "lined/journal/writer.py::Writer._commit",
        'self._crash_point("before-commit")',
        """
        self._deliver([pair for pair in outcome if pair[0].work.intake])
        time.sleep(0.2)
        self._crash_point("before-commit")
        """,
    )
]
MARK_AFTER_SEND = [
    Change(
        "lined/journal/writer.py::Writer._commit",
        'self._crash_point("before-commit")',
        """
        self._deliver(outcome)
        time.sleep(0.05)
        self._crash_point("before-commit")
        """,
    )
]
SYNCHRONOUS_OFF = [
    Change("lined/journal/database.py::open_writable", '("synchronous", 2)', '("synchronous", 0)'),
]
_SENDING = "lined/reports/outcomes/sending.py"
SEND_AGAIN_WITHOUT_LOOKING = [
    Change(f"{_SENDING}::NoAnswer", "{_S.SENDING: _S.IN_DOUBT}", "{_S.SENDING: _S.SEALED}"),
    Change(f"{_SENDING}::CutShort", "{_S.SENDING: _S.IN_DOUBT}", "{_S.SENDING: _S.SEALED}"),
    Change("lined/reports/delivery/loops.py::Delivery._send", "self._close_gate()", "pass"),
]
PACK_BEFORE_ITS_CODES = [
    Change(
        "lined/supply/orders/fetching.py::_begin",
        "return sub_orders.begin_pack(connection, sub.id, pack_id, count, at_ms)",
        """
        row = sub_orders.begin_pack(connection, sub.id, pack_id, count, at_ms)
        sub_orders.end_pack(connection, row.no)
        return row
        """,
    ),
    Change("lined/supply/orders/fetching.py::_put", "sub_orders.end_pack(connection, pack.no)", "pass"),
]
ORDER_AGAIN_WITHOUT_LOOKING = [
    Change(
        "lined/supply/orders/loops.py::CodeOrders.recover",
        "code_orders.doubt(connection, states, at_ms, cut)",
        "[code_orders.move(connection, row.id, OrderState.QUEUED, at_ms, cut) for row in "
        "code_orders.in_states(connection, states)]",
    ),
]
