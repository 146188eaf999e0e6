"""`lined api` before anything is sent: the list, what a method is asked, the request shown, what is refused and why."""

from __future__ import annotations

import base64
import fcntl
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from lined.cli.app import build
from lined.cli.by_hand import account_beside
from lined.cli.exits import tell
from lined.config import load
from lined.regulator.methods import CALLS
from lined.vocabulary.errors import CallError

ORDER = {
    "productGroup": "vegetableoil",
    "releaseMethodType": "PRIMARY",
    "products": [{"gtin": "04899215122371", "quantity": 10, "serialNumberType": "OPERATOR", "cisType": "UNIT"}],
}
APP = build()
PRODUCTION, TEST = "https://xtrace.aslbelgisi.uz", "https://xtrace.stage.aslbelgisi.uz"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return written(tmp_path, TEST)


def written(folder: Path, url: str, who: str = "") -> Path:
    file = folder / "lined.toml"
    (folder / "api-key").write_text("c09d906f-1111-4ae5-2222-61c0934bcd59\n")
    (folder / "password").write_text("pass-w0rd\n")
    file.write_text(
        f'[line]\nid = "line-1"\n[regulator]\nprofile = "asl-belgisi"\nurl = "{url}"\ntin = "307797292"\n'
        f'business_place_id = 27\n{who}\n[journal]\npath = "line-1.db"\n'
        '[[product]]\ngtin = "04899215122371"\nname = "Oil"\ngroup = "vegetableoil"\nshelf_life_days = 365\n'
        '[[device]]\nid = "cam"\ndriver = "generic"\nurl = "tcp://127.0.0.1:9"\n'
        'options = { no_read = ["NR"] }\nreply = { accept = "1", reject = "0" }\n'
        '[[station]]\nid = "s"\nrole = "apply"\ndevices = ["cam"]\n[report.utilisation]\n'
    )
    return file


def lined(config: Path, *words: object) -> Result:
    return CliRunner().invoke(APP, ["api", *(str(word) for word in words), "--config", str(config)])


def refused(config: Path, *words: object) -> CallError:
    done = lined(config, *words)
    assert isinstance(done.exception, CallError), done.output
    return done.exception


def shown(config: Path, *words: object) -> dict[str, Any]:
    done = lined(config, *words, "--dry-run")
    assert done.exit_code == 0, (done.output, done.exception)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_alone_it_lists_every_method_with_its_section(config: Path) -> None:
    told = lined(config).stdout
    assert all(f"{name.replace('_', '-')} " in told and f" {call.section} " in told for name, call in CALLS.items())
    items = json.loads(lined(config, "--json").stdout)["items"]
    assert [item["section"] for item in items] == [call.section for call in CALLS.values()]
    assert {"method": "order-close", "verb": "POST", "writes": True, "limit": "100/min together"}.items() <= {
        item["method"]: item for item in items
    }["order-close"].items()


@pytest.mark.parametrize("name", CALLS)
def test_every_method_tells_what_it_is_asked(config: Path, name: str) -> None:
    items = json.loads(lined(config, name, "--fields", "--json").stdout)["items"]
    fields = [info.alias for info in CALLS[name].request.model_fields.values()]
    assert [item["field"] for item in items if "." not in item["field"]] == fields


def test_the_fields_say_which_words_there_are(config: Path) -> None:
    told = lined(config, "order-new", "--fields").stdout
    assert "products[].serialNumberType" in told and "OPERATOR, SELF_MADE" in told and "POST /api/orders" in told


def test_a_dry_run_shows_the_request_without_the_key(config: Path) -> None:
    found = shown(config, "order-new", "--body", body_file(config, ORDER))
    assert found["url"] == f"{TEST}/api/orders" and found["authorization"] == "Bearer ***"
    assert found["body"] == {**ORDER, "businessPlaceId": 27}
    assert "c09d906f" not in json.dumps(found)


def body_file(config: Path, content: object) -> Path:
    file = config.with_name("body.json")
    file.write_text(json.dumps(content))
    return file


def test_what_is_a_secret_is_masked(config: Path) -> None:
    found = shown(config, "authenticate", "login=line", "password=pass-w0rd")
    assert found["body"] == {"login": "line", "password": "***"} and found["authorization"] is None


def test_a_path_a_query_and_lists(config: Path) -> None:
    found = shown(config, "search", "types=UTILISATION", "types=AGGREGATION", "dateFrom=2026-01-01T00:00:00Z")
    assert found["query"] == [
        ["types", "UTILISATION"],
        ["types", "AGGREGATION"],
        ["dateFrom", "2026-01-01T00:00:00Z"],
        ["limit", "100"],
    ]
    assert shown(config, "document", "id=a/../b")["url"].endswith("/docs/a%2F..%2Fb")
    assert shown(config, "participant")["url"].endswith("/parties/307797292/status")


