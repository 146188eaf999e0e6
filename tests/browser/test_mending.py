"""From the page alone: find out why a code was refused, and put it right; correct, close, dissolve, replace."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from lined.journal.database import Connection
from lined.journal.tables import codes
from lined.reports.delivery import work_list
from lined.sandbox.demo.belt import ident
from lined.sandbox.demo.plant import DemoPlant
from tests.browser.chromium import Chromium, Page
from tests.browser.test_page import shown, sign_in
from tests.harness.served import Line, code, wall_ms

pytestmark = pytest.mark.browser

UNITS = 24  # two boxes on one pallet
OUTCOME_S = 60.0  # for a document to be decided by the stand-in, on a slow machine
SURE = "#ask-sure button.main"


async def press(page: Page, label: str, within: str = "main") -> None:
    """A real click on the first button with this text that can be pressed now. Lists are made anew at any moment, so it
    is looked for and found in one go.
    """
    await page.click_at(
        f"[...document.querySelectorAll({json.dumps(within)} + ' button')]"
        f".find(one => one.textContent.trim() === {json.dumps(label)} && !one.disabled && one.offsetParent)"
    )


async def sees(page: Page, text: str, selector: str = "main", within_s: float = 60) -> None:
    found = f"document.querySelector({json.dumps(selector)})?.innerText"
    await page.until(f"{found}.includes({json.dumps(text)})", within_s)


async def until_settled(plant: DemoPlant) -> None:
    """Every package that is closed has gone into a report, and every report has an outcome."""
    async with asyncio.timeout(OUTCOME_S):
        while True:
            status = await plant.status()
            moving = sum(status["reports"][state] for state in ("open", "sealed", "sending", "submitted", "in_doubt"))
            if not moving and not await plant.unreported_packages():
                return
            await plant.command("/api/v1/reports/seal", {"by": "test"})
            await asyncio.sleep(0.5)


@pytest.mark.bound(120)
async def test_a_refused_code_is_understood_and_put_right_from_the_page_alone(tmp_path: Path) -> None:
    """The installed daemon before the stand-in for the regulator, which refuses one code of a document."""
    async with DemoPlant(tmp_path, codes=UNITS, rate=0, seed=7) as plant, Chromium() as browser:
        await plant.issue()
        await plant.control.fault({"kind": "partial", "path": "*utilisation*", "spoil": 1})
        page = await browser.page(plant.url + "/?lang=en")
        await press(page, "Start a job")
        await press(page, "Start", "#start-job")
        await page.until("document.getElementById('ask-token').open")
        await page.type("#token", (tmp_path / "demo.db.token").read_text("utf-8").strip())
        await page.type("#by", "Aziza")
        await page.key("Enter")
        await sees(page, "The job runs", "#toast")
        await plant.play()
        await press(page, "Report now")
        await page.until("!document.getElementById('work').hidden", OUTCOME_S)  # the sign that something waits

        await page.click("a[href='/work']")
        await sees(page, "could not process this code")  # in plain words, with what to do
        await sees(page, "take the item out of its package")
        refused = await page.text(".task:not(.follows) .code-link")
        await page.click(".task:not(.follows) .code-link")  # its story
        await sees(page, "What happened")
        assert refused in await page.text("h2.raw") and "Report" in await page.text(".story")
        await press(page, "Take it out of the package")
        await page.click(SURE)
        await sees(page, "lies in no package any more", "#toast")
        await sees(page, "no package")
        await press(page, "It is dealt with …")
        await page.type("#task-done [name=note]", "scrapped")
        await press(page, "Take it off the list", "#task-done")
        await page.until("document.getElementById('work').hidden")  # its packages' tasks went with it

        await page.open(plant.url + "/work?done=1")
        await sees(page, "scrapped")
        await sees(page, "Aziza")
        await until_settled(plant)
        tree = await plant.control.parents()
        wanted = {child: parent for child, parent in plant.belt.tree().items() if child != refused}
        assert len(wanted) == UNITS - 1 + 2 and tree == wanted
        status = await plant.status()
        assert (status["codes"]["accepted"], status["codes"]["refused"]) == (UNITS - 1, 1)
        assert (await plant.control.books())["codes"]["applied"] == UNITS - 1
        assert browser.messages == []


async def refuse(line: Line, number: int, reason: str) -> str:
    """Let the regulator have refused a code of a report, as following its document would write it down."""
    refused = ident(code(number).encode())

    def step(connection: Connection) -> None:
        known = codes.find(connection, [refused])[refused]
        codes.set_own(connection, known, "refused", wall_ms(), detail=reason)
        work_list.refused_code(connection, refused, known.batch_id, reason, wall_ms())

    await line.journal.do(step)
    return refused


async def test_another_takes_the_place_of_a_refused_code(tmp_path: Path) -> None:
    async with shown(tmp_path, "/work") as (line, page):
        await sees(page, "Nothing waits for a person")  # an empty list says what it is for
        await line.start()
        await line.codes([1, 2, 3])
        await line.codes([1, 2], device="cam-3")
        refused = await refuse(line, 2, "code-not-owned")
        await sees(page, "The code belongs to another participant.")  # the list renews itself
        assert await page.run("document.querySelectorAll('.task').length") == 2  # and the open box that holds it
        await press(page, "Put another in its place …")
        assert await page.text("#replace output") == refused
        await page.type("#replace [name=with]", code(2))
        await press(page, "Put it in", "#replace")
        await sign_in(page, line)
        await sees(page, "was not applied on this line, or is withdrawn or refused", "#replace .answer")
        await page.type("#replace [name=with]", code(3))
        await press(page, "Put it in", "#replace")
        await sees(page, "has taken its place", "#toast")
        story = (await line.get(f"/api/v1/codes?code={ident(code(3).encode())}")).json
        assert [one["count"] for one in story["packages"]] == [2]
        await page.until("document.querySelectorAll('.task').length === 1")  # what to do with the item is left


async def test_a_report_refused_whole_is_dealt_with_in_one_go(tmp_path: Path) -> None:
    async with shown(tmp_path, "/work") as (line, page):
        await line.start()
        await line.codes(list(range(1, 14)))
        for number in range(1, 13):
            await refuse(line, number, "code-not-owned")
        await refuse(line, 13, "invalid-check-code")
        await sees(page, "× 12")
        await page.until("document.querySelectorAll('.task').length === 2")
        await page.until("document.getElementById('work').textContent === '2'")
        await page.click(".task.group a.button")
        await page.until("document.querySelectorAll('.task:not(.group)').length === 12")
        await press(page, "It is dealt with …")
        await press(page, "Take it off the list", "#task-done")
        await sign_in(page, line)
        await sees(page, "× 11")  # the one was dealt with alone
        await press(page, "All of it is dealt with …")
        await sees(page, "this report and this reason: 11", "#task-done")
        await page.type("#task-done [name=note]", "all scrapped")
        await press(page, "Take it off the list", "#task-done")
        await sees(page, "Nothing waits for a person")
        await page.until("document.getElementById('work').textContent === '1'")
        await page.click("a[href='/work']")
        await sees(page, "check part of the code is wrong")
        assert await page.run("document.querySelectorAll('.task').length") == 1


async def test_an_open_package_is_closed_or_dissolved_from_the_page(tmp_path: Path) -> None:
    async with shown(tmp_path, "/packages") as (line, page):
        await line.start()
        await line.codes([1, 2, 3])
        for number, label, state in ((1, "Close as it is", "closed"), (2, "Dissolve the package", "dissolved")):
            await line.codes([number], device="cam-3")
            await page.open(line.server.url + "/packages")
            await press(page, label)
            await page.click(SURE)
            if number == 1:
                await sign_in(page, line)
            await page.until(f"document.querySelector('#live tbody').innerText.includes({json.dumps(state)})")
        states = [one["state"] for one in (await line.get("/api/v1/packages")).json["items"]]
        assert sorted(states) == ["closed", "dissolved"]


async def test_a_job_is_corrected_and_only_what_was_changed_is_sent(tmp_path: Path) -> None:
    async with shown(tmp_path) as (line, page):
        await line.start(order="A-1", series="L-1")
        await press(page, "Correct the job …")
        assert await page.run("document.querySelector('#correct-job [name=series]').value") == "L-1"
        await page.run("document.querySelector('#correct-job [name=production_date]').value = '2099-01-01'")
        await press(page, "Correct", "#correct-job")
        await sign_in(page, line)
        await sees(page, "Production date: lies in the future", "#correct-job .answer")
        await page.run("document.querySelector('#correct-job [name=production_date]').value = ''")
        await page.type("#correct-job [name=series]", "L-2")
        await press(page, "Correct", "#correct-job")
        await sees(page, "The job is corrected", "#toast")
        await sees(page, "L-2", "#part-job")
        await press(page, "Correct the job …")
        await page.type("#correct-job [name=order]", "")
        await press(page, "Correct", "#correct-job")
        await page.until("!document.getElementById('part-job').innerText.includes('A-1')")
        job = (await line.fresh())["job"]
        assert (job["order"], job["series"], job["production_date"]) == (None, "L-2", None)
        await page.open(line.server.url + "/journal")
        await sees(page, "Correct the job")
        told = await page.text("#live")
        assert told.count("Series (lot): L-2") == 1 and "A-1" not in told


async def test_a_code_is_typed_in_and_its_verdict_said(tmp_path: Path) -> None:
    async with shown(tmp_path) as (line, page):
        await line.start()
        await press(page, "Type in a read …")
        await page.type("#typed [name=code]", code(5))
        await press(page, "Judge it", "#typed")
        await sign_in(page, line)
        await sees(page, "ACCEPTED", "#toast")
        await press(page, "Type in a read …")
        await press(page, "Judge it", "#typed")
        await sees(page, "REJECTED: Code already used", "#toast")
        assert (await line.fresh())["codes"]["unreported"] == 1
