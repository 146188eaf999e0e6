"""The page in a real Chromium, beside a real line: what people see, how soon, and what they can do from it alone."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from lined.vocabulary.facts import BrokerFact, DeviceFact, Fact, ServiceFact
from tests.browser.chromium import Chromium, Page, sizes
from tests.harness.served import GTIN, Frame, Line, code, malformed_frame
from tests.harness.served_lines import NASTY, a_shown_line

pytestmark = pytest.mark.browser

SEEN_S = 0.5  # where nothing else runs; here the best of several counts
LOST_S = 20.0  # 2.3 s by the page's own clock; without its watch it would never show
REFUSED = ("status of 4", "/api/v1/")  # the browser's own note about a command that was refused, in words for people


@asynccontextmanager
async def shown(
    path: Path, address: str = "/", width: int = 1024, height: int = 768
) -> AsyncIterator[tuple[Line, Page]]:
    async with a_shown_line(path) as line, Chromium() as browser:
        page = await browser.page(line.server.url + address, width, height)
        await page.until("!document.body.classList.contains('waiting')")
        yield line, page
        assert [text for text in browser.messages if not all(part in text for part in REFUSED)] == []


async def sign_in(page: Page, line: Line, by: str = "Dilnoza") -> None:
    """Answer the question for the token, which has just come up."""
    await page.until("document.getElementById('ask-token').open")
    assert "ends in .token" in await page.text("#ask-token")  # where it stands
    await page.type("#token", line.token)
    await page.type("#by", by)
    await page.key("Enter")


async def seen_after(line: Line, page: Page, frame: Frame, wanted: str) -> float:
    """Seconds from the read to the verdict on the screen, by the page's own look once a frame."""
    await page.run(
        "window.seen = new Promise(done => { const word = document.getElementById('verdict-word');"
        f" const look = () => word.innerText.includes({json.dumps(wanted)}) ? done(Date.now())"
        " : requestAnimationFrame(look); look(); }), 1"
    )
    began = time.time()
    await line.read(frame)
    seen_ms = await page.run("window.seen")
    return float(seen_ms) / 1000 - began


async def test_a_verdict_is_seen_within_half_a_second_of_the_read(tmp_path: Path) -> None:
    async with shown(tmp_path) as (line, page):
        await line.start()
        took = []
        for number in range(4):
            took.append(await seen_after(line, page, Frame("read", (code(number).encode(),)), "ACCEPTED"))
            took.append(await seen_after(line, page, malformed_frame(), "REJECTED"))
            await asyncio.sleep(1.3)  # longer than a reject is held against the next accept
        assert min(took[::2]) < SEEN_S and min(took[1::2]) < SEEN_S, took
        assert await page.text("#verdict-reason") == "Not a marking code"
        assert await page.run("getComputedStyle(document.querySelector('.sign .reject')).display") == "inline"


async def test_a_reject_names_its_reason_and_the_end_of_the_code(tmp_path: Path) -> None:
    async with shown(tmp_path) as (line, page):
        await line.start()
        await line.read(Frame("read", (code(42).encode(),)))
        await line.read(Frame("read", (code(42).encode(),)))
        await page.until("document.getElementById('verdict').dataset.verdict === 'reject'")
        assert await page.text("#verdict-reason") == "Code already used"
        assert await page.text("#verdict-end") == "…000042"
        assert await page.text("#reject-reason") == "Code already used"
        everything = await page.run("document.documentElement.outerHTML")
        assert "vuzv" not in everything  # the check part


async def test_an_accept_of_long_ago_says_its_age_and_does_not_shine(tmp_path: Path) -> None:
    async with shown(tmp_path) as (line, page):
        await line.start()
        await line.codes([1])
        await page.until("document.getElementById('verdict').dataset.verdict === 'accept'")
        shining = "getComputedStyle(document.getElementById('verdict')).backgroundColor"
        new = await page.run(shining)
        await page.run("shown.at -= 45_000, 1")  # as if nothing had passed since
        await page.until("document.getElementById('verdict').hasAttribute('data-old')")
        assert "45 s" in await page.text("#verdict-age") or "46 s" in await page.text("#verdict-age")
        assert await page.run(shining) != new
        await line.read(malformed_frame())
        await page.until("document.getElementById('verdict').dataset.verdict === 'reject'")
        await page.run("shown.at -= 45_000, 1")
        await page.until("document.getElementById('verdict-age').innerText !== ''")
        assert not await page.run("document.getElementById('verdict').hasAttribute('data-old')")  # it may lie there yet


