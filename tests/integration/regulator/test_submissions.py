"""A submission over real sockets, and everything that can happen to its bytes."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from lined.regulator import Account, Regulator, requester
from lined.regulator.wire import _Line
from lined.vocabulary.errors import NotSent, OutcomeUnknown, Refused, Unavailable
from tests.harness.raw_server import Behaviour, Peer, RawServer, answer, routes, says
from tests.integration.regulator.conftest import KEY

MakeAccount = Callable[..., Account]
GOOD = answer(200, {"reportId": "0e534f23-0c42-4118-4e32-5ef2d04dc555"})
BODY = json.dumps({"sntins": ["010489921512237121U&U1+<cfOUoZf\u001d93UehU"]}).encode()
BIG = b'{"sntins": "' + b"x" * 4_000_000 + b'"}'


@asynccontextmanager
async def plant(
    account: MakeAccount, *behaviours: Behaviour, **changes: object
) -> AsyncIterator[tuple[Regulator, RawServer]]:
    """A regulator's client and the server it speaks to; its budget is full at once."""
    async with RawServer(*behaviours) as server, Regulator(account(server.url, **changes)) as regulator:
        regulator._permits = 100
        yield regulator, server


async def submit(regulator: Regulator, body: bytes = BODY, kind: str = "utilisation") -> str:
    return (await regulator.submit(kind, body, product_group="vegetableoil")).document_id


async def test_a_report_goes_out_as_the_text_says(account: MakeAccount) -> None:
    async with plant(account, says(GOOD)) as (regulator, server):
        receipt = await regulator.submit("utilisation", BODY, product_group="vegetableoil")
    assert receipt.document_id == "0e534f23-0c42-4118-4e32-5ef2d04dc555"
    assert receipt.server_time is not None
    (seen,) = server.seen
    assert (seen.verb, seen.target) == ("POST", "/api/utilisation?productGroup=vegetableoil")
    assert seen.headers["content-type"] == "application/json;charset=UTF-8"
    assert seen.headers["user-agent"].startswith("lined/")
    assert seen.bearer == KEY
    assert seen.body == BODY
    assert seen.headers["content-length"] == str(len(BODY)) and "transfer-encoding" not in seen.headers
    assert regulator.counts == {("utilisation", "done"): 1}


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("validation", "/public/api/v1/doc/validation"),
        ("aggregation", "/public/api/v1/doc/aggregation"),
        ("disaggregation", "/public/api/v1/doc/transport-code-disaggregation"),
        ("correction", "/public/api/v1/doc/correction"),
    ],
)
async def test_each_kind_has_its_endpoint_and_its_id(account: MakeAccount, kind: str, path: str) -> None:
    async with plant(account, says(answer(200, {"documentId": "0e54"}))) as (regulator, server):
        assert await submit(regulator, b'{"documentBody": "e30="}', kind) == "0e54"
    assert server.seen[0].target == path


async def test_every_submission_has_a_connection_of_its_own(account: MakeAccount) -> None:
    async with plant(account, says(answer(404, {}), answer(200, [])), says(GOOD)) as (regulator, server):
        await regulator.document("0e53")  # leaves an open connection, which a submission must not take
        for _ in range(3):
            await submit(regulator)
        await regulator.search(type=None, since=datetime.now(UTC), cursor=None)
    assert [(seen.verb, seen.connection) for seen in server.seen] == [
        ("GET", 1),
        ("POST", 2),
        ("POST", 3),
        ("POST", 4),
        ("GET", 1),
    ]


async def test_a_big_report_arrives_whole(account: MakeAccount) -> None:
    async with plant(account, says(GOOD)) as (regulator, server):
        await submit(regulator, BIG)
    assert server.seen[0].body == BIG


# ------------------------------------------------------------------------------------------ nothing has left
async def test_a_refused_connection_is_not_sent(account: MakeAccount) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening
        async with Regulator(account(f"http://127.0.0.1:{taken.getsockname()[1]}")) as regulator:
            regulator._permits = 1
            with pytest.raises(NotSent) as caught:
                await submit(regulator)
    assert not caught.value.credential
    assert not regulator.reachable and "ConnectError" in str(regulator.last_problem)


async def test_a_name_that_does_not_resolve_is_not_sent(account: MakeAccount) -> None:
    async with Regulator(account("http://regulator.invalid")) as regulator:
        regulator._permits = 1
        with pytest.raises(NotSent):
            await submit(regulator)


