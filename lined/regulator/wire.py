"""An exchange with the regulator over HTTP: the only module that touches httpx.

Guarantees: an exchange ends in an `Answer` or in `NoAnswer`, and `NoAnswer.left` is False only where certainly no byte
of the request left this machine; a submission gets a connection of its own; every wait, every answer's length and the
whole exchange are bounded; nothing is cancelled from outside (that can leak a pool's slots): where an exchange takes
too long its socket is shut down, and httpx finds a broken connection. No redirect is followed, no cookie kept, nothing
is taken from the environment but SSL_CERT_FILE and SSL_CERT_DIR. It knows nothing of what requests and answers mean.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import socket
import ssl
import time
import zlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, NamedTuple, Self

import httpx

from lined import __version__
from lined.regulator import bounds
from lined.regulator.account import Account

SLICE_BYTES = 64 * 1024  # a request's body goes out in pieces of this size: encrypting 4 MB at once would hold the loop
PARTIAL_BYTES, PARTIAL_PIECES = 128 * 1024, 256  # kept of an answer that cannot be read to its end
LONGEST_REASON = 300
KEEP_OPEN_S = 20.0
KEEP_OPEN = 4  # connections
USER_AGENT = f"lined/{__version__}"

# What httpx may raise at us. Which of them it was decides nothing (whether bytes left does); that the list is complete
# does: a test fails when httpx or httpcore grow an exception that is not covered here.
OUTSIDE = (httpx.HTTPError, httpx.InvalidURL, httpx.CookieConflict, httpx.StreamError, OSError, UnicodeError)


class Request(NamedTuple):
    """`path` is complete and quoted. `body` None: a request without one."""

    verb: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    content_type: str = "application/json;charset=UTF-8"  # as every method's table prints it


class Answer(NamedTuple):
    """`asked_at`, `answered_at`: by the monotonic clock, when the request was out and when the headers were in."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    asked_at: float
    answered_at: float


class NoAnswer(Exception):
    """No complete answer. `left`: bytes of the request may have left; `status` and `partial`: what did come back."""

    def __init__(
        self, reason: str, *, left: bool, timed_out: bool = False, status: int | None = None, partial: bytes = b""
    ) -> None:
        super().__init__(reason)
        self.left = left
        self.timed_out = timed_out
        self.status = status
        self.partial = partial