async def test_a_station_whose_device_is_gone_says_so(tmp_path: Path) -> None:
    async with shown(tmp_path) as (line, page):
        tile = "document.querySelector('[data-station-tile=marking]').innerText"
        await page.until(
            f"document.getElementById('clock').innerText !== '--:--:--' && !{tile}.includes('not connected')"
        )
        line.devices["cam-1"].connected = False
        await page.until(f"{tile}.includes('not connected')")
        line.devices["cam-1"].connected = True
        await page.until(f"!{tile}.includes('not connected')")


async def test_an_item_read_at_two_stations_is_one_code_of_the_job(tmp_path: Path) -> None:
    async with shown(tmp_path) as (line, page):
        await line.start()
        await line.codes([1, 2])
        await line.codes([1, 2], device="cam-3")
        await page.size(1920, 1200)  # on a smaller screen there is no room for that sentence
        await page.until("document.querySelector('#part-counts .good dd').innerText === '4'")
        assert await page.text("#applied") == "2"
        assert "Reads at all stations" in await page.text("#part-counts")


async def test_what_is_odd_about_a_job_is_told_when_it_is_started_from_the_page(tmp_path: Path) -> None:
    async with shown(tmp_path) as (line, page):
        await line.line.do("pool-load", {"gtin": GTIN, "codes": [code(1)]})
        await page.click("[data-open=start-job]")
        await page.run("document.querySelector('#start-job [name=production_date]').value = '2024-05-06'")
        await page.click("#start-job button.main")
        await sign_in(page, line)
        await page.until("document.getElementById('toast').innerText.includes('2024-05-06 is before the codes of')")
        assert "The job runs" in await page.text("#toast")


async def test_a_job_is_started_and_stopped_from_the_page_alone(tmp_path: Path) -> None:
    async with shown(tmp_path) as (line, page):
        await page.click("[data-open=start-job]")
        assert "End the job that runs now" not in await page.text("#start-job")  # there is none
        await page.type("#start-job [name=order]", "<b>A&\"1'")
        await page.click("#start-job button.main")
        await sign_in(page, line)
        await page.until("document.getElementById('toast').innerText.includes('The job runs')")
        await page.until("document.getElementById('part-job').innerText.includes(\"<b>A&\\\"1'\")")
        document = await line.fresh()
        assert document["job"]["order"] == "<b>A&\"1'" and document["job"]["started_by"] == "Dilnoza"
        assert NASTY in await page.text("#part-job")
        await page.click("[data-open=stop-job]")  # the token is not asked for again
        await page.until("document.getElementById('stop-job').open")
        assert (await line.fresh())["job"] is not None  # nothing happens before it is confirmed
        await page.click("#stop-job button.main")
        await page.until("document.getElementById('part-job').innerText.includes('No job is running')")
        assert (await line.fresh())["job"] is None


async def test_a_wrong_token_is_said_and_asked_for_again(tmp_path: Path) -> None:
    async with shown(tmp_path) as (line, page):
        await page.click("[data-open=start-job]")
        await page.click("#start-job button.main")
        await page.until("document.getElementById('ask-token').open")
        await page.type("#token", "wrong")
        await page.type("#by", "x")
        await page.key("Enter")
        await page.until(
            "(document.querySelector('#start-job .answer') || {}).innerText?.includes('token is not right')"
        )
        assert (await line.fresh())["job"] is None
        await page.click("#start-job button.main")
        await sign_in(page, line)
        await page.until("document.getElementById('part-job').innerText.includes('GTIN')")


async def test_a_package_is_seen_filling(tmp_path: Path) -> None:
    async with shown(tmp_path) as (line, page):
        await line.start()
        await line.codes([1, 2, 3])
        for number in (1, 2, 3):
            await line.read(Frame("read", (code(number).encode(),)), device="cam-3")
            await page.until(f"document.querySelectorAll('.picture .full').length === {number}")
        assert await page.text("[data-holds]") == "3/4"


