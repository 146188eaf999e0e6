"""Pack stations and ejected items (docs/contract.md, Verdicts), with the installed program over real sockets."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from lined.sandbox import SandboxSettings
from tests.acceptance.test_packing import PackingLine
from tests.harness.daemon import GTIN
from tests.integration.mqtt.broker import Broker, Ear, broker, ear, until

BOXES = [b"00030779729200012315", b"00189011350000000028", b"00030779729277777889"]
PALLET = b"00421564332131432211"
GRADED = b"\tA"


class Packing(PackingLine):
    """`word` says a frame and tells its verdict by what was counted."""

    at: Broker | None = None

    def configure(self) -> None:
        super().configure()
        if self.at is not None:
            file = self.folder / "lined.toml"
            file.write_text(f'{file.read_text()}\n[mqtt]\nurl = "mqtt://127.0.0.1:{self.at.port}"\n')

    async def word(self, name: str, frame: bytes) -> str:
        before = await self._reads()
        (reply,) = await self.tell(name, frame)
        after = await self._reads()
        (word,) = [key for key, count in after.items() if count > before.get(key, 0)]
        assert (reply == "OK") == (word == "accept"), (name, frame, reply, word)
        return word

    async def _reads(self) -> dict[str, int]:
        reads = (await self.status())["reads"]
        return {**reads["by_reason"], "accept": reads["accepted"], "repeat": reads["repeats"]}


@contextlib.asynccontextmanager
async def running(folder: Path, at: Broker | None = None, **job: Any) -> AsyncIterator[Packing]:
    quick = SandboxSettings(final_after_s=(0.1, 0.2), validating_after_s=0.0, in_process_after_s=0.05)
    line = Packing(folder, sandbox=quick, first_batch_s=0)
    line.at = at
    async with line:
        await line.start_job(**job)
        await line.connect()
        yield line
        await line.hang_up()


@pytest.mark.parametrize("mode", ["normal", "test"])
async def test_each_reason_of_packing_in_its_order_in_a_test_job_too(tmp_path: Path, mode: str) -> None:
    async with running(tmp_path, mode=mode) as line:
        codes = await line.issue(8)
        ident = codes[1].split(b"\x1d")[0]
        assert await line.tell("cam", *codes[:7]) == ["OK"] * 7
        steps = [
            (BOXES[0], "child-expected"),
            (codes[7], "not-applied"),
            (codes[0], "accept"),
            (codes[0], "already-packed"),
            (BOXES[0], "child-expected"),
            (ident, "accept"),
            (codes[2], "accept"),
            (codes[3], "over-capacity"),
            (BOXES[0][2:], "accept"),
            (codes[3], "accept"),
            (codes[1], "already-packed"),
        ]
        for frame, word in steps:
            assert await line.word("packer", frame) == word, frame
        await line.command("packages/close", station="packer-station")
        for frame, word in [(codes[4], "parent-expected"), (BOXES[0], "parent-used"), (BOXES[1], "accept")]:
            assert await line.word("packer", frame) == word, frame
        frames = [
            (next(code for code in codes[:7] if b"," not in code), "wrong-level"),
            (b",".join([BOXES[0], PALLET]), "child-expected"),
            (b",".join(BOXES[:2]), "parent-expected"),
            (b",".join([*BOXES[:2], PALLET]), "accept"),
            (b",".join([*BOXES[:2], PALLET]), "already-packed"),
        ]
        for frame, word in frames:
            assert await line.word("stacker", frame) == word, frame
        typed = [(codes[4], None), (codes[4], "already-packed")]
        for code, reason in typed:
            answer = await line.command("reads", station="packer-station", code=code.decode())
            assert answer["reason"] == reason
        packages = (await line.request("GET", "/api/v1/packages"))[1]["items"]
        assert len(packages) == (4 if mode == "normal" else 0)
        assert (await line.status())["codes"]["unreported"] == (7 if mode == "normal" else 0)


@pytest.mark.mosquitto
async def test_a_confirmed_reject_withdraws_only_what_was_accepted_and_ejected_later(tmp_path: Path) -> None:
    async with broker(tmp_path) as at, running(tmp_path, at) as line, ear(at) as heard:

        async def connected() -> bool:
            return bool((await line.status())["mqtt"]["connected"])

        await line.until(connected, "no broker")
        codes = await line.issue(5)
        said = await line.tell("cam", *codes, codes[0], b"junk")
        assert said == ["OK"] * 5 + ["NG"] * 2
        assert await line.tell("packer", codes[1], codes[1]) == ["OK", "NG"]
        assert await line.tell("grader", codes[2] + b"\tF") == ["NG"]
        await until(lambda: len(heard.on("verdict")) >= 10)
        verdicts = [message.document for message in heard.on("verdict")]
        *accepts, duplicate, malformed, packed, again, low = verdicts
        assert (duplicate["reason"], again["reason"], low["reason"]) == ("duplicate", "already-packed", "low-grade")
        for number, (verdict, state) in enumerate(
            [
                (duplicate, "none"),
                (malformed, "none"),
                (again, "none"),
                (low, "withdrawn"),
                (accepts[3], "withdrawn"),
                (accepts[3], "none"),  # it is withdrawn already
                (packed, "withdrawn"),  # and leaves its box
            ]
        ):
            assert (await ask(heard, number, verdict))["state"] == state, verdict
        assert not (await ask(heard, 90, {**duplicate, "session": "of yesterday"}))["ok"]
        assert (await line.status())["codes"] | {"unreported": 2, "withdrawn": 3} == (await line.status())["codes"]
        assert await line.tell("cam", codes[3]) == ["OK"]  # it comes back
        assert (await ask(heard, 91, accepts[3]))["state"] == "none"  # that was the item before
        await line.command("job/stop")
        await line.until_settled()
        assert (await ask(heard, 92, accepts[0]))["state"] == "task"
        assert (await line.status())["codes"]["accepted"] == 3


async def ask(heard: Ear, number: int, verdict: dict[str, Any]) -> dict[str, Any]:
    identity = f"confirm-{number}"
    await heard.ask("reject-confirm", {"id": identity, "session": verdict["session"], "seq": verdict["seq"]})
    found: list[dict[str, Any]] = []

    def answered() -> bool:
        found[:] = [one.document for one in heard.on("reply/reject-confirm") if one.document["id"] == identity]
        return bool(found)

    await until(answered)
    return found[0]


async def test_verify_and_pack_judge_by_the_job_that_applied(tmp_path: Path) -> None:
    async with running(tmp_path, series="A1") as line:
        codes = await line.issue(5)
        assert await line.tell("cam", *codes[:2]) == ["OK"] * 2
        await line.command("job/start", gtin=GTIN, series="A2", replace=True)
        assert await line.tell("cam", *codes[2:4]) == ["OK"] * 2
        await line.command("job/stop")
        assert await line.word("grader", codes[0] + GRADED) == "accept"
        assert await line.word("grader", codes[4] + GRADED) == "accept"  # verify does not ask whether it was applied
        assert await line.word("packer", codes[0]) == "accept"
        assert await line.word("packer", codes[2]) == "mixed-lot"
        assert await line.word("packer", codes[4]) == "not-applied"
        assert await line.word("packer", codes[1]) == "accept"
        assert await line.word("cam", codes[3]) == "no-job"
        assert await line.word("grader", BOXES[0] + GRADED) == "wrong-level"
