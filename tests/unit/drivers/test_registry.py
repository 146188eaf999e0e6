from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import drivers
from tests.harness.drivers import BROKEN, outside

FAMILIES = {
    "generic", "keyence-sr", "cognex-dmcc", "cognex-verifier", "sick-cola", "omron-microhawk", "datalogic", "hikrobot",
    "honeywell", "handheld",
}  # fmt: skip


def test_every_driver_has_a_name_and_a_docstring_that_draws_its_frame() -> None:
    assert set(drivers.driver_names()) == FAMILIES
    for name in drivers.driver_names():
        driver = drivers.load(name)({})
        assert driver.feed(b"") == []
        module = sys.modules[f"drivers.{name.replace('-', '_')}"]
        assert "|--" in (module.__doc__ or "")


@pytest.mark.parametrize("name", ["", "base", "framing", "no_such", "../generic", "generic.DRIVER", "parts"])
def test_an_unknown_driver_is_refused_with_those_there_are(name: str) -> None:
    with pytest.raises(drivers.UnknownDriver, match="generic"):
        drivers.load(name)


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("keyence", "keyence-sr"),
        ("keyence_sr", "keyence-sr"),
        ("Keyense-SR", "keyence-sr"),
        ("cognex", "cognex-dmcc or cognex-verifier"),
        ("sick", "sick-cola"),
        ("microhawk", "omron-microhawk"),
        ("genric", "generic"),
    ],
)
def test_a_name_that_is_nearly_right_is_told_the_right_one(name: str, near: str) -> None:
    with pytest.raises(drivers.UnknownDriver, match=f"did you mean {near}"):
        drivers.load(name)


def test_a_package_outside_brings_a_driver() -> None:
    with outside():
        assert "our-reader" in drivers.driver_names()
        driver = drivers.load("our-reader")({})
        assert driver.feed(b"<abc>") == [drivers.Read("read", (b"abc",), b"abc")]
        assert drivers.load("generic").__module__ == "drivers.generic"  # ours are not replaced
    assert "our-reader" not in drivers.driver_names()


@pytest.mark.parametrize("name", BROKEN)
def test_one_that_cannot_be_loaded_is_told_with_its_place(name: str) -> None:
    with outside(), pytest.raises(drivers.DriverBroken, match="our_reader"):
        drivers.load(name)


def test_drivers_are_usable_without_lined() -> None:
    lines = (
        "import sys, drivers; [drivers.load(name) for name in drivers.driver_names()];"
        " sys.exit(any(name.startswith('lined') for name in sys.modules))"
    )
    subprocess.run([sys.executable, "-c", lines], check=True, timeout=30, cwd=Path(__file__).parents[3])
