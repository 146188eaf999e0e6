"""`lined replay FILE`: a capture played back through the real driver and the real rules, verdict by verdict."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from lined.cli.exits import FAILED
from lined.cli.options import CONFIG, SET_UP, ConfigOption, JsonOption
from lined.cli.output import console

if TYPE_CHECKING:
    from lined.line.intake.capture import CaptureEvent
    from lined.service.replay import Difference

FILE_BYTES: Final = 64 * 1024 * 1024
SHOWN_MAX: Final = 100  # differences


def register(app: typer.Typer) -> None:
    app.command("replay", rich_help_panel=SET_UP)(replay)


def replay(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Of lined capture.", exists=True, dir_okay=False)],
    expect: Annotated[
        Path | None,
        typer.Option(
            "--expect",
            metavar="FILE",
            help="The verdicts that are right, as --json prints them; default: those of the capture.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    speed: Annotated[float, typer.Option("--speed", min=0, max=1_000, help="1: as it was; 0: at once.")] = 0,
    gtin: Annotated[str | None, typer.Option("--gtin", help="Of the job; default: the one that ran.")] = None,
    config: ConfigOption = CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Play a capture back on an empty journal of its own. Exit 1 where a verdict is another than it should be."""
    import asyncio
    import logging

    from lined.cli.answers import loaded
    from lined.cli.logs import set_up_logs
    from lined.line.intake.capture import NoCapture
    from lined.service.replay import differences, replayed, verdicts_in

    found = loaded(config)
    try:
        events = _events(file)
        expected = verdicts_in(events if expect is None else _verdicts(expect))
    except NoCapture as no_capture:
        raise typer.BadParameter(str(no_capture), param_hint="FILE") from None
    about = next((one for one in found.devices if one.id == events[0].more.get("device")), None)
    if about is None or found.station_of(about.id) is None:
        name = events[0].more.get("device")
        raise typer.BadParameter(f"there is no {name!r} at a station in {config}", param_hint="FILE")
    set_up_logs(level=logging.ERROR)
    screen = console()

    def tell(verdict: CaptureEvent) -> None:
        if as_json:
            typer.echo(verdict.line, nl=False)
        else:
            screen.print(_in_words(verdict), markup=False, soft_wrap=True)

    came = asyncio.run(replayed(found, about, events, speed=speed, gtin=gtin, tell=tell))
    wrong = differences(expected, came, whole=expect is not None)
    if not as_json:
        _tell(screen, expected, came, wrong)
    if wrong:
        raise typer.Exit(FAILED)


def _events(file: Path) -> list[CaptureEvent]:
    from lined.line.intake.capture import read_capture

    return read_capture(_text(file))


def _verdicts(file: Path) -> list[CaptureEvent]:
    """Of a capture, or of lines that are verdicts only."""
    from lined.line.intake.capture import parsed

    return [parsed(line, number) for number, line in enumerate(_text(file).splitlines(), 1) if line.strip()]


def _text(file: Path) -> str:
    from lined.line.intake.capture import NoCapture

    if file.stat().st_size > FILE_BYTES:
        raise NoCapture(f"{file} has more than {FILE_BYTES} bytes")
    try:
        return file.read_text("ascii")
    except UnicodeDecodeError:
        raise NoCapture(f"{file} is no text in ASCII") from None


def _in_words(verdict: CaptureEvent | None) -> str:
    if verdict is None:
        return "nothing"
    told = verdict.more
    return " ".join(filter(None, (f"{verdict.at_s:10.3f}", *(told.get(key) for key in ("verdict", "reason", "code")))))


def _tell(screen: Any, expected: list[CaptureEvent], came: list[CaptureEvent], wrong: list[Difference]) -> None:
    for one in wrong[:SHOWN_MAX]:
        screen.print(
            f"no. {one.place}: {_in_words(one.came).strip()}, expected {_in_words(one.expected).strip()}",
            style="red",
            markup=False,
            soft_wrap=True,
        )
    told = f"{len(came):,} verdicts"
    if expected:
        told += f", {len(wrong):,} of {len(expected):,} otherwise than expected"
    screen.print(f"{told}.", style="red" if wrong else "green")
