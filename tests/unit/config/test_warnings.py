"""What can be run but is hardly meant so is said, and a line that is meant so has no warning."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lined.config import Config

Tables = dict[str, Any]
Read = Callable[[Tables], Config]
VERIFIER = {"id": "verifier", "driver": "generic", "url": "tcp://10.0.0.9:1", "reply": {"accept": "1", "reject": "0"}}
VERIFIER |= {"options": {"no_read": ["NR"]}}


@pytest.fixture
def quiet(tables: Tables) -> Tables:
    """The contract's configuration without what it only shows."""
    del tables["station"][0]["level"], tables["station"][0]["mode"], tables["product"][0]["package"]
    tables["device"][0]["options"] = {"no_read": []}
    return tables


def _add(tables: Tables, role: str, **more: object) -> None:
    tables["device"].append({**VERIFIER, "id": f"for-{role}", "url": f"tcp://10.0.0.9:{len(tables['device'])}"})
    tables["station"].append({"id": role, "role": role, "devices": [f"for-{role}"], **more})


def _silent(tables: Tables) -> None:
    del tables["device"][0]["reply"], tables["mqtt"]


def _unpacked(tables: Tables) -> None:
    _add(tables, "pack", level="BOX_LV_2")
    tables["report"]["aggregation"] = {}


def _clear_password(tables: Tables) -> None:
    tables["mqtt"] |= {"url": "mqtt://broker", "username": "u", "password_file": "api-key"}


def _unreported(tables: Tables) -> None:
    _add(tables, "pack", level="BOX_LV_1")
    tables["product"][0]["package"] = [{"capacity": 2}]


CASES: dict[str, tuple[Callable[[Tables], object], set[str], str]] = {
    "verdicts are said to nobody": (_silent, {"station[0]"}, "can say its verdicts to nobody"),
    "a device of no station": (
        lambda t: t["device"].append(VERIFIER),
        {"device[1]"},
        "belongs to no station",
    ),
    "no expiry": (lambda t: t["product"][0].pop("shelf_life_days"), {"product[0].shelf_life_days"}, "each job"),
    "no product": (lambda t: t.pop("product"), {"product"}, "no job can be started"),
    "nothing applies": (lambda t: t["station"][0].update(role="verify"), {"station", "device[0].options"}, ""),
    "no word for no code": (
        lambda t: t["device"][0].update(options={}),
        {"device[0].options.no_read"},
        "counts as malformed",
    ),
    "no grade": (lambda t: _add(t, "verify"), {"device[1].options"}, "gives none"),
    "a level of no product": (_unpacked, {"station[1].level"}, "everything will be rejected"),
    "packages that nobody reports": (
        _unreported,
        {"report.aggregation"},
        "not reported",
    ),
    "nothing to aggregate": (lambda t: t["report"].update(aggregation={}), {"report.aggregation"}, "no station packs"),
    "nothing to validate": (lambda t: t["report"].update(validation={}), {"report.validation"}, "no station verifies"),
    "a level that is not used": (lambda t: t["station"][0].update(level="GROUP"), {"station[0].level"}, "not used"),
    "a capacity that nobody chose": (
        lambda t: t["product"][0].update(package=[{}]),
        {"product[0].package[0].capacity"},
        "so 12 is taken",
    ),
    "a prefix that nobody chose": (lambda t: t.update(sscc={}), {"sscc.prefix"}, "write your own"),
    "more than the regulator allows": (
        lambda t: t["regulator"].update(requests_per_minute=200),
        {"regulator.requests_per_minute"},
        "allows 100 a minute",
    ),
    "a confirmation without MQTT": (
        lambda t: (t.pop("mqtt"), t["station"][0].update(confirm_s=1)),
        {"station[0].confirm_s"},
        "over MQTT only",
    ),
    "the network hears": (
        lambda t: t["status"].update(listen="0.0.0.0:1", allow_lan=True),
        {"status.listen"},
        "from other computers",
    ),
    "a password in the clear": (_clear_password, {"mqtt.url"}, "in the clear"),
    "no directory yet": (lambda t: t["journal"].update(path="later/line.db"), {"journal.path"}, "no directory"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_warning_for(case: str, quiet: Tables, read: Read) -> None:
    change, paths, words = CASES[case]
    change(quiet)
    warnings = dict(read(quiet).warnings)
    assert set(warnings) == paths
    assert words in "".join(warnings.values())


def test_a_line_as_it_should_be_has_no_warning(quiet: Tables, read: Read) -> None:
    assert read(quiet).warnings == ()


def test_a_key_that_everybody_can_read_is_a_warning(quiet: Tables, read: Read, base: Path) -> None:
    (base / "api-key").chmod(0o644)
    assert "chmod 600" in dict(read(quiet).warnings)["regulator.api_key_file"]


def test_mqtt_or_one_device_is_enough_to_say_verdicts(quiet: Tables, read: Read) -> None:
    del quiet["device"][0]["reply"]
    assert read(quiet).warnings == ()
