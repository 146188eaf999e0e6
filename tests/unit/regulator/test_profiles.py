"""The profile is data: complete, versioned, overridable by name only."""

from __future__ import annotations

import pytest

from lined.regulator import load_profile, profile_names
from lined.sandbox.rules import COUNTRIES
from lined.vocabulary.errors import SettingsError

PROFILE = load_profile("asl-belgisi")


def test_limits_are_those_of_the_text() -> None:
    limits = PROFILE.limits
    assert limits["codes_per_report"] == 30_000
    assert (limits["GROUP"], limits["BOX_LV_1"], limits["BOX_LV_2"]) == (200, 1_000, 500)
    assert (limits["requests_per_minute"], limits["search_page"], limits["code_information"]) == (100, 100, 1_000)


def test_the_version_of_the_text_is_said() -> None:
    assert PROFILE.version == "1.21.1"
    assert all("v1." in text for text in PROFILE.texts)


def test_utilisation_takes_full_codes_and_the_others_identification_codes() -> None:
    assert {name: kind.form for name, kind in PROFILE.reports.items()} == {
        "utilisation": "full",
        "validation": "identification",
        "aggregation": "identification",
        "disaggregation": "identification",
        "correction": "identification",
    }


def test_correction_and_disaggregation_have_no_type_in_search() -> None:
    assert PROFILE.documents_without_type == {"correction", "disaggregation"}
    assert PROFILE.reports["utilisation"].document_type == "UTILISATION"


def test_only_utilisation_is_plain_json_with_its_group_in_the_query() -> None:
    assert [name for name, kind in PROFILE.reports.items() if not kind.envelope] == ["utilisation"]
    assert [name for name, kind in PROFILE.reports.items() if kind.group_in_query] == ["utilisation"]
    assert PROFILE.reports["utilisation"].answer_id == "reportId"
    assert PROFILE.reports["validation"].answer_id == "documentId"


def test_orders_and_reports_draw_on_the_limit_and_lookups_do_not() -> None:
    limited = {name for name, method in PROFILE.methods.items() if method.limited}
    assert limited == {*PROFILE.reports, "authenticate", "token_refresh"}


def test_every_group_has_its_id_and_only_appliances_go_without_dates() -> None:
    assert {name: group.id for name, group in PROFILE.groups.items()} == {
        "tobacco": 3, "pharma": 7, "medicals": 10, "alcohol": 11, "water": 13, "beer": 15, "bio": 17,
        "appliances": 18, "antiseptic": 19, "vegetableoil": 33, "fertilizers": 53,
    }  # fmt: skip
    dateless = {name for name, group in PROFILE.groups.items() if "productionDate" not in group.demands}
    assert dateless == {"appliances"}
    assert "seriesNumber" in PROFILE.groups["pharma"].demands


def test_applied_means_applied_or_introduced() -> None:
    assert PROFILE.statuses.applied == {"APPLIED", "INTRODUCED"}


def test_a_document_is_pending_or_final_never_both() -> None:
    statuses = PROFILE.statuses
    assert not statuses.pending & statuses.final
    assert statuses.final == statuses.succeeded | statuses.partial | statuses.refused


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
        ("EXPORT", "DE", False),
    ],
)
def test_uz_goes_with_production_only(release_type: str, country: str, fits: bool) -> None:
    assert (PROFILE.release_problem(release_type, country) is None) is fits


def test_countries_are_those_of_the_dictionary_and_the_stand_in_has_read_the_same() -> None:
    assert len(PROFILE.countries) == 250
    assert {"UZ", "KZ", "DE", "EU"} <= PROFILE.countries
    assert not PROFILE.countries & {"XX", "ZZ", "UK", "AA"}
    assert PROFILE.countries == COUNTRIES


def test_limits_are_overridden_by_name() -> None:
    assert load_profile("asl-belgisi", {"codes_per_report": 10}).limits["codes_per_report"] == 10
    assert PROFILE.limits["codes_per_report"] == 30_000


def test_all_wrong_limits_are_told_at_once_with_their_paths() -> None:
    with pytest.raises(SettingsError) as caught:
        load_profile("asl-belgisi", {"codes_per_repport": 10, "GROUP": 0, "BOX_LV_1": True})
    assert [problem.path for problem in caught.value.problems] == [
        "regulator.limits.codes_per_repport",
        "regulator.limits.GROUP",
        "regulator.limits.BOX_LV_1",
    ]


def test_an_unknown_profile_is_a_problem_of_the_settings() -> None:
    with pytest.raises(SettingsError, match=r"regulator\.profile: unknown; known are asl-belgisi"):
        load_profile("../asl-belgisi")
    assert profile_names() == ["asl-belgisi"]
