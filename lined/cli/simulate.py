"""`lined simulate`: a device of a family in simulation, for commissioning a line without it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lined.cli.options import SET_UP
from lined.cli.output import console, print_facts, print_table

if TYPE_CHECKING:
    from lined.sandbox.devices.player import SimulatedScanner
    from lined.sandbox.devices.printers import SimulatedPrinter

SHARE = {"min": 0.0, "max": 1.0}


def register(app: typer.Typer) -> None:
    app.command("simulate", rich_help_panel=SET_UP)(simulate)


def simulate(
    family: Annotated[str, typer.Argument(help="A driver's name; behind a slash a way it can be set up.")],
    codes: Annotated[
        Path | None,
        typer.Argument(
            exists=True,
            dir_okay=False,
            help="Codes to read, one a line, as /sandbox/codes?lines=true gives them; none for a printer.",
        ),
    ] = None,
    address: Annotated[
        str, typer.Option(metavar="URL", help="tcp-listen:// the device listens, tcp:// it connects, pty:///PATH.")
    ] = "tcp-listen://127.0.0.1:9004",
    rate: Annotated[float, typer.Option(min=0.0, help="Items a second; 0: as fast as answers allow.")] = 1.0,
    accept: Annotated[
        str | None, typer.Option(help="What it hears for an accept. Default: as in the driver's example.")
    ] = None,
    reject: Annotated[str | None, typer.Option(help="What it hears for a reject.")] = None,
    again: Annotated[str | None, typer.Option(help="What asks it to send a frame again.")] = None,
    no_reads: Annotated[float, typer.Option(help="Share of items not read at first.", **SHARE)] = 0.0,
    duplicates: Annotated[float, typer.Option(help="Share of items seen again.", **SHARE)] = 0.0,
    garbage: Annotated[float, typer.Option(help="Share of items misread.", **SHARE)] = 0.0,
    separators_lost: Annotated[float, typer.Option(help="Share of items without their GS.", **SHARE)] = 0.0,
    bad_grades: Annotated[float, typer.Option(help="Share of items badly printed.", **SHARE)] = 0.0,
    twice: Annotated[float, typer.Option(help="Share of frames sent again without need.", **SHARE)] = 0.0,
    pulls: Annotated[float, typer.Option(help="Share of items at which the cable is pulled.", **SHARE)] = 0.0,
    jams: Annotated[float, typer.Option(help="A printer's share of labels at which it stops a while.", **SHARE)] = 0.0,
    power_cuts: Annotated[float, typer.Option(help="Share of labels in which it loses power.", **SHARE)] = 0.0,
    lies: Annotated[
        float, typer.Option(help="Share of labels that it says it has printed, and has not.", **SHARE)
    ] = 0.0,
    paper: Annotated[Path | None, typer.Option(help="Where a printer's labels go, one a line.")] = None,
    hang_after: Annotated[
        int, typer.Option(min=0, help="Hang after so many items: the connection stays, nothing comes. 0: never.")
    ] = 0,
    seed: Annotated[int, typer.Option(help="Repeat the random choices of a run.")] = 1,
) -> None:
    """Be a device: send codes as one of its family does, with its faults, and write down what it is told. Or be a
    printer: take labels, and say what becomes of them.
    """
    import asyncio
    import contextlib
    from random import Random

    from lined.sandbox.devices.families import FAMILIES
    from lined.sandbox.devices.player import LineFaults, ScannerSettings, SimulatedScanner, faulty
    from lined.sandbox.devices.printer_speech import PRINTERS
    from lined.sandbox.devices.printers import PrinterFaults, SimulatedPrinter

    if family in PRINTERS:
        faults_of_printer = PrinterFaults(jams=jams, power_cuts=power_cuts, pulls=pulls, lies=lies)
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(
                _print(
                    SimulatedPrinter(address, family, rate=rate, faults=faults_of_printer, seed=seed, paper_path=paper)
                )
            )
        return
    if family not in FAMILIES:
        known = ", ".join([*FAMILIES, *PRINTERS])
        raise typer.BadParameter(f"one of {known}", param_hint="FAMILY")
    if codes is None:
        raise typer.BadParameter("a reader needs codes to read", param_hint="CODES")
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
        replies = [
            usual if given is None else _bytes(given)
            for usual, given in zip(_in_example(family), (accept, reject, again), strict=True)
        ]
        settings = ScannerSettings(
            accept=replies[0], reject=replies[1], again=replies[2], rate=rate, window=1, speech=speech
        )
        scanner = SimulatedScanner(address, faulty(lines, faults, Random(seed)), settings)  # noqa: S311 - a simulation
    except ValueError as wrong:
        raise typer.BadParameter(str(wrong)) from None
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_play(scanner, hang_after))
    _tell(scanner)


def _in_example(family: str) -> tuple[bytes, bytes, bytes]:
    """What a device hears for an accept, a reject and to send again, with the example of `lined drivers NAME`."""
    import tomllib

    import drivers

    (device,) = tomllib.loads(drivers.load(family.partition("/")[0]).MANUAL.example)["device"]
    options, reply = device.get("options", {}), device.get("reply", {})
    verdicts = [options.get("ack", "") + reply.get(word, "") for word in ("accept", "reject")]
    if not reply:
        verdicts[1] = ""
    accept, reject, again = (text.encode("latin-1") for text in (*verdicts, options.get("nack", "")))
    return accept, reject, again


def _bytes(text: str) -> bytes:
    r"""Of a text with escapes as in Python: `OK\r\n`. Raises ValueError."""
    return text.encode("latin-1").decode("unicode_escape").encode("latin-1")


async def _print(printer: SimulatedPrinter) -> None:
    async with printer:
        print_facts(console(), [("url for lined.toml", printer.url)])
        try:
            await printer.run()
        finally:
            rows = sorted((what, str(count)) for what, count in printer.counts.items())
            print_table(console(), "What came out", ["what", "count"], rows)


async def _play(scanner: SimulatedScanner, hang_after: int) -> None:
    async with scanner:
        replies = "; ".join(
            f"{word} {answer!r}"
            for word, answer in (("accept", scanner.settings.accept), ("reject", scanner.settings.reject))
            if answer
        )
        print_facts(console(), [("url for lined.toml", scanner.url), ("hears", replies or "nothing")])
        if hang_after:
            scanner.hang_after(hang_after)
        await scanner.play()


def _tell(scanner: SimulatedScanner) -> None:
    rows = sorted((kind, outcome, str(count)) for (kind, outcome), count in scanner.results.by_kind.items())
    print_table(console(), "What became of the items", ["item", "outcome", "count"], rows)
