"""The control endpoint and where it may be reached."""

from __future__ import annotations

import time

import pytest

from lined.codes import parse
from lined.sandbox import SandboxServer, SandboxSettings
from lined.vocabulary.errors import Problem, SettingsError
from tests.integration.sandbox.line_client import GTIN, Client, Open


@pytest.mark.parametrize("template", ["GS1_AISTR_SHORT", "GS1_AISTR_ASYM_SHORT", "GS1_AISTR", "TOBACCO"])
async def test_issued_codes_are_codes_of_their_template(sandbox: Open, template: str) -> None:
    async with sandbox() as client:
        codes = await client.issue(200, template=template, serial_length=7)
        assert {(code.template, code.gtin) for code in map(parse, (c.encode() for c in codes))} == {(template, GTIN)}
        assert len(set(codes)) == 200


async def test_codes_repeat_with_their_seed_and_go_on_in_the_same_books(sandbox: Open) -> None:
    async with sandbox() as client:
        first = await client.issue(5, seed=3)
        more = await client.issue(5, seed=3)
        assert not set(first) & set(more)
    async with sandbox(seed=99) as client:
        assert await client.issue(5, seed=3) == first


@pytest.mark.bench
async def test_65_000_codes_are_issued_in_about_a_second(sandbox: Open) -> None:
    async with sandbox() as client:
        start = time.process_time()  # the sandbox runs in this process
        codes = await client.issue(65_000)
        took_s = time.process_time() - start
        print(f"65,000 codes issued in {took_s:.2f} s")
        assert len(set(codes)) == 65_000
        assert took_s < 4


async def test_issued_codes_can_be_read_in_pages_and_as_lines(sandbox: Open) -> None:
    async with sandbox() as client:
        answer = await client.http.post("/sandbox/codes", json={"gtin": GTIN, "count": 25, "codes": False})
        batch = answer.json()["batch"]
        await client.issue(3)
        pages, after = [], 0
        while True:
            query = {"batch": batch, "limit": 10, "after": after}
            page = (await client.http.get("/sandbox/codes", params=query)).json()
            pages.append(page["codes"])
            if page["next"] is None:
                break
            after = page["next"]
        assert [len(page) for page in pages] == [10, 10, 5]
        lines = await client.http.get("/sandbox/codes", params={"batch": batch, "lines": True})
        assert lines.text.split("\n") == [code for page in pages for code in page]


async def test_what_cannot_be_issued_is_refused(sandbox: Open) -> None:
    async with sandbox() as client:
        for wrong, status in (
            ({"gtin": "04899215122372"}, 422),
            ({"gtin": "4899215122371"}, 422),
            ({"count": 0}, 422),
            ({"count": 200_001}, 422),
            ({"group": "oil"}, 422),
            ({"serial_length": 1, "count": 50}, 422),
            ({"colour": "red"}, 422),
        ):
            answer = await client.http.post("/sandbox/codes", json={"gtin": GTIN, "count": 1} | wrong)
            assert answer.status_code == status, (wrong, answer.text)
        await client.issue(1)
        answer = await client.http.post("/sandbox/codes", json={"gtin": GTIN, "count": 1, "group": "water"})
        assert answer.status_code == 409


async def test_serials_that_run_out_are_told(sandbox: Open) -> None:
    async with sandbox() as client:
        statuses = set()
        for _ in range(8):
            wanted = {"gtin": GTIN, "count": 20, "serial_length": 1}
            statuses.add((await client.http.post("/sandbox/codes", json=wanted)).status_code)
        assert statuses == {201, 409}
        assert (await client.books())["codes"]["issued"] <= 82


async def test_the_books_page_through_codes_by_status(sandbox: Open) -> None:
    async with sandbox() as client:
        codes = await client.issue(6)
        await client.applied(codes[:4])
        query: dict[str, str | int] = {"status": "INTRODUCED", "limit": 3}
        page = (await client.http.get("/sandbox/books/codes", params=query)).json()
        rest = (await client.http.get("/sandbox/books/codes", params=query | {"after": page["next"]})).json()
        assert (len(page["items"]), len(rest["items"]), rest["next"]) == (3, 1, None)
        listed = (await client.http.get("/sandbox/books/documents")).json()["items"]
        assert [(item["codes"], item["refused"], item["status"]) for item in listed] == [(4, 0, "SUCCESS")]
        assert (await client.http.get("/sandbox/books/codes", params={"code": "x"})).status_code == 404


async def test_the_account_is_shown(sandbox: Open) -> None:
    async with sandbox(api_key="key", password="word") as client:
        account = (await client.http.get("/sandbox/account")).json()
        assert {name: account[name] for name in ("tin", "places", "api_key", "login", "password")} == {
            "tin": "307797292",
            "places": [27],
            "api_key": "key",
            "login": "line",
            "password": "word",
        }


async def test_listening_beyond_loopback_must_be_said() -> None:
    with pytest.raises(SettingsError) as refused:
        await SandboxServer(listen="0.0.0.0:0").start()
    assert [problem.path for problem in refused.value.problems] == ["listen"]
    async with SandboxServer(SandboxSettings(allow_lan=True), listen="0.0.0.0:0") as server:
        assert server.url.startswith("http://0.0.0.0:")


async def test_the_control_endpoint_refuses_the_network_unless_it_was_opened(sandbox: Open) -> None:
    async with sandbox() as client:
        transport_app = client.server._server
        assert transport_app is not None
        host = "203.0.113.9"
        said = []

        async def send(message: dict[str, object]) -> None:
            said.append(message)

        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": b""}

        scope = {
            "type": "http",
            "method": "GET",
            "path": "/sandbox/books",
            "raw_path": b"/sandbox/books",
            "query_string": b"",
            "headers": [],
            "client": (host, 1),
            "server": ("127.0.0.1", 1),
            "scheme": "http",
            "http_version": "1.1",
            "root_path": "",
        }
        await transport_app.config.loaded_app(scope, receive, send)
        assert said[0]["status"] == 403


def test_wrong_settings_are_told_all_at_once() -> None:
    with pytest.raises(SettingsError) as refused:
        SandboxSettings(tin="12", places=(), groups=("oil",), some_bad="all", search_order="", visible_after_s=-1)
    paths = [problem.path for problem in refused.value.problems]
    assert sorted(paths) == ["groups", "places", "search_order", "some_bad", "tin", "visible_after_s"]
    assert isinstance(refused.value.problems[0], Problem)


async def test_ipv6_loopback_is_loopback() -> None:
    async with SandboxServer(listen="[::1]:0") as server:
        client = Client(server)
        async with client.http:
            assert await client.issue(1)
