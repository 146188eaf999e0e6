"""`lined simulate`: a device of a family in simulation, for commissioning a line without it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lined.cli.options import SET_UP
from lined.cli.output import console, print_facts, print_table

if TYPE_CHECKING:
    from lined.sandbox.devices.player import SimulatedScanner

SHARE = {"min": 0.0, "max": 1.0}


def register(app: typer.Typer) -> None:
    app.command("simulate", rich_help_panel=SET_UP)(simulate)


def simulate(
    family: Annotated[str, typer.Argument(help="A driver's name; behind a slash a way it can be set up.")],
    codes: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, help="Codes to read, one a line, as /sandbox/codes?lines=true gives them."
        ),
    ],
    address: Annotated[
        str, typer.Option(metavar="URL", help="tcp-listen:// the device listens, tcp:// it connects, pty:///PATH.")
    ] = "tcp-listen://127.0.0.1:9004",
    rate: Annotated[float, typer.Option(min=0.0, help="Items a second; 0: as fast as answers allow.")] = 1.0,
    accept: Annotated[str, typer.Option(help="What it hears for an accept; empty: it hears nothing.")] = "OK\\r\\n",
    reject: Annotated[str, typer.Option(help="What it hears for a reject.")] = "NG\\r\\n",
    again: Annotated[str, typer.Option(help="What asks it to send a frame again.")] = "",
    no_reads: Annotated[float, typer.Option(help="Share of items not read at first.", **SHARE)] = 0.0,
    duplicates: Annotated[float, typer.Option(help="Share of items seen again.", **SHARE)] = 0.0,
    garbage: Annotated[float, typer.Option(help="Share of items misread.", **SHARE)] = 0.0,
    separators_lost: Annotated[float, typer.Option(help="Share of items without their GS.", **SHARE)] = 0.0,
    bad_grades: Annotated[float, typer.Option(help="Share of items badly printed.", **SHARE)] = 0.0,
    twice: Annotated[float, typer.Option(help="Share of frames sent again without need.", **SHARE)] = 0.0,
    pulls: Annotated[float, typer.Option(help="Share of items at which the cable is pulled.", **SHARE)] = 0.0,
    seed: Annotated[int, typer.Option(help="Repeat the random choices of a run.")] = 1,
) -> None:
    """Be a device: send codes as one of its family does, with its faults, and write down what it is told."""
    import asyncio
    import contextlib
    from random import Random

    from lined.sandbox.devices.families import FAMILIES
    from lined.sandbox.devices.player import LineFaults, ScannerSettings, SimulatedScanner, faulty

    if family not in FAMILIES:
        raise typer.BadParameter(f"one of {', '.join(FAMILIES)}", param_hint="FAMILY")
    speech = FAMILIES[family]
    faults = LineFaults(
        duplicates=duplicates,
        no_reads=no_reads,
        garbage=garbage,
        separators_lost=separators_lost,
        bad_grades=bad_grades,
        twice=twice,
        pulls=pulls,
        no_read=speech.no_read,
    )
    lines = [line for line in codes.read_bytes().splitlines() if line]
    try:
        settings = ScannerSettings(
            accept=_bytes(accept), reject=_bytes(reject), again=_bytes(again), rate=rate, window=1, speech=speech
        )
        scanner = SimulatedScanner(address, faulty(lines, faults, Random(seed)), settings)  # noqa: S311 - a simulation
    except ValueError as wrong:
        raise typer.BadParameter(str(wrong)) from None
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_play(scanner))
    _tell(scanner)


def _bytes(text: str) -> bytes:
    r"""Of a text with escapes as in Python: `OK\r\n`. Raises ValueError."""
    return text.encode("latin-1").decode("unicode_escape").encode("latin-1")


async def _play(scanner: SimulatedScanner) -> None:
    async with scanner:
        print_facts(console(), [("url for lined.toml", scanner.url)])
        await scanner.play()


def _tell(scanner: SimulatedScanner) -> None:
    rows = sorted((kind, outcome, str(count)) for (kind, outcome), count in scanner.results.by_kind.items())
    print_table(console(), "What became of the items", ["item", "outcome", "count"], rows)
