"""`lined demo`: a whole plant on this machine, without configuration."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lined.cli.exits import DONE, FAILED
from lined.cli.options import SET_UP
from lined.cli.output import console, print_facts, print_json, print_table
from lined.cli.sandbox import contract_of

if TYPE_CHECKING:
    from rich.console import Console

    from lined.sandbox.demo.plant import DemoPlant

QUIET_RATE = 20.0  # items a second of a demo without end: a pace that people can follow
OUTCOMES_S = 300.0  # for the last documents to be decided
LOOK_S = 0.5


def register(app: typer.Typer) -> None:
    app.command("demo", rich_help_panel=SET_UP)(demo)


def demo(
    codes: Annotated[int | None, typer.Option(min=1, max=1_000_000, help="End by itself after so many codes.")] = None,
    rate: Annotated[float | None, typer.Option(min=0, help="Items a second; 0: as fast as they are answered.")] = None,
    profile: Annotated[str, typer.Option(metavar="NAME", help="Whose contract: asl-belgisi or ismet.")] = "asl-belgisi",
    keep: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Leave journal, books and log there.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """A whole plant on this machine: scanner, regulator's stand-in, daemon and page. Until Ctrl-C, or for --codes.

    It prints the page's address and the token that its commands ask for.
    Without --codes, keys cause faults: a cable pulled, the internet lost,
    separators spoilt, bad items, refused codes, the daemon killed.
    A broker at 127.0.0.1:1883 is used where there is one.
    """
    contract_of(profile)
    pace = rate if rate is not None else (0.0 if codes else QUIET_RATE)
    with contextlib.ExitStack() as stack:
        folder = keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lined-demo-")))
        folder.mkdir(parents=True, exist_ok=True)
        try:
            sys.exit(asyncio.run(_demo(folder, codes, pace, profile, as_json)))
        except KeyboardInterrupt:
            sys.exit(DONE)


async def _demo(folder: Path, codes: int | None, rate: float, profile: str, as_json: bool) -> int:
    from lined.commands.registry import registry
    from lined.sandbox.demo.plant import GTIN, DemoPlant

    to = console()
    async with DemoPlant(folder, codes=codes, rate=rate, contract=profile) as plant:
        if not as_json:
            _tell_where(to, plant)
        await plant.issue()
        await plant.command(registry.path_of("job-start"), {"gtin": GTIN, "order": "DEMO-1"})
        if codes is None:
            await _for_ever(to, plant)
            return DONE
        await _play(to, plant, codes, quiet=as_json)
        summary = await _summary(plant, codes)
    if as_json:
        print_json(summary)
    else:
        _tell_summary(to, summary)
    return DONE if summary["ok"] else FAILED


def _tell_where(to: Console, plant: DemoPlant) -> None:
    from lined.sandbox.demo.plant import LINE, broker_at_hand

    to.print("lined demo: a plant on this machine", style="bold")
    print_facts(
        to,
        [
            ("page", f"{plant.url}/"),
            ("token for commands", plant.daemon.token),
            ("status", f"{plant.url}/status"),
            ("regulator's stand-in", f"{plant.sandbox.url}/sandbox/books"),
            ("devices", ", ".join(scanner.url for scanner in plant.belt.scanners)),
            (
                "MQTT",
                f"mqtt://127.0.0.1:1883, topics lined/{LINE}/…" if broker_at_hand() else "no broker at 127.0.0.1:1883",
            ),
            ("configuration", plant.folder / "lined.toml"),
            ("daemon's log", plant.daemon.log_path),
        ],
    )
    to.print()


async def _play(to: Console, plant: DemoPlant, codes: int, *, quiet: bool) -> None:
    """Every item past the scanner, then the job's end, then the outcome of every code."""
    from lined.commands.registry import registry

    playing = asyncio.create_task(plant.play(), name="belt")
    try:
        with _bars(to, codes, quiet) as show:
            while not playing.done():
                show(await plant.status())
                await asyncio.wait([playing], timeout=LOOK_S)
            await playing
            await plant.command(registry.path_of("job-stop"), {})
            async with asyncio.timeout(OUTCOMES_S):
                while not _settled(status := await plant.status()) or await plant.unreported_packages():
                    show(status)
                    await asyncio.sleep(LOOK_S)
            show(status)
    finally:
        playing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await playing


