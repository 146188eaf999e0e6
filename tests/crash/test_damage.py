"""A journal that is damaged, replaced or lost, with the daemon as a program: production goes on, nothing is deleted,
and what cannot be known is said until a person has taken note.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from lined.journal.database import PAGE_BYTES
from tests.crash.plant import Plant

pytestmark = [pytest.mark.slow]

PAGE = PAGE_BYTES
EXIT_JOURNAL = 74


async def lined(plant: Plant, *words: str, code: int = 0) -> Any:
    """What a command of the installed program with `--json` prints; its complaint where it fails, as it has to."""
    done = await plant.run(*words, "--json", config="recover" not in words)
    assert done.code == code, done
    return done.json if done.out else done.errors


def spoil(journal: Path, pages: range) -> None:
    """Overwrite whole pages, as a dying disk does."""
    with journal.open("r+b") as file:
        for page in pages:
            file.seek(page * PAGE)
            file.write(b"\xa5" * PAGE)


async def accepted(plant: Plant, code: bytes) -> bool:
    """Whether a code typed in at the station is accepted now."""
    body = {"station": "marking-1", "code": code.decode(), "reason": "test"}
    answer = await plant.command("reads", **body)
    return bool(answer["verdict"] == "accept")


def kinds(status: dict[str, Any]) -> set[str]:
    return {problem["kind"] for problem in status["problems"]}


@pytest.mark.bound(180)
async def test_a_damaged_journal_is_set_aside_whole_and_production_goes_on_with_what_the_backup_knows(
    tmp_path: Path,
) -> None:
    async with Plant(tmp_path) as plant:
        await plant.start_job()
        codes = await plant.issue(6)
        assert all([await accepted(plant, code) for code in codes[:2]])
        await lined(plant, "backup")
        assert await accepted(plant, codes[2])
        assert await plant.terminate() == 0
        journal = tmp_path / "line-1.db"
        before = journal.read_bytes()
        spoil(journal, range(2, len(before) // PAGE))
        damaged = journal.read_bytes()
        await plant.start()
        aside = [path for path in tmp_path.glob("line-1.db.damaged-*") if path.suffix not in {".said", ".marks"}]
        assert [path.read_bytes() for path in aside] == [damaged]

        async def told() -> bool:
            return "journal-gap" in kinds(await plant.status())

        await plant.until(told, "nobody was told")
        status = await plant.status()
        assert status["state"] == "degraded"
        assert aside[0].name in next(p["text"] for p in status["problems"] if p["kind"] == "journal-gap")
        assert not await accepted(plant, codes[0])  # known from the backup
        assert await accepted(plant, codes[3])
        await plant.command("reports/seal")

        async def reported() -> bool:
            return bool((await plant.status())["reports"]["succeeded"])

        await plant.until(reported, "new production was not reported", bound_s=90)
        await lined(plant, "journal", "confirm")

        async def quiet() -> bool:
            return "journal-gap" not in kinds(await plant.status())

        await plant.until(quiet, "a confirmed gap was still told")


@pytest.mark.bound(120)
async def test_without_a_backup_a_damaged_journal_is_replaced_by_an_empty_one_and_that_is_told(
    tmp_path: Path,
) -> None:
    async with Plant(tmp_path) as plant:
        assert await plant.terminate() == 0
        spoil(tmp_path / "line-1.db", range(1))
        await plant.start()

        async def told() -> bool:
            status = await plant.status()
            return any("no backup" in problem["text"] for problem in status["problems"])

        await plant.until(told, "nobody was told")
        await plant.start_job()
        assert await accepted(plant, (await plant.issue(1))[0])


@pytest.mark.bound(120)
async def test_on_damage_stop_ends_with_74_at_each_start_and_touches_nothing(tmp_path: Path) -> None:
    stop = {"floor_bytes = 1_000_000": 'floor_bytes = 1_000_000\non_damage = "stop"'}
    async with Plant(tmp_path, settings=stop) as plant:
        assert await plant.terminate() == 0
        journal = tmp_path / "line-1.db"
        spoil(journal, range(1))
        damaged = journal.read_bytes()
        for _ in range(2):
            await plant.start(ready=False)
            assert await plant.daemon.ended() == EXIT_JOURNAL
            assert journal.read_bytes() == damaged
        assert not list(tmp_path.glob("*.damaged-*"))


@pytest.mark.bound(120)
async def test_a_replacement_that_was_interrupted_is_gone_on_with(tmp_path: Path) -> None:
    async with Plant(tmp_path) as plant:
        await plant.start_job()
        codes = await plant.issue(2)
        assert await accepted(plant, codes[0])
        await lined(plant, "backup")
        await plant.kill()
        journal = tmp_path / "line-1.db"
        journal.rename(tmp_path / "line-1.db.damaged-20260101T000000Z")  # its WAL is left behind
        await plant.start()
        assert not await accepted(plant, codes[0])
        assert await accepted(plant, codes[1])
        assert "journal-gap" in kinds(await plant.status())


@pytest.mark.bound(240)
async def test_after_a_restore_nothing_is_sent_until_all_was_looked_for_and_a_person_confirmed(tmp_path: Path) -> None:
    async with Plant(tmp_path, max_age_s=3600) as plant:
        await plant.start_job()
        codes = await plant.issue(4)
        assert await accepted(plant, codes[0])  # in an open batch when the backup is made, reported afterwards
        made = await lined(plant, "backup")
        await plant.command("reports/seal")

        async def reported() -> bool:
            return bool((await plant.status())["reports"]["succeeded"])

        await plant.until(reported, "the first code was not reported")
        attempts = plant.proxy.met.total()
        assert await accepted(plant, codes[1])
        assert await lined(plant, "restore", made["path"], code=1)  # the daemon runs
        assert await plant.terminate() == 0
        await lined(plant, "restore", made["path"])
        assert list(tmp_path.glob("line-1.db.replaced-*"))
        await plant.start()
        assert await accepted(plant, codes[2])
        await plant.command("reports/seal")

        async def found() -> bool:
            return bool((await plant.status())["reports"]["succeeded"])

        await plant.until(found, "the report that was sent after the backup was not found", bound_s=90)
        assert plant.proxy.met.total() > attempts
        for _ in range(20):  # delivery looks four times a second: time enough for it to go wrong
            status = await plant.status()
            assert status["reports"]["sealed"] == 1, "a report was sent before a person confirmed"
            await asyncio.sleep(0.1)
        assert (await plant.status())["regulator"]["sending"], "something else kept it from being sent"
        assert "journal-gap" in kinds(await plant.status())
        await lined(plant, "journal", "confirm")

        async def both() -> bool:
            return bool((await plant.status())["reports"]["succeeded"] == 2)

        await plant.until(both, "after the confirmation nothing was sent", bound_s=90)
        books = await plant.books()
        assert books["codes"]["applied_more_than_once"] == books["codes"]["repeated_attempts"] == 0


@pytest.mark.bound(240)
async def test_a_report_unfinished_in_the_backup_that_was_never_sent_waits_for_a_person(tmp_path: Path) -> None:
    async with Plant(tmp_path, max_age_s=3600) as plant:
        await plant.start_job()
        codes = await plant.issue(1)
        assert await accepted(plant, codes[0])
        made = await lined(plant, "backup")
        assert await plant.terminate() == 0
        await lined(plant, "restore", made["path"])
        await plant.start()
        early, _ = await plant.request("POST", "/api/v1/journal/confirm", {})
        assert early == 409, "a confirmation before everything was looked for"

        async def held() -> bool:
            return bool((await plant.status())["reports"]["held"])

        await plant.until(held, "it was not held", bound_s=90)
        await lined(plant, "journal", "confirm")
        report = (await plant.reports("&state=held"))[0]["id"]
        assert (await plant.request("POST", f"/api/v1/reports/{report}/retry", {}))[0] == 422
        await plant.command(f"reports/{report}/retry", confirm="not-received")
        await plant.until_settled()
        assert await plant.applied() == {codes[0]}


@pytest.mark.bound(120)
async def test_recover_reads_what_a_damaged_journal_still_holds(tmp_path: Path) -> None:
    async with Plant(tmp_path, max_age_s=3600) as plant:
        await plant.start_job()
        await plant.feed()
        playing = asyncio.create_task(plant.play())
        await plant.until_said(2_000)
        plant.running = False
        await playing
        said = len(plant.scanner.results.accepted)
        assert await plant.terminate() == 0
        journal = tmp_path / "line-1.db"
        pages = journal.stat().st_size // PAGE
        spoil(journal, range(pages * 2 // 3, pages * 2 // 3 + 2))
        damaged = journal.read_bytes()
        saved = await lined(plant, "journal", "recover", str(journal))
        assert journal.read_bytes() == damaged
        assert said * 3 // 4 <= saved["rows"]["code"] <= said
        assert saved["rows"]["job"] == 1
        await lined(plant, "restore", saved["path"])
        await plant.start()
        known = [code for code in list(plant.scanner.results.accepted)[:40] if not await accepted(plant, code)]
        assert len(known) >= 20


@pytest.mark.bound(240)
async def test_codes_of_a_journal_that_was_set_aside_are_taken_over_and_each_is_reported_once(tmp_path: Path) -> None:
    async with Plant(tmp_path, max_age_s=3600) as plant:
        await plant.start_job()
        codes = await plant.issue(5)
        assert await accepted(plant, codes[0])
        await plant.command("reports/seal")
        await plant.until_settled()
        made = await lined(plant, "backup")
        assert await accepted(plant, codes[1])
        await plant.command("reports/seal")
        await plant.until_settled()  # reported, and the backup does not know
        assert await accepted(plant, codes[2])  # acknowledged, and nobody but the journal knows
        assert await plant.terminate() == 0
        await lined(plant, "restore", made["path"])
        await plant.start()
        assert await accepted(plant, codes[3])
        assert await plant.terminate() == 0
        aside = next(path for path in tmp_path.glob("line-1.db.replaced-*") if path.suffix not in {".said", ".marks"})
        taken = await lined(plant, "journal", "adopt", str(aside))
        assert taken == {"codes": 2, "reports": 2, "orphans": 0}
        again = await lined(plant, "journal", "adopt", str(aside))
        assert again["codes"] == 0
        await plant.start()
        assert not any([await accepted(plant, code) for code in codes[:4]]), "a duplicate was not seen"

        async def decided() -> bool:
            states = (await plant.status())["reports"]
            return bool(states["held"] == 1 and states["succeeded"] == 2)

        await plant.until(decided, "what was reported was not found, or what was not is not held", bound_s=90)
        report = (await plant.reports("&state=held"))[0]["id"]
        await plant.command(f"reports/{report}/retry", confirm="not-received")
        await lined(plant, "journal", "confirm")
        await plant.command("reports/seal")
        await plant.until_settled()
        assert await plant.applied() == set(codes[:4])
        books = await plant.books()
        assert books["codes"]["applied_more_than_once"] == books["codes"]["repeated_attempts"] == 0
        status = await plant.status()
        assert status["codes"]["accepted"] == 4
