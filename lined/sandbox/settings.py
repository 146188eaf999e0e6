"""The settings of a sandbox: its one account, its delays, its strictness. Nothing here touches the disk."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, fields

from lined.sandbox.contracts import ASL_BELGISI, CONTRACTS, Contract
from lined.vocabulary.errors import Problem, SettingsError

DAY_S = 86_400.0
API_KEY_LIFE_S = 90 * DAY_S  # API 1.18.2 §1.4: "not more than 90 days"
ACCESS_TOKEN_LIFE_S = 30 * 60.0  # API 1.21.1 §1.4
REFRESH_TOKEN_LIFE_S = DAY_S  # API 1.21.1 §1.4
REQUESTS_PER_MINUTE = 100  # API 1.21.1 §1.4: methods of orders and reports
KEY_REQUESTS_PER_DAY = 100  # API 1.21.1 §1.4: check and refresh, each


@dataclass(frozen=True)
class SandboxSettings:
    """The account that the sandbox knows, and how it behaves. Delays are in seconds.

    A document passes CREATED, VALIDATING, IN_PROCESS at `validating_after_s`, `in_process_after_s` and is decided
    (its effects happen) at a random moment between the two `final_after_s`. Before `visible_after_s` nobody sees it:
    404, and absent from searches. With `seed` the random choices of a run repeat.
    """

    contract: str = ASL_BELGISI  # or its twin, `ismet`
    tin: str = CONTRACTS[ASL_BELGISI].tin
    places: tuple[int, ...] = (27,)
    groups: tuple[str, ...] = ()  # those that the account may work with, others answer 403; none named: all there are
    api_key: str | None = None  # None: generated at the first start and kept in the state
    login: str = "line"
    password: str | None = None  # None: as api_key
    api_key_life_s: float = API_KEY_LIFE_S
    access_token_life_s: float = ACCESS_TOKEN_LIFE_S
    refresh_token_life_s: float = REFRESH_TOKEN_LIFE_S
    requests_per_minute: int = REQUESTS_PER_MINUTE  # 0: no limit
    key_requests_per_day: int = KEY_REQUESTS_PER_DAY
    retry_after: bool = False  # 429 carries Retry-After; the text does not promise it
    visible_after_s: float = 0.0
    validating_after_s: float = 0.2
    in_process_after_s: float = 0.5
    final_after_s: tuple[float, float] = (1.0, 2.0)
    some_bad: str = "partial"  # or `error`: then the whole document is ERROR, naming the bad codes
    search_order: str = "newest"  # newest | oldest: the text does not say
    content_as_sample: bool = True  # the sample of API 1.21.1 §11.4 lost the separators and manufacturerCountry
    codes_per_report: int = 30_000  # API 1.21.1 §1.4
    clock_tolerance_s: float = 5.0  # how far in the future a production date may lie
    group_applied_first: bool = True  # a GROUP code must be applied before it can become a package
    order_ready_after_s: float = 1.0
    allow_lan: bool = False  # listen on, and be controlled from, more than loopback
    seed: int | None = None

    def __post_init__(self) -> None:
        """Raise SettingsError with every problem at once."""
        problems = [*self._wrong_numbers(), *self._wrong_words()]
        if problems:
            raise SettingsError(problems)

    @property
    def rules(self) -> Contract:
        """What is peculiar to the contract that is played."""
        return CONTRACTS[self.contract]

    @property
    def open_groups(self) -> tuple[str, ...]:
        """The product groups that the account's users may work with."""
        return self.groups or tuple(sorted(self.rules.groups))

    def _wrong_numbers(self) -> list[Problem]:
        problems = [
            Problem(field.name, "must not be negative")
            for field in fields(self)
            if isinstance(value := getattr(self, field.name), int | float) and field.name != "seed" and value < 0
        ]
        first, last = self.final_after_s
        if not 0 <= first <= last:
            problems.append(Problem("final_after_s", "must be two delays, the smaller one first"))
        return problems

    def _wrong_words(self) -> list[Problem]:
        if self.contract not in CONTRACTS:
            return [Problem("contract", f"must be one of {', '.join(CONTRACTS)}")]
        problems = []
        lengths = self.rules.tin_lengths
        if not (self.tin.isdigit() and len(self.tin) in lengths):
            problems.append(Problem("tin", f"must be {' or '.join(map(str, sorted(lengths)))} digits"))
        strange = [group for group in self.groups if group not in self.rules.groups]
        problems += [Problem("groups", f"{group!r} is not a product group") for group in strange]
        if not self.places:
            problems.append(Problem("places", "must name at least one business place"))
        if self.some_bad not in {"partial", "error"}:
            problems.append(Problem("some_bad", "must be 'partial' or 'error'"))
        if self.search_order not in {"newest", "oldest"}:
            problems.append(Problem("search_order", "must be 'newest' or 'oldest'"))
        return problems


def parse_listen(listen: str, *, allow_lan: bool) -> tuple[str, int]:
    """Split `HOST:PORT` (port 0: a free one; IPv6 in brackets). Raises SettingsError, also for a host beyond loopback
    unless `allow_lan`: the control endpoint has no token.
    """
    host, colon, port = listen.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isdigit() or int(port) > 65_535:
        raise SettingsError([Problem("listen", f"{listen!r} is not HOST:PORT")])
    if not allow_lan and not is_loopback(host):
        raise SettingsError([Problem("listen", f"{host} is not loopback; say so explicitly to open it to the network")])
    return host, int(port)


def is_loopback(host: str) -> bool:
    """True for an address of this machine's loopback and for `localhost`."""
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
