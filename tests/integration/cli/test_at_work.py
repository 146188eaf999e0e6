"""The installed program beside a line that is served: what people type, what they read, how it exits."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from lined.cli.exits import DEGRADED, STOPPED
from lined.codes import sscc
from lined.journal.database import PAGE_BYTES
from lined.vocabulary.errors import JournalBroken
from lined.vocabulary.facts import Fact, LineFact
from tests.harness.daemon import DEVICE, configuration
from tests.harness.programs import Done, run
from tests.harness.served import GTIN, Line, code
from tests.harness.served_lines import a_line

IDENT = "0104899215122371210000000000001"


async def lined(folder: Path, *words: str) -> Done:
    """Run the installed program to its end."""
    return await run(*words, "--config", folder / "lined.toml", env={"NO_COLOR": "1", "LOGNAME": "operator"})


def configure(folder: Path, port: int) -> None:
    text = configuration(
        "http://127.0.0.1:1",
        ["tcp://127.0.0.1:9004"],
        port,
        device=DEVICE.replace("marking-{n}", "marking"),
        settings={"poll_s = 0.5": 'api_key_file = "no-such-key"'},
    )
    (folder / "lined.toml").write_text(text)


@contextlib.asynccontextmanager
async def served_line(folder: Path, **options: Any) -> AsyncIterator[Line]:
    async with a_line(folder, **options) as line:
        configure(folder, line.server.port)
        yield line


@contextlib.contextmanager
def silent_port() -> Any:
    """A port at which nothing answers."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


# ── with the daemon ─────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_job_s_day(tmp_path: Path) -> None:
    async with served_line(tmp_path) as line:
        started = await lined(tmp_path, "job", "start", GTIN, "--order", "PO-1", "--series", "LOT-7", "--json")
        assert started.code == 0 and started.json["order"] == "PO-1"
        assert (await line.fresh())["job"]["started_by"] == "operator"

        again = await lined(tmp_path, "job", "start", GTIN)
        assert (again.code, again.out) == (1, "") and "is running: stop it first, or say replace" in again.errors
        assert (await lined(tmp_path, "job", "start", "--gtin", GTIN, "--replace", "--by", "anna")).code == 0

        await line.codes([1, 2])
        corrected = await lined(tmp_path, "job", "correct", "--series", "LOT-8", "--clear", "order")
        assert corrected.code == 0 and "LOT-8" in corrected.out and "Reports corrected with it: 1" in corrected.out
        shown = await lined(tmp_path, "job", "show", "--json")
        assert shown.json["series"] == "LOT-8" and shown.json["reads"]["accepted"] == 2

        stopped = await lined(tmp_path, "job", "stop", "--by", "anna")
        assert stopped.code == 0 and "Stopped" in stopped.out
        assert "No job runs." in (await lined(tmp_path, "job", "show")).out
        assert (await lined(tmp_path, "job", "show", "--json")).json is None


