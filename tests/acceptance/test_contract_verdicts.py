"""Verdicts (docs/contract.md, Verdicts) over real sockets, at stations that apply and verify."""

from __future__ import annotations

import asyncio
import contextlib
import os
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.contract_line import NG, OK, ContractLine, Scanner, sums_agree
from tests.harness.daemon import GTIN, OTHER_GTIN
from tests.harness.programs import free_port

SSCC = b"00030779729200012315"
OTHER_PRODUCT = f"""
[[product]]
gtin = "{OTHER_GTIN}"
name = "Juice"
group = "vegetableoil"
shelf_life_days = 30
"""


def with_device(text: str, old: str, new: str) -> Callable[[str], str]:
    """A change of configuration: `old` replaced (once), `text` appended."""

    def change(config: str) -> str:
        assert old in config
        return config.replace(old, new, 1) + text

    return change


def options(new: str, text: str = "") -> Callable[[str], str]:
    return with_device(text, 'options = { no_read = ["NOREAD"] }', new)


async def reasons(line: ContractLine) -> dict[str, int]:
    """What was rejected so far, by reason, without zeros."""
    status = await line.status()
    assert sums_agree(status)
    return {reason: count for reason, count in status["reads"]["by_reason"].items() if count}


async def test_the_first_reason_that_fits_is_the_one_given(tmp_path: Path) -> None:
    async with ContractLine(tmp_path, change=lambda text: text + OTHER_PRODUCT) as line, line.scanner() as scanner:
        good, fresh = await line.issue(2)
        (other,) = await line.issue(1, OTHER_GTIN)
        steps = [
            (b"NOREAD", None),  # before no-job
            (b"junk", "malformed"),  # before no-job
            (good[:15] + b"2" + good[16:], "malformed"),
            (SSCC, "wrong-level"),  # before no-job
            (good, "no-job"),
            (other, "no-job"),  # before wrong-product
        ]
        expected: dict[str, int] = {}
        for frame, reason in steps:
            assert await scanner.say(frame) == [NG], frame
            if reason:
                expected[reason] = expected.get(reason, 0) + 1
            assert await reasons(line) == expected, frame
        await line.start_job()
        assert await scanner.say(good, good) == [OK, NG]
        expected["duplicate"] = 1
        await line.command("job/start", gtin=OTHER_GTIN, replace=True)
        assert await scanner.say(good) == [NG]  # wrong-product before duplicate
        expected["wrong-product"] = 1
        assert await scanner.say(other, fresh.split(b"\x1d")[0]) == [OK, NG]  # apply needs the full code
        expected["malformed"] += 1
        assert await reasons(line) == expected
        assert (await line.status())["reads"]["no_read"] == 1


async def test_a_code_is_a_duplicate_in_any_later_job_with_any_check_part_and_after_a_restart(tmp_path: Path) -> None:
    async with ContractLine(tmp_path) as line:
        (code,) = await line.issue(1)
        await line.start_job()
        async with line.scanner() as scanner:
            assert await scanner.say(code) == [OK]
        await line.command("job/stop")
        await line.kill()
        await line.start()
        await line.start_job()
        async with line.scanner() as scanner:
            assert await scanner.say(code) == [NG]
            tail = b"ZZZZ" if not code.endswith(b"ZZZZ") else b"YYYY"
            assert await scanner.say(code[:-4] + tail) == [NG]
        assert await reasons(line) == {"duplicate": 2}
        status = await line.status()
        assert "check part" in str(status), "another check part of a known code raised no alarm"


@pytest.mark.parametrize("count", [1, 300])
async def test_several_codes_in_a_frame_get_a_verdict_each_and_one_reply(tmp_path: Path, count: int) -> None:
    async with ContractLine(
        tmp_path, change=options('options = { separator = "|", max_bytes = 65536, no_read = ["NOREAD"] }')
    ) as line:
        codes = await line.issue(3 * count)
        await line.start_job()
        async with line.scanner() as scanner:
            frames = [b"|".join(codes[n * 3 : n * 3 + 3]) for n in range(count)]
            assert await scanner.say(*frames) == [OK] * count
            assert await scanner.say(b"|".join([codes[0], b"junk"])) == [NG]
            (late,) = await line.issue(1)
            assert await scanner.say(late + b"|" + codes[0]) == [NG]
        status = await line.status()
        assert status["reads"]["accepted"] == 3 * count + 1
        assert await reasons(line) == {"duplicate": 2, "malformed": 1}


