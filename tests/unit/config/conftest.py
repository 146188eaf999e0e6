"""A configuration with every key of docs/contract.md, Configuration, and a way to judge changed ones."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lined.config import Config, from_tables
from lined.vocabulary.errors import SettingsError

Tables = dict[str, Any]
Judge = Callable[[Tables], dict[str, str]]

CONTRACT = r"""
[line]
id = "line-1"
timezone = "Asia/Tashkent"
language = "en"
shifts = ["08:00", "20:00"]

[regulator]
profile = "asl-belgisi"
url = "https://xtrace.stage.aslbelgisi.uz"
tin = "307797292"
business_place_id = 27
api_key_file = "api-key"
requests_per_minute = 90
poll_s = 5
in_doubt_first_s = 60
in_doubt_gap_s = 900
limits = {}

[journal]
path = "line-1.db"
floor_bytes = 1_000_000_000
archive_after_days = 90
on_damage = "continue"

[sscc]
prefix = "0307797292"
first = 1
last = 9999999

[[product]]
gtin = "04899215122371"
name = "Sunflower oil 1 l"
group = "vegetableoil"
release_type = "PRODUCTION"
country = "UZ"
shelf_life_days = 1095
min_grade = "C"
template = "GS1_AISTR_SHORT"
serial_length = 13

[[product.package]]
level = "BOX_LV_1"
capacity = 12
gtin = "14899215122378"
child_level = "UNIT"

[[device]]
id = "cam-1"
driver = "generic"
url = "tcp://10.0.0.21:9004"
options = {}
reply = { accept = "OK\r\n", reject = "NG\r\n" }
repeat_s = 0

[[printer]]
id = "printer-1"
driver = "zebra-zpl"
url = "tcp://10.0.0.33:9100"
options = {}
queue = 10
low_stock = 1000
unseen_s = 900

[[station]]
id = "marking"
role = "apply"
devices = ["cam-1"]
apply = false
level = "BOX_LV_1"
mode = "children-then-parent"
confirm_s = 0
verdict_deadline_ms = 0

[report.utilisation]
max_codes = 30000
max_age_s = 900
settle_s = 0

[mqtt]
url = "mqtt://localhost:1883"
username = ""
password_file = ""
ca_file = ""
protocol = 5
root = "lined"
topics = {}

[[notify]]
id = "shift-leader"
url_file = "telegram"
language = "ru"
min_severity = "serious"
kinds = []
per_hour = 12
quiet_s = 600

[status]
listen = "127.0.0.1:8480"
allow_lan = false
allowed_hosts = []
"""


@pytest.fixture
def tables() -> Tables:
    """The contract's configuration; a fresh copy for each test."""
    return tomllib.loads(CONTRACT)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """The directory the configuration stands in, with its secrets."""
    for name, secret in (("api-key", "a-key-of-a-business-user\n"), ("telegram", "tgram://123456:token/-42\n")):
        (tmp_path / name).write_text(secret)
        (tmp_path / name).chmod(0o600)
    return tmp_path


@pytest.fixture
def read(base: Path) -> Callable[[Tables], Config]:
    return lambda tables: from_tables(tables, base)


@pytest.fixture
def judge(base: Path) -> Judge:
    """Problems by path; empty for a right configuration."""

    def problems(tables: Tables) -> dict[str, str]:
        try:
            from_tables(tables, base)
        except SettingsError as error:
            return {problem.path: problem.message for problem in error.problems}
        return {}

    return problems
