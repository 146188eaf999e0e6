"""The configuration (docs/contract.md, Configuration): every key and default, every refusal with its path."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.contract_line import NG, OK, ContractLine
from tests.harness.programs import run

REQUIRED = """
[line]
id = "line-1"
[regulator]
profile = "asl-belgisi"
url = "https://xtrace.stage.aslbelgisi.uz"
tin = "307797292"
business_place_id = 27
[journal]
path = "line-1.db"
[[product]]
gtin = "04899215122371"
name = "Sunflower oil 1 l"
group = "vegetableoil"
[[product.package]]
level = "GROUP"
capacity = 12
gtin = "14899215122378"
[[product.package]]
level = "BOX_LV_1"
capacity = 10
[[device]]
id = "cam-1"
driver = "generic"
url = "tcp://10.0.0.21:9004"
[[device]]
id = "packer"
driver = "generic"
url = "tcp-listen://0.0.0.0:9005"
[[station]]
id = "marking"
role = "apply"
devices = ["cam-1"]
[[station]]
id = "packing"
role = "pack"
devices = ["packer"]
level = "BOX_LV_1"
[report.validation]
[report.aggregation]
[mqtt]
url = "mqtt://localhost:1883"
"""

DEFAULTS = {
    "line.timezone": "Asia/Tashkent", "line.language": "en", "line.shifts": ["08:00", "20:00"],
    "regulator.requests_per_minute": 90, "regulator.poll_s": 5, "regulator.in_doubt_first_s": 60,
    "regulator.in_doubt_gap_s": 900, "regulator.limits": {}, "journal.floor_bytes": 1_000_000_000,
    "journal.archive_after_days": 90, "journal.on_damage": "continue", "product.0.release_type": "PRODUCTION",
    "product.0.country": "UZ", "product.0.min_grade": "C", "device.0.options": {}, "device.0.repeat_s": 0,
    "station.0.apply": False, "station.0.mode": "children-then-parent", "station.0.confirm_s": 0,
    "station.0.verdict_deadline_ms": 0, "report.utilisation.max_codes": 30_000, "report.utilisation.max_age_s": 900,
    "report.utilisation.settle_s": 0, "report.validation.max_codes": 30_000, "report.aggregation.max_age_s": 900,
    "mqtt.username": "", "mqtt.password_file": "", "mqtt.protocol": 5, "mqtt.root": "lined",
    "status.listen": "127.0.0.1:8480", "status.allow_lan": False,
}  # fmt: skip

WRONG = """
[line]
id = "Line_1"
timezone = "Asia/Nowhere"
language = "de"
shifts = ["25:00"]
colour = 1
[regulator]
profile = "asl-belgisi"
url = "http://10.0.0.1/"
tin = 307797292
business_place_id = "27"
api_key = "it-is-secret"
requests_per_minute = 0
[journal]
on_damage = "ignore"
[[product]]
gtin = "04899215122372"
group = "nosuch"
release_type = "OTHER"
min_grade = "Z"
template = "CUSTOM"
[[product]]
gtin = "03077972920046"
name = "x"
group = "vegetableoil"
release_type = "IMPORT"
[[product.package]]
level = "GROUP"
capacity = 12
[[device]]
id = "cam-1"
driver = "nosuch"
url = "ftp://x"
[[device]]
id = "cam-1"
driver = "generic"
url = "tcp://10.0.0.1"
options = { pattern = "(", prefx = "x" }
[[station]]
id = "a"
role = "other"
devices = ["cam-1"]
[[station]]
id = "b"
role = "pack"
devices = ["cam-1", "nosuch"]
[report.utilisation]
max_codes = 30001
[report.other]
[mqtt]
protocol = 4
[status]
listen = "0.0.0.0:8480"
"""

WRONG_PATHS = """
line.id line.timezone line.language line.shifts[0] line.colour regulator.url regulator.tin regulator.business_place_id
regulator.api_key regulator.requests_per_minute journal.path journal.on_damage product[0].gtin product[0].name
product[0].group product[0].release_type product[0].min_grade product[0].template product[1].release_type
product[1].package[0].gtin device[0].driver device[0].url device[1].id device[1].url device[1].options.prefx
device[1].options.pattern station[0].role station[1].level station[1].devices[0] station[1].devices[1]
report.utilisation.max_codes report.other mqtt.url mqtt.protocol status.listen
""".split()


def at(tree: Any, path: str) -> Any:
    for key in path.split("."):
        tree = tree[int(key)] if key.isdigit() else tree[key]
    return tree


def written(folder: Path, text: str) -> str:
    file = folder / "lined.toml"
    file.write_text(text)
    key = folder / "api-key"
    key.write_text("a-key")
    key.chmod(0o600)
    return str(file)


async def test_only_what_is_required_has_to_be_said_and_the_rest_has_the_default_shown(tmp_path: Path) -> None:
    done = await run("check", "--json", written(tmp_path, REQUIRED))
    assert done.code == 0, done
    config = done.json["config"]
    assert {path: at(config, path) for path in DEFAULTS} == DEFAULTS
    assert config["sscc"] is None
    assert config["journal"]["path"] == str(tmp_path / "line-1.db"), "not relative to the file"
    assert config["regulator"]["api_key_file"] == str(tmp_path / "api-key")
    warned = " ".join(warning["message"] for warning in done.json["warnings"])
    assert "say its verdicts to nobody" not in warned, "MQTT hears them"


async def test_check_warns_where_a_station_can_say_its_verdicts_to_nobody(tmp_path: Path) -> None:
    done = await run("check", "--json", written(tmp_path, REQUIRED.partition("[mqtt]")[0]))
    assert done.code == 0
    nobody = [warning["path"] for warning in done.json["warnings"] if "nobody" in warning["message"]]
    assert nobody == ["station[0]", "station[1]"]


async def test_all_problems_are_told_at_once_each_with_its_path_and_no_secret_among_them(tmp_path: Path) -> None:
    file = written(tmp_path, WRONG)
    before = sorted(tmp_path.iterdir())
    plain, as_json = await asyncio.gather(run("check", file), run("check", "--json", file))
    assert (plain.code, as_json.code) == (78, 78)
    told = {problem["path"] for problem in as_json.json["problems"]}
    assert set(WRONG_PATHS) <= told, set(WRONG_PATHS) - told
    assert all(f"{path}:" in plain.out + plain.errors for path in WRONG_PATHS)
    assert "it-is-secret" not in plain.out + plain.errors + as_json.out
    assert sorted(tmp_path.iterdir()) == before


async def test_what_cannot_be_had_is_exit_78_and_a_journal_folder_stays_untouched(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    file = written(tmp_path, REQUIRED.replace('"line-1.db"', '"in/line-1.db"'))
    (tmp_path / "api-key").unlink()
    (tmp_path / "broken.toml").write_text("[line")
    for words in (("check", file), ("run", "--config", file), ("check", str(tmp_path / "broken.toml"))):
        assert (await run(*words)).code == 78, words
    assert (await run("status", "--config", str(tmp_path / "none.toml"))).code == 78
    assert list((tmp_path / "in").iterdir()) == []


async def test_a_credential_is_a_warning_before_the_start_and_exit_78_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    file = written(tmp_path, REQUIRED.replace("[journal]", 'api_key_file = "credential:key"\n[journal]'))
    checked, started = await asyncio.gather(run("check", "--json", file), run("run", "--config", file))
    assert (checked.code, started.code) == (0, 78)
    assert "regulator.api_key_file" in {warning["path"] for warning in checked.json["warnings"]}
    assert "regulator.api_key_file: " in started.errors
    assert "LoadCredential=key:" in started.errors
    assert not (tmp_path / "line-1.db").exists()


@pytest.mark.skipif(Path("/etc/lined/lined.toml").exists(), reason="this machine has a line of its own")
async def test_the_configuration_is_looked_for_in_etc_lined_by_default() -> None:
    asked = [["check"], ["run"], ["status"], ["report", "list"]]
    for words, done in zip(asked, await asyncio.gather(*(run(*words) for words in asked)), strict=True):
        assert done.code == 78, (words, done)
        assert "/etc/lined/lined.toml" in done.out + done.errors, words


async def test_a_key_from_a_systemd_credential_opens_the_regulator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "credentials"
    folder.mkdir()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))

    def change(text: str) -> str:
        return text.replace("business_place_id", 'api_key_file = "credential:key"\nbusiness_place_id')

    line = ContractLine(tmp_path, change=change)

    def hand_over() -> None:
        ContractLine.configure(line)
        (tmp_path / "api-key").replace(folder / "key")

    monkeypatch.setattr(line, "configure", hand_over)
    async with line:
        (code,) = await line.issue(1)
        await line.start_job()
        async with line.scanner() as scanner:
            assert await scanner.say(code) == [OK]
        await line.command("job/stop")
        await line.until_report("succeeded")


async def test_a_technical_user_reports_with_login_and_password(tmp_path: Path) -> None:
    line: ContractLine

    def change(text: str) -> str:
        (tmp_path / "password").write_text(line.sandbox.credentials.password)
        return text.replace(
            "business_place_id",
            f'login = "{line.sandbox.credentials.login}"\npassword_file = "password"\nbusiness_place_id',
        )

    line = ContractLine(tmp_path, change=change)
    async with line:
        (code,) = await line.issue(1)
        await line.start_job()
        async with line.scanner() as scanner:
            assert await scanner.say(code) == [OK]
        await line.command("job/stop")
        await line.until_report("succeeded")


async def test_port_0_is_a_free_port_and_a_device_without_reply_is_told_nothing(tmp_path: Path) -> None:
    def change(text: str) -> str:
        return text.replace("tcp-listen://127.0.0.1:", "tcp-listen://127.0.0.1:0#").replace(
            'reply = { accept = "OK\\r\\n", reject = "NG\\r\\n" }\n', ""
        )

    def without_port(text: str) -> str:
        return "\n".join(line.partition("#")[0] + '"' if "#" in line else line for line in change(text).split("\n"))

    async with ContractLine(tmp_path, change=without_port) as line:
        await line.start_job()
        (code,) = await line.issue(1)

        async def listening() -> bool:
            return bool((await line.status())["devices"][0]["listening_on"])

        await line.until(listening, "it does not listen", bound_s=60)
        where = (await line.status())["devices"][0]["listening_on"]
        port = int(str(where).rsplit(":", 1)[1])
        assert port
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(code + b"\r\n")

        async def applied() -> bool:
            return bool((await line.status())["codes"]["unreported"])

        await line.until(applied, "not applied", bound_s=60)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.2)
        writer.close()
        await writer.wait_closed()


async def test_the_status_port_0_is_a_free_one_and_the_commands_find_it(tmp_path: Path) -> None:
    async with ContractLine(tmp_path) as line:
        assert await line.terminate() == 0
        file = tmp_path / "lined.toml"
        file.write_text(file.read_text().replace(f"127.0.0.1:{line.port}", "127.0.0.1:0"))
        await line.start(ready=False)

        async def found() -> bool:
            done = await line.run("status", "--json")
            return done.code in {0, 3}  # 4: read from the journal itself

        await line.until(found, "the commands do not find the daemon", bound_s=60)
        assert (await line.run("job", "start", "04899215122371")).code == 0
        assert await line.terminate() == 0


async def test_a_products_template_and_serial_length_are_what_its_codes_must_have(tmp_path: Path) -> None:
    async with ContractLine(
        tmp_path, change=lambda text: text.replace("serial_length = 13", "serial_length = 12")
    ) as line:
        (code,) = await line.issue(1)
        await line.start_job()
        async with line.scanner() as scanner:
            assert await scanner.say(code) == [NG]
        assert (await line.status())["reads"]["by_reason"]["malformed"] == 1
