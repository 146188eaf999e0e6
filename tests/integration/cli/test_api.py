"""Every method of the regulator's text, called through `lined api` against the sandbox: one long day at the desk."""

from __future__ import annotations

import asyncio
import io
import json
import threading
import time
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from lined.cli.app import build
from lined.regulator.methods import CALLS
from lined.sandbox import SandboxServer, SandboxSettings
from lined.vocabulary.errors import Denied, LinedError, NotSent, OutcomeUnknown, Refused, Unavailable

APP = build()
GTIN, PHARMA = "04899215122371", "03077972920015"
SSCC = "00030779729200012315"
OWN, OTHER = 3, 8  # participants as the sandbox numbers them
PATIENCE_S = 20.0


class Desk:
    """An engineer with a configuration, and the sandbox's control endpoint."""

    def __init__(self, folder: Path, server: SandboxServer) -> None:
        self.folder = folder
        self.called: set[str] = set()
        self.key = folder / "api-key"
        self.key.write_text(server.credentials.api_key)
        self.config = folder / "lined.toml"
        self.config.write_text(
            f'[line]\nid = "line-1"\n[regulator]\nprofile = "asl-belgisi"\nurl = "{server.url}"\ntin = "307797292"\n'
            'business_place_id = 27\nrequests_per_minute = 60000\n[journal]\npath = "line-1.db"\n'
            f'[[product]]\ngtin = "{GTIN}"\nname = "Oil"\ngroup = "vegetableoil"\nshelf_life_days = 365\n'
            '[[device]]\nid = "cam"\ndriver = "generic"\nurl = "tcp://127.0.0.1:9"\n'
            'options = { no_read = ["NR"] }\nreply = { accept = "1", reject = "0" }\n'
            '[[station]]\nid = "s"\nrole = "apply"\ndevices = ["cam"]\n[report.utilisation]\n'
        )
        self.control = httpx.Client(base_url=server.url, trust_env=False)

    def lined(self, *words: str) -> Result:
        self.called.add(words[0].replace("-", "_"))
        return CliRunner().invoke(APP, ["api", *words, "--config", str(self.config)])

    def ask(self, method: str, *words: str, **fields: object) -> Any:
        """The answer. Fields that are no text stand in a file."""
        told = [f"{name}={value}" for name, value in fields.items() if isinstance(value, str)]
        rest = {name: value for name, value in fields.items() if not isinstance(value, str)}
        if rest:
            body = self.folder / "body.json"
            body.write_text(json.dumps(rest))
            told += ["--body", str(body)]
        done = self.lined(method, *told, *words)
        assert done.exit_code == 0, (method, done.output, done.stderr, done.exception)
        assert "not as the text says" not in done.stderr and "does not know" not in done.stderr, done.stderr
        return json.loads(done.stdout) if done.stdout else None

    def file(self, method: str, **fields: object) -> bytes:
        out = self.folder / f"{method}.out"
        self.ask(method, "--out", str(out), **fields)
        assert out.stat().st_mode & 0o777 == 0o600
        return out.read_bytes()

    def raised(self, *words: str) -> LinedError:
        done = self.lined(*words)
        assert isinstance(done.exception, LinedError), (done.output, done.exception)
        return done.exception

    def settled(self, document_id: str) -> str:
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            status = str(self.ask("document", id=document_id)["status"])
            if status in {"SUCCESS", "PARTIALLY_PROCESSED", "ERROR"}:
                return status
        raise AssertionError(f"{document_id} is never decided")

    def issue(self, **wanted: object) -> list[str]:
        answer = self.control.post("/sandbox/codes", json={"codes": True, "template": "GS1_AISTR_SHORT", **wanted})
        assert answer.status_code == 201, answer.text
        codes: list[str] = answer.json()["codes"]
        return codes

    def apply(self, codes: list[str], group: str, country: str = "UZ", release: str = "PRODUCTION") -> str:
        now = datetime.now(UTC)
        answer = self.ask(
            "utilisation", productGroup=group, sntins=codes, releaseType=release, manufacturerCountry=country,
            productionDate=moment(now - timedelta(minutes=1)), expirationDate=moment(now + timedelta(days=100)),
            seriesNumber="S1",
        )  # fmt: skip
        assert self.settled(answer["reportId"]) == "SUCCESS"
        return str(answer["reportId"])


def moment(when: datetime) -> str:
    return when.isoformat(timespec="seconds")