async def test_a_held_report_is_released_from_the_page(tmp_path: Path) -> None:
    async with shown(tmp_path, "/work") as (line, page):
        await line.start()
        await line.codes([1, 2])
        sealed = (await line.post("/api/v1/reports/seal", {})).json["sealed"]
        await line.hold(sealed[0])
        await page.until("document.getElementById('live').innerText.includes('held')")  # the list renews itself
        await page.click(f"a[href='/reports/{sealed[0]}']")
        await page.click("[data-open=release]")
        await page.type("#release [name=reason]", "counted by hand")
        await page.run("document.querySelector('#release select').value = 'accepted'")
        await page.click("#release button.main")
        await page.until("document.getElementById('ask-sure').open")
        await page.click("#ask-sure button.main")
        await sign_in(page, line)
        await page.until("document.getElementById('live').innerText.includes('released by a person')")
        assert (await line.fresh())["codes"]["accepted"] == 2


async def test_why_a_code_was_refused_is_found_from_the_page(tmp_path: Path) -> None:
    async with shown(tmp_path, "/codes") as (line, page):
        await line.start()
        await line.codes([7])
        await line.codes([7])
        await page.type("form.tools [name=code]", code(7)[:31])
        await page.key("Enter")
        await page.until("document.querySelector('.story') !== null")
        story = await page.text("#live")
        assert (
            "applied" in story
            and "Code already used" in story
            and "vuzv" not in await page.run("document.body.outerHTML")
        )


async def test_an_alarm_is_seen_and_acknowledged(tmp_path: Path) -> None:
    async with shown(tmp_path) as (line, page):
        line.problems.set("device", "cam-1", Fact(DeviceFact.DOWN, where="cam-1", more="<b>refused</b>"))
        await page.until("document.querySelector('.alarm button') !== null")
        assert "A device is not connected" in await page.text(".alarm")
        await page.click(".alarm button")
        await sign_in(page, line)
        await page.until("document.querySelector('.alarm.seen') !== null")
        listed = (await line.get("/api/v1/alarms")).json["items"]
        assert listed[0]["acknowledged_by"] == "Dilnoza" and listed[0]["cleared_at"] is None
        line.problems.clear("device", "cam-1")
        await page.until("document.querySelector('.all-well') !== null")


@pytest.mark.bound(120)
async def test_three_languages_on_every_page_and_the_choice_is_kept(tmp_path: Path) -> None:
    async with shown(tmp_path) as (line, page):
        words = {"uz": "Topshiriq ishga tushirilmagan", "ru": "Задание не запущено", "en": "No job is running"}
        for language, text in words.items():
            await page.run(
                f"(() => {{ const s = document.getElementById('languages'); s.value = {json.dumps(language)};"
                " s.dispatchEvent(new Event('change', {bubbles: true})); })()"
            )
            await page.until(f"document.documentElement.lang === {json.dumps(language)}")
            await page.until(f"document.body.innerText.includes({json.dumps(text)})")
        await page.run("document.cookie")
        await page.open(line.server.url + "/reports")
        assert await page.run("document.documentElement.lang") == "en"


async def test_a_dead_daemon_shows_soon_and_its_return_too(tmp_path: Path) -> None:
    async with Chromium() as browser:
        async with a_shown_line(tmp_path) as line:
            port = line.server.port
            page = await browser.page(line.server.url + "/")
            await page.until("!document.body.classList.contains('waiting')")
        await page.until("!document.getElementById('lost').hidden", within_s=LOST_S)
        assert "NO CONNECTION" in await page.text("#lost")
        assert await page.run("getComputedStyle(document.querySelector('main')).pointerEvents") == "none"
        async with a_shown_line(tmp_path, port=port):
            await page.until("document.getElementById('lost').hidden")


async def test_a_stream_that_ends_by_itself_leaves_no_gap_to_be_seen(tmp_path: Path) -> None:
    """LIFE_S is shortened: the page asks again before it would call the line dead."""
    from lined.web import feed

    before, feed.LIFE_S = feed.LIFE_S, 1.5
    try:
        async with shown(tmp_path) as (_line, page):
            await page.run(
                "window.deaths = 0, new MutationObserver(() => { if (document.body.classList.contains('dead'))"
                " window.deaths += 1; }).observe(document.body, {attributes: true}), 1"
            )
            await asyncio.sleep(6)
            assert await page.run("window.deaths") == 0
    finally:
        feed.LIFE_S = before


