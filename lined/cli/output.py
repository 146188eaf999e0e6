"""Printing by commands: tables and lines for people, one JSON document for programs; never both."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

PIPED_WIDTH = 200  # columns where stdout is no terminal: wide enough that tables keep their words


def print_json(document: object) -> None:
    """One document on stdout. Characters stand as they are (names are Uzbek and Russian)."""
    json.dump(document, sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")
    sys.stdout.flush()


def console() -> Console:
    """For people. Text is taken literally: a code may look like markup."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else PIPED_WIDTH
    return Console(markup=False, highlight=False, emoji=False, width=width)


def print_table(to: Console, title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Nothing is printed where there are no rows. On a narrow terminal only the last column's text is broken."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Column, Table
    from rich.text import Text

    whole = [Column(name, no_wrap=True) for name in columns[:-1]]
    table = Table(
        *whole, columns[-1], title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False
    )
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    if table.row_count:
        to.print(table)


def print_facts(to: Console, facts: Iterable[tuple[str, object]]) -> None:
    """Names and values, one a line, the values under each other."""
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    for name, value in facts:
        grid.add_row(Text(name, style="dim"), Text(str(value)))
    to.print(grid)


def print_marked(to: Console, mark: str, style: str, lines: Iterable[tuple[str, str]]) -> None:
    """`✗ device[1].url: …`: each on a line of its own, however long, so that it can be searched for and copied."""
    from rich.text import Text

    for path, message in lines:
        to.print(Text.assemble((f"{mark} ", style), (path, "bold"), f": {message}"), soft_wrap=True)
