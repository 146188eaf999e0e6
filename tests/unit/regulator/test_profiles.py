"""The profile is data: complete, versioned, overridable key by key and by a file of the user's."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from lined.regulator import load_profile, profile_names
from lined.regulator.profile import Methods
from lined.regulator.profiles import differences, flat, profile_tables
from lined.sandbox.rules import COUNTRIES
from lined.vocabulary.errors import SettingsError
from lined.vocabulary.reports import Outcome, ReportKind
from tests.profiles import PROFILE


def problems_of(call: Callable[[], object]) -> dict[str, str]:
    with pytest.raises(SettingsError) as caught:
        call()
    return {problem.path: problem.message for problem in caught.value.problems}


def test_limits_are_those_of_the_text() -> None:
    limits = PROFILE.limits
    assert limits.codes_per_report == 30_000
    assert [limits.children(level) for level in ("GROUP", "BOX_LV_1", "BOX_LV_2", "UNIT")] == [200, 1_000, 500, 1]
    assert (limits.requests_per_minute, limits.search_page, limits.code_information) == (100, 100, 1_000)


def test_the_version_of_the_text_is_said() -> None:
    assert PROFILE.about.version == "1.21.1"
    assert all("v1." in text for text in PROFILE.about.texts)


def test_utilisation_takes_full_codes_and_the_others_identification_codes() -> None:
    forms = {str(kind): PROFILE.reports[kind].form for kind in ReportKind}
    assert forms.pop("utilisation") == "full"
    assert set(forms.values()) == {"identification"}


def test_correction_and_disaggregation_have_no_type_in_search() -> None:
    assert [kind for kind in ReportKind if not PROFILE.reports[kind].document_type] == ["disaggregation", "correction"]
    assert PROFILE.reports.utilisation.document_type == "UTILISATION"


def test_only_utilisation_has_its_group_in_the_query_and_a_report_for_an_answer() -> None:
    assert [kind for kind in ReportKind if PROFILE.reports[kind].group_in_query] == ["utilisation"]
    assert PROFILE.reports.utilisation.answer_id == "reportId"
    assert PROFILE.reports.validation.answer_id == "documentId"


def test_only_appliances_go_without_dates_and_only_pharma_needs_a_series() -> None:
    assert {name for name, group in PROFILE.groups.items() if "production_date" not in group.demands} == {"appliances"}
    assert {name for name, group in PROFILE.groups.items() if "series" in group.demands} == {"pharma"}
    assert len(PROFILE.groups) == 11


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("SUCCESS", Outcome.ACCEPTED),
        ("PARTIALLY_PROCESSED", Outcome.PARTIAL),
        ("ERROR", Outcome.REFUSED),
        *((status, Outcome.PENDING) for status in ("CREATED", "VALIDATING", "IN_PROCESS", "WARNING", "", None)),
    ],
)
def test_a_status_that_is_not_known_to_settle_anything_is_looked_at_again(status: str | None, outcome: Outcome) -> None:
    assert PROFILE.statuses.of_document(status) == outcome


@pytest.mark.parametrize(
    ("release_type", "country", "fits"),
    [
        ("PRODUCTION", "UZ", True),
        ("PRODUCTION", "uz", True),
        ("IMPORT", "DE", True),
        ("CIRCULATION", "KZ", True),
        ("PRODUCTION", "DE", False),
        ("IMPORT", "UZ", False),
        ("CIRCULATION", "UZ", False),
    ],
)
def test_uz_goes_with_production_only(release_type: str, country: str, fits: bool) -> None:
    assert (PROFILE.release.problem(release_type, country) is None) is fits


def test_countries_are_those_of_the_dictionary_and_the_stand_in_has_read_the_same() -> None:
    countries = PROFILE.countries.codes
    assert len(countries) == 250
    assert {"UZ", "KZ", "DE", "EU"} <= countries
    assert not countries & {"XX", "ZZ", "UK", "AA"}
    assert countries == COUNTRIES


@pytest.mark.parametrize("name", profile_names())
def test_every_profile_that_is_shipped_is_whole_and_has_the_name_of_its_file(name: str) -> None:
    assert load_profile(name).about.name == name


def test_single_keys_are_overridden_as_tables_or_with_dots() -> None:
    overrides: dict[str, Any] = {
        "limits": {"search_page": 50},
        "methods.search.path": "/docs",
        "groups.tea.demands": [],
    }
    found = load_profile("asl-belgisi", {"codes_per_report": 10}, overrides)
    assert (found.limits.codes_per_report, found.limits.search_page) == (10, 50)
    assert (found.methods.search.path, found.methods.search.verb) == ("/docs", "GET")
    assert found.groups["tea"].demands == frozenset()
    assert (PROFILE.limits.codes_per_report, PROFILE.methods.search.path == "/docs") == (30_000, False)


def every_key(name: str) -> list[tuple[str, ...]]:
    text = resources.files("lined.regulator").joinpath(f"{name}.toml").read_text("utf-8")
    return [keys for keys, _ in flat(tomllib.loads(text))]


@pytest.mark.parametrize("keys", every_key("asl-belgisi"), ids=".".join)
def test_a_wrong_value_of_any_key_is_told_with_its_place(keys: tuple[str, ...], tmp_path: Path) -> None:
    place = ".".join(keys)
    every: tuple[object, ...] = (-1, {"x": {"y": 1}}, [[]])
    for wrong in every:
        found = problems_of(partial(load_profile, "asl-belgisi", None, {place: wrong}))
        assert all(path.startswith(f"regulator.overrides.{keys[0]}") for path in found), found
    file = tmp_path / "own.toml"
    head = '[profile]\nextends = "asl-belgisi"\n'
    file.write_text(f"{head}{keys[1]} = -1\n" if keys[0] == "profile" else f"{place} = -1\n{head}")
    assert all(path.startswith(f"{file}: {keys[0]}") for path in problems_of(lambda: load_profile(str(file))))


@pytest.mark.parametrize("keys", sorted({keys[:2] for keys in every_key("asl-belgisi")}), ids=".".join)
def test_a_key_beside_any_other_is_unknown(keys: tuple[str, ...]) -> None:
    if keys[0] == "groups":
        return  # any name may be a group's
    beside = ".".join((*keys[:-1], f"{keys[-1]}x"))
    found = problems_of(lambda: load_profile("asl-belgisi", None, {beside: 1}))
    assert f"{keys[-1]} is close to it" in found[f"regulator.overrides.{beside}"]


def test_all_that_is_wrong_is_told_at_once() -> None:
    found = problems_of(
        lambda: load_profile(
            "asl-belgisi",
            {"codes_per_repport": 10, "GROUP": 0, "BOX_LV_1": True},
            {
                "methods.search.path": "/{x}",
                "reports": {"correction": {"form": "full"}},
                "statuses.refused": ["SUCCESS"],
            },
        )
    )
    assert set(found) == {
        "regulator.limits.codes_per_repport",
        "regulator.limits.GROUP",
        "regulator.limits.BOX_LV_1",
        "regulator.overrides.methods.search.path",
        "regulator.overrides.reports.correction.form",
        "regulator.overrides.statuses.refused",
    }


def test_a_path_has_the_places_that_can_be_filled() -> None:
    for name in Methods.model_fields:
        for path in ("/x/{code}", "/x/{", "x", "/x?y=1", "https://host/x"):
            assert problems_of(partial(load_profile, "asl-belgisi", None, {f"methods.{name}.path": path}))
    assert problems_of(lambda: load_profile("asl-belgisi", None, {"methods.document.path": "/docs"}))


class TestAFileOfTheUsers:
    def test_it_says_only_what_differs_from_the_one_it_extends(self, tmp_path: Path) -> None:
        file = tmp_path / "my.toml"
        file.write_text('[profile]\nextends = "asl-belgisi"\nversion = "1.45"\n[limits]\nrequests_per_minute = 10\n')
        found = load_profile(str(file))
        assert (found.about.name, found.about.version, found.limits.requests_per_minute) == ("asl-belgisi", "1.45", 10)
        assert found.groups == PROFILE.groups

    def test_it_is_whole_where_it_extends_none(self, tmp_path: Path) -> None:
        file = tmp_path / "my.toml"
        file.write_text('[profile]\nname = "mine"\nversion = "1"\ntexts = ["x"]\n')
        found = problems_of(lambda: load_profile(str(file)))
        assert set(found) == {f"{file}: {name}" for name in profile_tables("asl-belgisi") if name != "profile"}
        assert set(found.values()) == {"is required: add it"}

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (None, "cannot be read: No such file"),
            (b"[profile\n", "is not TOML"),
            (b"\xff\xfe", "is not TOML in UTF-8"),
            (b"a = " + b"[" * 9_000, "nested too deeply"),
            (b"#" * 300_000, "larger than 200000 bytes"),
            (b'[profile]\nextends = "chestny"\n', "must be one of asl-belgisi"),
            (b"[profile]\nextends = 5\n", "must be one of asl-belgisi"),
            (b"profile = 5\n", "valid dictionary"),
        ],
    )
    def test_what_is_no_profile_is_told(self, tmp_path: Path, content: bytes | None, words: str) -> None:
        file = tmp_path / "my.toml"
        if content is not None:
            file.write_bytes(content)
        found = problems_of(lambda: load_profile(str(file)))
        assert any(path.startswith(str(file)) and words in message for path, message in found.items()), found


def test_an_unknown_profile_is_a_problem_of_the_settings() -> None:
    with pytest.raises(SettingsError, match=r"regulator\.profile: unknown; known are asl-belgisi"):
        load_profile("chestny-znak")


def test_the_twin_differs_where_its_file_says_so_and_nowhere_else() -> None:
    rows = differences(PROFILE, load_profile("ismet"))
    moved = {key: after for key, _, after in rows if not key.startswith(("profile.", "servers.", "groups."))}
    methods = {key for key in moved if key.startswith("methods.")}
    assert {key.rsplit(".", 1)[1] for key in methods} == {"business", "role"}
    assert {key: after for key, after in moved.items() if key not in methods} == {
        "headers.accept": "*/*",
        "release.home_country": "KZ",
        "errors.rights": frozenset({"201"}),
    }
    open_to_all = {key.split(".")[1] for key, after in moved.items() if key.endswith(".business") and after is False}
    assert {"code_histories", "participant", "correction"} <= open_to_all
    assert not open_to_all & {"key_check", "key_refresh"}
