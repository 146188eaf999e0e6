"""The loader: from a file to a `Config`, or to all that is wrong with it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lined.config.models import Config
from lined.config.repair import Repaired, repaired
from lined.config.rules_line import device_problems, station_problems
from lined.config.rules_outside import (
    account_problems,
    broker_problems,
    endpoint_problems,
    journal_problems,
    notify_problems,
    profile_of,
    secret_problems,
)
from lined.config.rules_printers import printer_problems
from lined.config.rules_products import product_problems, report_problems, sscc_problems
from lined.config.texts import in_file_order, known_keys, problems_of, readable
from lined.config.warnings import warnings_of
from lined.regulator.profile import Profile
from lined.vocabulary.errors import Problem, SettingsError

MAX_BYTES = 1_000_000  # a thousand products take a third of it; a wrong path is not read to its end


def load(path: str | Path, *, secrets: bool = True, starting: bool = False) -> Config:
    """The configuration in that file. Raises SettingsError with every problem at once.

    With `secrets=False` the files of secrets are not looked at: for commands of people who may not read them. A
    credential that only systemd can give has to be there when the daemon is `starting`; elsewhere it is a warning.
    """
    file = Path(path)
    return from_tables(_tables(file), file.absolute().parent, secrets=secrets, starting=starting)


def from_tables(tables: dict[str, Any], base: Path, *, secrets: bool = True, starting: bool = False) -> Config:
    """The same for tables as `tomllib` gives them; relative paths are relative to the directory `base`."""
    errors, found = repaired(tables, {"base": base})
    problems = problems_of(errors, Config)
    profile: Profile | None = None
    if found is not None:
        profile, of_profile = profile_of(found)
        problems += [*of_profile, *_misfits(found, profile)]
        if secrets:
            problems += secret_problems(found, starting=starting)
    if problems or found is None or profile is None:
        raise SettingsError([readable(one) for one in in_file_order(problems, known_keys(Config, ()))])
    config = _settled(found.config, profile)
    config._profile = profile  # noqa: SLF001 - set once, here
    config._warnings = tuple(warnings_of(config, profile, secrets=secrets))  # noqa: SLF001 - set once, here
    return config


def _misfits(found: Repaired, profile: Profile | None) -> Iterator[Problem]:
    yield from account_problems(found)
    yield from journal_problems(found)
    yield from sscc_problems(found)
    yield from product_problems(found, profile)
    yield from device_problems(found)
    yield from station_problems(found)
    yield from printer_problems(found)
    yield from report_problems(found, profile)
    yield from broker_problems(found)
    yield from notify_problems(found)
    yield from endpoint_problems(found)


def _settled(config: Config, profile: Profile) -> Config:
    """Defaults that stand for "as much as there may be" follow what limits them."""
    limit = profile.limits.codes_per_report
    changed: dict[str, Any] = {
        kind: report.model_copy(update={"max_codes": min(report.max_codes, limit)})
        for kind, report in config.report.kinds().items()
    }
    home = {"release_type": profile.release.home, "country": profile.release.home_country}
    products = tuple(
        product.model_copy(update={key: value for key, value in home.items() if not getattr(product, key)})
        for product in config.products
    )
    update: dict[str, Any] = {"products": products, "report": config.report.model_copy(update=changed)}
    if config.sscc is not None:
        last = min(config.sscc.last, 10**config.sscc.serial_digits - 1)
        update["sscc"] = config.sscc.model_copy(update={"last": last})
    return config.model_copy(update=update)


def _tables(file: Path) -> dict[str, Any]:
    name = str(file)
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise _unreadable(name, f"cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(content) > MAX_BYTES:
        raise _unreadable(name, f"is larger than {MAX_BYTES} bytes: this is not a line's configuration")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _unreadable(name, "is UTF-16: save the file as UTF-8")
    try:
        return tomllib.loads(content.decode("utf-8-sig"))  # some editors write a byte order mark
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _unreadable(f"{name}:{line}", "is not UTF-8 here: save the file as UTF-8") from None
    except RecursionError:
        raise _unreadable(name, "is nested too deeply") from None
    except ValueError as error:  # TOMLDecodeError, and numbers of more digits than Python converts
        place = re.search(r" \(at line (\d+), column (\d+)\)$", str(error))
        where = f"{name}:{place[1]}:{place[2]}" if place else name
        message = str(error)[: place.start()] if place else str(error)
        raise _unreadable(where, f"is not TOML here: {message}") from None


def _unreadable(where: str, message: str) -> SettingsError:
    return SettingsError([Problem(where, message)])
