"""`lined run`: the daemon."""

from __future__ import annotations

import os
import signal
import sys

import typer

from lined.cli.options import CONFIG, RUNNING, ConfigOption


def register(app: typer.Typer) -> None:
    app.command("run", rich_help_panel=RUNNING)(run)


def run(config: ConfigOption = CONFIG) -> None:
    """Run the line: read, judge, keep, report. Until SIGTERM."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))  # nothing is open yet; the service takes it over
    from lined.cli.lean import be_lean

    be_lean()
    import asyncio

    from lined.cli.logs import LogStream, set_up_logs
    from lined.config import load
    from lined.service import Service
    from lined.service.loop_watch import loop_under, wanted_watch

    found = load(config, starting=True)
    log = LogStream(sys.stderr.fileno())
    set_up_logs(stream=log)
    watch = wanted_watch()
    code = asyncio.Runner(loop_factory=loop_under(watch)).run(Service(found, watch).run())
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the code is settled
    log.close()
    # The journal is closed and every task has ended. What may be left is a thread in a name look-up that hangs, for
    # which an ordinary exit would wait longer than a stop may take.
    os._exit(code)
