"""What one page, or the code, says of another is there: links, paths and citations."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.unit.papers.pages import PAGES, REPOSITORY, anchors, headings, links, name_of, names, prose, sources

ROOMS = ("lined/", "drivers/", "tests/", "docs/", "config/", "systemd/", ".ci/")
CITED = re.compile(r"docs/(\w+\.md)(?:, (?=[A-Z])(.{0,60}))?")
SPELLING = re.compile(r"API 1\.(?:21\.1|18\.2) $|, $| (?:and|to|has fewer words than) $")

# How citations were spelled before there was one way.
OLD_SPELLINGS = re.compile(
    r"[Cc]ontract,? sections?|[Ss]ections? [0-9]|\b(?:EN|RU) [0-9]+\.[0-9]"
    r"|(?:domain|reliability) page|\b(?:domain|reliability|devices|plant|style|true-api)\.md"
)
BRACKETS = re.compile(r"\[1?[0-9]\.[0-9]{1,2}(?:\.[0-9]+)*[],]")  # was a section of the regulator's text


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    broken = [
        f"{name_of(target) if target.is_relative_to(REPOSITORY) else target}#{anchor}"
        for target, anchor in links(page)
        if not target.exists() or (anchor and anchor not in anchors(target))
    ]
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_path_it_names_exists(page: Path) -> None:
    named = [name.partition("::")[0] for name in names(prose(page)) if name.startswith(ROOMS)]
    paths = [name for name in named if re.fullmatch(r"[\w./@-]+", name) and "NAME" not in name]
    assert [path for path in paths if not (REPOSITORY / path).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_what_it_names_behind_a_path_stands_in_that_file(page: Path) -> None:
    """As in `lined/line/stations/applying.py` (`seen_before`)."""
    named = re.findall(r"`((?:lined|drivers|tests)/[\w./-]+\.\w+)` \(`(\w+)`\)", prose(page))
    assert [(path, name) for path, name in named if name not in (REPOSITORY / path).read_text("utf-8")] == []


def test_every_citation_of_a_page_leads_to_it_and_to_a_heading() -> None:
    broken = []
    for file, text in sources():
        for page, place in CITED.findall(text):
            path = REPOSITORY / "docs" / page
            known = path.exists() and (not place or any(place.startswith(heading) for heading in headings(path)))
            if not known:
                broken.append(f"{file}: docs/{page}, {place}")
    assert broken == []


def test_sections_of_the_regulators_text_are_cited_in_one_spelling() -> None:
    wrong = [
        f"{file}: {text[max(0, match.start() - 20) : match.end() + 10]}"
        for file, text in sources()
        for match in re.finditer("§", text)
        if SPELLING.search(text[: match.start()]) is None
    ]
    assert wrong == []


def test_no_citation_is_spelled_as_before() -> None:
    found = [f"{file}: {match[0]}" for file, text in sources() for match in OLD_SPELLINGS.finditer(text)]
    code = ((file, text) for file, text in sources() if file.startswith("lined/"))
    found += [f"{file}: {match[0]}" for file, text in code for match in BRACKETS.finditer(text)]
    assert found == []


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    waiting = [REPOSITORY / "README.md"]
    while waiting:
        page = waiting.pop()
        if page not in reached and page.suffix == ".md":
            reached.add(page)
            waiting += [target for target, _ in links(page) if target.exists()]
    assert set(PAGES) - reached == set()
