"""`lined init`: a few questions, and a commented configuration that is right."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from lined.cli.exits import FAILED
from lined.cli.options import SET_UP
from lined.cli.output import console, print_marked

if TYPE_CHECKING:
    from rich.console import Console

TRY_S: Final = 20.0
SERIAL: Final = Path("/dev/serial/by-id")
TEST_ADDRESS: Final = "https://xtrace.stage.aslbelgisi.uz"

TEXT: Final = """\
# Made by `lined init`. Every key there is stands, with its default, in config/lined.toml of lined's own folder;
# `lined check {name}` says whether what you change is right.

[line]
id = {line}
language = {language}                        # of the operator's page: uz, ru or en
# name = "Water, hall 2"                 # what people call the line
# contact = "Akmal, 11-22"               # whom to call, shown beside alarms

[regulator]
profile = {profile}
url = {url}                              # the test system; the real one's address is the regulator's to tell
tin = {tin}
business_place_id = {place}
api_key_file = "api-key"                 # a file beside this one with the key and nothing else (chmod 600)

[journal]
path = {journal}                         # on a disk of the computer itself, never on a share
# backup_folder = "/mnt/second-disk"     # a checked copy each night; another disk is better than this one

[[product]]
gtin = {gtin}
name = {product}
group = {group}
{shelf}

# [[product.package]]                    # where items are packed in boxes at this line, with a pack station below
# level = "BOX_LV_1"
# capacity = 12

[[device]]
id = "reader-1"
driver = {driver}                        # `lined drivers {driver_name}` shows its options and the reader's own settings
url = {device_url}
# reply = {{ accept = "OK\\r\\n", reject = "NG\\r\\n" }}     # what the reader is told; without it nothing is written

[[station]]
id = "marking"
role = "apply"                           # a good read here applies the code
devices = ["reader-1"]
"""


KEY: Final = "The account's API key (Enter: put it into the file api-key later)"
NO_SHELF_LIFE: Final = "# shelf_life_days = 365                # where the group needs an expiry, each job gives one"


def register(app: typer.Typer) -> None:
    app.command("init", rich_help_panel=SET_UP)(init)


def init(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The configuration to write.")] = Path("lined.toml"),
    try_it: Annotated[bool, typer.Option("--try/--no-try", help="Listen to the reader, to see that it works.")] = True,
) -> None:
    """Ask a few questions and write a commented configuration. A file that is there stays as it is."""
    to = console()
    if file.exists():
        to.print(f"{file} is there already and stays as it is: name another file.", style="red")
        raise typer.Exit(FAILED)
    to.print("Each question has its default in brackets: Enter takes it.", style="dim")
    values = _asked(to, file)
    key_file = file.with_name("api-key")
    key = "" if key_file.exists() else typer.prompt(KEY, default="", hide_input=True, show_default=False).strip()
    _write(file, TEXT.format(**values), 0o644)
    if key:
        _write(key_file, key + "\n", 0o600)
    _judge(to, file)
    if try_it and typer.confirm("Listen to the reader now? Show it a code", default=True):
        _try(to, file)
    to.print(f"\nNext: lined check {file}, then lined run --config {file}. The README says how it becomes a service.")


def _asked(to: Console, file: Path) -> dict[str, str]:
    """The answers, as the template wants them."""
    from lined.config import values as kinds
    from lined.regulator.profiles import load_profile, profile_names

    line = _ask(to, "Id of the line (a-z, 0-9 and -)", "line-1", kinds.Id)
    language = _choose(to, "Language of the operator's page", ["uz", "ru", "en"], "ru")
    profile = _choose(to, "Marking system", profile_names(), "asl-belgisi")
    url = _ask(to, "Its address (default: the test system's)", TEST_ADDRESS, kinds.RegulatorUrl)
    tin = _ask(to, "TIN of the company", None, kinds.Tin)
    place = _number(to, "Id of the business place where codes are applied", None, 1, 2**63 - 1)
    gtin = _ask(to, "GTIN of the first product", None, kinds.Gtin)
    product = _ask(to, "Its name", None, kinds.Text)
    groups = load_profile(profile).groups
    group = _choose(to, "Its group", sorted(groups), None)
    days = 0
    if "expiration_date" in groups[group].demands:
        days = _number(to, "Days of its shelf life (0: each job gives the expiry date)", 365, 0, 36_500)
    driver, address = _reader(to)
    quoted = {
        "line": line,
        "language": language,
        "profile": profile,
        "url": url,
        "tin": tin,
        "journal": f"{line}.db",
        "gtin": gtin,
        "product": product,
        "group": group,
        "driver": driver,
        "device_url": address,
    }
    return {
        **{name: _toml(value) for name, value in quoted.items()},
        "name": file.name,
        "place": str(place),
        "shelf": f"shelf_life_days = {days}" if days else NO_SHELF_LIFE,
        "driver_name": driver,
    }


def _reader(to: Console) -> tuple[str, str]:
    """Driver and address of the first reader."""
    import drivers
    from lined.config import values as kinds

    driver = _choose(to, "Family of the reader (generic: any other)", drivers.driver_names(), "generic")
    ports = sorted(SERIAL.iterdir()) if SERIAL.is_dir() else []
    for port in ports:
        to.print(f"  found: serial://{port}", style="green")
    first = f"serial://{ports[0]}" if ports else "tcp://192.168.0.10:9004"
    return driver, _ask(to, "Its address (tcp://HOST:PORT, tcp-listen://…, serial:///dev/…)", first, kinds.DeviceUrl)


def _ask(to: Console, question: str, default: str | None, kind: Any) -> str:
    """One answer, asked again until it can be used."""
    from pydantic import TypeAdapter, ValidationError

    while True:
        answer = typer.prompt(question, default=default)
        try:
            return str(TypeAdapter(kind).validate_python(answer.strip(), context={"base": Path()}))
        except ValidationError as error:
            to.print(f"  {error.errors()[0]['msg'].removeprefix('Value error, ')}", style="red", markup=False)


def _number(to: Console, question: str, default: int | None, least: int, most: int) -> int:
    while True:
        answer = int(typer.prompt(question, default=default, type=int))
        if least <= answer <= most:
            return answer
        to.print(f"  from {least} to {most}", style="red")


def _choose(to: Console, question: str, known: list[str], default: str | None) -> str:
    to.print(f"  {', '.join(known)}", style="dim")
    while True:
        answer = str(typer.prompt(question, default=default)).strip()
        if answer in known:
            return answer
        to.print(f"  there is no {answer!r}", style="red", markup=False)


def _toml(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _write(path: Path, text: str, mode: int) -> None:
    """A new file, whole."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def _judge(to: Console, file: Path) -> None:
    """What `lined check` would say."""
    from lined.config import load
    from lined.vocabulary.errors import SettingsError

    try:
        found = load(file, secrets=False)
    except SettingsError as error:
        print_marked(to, "!", "yellow", error.problems)
        to.print(f"{file} is written; put this right in it.", style="yellow")
    else:
        print_marked(to, "!", "yellow", found.warnings)
        to.print(f"{file} is written, and right.", style="green")


def _try(to: Console, file: Path) -> None:
    """Listen until the first good read."""
    from lined.cli.listening import listen_to
    from lined.config import load

    about = load(file, secrets=False).devices[0]
    if listen_to(about, to, seconds=TRY_S, wanted=1, shapes={}):
        to.print("A full marking code: the reader is set up right.", style="green")
    else:
        to.print(f"No full code in {TRY_S:.0f} s. `lined listen {about.id}` tries again.", style="yellow")
