"""Credentials (API 1.21.1 §2): API keys of business users, tokens of technical users."""

from __future__ import annotations

from lined.regulator.models.base import Answer, Id, Moment, Request, Secret, Text, Whole, Word


class KeyCheckRequest(Request):
    """API 1.21.1 §2.1.4.1."""

    tin: Id


class KeyCheck(Answer):
    """API 1.21.1 §2.1.4.2: whether the asking key is this participant's, and until when it lives, if it is."""

    is_tin_correct: bool
    expires_on: Moment | None = None


class KeyRefreshRequest(Request):
    """API 1.21.1 §2.1.5.1: the key to replace, by itself or by its id; "only one of these parameters may be passed"."""

    tin: Id
    api_key: Secret | None = None
    id: Id | None = None


class NewApiKey(Answer):
    """API 1.21.1 §2.1.5.2. The key before it is dead."""

    api_key: Secret
    id: Text
    expires_on: Moment
    label: Text


class AuthenticateRequest(Request):
    """API 1.21.1 §2.2.2.1."""

    login: Id
    password: Secret


class TokenRefreshRequest(Request):
    """API 1.21.1 §2.2.3.1: "passed using the x-www-form-urlencoded format"."""

    refresh_token: Secret


class Tokens(Answer):
    """API 1.21.1 §2.2.2.2, §2.2.3.2. `access_token_expires_in`: milliseconds."""

    access_token: Secret
    access_token_type: Word
    access_token_expires_in: Whole
    refresh_token: Secret
