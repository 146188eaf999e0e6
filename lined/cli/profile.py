"""`lined profile …`: a regulator's contract as lined knows it, a file of one's own checked, two profiles compared, the
regulator itself watched.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lined.cli.exits import SETTINGS
from lined.cli.options import CONFIG, SET_UP, ConfigOption, JsonOption
from lined.cli.output import console, print_facts, print_json, print_marked, print_table
from lined.cli.watch import watch
from lined.vocabulary.errors import SettingsError

if TYPE_CHECKING:
    from lined.regulator.profile import Profile

LONGEST = 100  # characters of a value in a table
NameArgument = Annotated[str | None, typer.Argument(metavar="NAME|FILE", help="Default: the configuration's.")]


def register(app: typer.Typer) -> None:
    profile = typer.Typer(help="The regulator's contract as data: limits, paths, words, product groups.")
    profile.command("show")(show)
    profile.command("check")(check)
    profile.command("diff")(diff)
    profile.command("watch")(watch)
    app.add_typer(profile, name="profile", rich_help_panel=SET_UP)


def show(name: NameArgument = None, config: ConfigOption = CONFIG, as_json: JsonOption = False) -> None:
    """Show every key of a profile, as `overrides` would name it, and what differs from the shipped one."""
    from lined.regulator.profiles import differences, entries, origin_of

    profile = _profile(name, config)
    origin = origin_of(profile)
    changed = {key: before for key, before, _ in (differences(origin, profile) if origin is not None else [])}
    values = entries(profile)
    if as_json:
        print_json({"profile": {key: _plain(value) for key, value in values.items()}, "changed": sorted(changed)})
        return
    print_facts(console(), [("profile", profile.about.name), ("version", profile.about.version), *_texts(profile)])
    rows = [
        (key, f"{_told(value)}{f'   (shipped: {_told(changed[key])})' if key in changed else ''}")
        for key, value in values.items()
    ]
    print_table(console(), "Keys", ["key", "value"], rows)


def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A profile of your own.")],
    _config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Check a profile of one's own without touching anything: all its problems at once, or what differs in it."""
    from lined.regulator.profiles import differences, load_profile, origin_of

    try:
        profile = load_profile(str(file.absolute()))
    except SettingsError as error:
        if as_json:
            print_json({"ok": False, "file": str(file), "problems": [one._asdict() for one in error.problems]})
        else:
            print_marked(console(), "✗", "red", error.problems)
        raise typer.Exit(SETTINGS) from None
    origin = origin_of(profile)
    if as_json:
        print_json({"ok": True, "file": str(file), "problems": []})
        return
    rows = differences(origin, profile) if origin is not None else []
    print_table(
        console(), f"Other than {profile.about.name}", ["key", "value"], [(key, _step(*two)) for key, *two in rows]
    )
    console().print(f"{file} is right.", style="green")


def diff(
    one: Annotated[str, typer.Argument(metavar="NAME|FILE", help="The profile to start from.")],
    other: NameArgument = None,
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Compare two profiles key by key: the second one against the first."""
    from lined.regulator.profiles import differences

    rows = differences(_profile(one, config), _profile(other, config))
    if as_json:
        items = [{"key": key, "before": _plain(before), "after": _plain(after)} for key, before, after in rows]
        print_json({"items": items, "next": None})
    elif rows:
        print_table(console(), "Differences", ["key", "value"], [(key, _step(*two)) for key, *two in rows])
    else:
        console().print("There is no difference.")


def overridden(profile: Profile) -> Iterator[tuple[str, str]]:
    """What the configuration, or a file of the user's, changes of the shipped profile, for `lined check`."""
    from lined.regulator.profiles import differences, origin_of

    origin = origin_of(profile)
    for key, before, after in differences(origin, profile) if origin is not None else []:
        yield key, _step(before, after)


def _profile(name: str | None, config: Path) -> Profile:
    from lined.config import load
    from lined.regulator.profiles import is_file, load_profile

    if name is None:
        return load(config, secrets=False).profile
    return load_profile(str(Path(name).absolute()) if is_file(name) else name)


def _texts(profile: Profile) -> Iterator[tuple[str, str]]:
    for text in profile.about.texts:
        yield "read from", text


def _step(before: object, after: object) -> str:
    """From one value to the other; of sets only what came and went."""
    if isinstance(before, frozenset) and isinstance(after, frozenset):
        moved = [*(f"+{word}" for word in sorted(after - before)), *(f"-{word}" for word in sorted(before - after))]
        return _cut(" ".join(moved))
    return f"{_told(before)} → {_told(after)}"


def _told(value: object) -> str:
    match value:
        case None:
            return "nothing"
        case frozenset() | tuple():
            return _cut(", ".join(map(str, _plain(value)))) or "none"  # type: ignore[call-overload]
        case bool():
            return str(value).lower()
        case _:
            return _cut(str(value)) or '""'


def _plain(value: object) -> object:
    if isinstance(value, frozenset):
        return sorted(value)
    return list(value) if isinstance(value, tuple) else value


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
