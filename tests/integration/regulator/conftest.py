"""An account at whatever server a test runs, with short waits."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lined.regulator import Account
from tests.profiles import PROFILE

KEY = "c09d906f-1111-4ae5-2222-61c0934bcd59"


@pytest.fixture
def account() -> Callable[..., Account]:
    """`account(url, **changes)`: a business user with 0.4 s for each wait and 1.5 s for a whole exchange."""

    def make(url: str, **changes: object) -> Account:
        values: dict[str, object] = {
            "tin": "307797292",
            "business_place_id": 27,
            "profile": PROFILE,
            "api_key": lambda: KEY,
            "requests_per_minute": 100,
            "connect_timeout_s": 2.0,
            "read_timeout_s": 0.4,
            "write_timeout_s": 0.4,
            "exchange_timeout_s": 1.5,
        }
        if "login" in changes:
            del values["api_key"]
        return Account(url=url, **{**values, **changes})  # type: ignore[arg-type]

    return make
