"""The regulator asked by hand: within what the running daemon, where there is one, leaves of the account's limit."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from lined.vocabulary.errors import CallError

if TYPE_CHECKING:
    from lined.config import Config
    from lined.regulator import Regulator
    from lined.regulator.account import Account

T = TypeVar("T")
CONNECT_S, READ_S, EXCHANGE_S = 5.0, 30.0, 60.0  # somebody waits


def account_beside(config: Config) -> Account:
    """The account for requests by hand: with the line's own share of the limit, or while its daemon runs with what that
    leaves, at least one a minute; that both together keep to the limit is seen to by `account.minute`. Raises CallError
    for a technical user beside a running daemon: a new token ends the one before.
    """
    from lined.service.assembly import account_of

    account = account_of(config)
    if not _daemon_runs(config):
        return account
    if account.login:
        raise CallError(
            f"The daemon works as technical user {account.login}, and logging in here would end its token. Stop it, or "
            "use a configuration with an API key."
        )
    left = config.profile.limits.requests_per_minute - account.requests_per_minute
    return dataclasses.replace(account, requests_per_minute=max(1, left))


def asked_by_hand(config: Config, work: Callable[[Regulator], Awaitable[T]]) -> T:
    """What `work` makes of a regulator that is there while it runs. Waits are shorter than a daemon's: somebody sits
    before it. Raises what `account_beside` and `work` do.
    """
    from lined.regulator import Regulator

    account = dataclasses.replace(
        account_beside(config), connect_timeout_s=CONNECT_S, read_timeout_s=READ_S, exchange_timeout_s=EXCHANGE_S
    )

    async def run() -> T:
        async with Regulator(account) as regulator:
            return await work(regulator)

    return asyncio.run(run())


def _daemon_runs(config: Config) -> bool:
    from lined.cli.answers import is_held

    return is_held(config.journal.path.resolve())
