"""The configuration is the contract's, key by key: what it prints is accepted, and its defaults are ours."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lined.config import Config

Read = Callable[[dict[str, Any]], Config]

WITH_DEFAULT = """
line.timezone line.language line.shifts
regulator.api_key_file regulator.requests_per_minute regulator.poll_s regulator.in_doubt_first_s
regulator.in_doubt_gap_s regulator.limits
journal.floor_bytes journal.archive_after_days journal.on_damage
sscc.prefix sscc.first sscc.last
product.release_type product.country product.min_grade
product.package.level product.package.capacity
device.options device.repeat_s
printer.options printer.queue printer.low_stock printer.unseen_s
station.apply station.mode station.confirm_s station.verdict_deadline_ms
report report.utilisation report.utilisation.max_codes report.utilisation.max_age_s report.utilisation.settle_s
notify.min_severity notify.kinds notify.per_hour notify.quiet_s
mqtt.username mqtt.password_file mqtt.ca_file mqtt.protocol mqtt.root mqtt.topics
status status.listen status.allow_lan status.allowed_hosts
""".split()
REQUIRED = """
line line.id
regulator regulator.profile regulator.url regulator.tin regulator.business_place_id
journal journal.path
product.gtin product.name product.group
device.id device.driver device.url
printer.id printer.driver printer.url
station.id station.role station.devices
mqtt.url
notify.id notify.url_file
""".split()
NOTHING_BY_DEFAULT: dict[str, object] = {
    "sscc": None,
    "mqtt": None,
    "notify": [],
    "notify.language": None,
    "product.shelf_life_days": None,
    "product.template": None,
    "product.serial_length": None,
    "product.package.gtin": None,
    "product.package.child_level": None,
    "device.reply": {"accept": "", "reject": ""},
    "station.level": None,
}


def _owner(tables: dict[str, Any], key: str) -> tuple[dict[str, Any], str]:
    """The table that holds `product.package.level`, first entries taken, and the last word."""
    *way, last = key.split(".")
    at: Any = tables
    for part in way:
        at = at[part][0] if isinstance(at[part], list) else at[part]
    return at, last


def _dumped(config: Config) -> dict[str, Any]:
    return config.model_dump(mode="json", by_alias=True)


def test_the_contracts_own_configuration_is_right(tables: dict[str, Any], read: Read, base: Path) -> None:
    config = read(tables)
    dumped = _dumped(config)
    assert dumped["journal"].pop("path") == str(base / "line-1.db")
    assert dumped["regulator"].pop("api_key_file") == str(base / "api-key")
    assert dumped["mqtt"].pop("ca_file") is None
    assert dumped["notify"][0].pop("url_file") == str(base / "telegram")
    del tables["journal"]["path"], tables["regulator"]["api_key_file"], tables["mqtt"]["ca_file"]
    del tables["notify"][0]["url_file"]
    for section, keys in tables.items():
        rows = zip(keys, dumped[section], strict=True) if isinstance(keys, list) else [(keys, dumped[section])]
        for written, understood in rows:
            for key, value in written.items():
                if isinstance(value, dict) and section == "report":
                    assert value.items() <= understood[key].items()
                else:
                    assert understood[key] == value, f"{section}.{key}"


@pytest.mark.parametrize("key", WITH_DEFAULT)
def test_a_key_left_out_has_the_value_that_the_contract_shows(key: str, tables: dict[str, Any], read: Read) -> None:
    shown = _dumped(read(tables))
    owner, last = _owner(tables, key)
    del owner[last]
    assert _dumped(read(tables)) == shown


@pytest.mark.parametrize("key", NOTHING_BY_DEFAULT)
def test_a_key_left_out_means_nothing(key: str, tables: dict[str, Any], read: Read) -> None:
    owner, last = _owner(tables, key)
    del owner[last]
    understood, last = _owner(_dumped(read(tables)), key)
    assert understood[last] == NOTHING_BY_DEFAULT[key]


@pytest.mark.parametrize("key", REQUIRED)
def test_a_required_key_is_asked_for_by_its_path(
    key: str, tables: dict[str, Any], judge: Callable[[dict[str, Any]], dict[str, str]]
) -> None:
    owner, last = _owner(tables, key)
    del owner[last]
    path = key.replace("product.", "product[0].").replace("device.", "device[0].").replace("station.", "station[0].")
    path = path.replace("notify.", "notify[0].").replace("printer.", "printer[0].")
    within = [key for key in REQUIRED if key.startswith(f"{path}.")]  # of a whole table, what has to stand in it
    assert judge(tables) == dict.fromkeys(within or [path], "is required: add it")


def test_every_key_of_the_contract_is_tested(tables: dict[str, Any]) -> None:
    tested = {*WITH_DEFAULT, *REQUIRED, *NOTHING_BY_DEFAULT}
    for section, content in tables.items():
        rows = content if isinstance(content, list) else [content]
        for key in rows[0]:
            assert f"{section}.{key}" in tested or key == "package", f"{section}.{key}"


def test_the_other_kinds_of_reports_take_the_same_keys(tables: dict[str, Any], read: Read) -> None:
    assert set(read(tables).report.kinds()) == {"utilisation"}
    tables["report"]["validation"] = {"max_codes": 10, "max_age_s": 1, "settle_s": 2}
    tables["report"]["aggregation"] = {}
    kinds = read(tables).report.kinds()
    assert (kinds["validation"].max_codes, kinds["validation"].max_age_s, kinds["validation"].settle_s) == (10, 1, 2)
    assert (kinds["aggregation"].max_codes, kinds["aggregation"].max_age_s) == (30_000, 900)
    assert [kinds[kind].first_batch_s for kind in ("utilisation", "validation", "aggregation")] == [60, 0, 0]


def test_values_come_in_the_shapes_that_the_line_works_with(tables: dict[str, Any], read: Read, base: Path) -> None:
    tables["station"][0]["verdict_deadline_ms"] = 150
    tables["device"][0]["reply"] = {"accept": "\u0006", "reject": "\u00ff"}
    tables["status"]["listen"] = "[::1]:0"
    config = read(tables)
    assert config.line.shift_starts == (datetime.time(8), datetime.time(20))
    assert config.line.zone.key == "Asia/Tashkent"
    assert config.journal.token_path == base / "line-1.db.token"
    assert config.stations[0].deadline_s == 0.15
    assert config.stations[0].applies
    assert (config.devices[0].reply.accept_bytes, config.devices[0].reply.reject_bytes) == (b"\x06", b"\xff")
    assert config.status.address == ("::1", 0)
    assert config.sscc is not None
    assert config.sscc.serial_digits == 7


def test_what_lies_beside_a_journal_lies_where_its_link_leads(
    tables: dict[str, Any], read: Read, tmp_path: Path
) -> None:
    real = tmp_path / "disk" / "real.db"
    link = tmp_path / "link.db"
    link.symlink_to(real)
    tables["journal"]["path"] = str(link)
    journal = read(tables).journal
    assert (journal.token_path, journal.port_path) == (Path(f"{real}.token"), Path(f"{real}.port"))


def test_a_package_holds_the_next_lower_level_of_its_product(tables: dict[str, Any], read: Read) -> None:
    tables["product"][0]["package"] = [
        {"level": "BOX_LV_2"},
        {"level": "GROUP", "gtin": "14899215122378"},
        {"level": "BOX_LV_1", "child_level": "UNIT"},
    ]
    product = read(tables).products[0]
    children = {package.level: product.child_level(package) for package in product.packages}
    assert children == {"BOX_LV_2": "BOX_LV_1", "GROUP": "UNIT", "BOX_LV_1": "UNIT"}


def test_defaults_follow_a_lower_limit(tables: dict[str, Any], read: Read) -> None:
    del tables["report"]
    tables["regulator"]["limits"] = {"codes_per_report": 500}
    tables["sscc"] = {"prefix": "030779729212"}
    config = read(tables)
    assert config.report.utilisation.max_codes == 500
    assert config.sscc is not None
    assert config.sscc.last == 99_999


def test_a_right_configuration_does_not_change(tables: dict[str, Any], read: Read) -> None:
    with pytest.raises(ValueError, match="frozen"):
        read(tables).line.id = "another"  # type: ignore[misc]
