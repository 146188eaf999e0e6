"""The same decisions over TLS, with a certificate made for the test by openssl."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from lined.regulator import Account, Regulator
from lined.vocabulary.errors import NotSent, OutcomeUnknown
from tests.harness.raw_server import Peer, RawServer, answer, says

MakeAccount = Callable[..., Account]
GOOD = answer(200, {"reportId": "0e53"})
BIG = b'{"sntins": "' + b"x" * 4_000_000 + b'"}'

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to make a certificate")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and self-signed certificate of 127.0.0.1 in one file."""
    place = tmp_path_factory.mktemp("tls")
    made, key = place / "cert.pem", place / "key.pem"
    names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    command = ["openssl", "req", "-x509", *kind, *names, "-keyout", str(key), "-out", str(made)]
    subprocess.run(command, check=True, capture_output=True, timeout=30)
    both = place / "both.pem"
    both.write_text(key.read_text() + made.read_text())
    return both


def _tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


async def test_a_report_goes_over_tls_to_a_server_we_trust(
    account: MakeAccount, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    async with RawServer(says(GOOD), tls=_tls(certificate)) as server, Regulator(account(server.url)) as regulator:
        regulator._permits = 2
        assert (await regulator.submit("utilisation", BIG, product_group="water")).document_id == "0e53"
        assert server.seen[0].body == BIG


async def test_a_server_we_do_not_trust_gets_nothing(account: MakeAccount, certificate: Path) -> None:
    async with RawServer(says(GOOD), tls=_tls(certificate)) as server, Regulator(account(server.url)) as regulator:
        regulator._permits = 1
        with pytest.raises(NotSent, match=r"(?i)certificate"):
            await regulator.submit("utilisation", b"{}", product_group="water")
        assert server.seen == []


async def _reset(peer: Peer) -> None:
    await peer.request()
    peer.reset()


async def _cut(peer: Peer) -> None:
    await peer.request()
    await peer.send(GOOD[:-5])


async def _trickle(peer: Peer) -> None:
    await peer.request()
    for byte in GOOD:
        await peer.send(bytes([byte]))
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("fault", [_reset, _cut, _trickle])
async def test_broken_tls_is_in_doubt_too(
    account: MakeAccount, certificate: Path, monkeypatch: pytest.MonkeyPatch, fault: Callable[[Peer], object]
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    async with RawServer(fault, tls=_tls(certificate)) as server, Regulator(account(server.url)) as regulator:  # type: ignore[arg-type]
        regulator._permits = 1
        with pytest.raises(OutcomeUnknown):
            await regulator.submit("utilisation", b"{}", product_group="water")
        assert len(server.seen) == 1


async def test_a_proxy_sees_the_connect_only_and_the_regulator_the_report(
    account: MakeAccount, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    async with RawServer(says(GOOD), tls=_tls(certificate)) as server:

        async def proxy(peer: Peer) -> None:
            await peer.request()
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            await peer.send(b"HTTP/1.1 200 Connected\r\n\r\n")
            try:
                await asyncio.gather(_pump(peer.reader, writer), _pump(reader, peer.writer))
            finally:
                writer.close()
                await writer.wait_closed()

        async with RawServer(proxy) as between, Regulator(account(server.url, proxy=between.url)) as regulator:
            regulator._permits = 1
            await regulator.submit("utilisation", b"{}", product_group="water")
            assert [seen.verb for seen in between.seen] == ["CONNECT"]
            assert server.seen[0].body == b"{}"


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while piece := await source.read(65536):
        sink.write(piece)
        await sink.drain()
    sink.write_eof()
