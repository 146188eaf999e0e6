"""`lined sandbox`: the regulator's stand-in, for commissioning a line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lined.cli.options import SET_UP
from lined.cli.output import console, print_facts

if TYPE_CHECKING:
    from lined.sandbox import SandboxServer
    from lined.sandbox.contracts import Contract


EXAMPLE = {"gtin": "04899215122371", "group": "vegetableoil", "count": 100}  # the product of config/minimal.toml


def register(app: typer.Typer) -> None:
    app.command("sandbox", rich_help_panel=SET_UP)(sandbox)


def sandbox(
    listen: Annotated[str, typer.Option(metavar="HOST:PORT", help="Where to answer; port 0: a free one.")] = (
        "127.0.0.1:8481"
    ),
    state: Annotated[Path | None, typer.Option(metavar="FILE", help="Its books; without: they go with it.")] = None,
    profile: Annotated[str, typer.Option(metavar="NAME", help="Whose contract it plays: asl-belgisi or ismet.")] = (
        "asl-belgisi"
    ),
    tin: Annotated[str | None, typer.Option(help="The participant whose codes it issues; without: an example.")] = None,
    place: Annotated[int, typer.Option(help="The business place that may report.")] = 27,
    api_key: Annotated[str | None, typer.Option(help="The key to accept; without: one is made.")] = None,
    requests_per_minute: Annotated[int, typer.Option(help="Its limit for orders and reports; 0: none.")] = 100,
    seed: Annotated[int | None, typer.Option(help="Repeat the random choices of a run.")] = None,
) -> None:
    """Run a stand-in for the regulator: its rules, its documents, its faults. Until Ctrl-C."""
    import asyncio
    import contextlib

    from lined.sandbox import SandboxSettings, run_sandbox

    settings = SandboxSettings(
        contract=profile,
        tin=tin or contract_of(profile).tin,
        places=(place,),
        api_key=api_key,
        requests_per_minute=requests_per_minute,
        seed=seed,
    )
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run_sandbox(settings, listen, state, _tell))


def contract_of(name: str) -> Contract:
    """A contract that the sandbox can play. Raises BadParameter."""
    from lined.sandbox.contracts import CONTRACTS

    if name not in CONTRACTS:
        raise typer.BadParameter(f"one of {', '.join(CONTRACTS)}", param_hint="--profile")
    return CONTRACTS[name]


def _tell(server: SandboxServer) -> None:
    facts = [("url", server.url), *server.credentials._asdict().items()]
    codes = f"{server.url}/sandbox/codes"
    facts.append(("codes", f"{codes}?lines=true"))
    facts += [("books", f"{server.url}/sandbox/books"), ("faults", f"POST {server.url}/sandbox/faults")]
    groups = server.settings.open_groups
    example = EXAMPLE | ({} if EXAMPLE["group"] in groups else {"group": groups[0]})
    to = console()
    print_facts(to, facts)
    to.print("It knows the codes that it issued, no others. They are issued by:")
    to.print(f"curl {codes} --json '{json.dumps(example)}'", soft_wrap=True)  # to be copied whole
    to.print("Ctrl-C ends it.", style="dim")
