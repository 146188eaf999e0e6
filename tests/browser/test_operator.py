"""The operator's page in a real Chromium: what to do now in each state of the package, in three languages, without
scrolling.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from lined.i18n.catalogues import LANGUAGES, catalogue
from lined.journal.database import Connection
from lined.journal.tables import packages, rescans
from lined.vocabulary.facts import Fact, ServiceFact
from tests.browser.chromium import Chromium, Page
from tests.harness.served import Frame, Line, code, malformed_frame
from tests.harness.served_lines import a_shown_line

pytestmark = [pytest.mark.browser, pytest.mark.bound(300)]

SCREENS = ((1024, 768), (1920, 1080))
LABEL = "00030779729200012315"


async def packed(line: Line, *numbers: int) -> None:
    """Items passed to the packing station."""
    await line.codes(list(numbers), device="cam-3")


async def begun(line: Line) -> None:
    await line.start()
    await line.codes([1, 2, 3, 4, 5])


class Suspect:
    """A Work of the journal's writer: what lies in the open package has to be seen again."""

    intake = False
    barrier = False

    def run(self, connection: Connection, items: Sequence[str]) -> list[None]:
        for station in items:
            package = packages.open_at(connection, station)
            assert package is not None
            rescans.suspect(connection, package.id, "a reject was not confirmed")
        return [None] * len(items)

    def rolled_back(self) -> None:
        """Nothing is kept in memory."""


async def _nothing_yet(line: Line) -> None:
    await begun(line)


async def _filling(line: Line) -> None:
    await packed(line, 1, 2)


async def _again(line: Line) -> None:
    await packed(line, 2)  # the same bottle, moments later


async def _too_early(line: Line) -> None:
    await line.read(Frame("read", (LABEL.encode(),)), device="cam-3")


async def _full(line: Line) -> None:
    await packed(line, 3, 4)


async def _one_too_many(line: Line) -> None:
    await packed(line, 5)


async def _suspect(line: Line) -> None:
    await line.journal.submit(Suspect(), "packing")
    await _too_early(line)


async def _seen_in_part(line: Line) -> None:
    await packed(line, 1, 2)


STATES: tuple[tuple[Callable[[Line], Awaitable[None]], str, str, dict[str, int]], ...] = (
    (_nothing_yet, "none", "Begin a new package: scan its first item.", {}),
    (_filling, "accept", "Next item: %(holds)s of %(capacity)s are in the package.", {"holds": 2, "capacity": 4}),
    (_again, "accept", "Next item: %(holds)s of %(capacity)s are in the package.", {"holds": 2, "capacity": 4}),
    (_too_early, "reject", "Next item: %(holds)s of %(capacity)s are in the package.", {"holds": 2, "capacity": 4}),
    (_full, "accept", "Scan the label of the package.", {}),
    (_one_too_many, "reject", "Scan the label of the package.", {}),
    (_suspect, "reject", "Scan every item in the package again: %(seen)s of %(holds)s seen.", {"seen": 0, "holds": 4}),
    (
        _seen_in_part,
        "accept",
        "Scan every item in the package again: %(seen)s of %(holds)s seen.",
        {"seen": 2, "holds": 4},
    ),
)


async def shows(page: Page, tone: str, advice: str) -> None:
    await page.until(
        f"document.getElementById('verdict').dataset.verdict === '{tone}'"
        f" && document.getElementById('verdict-advice').innerText.endsWith({advice!r})"
    )


async def fits(page: Page, width: int, height: int, what: str) -> None:
    """Nothing lies below the fold or beyond the edge."""
    await page.size(width, height)
    found = [await page.run(f"document.documentElement.{name}") for name in ("scrollWidth", "scrollHeight")]
    assert found[0] <= width and found[1] <= height, (what, found, (width, height))
    hidden = await page.run(
        "[...document.querySelectorAll('.side, .front, #verdict')]"
        ".filter(one => one.scrollHeight > one.clientHeight + 1)"
        ".map(one => [one.className, one.scrollHeight, one.clientHeight])"
    )
    assert hidden == [], (what, hidden, (width, height))


async def test_each_state_of_a_package_says_what_to_do_in_three_languages_without_scrolling(tmp_path: Path) -> None:
    async with a_shown_line(tmp_path, issues=False) as line, Chromium() as browser:
        page = await browser.page(f"{line.server.url}/?station=packing")
        for arrive, tone, advice, numbers in STATES:
            await arrive(line)
            for language in LANGUAGES:
                await page.open(f"{line.server.url}/?station=packing&lang={language}")
                await shows(page, tone, catalogue(language).gettext(advice) % numbers)
                for width, height in SCREENS:
                    await fits(page, width, height, f"{arrive.__name__} in {language}")


async def test_alarms_of_every_severity_leave_room_for_what_to_do(tmp_path: Path) -> None:
    async with a_shown_line(tmp_path) as line, Chromium() as browser:
        await begun(line)
        for language in LANGUAGES:
            page = await browser.page(f"{line.server.url}/?lang={language}")
            await page.until("!document.body.classList.contains('waiting')")
            for kind in ("disk", "held", "regulator", "backup"):
                line.problems.set(kind, "here", Fact(ServiceFact.DISK_FULL, more="x"))
            await page.until("document.querySelectorAll('.alarm').length === 3")
            for width, height in SCREENS:
                await fits(page, width, height, f"alarms in {language}")
            assert "Akmal, 11-22" in await page.text("#part-alarms")


async def test_nothing_looks_in_order_while_everything_is_rejected(tmp_path: Path) -> None:
    async with a_shown_line(tmp_path) as line, Chromium() as browser:
        await line.start()
        page = await browser.page(f"{line.server.url}/")
        await page.until("!document.body.classList.contains('waiting')")
        for _ in range(10):
            await line.read(malformed_frame())
        await page.until("document.getElementById('part-alarms').innerText.includes('Everything is rejected')")
        await page.until("document.getElementById('state').dataset.state === 'degraded'")
        await page.until("document.body.classList.contains('alarmed')")  # seen from afar
        assert await page.run("document.querySelectorAll('#recent .bad').length") == 10
        await line.read(Frame("read", (code(1).encode(),)))
        await page.until("!document.getElementById('part-alarms').innerText.includes('Everything is rejected')")
        await page.until("!document.body.classList.contains('alarmed')")


async def test_what_an_operator_presses_is_made_for_gloves(tmp_path: Path) -> None:
    async with a_shown_line(tmp_path) as line, Chromium() as browser:
        await begun(line)
        await packed(line, 1)
        page = await browser.page(f"{line.server.url}/")
        await page.until("document.querySelectorAll('#part-packages button').length > 0")
        await asyncio.sleep(0)
        small = await page.run(
            "[...document.querySelectorAll('main button, main .stations a')].filter(one => one.offsetParent"
            " && one.getBoundingClientRect().height < 52).map(one => one.innerText)"
        )
        assert small == []
