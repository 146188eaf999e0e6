"""Who is answered at all, byte by byte over real sockets."""

from __future__ import annotations

import asyncio
import json
import socket
from pathlib import Path

import pytest

from lined.api import gate
from tests.harness.served import GTIN, Line, Reply
from tests.harness.served_lines import a_line

START = "/api/v1/job/start"


async def say(line: Line, *headers: str, target: str = "/status", method: str = "GET", body: bytes = b"") -> Reply:
    """A request of exactly these header lines."""
    lines = [f"{method} {target} HTTP/1.1", *headers, "Connection: close", "", ""]
    return await line.raw("\r\n".join(lines).encode() + body)


# ── Host ────────────────────────────────────────────────────────────────────────────────────────────────────────────
FOREIGN_HOSTS = [
    *("evil.example:PORT", "127.0.0.1", "localhost", "127.0.0.1:1", "127.0.0.1:PORT.evil.example", "localhost.:PORT"),
    *("localhost:PORT@evil.example", "evil.example", "127.0.0.2:PORT", "0.0.0.0:PORT", "2130706433:PORT", ""),
]


async def test_loopback_s_names_with_our_port_are_ours(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        for name in ("127.0.0.1", "localhost", "LOCALHOST", "[::1]"):
            assert (await say(line, f"Host: {name}:{line.server.port}")).status == 200


async def test_any_other_host_is_refused_everywhere(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        for host in FOREIGN_HOSTS:
            for target in ("/livez", "/status", "/metrics", "/", "/nowhere"):
                reply = await say(line, f"Host: {host.replace('PORT', str(line.server.port))}", target=target)
                assert (reply.status, reply.error) == (403, "foreign-host"), host


async def test_a_rebound_name_cannot_command_even_with_the_token(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        reply = await line.post(START, {"gtin": GTIN}, headers={"Host": f"evil.example:{line.server.port}"})
        assert reply.status == 403
        assert (await line.fresh())["job"] is None


async def test_a_request_without_host_is_not_answered(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        assert (await line.raw(b"GET /status HTTP/1.0\r\n\r\n")).error == "foreign-host"
        assert (await line.raw(b"GET /status HTTP/1.1\r\n\r\n")).status == 400
        both = f"Host: 127.0.0.1:{line.server.port}"
        assert (await say(line, both, "Host: evil.example")).status == 400


# ── Origin ──────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
async def test_a_foreign_origin_is_refused(tmp_path: Path, method: str) -> None:
    async with a_line(tmp_path) as line:
        for origin in ("http://evil.example", "null", "https://127.0.0.1:PORT", "http://127.0.0.1", "x"):
            origins = {"Origin": origin.replace("PORT", str(line.server.port))}
            headers = {**origins, "Authorization": f"Bearer {line.token}", "Content-Type": "application/json"}
            reply = await line.raw(line.request(method, "/status", headers=headers, body=b"{}"))
            assert (reply.status, reply.error) == (403, "foreign-origin"), origin
            assert not any(name.startswith("access-control") for name in reply.headers)


async def test_our_own_page_may_ask_and_command(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        for name in ("127.0.0.1", "localhost"):
            ours = {"Host": f"{name}:{line.server.port}", "Origin": f"http://{name}:{line.server.port}"}
            assert (await line.get("/status", headers=ours)).status == 200
            assert (await line.post("/api/v1/reports/seal", headers=ours)).status == 200


# ── token ───────────────────────────────────────────────────────────────────────────────────────────────────────────
WRONG_TOKENS = [
    *("", "Bearer", "Bearer wrong", "Basic TOKEN", "TOKEN", "Bearer TOKENx", "Bearer TOKE", "Bearer TOKEN TOKEN"),
    "Bearer \u00fc",
]


async def test_no_command_without_exactly_the_token(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        for wrong in WRONG_TOKENS:
            given = wrong.replace("TOKEN", line.token).replace("TOKE", line.token[:-1])
            reply = await line.post(START, {"gtin": GTIN}, headers={"Authorization": given})
            assert (reply.status, reply.error) == (401, "token-required"), given
            assert reply.headers["www-authenticate"] == "Bearer"
            assert line.token not in reply.body.decode()
        assert (await line.fresh())["job"] is None


async def test_the_scheme_s_name_has_no_case(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        reply = await line.post("/api/v1/reports/seal", headers={"Authorization": f"bearer {line.token}"})
        assert reply.status == 200


async def test_two_authorizations_are_none(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        lines = [f"Host: 127.0.0.1:{line.server.port}", "Content-Length: 2", "Content-Type: application/json"]
        lines += ["Authorization: Bearer wrong", f"Authorization: Bearer {line.token}"]
        reply = await say(line, *lines, target="/api/v1/reports/seal", method="POST", body=b"{}")
        assert reply.status == 401


async def test_the_token_stands_beside_the_journal_for_its_owner_only(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        path = tmp_path / "line-1.db.token"
        assert path.read_text().strip() == line.token
        assert path.stat().st_mode & 0o777 == 0o600
        everything = [(await line.get(path)).body.decode() for path in ("/status", "/metrics", "/", "/openapi.json")]
        assert not any(line.token in text for text in everything)


async def test_whatever_writes_needs_the_token_even_where_there_is_nothing(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
            reply = await line.raw(line.request(method, "/nowhere", body=b""))
            assert (reply.status, reply.error) == (401, "token-required")


# ── from other computers ────────────────────────────────────────────────────────────────────────────────────────────
def own_address() -> str:
    """An address of this machine that is not loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            pytest.skip("this machine has no network")
        address = str(probe.getsockname()[0])
    if address.startswith("127."):
        pytest.skip("this machine has no network")
    return address


async def test_from_the_network_questions_need_the_token_too(tmp_path: Path) -> None:
    address = own_address()
    async with a_line(tmp_path, host="0.0.0.0") as line:
        host = {"Host": f"{address}:{line.server.port}"}
        for path in ("/livez", "/readyz", "/status", "/metrics", "/", "/api/v1/reports", "/openapi.json"):
            assert (await line.raw(line.request("GET", path, headers=host), to=address)).error == "token-required"
            known = {**host, "Authorization": f"Bearer {line.token}"}
            assert (await line.raw(line.request("GET", path, headers=known), to=address)).status == 200
            assert (await line.get(path)).status == 200  # on loopback nothing has changed


async def test_nobody_can_say_that_they_come_from_this_computer(tmp_path: Path) -> None:
    address = own_address()
    claims = ("X-Forwarded-For: 127.0.0.1", "Forwarded: for=127.0.0.1", "X-Real-IP: 127.0.0.1")
    async with a_line(tmp_path, host="0.0.0.0") as line:
        for claim in claims:
            name, _, value = claim.partition(": ")
            headers = {"Host": f"{address}:{line.server.port}", name: value}
            assert (await line.raw(line.request("GET", "/status", headers=headers), to=address)).status == 401
        assert (await line.get("/status", headers={"X-Forwarded-For": "192.0.2.77"})).status == 401


async def test_on_the_network_a_name_that_is_not_ours_is_refused(tmp_path: Path) -> None:
    address = own_address()
    async with a_line(tmp_path, host="0.0.0.0") as line:
        for name in ("evil.example", "0.0.0.0", "192.0.2.77"):
            headers = {"Host": f"{name}:{line.server.port}", "Authorization": f"Bearer {line.token}"}
            reply = await line.raw(line.request("GET", "/status", headers=headers), to=address)
            assert reply.error == "foreign-host"


async def test_it_listens_on_ipv6_too(tmp_path: Path) -> None:
    async with a_line(tmp_path, host="::1") as line:
        headers = {"Host": f"[::1]:{line.server.port}"}
        assert (await line.raw(line.request("GET", "/status", headers=headers), to="::1")).status == 200


# ── bodies ──────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_only_json_by_its_content_type(tmp_path: Path) -> None:
    """The others are what a foreign page's form could send without asking first."""
    async with a_line(tmp_path) as line:
        for kind in ("", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "json"):
            reply = await line.post(START, {"gtin": GTIN}, headers={"Content-Type": kind})
            assert (reply.status, reply.error) == (415, "not-json-type"), kind


async def test_a_charset_beside_the_content_type_is_fine(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        kind = {"Content-Type": "Application/JSON; charset=utf-8"}
        assert (await line.post(START, {"gtin": GTIN}, headers=kind)).status == 200


async def test_what_is_not_json_is_400(tmp_path: Path) -> None:
    endless = (b"[" * 15_000, b'{"gtin": ' + b"1" * 5_000 + b"}")
    async with a_line(tmp_path) as line:
        for body in (b"", b"{", b"gtin=1", b"\xff\xfe", b"{'gtin': 1}", *endless):
            reply = await line.post(START, raw=body)
            assert (reply.status, reply.error) == (400, "not-json"), body[:20]


async def test_json_that_is_no_object_is_422(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        for body in (b"[]", b"null", b'"x"', b"3", b"true"):
            assert (await line.post(START, raw=body)).error == "wrong-values", body


async def test_a_body_too_large_is_refused_before_it_is_read(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        reply = await line.post(START, raw=b" " * (gate.BODY_BYTES + 1))
        assert (reply.status, reply.error) == (413, "too-large")


async def test_a_body_too_large_in_chunks_is_refused(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        headers = {"Transfer-Encoding": "chunked", "Authorization": f"Bearer {line.token}"}
        head = line.request("POST", START, headers={**headers, "Content-Type": "application/json"})
        chunk = b"4000\r\n" + b" " * 0x4000 + b"\r\n"
        reply = await line.raw(head + chunk * 5)
        assert (reply.status, reply.error) == (413, "too-large")


async def test_the_largest_body_is_read(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        body = json.dumps({"gtin": GTIN}).encode()
        reply = await line.post(START, raw=body + b" " * (gate.BODY_BYTES - len(body)))
        assert reply.status == 200


async def test_a_body_that_does_not_arrive_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "BODY_S", 0.05)
    async with a_line(tmp_path) as line:
        headers = {"Content-Length": "50", "Authorization": f"Bearer {line.token}", "Content-Type": "application/json"}
        reply = await line.raw(line.request("POST", START, headers=headers) + b'{"gtin"')
        assert (reply.status, reply.error) == (408, "too-slow")


async def test_half_a_command_is_no_command(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        body = json.dumps({"gtin": GTIN}).encode()
        headers = {"Authorization": f"Bearer {line.token}", "Content-Type": "application/json"}
        request = line.request("POST", START, headers=headers, body=body)
        _, writer = await asyncio.open_connection("127.0.0.1", line.server.port)
        writer.write(request[:-3])
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        assert (await line.post("/api/v1/job/stop")).error == "no-job"


# ── what is not a request ───────────────────────────────────────────────────────────────────────────────────────────
async def test_what_is_no_http_is_refused_in_the_same_shape(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        for sent in (b"\x00\x01\x02\r\n\r\n", b"GET\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n"):
            reply = await line.raw(sent)
            assert (reply.status, reply.error) == (400, "bad-request")


async def test_unknown_paths_and_methods_have_the_same_shape(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        assert (await line.get("/nowhere")).error == "not-found"
        assert (await line.get("/api/v1/job/start")).error == "method-not-allowed"
        assert (await line.post("/status")).error == "method-not-allowed"
        assert (await line.post("/api/v1/nowhere")).error == "not-found"
        assert (await line.get("/docs")).error == "not-found"  # its parts would come from the internet
