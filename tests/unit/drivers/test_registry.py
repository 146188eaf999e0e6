from __future__ import annotations

import subprocess
import sys

import pytest

import drivers


def test_every_driver_has_a_name_and_a_docstring_that_draws_its_frame() -> None:
    assert "generic" in drivers.driver_names()
    for name in drivers.driver_names():
        driver = drivers.load(name)({})
        assert driver.feed(b"") == []
        assert driver.heartbeats == 0
        module = sys.modules[f"drivers.{name}"]
        assert "|--" in (module.__doc__ or "")


@pytest.mark.parametrize("name", ["", "base", "framing", "no_such", "../generic", "generic.DRIVER"])
def test_an_unknown_driver_is_refused_with_those_there_are(name: str) -> None:
    with pytest.raises(drivers.UnknownDriver, match="generic"):
        drivers.load(name)


def test_drivers_are_usable_without_lined() -> None:
    lines = (
        "import sys, drivers; drivers.load('generic'); sys.exit(any(name.startswith('lined') for name in sys.modules))"
    )
    subprocess.run([sys.executable, "-c", lines], check=True, timeout=30)