async def test_a_connection_that_is_not_answered_is_not_sent(account: MakeAccount) -> None:
    """The queue of a listening socket is full: SYN gets no answer."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        fillers = [socket.socket() for _ in range(3)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(deaf.getsockname())
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        async with Regulator(account(url, connect_timeout_s=0.3)) as regulator:
            regulator._permits = 1
            with pytest.raises(NotSent, match="ConnectTimeout"):
                await submit(regulator)
        for filler in fillers:
            filler.close()


async def test_a_failed_tls_handshake_is_not_sent(account: MakeAccount) -> None:
    async def plain(peer: Peer) -> None:
        await peer.reader.read(1)
        await peer.send(GOOD)

    async with RawServer(plain) as server:
        async with Regulator(account(server.url.replace("http:", "https:"))) as regulator:
            regulator._permits = 1
            with pytest.raises(NotSent):
                await submit(regulator)
        assert server.seen == []


async def test_a_tls_handshake_that_hangs_is_not_sent(account: MakeAccount) -> None:
    async with (
        RawServer(Peer.hang) as server,
        Regulator(account(server.url.replace("http:", "https:"), connect_timeout_s=0.3)) as regulator,
    ):
        regulator._permits = 1
        with pytest.raises(NotSent, match="ConnectTimeout"):
            await submit(regulator)


@pytest.mark.parametrize(
    "said", [b"HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n", b"HTTP/1.1 502 No\r\n\r\n", b""]
)
async def test_a_proxy_that_does_not_let_us_through_got_nothing(account: MakeAccount, said: bytes) -> None:
    async def proxy(peer: Peer) -> None:
        seen = await peer.request()
        assert seen.verb == "CONNECT" and "authorization" not in seen.headers
        await peer.send(said)
        if not said:
            await peer.hang()

    async with (
        RawServer(proxy) as server,
        Regulator(account("https://regulator.invalid", proxy=server.url)) as regulator,
    ):
        regulator._permits = 1
        with pytest.raises(NotSent):
            await submit(regulator)
        assert [seen.target for seen in server.seen] == ["regulator.invalid:443"]


async def test_the_environments_proxy_is_not_used(account: MakeAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with plant(account, says(GOOD)) as (regulator, _):
        assert await submit(regulator)


# --------------------------------------------------------------------------------------- something has left
async def _accept_and_hang(peer: Peer) -> None:
    await peer.request()
    await peer.hang()


async def _never_read(peer: Peer) -> None:
    peer.reader._transport.pause_reading()  # type: ignore[attr-defined]
    await asyncio.sleep(30)


async def _reset_at_once(peer: Peer) -> None:
    await peer.reader.readexactly(1)
    peer.reset()


async def _reset_within_the_body(peer: Peer) -> None:
    await peer.reader.readuntil(b"\r\n\r\n")
    await peer.reader.readexactly(10)
    peer.reset()


async def _reset_before_the_answer(peer: Peer) -> None:
    await peer.request()
    peer.reset()


async def _close_before_the_answer(peer: Peer) -> None:
    await peer.request()


async def _reset_within_the_answer(peer: Peer) -> None:
    await peer.request()
    await peer.send(GOOD[:-5])
    await asyncio.sleep(0.05)
    peer.reset()


async def _answer_cut(peer: Peer) -> None:
    await peer.request()
    await peer.send(GOOD[:-5])


async def _headers_cut(peer: Peer) -> None:
    await peer.request()
    await peer.send(GOOD[:30])


async def _length_too_long(peer: Peer) -> None:
    await peer.request()
    await peer.send(answer(200, {"reportId": "0e53"}, length=500))


async def _length_too_short(peer: Peer) -> None:
    await peer.request()
    await peer.send(answer(200, {"reportId": "0e53"}, length=7))


async def _no_http(peer: Peer) -> None:
    await peer.request()
    await peer.send(b"220 smtp.example ESMTP\r\n")


async def _trickle(peer: Peer) -> None:
    await peer.request()
    for byte in GOOD:
        await peer.send(bytes([byte]))
        await asyncio.sleep(0.05)


async def _trickle_the_body(peer: Peer) -> None:
    await peer.request()
    head, _, body = GOOD.partition(b"\r\n\r\n")
    await peer.send(head + b"\r\n\r\n")
    for byte in body:
        await peer.send(bytes([byte]))
        await asyncio.sleep(0.1)


async def _half_an_answer_then_silence(peer: Peer) -> None:
    await peer.request()
    await peer.send(GOOD[:-5])
    await peer.hang()


async def _too_long(peer: Peer) -> None:
    await peer.request()
    await peer.send(answer(200, b" " * 9_000_000))


async def _packed_in_an_unknown_way(peer: Peer) -> None:
    await peer.request()
    await peer.send(answer(200, {"reportId": "0e53"}, Content_Encoding="br"))


async def _broken_gzip(peer: Peer) -> None:
    await peer.request()
    await peer.send(answer(200, {"reportId": "0e53"}, Content_Encoding="gzip"))


FAULTS = [
    each for name, each in sorted(globals().items()) if name.startswith("_") and asyncio.iscoroutinefunction(each)
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda each: each.__name__.strip("_"))
@pytest.mark.parametrize("body", [BODY, BIG], ids=["small", "big"])
async def test_bytes_left_and_no_readable_answer_is_in_doubt(
    account: MakeAccount, fault: Behaviour, body: bytes
) -> None:
    async with plant(account, fault) as (regulator, server):
        began = time.monotonic()
        with pytest.raises(OutcomeUnknown):
            await submit(regulator, body)
        assert time.monotonic() - began < 30.0  # bounded: 1.5 s where nothing else runs
        assert server.connections == 1  # and it was not sent a second time


async def test_the_trace_alone_tells_that_bytes_left(account: MakeAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two witnesses, of which one is httpcore's: this fails when it names its events differently."""

    async def silent(self: _Line, body: bytes) -> AsyncIterator[bytes]:
        yield body

    monkeypatch.setattr(_Line, "_slices", silent)
    async with plant(account, _accept_and_hang) as (regulator, _):
        with pytest.raises(OutcomeUnknown):
            await submit(regulator)