async def test_what_people_read_when_a_journal_was_set_aside(tmp_path: Path) -> None:
    async with served_line(tmp_path) as line:
        await line.start()
        await line.codes(range(1, 400))
    journal, aside = tmp_path / "line-1.db", tmp_path / "line-1.db.damaged-1"
    content = bytearray(journal.read_bytes())
    starts = range(0, len(content), PAGE_BYTES)
    with_codes = [start for start in starts if content[start : start + PAGE_BYTES].count(GTIN.encode()) > 5]
    for start in with_codes[len(with_codes) // 2 :][:4]:
        content[start : start + PAGE_BYTES] = b"\xa5" * PAGE_BYTES
    aside.write_bytes(content)
    refused = await lined(tmp_path, "journal", "adopt", str(aside))
    assert refused.code == 1 and f"lined journal recover {aside.name}" in refused.errors
    saved = await lined(tmp_path, "journal", "recover", str(aside))
    assert saved.code == 0 and f"lined journal adopt {aside.name}.recovered" in " ".join(saved.out.split())
    taken = await lined(tmp_path, "journal", "adopt", f"{aside}.recovered")
    assert taken.code == 0 and "Nothing to take over" in taken.out


async def test_status_for_people_and_for_programs(tmp_path: Path) -> None:
    async with served_line(tmp_path) as line:
        await line.start(mode="test", order="PO-1")
        await line.codes([1, 1])
        line.problems.set("device", "cam-2", Fact(LineFact.NOT_CONNECTED, device="cam-2"))
        people = await lined(tmp_path, "status")
        assert people.code == DEGRADED, people
        for text in ("line-1: degraded", "cam-2 is not connected", "TEST", "accepted 2", "repeats 0", "PO-1"):
            assert text in people.out, people.out
        programs = await lined(tmp_path, "status", "--json")
        assert programs.json["reads"]["total"] == 2 and programs.json["job"]["mode"] == "test"
        assert set(programs.json) == set(await line.fresh())


async def test_reports_are_listed_shown_sealed_retried_and_released(tmp_path: Path) -> None:
    async with served_line(tmp_path) as line:
        assert "No such reports." in (await lined(tmp_path, "report", "list")).out
        await line.start()
        await line.codes([1, 2])
        assert "Sealed: 1" in (await lined(tmp_path, "report", "seal")).out
        assert "No open batch" in (await lined(tmp_path, "report", "seal", "--kind", "utilisation")).out
        await line.hold("1", in_doubt=True)

        listed = await lined(tmp_path, "report", "list", "--state", "held")
        assert "utilisation" in listed.out and "the regulator refused the key" in listed.out
        page = (await lined(tmp_path, "report", "list", "--limit", "1", "--json")).json
        assert [report["id"] for report in page["items"]] == ["1"] and page["next"] is None
        shown = await lined(tmp_path, "report", "show", "1")
        for text in ("in_doubt", "no right to report", "lined report retry 1"):
            assert text in shown.out

        doubted = await lined(tmp_path, "report", "retry", "1")
        assert doubted.code == 1 and "not-received" in doubted.errors
        retried = await lined(tmp_path, "report", "retry", "1", "--confirm", "not-received", "--json")
        assert retried.json["state"] == "sealed"
        await line.hold("1")
        released = await lined(tmp_path, "report", "release", "1", "--codes", "unreported", "--reason", "typed anew")
        assert released.code == 0 and "Report 1 is released; its codes are in report 2 now." in released.out
        missing = await lined(tmp_path, "report", "show", "77")
        assert missing.code == 1 and "There is no report '77'" in missing.errors


async def test_a_code_s_story_and_its_withdrawal(tmp_path: Path) -> None:
    async with served_line(tmp_path) as line:
        await line.start()
        await line.codes([1])
        for given in (IDENT, code(1), code(1).replace("\x1d", "\\x1d")):
            shown = await lined(tmp_path, "code", "show", given)
            assert shown.code == 0 and IDENT in shown.out and "unreported" in shown.out
        assert (await lined(tmp_path, "code", "show", IDENT, "--json")).json["applied"]["device"] == "cam-1"
        withdrawn = await lined(tmp_path, "code", "withdraw", code(1), "--reason", "damaged")
        assert withdrawn.code == 0 and "is withdrawn (damaged)" in withdrawn.out
        assert "operator" in (await lined(tmp_path, "code", "show", IDENT)).out
        unknown = await lined(tmp_path, "code", "show", code(9))
        assert unknown.code == 1 and "never applied" in unknown.errors
        wrong = await lined(tmp_path, "code", "withdraw", IDENT, "--reason", "lost")
        assert wrong.code == 2 and "reason" in wrong.errors


async def test_packages(tmp_path: Path) -> None:
    async with served_line(tmp_path) as line:
        assert (await lined(tmp_path, "package", "list", "--json")).json == {"items": [], "next": None}
        assert "No packages." in (await lined(tmp_path, "package", "list")).out
        assert "No packages." in (await lined(tmp_path, "package", "list", "--state", "open")).out
        refused = await lined(tmp_path, "package", "close", "marking")
        assert refused.code == 1 and "does not pack" in refused.errors
        await line.start()
        await line.codes([1, 2])
        await line.codes([1, 2], device="cam-3")
        listed = await lined(tmp_path, "package", "list")
        assert "not known yet" in listed.out and "2 of 3" in listed.out
        parent = sscc("0307797292", 15)
        closed = await lined(tmp_path, "package", "close", "boxing", "--parent", parent)
        assert closed.code == 0 and f"Package {parent} with 2 is closed." in closed.out
        shown = await lined(tmp_path, "code", "show", parent)
        assert shown.code == 0 and "BOX_LV_1" in shown.out


async def test_a_journal_that_cannot_commit_is_74(tmp_path: Path) -> None:
    async with served_line(tmp_path) as line:
        line.journal.writer.broken = JournalBroken("SQLITE_IOERR: disk I/O error")
        ended = await lined(tmp_path, "job", "start", GTIN)
        assert ended.code == 74 and "SQLITE_IOERR" in ended.errors
        assert "stopped" in (await lined(tmp_path, "status")).out


async def test_wrong_usage_is_2_and_a_wrong_configuration_78(tmp_path: Path) -> None:
    configure(tmp_path, 8480)
    for words in (("job", "start"), ("report", "list", "--limit", "0"), ("report", "release", "1"), ("code", "show")):
        assert (await lined(tmp_path, *words)).code == 2, words
    (tmp_path / "lined.toml").write_text("[line]\nid = 5\n")
    ended = await lined(tmp_path, "status")
    assert ended.code == 78 and "line.id" in ended.errors


async def test_a_token_of_another_line_is_refused_with_words(tmp_path: Path) -> None:
    async with served_line(tmp_path):
        (tmp_path / "line-1.db.token").write_text("x" * 43)
        ended = await lined(tmp_path, "job", "start", GTIN)
        assert ended.code == 1 and "token" in ended.errors


async def test_what_answers_but_is_not_lined_is_named(tmp_path: Path) -> None:
    async def hello(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
        writer.close()

    async with await asyncio.start_server(hello, "127.0.0.1", 0) as server:
        configure(tmp_path, server.sockets[0].getsockname()[1])
        ended = await lined(tmp_path, "status")
    assert ended.code == 1 and "is not lined" in ended.errors


async def test_a_command_whose_answer_was_lost_is_asked_again_and_done_once(tmp_path: Path) -> None:
    """The first answer is cut off on its way; the same id gets the same answer."""
    async with a_line(tmp_path) as line:
        cut = 0

        async def between(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal cut
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].split()[0])
            head = head.replace(f":{port}".encode(), f":{line.server.port}".encode())
            reply = await line.raw(head + await reader.readexactly(length))
            if not cut:
                cut += 1
                writer.transport.abort()
                return
            status_line = f"HTTP/1.1 {reply.status} OK\r\nContent-Length: {len(reply.body)}\r\n\r\n"
            writer.write(status_line.encode() + reply.body)
            writer.close()

        async with await asyncio.start_server(between, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            configure(tmp_path, port)
            ended = await lined(tmp_path, "job", "start", GTIN, "--json")
        assert cut == 1
        assert ended.code == 0 and ended.json["id"] == "1"


# ── without ─────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_without_a_daemon_the_journal_itself_answers(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        await line.start(order="PO-1")
        await line.codes([1, 2])
        await line.post("/api/v1/reports/seal")
        online = {
            path: (await line.get(path)).json
            for path in ("/api/v1/reports", "/api/v1/reports/1", f"/api/v1/codes?code={IDENT}")
        }
        sums = await line.fresh()
    with silent_port() as port:
        configure(tmp_path, port)
        document = (await lined(tmp_path, "status", "--json")).json
        assert document["state"] == "stopped"
        assert {key: document[key] for key in ("job", "reads", "codes", "reports")} == {
            key: sums[key] for key in ("job", "reads", "codes", "reports")
        }
        assert set(document) == set(sums)
        people = await lined(tmp_path, "status")
        assert people.code == STOPPED and "not running" in people.out and "PO-1" in people.out
        assert (await lined(tmp_path, "report", "list", "--json")).json == online["/api/v1/reports"]
        assert (await lined(tmp_path, "report", "show", "1", "--json")).json == online["/api/v1/reports/1"]
        story = (await lined(tmp_path, "code", "show", code(1), "--json")).json
        assert story == online[f"/api/v1/codes?code={IDENT}"]
        assert (await lined(tmp_path, "job", "show", "--json")).json["order"] == "PO-1"
        assert (await lined(tmp_path, "package", "list", "--json")).json["items"] == []
        assert (await lined(tmp_path, "report", "show", "9")).code == 1
        assert (await lined(tmp_path, "code", "show", "hello")).code == 1


async def test_without_a_daemon_nothing_is_changed_and_it_is_said_what_to_do(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        await line.start()
    with silent_port() as port:
        configure(tmp_path, port)
        for words in (
            ("job", "stop"),
            ("report", "seal"),
            ("report", "retry", "1"),
            ("package", "close", "marking"),
            ("code", "withdraw", IDENT, "--reason", "scrap"),
        ):
            ended = await lined(tmp_path, *words)
            assert ended.code == 1 and "The daemon is not running" in ended.errors and "Start it" in ended.errors, ended


async def test_a_daemon_that_holds_the_journal_and_does_not_answer_is_not_gone_round(tmp_path: Path) -> None:
    async with a_line(tmp_path):
        with silent_port() as port:
            configure(tmp_path, port)
            ended = await lined(tmp_path, "status")
            assert ended.code == STOPPED and "A daemon holds" in ended.errors


async def test_a_line_that_never_ran_is_said(tmp_path: Path) -> None:
    with silent_port() as port:
        configure(tmp_path, port)
        ended = await lined(tmp_path, "status")
        assert ended.code == STOPPED and "no journal" in ended.errors
        assert (await lined(tmp_path, "job", "start", GTIN)).code == 1
        assert not list(tmp_path.glob("line-1.db*"))


async def test_asking_without_a_daemon_keeps_no_lock(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        await line.start()
    with silent_port() as port:
        configure(tmp_path, port)
        assert (await lined(tmp_path, "status")).code == STOPPED
    async with a_line(tmp_path) as line:
        assert (await line.fresh())["job"] is not None
