"""`lined status`: how the line is, right now."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import typer

from lined.cli.exits import DEGRADED, STOPPED, tell
from lined.cli.options import AT_WORK, CONFIG, ConfigOption, JsonOption
from lined.cli.output import console, print_facts, print_json, print_marked, print_table
from lined.vocabulary.clocks import SYNCED_MS

if TYPE_CHECKING:
    from rich.console import Console

    from lined.cli.formats import Clock
    from lined.config import Config
    from lined.journal.database import Connection


def register(app: typer.Typer) -> None:
    app.command("status", rich_help_panel=AT_WORK)(status)


def status(config: ConfigOption = CONFIG, as_json: JsonOption = False) -> None:
    """Show how the line is: state and problems, job, reads, codes, reports, devices, the other side.

    Ends with 0 where it runs, 3 where it is degraded, 4 where it is stopped or no daemon runs.
    """
    from lined.cli.answers import answered, loaded
    from lined.cli.daemon import NoDaemon
    from lined.cli.formats import Clock
    from lined.vocabulary.errors import JournalLocked
    from lined.vocabulary.line import LineState

    found = loaded(config)
    try:
        document, running = answered(found, "/status", lambda connection: _offline(connection, found))
    except (NoDaemon, JournalLocked) as error:
        tell(error)
        raise typer.Exit(STOPPED) from None
    if as_json:
        print_json(document)
    else:
        _tell(console(), document, Clock(found), running=running)
    if document["state"] != LineState.RUNNING:
        raise typer.Exit(DEGRADED if document["state"] == LineState.DEGRADED else STOPPED)


def _offline(connection: Connection, config: Config) -> dict[str, Any]:
    """What the journal says by itself: the shape of the running daemon's, nothing connected."""
    from lined import __version__
    from lined.api import document
    from lined.journal.database import free_bytes, journal_bytes
    from lined.journal.tables.warnings import COUNTED
    from lined.journal.views import queries
    from lined.vocabulary.times import moment

    now_ms = time.time_ns() // 1_000_000
    path = config.journal.path.resolve()
    sums = queries.sums(connection)
    text = "The daemon is not running; these are the sums of the journal."
    return {
        "line": config.line.id,
        "version": __version__,
        "state": "stopped",
        "problems": [{"kind": "not-running", "where": str(path), "text": text, "since": None}],
        **document.counted(sums),
        "backlog": document.backlog(sums.backlog, now_ms),
        "unsaid": sums.unsaid,
        "remarks": sums.life.get(COUNTED, 0),
        "devices": [{"id": device.id, "connected": False, "last_read_at": None} for device in config.devices],
        "printers": [{"id": printer.id, "connected": False} for printer in config.printers],
        "regulator": {"reachable": False, "credential_expires_at": None},
        "mqtt": {"configured": config.mqtt is not None, "connected": False},
        "journal": {"bytes": journal_bytes(path), "free_bytes": free_bytes(path)},
        "warnings": document.warnings(),
        "at": moment(now_ms),
    }


def _tell(to: Console, document: dict[str, Any], clock: Clock, *, running: bool) -> None:
    from rich.text import Text

    from lined.cli.formats import COLOURS

    state = document["state"] if running else "not running"
    colour = COLOURS.get(document["state"], "")
    to.print(Text.assemble((f"{document['line']}: ", "bold"), (state, f"bold {colour}")))
    print_marked(to, "!", "yellow", [(one["where"], one["text"]) for one in document["problems"]])
    print_marked(to, "!", "yellow", [("warning", text) for text in document.get("warnings", ())])
    to.print()
    print_facts(to, _facts(document, clock, running=running))
    if not running:  # nobody knows whether a device or the regulator could be reached
        return
    to.print()
    rows = [_device(device, clock) for device in document["devices"]]
    print_table(to, "Devices", ["device", "station", "state", "last read", "reconnects"], rows)


def _facts(document: dict[str, Any], clock: Clock, *, running: bool) -> Iterator[tuple[str, str]]:
    from lined.cli.formats import counted, job_facts, reads, size, span

    if document["job"] is None:
        yield "job", "none: apply stations reject everything with no-job"
    else:
        yield from (
            (f"  {name}" if name != "job" else name, value) for name, value in job_facts(document["job"], clock)
        )
    yield "reads", reads(document["reads"])
    yield "codes", counted(document["codes"], everything=True)
    yield "reports", counted(document["reports"])
    backlog = document["backlog"]
    if backlog["codes"]:
        age = span(backlog["oldest_age_s"] or 0)
        clear = "" if backlog["clear_s"] is None else f", clear in {span(backlog['clear_s'])}"
        if clear and not document["regulator"]["reachable"]:
            clear += " once the regulator answers"
        yield "waiting", f"{backlog['codes']:,} codes in {backlog['reports']:,} reports{clear}; the oldest for {age}"
    if document["unsaid"]:
        yield "unsaid", f"{document['unsaid']:,} codes were accepted without the device being told"
    if running:
        yield "regulator", _regulator(document["regulator"], clock)
    if running and document["mqtt"].get("configured"):
        yield "MQTT", "connected" if document["mqtt"]["connected"] else "not connected"
    journal = document["journal"]
    yield "journal", f"{size(journal['bytes'])}, {size(journal['free_bytes'])} free"


def _regulator(regulator: dict[str, Any], clock: Clock) -> str:
    from lined.cli.formats import span

    parts = ["reachable" if regulator["reachable"] else "not reachable"]
    if regulator.get("problem"):
        parts.append(str(regulator["problem"]))
    if regulator["credential_expires_at"]:
        parts.append(f"credential until {clock.at(regulator['credential_expires_at'])}")
    skew_s = regulator.get("clock_skew_s")
    if skew_s is None:
        parts.append("its clock not heard yet")
    elif abs(skew_s) * 1000 > SYNCED_MS:
        parts.append(f"our clock {span(abs(skew_s))} {'ahead' if skew_s > 0 else 'behind'}")
    return ", ".join(parts)


def _device(device: dict[str, Any], clock: Clock) -> tuple[object, ...]:
    return (
        device["id"],
        device.get("station") or "",
        "connected" if device["connected"] else "not connected",  # why stands among the problems
        clock.at(device["last_read_at"], "never"),
        device.get("reconnects", ""),
    )