def ident(code: str) -> str:
    return code.partition("\x1d")[0]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """The sandbox in a thread of its own: each command has an event loop for itself."""
    settings = SandboxSettings(
        validating_after_s=0.0, in_process_after_s=0.0, final_after_s=(0.0, 0.0), order_ready_after_s=0.0,
        requests_per_minute=0, seed=1,
    )  # fmt: skip
    found: list[tuple[SandboxServer, asyncio.AbstractEventLoop, asyncio.Event]] = []
    ready = threading.Event()

    async def serve() -> None:
        ending = asyncio.Event()
        async with SandboxServer(settings) as server:
            found.append((server, asyncio.get_running_loop(), ending))
            ready.set()
            await ending.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="sandbox")
    thread.start()
    assert ready.wait(PATIENCE_S)
    server, loop, ending = found[0]
    made = Desk(tmp_path, server)
    try:
        yield made
    finally:
        made.control.close()
        loop.call_soon_threadsafe(ending.set)
        thread.join(PATIENCE_S)


def test_every_method_of_the_text_is_answered(desk: Desk) -> None:
    _orders(desk)
    _reports(desk)
    _import_codes(desk)
    _transfers(desk)
    _lists(desk)
    _products(desk)
    _credentials(desk)
    assert desk.called == set(CALLS)


def _orders(desk: Desk) -> None:
    """API 1.21.1 §4."""
    product = {"gtin": GTIN, "quantity": 5, "cisType": "UNIT", "serialNumberType": "OPERATOR"}
    order = desk.ask("order-new", productGroup="vegetableoil", releaseMethodType="PRIMARY", products=[product])
    order_id = order["orderId"]
    (told,) = desk.ask("orders", orderId=order_id)["orderInfos"]
    assert told["orderStatus"] == "READY"
    pack = desk.ask("order-codes", orderId=order_id, gtin=GTIN, quantity="3")
    assert len(pack["codes"]) == 3
    (sub_order,) = desk.ask("sub-orders", orderId=order_id)["subOrderInfos"]
    assert (sub_order["totalPassed"], sub_order["leftInBuffer"]) == (3, 2)
    assert sub_order["lastPackId"] == pack["packId"]
    assert desk.ask("order-packs", orderId=order_id, gtin=GTIN)["packs"][0]["quantity"] == 3
    assert desk.ask("order-close", orderId=order_id) == {"orderId": order_id}
    for _ in range(4):
        desk.ask("order-new", productGroup="vegetableoil", releaseMethodType="PRIMARY", products=[product])
    assert len(desk.ask("orders", "--all", limit="2")["orderInfos"]) == 5
    two = desk.lined("orders", "--all", "--most", "2")
    assert len(json.loads(two.stdout)["orderInfos"]) == 2 and "there are more rows" in two.stderr


def _reports(desk: Desk) -> None:
    """API 1.21.1 §5, §9, §11."""
    codes = desk.issue(gtin=GTIN, group="vegetableoil", count=6)
    report_id = desk.apply(codes, "vegetableoil")
    assert desk.ask("utilisation-status", id=report_id)["reportStatus"] == "SUCCESS"
    assert report_id in {one["documentId"] for one in desk.ask("search", "--all", types="UTILISATION")["documentInfos"]}
    assert len(desk.ask("content", id=report_id)["sntins"]) == 6
    assert desk.ask("document-errors", id=report_id) == {"documentErrors": []}
    outcomes = desk.ask("code-outcomes", "--all", id=report_id, limit="2")
    assert [one["index"] for one in outcomes] == [0, 1, 2, 3, 4, 5]
    now, idents = moment(datetime.now(UTC)), [ident(code) for code in codes]
    graded = [{"code": code, "printQualityClass": "A"} for code in idents]
    box = {"aggregationItemsCount": 6, "aggregationUnitCapacity": 6, "codes": idents, "unitSerialNumber": SSCC}
    sent = [
        desk.ask("validation", productGroup="vegetableoil", packageType="UNIT", documentDate=now, codes=graded),
        desk.ask("correction", businessDatetime=now, codes=idents, updatedFields={"seriesNumber": "S2"}),
        desk.ask("aggregation", documentDate=now, aggregationUnits=[box]),
    ]
    assert [desk.settled(one["documentId"]) for one in sent] == ["SUCCESS"] * 3
    (public,) = desk.ask("public-codes", codes=[SSCC])
    assert (public["packageType"], public["aggregateProductGroups"][0]["unitsNumber"]) == ("BOX_LV_1", 6)
    owner = desk.ask("owner-check", codes=[SSCC, "00421564332131432211"], ownerTin="307797292")
    assert (owner["results"][0]["children"], owner["missingCodes"]) == (idents, ["00421564332131432211"])
    assert desk.ask("owner-check", codes=[SSCC], ownerTin="111111111")["forbiddenCodes"] == [SSCC]
    (history,) = desk.ask("code-histories", codes=idents[:1])["results"]
    assert history["productData"]["productSeries"] == "S2" and history["packageData"]["parentCode"] == SSCC
    wrong = f"{idents[1]}\x1d93zzzz"
    assert [one["verified"] for one in desk.ask("code-verification", codes=[codes[0], wrong, SSCC])] == [
        True, False, False
    ]  # fmt: skip
    apart = desk.ask("disaggregation", businessDatetime=now, codes=[SSCC])
    assert desk.settled(apart["documentId"]) == "SUCCESS"


