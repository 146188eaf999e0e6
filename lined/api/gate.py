"""The gate of the endpoint: every request passes it first, before anything looks at what it wants.

In this order: `Host` must be ours (DNS rebinding makes a foreign page's request reach loopback under its own name), a
foreign `Origin` is refused, what is not on loopback and whatever commands needs somebody who has signed in or a token,
a command must be JSON by its content type and of bounded size, and it must arrive in bounded time. A browser that asks
for a page and is not known is led to the page for signing in.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from hmac import compare_digest as compare
from urllib.parse import urlencode

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lined.api.answers import refusal
from lined.api.sign_in import COOKIE, SignIn
from lined.api.wrong_tokens import WrongTokens
from lined.commands.registry import registry
from lined.commands.registry.caller import PROGRAM, READER, Caller

BODY_BYTES = 16 * 1024  # no command needs half of it; the worst of this size holds the loop for a few milliseconds
PAGE_BYTES = 384 * 1024  # ... but a page of a code pool: its codes may have their check parts, with escapes
PAGED = registry.path_of("pool-load")
BODY_S = 10.0  # for a command's body to arrive
SIGN_IN = "/sign-in"
OPEN = frozenset({SIGN_IN, "/api/v1/sign-in", "/language"})
"""What everybody may ask, beside the page's own files: it tells the line's name and no more."""
FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
"""Headers of a proxy: what comes through one is not of this computer, whatever its socket says."""
CALLER = "lined.caller"
"""Where in the scope stands who asks: a Caller, or None."""
READING = frozenset({"GET", "HEAD"})
LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")


class Refusal(Exception):
    """What the gate answers instead of passing the request on."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@dataclass(frozen=True, slots=True)
class Known:
    """Who may be known. `token`: of programs that command; `reading_token`: of those that only look; `people`: None
    where nobody signs in; `hosts`: names that `Host` may say beside our own, each with any port.
    """

    token: str
    reading_token: str = ""
    people: SignIn | None = None
    hosts: tuple[str, ...] = ()


