"""A journal that is not the one that was here last, in every way it may have come there, after a kill at every step of
a report: it is recognised before anything is sent, nothing is sent twice, and people are told.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from lined.journal.age import ENDING, read_mark
from lined.journal.care import takeover
from lined.journal.care.backup import back_up
from lined.vocabulary.errors import JournalLost, OutcomeUnknown
from tests.harness.reporting import HOUR_MS, Desk, desk

NAME = "line.db"
DB, WAL, MARKS = NAME, f"{NAME}-wal", f"{NAME}{ENDING}"


def copied(source: Path, target: Path) -> Path:
    """What SIGKILL leaves behind at this moment."""
    target.mkdir()
    for file in source.iterdir():
        if file.is_file():
            shutil.copyfile(file, target / file.name)
    return target


# ── what had happened when the process was killed ───────────────────────────────────────────────────────────────────


async def _accepted(d: Desk, _known: int) -> None:
    await d.batch()


async def _sent(d: Desk, _known: int) -> None:
    await d.send()


async def _in_doubt(d: Desk, _known: int) -> None:
    d.office.answers.append(OutcomeUnknown("no answer"))
    d.office.arrives.append("doc-arrived")
    await d.send()


async def _finished(d: Desk, known: int) -> None:
    await d.send()
    d.office.docs[str((await d.report(known)).document_id)].status = "SUCCESS"
    await d.followed()
    assert await d.state(known) == "succeeded"


KILLED: dict[str, Callable[[Desk, int], Awaitable[None]]] = {
    "codes were accepted": _accepted,
    "a report was sent": _sent,
    "a report was sent without an answer": _in_doubt,
    "a report was finished": _finished,
}


# ── how another journal came into its place ─────────────────────────────────────────────────────────────────────────


class Scene:
    """`now`: what the kill left; `before`: an older copy, stopped in order; `middle`: one killed in between, of which
    only the WAL is used.
    """

    def __init__(self, before: Path, middle: Path, now: Path) -> None:
        self.before, self.middle, self.now = before, middle, now

    def gone(self, *names: str) -> None:
        for name in names:
            (self.now / name).unlink(missing_ok=True)

    def older(self, *names: str) -> None:
        for name in names:
            shutil.copyfile(self.before / name, self.now / name)


def _empty(scene: Scene) -> None:
    (scene.now / DB).write_bytes(b"")


def _empty_alone(scene: Scene) -> None:
    _empty(scene)
    scene.gone(WAL)


def _older(scene: Scene) -> None:
    scene.gone(WAL)
    scene.older(DB)


def _old_wal(scene: Scene) -> None:
    shutil.copyfile(scene.middle / WAL, scene.now / WAL)


def _old_wal_without_marks(scene: Scene) -> None:
    _old_wal(scene)
    scene.gone(MARKS)


def _older_without_marks(scene: Scene) -> None:
    """The newest backup lies elsewhere, and knows more."""
    back_up(scene.now / DB, scene.now, 1)
    _older(scene)
    scene.gone(MARKS)


def _image(scene: Scene) -> None:
    """The whole disk of an earlier moment; the newest backup lies elsewhere."""
    back_up(scene.now / DB, scene.now, 1)
    _older(scene)
    scene.older(MARKS)


OLDER, LOST = takeover.OLDER, takeover.LOST
WAYS: dict[str, tuple[Callable[[Scene], None], str]] = {
    "its WAL is gone": (lambda scene: scene.gone(WAL), OLDER),
    "an older copy": (_older, OLDER),
    "an older copy with the newer WAL": (lambda scene: scene.older(DB), OLDER),
    "the newer one with an older WAL": (_old_wal, OLDER),
    "the newer one with an older WAL, without marks": (_old_wal_without_marks, OLDER),
    "an older copy, without marks": (_older_without_marks, OLDER),
    "a disk image of an earlier moment": (_image, OLDER),
    "it is empty": (_empty, LOST),
    "it is empty, without its WAL": (_empty_alone, LOST),
    "it is gone": (lambda scene: scene.gone(DB), LOST),
    "it is gone, with its WAL": (lambda scene: scene.gone(DB, WAL), LOST),
    "all is gone but what the devices were told": (lambda scene: scene.gone(DB, WAL, MARKS), LOST),
}


async def played(tmp_path: Path, killed: str) -> tuple[Desk, Scene, int]:
    """A line that was killed, and its office."""
    async with desk(tmp_path / "line" / NAME) as d:
        known = await d.batch()
        await d.journal.close()
        before = copied(tmp_path / "line", tmp_path / "before")
        await d.open()
        await d.batch(count=1)
        middle = copied(tmp_path / "line", tmp_path / "middle")
        await d.restart()
        await KILLED[killed](d, known)
        now = copied(tmp_path / "line", tmp_path / "now")
    return d, Scene(before, middle, now), known


async def rest(d: Desk) -> None:
    """Everything that can be done is done."""
    for _ in range(6):
        d.clock.pass_ms(HOUR_MS)
        await d.look()
        await d.send()
        await d.follow()


def times_sent(d: Desk) -> Counter[str]:
    return Counter(code for body in d.office.submitted for code in json.loads(body)["sntins"])


@pytest.mark.parametrize("killed", KILLED)
@pytest.mark.parametrize("way", WAYS)
async def test_another_journal_in_its_place_is_known_before_anything_is_sent(
    tmp_path: Path, way: str, killed: str
) -> None:
    d, scene, _ = await played(tmp_path, killed)
    change, why = WAYS[way]
    if why == LOST:
        back_up(scene.before / DB, scene.now, 1)  # the newest there is
    change(scene)
    d.path = scene.now / NAME
    await d.open()
    try:
        gap = await d.journal.read(takeover.gap_of)
        assert gap is not None and gap.why == why and gap.withholds
        before = len(d.office.submitted)
        await d.batch()
        await rest(d)
        assert len(d.office.submitted) == before, "nothing is sent before a person has confirmed"
        await d.journal.do(lambda c: takeover.confirm(c, "Aziza", d.clock.ms))
        await rest(d)
        assert len(d.office.submitted) == before + 1, "what is new is sent then"
        assert max(times_sent(d).values()) == 1
        await d.restart()  # as the same journal, of its own name
        mark = read_mark(d.path)
        assert mark is not None and mark.commits == d.journal.writer.age
    finally:
        await d.journal.close()


@pytest.mark.parametrize("killed", KILLED)
async def test_the_same_journal_goes_on_as_it_was_with_or_without_its_marks(tmp_path: Path, killed: str) -> None:
    d, scene, _ = await played(tmp_path, killed)
    for gone in ((), (MARKS,), (f"{NAME}.said",), (MARKS, f"{NAME}.said")):
        scene.gone(*gone)
        d.path = scene.now / NAME
        await d.open()
        assert await d.journal.read(takeover.gap_of) is None
        await d.journal.close()
    await d.open()
    await rest(d)
    await d.journal.close()
    assert max(times_sent(d).values()) == 1


@pytest.mark.parametrize("way", [way for way, (_, why) in WAYS.items() if why == LOST])
async def test_without_a_backup_nothing_takes_the_place_of_a_journal_that_is_gone(tmp_path: Path, way: str) -> None:
    d, scene, _ = await played(tmp_path, "a report was sent")
    WAYS[way][0](scene)
    d.path = scene.now / NAME
    left = {file.name: file.read_bytes() for file in scene.now.iterdir() if not file.name.endswith(".lock")}
    for _ in range(2):
        with pytest.raises(JournalLost, match="lined journal new"):
            await d.open()
    assert {file.name: file.read_bytes() for file in scene.now.iterdir() if not file.name.endswith(".lock")} == left


async def test_the_one_that_was_replaced_is_another_one_when_it_comes_back(tmp_path: Path) -> None:
    d, scene, _ = await played(tmp_path, "a report was sent")
    _older(scene)
    d.path = scene.now / NAME
    await d.open()
    await d.journal.close()
    shutil.copyfile(tmp_path / "line" / NAME, scene.now / NAME)  # stopped in order, and newer than any
    await d.open()
    gap = await d.journal.read(takeover.gap_of)
    await d.journal.close()
    assert gap is not None and gap.why == OLDER


async def test_another_line_s_journal_is_not_taken_for_this_one_s(tmp_path: Path) -> None:
    d, scene, _ = await played(tmp_path, "a report was sent")
    async with desk(tmp_path / "other" / NAME) as other:
        for _ in range(30):
            await other.batch()
    shutil.copyfile(tmp_path / "other" / NAME, scene.now / NAME)
    scene.gone(WAL)
    d.path = scene.now / NAME
    await d.open()
    before = len(d.office.submitted)
    await rest(d)
    gap = await d.journal.read(takeover.gap_of)
    await d.journal.close()
    assert gap is not None and gap.why == OLDER
    assert len(d.office.submitted) == before


async def test_an_older_copy_that_is_damaged_gives_way_to_the_newest_backup(tmp_path: Path) -> None:
    d, scene, known = await played(tmp_path, "a report was sent")
    back_up(scene.before / DB, scene.now, 1)
    _older(scene)
    content = bytearray((scene.now / DB).read_bytes())
    content[len(content) // 2 :] = bytes(len(content) - len(content) // 2)
    (scene.now / DB).write_bytes(content)
    d.path = scene.now / NAME
    await d.open()
    gap = await d.journal.read(takeover.gap_of)
    assert gap is not None and gap.backup is not None
    assert await d.state(known) in ("in_doubt", "sealed")
    await d.journal.close()