def _import_codes(desk: Desk) -> None:
    """API 1.21.1 §7."""
    codes = desk.issue(gtin=PHARMA, group="pharma", count=3, countries=["DE"])
    desk.apply(codes, "pharma", "DE", "IMPORT")
    code = desk.ask("import-code-new")["aggregatedCustomsCode"]
    assert len(code) == 25 and code.startswith("00000307797292")
    filled = desk.ask(
        "import-code-fill", aggregatedCustomsCode=code, gtin=PHARMA, productGroup="pharma", tnved="3006600001",
        quantity=3, additionalUnit=None, additionalUnitQuantity=None, codes=[ident(one) for one in codes],
        signature="s",
    )  # fmt: skip
    assert desk.settled(filled["documentId"]) == "SUCCESS"
    (told,) = desk.ask("code-histories", codes=[code])["results"]
    assert (told["codeData"]["extendedStatus"], told["packageData"]["actuallyPacked"]) == ("ACC_AGGREGATED", 3)
    assert desk.ask("public-codes", codes=[ident(codes[0])])[0]["extendedStatus"] == "INSERT_INTO_ACC"
    gone = desk.ask("import-code-withdraw", businessDatetime=moment(datetime.now(UTC)), code=code, signature="s")
    assert desk.settled(gone["documentId"]) == "SUCCESS"
    assert desk.ask("public-codes", codes=[code])[0]["extendedStatus"] == "ACC_DISAGGREGATED"


def _transfers(desk: Desk) -> None:
    """API 1.21.1 §6."""
    full = desk.issue(gtin=PHARMA, group="pharma", count=2, countries=["DE"])
    desk.apply(full, "pharma", "DE", "IMPORT")
    codes = [ident(code) for code in full]
    asked = desk.ask(
        "transfer-new", buyerId=OTHER, ownerId=OWN, businessDatetime=moment(datetime.now(UTC)),
        products=[{"gtin": PHARMA, "quantity": 2}], codes=codes,
    )  # fmt: skip
    assert desk.settled(asked["documentId"]) == "SUCCESS"
    waiting = desk.ask("transfers", "--all", confirmationStatuses="AWAITING_CONFIRMATION")["documentInfos"]
    assert [one["documentId"] for one in waiting] == [asked["documentId"]]
    for status in ("SUCCESS", "ERROR"):  # the second time there is nothing to confirm
        yes = desk.ask("transfer-answer", transferRequestDocId=asked["documentId"], resolution="CONFIRMED")
        assert desk.settled(yes["documentId"]) == status
    (told,) = desk.ask("transfers", documentId=asked["documentId"])["documentInfos"]
    assert told["confirmationStatus"] == "CONFIRMED"
    assert "none of these codes is yours to see" in str(desk.raised("code-histories", f"codes={codes[0]}"))


def _lists(desk: Desk) -> None:
    """API 1.21.1 §8."""
    asked = desk.ask("code-list-new", gtin=GTIN, status=["INTRODUCED"])
    assert desk.ask("code-list-status", id=asked["id"]) == "SUCCESS"
    with zipfile.ZipFile(io.BytesIO(desk.file("code-list", id=asked["id"]))) as archive:
        (name,) = archive.namelist()
        listed = json.loads(archive.read(name))["results"]
    assert len(listed) == 6 and {one["codeData"]["status"] for one in listed} == {"INTRODUCED"}


