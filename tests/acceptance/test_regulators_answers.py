"""What the regulator may answer, through the installed program: nothing of it ends the line, all has its outcome."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from lined.sandbox import SandboxSettings
from tests.acceptance.contract_line import ContractLine
from tests.acceptance.test_contract_reports import apply, buckets, until_buckets
from tests.monsters import JSON, TEXTS

QUICK = SandboxSettings(validating_after_s=0, in_process_after_s=0, final_after_s=(0.1, 0.2))
CODES = "/public/api/v1/doc/storage/docs/*/codes"
SHORT = 5_000  # what is longer is bounded before it is read, which other tests show
VALUE = re.compile(rb'"(\w+)":"[^"]*"')
FAR = b"Fri, 31 Dec 9999 23:59:59 GMT"

Spoil = Callable[[bytes, bytes], tuple[bytes, bytes]]


class Spoiler:
    """A proxy before the regulator, `upstream`, that changes answers by `spoil(head, body)` where it is set."""

    def __init__(self) -> None:
        self.upstream = ""
        self.url = ""
        self.spoil: Spoil | None = None
        self.spoilt = 0

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with server:
            yield

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, port = self.upstream.removeprefix("http://").split(":")
        there, back = await asyncio.open_connection(host, int(port))
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                while True:
                    back.write(b"".join(await _message(reader)))
                    head, body = await _message(there)
                    if self.spoil is not None:
                        head, body = self.spoil(head, body)
                        self.spoilt += 1
                    writer.write(head + body)
                    await writer.drain()
        finally:
            back.close()
            writer.close()


async def _message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    found = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    return head, await reader.readexactly(int(found[1])) if found else b""


def with_body(head: bytes, body: bytes) -> tuple[bytes, bytes]:
    return re.sub(rb"(?i)(\r\ncontent-length: *)\d+", rb"\g<1>%d" % len(body), head), body


def with_header(head: bytes, name: bytes, value: bytes) -> bytes:
    kept = re.sub(rb"(?i)\r\n" + name + rb":[^\r]*", b"", head)
    return kept.replace(b"\r\n", b"\r\n" + name + b": " + value + b"\r\n", 1)


@contextlib.asynccontextmanager
async def spoilt_line(folder: Path) -> AsyncIterator[tuple[ContractLine, Spoiler]]:
    spoiler = Spoiler()

    def change(text: str) -> str:
        spoiler.upstream = re.findall(r'url = "(http://[^"]+)"', text)[0]
        return text.replace(spoiler.upstream, spoiler.url)

    async with spoiler.listening(), ContractLine(folder, sandbox=QUICK, change=change) as line:
        yield line, spoiler


async def still_runs(line: ContractLine, *, restart: bool = True) -> None:
    """It lives, and so it does after a restart."""
    assert line.daemon.runs
    assert (await line.status())["state"] in ("running", "degraded")
    if restart:
        assert await line.terminate() == 0
        await line.start()


async def test_half_a_character_in_a_result_is_replaced_and_kept(tmp_path: Path) -> None:
    async with spoilt_line(tmp_path) as (line, spoiler):
        spoiler.spoil = lambda head, body: with_body(
            head, body.replace(b'"internal-processing-error"', rb'"bad \ud800"')
        )
        await line.fault("partial")
        codes = await apply(line, 3)
        await until_buckets(line, {"accepted": 2, "refused": 1})
        stories = [await line.story(code) for code in codes]
        (refused,) = [story for story in stories if story["state"] == "refused"]
        assert "bad \ufffd" in {event["detail"] for event in refused["events"]}
        await still_runs(line)
        assert await buckets(line) == {"accepted": 2, "refused": 1}


async def test_half_a_character_in_a_refusal_is_replaced_and_kept(tmp_path: Path) -> None:
    async with spoilt_line(tmp_path) as (line, spoiler):
        spoiler.spoil = lambda head, body: with_body(
            head, body.replace(b"the document cannot be accepted", rb"bad \udfff text")
        )
        await line.fault("reject")
        await apply(line, 3)
        report = await line.until_report("held")
        assert "bad \ufffd text" in report["problem"]
        await still_runs(line)
        assert (await line.until_report("held"))["problem"] == report["problem"]


@pytest.mark.parametrize("name", [b"Date", b"Retry-After", b"Age", b"Content-Type"])
async def test_no_header_ends_the_line(tmp_path: Path, name: bytes) -> None:
    texts = [text.encode("utf-8") for text in TEXTS.values() if len(text) < SHORT]
    values = itertools.cycle([FAR, *(text for text in texts if not set(text) & set(b"\r\n\0\x1b\x01\x7f"))])
    async with spoilt_line(tmp_path) as (line, spoiler):
        spoiler.spoil = lambda head, body: (with_header(head, name, next(values)), body)
        for _ in range(6):
            await apply(line, 2)
        await line.until(lambda: _spoilt(spoiler, 12), "it asks no more")
        await still_runs(line)
        spoiler.spoil = None
        codes = await apply(line, 2)
        await line.until(lambda: _accepted(line, codes), "nothing is accepted any more", bound_s=120)


async def test_no_member_of_an_answer_ends_the_line(tmp_path: Path) -> None:
    monsters = itertools.cycle([text.encode("utf-8", "surrogatepass") for text in JSON.values() if len(text) < SHORT])
    async with spoilt_line(tmp_path) as (line, spoiler):
        spoiler.spoil = lambda head, body: with_body(
            head, VALUE.sub(lambda found: b'"%s":%s' % (found[1], next(monsters)), body)
        )
        for _ in range(4):
            await apply(line, 2)
        await line.until(lambda: _spoilt(spoiler, 20), "it asks no more")
        await still_runs(line)
        spoiler.spoil = None
        codes = await apply(line, 2)
        await line.until(lambda: _accepted(line, codes), "nothing is accepted any more", bound_s=120)


async def _spoilt(spoiler: Spoiler, times: int) -> bool:
    return spoiler.spoilt >= times


async def _accepted(line: ContractLine, codes: list[bytes]) -> bool:
    return {(await line.story(code))["state"] for code in codes} == {"accepted"}


async def test_a_code_named_by_its_place_is_refused_alone(tmp_path: Path) -> None:
    async with ContractLine(tmp_path, sandbox=QUICK) as line:
        await line.fault("reject", codes=1, place=3, naming="path")
        codes = await apply(line, 10)
        await until_buckets(line, {"accepted": 9, "refused": 1})
        assert (await line.story(codes[3]))["state"] == "refused"


@pytest.mark.parametrize("shape", ["html", "plain", "empty"])
async def test_what_a_firewall_turns_away_is_held_after_three_and_the_next_goes(tmp_path: Path, shape: str) -> None:
    async with ContractLine(tmp_path, sandbox=QUICK, max_codes=2) as line:
        codes = await line.issue(4)
        await line.fault("error-before", status=413, shape=shape, containing=codes[0].decode(), times=None)
        await line.start_job()
        async with line.scanner() as scanner:
            await scanner.say(*codes)
        await line.command("job/stop")
        report = await line.until_report("held", number=1, bound_s=60)
        assert report["attempts"] == 3 and "HTTP 413" in report["problem"]
        assert (report["evidence"] is None) == (shape == "empty")
        await until_buckets(line, {"accepted": 2, "held": 2})


async def test_a_refused_document_without_a_list_shows_its_errors(tmp_path: Path) -> None:
    async with ContractLine(tmp_path, sandbox=QUICK) as line:
        await line.fault("document-error", named=2)
        await line.fault("error-before", CODES, "GET", status=404, times=None)
        await apply(line, 3)
        report = await line.until_report("held")
        assert report["document_status"] == "ERROR"
        assert "internal-processing-error (2)" in report["problem"]
        assert "internal-processing-error" in report["evidence"]


async def test_remarks_are_shown_everywhere_and_counted(tmp_path: Path) -> None:
    async with ContractLine(tmp_path, sandbox=QUICK) as line:
        await line.fault("warned", warned=2)
        codes = await apply(line, 3)
        await until_buckets(line, {"accepted": 3})

        async def asked() -> bool:
            return bool((await line.status())["remarks"] == 2)

        await line.until(asked, "no remark is counted", bound_s=20)
        (listed,) = await line.reports("&kind=utilisation")
        assert listed["warnings"] == 2
        report = await line.report(listed["id"])
        assert [one["result"] for one in report["remarks"]] == ["EXTENDED_STATUS_EXISTS"] * 2
        remarked = {remark["code"] for remark in report["remarks"]}
        warned = [code for code in codes if code.partition(b"\x1d")[0].decode() in remarked]
        events = (await line.story(warned[0]))["events"]
        assert ("warning", "EXTENDED_STATUS_EXISTS") in {(event["what"], event["detail"]) for event in events}
        shown = await line.run("report", "show", listed["id"])
        assert "EXTENDED_STATUS_EXISTS" in shown.out and "Processed with a remark" in shown.out
        told = await line.run("code", "show", warned[0].decode())
        assert "EXTENDED_STATUS_EXISTS" in told.out
        page = await line.http("GET", f"/reports/{listed['id']}")
        assert page.status == 200 and "special status" in page.text
        metrics = await line.http("GET", "/metrics")
        assert "lined_remarks_total 2.0" in metrics.text


@pytest.mark.slow
@pytest.mark.bound(200)
async def test_what_the_regulator_has_begun_to_answer_is_an_alarm(tmp_path: Path) -> None:
    """A word of its answers that the profile does not have; here one that was taken out of it."""
    older = 'overrides = { "dictionaries.code_state" = ["ERROR"] }\n[journal]'
    async with ContractLine(tmp_path, sandbox=QUICK, change=lambda text: text.replace("[journal]", older)) as line:
        await apply(line, 3)
        await until_buckets(line, {"accepted": 3})

        async def told() -> bool:
            problems = (await line.status())["problems"]
            moved = [one["text"] for one in problems if one["kind"] == "contract-moved"]
            return any(text.startswith("code_outcomes: state = SUCCESS (") for text in moved)

        await line.until(told, "nothing is told of the new word", bound_s=150)