async def _for_ever(to: Console, plant: DemoPlant) -> None:
    from lined.sandbox.demo.controls import KEYS, Controls
    from lined.sandbox.demo.watch import Watch

    controls = Controls(plant, to.print)
    watch = Watch(plant.url, lambda text, style: to.print(text, style=style))
    to.print(f"{plant.belt.camera.settings.rate:g} items a second pass. Keys:")
    print_facts(to, KEYS)
    to.print()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(controls.run(), name="controls")
        tasks.create_task(plant.play(), name="belt")
        tasks.create_task(plant.keep_issuing(), name="codes")
        with _bars(to, None, False) as show:
            try:
                while True:
                    if not controls.restarting:
                        status = await plant.status()
                        show(status)
                        watch.look(status)
                    await asyncio.sleep(LOOK_S)
            except asyncio.CancelledError:
                await _tell_balance(to, plant)
                raise


async def _tell_balance(to: Console, plant: DemoPlant) -> None:
    from lined.sandbox.demo.process import ProcessFailed
    from lined.sandbox.demo.watch import balance

    to.print()
    try:
        sums = balance(await plant.status(), await plant.control.books(), await plant.status())
    except (ProcessFailed, OSError) as error:  # it was just being killed, or starts again
        to.print(f"No balance: {error}", style="red")
        return
    for line, holds in sums:
        to.print(f"{'✓' if holds else '✗'} {line}", style="green" if holds else "red")


def _settled(status: dict[str, Any]) -> bool:
    codes, reports = status["codes"], status["reports"]
    moving = ("open", "sealed", "sending", "in_doubt", "submitted")
    return codes["unreported"] == codes["reported"] == 0 and not any(reports[state] for state in moving)


@contextlib.contextmanager
def _bars(to: Console, codes: int | None, quiet: bool) -> Any:
    """Progress, where somebody looks at a terminal; a line now and then where not."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    count = (BarColumn(), MofNCompleteColumn()) if codes else (TextColumn("{task.completed:>9,}"),)
    columns = (TextColumn("{task.description}"), *count, TimeElapsedColumn())
    with Progress(*columns, console=to, disable=quiet or not to.is_terminal) as progress:
        read = progress.add_task("applied at the line", total=codes)
        done = progress.add_task("accepted by the regulator", total=codes)

        def show(status: dict[str, Any]) -> None:
            progress.update(read, completed=sum(status["codes"].values()))
            progress.update(done, completed=status["codes"]["accepted"])

        yield show


async def _summary(plant: DemoPlant, codes: int) -> dict[str, Any]:
    """What happened, seen from all three sides: the scanner, the daemon, the regulator's own books."""
    from lined.sandbox.demo.watch import reads_add_up

    status, books, reports = await plant.status(), await plant.control.books(), await plant.reports()
    camera, tree = plant.belt.camera.results, plant.belt.tree()
    utilisation = [report for report in reports if report["kind"] == "utilisation"]
    checks = {
        "every code was accepted at the line": len(camera.accepted) == codes,
        "the regulator's books hold every code applied": books["codes"]["applied"] == codes,
        "none was applied twice": books["codes"]["applied_more_than_once"] == books["codes"]["repeated_attempts"] == 0,
        "every print was graded and reported": books["effects"].get("VALIDATION", 0) == codes,
        "the regulator's tree is what lies in boxes and on pallets": len(plant.belt.boxes.tree) == codes
        and await plant.control.parents() == tree,
        "every document succeeded": all(report["state"] == "succeeded" for report in reports),
        "no document holds more than 30,000 codes": all(report["codes"] <= 30_000 for report in reports),
        "the daemon's sums agree": status["codes"]["accepted"] == codes and reads_add_up(status["reads"]),
    }
    return {
        "ok": all(checks.values()),
        "checks": checks,
        "codes": codes,
        "status": status,
        "books": books,
        "reports": utilisation,
        "other_reports": [report for report in reports if report["kind"] != "utilisation"],
        "packages": len(set(tree.values())),
    }


def _tell_summary(to: Console, summary: dict[str, Any]) -> None:
    rows = [
        (report["id"], report["kind"], f"{report['codes']:,}", report["state"], report["document_id"] or "")
        for report in sorted(summary["reports"] + summary["other_reports"], key=lambda report: int(report["id"]))
    ]
    print_table(to, "Reports", ["report", "kind", "codes", "state", "document"], rows)
    for check, held in summary["checks"].items():
        to.print(f"{'✓' if held else '✗'} {check}", style="green" if held else "red")
    to.print()
    if summary["ok"]:
        to.print(
            f"{summary['codes']:,} codes, each read, kept, reported, accepted once; {summary['packages']:,} packages.",
            style="bold green",
        )
    else:
        to.print("Something went wrong: see the marked lines and the daemon's log (--keep FOLDER).", style="bold red")
