"""`lined drivers NAME` says all that is needed to connect a device."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, cast

import pytest
from typer.testing import CliRunner

import drivers
from lined.cli.app import build
from lined.service.assembly import settings_of
from lined.vocabulary.scanners import Symptom
from tests.harness.drivers import outside

RUNNER = CliRunner()


def shown(*arguments: str) -> str:
    result = RUNNER.invoke(build(), ["drivers", *arguments])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize("name", drivers.driver_names())
def test_it_names_every_option_the_example_and_the_device_s_settings(name: str) -> None:
    driver, text = drivers.load(name), shown(name)
    for option in driver.OPTIONS:
        assert option.name in text
    assert driver.MANUAL.example.strip() in text.replace(" \n", "\n")
    assert all(setting in text for setting, _ in driver.MANUAL.settings)
    assert "ID_MM_DEVICE_IGNORE" in text
    assert "brltty" in text
    assert "|--" in text


def test_the_default_shown_is_the_one_that_holds() -> None:
    options = {option["name"]: option["default"] for option in json.loads(shown("keyence-sr", "--json"))["options"]}
    assert options["no_read"] == ["ERROR"]
    assert options["delimiter"] == ":"
    assert options["suffix"] is None


def test_every_vendor_of_a_handheld_has_its_udev_line() -> None:
    text = shown("handheld")
    assert all(f'=="{vendor}"' in text for vendor in ("0c2e", "05e0", "05f9", "1eab"))


def test_the_list_names_one_that_cannot_be_loaded_with_the_reason() -> None:
    with outside():
        text = shown()
    assert "our-reader" in text
    assert "cannot be loaded" in text


def test_an_unknown_one_is_told_the_near_ones() -> None:
    result = RUNNER.invoke(build(), ["drivers", "keyence"])
    assert result.exit_code == 2
    assert "keyence-sr" in result.output


def test_it_says_what_to_set_for_every_symptom_that_the_doctor_knows() -> None:
    assert set(drivers.SYMPTOMS) == set(Symptom)
    assert "symbol ID: append it" in shown("keyence-sr")
    remedies = {one["symptom"]: one["set"] for one in json.loads(shown("handheld", "--json"))["remedies"]}
    assert remedies.keys() == set(Symptom) and remedies["separator"].startswith("data format: raw")


@pytest.mark.parametrize("name", drivers.driver_names())
def test_a_remedy_is_a_setting_of_the_device(name: str) -> None:
    manual = drivers.load(name).MANUAL
    assert manual.remedies.keys() <= drivers.SYMPTOMS.keys()
    assert set(manual.remedies.values()) <= {setting for setting, _ in manual.settings}


def test_the_line_is_told_the_setting_of_each_device_s_family() -> None:
    device = SimpleNamespace(id="cam-1", driver="keyence-sr")
    settings = settings_of(cast("Any", SimpleNamespace(devices=[device])))
    assert settings["cam-1"][Symptom.AIM].startswith("symbol ID: append it")
