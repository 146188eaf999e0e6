"""No secret is shown, whatever shape it comes back in."""

from __future__ import annotations

import json
import time
from urllib.parse import quote

import pytest

from lined.regulator.redaction import EVIDENCE_BYTES, evidence, redact

TOKEN = "b6ffb72c-1f5a-4862-8ddb-45csa506bbb2"
SAMPLE = [  # API 1.21.1 §1.6: the error echoes the caller's token
    {
        "code": "access-denied",
        "context": {"description": "Provided token isn't active", "Authorization": f"Bearer {TOKEN}"},
    }
]


def test_the_texts_own_sample_loses_its_token_and_keeps_its_reason() -> None:
    shown = redact(json.dumps(SAMPLE), [])
    assert TOKEN not in shown
    assert "access-denied" in shown and "Provided token isn't active" in shown


@pytest.mark.parametrize(
    "text",
    [
        f"bearer {TOKEN}",
        f"Authorization: Bearer {TOKEN}",
        f'{{"apiKey": "{TOKEN}"}}',
        f'{{"apiKey": "{TOKEN}',
        f"{{'api_key': '{TOKEN}'}}",
        f'{{"newPassword":"{TOKEN}"}}',
        f"refreshToken={TOKEN}&x=1",
        f'{{"body": "{{\\"accessToken\\": \\"{TOKEN}\\"}}"}}',
        f"{{apiKey={TOKEN}, id=1}}",
        f'{{"Set-Cookie": "session={TOKEN}"}}',
    ],
)
def test_what_looks_like_a_secret_is_masked_without_knowing_it(text: str) -> None:
    assert TOKEN not in redact(text, [])


@pytest.mark.parametrize("secret", ["pass word/€", 'quo"te\\d', TOKEN])
def test_a_known_secret_is_masked_wherever_it_stands(secret: str) -> None:
    for text in (
        f"value {secret} here",
        f"?p={quote(secret, safe='')}",
        json.dumps({"value": secret}, ensure_ascii=False),
    ):
        shown = redact(text, [secret])
        assert secret not in shown and quote(secret, safe="") not in shown
        assert json.dumps(secret, ensure_ascii=False)[1:-1] not in shown


def test_what_is_no_secret_stays() -> None:
    text = '{"accessTokenType": "BEARER", "accessTokenExpiresIn": 1800000, "code": "602", "value": "vegetableoil"}'
    assert redact(text, []) == text


@pytest.mark.parametrize(
    "separator",
    [
        *("\x1d", "\\u001d", "%1D", "\\x1d", "\\\\x1D", "\u241d", "\\u241d", "%E2%90%9D"),
        *("<GS>", "[FNC1]", "{0x1D}", "&#29;", "&#x1D;", "_x001D_", "~d029", "~1", "^]"),
    ],
)
def test_check_parts_of_codes_are_masked_and_the_code_stays(separator: str) -> None:
    shown = redact(f'"010489921512237121U&U1+<cfOUoZf{separator}93UehU", "next"', [])
    assert "UehU" not in shown
    assert "010489921512237121U&U1+<cfOUoZf" in shown and "next" in shown


def test_evidence_is_bounded_and_no_cut_splits_a_secret() -> None:
    for shift in range(0, 4 * len(TOKEN), 7):
        body = b"x" * (EVIDENCE_BYTES - shift) + TOKEN.encode() * 5000
        shown = evidence(body, [TOKEN])
        assert len(shown) <= EVIDENCE_BYTES
        assert TOKEN[:8] not in shown


def test_evidence_of_bytes_that_are_no_text_is_text() -> None:
    assert evidence(b"\xff\xfe{", []) == "\ufffd\ufffd{"


@pytest.mark.parametrize("filler", ["A", "token", '"', "\\", "token:", 'secret="', "\x1d93", "bearer ", "a-"])
def test_no_answer_makes_redaction_slow(filler: str) -> None:
    body = (filler * (2 * EVIDENCE_BYTES // len(filler))).encode()
    began = time.process_time()
    evidence(body, [TOKEN])
    assert time.process_time() - began < 1.0