def _products(desk: Desk) -> None:
    """API 1.21.1 §10, §12."""
    (card,) = desk.ask("products", productGroup="vegetableoil")
    assert card["gtin"] == GTIN
    (found,) = desk.ask("products-by-gtin", "--all", gtin=GTIN)["products"]
    assert found["id"] == card["id"]
    whole = desk.ask("product", id=card["id"])
    (picture,) = next(one["value"] for one in whole["attributes"] if one["meta"]["type"] == "FILE_LIST")
    assert desk.file("product-file", id=picture).startswith(b"\xff\xd8")
    assert "vegetableoil" in desk.ask("participant")["productGroups"]
    assert desk.ask("participant", tin="111111111") == {}


def _credentials(desk: Desk) -> None:
    """API 1.21.1 §2."""
    assert desk.ask("key-check")["isTinCorrect"] is True
    account = desk.control.get("/sandbox/account").json()
    tokens = json.loads(desk.file("authenticate", login=account["login"], password=account["password"]))
    again = json.loads(desk.file("token-refresh", refreshToken=tokens["refreshToken"]))
    assert again["accessToken"] != tokens["accessToken"]
    renewed = desk.control.post(
        "/public/api/v1/party/parties/307797292/api-keys/refresh",
        json={"apiKey": desk.key.read_text()},
        headers={"Authorization": f"Bearer {desk.key.read_text()}"},
    ).json()
    desk.key.write_text(renewed["apiKey"])
    new = json.loads(desk.file("key-refresh", id=renewed["id"]))
    desk.key.write_text(new["apiKey"])
    assert desk.ask("key-check")["isTinCorrect"] is True


@pytest.mark.parametrize(
    ("words", "fault", "raised", "said"),
    [
        (("orders",), {"kind": "html", "status": 502}, Unavailable, "HTTP 502: an HTML page"),
        (("orders",), {"kind": "error-before", "status": 500}, Unavailable, "HTTP 500"),
        (("orders",), {"kind": "too-many"}, NotSent, "try again in a minute"),
        (("key-check",), {"kind": "too-many"}, NotSent, "it allows 100/day of this method"),
        (("orders",), {"kind": "reject", "status": 403}, Denied, "likely missing"),
        (("orders",), {"kind": "reject"}, Refused, "HTTP 400"),
        (("order-close", "orderId=1"), {"kind": "drop-before"}, OutcomeUnknown, "sent, but no readable answer"),
        (("order-close", "orderId=1"), {"kind": "error-after"}, OutcomeUnknown, "HTTP 500"),
        (("order-close", "orderId=1"), {}, Refused, "HTTP 404"),
    ],
)
def test_an_error_says_what_happened(
    desk: Desk, words: tuple[str, ...], fault: dict[str, object], raised: type[LinedError], said: str
) -> None:
    if fault:
        assert desk.control.post("/sandbox/faults", json={**fault, "path": "*", "times": 5}).status_code == 201
    error = desk.raised(*words)
    assert type(error) is raised and said in str(error)


def test_the_regulator_is_watched(desk: Desk) -> None:
    def watched() -> tuple[int, dict[str, Any]]:
        done = CliRunner().invoke(APP, ["profile", "watch", "--json", "--config", str(desk.config)])
        return done.exit_code, json.loads(done.stdout)

    desk.apply(desk.issue(gtin=GTIN, group="vegetableoil", count=2), "vegetableoil")
    code, told = watched()
    assert (code, told["items"], told["problems"]) == (0, [], [])
    assert {"key-check", "search", "document", "code-outcomes", "code-histories", "products-by-gtin"} <= {
        *told["asked"]
    }
    older = 'overrides = { "dictionaries.code_state" = ["ERROR"] }\n[journal]'  # as if SUCCESS were a new word
    desk.config.write_text(desk.config.read_text().replace("[journal]", older))
    code, told = watched()
    assert code == 1
    assert told["items"] == [{"method": "code-outcomes", "kind": "word", "place": "state", "what": "SUCCESS"}]


def test_what_came_back_is_shown(desk: Desk) -> None:
    done = desk.lined("order-close", "orderId=nobody")
    assert "what came back:" in done.stderr and "not-found" in done.stderr


def test_an_answer_that_cannot_be_written_is_not_lost(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("lined.cli.api.os.fsync", full)
    account = desk.control.get("/sandbox/account").json()
    words = [f"{name}={account[name]}" for name in ("login", "password")]
    done = desk.lined("authenticate", *words, "--out", str(desk.folder / "tokens"))
    assert done.exit_code == 1 and "accessToken" in json.loads(done.stdout)


def test_a_failed_call_leaves_no_file(desk: Desk) -> None:
    out = desk.folder / "list.zip"
    desk.raised("code-list", "id=no-such", "--out", str(out))
    assert not out.exists()
