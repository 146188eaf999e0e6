"""The commands: `lined check`, `lined run`, ... See `app.py` for how one is added.

Starting has to be quick (a PLC's script may call `lined status` every second): only typer is imported at the top of
these files, rooms are imported inside the commands that need them.
"""

from __future__ import annotations


def main() -> None:
    """The console script. Ends the process with an exit code (docs/contract.md, Exit codes)."""
    from lined.cli.app import run

    run()
