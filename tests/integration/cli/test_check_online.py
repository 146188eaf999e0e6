"""`lined check --online`: each thing that a configuration says and the regulator knows otherwise, at its place."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from lined.cli import check_online
from tests.harness.desk import GROUP_GTIN, GTIN, OTHER_GTIN, Desk, served


@pytest.fixture
def settings() -> dict[str, Any]:
    """Of the sandbox; a test's own."""
    return {}


@pytest.fixture
def desk(tmp_path: Path, settings: dict[str, Any]) -> Iterator[Desk]:
    with served(tmp_path, **settings) as desk:
        yield desk


def found(desk: Desk, changes: Mapping[str, str] | None = None) -> dict[str, Any]:
    desk.configure(changes or {})
    done = desk.lined("check", "--online", "--json")
    document: dict[str, Any] = json.loads(done.stdout)
    assert done.exit_code == (0 if document["ok"] else 78 if document["online"] else 1), done.output
    return document


def problems(desk: Desk, changes: Mapping[str, str] | None = None) -> dict[str, str]:
    return {one["path"]: one["message"] for one in found(desk, changes)["problems"]}


def both_cards(desk: Desk) -> None:
    desk.issue()
    desk.issue(gtin=GROUP_GTIN, package="GROUP")


def test_what_goes_with_the_regulator_exits_0_and_nothing_was_changed_there(desk: Desk) -> None:
    both_cards(desk)
    done = desk.lined("check", "--online")
    assert done.exit_code == 0, done.output
    assert f"{desk.config} goes with what the regulator knows." in done.output
    document = found(desk)
    assert document["online"] is True
    assert {one["path"] for one in document["warnings"]} == set()
    assert desk.effects() == []


def test_cards_groups_levels_and_countries_are_compared_each_at_its_place(desk: Desk) -> None:
    desk.issue(countries=["DE"])
    desk.issue(gtin=GROUP_GTIN)
    document = found(desk)
    assert {one["path"]: one["message"] for one in document["problems"]} == {
        "product[0].package[0].gtin": (
            f"the card of {GROUP_GTIN} is that of a UNIT, not of a GROUP: give the GTIN of that level"
        )
    }
    (country,) = [one["message"] for one in document["warnings"] if one["path"] == "product[0].country"]
    assert country.startswith("the card says DE: compare")
    wrong = problems(desk, {'group = "vegetableoil"': 'group = "water"'})
    assert wrong["product[0].group"] == "the card says product group vegetableoil: write that"
    missing = problems(desk, {GTIN: OTHER_GTIN})
    assert missing["product[0].gtin"].startswith(f"the regulator has no card of {OTHER_GTIN} that we may see")


@pytest.mark.parametrize("settings", [{"groups": ("water", "beer")}])
def test_a_product_group_that_the_participant_does_not_have_is_told(desk: Desk) -> None:
    both_cards(desk)
    told = problems(desk)
    assert list(told) == ["product[0].group"]
    assert told["product[0].group"].startswith("the participant has no product group vegetableoil (but: beer, water)")


def test_a_wrong_key_another_participant_and_nobody_there_are_told_apart(desk: Desk) -> None:
    both_cards(desk)
    other = found(desk, {'"307797292"': '"123456789"'})["problems"]
    assert [one["message"].partition(" TIN")[0] for one in other if one["path"] == "regulator.tin"] == [
        "the API key does not belong to",
        "the regulator knows no participant with",
    ]
    nobody = found(desk, {desk.server.url: "http://127.0.0.1:1"})
    assert (nobody["ok"], nobody["online"]) == (False, False)
    assert [one["path"] for one in nobody["problems"]] == ["regulator.url"]
    desk.key.write_text("another")
    assert list(problems(desk)) == ["regulator.api_key_file"]


@pytest.mark.parametrize("settings", [{"api_key_life_s": 3 * 86_400.0}])
def test_a_key_that_ends_within_days_is_a_warning(desk: Desk) -> None:
    both_cards(desk)
    (told,) = [one["message"] for one in found(desk)["warnings"] if one["path"] == "regulator.api_key_file"]
    assert told.startswith("the API key ends on ")


def test_a_regulator_that_answers_slowly_bounds_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    both_cards(desk)
    monkeypatch.setattr(check_online, "WITHIN_S", 1.0)
    desk.fault(kind="slow", path="*search-by-gtin*", delay_s=15, times=None)
    began = time.monotonic()
    told = problems(desk)
    assert time.monotonic() - began < 12
    assert told["product[0]"].startswith("not looked at: this took longer than 1 s")


@pytest.mark.parametrize("settings", [{"contract": "ismet", "tin": "123456789012"}])
def test_a_regulator_that_answers_only_who_accepts_everything_is_told_as_such(desk: Desk) -> None:
    told = problems(desk, {'"307797292"': '"123456789012"'})
    assert list(told) == ["regulator.url"]
    assert "HTTP 406" in told["regulator.url"] and "headers.accept" in told["regulator.url"]
    right = found(
        desk,
        {
            '"307797292"': '"123456789012"',
            '"asl-belgisi"': '"ismet"',
            'group = "vegetableoil"': 'group = "water"',
        },
    )
    assert right["online"] and {one["path"] for one in right["problems"]} == {
        "product[0].gtin", "product[0].package[0].gtin",
    }  # fmt: skip
