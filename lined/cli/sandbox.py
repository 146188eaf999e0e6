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


EXAMPLE = {"gtin": "04899215122371", "group": "vegetableoil", "count": 100}  # the product of config/minimal.toml


def register(app: typer.Typer) -> None:
    app.command("sandbox", rich_help_panel=SET_UP)(sandbox)


def sandbox(
    listen: Annotated[str, typer.Option(metavar="HOST:PORT", help="Where to answer; port 0: a free one.")] = (
        "127.0.0.1:8481"
    ),
    state: Annotated[Path | None, typer.Option(metavar="FILE", help="Its books; without: they go with it.")] = None,
    tin: Annotated[str, typer.Option(help="The participant whose codes it issues.")] = "307797292",
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
        tin=tin, places=(place,), api_key=api_key, requests_per_minute=requests_per_minute, seed=seed
    )
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run_sandbox(settings, listen, state, _tell))


def _tell(server: SandboxServer) -> None:
    facts = [("url", server.url), *server.credentials._asdict().items()]
    codes = f"{server.url}/sandbox/codes"
    facts.append(("codes", f"{codes}?lines=true"))
    facts += [("books", f"{server.url}/sandbox/books"), ("faults", f"POST {server.url}/sandbox/faults")]
    to = console()
    print_facts(to, facts)
    to.print("It knows the codes that it issued, no others. They are issued by:")
    to.print(f"curl {codes} --json '{json.dumps(EXAMPLE)}'", soft_wrap=True)  # to be copied whole
    to.print("Ctrl-C ends it.", style="dim")