async def test_verdicts_are_said_in_the_order_of_the_reads_however_many_are_under_way(tmp_path: Path) -> None:
    async with ContractLine(tmp_path) as line:
        codes = await line.issue(1_500)
        await line.start_job()
        frames: list[bytes] = []
        expected: list[bytes] = []
        for n, code in enumerate(codes):
            frames.append(code)
            expected.append(OK)
            if n % 3 == 0:
                frames += [b"NOREAD", b"junk", codes[n // 2]]
                expected += [NG, NG, NG]
        async with line.scanner() as scanner:
            scanner.writer.write(b"".join(frame + b"\r\n" for frame in frames))
            said = [await scanner.hear() for _ in frames]
        assert said == expected
        status = await line.status()
        assert status["reads"]["total"] == len(frames)
        assert status["reads"]["accepted"] == len(codes)
        assert sums_agree(status)


async def test_a_repeat_within_repeat_s_is_accepted_again_and_three_in_a_row_raise_stuck_code(tmp_path: Path) -> None:
    async with ContractLine(
        tmp_path, change=with_device("", 'driver = "generic"', 'driver = "generic"\nrepeat_s = 30')
    ) as line:
        good, other = await line.issue(2)
        await line.start_job()
        async with line.scanner() as scanner:
            assert await scanner.say(good, good, good) == [OK, OK, OK]
            assert "stuck-code" not in str(await line.status())
            assert await scanner.say(good) == [OK]
            status = await line.status()
            assert (status["reads"]["accepted"], status["reads"]["repeats"], status["reads"]["total"]) == (1, 3, 4)
            assert status["codes"]["unreported"] == 1
            assert sums_agree(status)
            assert "stuck-code" in str(status), "three repeats in a row raised nothing"
            assert await scanner.say(b"junk", b"junk", other, good) == [NG, NG, OK, OK]
            await line.command("job/stop")
            await line.start_job()
            assert await scanner.say(good) == [NG], "a repeat in another job is a duplicate"


async def test_a_verdict_that_could_not_be_said_is_listed_and_the_next_read_accepted_once_more(tmp_path: Path) -> None:
    async with ContractLine(tmp_path) as line:
        codes = await line.issue(200)
        await line.start_job()
        async with line.scanner() as scanner:
            assert await scanner.say(codes[0]) == [OK]
        async with line.scanner() as scanner:
            scanner.writer.write(b"".join(code + b"\r\n" for code in codes[1:]))
            await scanner.writer.drain()
            scanner.writer.transport.abort()

        async def all_judged() -> bool:
            devices = (await line.status())["devices"]
            return not devices[0]["connected"]

        await line.until(all_judged, "the broken connection was not noticed", bound_s=60)
        async with line.scanner() as scanner:
            assert await scanner.say(b"NOREAD") == [NG]  # what came before it is listed now
            status = await line.status()
            # What the kernel took before the connection broke was said: nobody can know that it was not heard.
            told = status["codes"]["unreported"] - 1 - status["unsaid"]
            accepted = []
            for code in codes[1:]:
                accepted += await scanner.say(code)
            assert accepted == [NG] * told + [OK] * (199 - told), ("an unsaid verdict was not said again", status)
            assert told < 199, "none was unsaid"
            assert await scanner.say(codes[1]) == [NG], "once more, not for ever"
            assert await scanner.say(codes[0]) == [NG], "this verdict had been said"
        after = await line.status()
        assert after["codes"]["unreported"] == 200, (status, after)
        assert sums_agree(after)


async def test_a_verdict_later_than_the_deadline_is_not_said(tmp_path: Path) -> None:
    change = with_device("", 'role = "apply"', 'role = "apply"\nverdict_deadline_ms = 0.001')
    async with ContractLine(tmp_path, change=change) as line:
        (code,) = await line.issue(1)
        await line.start_job()
        async with line.scanner() as scanner:
            scanner.writer.write(code + b"\r\n")

            async def applied() -> bool:
                return bool((await line.status())["codes"]["unreported"])

            await line.until(applied, "it was not applied", bound_s=60)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(scanner.reader.readline(), 0.3)
        assert "unsaid" in str(await line.status())


async def test_no_read_heartbeat_and_pattern_follow_the_options(tmp_path: Path) -> None:
    pattern = (
        "options = { prefix = \"\\u0002\", suffix = \"\\u0003\", no_read = ['NR', 'ERR'], heartbeat = ['HB'], "
        "pattern = '(?P<code>[^|]+)\\|(?P<grade>[^|]*)\\|(?P<at>.*)', max_bytes = 100 }"
    )
    async with ContractLine(tmp_path, change=options(pattern)) as line:
        good, second = await line.issue(2)
        await line.start_job()
        async with line.scanner() as scanner:
            writer = scanner.writer
            writer.write(b"\x02HB\x03\x02\x03\x02NR\x03")
            assert await scanner.hear() == NG
            writer.write(b"\x02" + good + b"|3.0/10/660/45Q|12:00\x03\x02" + second + b"\x03\x02ERR\x03")
            assert [await scanner.hear() for _ in range(3)] == [OK, NG, NG]
            writer.write(b"\x02" + b"x" * 500 + b"\x03\x02" + second + b"|A|\x03")
            assert [await scanner.hear() for _ in range(2)] == [NG, OK]
        status = await line.status()
        reads = status["reads"]
        assert (reads["accepted"], reads["no_read"], reads["total"]) == (2, 2, 6)
        assert await reasons(line) == {"malformed": 2}


async def test_the_default_suffix_is_cr_lf_or_both_and_cutting_the_stream_changes_nothing(tmp_path: Path) -> None:
    async with ContractLine(tmp_path) as line:
        codes = await line.issue(4)
        await line.start_job()
        async with line.scanner() as scanner:
            for code, end in zip(codes, (b"\r", b"\n", b"\r\n", b"\r\n\r\n"), strict=True):
                for byte in code + end:
                    scanner.writer.write(bytes([byte]))
                    await scanner.writer.drain()
                assert await scanner.hear() == OK
        assert (await line.status())["reads"]["total"] == 4


async def test_the_newest_connection_of_a_listening_device_wins(tmp_path: Path) -> None:
    async with ContractLine(tmp_path) as line:
        first, second = await line.issue(2)
        await line.start_job()
        async with line.scanner() as old:
            assert await old.say(first) == [OK]
            old.writer.write(b"0104")  # half a frame, dropped with its connection
            async with line.scanner() as new:
                assert await new.say(second) == [OK]
                with contextlib.suppress(ConnectionResetError):
                    assert await asyncio.wait_for(old.reader.read(), 60) == b""
                assert (await line.status())["devices"][0]["connected"]


async def test_a_serial_device_is_read_and_answered_over_its_port(tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    url = f"serial://{os.ttyname(theirs)}?baud=115200&bits=8&parity=N&stop=1"
    line = ContractLine(tmp_path)
    line.raw_urls = [url]
    try:
        async with line:
            (code,) = await line.issue(1)
            await line.start_job()

            async def connected() -> bool:
                return bool((await line.status())["devices"][0]["connected"])

            await line.until(connected, "the serial port was not opened", bound_s=60)
            os.write(ours, code + b"\r\n")
            reader = asyncio.StreamReader()
            transport, _ = await asyncio.get_running_loop().connect_read_pipe(
                lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(os.dup(ours), "rb", 0)
            )
            try:
                assert await asyncio.wait_for(reader.readline(), 60) == OK
            finally:
                transport.close()
    finally:
        os.close(ours)
        os.close(theirs)


def verifying(apply: bool) -> Callable[[str], str]:
    """The second device verifies, with grades."""

    def change(text: str) -> str:
        head, tail = text.split('id = "cam-2"')
        tail = tail.replace(
            'options = { no_read = ["NOREAD"] }', "options = { pattern = '(?P<code>[^|]+)\\|?(?P<grade>.*)' }"
        )
        tail = tail.replace('role = "apply"', f'role = "verify"\napply = {str(apply).lower()}')
        return head + 'id = "cam-2"' + tail + OTHER_PRODUCT

    return change


async def verify(line: ContractLine, scanner: Scanner, frame: bytes) -> tuple[bytes, str | None]:
    """The reply, and the reason that was counted."""
    before = await reasons(line)
    (reply,) = await scanner.say(frame)
    after = await reasons(line)
    new = [reason for reason, count in after.items() if count > before.get(reason, 0)]
    return reply, new[0] if new else None


async def test_verify_judges_grades_without_a_job_and_never_applies(tmp_path: Path) -> None:
    async with ContractLine(tmp_path, devices=2, change=verifying(apply=False)) as line:
        (code,) = await line.issue(1)
        await line.start_job()
        async with line.scanner(1) as camera, line.scanner(2) as verifier:
            assert await camera.say(code) == [OK]
            await line.command("job/stop")  # the conveyor is emptied after the job
            for grade, expected in [
                (b"A", (OK, None)), (b"C", (OK, None)), (b"D", (NG, "low-grade")), (b"F", (NG, "low-grade")),
                (b"4.0", (OK, None)), (b"2.0", (OK, None)), (b"1.0", (NG, "low-grade")), (b"0.0", (NG, "low-grade")),
                (b"3.0/10/660/45Q", (OK, None)), (b"1.4/10/660/45Q", (NG, "low-grade")), (b"", (NG, "low-grade")),
            ]:  # fmt: skip
                assert await verify(line, verifier, code + b"|" + grade) == expected, grade
            assert await verify(line, verifier, code.split(b"\x1d")[0] + b"|A") == (OK, None)
            status = await line.status()
            assert "grade" in str(status["problems"]), "a read without a grade raised no alarm"
        assert sum((await line.status())["codes"].values()) == 1  # on a busy machine it may be reported by now


async def test_verify_with_apply_applies_a_good_read_only(tmp_path: Path) -> None:
    async with ContractLine(tmp_path, devices=2, change=verifying(apply=True)) as line:
        code, second = await line.issue(2)
        (other,) = await line.issue(1, OTHER_GTIN)
        async with line.scanner(2) as verifier:
            assert await verify(line, verifier, code + b"|A") == (NG, "no-job")
            await line.start_job()
            assert await verify(line, verifier, other + b"|A") == (NG, "wrong-product")
            assert await verify(line, verifier, code + b"|D") == (NG, "low-grade")
            assert (await line.status())["codes"]["unreported"] == 0
            assert await verify(line, verifier, code + b"|B") == (OK, None)
            assert await verify(line, verifier, second + b"|B") == (OK, None)
        assert (await line.status())["codes"]["unreported"] == 2


async def test_a_code_typed_in_by_hand_is_judged_like_a_read(tmp_path: Path) -> None:
    async with ContractLine(tmp_path) as line:
        (code,) = await line.issue(1)
        await line.start_job()
        typed: list[Any] = []
        for _ in range(2):
            answer = await line.post("reads", station="marking-1", code=code.decode(), reason="camera is dirty")
            assert answer.status == 200
            typed.append((answer.json["verdict"], answer.json["reason"]))
        assert typed == [("accept", None), ("reject", "duplicate")]
        status = await line.status()
        assert (status["reads"]["accepted"], status["reads"]["rejected"]) == (1, 1)
        assert sums_agree(status)


async def test_a_withdrawn_code_may_be_applied_again_unless_it_was_scrapped_or_sampled(tmp_path: Path) -> None:
    async with ContractLine(tmp_path) as line, line.scanner() as scanner:
        codes = await line.issue(4)
        await line.start_job()
        assert await scanner.say(*codes) == [OK] * 4
        for code, reason in zip(codes, ("damaged", "other", "scrap", "sample"), strict=True):
            answer = await line.post("codes/withdraw", code=code.decode(), reason=reason)
            assert answer.status == 200, answer
        assert (await line.status())["codes"]["withdrawn"] == 4
        assert await scanner.say(*codes) == [OK, OK, NG, NG]
        status = await line.status()
        assert (status["codes"]["withdrawn"], status["codes"]["unreported"]) == (2, 2)
        assert await reasons(line) == {"duplicate": 2}


async def test_a_connecting_link_takes_a_device_up_again(tmp_path: Path) -> None:
    port = free_port()
    line = ContractLine(tmp_path)
    line.raw_urls = [f"tcp://127.0.0.1:{port}"]
    seen: asyncio.Queue[Scanner] = asyncio.Queue()
    async with line:
        codes = await line.issue(2)
        await line.start_job()

        def arrived(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            seen.put_nowait(Scanner(reader, writer))

        for code in codes:
            async with await asyncio.start_server(arrived, "127.0.0.1", port):
                scanner = await asyncio.wait_for(seen.get(), 60)
                assert await scanner.say(code) == [OK]
                scanner.writer.close()
        assert GTIN.encode() in codes[0]


async def test_what_readers_do_to_codes_is_read_where_it_is_certain(tmp_path: Path) -> None:
    async with ContractLine(tmp_path) as line, line.scanner() as scanner:
        codes = iter(await line.issue(12))
        await line.start_job()
        gs = b"\x1d"
        for other in (b"_x001D_", b"&#29;", b"~d029", b"_1", b"\\x001d"):
            assert await scanner.say(next(codes).replace(gs, other)) == [OK]
        code = next(codes)
        assert await scanner.say(code[:16] + gs + code[16:].replace(gs, gs + gs) + gs) == [OK]
        for before in (b"\x00\x00", b"\xff\xfd\x01\xff\xfb\x22"):
            assert await scanner.say(before + next(codes)) == [OK]
        status = await line.status()
        (device,) = status["devices"]
        assert device["remarks"] == {"restored-separator": 5, "surplus-separator": 1}
        assert device["dropped_bytes"] == 8
        assert not status["problems"]

        code = next(codes)
        printed = b"(01)%b(21)%b(93)%b" % (code[2:16], code[18:31], code[34:])
        assert await scanner.say(printed, b"0" * 18) == [NG, NG]
        status = await line.status()
        assert status["reads"]["by_reason"]["malformed"] == 2
        (problem,) = status["problems"]
        assert (problem["kind"], problem["where"]) == ("device-set-up", "cam-1")
        assert "set the reader to raw data" in problem["text"]
        answer = await line.post("reads", station="marking-1", code=f"  {printed.decode()} ")
        assert answer.json["verdict"] == "accept"
        spelled = next(codes).decode().replace("\x1d", "<GS>")
        assert (await line.post("reads", station="marking-1", code=spelled)).json["verdict"] == "accept"
        shown = await line.run("code", "show", printed.decode(), "--json")
        assert shown.json["code"] == code.partition(gs)[0].decode()
