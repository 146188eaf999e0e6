"""A printer under attack: no code on two labels, and those in flight accounted for one by one."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from lined.sandbox.devices.printers import PrinterFaults
from tests.crash.broken import MARK_AFTER_SEND, broken
from tests.crash.run_printing import campaign

FAULTS = PrinterFaults(jams=0.004, power_cuts=0.005, pulls=0.01, jam_s=0.05)


@pytest.mark.bound(120)
async def test_600_labels_with_2_kills_pulled_cables_and_lost_power_are_each_accounted_for(tmp_path: Path) -> None:
    figures = await campaign(tmp_path, labels=600, kills=2, seed=random.randrange(10**6), faults=FAULTS)
    assert figures.holds, figures
    assert figures.kills == 2
    assert figures.pulls + figures.power_cuts > 0
    assert figures.unsure > 0


@pytest.mark.slow
@pytest.mark.bound(120)
async def test_control_a_daemon_that_marks_a_label_after_it_is_sent_is_found_out(tmp_path: Path) -> None:
    program = broken(tmp_path / "broken", MARK_AFTER_SEND)
    (tmp_path / "line").mkdir()
    figures = await campaign(tmp_path / "line", labels=2_000, kills=5, seed=1, faults=PrinterFaults(), program=program)
    assert figures.twice > 0
    assert not figures.holds