async def test_the_daemon_stops_at_once_though_a_screen_looks_on(tmp_path: Path) -> None:
    async with Chromium() as browser:
        async with a_shown_line(tmp_path) as line:
            page = await browser.page(line.server.url + "/")
            await page.until("!document.body.classList.contains('waiting')")
            began = asyncio.get_running_loop().time()
        assert asyncio.get_running_loop().time() - began < 15  # below the life of a stream, which is 25 s


async def test_every_page_fits_every_screen(tmp_path: Path) -> None:
    async with shown(tmp_path) as (line, page):
        await line.start(order="ORDER-4711", series="L-0042")
        await line.codes(range(30))
        line.problems.set("disk", "/var/lib/lined/line-1.db", Fact(ServiceFact.DISK_FULL, more="nothing is free"))
        for _name, width, height, touch in sizes():
            await page.size(width, height, touch=touch)
            for address in PAGES:
                await page.open(line.server.url + address)
                assert await page.run("document.documentElement.scrollWidth") <= width, (address, width)


PAGES = (
    "/",
    "/line",
    "/work",
    "/reports",
    "/codes",
    "/packages",
    "/orders",
    "/quality",
    "/balance",
    "/alarms",
    "/journal",
    "/report",
)


def _axe() -> Path | None:
    """axe-core as npm lays it down; LINED_AXE names its folder where it lies elsewhere."""
    places = [os.environ.get("LINED_AXE", ""), "node_modules/axe-core", str(Path.home() / "node_modules/axe-core")]
    return next((path for place in places if place and (path := Path(place) / "axe.min.js").is_file()), None)


LANGUAGES = ("en", "ru", "uz")


@pytest.mark.bound(180)
@pytest.mark.skipif(_axe() is None, reason="no axe-core: npm install axe-core, or LINED_AXE=its folder")
async def test_axe_finds_no_serious_or_moderate_fault(tmp_path: Path) -> None:
    source = _axe()
    assert source is not None
    async with shown(tmp_path) as (line, page):
        await line.start(order="ORDER-4711", mode="normal")
        await line.codes([1, 2, 1])
        await line.read(Frame("read", (code(1).encode(),)), device="cam-3")
        line.problems.set("disk", "a", Fact(ServiceFact.DISK_FULL, more="full"))
        line.problems.set("device", "b", Fact(DeviceFact.NO_DEVICE))
        line.problems.set("mqtt", "c", Fact(BrokerFact.AWAY, where="c", more="away"))
        sealed = (await line.post("/api/v1/reports/seal", {})).json["sealed"]
        await line.hold(sealed[0])
        await page.until("document.querySelectorAll('.alarm').length === 3")
        faults = []
        addresses = (*PAGES, f"/reports/{sealed[0]}", f"/codes?code={code(1)[:31]}", "/report/shift")
        for number, address in enumerate(addresses * 2):  # each in two of the languages, and on a phone too
            language = LANGUAGES[number % len(LANGUAGES)]
            await page.size(*((390, 844) if number >= len(addresses) else (1024, 768)))
            await page.open(f"{line.server.url}{address}{'&' if '?' in address else '?'}lang={language}")
            await page.until("!document.body.classList.contains('waiting')")
            await page.run(source.read_text("utf-8") + "; 1")
            found = await page.run("axe.run({resultTypes: ['violations']}).then(r => r.violations)")
            faults += [
                (address, language, one["id"], one["nodes"][0]["html"][:120], one["nodes"][0]["failureSummary"][:200])
                for one in found
                if one["impact"] != "minor"
            ]
        assert faults == []


async def test_everything_can_be_reached_by_keyboard(tmp_path: Path) -> None:
    async with shown(tmp_path) as (_line, page):
        reached = set()
        for _ in range(40):
            await page.key("Tab")
            reached.add(await page.run("document.activeElement.textContent.trim().slice(0, 30)"))
        assert {"To the content", "Work list", "Start a job"} <= reached
        await page.run("document.querySelector('[data-open=start-job]').focus()")
        await page.key("Enter")
        await page.until("document.getElementById('start-job').open")
        await page.key("Escape")
        await page.until("!document.getElementById('start-job').open")


def test_chromium_is_where_the_tests_say() -> None:
    assert shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