def test_codes_come_out_of_a_file_one_a_line(config: Path) -> None:
    codes = config.with_name("codes.txt")
    codes.write_text("010485007008235421UkdYeYc\n00421564332131432211\n")
    found = shown(config, "owner-check", f"codes=@{codes}", "ownerTin=307797292")
    assert found["body"]["codes"] == ["010485007008235421UkdYeYc", "00421564332131432211"]


def test_a_list_is_sent_bare_where_the_method_takes_one(config: Path) -> None:
    assert shown(config, "code-verification", r'codes:=["01\u001d93"]')["body"] == ["01\x1d93"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["serach"], "no method serach; search is close"),
        (["order-close"], "orderId: is required"),
        (["order-close", "orderId=1", "gitn=04899215122371"], "gitn: the text knows no such field; gtin is close"),
        (["order-close", "orderId=1", "gtin=489"], "gtin: "),
        (["search", "types=UTILIZATION"], "types: UTILIZATION is none of "),
        (["search", "dateFrom=2026-01-01"], "dateFrom: must be a date and time with a zone"),
        (["search", "types:=["], "types:: "),
        (["search", "limit"], "limit: must be FIELD=VALUE"),
        (["order-close", "orderId=1", "orderId=2"], "orderId: stands there twice"),
        (["public-codes", "codes=@/no/such"], "codes: /no/such: No such file or directory"),
        (
            ["public-codes", "codes=00030779729200\x0712315"],
            "codes[0]: is too long, or holds characters that would not",
        ),
        (["orders", "poNumber=" + "9" * 1_001], "poNumber: is too long"),
        (["order-close", "orderId=1", "newer=\x07", "--unknown"], "is too long, or holds characters that would not"),
    ],
)
def test_what_is_wrong_is_told_with_its_place_and_nothing_is_sent(
    config: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    error = refused(config, *words)
    tell(error)
    assert said in capsys.readouterr().err


def test_more_than_a_request_may_hold_is_refused_with_the_limit(config: Path) -> None:
    codes = config.with_name("codes.txt")
    codes.write_text("00421564332131432211\n" * 101)
    (problem,) = refused(config, "owner-check", f"codes=@{codes}", "ownerTin=1", "--dry-run").problems
    assert problem == ("codes", "101 is more than the 100 of limits.owner_check_codes")
    big = {**ORDER, "products": [{**ORDER["products"][0], "quantity": 150_001}]}  # type: ignore[dict-item]
    (problem,) = refused(config, "order-new", "--body", body_file(config, big)).problems
    assert problem == ("products[0].quantity", "150001 is more than the 150000 of limits.order_codes")


def test_an_unknown_field_is_sent_where_that_is_said(config: Path) -> None:
    found = shown(config, "order-close", "orderId=1", "newer=x", "--unknown")
    assert ["newer", "x"] in found["query"]


@pytest.mark.parametrize("name", [name for name, call in CALLS.items() if call.body == "envelope"])
def test_an_envelope_holds_sorted_keys(config: Path, name: str) -> None:
    from lined.regulator.asked import _body

    call = CALLS[name]
    body, _ = _body(call, {"b": {"z": 1, "a": 2}, "a": 1, "signature": "s"})
    outer = json.loads(body or b"")
    assert base64.b64decode(outer["documentBody"]) == b'{"a":1,"b":{"a":2,"z":1}}' and outer["signature"] == "s"


@pytest.mark.parametrize("url", [PRODUCTION, "https://somewhere.else.uz"])
def test_what_changes_something_needs_a_yes_unless_it_is_a_test(tmp_path: Path, url: str) -> None:
    error = refused(written(tmp_path, url), "order-close", "orderId=1")
    assert "say --yes" in str(error) and url in str(error)


def test_an_answer_that_holds_a_secret_needs_a_file(config: Path) -> None:
    assert "say --out FILE" in str(refused(config, "authenticate", "login=a", "password=b"))
    there = config.with_name("there")
    there.write_text("x")
    assert "is there already" in str(refused(config, "code-list", "id=1", "--out", there))
    assert there.read_text() == "x"


def test_the_lines_own_key_is_not_replaced_behind_its_back(config: Path) -> None:
    key = config.with_name("api-key")
    error = refused(config, "key-refresh", f"apiKey=@{key}", "--out", config.with_name("new"))
    assert "lined key renew" in str(error) and not config.with_name("new").exists()


def test_a_technical_user_does_not_end_the_token_of_a_running_daemon(tmp_path: Path) -> None:
    config = written(tmp_path, TEST, 'login = "line"\npassword_file = "password"')
    lock = tmp_path / "line-1.db.lock"
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert "would end its token" in str(refused(config, "orders"))


def test_beside_a_running_daemon_it_takes_what_is_left_of_the_limit(config: Path) -> None:
    found = load(config)
    assert account_beside(found).requests_per_minute == 90
    with config.with_name("line-1.db.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert account_beside(found).requests_per_minute == 10