@pytest.mark.parametrize(
    "said",
    [
        answer(200, "<html><body>Welcome to the guest network</body></html>", kind="text/html"),
        answer(400, "<html><h1>400 Bad Request</h1></html>"),
        answer(429, "<html><h1>slow down</h1></html>", kind="text/html"),
        answer(302, "", Location="https://login.example/"),
        answer(307, {"reportId": "x"}, Location="/api/utilisation"),
        answer(500, {"code": "internal"}),
        answer(502, ""),
        answer(503, "upstream", kind="text/plain"),
        answer(200, ""),
        answer(200, {"status": "OK"}),
        answer(200, '{"reportId": "0e5'),
        answer(200, b"\xff\xfe\x00"),
        answer(204),
        answer(400, "plain words", kind="text/plain"),
        answer(408, {"error": "Request Timeout"}),
        answer(200, "[" * 200_000),
    ],
)
async def test_an_answer_that_is_none_is_in_doubt_with_what_came_back(account: MakeAccount, said: bytes) -> None:
    async with plant(account, says(said)) as (regulator, server):
        with pytest.raises(OutcomeUnknown) as caught:
            await submit(regulator)
        assert len(server.seen) == 1
        assert caught.value.status is not None
        assert len(caught.value.evidence) <= 64 * 1024
        body = said.partition(b"\r\n\r\n")[2]
        assert bool(caught.value.evidence) == bool(body)


async def test_what_came_of_a_broken_answer_is_kept_as_evidence(account: MakeAccount) -> None:
    async with plant(account, _answer_cut) as (regulator, _):
        with pytest.raises(OutcomeUnknown) as caught:
            await submit(regulator)
    assert caught.value.evidence.startswith('{"reportId": "0e534f23')
    assert caught.value.status == 200


async def test_an_answer_that_comes_before_the_body_is_out_counts(account: MakeAccount) -> None:
    """Servers close early and say why; the write fails, the answer is read all the same."""

    async def early(peer: Peer) -> None:
        await peer.reader.readuntil(b"\r\n\r\n")
        await peer.send(answer(429, {"code": "limit"}, Retry_After="3", Connection="close"))
        await peer.hang()

    async with plant(account, early) as (regulator, _):
        with pytest.raises(NotSent) as caught:
            await submit(regulator, BIG)
    assert caught.value.retry_after_s == 3.0


