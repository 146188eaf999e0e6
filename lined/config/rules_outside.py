"""Rules towards the outside: the regulator's account, secrets, the broker, the local endpoint."""

from __future__ import annotations

import difflib
import importlib.util
import re
from collections.abc import Iterator

from lined.config.models import Config, Mqtt
from lined.config.repair import Repaired
from lined.config.rules_line import ids_twice
from lined.config.rules_products import at
from lined.config.secret import Secret
from lined.config.values import is_directory, is_file, is_loopback, shown
from lined.mqtt.spec import TOPICS
from lined.regulator.profile import Profile
from lined.regulator.profiles import flat, load_profile
from lined.vocabulary.alarms import AlarmKind
from lined.vocabulary.errors import Problem, SettingsError


def profile_of(found: Repaired) -> tuple[Profile | None, list[Problem]]:
    """The profile with what the file overrides; without what is wrong of that, so that the rest is judged all the same.
    None where there is none.
    """
    if not found.sure("regulator", "profile"):
        return None, []
    regulator = found.config.regulator
    limits, overrides = dict(regulator.limits), {".".join(keys): value for keys, value in flat(regulator.overrides)}
    try:
        return load_profile(regulator.profile, limits, overrides), []
    except SettingsError as error:
        wrong = {problem.path for problem in error.problems}
        problems = [_at_the_setting(problem, regulator.profile) for problem in error.problems]
    limits = {name: value for name, value in limits.items() if f"regulator.limits.{name}" not in wrong}
    above = tuple(f"{path}." for path in wrong)
    overrides = {key: value for key, value in overrides.items() if not f"regulator.overrides.{key}.".startswith(above)}
    try:
        return load_profile(regulator.profile, limits, overrides), problems
    except SettingsError:
        return None, problems


def _at_the_setting(problem: Problem, profile: str) -> Problem:
    """What is wrong with the profile's file as a whole is wrong with the setting that names it."""
    return Problem("regulator.profile", f"{profile} {problem.message}") if problem.path == profile else problem


def account_problems(found: Repaired) -> Iterator[Problem]:
    """Either a key, or a login with its password."""
    if not found.sure("regulator"):
        return
    regulator = found.config.regulator
    written = regulator.model_fields_set
    if not found.sure("regulator", "login") or not found.sure("regulator", "password_file"):
        return
    if regulator.login and "api_key_file" in written:
        message = "a business user has api_key_file, a technical user login and password_file: leave out one of the two"
        yield at(("regulator", "login"), message)
    elif regulator.login and not regulator.password_file:
        yield at(("regulator", "password_file"), "is required beside login: name the file that holds the password")
    elif regulator.password_file and not regulator.login:
        yield at(("regulator", "login"), "is required beside password_file: write the technical user's login")


def broker_problems(found: Repaired) -> Iterator[Problem]:
    mqtt = found.config.mqtt
    if mqtt is None:
        return
    if mqtt.password_file and not mqtt.username and found.sure("mqtt", "username") and mqtt.protocol != 5:
        yield at(("mqtt", "username"), "is required beside password_file: MQTT 3.1.1 knows no password without a user")
    yield from _topics_that_meet(found, mqtt)
    if mqtt.ca_file is not None and mqtt.url.startswith("mqtt://") and found.sure("mqtt", "url"):
        yield at(("mqtt", "ca_file"), "is for TLS, and the url is mqtt://: write mqtts://, or leave it out")
    elif mqtt.ca_file is not None and not is_file(mqtt.ca_file):
        yield at(("mqtt", "ca_file"), f"there is no file {mqtt.ca_file}: put the broker's CA certificates there")


def _topics_that_meet(found: Repaired, mqtt: Mqtt) -> Iterator[Problem]:
    """Two that have one name, or one below where commands or replies are."""
    names = {name: mqtt.topics.get(name, name) for name in TOPICS}  # type: ignore[call-overload]
    for name in mqtt.topics:
        for other, taken in names.items():
            inside = names[name].startswith(f"{taken}/") or taken.startswith(f"{names[name]}/")
            if other == name or not found.sure("mqtt", "topics", name):
                continue
            if names[name] == taken or (inside and {name, other} & {"command", "reply"}):
                yield at(
                    ("mqtt", "topics", name), f"{shown(names[name])} and {other}'s {shown(taken)} meet: rename one"
                )
                break


def endpoint_problems(found: Repaired) -> Iterator[Problem]:
    status = found.config.status
    if not found.sure("status", "listen") or not found.sure("status", "allow_lan"):
        return
    host, _ = status.address
    if not is_loopback(host) and not status.allow_lan:
        message = f"{host} can be reached from other machines: write 127.0.0.1, or set allow_lan = true beside it"
        yield at(("status", "listen"), message)


def journal_problems(found: Repaired) -> Iterator[Problem]:
    path = found.config.journal.path
    if found.sure("journal", "path") and is_directory(path):
        yield at(("journal", "path"), f"{path} is a directory: name a file in it, such as {path / 'line.db'}")


def notify_problems(found: Repaired) -> Iterator[Problem]:
    """Ids that are there once, and kinds of alarm that can be raised."""
    entries = found.config.notify
    if entries and importlib.util.find_spec("apprise") is None:
        yield Problem("notify", "alarms go out through Apprise, which is not installed: pip install 'lined[notify]'")
    yield from ids_twice(found, "notify", [entry.id for entry in entries])
    for number, entry in enumerate(entries):
        for kind in entry.kinds:
            if found.sure("notify", number, "kinds") and kind not in frozenset(AlarmKind):
                close = difflib.get_close_matches(kind, list(AlarmKind), n=1)
                hint = f"{close[0]} is close to it" if close else f"there are: {', '.join(AlarmKind)}"
                yield at(("notify", number, "kinds"), f"there is no kind of alarm {shown(kind)}; {hint}")


def secrets_of(config: Config) -> list[Secret]:
    """The secrets that a running daemon reads."""
    every = [config.regulator.api_key, config.regulator.password, config.mqtt.password if config.mqtt else None]
    addresses = [entry.secret(number) for number, entry in enumerate(config.notify)]
    return [*(secret for secret in every if secret is not None), *addresses]


def secret_problems(found: Repaired, *, starting: bool) -> Iterator[Problem]:
    """Secrets that cannot be had. A credential that only systemd can give is one of them when the daemon is starting;
    before that it is a warning, see `warnings.py`.
    """
    for secret in secrets_of(found.config):
        place = [int(part) if part.isdecimal() else part for part in re.findall(r"\w+", secret.key)]
        if not secret.name or not found.sure(*place) or (secret.path is None and not starting):
            continue
        try:
            content = secret.read()
        except SettingsError as error:
            yield from error.problems
            continue
        if place[0] == "notify" and not re.match(r"[a-z][a-z0-9+.-]*://.", content):
            message = f"{secret.path} has to hold an address as Apprise writes them, such as tgram://TOKEN/CHAT"
            yield Problem(secret.key, message)
