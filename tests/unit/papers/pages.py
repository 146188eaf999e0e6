"""The pages of the repository: their headings, links and tables, and what the code cites of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]
PAGES = sorted(
    [*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").glob("*.md")], key=lambda page: str(page.relative_to(REPOSITORY))
)
_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_NAME = re.compile(r"`([^`]+)`")


def name_of(page: Path) -> str:
    return str(page.relative_to(REPOSITORY))


def prose(page: Path) -> str:
    """The page without its blocks of code."""
    return _FENCE.sub("", page.read_text("utf-8"))


def headings(page: Path) -> list[str]:
    return re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """What a link may name behind `#`, as GitHub makes it of a heading."""
    return {re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-") for heading in headings(page)}


def links(page: Path) -> Iterator[tuple[Path, str]]:
    """Targets inside the repository: the file, and the anchor or nothing."""
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if "://" not in target and not target.startswith("mailto:"):
            file, _, anchor = target.partition("#")
            yield (page.parent / file).resolve() if file else page, anchor


def table(page: str, heading: str, number: int = 0) -> list[list[str]]:
    """The cells of a table below a heading (the first, unless `number` says another), without its head."""
    text = (REPOSITORY / page).read_text("utf-8")
    section = re.split(rf"^#+ {re.escape(heading)}$", text, flags=re.MULTILINE)[1]
    section = re.split(r"^#{1,3} ", section, flags=re.MULTILINE)[0]
    tables = re.findall(r"^\|.*\n\|[-|]+\|\n((?:\|.*\n?)*)", section, re.MULTILINE)
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in tables[number].splitlines()]


def names(cell: str) -> list[str]:
    """What stands in backticks."""
    return _NAME.findall(cell)


def column(page: str, heading: str, number: int = 0) -> list[str]:
    """The names in the first column of a table."""
    return [name for row in table(page, heading, number) for name in names(row[0])]


def sources() -> Iterator[tuple[str, str]]:
    """Files of code, with line ends and comment marks inside a paragraph taken out, so that a citation is one text."""
    for room in ("lined", "drivers", "tests", "config", "systemd"):
        for path in sorted((REPOSITORY / room).rglob("*")):
            if path.suffix in {".py", ".toml", ".service"} and path.parent != Path(__file__).parent:
                text = path.read_text("utf-8")
                yield name_of(path), re.sub(r"\s*\n\s*(#:? ?)?", " ", text)