async def test_a_gzip_nobody_asked_for_is_read(account: MakeAccount) -> None:
    import gzip

    packed = gzip.compress(json.dumps({"reportId": "0e53"}).encode())
    async with plant(account, says(answer(200, packed, Content_Encoding="gzip"))) as (regulator, server):
        assert await submit(regulator) == "0e53"
        assert server.seen[0].headers["accept-encoding"] == "identity"


async def test_a_gzip_bomb_is_bounded(account: MakeAccount) -> None:
    import gzip

    bomb = gzip.compress(b" " * 50_000_000)
    async with plant(account, says(answer(200, bomb, Content_Encoding="gzip"))) as (regulator, _):
        with pytest.raises(OutcomeUnknown, match="longer than"):
            await submit(regulator)


# ------------------------------------------------------------------------------------------ readable answers
@pytest.mark.parametrize(("header", "seconds"), [("7", (7.0, 7.0)), (None, (None, None))])
async def test_429_gives_the_floor_and_stops_the_next_one(
    account: MakeAccount, header: str | None, seconds: tuple[float | None, float | None]
) -> None:
    said = answer(429, {"code": "limit"}, Retry_After=header) if header else answer(429, {"code": "limit"})
    async with plant(account, says(said)) as (regulator, _):
        with pytest.raises(NotSent) as caught:
            await submit(regulator)
        assert caught.value.retry_after_s == seconds[0]
        held = regulator.budget_state()["limited"].held_back_s
        assert held == pytest.approx(seconds[1] or 0.0, abs=0.5)
        assert regulator.budget_state()["limited"].available <= 0.1


async def test_429_with_a_date_is_counted_by_the_servers_clock(account: MakeAccount) -> None:
    theirs = time.time() - 5_000  # their clock is wrong, or ours: the difference is what counts
    said = answer(429, {}, date=theirs, Retry_After=_date(theirs + 40))
    async with plant(account, says(said)) as (regulator, _):
        with pytest.raises(NotSent) as caught:
            await submit(regulator)
    assert caught.value.retry_after_s == pytest.approx(40.0, abs=1.0)


def _date(moment: float) -> str:
    from email.utils import formatdate

    return formatdate(moment, usegmt=True)


async def test_a_refusal_names_the_codes_it_blames(account: MakeAccount) -> None:
    code = "010489921512237121U&U1+<cfOUoZf"
    errors = [
        {"code": "602", "errorId": "1", "service": "s", "context": {"value": code, "parameter": "sntins"}},
        {"code": "602", "errorId": "2", "service": "s", "context": {"description": f"see {code}"}},
    ]
    async with plant(account, says(answer(400, errors))) as (regulator, _):
        with pytest.raises(Refused) as caught:
            await submit(regulator)
    assert [named.values for named in caught.value.named] == [(code,)]
    assert caught.value.status == 400
    assert regulator.reachable


@pytest.mark.bound(30)
async def test_a_refusal_may_name_thirty_thousand(account: MakeAccount) -> None:
    errors = [{"code": "602", "context": {"value": f"010489921512237121U&U1{number:07d}"}} for number in range(30_000)]
    async with plant(account, says(answer(400, errors)), read_timeout_s=5.0, exchange_timeout_s=20.0) as (regulator, _):
        with pytest.raises(Refused, match="and 29997 more") as caught:
            await submit(regulator)
    assert len(caught.value.named) == 30_000
    assert len(caught.value.evidence) <= 64 * 1024


