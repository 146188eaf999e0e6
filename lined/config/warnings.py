"""Warnings: what can be run, but is hardly meant so. Asked only of a configuration without problems."""

from __future__ import annotations

import stat
from collections.abc import Iterator

import drivers
from drivers.generic import GenericDriver
from lined.config.delimiters import cutting_options
from lined.config.models import Config, Device, Product
from lined.config.rules_outside import secrets_of
from lined.config.rules_products import at
from lined.config.secret import Secret
from lined.config.values import is_directory, is_loopback, split_url
from lined.regulator.profile import Profile
from lined.vocabulary.errors import Problem
from lined.vocabulary.line import Role
from lined.vocabulary.packages import Level


def warnings_of(config: Config, profile: Profile, *, secrets: bool) -> Iterator[Problem]:
    yield from _account(config, profile)
    yield from _journal(config)
    yield from _sscc(config)
    for number, product in enumerate(config.products):
        yield from _product(number, product, profile)
    yield from _devices(config)
    yield from _stations(config)
    yield from _whole_line(config)
    yield from _reports(config)
    yield from _outside(config)
    if secrets:
        for secret in secrets_of(config):
            yield from _secret(secret)


def _account(config: Config, profile: Profile) -> Iterator[Problem]:
    limit = profile.limits.requests_per_minute
    share = config.regulator.requests_per_minute
    if share > limit:
        message = f"the regulator allows {limit} a minute for the whole account: more will be turned away"
        yield at(("regulator", "requests_per_minute"), message)


def _journal(config: Config) -> Iterator[Problem]:
    directory = config.journal.path.parent
    if not is_directory(directory):
        yield at(("journal", "path"), f"there is no directory {directory} yet: lined makes it when it starts")


def _sscc(config: Config) -> Iterator[Problem]:
    if config.sscc is not None and "prefix" not in config.sscc.model_fields_set:
        message = f"not set, so {config.sscc.prefix} is taken: write your own extension digit and GS1 company prefix"
        yield at(("sscc", "prefix"), message)


def _product(number: int, product: Product, profile: Profile) -> Iterator[Problem]:
    group = profile.groups.get(product.group)
    if group is not None and "expiration_date" in group.demands and product.shelf_life_days is None:
        message = f"{product.group} needs an expiry date: without a shelf life each job has to give expiration_date"
        yield at(("product", number, "shelf_life_days"), message)
    for index, package in enumerate(product.packages):
        if "capacity" not in package.model_fields_set:
            yield at(("product", number, "package", index, "capacity"), f"not set, so {package.capacity} is taken")
        if package.gtin is not None and package.level != Level.GROUP:
            message = f"a {package.level} is named by an SSCC: its GTIN is not used"
            yield at(("product", number, "package", index, "gtin"), message)


def _devices(config: Config) -> Iterator[Problem]:
    for number, device in enumerate(config.devices):
        station = config.station_of(device.id)
        if station is None:
            yield at(("device", number), f"{device.id} belongs to no station: nothing will read from it")
        elif station.role == Role.VERIFY and not drivers.load(device.driver)(device.options).grades:
            message = f"{station.id} judges grades and this device gives none: add a pattern with a group called grade"
            yield at(("device", number, "options"), message)
        yield from _cut_codes(number, device)
        if _leaves_no_read_open(device):
            message = (
                f"not set: what {device.id} sends when it sees no code counts as malformed; give that word, such as "
                '["NOREAD"], or [] if it then sends nothing'
            )
            yield at(("device", number, "options", "no_read"), message)


def _cut_codes(number: int, device: Device) -> Iterator[Problem]:
    if issubclass(drivers.load(device.driver), GenericDriver):
        for option, message in cutting_options(device.options):
            yield at(("device", number, "options", option), message)


def _leaves_no_read_open(device: Device) -> bool:
    """Whether neither the file nor the driver says what a device sends that saw no code."""
    driver = drivers.load(device.driver)
    if not issubclass(driver, GenericDriver):
        return False
    return "no_read" not in device.options and "no_read" not in driver.preset_of(device.options)


def _stations(config: Config) -> Iterator[Problem]:
    devices = {device.id: device for device in config.devices}
    levels = {package.level for product in config.products for package in product.packages}
    for number, station in enumerate(config.stations):
        replies = [devices[name].reply for name in station.devices]
        if config.mqtt is None and not any(reply.accept or reply.reject for reply in replies):
            message = f"{station.id} can say its verdicts to nobody: give its devices a reply, or add [mqtt]"
            yield at(("station", number), message)
        if station.role != Role.PACK:
            for key in sorted({"level", "mode"} & station.model_fields_set):
                yield at(("station", number, key), f"only a pack station has it: it is not used at {station.id}")
        elif station.level not in levels:
            message = f"no product has a {station.level}: everything will be rejected at {station.id}"
            yield at(("station", number, "level"), message)
        if station.confirm_s and config.mqtt is None:
            message = "a reject is confirmed over MQTT only: add [mqtt], or every reject will stay unconfirmed"
            yield at(("station", number, "confirm_s"), message)


def _whole_line(config: Config) -> Iterator[Problem]:
    if not config.products:
        yield Problem("product", "there is none, so no job can be started: add a [[product]]")
    if not config.stations:
        yield Problem("station", "there is none, so nothing will be read: add a [[station]]")
    elif not any(station.applies for station in config.stations):
        message = (
            "none applies codes, so nothing will be reported: give one the role apply, or a verify one apply = true"
        )
        yield Problem("station", message)


def _reports(config: Config) -> Iterator[Problem]:
    roles = {station.role for station in config.stations}
    if Role.PACK in roles and config.report.aggregation is None:
        yield Problem("report.aggregation", "packages are formed but not reported: add [report.aggregation]")
    if config.report.aggregation is not None and Role.PACK not in roles:
        yield Problem("report.aggregation", "no station packs, so there will be nothing to report")
    if config.report.validation is not None and Role.VERIFY not in roles:
        yield Problem("report.validation", "no station verifies, so there will be nothing to report")


def _outside(config: Config) -> Iterator[Problem]:
    host, _ = config.status.address
    if not is_loopback(host):
        message = (
            f"from other computers at {host}: the page needs somebody who signs in (lined person set), programs a token"
        )
        yield Problem("status.listen", message)
    if config.mqtt is not None and config.mqtt.password_file:
        url = split_url(config.mqtt.url, ("mqtt", "mqtts"))
        if url.scheme == "mqtt" and not is_loopback(url.hostname or ""):
            yield Problem(
                "mqtt.url", "the password goes over the network in the clear: write mqtts:// if the broker can"
            )


def _secret(secret: Secret) -> Iterator[Problem]:
    path = secret.path
    if path is None:
        yield Problem(secret.key, f"{secret.name} is given by systemd at the start and could not be looked at here")
    elif not secret.is_credential and path.stat().st_mode & stat.S_IROTH:
        yield Problem(secret.key, f"everybody on this machine can read {path}: chmod 600 it")
