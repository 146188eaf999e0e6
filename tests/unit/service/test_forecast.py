"""What a budget of requests is worth, told beforehand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lined.config.load import from_tables
from lined.service.forecast import Forecast, forecast
from lined.vocabulary.reports import ReportKind

GTIN = "04899215122371"


def line(**regulator: Any) -> dict[str, Any]:
    stations = [("marking", "apply"), ("quality", "verify"), ("boxes", "pack"), ("pallets", "pack")]
    return {
        "line": {"id": "line-1"},
        "regulator": {
            "profile": "asl-belgisi", "url": "https://one.example", "tin": "307797292", "business_place_id": 27,
            **regulator,
        },
        "journal": {"path": "line.db"},
        "product": [{
            "gtin": GTIN, "name": "Oil", "group": "vegetableoil", "shelf_life_days": 9,
            "package": [{"level": "BOX_LV_1", "capacity": 10}, {"level": "BOX_LV_2", "capacity": 50}],
        }],
        "device": [
            {"id": one, "driver": "generic", "url": f"tcp://127.0.0.1:{n}"} for n, (one, _) in enumerate(stations, 1)
        ],
        "station": [
            {"id": one, "role": role, "devices": [one]}
            | ({"level": {"boxes": "BOX_LV_1", "pallets": "BOX_LV_2"}[one]} if role == "pack" else {})
            for one, role in stations
        ],
        "report": {"utilisation": {}, "validation": {}, "aggregation": {}},
    }  # fmt: skip


def told(tmp_path: Path, tables: dict[str, Any], rate: float) -> Forecast:
    return forecast(from_tables(tables, tmp_path, secrets=False), rate)


def test_forty_codes_a_second_with_full_reports_need_a_fraction_of_ten_requests_a_minute(tmp_path: Path) -> None:
    found = told(tmp_path, line(limits={"requests_per_minute": 10}, requests_per_minute=10), 40)
    applied, graded, packed = found.streams
    assert applied == (ReportKind.UTILISATION, 30_000, 750.0, True)
    assert graded == (ReportKind.VALIDATION, 30_000, 750.0, True)
    assert packed.kind == ReportKind.AGGREGATION and packed.codes == 30_000
    assert packed.every_s == pytest.approx(30_000 / (40 * 1.202))  # a unit, a tenth of a box twice, and of a pallet
    assert 0.2 < found.need < 0.3 and 7.5 < found.share <= 8.5 and found.suffices
    assert 0 < found.burst_s < 30
    assert found.oldest_s == pytest.approx(750 + found.burst_s)


def test_where_it_does_not_suffice_it_says_what_stays_behind(tmp_path: Path) -> None:
    tables = line(limits={"requests_per_minute": 10}, requests_per_minute=10)
    tables["report"]["utilisation"]["max_age_s"] = 5
    found = told(tmp_path, tables, 40)
    assert not found.suffices and found.oldest_s is None
    assert found.need > 12 and 0 < found.behind < 40 * 86_400


def test_what_is_sealed_by_age_is_so_told(tmp_path: Path) -> None:
    found = told(tmp_path, line(), 1)
    assert [(one.codes, one.every_s, one.full) for one in found.streams[:2]] == [(900, 900.0, False)] * 2


def test_a_line_that_packs_nothing_sends_no_aggregations(tmp_path: Path) -> None:
    tables = line()
    del tables["product"][0]["package"]
    assert [one.kind for one in told(tmp_path, tables, 40).streams] == [ReportKind.UTILISATION, ReportKind.VALIDATION]