async def test_no_secret_is_in_any_error_or_log(account: MakeAccount, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    echo = [{"code": "x", "context": {"Authorization": f"Bearer {KEY}", "description": f"key {KEY} is odd"}}]
    for status in (400, 401, 403, 429, 500):
        async with plant(account, says(answer(status, echo))) as (regulator, server):
            with pytest.raises((Refused, NotSent, OutcomeUnknown)) as caught:
                await submit(regulator)
            assert server.seen[0].bearer == KEY
            told = [repr(caught.value), caught.value.evidence, str(regulator.last_problem), repr(regulator.account)]
            assert KEY not in "".join(told)
    asyncio_log = "asyncio"
    assert KEY not in "".join(record.getMessage() for record in caplog.records if record.name != asyncio_log)


# ------------------------------------------------------------------------------------------- turn and state
async def test_a_turn_is_waited_for_before_and_not_within_the_submission(
    account: MakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with RawServer(says(GOOD)) as server, Regulator(account(server.url)) as regulator:
        await regulator.wait_for_permit("utilisation")  # the bucket is empty at start

        async def no_turn(*_: object, **__: object) -> None:
            raise AssertionError("a turn was waited for within the submission")

        monkeypatch.setattr(regulator._requester.budget, "acquire", no_turn)
        await submit(regulator)


async def test_without_a_credential_there_is_no_turn(account: MakeAccount) -> None:
    async with plant(account, says(GOOD), api_key=lambda: "") as (regulator, server):
        with pytest.raises(NotSent) as caught:
            await regulator.wait_for_permit("utilisation")
        assert caught.value.credential
        with pytest.raises(NotSent):
            await submit(regulator)
        assert server.seen == []
        assert "API key cannot be read" in str(regulator.last_problem)


@pytest.mark.parametrize("body", [{}, None, "", "[]", {"reportId": None}, {"success": True}])
async def test_a_success_without_an_id_says_what_was_missing(account: MakeAccount, body: object) -> None:
    async with plant(account, says(answer(200, body))) as (regulator, _):
        with pytest.raises(OutcomeUnknown, match="HTTP 200: the answer has no readable reportId"):
            await submit(regulator)


async def test_a_pause_that_one_method_is_asked_for_stops_no_other(account: MakeAccount) -> None:
    """Fifty minutes for the question about the key: documents are sent and followed all the same."""
    held = answer(429, {"code": "limit"}, Retry_After="3000")
    async with plant(account, routes(check=lambda _: held, utilisation=lambda _: GOOD)) as (regulator, server):
        await regulator.check_credential()
        assert await regulator.document("0e33") is None
        await submit(regulator)
        with pytest.raises(Unavailable, match="pause of key_check"):
            await regulator.key_check()
        assert [seen.path.rsplit("/", 1)[-1] for seen in server.seen] == ["check", "0e33", "utilisation"]


async def test_a_pause_of_one_kind_of_report_is_told_for_that_kind(account: MakeAccount) -> None:
    held = answer(429, {"code": "limit"}, Retry_After="600")
    behaviour = routes(utilisation=lambda _: held, validation=lambda _: answer(200, {"documentId": "v1"}))
    async with plant(account, behaviour) as (regulator, _):
        with pytest.raises(NotSent):
            await submit(regulator)
        with pytest.raises(NotSent) as caught:
            await regulator.wait_for_permit("utilisation")
        assert caught.value.status == 429 and (caught.value.retry_after_s or 0) > 590
        await regulator.wait_for_permit("validation")
        receipt = await regulator.submit("validation", b"{}", product_group="water")
        assert receipt.document_id == "v1"


@pytest.mark.parametrize("offset_s", [-3600.0, 0.0, 90.0])
async def test_the_skew_is_our_clock_minus_the_servers(account: MakeAccount, offset_s: float) -> None:
    async def dated(peer: Peer) -> None:
        await peer.request()
        await asyncio.sleep(0.2)  # thinking; the Date is written at its end
        await peer.send(answer(200, {"reportId": "x"}, date=time.time() - offset_s))

    async with plant(account, dated) as (regulator, _):
        assert regulator.server_skew_s is None
        await submit(regulator)
        assert regulator.server_skew_s == pytest.approx(offset_s, abs=0.8)


async def test_a_slow_answers_date_tells_nothing_exact_about_the_servers_clock(
    account: MakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requester, "SLOWEST_DATE_S", 0.1)

    async def slow(peer: Peer) -> None:
        await peer.request()
        await asyncio.sleep(0.2)
        await peer.send(answer(200, {"reportId": "x"}, date=time.time() - 3600.0))

    async with plant(account, slow) as (regulator, _):
        await submit(regulator)
        assert regulator.server_skew_s is None


async def test_a_pages_date_tells_nothing_about_the_servers_clock(account: MakeAccount) -> None:
    async with plant(account, says(answer(200, "<html>", date=0.0))) as (regulator, _):
        with pytest.raises(OutcomeUnknown):
            await submit(regulator)
        assert regulator.server_skew_s is None
        assert not regulator.reachable


async def test_cancelling_leaves_nothing_open(account: MakeAccount) -> None:
    async with plant(account, _accept_and_hang, read_timeout_s=20.0, exchange_timeout_s=20.0) as (regulator, server):
        task = asyncio.create_task(submit(regulator))
        while not server.seen:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
