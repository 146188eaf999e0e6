"""The commands of a line that a test put together."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from lined.commands.registry.context import Context, LineSide, ReportSide
from lined.commands.registry.execution import Commands
from lined.journal import Journal
from lined.line.intake.intake import LineIntake
from lined.line.plant import Plant
from lined.line.state import LineState
from tests.profiles import PROFILE

SIDE = ReportSide(PROFILE, "Asia/Tashkent")


async def unknown_there(_ident: str) -> None:
    """A regulator that knows no code."""


def line_commands(
    plant: Plant, journal: Journal, state: LineState, intake: LineIntake, wall_ms: Callable[[], int]
) -> Commands:
    """All but those that need more than a line and its journal. Orders of codes are written down and sent by nobody."""
    side = LineSide.of(plant, journal, state, intake, wall_ms)
    return Commands(Context(journal, wall_ms, side, reports=SIDE, ordered=lambda: None, look_up=unknown_there))


def report_commands(
    journal: Journal, wall_ms: Callable[[], int], decided: Callable[[], None], *, may_correct: bool = True
) -> Commands:
    """Those about reports."""
    return Commands(
        Context(journal, wall_ms, reports=dataclasses.replace(SIDE, decided=decided, may_correct=may_correct))
    )