class Gate:
    """The outermost application. `address` gives host and port as bound, known once the socket is. `wrong` slows down
    who tries wrong tokens; `note` hears what comes out of the application: its answer, where there is one, has been
    given by then.
    """

    def __init__(
        self,
        app: ASGIApp,
        known: Known,
        address: Callable[[], tuple[str, int]],
        wrong: WrongTokens | None = None,
        note: Callable[[str, BaseException], None] = lambda _where, _error: None,
    ) -> None:
        self._wrong = wrong
        self.app = app
        self._note = note
        self._known = known
        self._tokens = [(f"Bearer {known.token}".encode(), PROGRAM)]
        if known.reading_token:
            self._tokens.append((f"Bearer {known.reading_token}".encode(), READER))
        self._address = address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            await self._judge(scope)
            if scope["method"] not in READING:
                receive = replayed(await read_body(receive, _most(scope)))
        except Refusal as refused:
            answer: Response = refusal(refused.status, refused.code, refused.message)
            if refused.status == 401 and await self._is_led(scope):
                answer = RedirectResponse(f"{SIGN_IN}?{urlencode({'to': _target(scope)})}", 303)
            await answer(scope, receive, send)
            return
        try:
            await self.app(scope, receive, send)
        except Exception as error:  # noqa: BLE001  a defect of ours
            self._note(_place(scope), error)

    async def _judge(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        ours = self.hosts(scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._is_ours(hosts[0].lower(), ours):
            raise Refusal(403, "foreign-host", f"This endpoint answers under {' or '.join(ours)} only.")
        origins = headers.getlist("origin")
        if not all(self._is_our_origin(origin.lower(), ours) for origin in origins):
            raise Refusal(403, "foreign-origin", "Pages from elsewhere may not speak to this endpoint.")
        commands = scope["method"] not in READING
        scope[CALLER] = caller = self._caller(headers)
        if caller is None and (commands or not is_here(scope, headers)) and not _is_open(scope["path"]):
            await self._slow_down(scope, headers)
            raise Refusal(401, "token-required", "Sign in, or send Authorization: Bearer with the token of this line.")
        if commands and headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise Refusal(415, "not-json-type", "Send Content-Type: application/json.")
        if int(headers.get("content-length", "0")) > _most(scope):
            raise Refusal(413, "too-large", f"A command has at most {_most(scope)} bytes.")

    async def _slow_down(self, scope: Scope, headers: Headers) -> None:
        """A wrong token is answered in its turn; one that is missing is no attempt."""
        if self._wrong is None or "authorization" not in headers:
            return
        client = scope.get("client")
        if not await self._wrong.came(client[0] if client else "an unknown address"):
            raise Refusal(429, "too-many", "Too many requests with a wrong token are waiting for their answers.")

    def hosts(self, scope: Scope) -> list[str]:
        """What `Host` may say: loopback's names, where we were told to listen, the address this request came to."""
        host, port = self._address()
        names = list(LOOPBACK_NAMES)
        reached = scope["server"][0] if scope.get("server") else host
        for address in (host, reached):
            shown = f"[{address}]" if ":" in address else address.lower()
            if shown not in names and not _is_wildcard(address):
                names.append(shown)
        return [f"{name}:{port}" for name in names] + (names if port == 80 else [])

    def _is_ours(self, host: str, ours: list[str]) -> bool:
        return host in ours or self._is_named(host)

    def _is_our_origin(self, origin: str, ours: list[str]) -> bool:
        """A proxy may speak TLS; we do not."""
        scheme, _, host = origin.partition("://")
        return (scheme == "http" and host in ours) or (scheme in ("http", "https") and self._is_named(host))

    def _is_named(self, host: str) -> bool:
        name, _, port = host.rpartition(":")
        return host in self._known.hosts or (port.isdigit() and name in self._known.hosts)

    def _caller(self, headers: Headers) -> Caller | None:
        """Who asks; None where nobody says so, or wrongly."""
        given = headers.getlist("authorization")
        if given:
            presented = _one_space(given[0]).encode("utf-8")
            return next(
                (caller for token, caller in self._tokens if len(given) == 1 and compare(presented, token)), None
            )
        people, cookie = self._known.people, cookie_in(headers)
        return people.caller(cookie) if people is not None and cookie else None

    async def _is_led(self, scope: Scope) -> bool:
        """Whether it is a person at a browser, who may sign in."""
        wants = Headers(scope=scope).get("accept", "")
        if scope["method"] not in READING or "text/html" not in wants or self._known.people is None:
            return False
        return await self._known.people.anybody()


def _place(scope: Scope) -> str:
    """The route, not the path: what was asked for comes from outside."""
    return f"{scope['method']} {getattr(scope.get('route'), 'path', 'of no route')}"


def _most(scope: Scope) -> int:
    return PAGE_BYTES if scope["path"] == PAGED else BODY_BYTES


async def read_body(receive: Receive, most: int = BODY_BYTES) -> bytes:
    """The whole body. Raises Refusal: too large, too slow, or the sender has gone."""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_S):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Refusal(400, "cut-off", "The request ended before its body did.")
                body += message.get("body", b"")
                if len(body) > most:
                    raise Refusal(413, "too-large", f"A command has at most {most} bytes.")
                if not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError:
        raise Refusal(408, "too-slow", f"The body did not arrive within {BODY_S:g} s.") from None


def replayed(body: bytes) -> Receive:
    """A `receive` that gives a body which was read already."""
    given = False

    async def receive() -> Message:
        nonlocal given
        if given:
            return {"type": "http.disconnect"}
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def cookie_in(headers: Headers) -> str:
    """What the cookie of a session says; empty where there is none."""
    for part in "; ".join(headers.getlist("cookie")).split("; "):
        name, _, value = part.partition("=")
        if name == COOKIE:
            return value
    return ""


def is_here(scope: Scope, headers: Headers) -> bool:
    """Whether a request came from this computer, and through no proxy on it."""
    return is_loopback(scope) and not any(name in headers for name in FORWARDED)


def _is_open(path: str) -> bool:
    return path in OPEN or path.startswith("/static/")


def _target(scope: Scope) -> str:
    query = scope["query_string"].decode("latin-1")
    return str(scope["path"]) + (f"?{query}" if query else "")


def is_loopback(scope: Scope) -> bool:
    """Whether the request came from this computer."""
    client = scope.get("client")
    if not client:
        return False
    address = ipaddress.ip_address(client[0].partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def _is_wildcard(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_unspecified
    except ValueError:
        return False


def _one_space(text: str) -> str:
    """`bearer  x` as `Bearer x`: the scheme's name is case-insensitive (RFC 9110, 11.1)."""
    scheme, _, rest = text.partition(" ")
    return f"Bearer {rest.strip()}" if scheme.lower() == "bearer" else text
