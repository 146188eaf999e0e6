"""Whatever is wrong is found in one go, at its path, with words that say what to do."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lined.config import from_tables, load
from lined.service.assembly import binding_of
from lined.vocabulary.errors import SettingsError

Judge = Callable[[dict[str, Any]], dict[str, str]]

GROUP = {"level": "GROUP", "gtin": "14899215122378", "capacity": 6}

# Where, what is written there, and what has to be said; the problem's path is the place unless a fourth entry says so.
WRONG: list[tuple[str, object, str]] = [
    ("line", 5, "must be a table, not 5"),
    ("line.id", "Line 1", "characters of a-z"),
    ("line.id", "a" * 33, "1 to 32"),
    ("line.id", "", "1 to 32"),
    ("line.timezone", "Asia/Tashkend", "no time zone"),
    ("line.timezone", "../etc", "no time zone"),
    ("line.language", "de", "must be 'uz', 'ru' or 'en', not 'de'"),
    ("line.shifts", "08:00", "must be a list"),
    ("line.shifts[1]", "8:00", "time of day such as 08:00"),
    ("line.shifts[0]", "24:00", "time of day"),
    ("line.langauge", "en", "language is close to it"),
    ("regulator.profile", "chestny-znak", "unknown; known are asl-belgisi"),
    ("regulator.url", "http://xtrace.aslbelgisi.uz", "write https://"),
    ("regulator.url", "ftp://localhost", "begins with https:// or http://"),
    ("regulator.url", "https://user:secret@host", "must not hold a user or password"),
    ("regulator.url", "https://host:99999", "not an address"),
    ("regulator.url", "https://[::1", "not an address"),
    ("regulator.url", "https://ho st", "not 'https://ho st'"),
    ("regulator.tin", 307797292, "must be text in quotes, not 307797292"),
    ("regulator.tin", "30779729", "9 to 14 digits"),
    ("regulator.business_place_id", "27", "must be a whole number, not '27'"),
    ("regulator.business_place_id", True, "must be a whole number, not true"),
    ("regulator.business_place_id", 0, "must be at least 1"),
    ("regulator.api_key_file", "missing", "No such file"),
    ("regulator.requests_per_minute", 0, "must be at least 1"),
    ("regulator.requests_per_minute", 1.5, "must be a whole number"),
    ("regulator.poll_s", 0, "must be more than 0"),
    ("regulator.poll_s", float("nan"), "must be a finite number"),
    ("regulator.in_doubt_first_s", -1, "must be more than 0"),
    ("regulator.in_doubt_gap_s", 1e9, "must be at most 86400"),
    ("regulator.limits.codes_per_day", 5, "a profile has no such key; codes_per_report is close to it"),
    ("regulator.limits.codes_per_report", 0, "must be at least 1"),
    ("regulator.overrides", 5, "must be a table"),
    ("product[0].low_stock", -1, "must be at least 0"),
    ("product[0].low_stock_hours", float("inf"), "must be a finite number"),
    ("journal.path", "", "a file's path"),
    ("journal.path", "/", "is a directory"),
    ("journal.path", "a\0b", "a file's path"),
    ("journal.floor_bytes", -1, "must be at least 0"),
    ("journal.floor_bytes", 10**30, "is too large"),
    ("journal.archive_after_days", 0, "must be at least 1"),
    ("journal.on_damage", "pray", "must be 'continue' or 'stop'"),
    ("sscc.prefix", "03077X7292", "5 to 16 digits"),
    ("sscc.prefix", "030", "5 to 16 digits"),
    ("sscc.first", 10_000_000, "room for 7 digits"),
    ("sscc.last", 10_000_000, "at most 9999999"),
    ("sscc.last", 0, "must not be less than first"),
    ("product", {"gtin": "04899215122371"}, "is written as [[product]], once for each"),
    ("product[0].gtin", "04899215122372", "would have to be 1"),
    ("product[0].gtin", "4899215122371", "14 digits, with leading zeros"),
    ("product[0].name", "  ", "readable text"),
    ("product[0].group", "oil", "no product group 'oil'"),
    ("product[0].release_type", "EXPORT", "must be PRODUCTION or IMPORT or CIRCULATION, not 'EXPORT'"),
    ("product[0].release_type", "IMPORT", "country UZ goes with PRODUCTION"),
    ("product[0].country", "uz", "two capital letters"),
    ("product[0].country", "XX", "no list of countries"),
    ("product[0].shelf_life_days", 0, "must be at least 1"),
    ("product[0].min_grade", "E", "must be 'A', 'B', 'C', 'D' or 'F'"),
    ("product[0].template", "CUSTOM", "must be one of GS1_AISTR_SHORT"),
    ("product[0].template", "SSCC", "must be one of GS1_AISTR_SHORT"),
    ("product[0].serial_length", 21, "must be at most 20"),
    ("product[0].package", {"level": "GROUP"}, "is written as [[product.package]]"),
    ("product[0].package[0].level", "PALLET", "must be 'GROUP', 'BOX_LV_1' or 'BOX_LV_2'"),
    ("product[0].package[0].capacity", 0, "must be at least 1"),
    ("product[0].package[0].capacity", 1_001, "at most 1000"),
    ("product[0].package[0].child_level", "BOX_LV_1", "must be a lower level"),
    ("product[0].package[0].child_level", "GROUP", "has no GROUP"),
    ("device[0].id", "Cam 1", "characters of a-z"),
    ("device[0].driver", "genric", "there are: "),
    ("device[0].url", "udp://10.0.0.1:5", "must begin with tcp://, tcp-listen:// or serial://"),
    ("device[0].url", "tcp://10.0.0.21", "needs a port"),
    ("device[0].options.prefx", "x", "unknown option"),
    ("device[0].options.pattern", "(", "no regular expression"),
    ("device[0].reply.accept", "✓", "one byte on the wire"),
    ("device[0].reply.accepted", "x", "accept is close to it"),
    ("device[0].reply", {"accept": "A", "reject": "A"}, "could not tell them apart"),
    ("device[0].repeat_s", -1, "must be at least 0"),
    ("station[0].id", "", "1 to 32"),
    ("station[0].role", "print", "must be 'apply', 'verify', 'pack', 'reject' or 'rework'"),
    ("station[0].devices", [], "must have at least 1 entry"),
    ("station[0].devices[0]", 5, "must be text in quotes"),
    ("station[0].devices[0]", "cam-2", "there is no device 'cam-2'"),
    ("station[0].apply", 1, "must be true or false, not 1"),
    ("station[0].mode", "any", "must be 'children-then-parent'"),
    ("station[0].confirm_s", -1, "must be at least 0"),
    ("station[0].verdict_deadline_ms", "150", "must be a number, not '150'"),
    ("report.utilisation.max_codes", 30_001, "at most 30000 codes a report"),
    ("report.utilisation.max_codes", 0, "must be at least 1"),
    ("report.utilisation.max_age_s", 0, "must be more than 0"),
    ("report.utilisation.settle_s", -1, "must be at least 0"),
    ("report.utilisation.first_batch_s", -1, "must be at least 0"),
    ("report.utilization", {}, "utilisation is close to it"),
    ("mqtt.url", "http://localhost", "begins with mqtt:// or mqtts://"),
    ("mqtt.url", "mqtt://localhost/topic", "leave it out"),
    ("mqtt.password_file", "missing", "No such file"),
    ("mqtt.ca_file", "missing", "is for TLS"),
    ("mqtt.protocol", 4, "must be 5 or 311, not 4"),
    ("mqtt.root", "lined/#", "beginning of a topic"),
    ("mqtt.root", "", "beginning of a topic"),
    ("mqtt.topics.verdict", "out/#", "beginning of a topic"),
    ("mqtt.topics.verdict", "status", "status's 'status' meet"),
    ("mqtt.topics.verdict", "command/verdict", "command's 'command' meet"),
    ("mqtt.topics.command", "reply", "reply's 'reply' meet"),
    ("notify", {"id": "me"}, "is written as [[notify]], once for each"),
    ("notify[0].id", "Shift Leader", "characters of a-z"),
    ("notify[0].url_file", "missing", "No such file"),
    ("notify[0].url_file", "api-key", "has to hold an address as Apprise writes them"),
    ("notify[0].url", "tgram://secret/1", "here are known: id, url_file"),
    ("notify[0].language", "de", "must be 'uz', 'ru' or 'en'"),
    ("notify[0].min_severity", "info", "must be 'warning', 'serious' or 'critical'"),
    ("notify[0].kinds", ["disc"], "disk is close to it"),
    ("notify[0].per_hour", 0, "must be at least 1"),
    ("notify[0].per_hour", 61, "must be at most 60"),
    ("notify[0].quiet_s", -1, "must be at least 0"),
    ("status.listen", "0.0.0.0:8480", "set allow_lan = true"),
    ("status.listen", "localhost", "127.0.0.1:8480"),
    ("status.listen", "127.0.0.1:70000", "127.0.0.1:8480"),
    ("status.allow_lan", "yes", "must be true or false"),
    ("statuss", {}, "status is close to it"),
    ('"a b"', 1, "here are known: line, regulator"),
]


def _write(tables: dict[str, Any], place: str, value: object) -> None:
    at: Any = tables
    parts: list[str | int] = []
    for word in place.strip('"').split("."):
        name, *numbers = word.replace("]", "").split("[")
        parts += [name, *map(int, numbers)]
    for part in parts[:-1]:
        at = at[part]
    at[parts[-1]] = value


@pytest.mark.parametrize(
    ("place", "value", "words"), WRONG, ids=[f"{place}={value!r:.30}" for place, value, _ in WRONG]
)
def test_a_wrong_value_is_named_by_its_path(
    place: str, value: object, words: str, tables: dict[str, Any], judge: Judge
) -> None:
    _write(tables, place, value)
    problems = judge(tables)
    assert words in problems.get(place, f"nothing is said; but {problems}")


def test_a_re_order_is_told_whole_and_within_what_an_order_may_hold(tables: dict[str, Any], judge: Judge) -> None:
    product = tables["product"][0]
    product["reorder_below"] = 1_000
    assert "is required with reorder_below" in judge(tables)["product[0].reorder_quantity"]
    product["reorder_quantity"] = 150_001
    assert "at most 150000 codes" in judge(tables)["product[0].reorder_quantity"]
    product["reorder_quantity"] = 150_000
    assert judge(tables) == {}
    product["reorder_below"] = 0
    assert "is required with reorder_quantity" in judge(tables)["product[0].reorder_below"]


def test_addresses_for_alarms_need_the_extra_that_brings_apprise(
    tables: dict[str, Any], judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    assert "pip install 'lined[notify]'" in judge(tables)["notify"]
    tables["notify"] = []
    assert judge(tables) == {}


def test_only_the_wrong_value_is_complained_about(tables: dict[str, Any], judge: Judge) -> None:
    for place, value, _ in WRONG:
        changed = copy.deepcopy(tables)
        _write(changed, place, value)
        follows = {"station[0].devices[0]"} if place == "device[0].id" else set()  # it names a device of the old id
        assert set(judge(changed)) == {place} | follows


@pytest.mark.parametrize(
    ("key", "value", "place", "words"),
    [
        ("limits.search_page", "many", "limits.search_page", "valid integer"),
        ("methods.serach.path", "/x", "methods.serach", "search is close to it"),
        ("countries.codes.UZ", 1, "countries.codes.UZ", "there is nothing below codes, which is a value"),
        ("methods.search.path", "/{code}", "methods.search.path", "placeholder of no meaning"),
        ("groups.tea", {}, "groups.tea", "is required"),
    ],
)
@pytest.mark.parametrize("dotted", [True, False])
def test_a_wrong_override_is_named_by_its_path_and_hides_nothing(
    key: str, value: object, place: str, words: str, dotted: bool, tables: dict[str, Any], judge: Judge
) -> None:
    overrides: dict[str, Any] = {key: value} if dotted else {}
    if not dotted:
        *above, last = key.split(".")
        functools.reduce(lambda table, name: table.setdefault(name, {}), above, overrides)[last] = value
    tables["regulator"] |= {"overrides": overrides, "limits": {"codes_per_report": 50}}
    tables["product"][0]["group"] = "oil"
    tables["report"]["utilisation"]["max_codes"] = 60
    found = judge(tables)
    assert words in found[f"regulator.overrides.{place}"]
    assert set(found) == {f"regulator.overrides.{place}", "product[0].group", "report.utilisation.max_codes"}


def test_products_are_judged_by_a_profile_of_ones_own(tables: dict[str, Any], base: Path, judge: Judge) -> None:
    (base / "my.toml").write_text('[profile]\nextends = "asl-belgisi"\n[groups.tea]\ndemands = []\n')
    tables["regulator"]["profile"] = "./my.toml"
    tables["product"][0]["group"] = "tea"
    config = from_tables(tables, base)
    assert (config.regulator.profile, config.profile.about.name) == (str(base / "my.toml"), "asl-belgisi")
    assert binding_of(config)["profile"] == "asl-belgisi"  # a journal of this regulator goes on
    (base / "my.toml").write_text("[limits]\nGROUP = 0\n")
    assert {f"{base / 'my.toml'}: limits.GROUP", f"{base / 'my.toml'}: profile"} <= set(judge(tables))
    tables["regulator"]["profile"] = "there-is-none.toml"
    file = base / "there-is-none.toml"
    assert judge(tables) == {"regulator.profile": f"{file} cannot be read: No such file or directory"}


def test_all_wrong_values_are_named_at_once(tables: dict[str, Any], judge: Judge) -> None:
    tables["device"].append({"id": "cam-1", "driver": "generic", "url": "tcp://10.0.0.22:9004", "options": {"x": 1}})
    tables["station"].append({"id": "two", "role": "pack", "devices": ["cam-1", "cam-3"]})
    wrong: dict[str, object] = {
        "line.id": "Line 1",
        "line.langauge": "en",
        "regulator.tin": 5,
        "regulator.api_key_file": "missing",
        "regulator.limits.codes_per_day": 1,
        "journal.floor_bytes": -1,
        "sscc.prefix": "x",
        "product[0].gtin": "04899215122372",
        "product[0].country": "KZ",
        "product[0].package[0].level": "PALLET",
        "product[0].package[0].capacity": 0,
        "device[0].driver": "genric",
        "device[0].url": "nowhere",
        "station[0].mode": 7,
        "report.utilisation.max_age_s": 0,
        "report.utilisation.max_codes": 40_000,
        "mqtt.url": "localhost",
        "status.listen": "0.0.0.0:8480",
    }
    for place, value in wrong.items():
        _write(tables, place, value)
    fitting = {"device[1].id", "device[1].options.x", "station[1].level", "station[1].devices[1]"}
    fitting |= {"station[1].devices[0]", "product[0].release_type"}
    assert set(judge(tables)) == fitting | set(wrong) - {"product[0].country"}


def test_problems_stand_in_the_order_of_the_file(tables: dict[str, Any], base: Path) -> None:
    tables["status"]["listen"] = tables["line"]["id"] = "x y"
    tables["station"].append({"id": "second", "role": "pack", "devices": ["cam-1"]})
    tables["device"][0]["url"] = "nowhere"
    tables["product"][0]["group"] = "x"
    with pytest.raises(SettingsError) as caught:
        from_tables(tables, base)
    assert [problem.path for problem in caught.value.problems] == [
        "line.id",
        "product[0].group",
        "device[0].url",
        "station[1].level",
        "station[1].devices[0]",
        "status.listen",
    ]


class TestWhatHasToFitTogether:
    def test_ids_are_given_once(self, tables: dict[str, Any], judge: Judge) -> None:
        tables["device"].append({"id": "cam-1", "driver": "generic", "url": "tcp://10.0.0.22:9004"})
        tables["station"].append({"id": "marking", "role": "verify", "devices": ["cam-1"]})
        assert set(judge(tables)) == {"device[1].id", "station[1].id", "station[1].devices[0]"}

    def test_a_gtin_names_one_thing(self, tables: dict[str, Any], judge: Judge) -> None:
        tables["product"][0]["package"] = [GROUP]
        tables["product"].append({"gtin": "14899215122378", "name": "x", "group": "water"})
        assert judge(tables) == {
            "product[1].gtin": "14899215122378 is already the GTIN at product[0].package[0].gtin: "
            "each product and group has its own"
        }

    def test_two_devices_have_two_addresses(self, tables: dict[str, Any], judge: Judge) -> None:
        urls = ["tcp://10.0.0.21:9004", "tcp-listen://0.0.0.0:9005", "tcp-listen://127.0.0.1:9005"]
        urls += ["serial:///dev/ttyS0?baud=9600", "serial:///dev/ttyS0?baud=115200"]
        urls += ["tcp-listen://127.0.0.1:0", "tcp-listen://127.0.0.1:0"]
        for number, url in enumerate(urls):
            tables["device"].append({"id": f"d{number}", "driver": "generic", "url": url})
        assert set(judge(tables)) == {"device[1].url", "device[3].url", "device[5].url"}

    def test_a_device_has_one_station(self, tables: dict[str, Any], judge: Judge) -> None:
        tables["station"].append({"id": "two", "role": "verify", "devices": ["cam-1"]})
        assert "belongs to station[0].devices already" in judge(tables)["station[1].devices[0]"]

    def test_a_device_with_a_wrong_id_is_not_also_unknown(self, tables: dict[str, Any], judge: Judge) -> None:
        tables["device"][0]["id"] = "Cam 1"
        tables["station"][0]["devices"] = ["Cam 1"]
        assert set(judge(tables)) == {"device[0].id"}

    def test_a_pack_station_has_a_level(self, tables: dict[str, Any], judge: Judge) -> None:
        tables["station"][0] = {"id": "boxes", "role": "pack", "devices": ["cam-1"]}
        assert set(judge(tables)) == {"station[0].level"}

    def test_only_verifying_applies_as_well(self, tables: dict[str, Any], judge: Judge) -> None:
        tables["station"][0] |= {"role": "rework", "apply": True}
        assert set(judge(tables)) == {"station[0].apply"}
        tables["station"][0]["role"] = "verify"
        assert judge(tables) == {}

    def test_a_group_has_a_gtin(self, tables: dict[str, Any], judge: Judge) -> None:
        tables["product"][0]["package"] = [{**GROUP, "gtin": "14899215122378"}, {"level": "BOX_LV_1"}]
        assert judge(tables) == {}
        del tables["product"][0]["package"][0]["gtin"]
        assert set(judge(tables)) == {"product[0].package[0].gtin"}

    def test_a_product_has_one_package_a_level(self, tables: dict[str, Any], judge: Judge) -> None:
        tables["product"][0]["package"].append({"level": "BOX_LV_1"})
        assert set(judge(tables)) == {"product[0].package[1].level"}

    def test_a_limit_of_the_file_counts(self, tables: dict[str, Any], judge: Judge) -> None:
        tables["regulator"]["limits"] = {"BOX_LV_1": 10, "codes_per_report": 20_000}
        assert set(judge(tables)) == {"product[0].package[0].capacity", "report.utilisation.max_codes"}

    @pytest.mark.parametrize(
        ("release_type", "country", "fits"),
        [
            ("PRODUCTION", "UZ", True),
            ("IMPORT", "KZ", True),
            ("CIRCULATION", "KZ", True),
            ("IMPORT", "UZ", False),
            ("CIRCULATION", "UZ", False),
            ("PRODUCTION", "KZ", False),
        ],
    )
    def test_uz_goes_with_production_only(
        self, release_type: str, country: str, fits: bool, tables: dict[str, Any], judge: Judge
    ) -> None:
        tables["product"][0] |= {"release_type": release_type, "country": country}
        assert set(judge(tables)) == (set() if fits else {"product[0].release_type"})

    def test_tobacco_has_its_own_length(self, tables: dict[str, Any], judge: Judge) -> None:
        tables["product"][0] |= {"template": "TOBACCO", "group": "tobacco"}
        assert set(judge(tables)) == {"product[0].serial_length"}

    def test_either_a_key_or_a_login(self, tables: dict[str, Any], judge: Judge, base: Path) -> None:
        (base / "password").write_text("secret")
        tables["regulator"] |= {"login": "line", "password_file": "password"}
        assert set(judge(tables)) == {"regulator.login"}
        del tables["regulator"]["api_key_file"]
        assert judge(tables) == {}
        del tables["regulator"]["password_file"]
        assert set(judge(tables)) == {"regulator.password_file"}
        tables["regulator"] |= {"login": "", "password_file": "password"}
        assert set(judge(tables)) == {"regulator.login"}

    def test_http_goes_to_this_machine_only(self, tables: dict[str, Any], judge: Judge) -> None:
        for host in ("localhost:8481", "127.0.0.1", "127.1.2.3:80", "[::1]:80"):
            tables["regulator"]["url"] = f"http://{host}/"
            assert judge(tables) == {}

    def test_the_lan_hears_only_where_it_is_allowed_to(self, tables: dict[str, Any], judge: Judge) -> None:
        tables["status"] = {"listen": "0.0.0.0:8480", "allow_lan": True}
        assert judge(tables) == {}

    def test_mqtt_3_knows_no_password_alone(self, tables: dict[str, Any], judge: Judge, base: Path) -> None:
        (base / "password").write_text("secret")
        tables["mqtt"] |= {"password_file": "password", "protocol": 311}
        assert set(judge(tables)) == {"mqtt.username"}
        tables["mqtt"]["protocol"] = 5
        assert judge(tables) == {}


REPOSITORY = Path(__file__).parents[3]


class TestFiles:
    @pytest.mark.parametrize(
        ("content", "place", "words"),
        [
            (b'[line]\nid = "a"\nid = "b"\n', ":3:9", "is not TOML here: Cannot overwrite a value"),
            (b"[line\n", ":1:6", "is not TOML here"),
            ("[line]\n".encode("utf-16"), "", "UTF-16"),
            (b'[line]\nid = "\xff"\n', ":2", "save the file as UTF-8"),
            (b"a = " + b"[" * 5_000 + b"]" * 5_000, "", "nested too deeply"),
            (b"a = " + b"9" * 5_000, "", "is not TOML here"),
            (b"#" * 1_000_001, "", "larger than"),
        ],
        ids=["twice", "open", "utf-16", "encoding", "deep", "digits", "large"],
    )
    def test_a_file_that_is_no_toml_is_told_with_its_place(
        self, content: bytes, place: str, words: str, tmp_path: Path
    ) -> None:
        file = tmp_path / "lined.toml"
        file.write_bytes(content)
        with pytest.raises(SettingsError) as caught:
            load(file)
        [problem] = caught.value.problems
        assert problem.path == f"{file}{place}"
        assert words in problem.message

    def test_a_byte_order_mark_is_none_of_the_file(self, tmp_path: Path) -> None:
        file = tmp_path / "lined.toml"
        file.write_bytes(b"\xef\xbb\xbf" + (REPOSITORY / "config" / "minimal.toml").read_bytes())
        assert load(file, secrets=False).line.id

    def test_a_file_that_cannot_be_read_is_told_by_its_name(self, tmp_path: Path) -> None:
        for name, words in {"none.toml": "No such file", ".": "Is a directory", "a\0b": "null"}.items():
            with pytest.raises(SettingsError) as caught:
                load(tmp_path / name)
            [problem] = caught.value.problems
            assert problem.path == str(tmp_path / name)
            assert words in problem.message

    def test_an_empty_file_lacks_every_key_that_is_required(self, tmp_path: Path) -> None:
        file = tmp_path / "lined.toml"
        file.touch()
        with pytest.raises(SettingsError) as caught:
            load(file)
        wanted = "line.id regulator.profile regulator.url regulator.tin regulator.business_place_id journal.path"
        assert [problem.path for problem in caught.value.problems] == wanted.split()