class Wire:
    """Connections to one server. Use as an async context manager."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._tls: ssl.SSLContext | None = None
        self._open: list[_Line] = []

    async def __aenter__(self) -> Self:
        self._tls = await asyncio.to_thread(_prepare)
        return self

    async def __aexit__(self, *_: object) -> None:
        while self._open:
            await self._open.pop().client.aclose()

    async def exchange(self, request: Request, *, bearer: str | None, most_bytes: int, alone: bool = False) -> Answer:
        """Send and read the answer, at most `most_bytes` of it. `alone`: on a new connection, closed afterwards; others
        may reuse one, and are sent once more where it turns out that the server had closed it. Raises NoAnswer.
        """
        reused = not alone and bool(self._open)
        line = self._open.pop() if reused else self._new_line()
        try:
            return await self._on(line, request, bearer, most_bytes, keep=not alone)
        except NoAnswer as nothing:
            if not reused or nothing.status is not None or nothing.timed_out:
                raise
        return await self._on(self._new_line(), request, bearer, most_bytes, keep=True)

    async def _on(self, line: _Line, request: Request, bearer: str | None, most_bytes: int, *, keep: bool) -> Answer:
        whole = False
        try:
            answer = await line.exchange(request, bearer, most_bytes)
            whole = True
        finally:
            if whole and keep and len(self._open) < KEEP_OPEN:
                self._open.append(line)
            else:
                await line.client.aclose()
        return answer

    def _new_line(self) -> _Line:
        account = self._account
        client = httpx.AsyncClient(
            base_url=account.url,
            verify=self._tls if self._tls is not None else True,
            proxy=account.proxy,
            trust_env=False,
            follow_redirects=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            limits=httpx.Limits(max_connections=1, keepalive_expiry=KEEP_OPEN_S),
            timeout=httpx.Timeout(
                connect=account.connect_timeout_s,
                read=account.read_timeout_s,
                write=account.write_timeout_s,
                pool=account.connect_timeout_s,
            ),
            headers={"User-Agent": USER_AGENT, "Accept": account.profile.headers.accept, "Accept-Encoding": "identity"},
        )
        return _Line(client, account.exchange_timeout_s)


@dataclass
class _Line:
    """One connection and what httpcore's trace tells about it. One exchange at a time."""

    client: httpx.AsyncClient
    exchange_timeout_s: float
    left: bool = False
    expired: bool = False
    asked_at: float = 0.0
    answered_at: float = 0.0
    status: int | None = None
    _socket: socket.socket | None = None
    _got: list[bytes] = field(default_factory=list)

    async def exchange(self, request: Request, bearer: str | None, most_bytes: int) -> Answer:
        self.left, self.expired, self.status, self._got = False, False, None, []
        self.asked_at = self.answered_at = time.monotonic()
        alarm = asyncio.get_running_loop().call_later(self.exchange_timeout_s, self._hang_up)
        try:
            return await self._exchange(request, bearer, most_bytes)
        except OUTSIDE as error:
            reason = f"took longer than {self.exchange_timeout_s:g} s" if self.expired else _words(error)
            late = self.expired or isinstance(error, httpx.TimeoutException)
            partial = b"".join(self._got[:PARTIAL_PIECES])[:PARTIAL_BYTES]
            raise NoAnswer(reason, left=self.left, timed_out=late, status=self.status, partial=partial) from error
        finally:
            alarm.cancel()

    async def _exchange(self, request: Request, bearer: str | None, most_bytes: int) -> Answer:
        requesting = self.client.stream(
            request.verb,
            request.path,
            params=request.query or None,
            content=None if request.body is None else self._slices(request.body),
            headers=_headers(request, bearer),
            extensions={"trace": self._trace},
        )
        async with requesting as response:
            self.status, self.answered_at = response.status_code, time.monotonic()
            size, limit = 0, most_bytes
            if _declared(response.headers) > most_bytes:
                limit = PARTIAL_BYTES  # enough to see what it is
            async for piece in response.aiter_raw():
                self._got.append(piece)
                size += len(piece)
                if size > limit:
                    raise httpx.DecodingError(f"the answer is longer than {most_bytes} bytes")
            body = b"".join(self._got)
            self._got.clear()
            coding = response.headers.get("Content-Encoding", "").strip().lower()
            if coding not in {"", "identity"}:  # the only step that takes long and lets others run in a thread
                body = await asyncio.to_thread(_inflate, body, coding, most_bytes)
            return Answer(response.status_code, response.headers, body, self.asked_at, self.answered_at)

    async def _slices(self, body: bytes) -> AsyncIterator[bytes]:
        for start in range(0, len(body), SLICE_BYTES):
            self.left = True  # whatever the trace says
            yield body[start : start + SLICE_BYTES]
            self.asked_at = time.monotonic()

    async def _trace(self, event: str, info: Mapping[str, Any]) -> None:
        """What httpcore is doing. The headers are the first bytes of the request; a proxy's CONNECT is not ours."""
        if event == "connection.connect_tcp.complete":
            self._socket = info["return_value"].get_extra_info("socket")
        elif event.endswith(".send_request_headers.started"):
            self.left = self.left or info["request"].method != b"CONNECT"
        elif event.endswith(".send_request_body.complete"):
            self.asked_at = time.monotonic()

    def _hang_up(self) -> None:
        self.expired = True
        if self._socket is not None:
            with contextlib.suppress(OSError):  # closed meanwhile
                self._socket.shutdown(socket.SHUT_RDWR)


def _prepare() -> ssl.SSLContext:
    """What would hold the loop for 50 ms at the first exchange: the authorities' certificates, and what httpx and anyio
    import only when they are used.
    """
    context = httpx.create_ssl_context()
    httpx.AsyncHTTPTransport(verify=context)
    with contextlib.suppress(ImportError):
        importlib.import_module("anyio._backends._asyncio")
    return context


def _headers(request: Request, bearer: str | None) -> dict[str, str]:
    headers = {"Content-Type": request.content_type}
    if request.body is not None:
        headers["Content-Length"] = str(len(request.body))
    if bearer is not None:
        headers["Authorization"] = f"Bearer {bearer}"
    return headers


def _declared(headers: httpx.Headers) -> int:
    """The length that the answer says it has."""
    return bounds.whole(headers.get("Content-Length")) or 0


def _inflate(body: bytes, coding: str, most_bytes: int) -> bytes:
    """We ask for `identity`; a proxy between may know better. Bounded, unlike httpx's own decoders."""
    if coding not in {"gzip", "x-gzip", "deflate"}:
        raise httpx.DecodingError(f"the answer is encoded as {coding[:20]!r}")
    try:
        decoder = zlib.decompressobj(zlib.MAX_WBITS | 32)  # finds out by itself which of both it is
        plain = decoder.decompress(body, most_bytes + 1)
    except zlib.error as error:
        raise httpx.DecodingError(f"broken {coding}: {error}") from error
    if len(plain) > most_bytes or not decoder.eof:
        raise httpx.DecodingError(f"the answer is broken or longer than {most_bytes} bytes")
    return plain


def _words(error: BaseException) -> str:
    text = bounds.text(str(error).strip(), LONGEST_REASON)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
