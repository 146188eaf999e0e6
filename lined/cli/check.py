"""`lined check FILE`: the whole configuration judged, and told back as it was understood. Touches nothing; with
`--online` the regulator is asked about it too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lined.cli.check_budget import budget_document, budget_warning, tell_budget
from lined.cli.check_online import inspected
from lined.cli.exits import FAILED, SETTINGS
from lined.cli.options import CONFIG, SET_UP, ConfigOption, JsonOption
from lined.cli.output import console, print_facts, print_json, print_marked, print_table
from lined.cli.profile import overridden
from lined.vocabulary.errors import Problem, SettingsError

if TYPE_CHECKING:
    from rich.console import Console

    from lined.config import Config, Device, Product, Station
    from lined.regulator.inspection import Inspection

Row = Sequence[object]


def register(app: typer.Typer) -> None:
    app.command("check", rich_help_panel=SET_UP)(check)


def check(
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="The line's configuration.")] = None,
    online: Annotated[
        bool, typer.Option("--online", help="Ask the regulator too: credential, product groups, cards, clock.")
    ] = False,
    rate: Annotated[
        float | None,
        typer.Option(metavar="N", min=0.001, max=10_000, help="Tell whether the budget suffices at N codes a second."),
    ] = None,
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Check a configuration without touching anything: all its problems at once, or the line as it was understood.

    With --online it is held against what the regulator knows. It is asked nothing that changes anything.
    """
    from lined.config import load

    path = file or config
    try:
        found = load(path)
    except SettingsError as error:
        if as_json:
            print_json({"ok": False, "file": str(path), "problems": _listed(error.problems), "warnings": []})
        else:
            _tell_problems(console(), path, error.problems)
        raise typer.Exit(SETTINGS) from None
    looked = inspected(found) if online else None
    budget = None
    if rate is not None:
        from lined.service.forecast import forecast

        budget = forecast(found, rate)
    warnings = [*found.warnings, *(budget_warning(budget) if budget is not None else ())]
    if as_json:
        document = {"ok": True, "file": str(path), "problems": [], "warnings": _listed(warnings)}
        changed = dict(overridden(found.profile))
        document["profile"] = {**found.profile.about.model_dump(mode="json"), "overridden": changed}
        document["config"] = found.model_dump(mode="json", by_alias=True)
        if budget is not None:
            document["budget"] = budget_document(budget)
        print_json(document if looked is None else {**document, **_online(looked, warnings)})
    else:
        _tell_line(console(), path, found)
        if budget is not None:
            tell_budget(console(), budget)
        if looked is not None:
            _tell_online(console(), path, looked)
    if looked is not None and any(one.wrong for one in looked.findings):
        raise typer.Exit(SETTINGS if looked.reached else FAILED)


def _listed(problems: Sequence[Problem]) -> list[dict[str, str]]:
    return [problem._asdict() for problem in problems]


def _online(looked: Inspection, before: Sequence[Problem]) -> dict[str, object]:
    wrong = [Problem(one.place, one.fact) for one in looked.findings if one.wrong]
    others = [Problem(one.place, one.fact) for one in looked.findings if not one.wrong]
    warnings = _listed([*before, *others])
    return {"ok": not wrong, "online": looked.reached, "problems": _listed(wrong), "warnings": warnings}


def _tell_problems(to: Console, path: Path, problems: Sequence[Problem]) -> None:
    print_marked(to, "✗", "red", problems)
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    to.print(f"\n{path}: {count}. Nothing was touched.", style="red")


