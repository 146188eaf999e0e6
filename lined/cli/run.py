"""`lined run`: the daemon."""

from __future__ import annotations

import sys

import typer

from lined.cli.options import CONFIG, RUNNING, ConfigOption


def register(app: typer.Typer) -> None:
    app.command("run", rich_help_panel=RUNNING)(run)


def run(config: ConfigOption = CONFIG) -> None:
    """Run the line: read, judge, keep, report. Until SIGTERM."""
    import asyncio

    from lined.cli.logs import set_up_logs
    from lined.config import load
    from lined.service import Service

    found = load(config)
    set_up_logs()
    sys.exit(asyncio.run(Service(found).run()))
