"""`lined key renew`: another API key before the old one expires."""

from __future__ import annotations

import typer

from lined.cli.options import AT_WORK, CONFIG, ByOption, ConfigOption, JsonOption
from lined.cli.output import console, print_json


def register(app: typer.Typer) -> None:
    key = typer.Typer(no_args_is_help=True, help="Renew the API key.")
    key.callback()(_every)
    key.command("renew")(renew)
    app.add_typer(key, name="key", rich_help_panel=AT_WORK)


def _every() -> None:
    pass


def renew(config: ConfigOption = CONFIG, by: ByOption = None, as_json: JsonOption = False) -> None:
    """Have the regulator replace the API key, and put the new one in its file.

    The old key is dead at once: every other program that has it must get the new one. The user of the key needs the
    role of an API key manager at the regulator.
    """
    from lined.cli.answers import done, loaded
    from lined.cli.formats import Clock

    found = loaded(config)
    answer = done(found, "key-renew", {}, by)
    if as_json:
        print_json(answer)
        return
    until = Clock(found).at(answer["expires_at"], "an unknown day")
    console().print(f"{found.regulator.api_key_file} holds a new key, valid until {until}.", style="green")
