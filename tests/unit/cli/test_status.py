"""What `lined status` says about the regulator in one line."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from lined.cli.formats import Clock
from lined.cli.status import _regulator
from lined.config import Config

ANYWHERE = cast("Config", SimpleNamespace(line=SimpleNamespace(timezone="UTC")))


@pytest.mark.parametrize(
    ("skew_s", "said"),
    [
        (None, "reachable, its clock not heard yet"),
        (0.4, "reachable"),
        (-4.9, "reachable"),
        (61.0, "reachable, our clock 1 min 1 s ahead"),
        (-7200.0, "reachable, our clock 2 h behind"),
    ],
)
def test_how_far_the_clock_is_off_is_said_where_it_matters(skew_s: float | None, said: str) -> None:
    seen: dict[str, Any] = {"reachable": True, "problem": None, "credential_expires_at": None, "clock_skew_s": skew_s}
    assert _regulator(seen, Clock(ANYWHERE)) == said