def _tell_line(to: Console, path: Path, config: Config) -> None:
    print_facts(to, _facts(config))
    to.print()
    print_table(to, "Stations", ["station", "role", "devices", "settings"], map(_station, config.stations))
    print_table(to, "Devices", ["device", "driver", "address", "reply"], map(_device, config.devices))
    print_table(to, "Products", ["GTIN", "name", "group", "release", "packed"], map(_product, config.products))
    print_table(to, "Reports", ["kind", "at most", "sealed after", "settles"], _reports(config))
    print_marked(to, "!", "yellow", config.warnings)
    count = {0: "", 1: " 1 warning."}.get(len(config.warnings), f" {len(config.warnings)} warnings.")
    to.print(f"{path} is right.{count}", style="green")


def _tell_online(to: Console, path: Path, looked: Inspection) -> None:
    wrong = [(one.place, one.fact) for one in looked.findings if one.wrong]
    print_marked(to, "✗", "red", wrong)
    print_marked(to, "!", "yellow", [(one.place, one.fact) for one in looked.findings if not one.wrong])
    if not looked.reached:
        to.print(f"{path} could not be held against what the regulator knows.", style="red")
    elif wrong:
        to.print(f"{path} does not go with what the regulator knows. Nothing was changed.", style="red")
    else:
        to.print(f"{path} goes with what the regulator knows.", style="green")


def _facts(config: Config) -> Iterator[tuple[str, str]]:
    line, regulator, mqtt = config.line, config.regulator, config.mqtt
    user = f"technical user {regulator.login}" if regulator.login else "business user (API key)"
    yield (
        "line",
        f"{line.id}, {line.timezone}, shifts {', '.join(line.shifts) or 'none'}, operators read {line.language}",
    )
    about = config.profile.about
    yield "regulator", f"{about.name}, its text of version {about.version}, at {regulator.url}"
    for key, step in overridden(config.profile):
        yield "  overridden", f"{key}: {step}"
    yield "account", f"TIN {regulator.tin}, business place {regulator.business_place_id}, {user}"
    yield "journal", f"{config.journal.path}, archive after {config.journal.archive_after_days} days"
    yield "MQTT", f"{mqtt.url}, topics {mqtt.root}/{line.id}/…" if mqtt else "none"
    for entry in config.notify:
        kinds = ", ".join(entry.kinds) or "all kinds"
        yield (
            f"alarms to {entry.id}",
            f"from {entry.min_severity} up, {kinds}, at most {entry.per_hour} messages an hour",
        )
    yield "page", f"http://{config.status.listen}/"
    yield "token", f"for commands and the page, in {config.journal.token_path} from the first start on"
    if config.sscc is not None:
        digits = config.sscc.serial_digits
        first, last = (f"{config.sscc.prefix} {number:0{digits}}" for number in (config.sscc.first, config.sscc.last))
        yield "SSCCs", f"{first} to {last}, and the check digit"


def _station(station: Station) -> Row:
    settings = []
    if station.role == "pack":
        settings += [str(station.level), station.mode]
    if station.role == "verify" and station.apply:
        settings.append("applies")
    if station.confirm_s:
        settings.append(f"rejects confirmed within {_span(station.confirm_s)}")
    if station.verdict_deadline_ms:
        settings.append(f"verdicts within {station.verdict_deadline_ms:g} ms")
    return station.id, station.role, ", ".join(station.devices), ", ".join(settings)


def _device(device: Device) -> Row:
    replies = [f"{name} {value!r}" for name, value in device.reply if value]
    return device.id, device.driver, device.url, ", ".join(replies) or "nothing"


def _product(product: Product) -> Row:
    packed = [f"{package.capacity} {product.child_level(package)} → {package.level}" for package in product.packages]
    return product.gtin, product.name, product.group, f"{product.release_type} {product.country}", ", ".join(packed)


def _reports(config: Config) -> Iterator[Row]:
    for kind, report in config.report.kinds().items():
        first = f" (a job's first: {_span(report.first_batch_s)})" if report.first_batch_s else ""
        yield kind, f"{report.max_codes} codes", f"{_span(report.max_age_s)}{first}", _span(report.settle_s)


def _span(seconds: float) -> str:
    """`900` as `15 min`."""
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} s"
