"""Redaction: what of an answer may be shown to people, kept as evidence or logged.

The regulator's own sample of an error echoes the caller's bearer token in its `context` (API 1.21.1 §1.6), so nothing
that came over the wire is shown unredacted. Check parts of codes are masked too: whoever knows them can print the code
again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

from lined.regulator import bounds

EVIDENCE_BYTES = 64 * 1024
LONGEST_SECRET = 4096  # no credential is longer
SHORTEST_SECRET = 4  # shorter ones would blot out ordinary text
MASK = "***"

_WORDS = ("authoriz", "api", "passw", "token", "secret", "cookie", "bearer", "basic")
_SEPARATORS = ("\x1d", "\u241d", "1d", "gs", "fnc1", "d029", "#29", "%9d", "~1", "^]")  # looked for in lower case
_BEARER = re.compile(r"(?i)\b(bearer|basic)(\s+|%20|\+)[^\s\"'\\,;<>]+")
_MEMBER = re.compile(
    r"""(?ix) ( (?: authoriz | api[_-]?key | passw | token | secret | cookie ) [\w.-]{0,40} \\?["']?
                \s{0,8} [:=] \s{0,8} )
        (?: \\?"(?:[^"\\]|\\[^"])*(?:\\?"|$) | '[^']*' | [^\s,;&}\])"'<>\[{]+ )"""
)
_EXPIRY = re.compile(r"(?i)expire|type")
# A separator as itself, or as one program or another spells it out.
_SPELLED = (
    r"\x1d|\u241d|\\+(?:u001d|x1d|u241d)|%1d|%e2%90%9d|&\#(?:29|x1d);|_x001d_|~d029|~1|\^\]"
    r"|[<{\[(](?:gs|fnc1|(?:0x)?1d)[>}\])]"
)
_CHECK_PART = re.compile(rf"(?i)((?:{_SPELLED})9[123])(?:\\[^u\s]|[^\s\"\\]){{2,}}")


def redact(text: str, secrets: Iterable[str]) -> str:
    """The text without these secrets, without anything that looks like one, and without check parts of codes."""
    for secret in secrets:
        if len(secret) >= SHORTEST_SECRET:
            escaped = secret.replace("\\", "\\\\").replace('"', '\\"')
            for form in {secret, quote(secret, safe=""), quote_plus(secret), escaped}:
                text = text.replace(form, MASK)
    lowered = text.lower()  # finding words is many times cheaper than the patterns, and most answers hold none
    if any(word in lowered for word in _WORDS):
        text = _MEMBER.sub(_mask_member, _BEARER.sub(rf"\1 {MASK}", text))
    if any(separator in lowered for separator in _SEPARATORS):
        text = _CHECK_PART.sub(rf"\1{MASK}", text)
    return text


def _mask_member(found: re.Match[str]) -> str:
    return found[0] if _EXPIRY.search(found[1]) else f'{found[1]}"{MASK}"'


def evidence(body: bytes, secrets: Iterable[str]) -> str:
    """An answer as text for people: redacted, then cut to 64 KiB, so that no cut splits a secret."""
    most = EVIDENCE_BYTES + LONGEST_SECRET
    text = redact(body[:most].decode("utf-8", "replace"), secrets)
    return bounds.lines(text[:-LONGEST_SECRET] if len(body) > most else text, EVIDENCE_BYTES)
