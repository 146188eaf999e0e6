"""The account at the regulator and how it is reached: what the configuration says, in one frozen value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from lined.regulator.minute import Minute
from lined.regulator.profile import Profile
from lined.vocabulary.errors import Problem, SettingsError

Secret = Callable[[], str]
"""Reads a secret anew: a key file may be replaced while we run. May raise OSError."""


@dataclass(frozen=True, slots=True)
class Account:
    """A business user has `api_key`; a technical user `login` and `password`. Exactly one of both.

    `minute`: what all processes of this computer share of the account's limit; None: they do not.

    `proxy` is the only proxy used: the environment's (HTTPS_PROXY) is ignored, so that a line does not change its way
    to the regulator because somebody's shell did. `connect_timeout_s` and the other two bound each single wait,
    `exchange_timeout_s` a whole exchange, so that no trickle of bytes can hold us.
    """

    url: str
    tin: str
    business_place_id: int
    profile: Profile
    api_key: Secret | None = field(default=None, repr=False)
    login: str = ""
    password: Secret | None = field(default=None, repr=False)
    requests_per_minute: int = 90
    minute: Minute | None = None
    proxy: str | None = field(default=None, repr=False)  # may hold a password
    connect_timeout_s: float = 10.0
    read_timeout_s: float = 60.0
    write_timeout_s: float = 60.0
    exchange_timeout_s: float = 300.0

    def __post_init__(self) -> None:
        """Raises SettingsError where the credentials are neither the one nor the other."""
        technical = bool(self.login) and self.password is not None
        if (self.api_key is not None) == technical or (not technical and (self.login or self.password)):
            message = "either api_key_file, or login with password_file"
            raise SettingsError([Problem("regulator.api_key_file", message)])

    @property
    def business(self) -> bool:
        return self.api_key is not None
