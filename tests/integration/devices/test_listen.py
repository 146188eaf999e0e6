"""Links to devices that connect to us."""

from __future__ import annotations

import asyncio
import socket
from contextlib import AsyncExitStack, suppress

import pytest

from lined.devices import LinkLimits
from tests.integration.devices.bench import BOUND_S, FakeIntake, Peer, dialled, link


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as sock:
            sock.bind(("::1", 0))
    except OSError:
        return False
    return True


async def test_a_device_that_connects_is_read_and_answered() -> None:
    intake = FakeIntake()
    async with link("tcp-listen://127.0.0.1:0", intake) as running:
        await intake.down("no device is connected")
        async with dialled(running.state.listening_on) as peer:
            await peer.send(b"good\r\nbad\r\n")
            await peer.hear(b"OK\r\nNG\r\n")
        await intake.down("closed the connection")


async def test_the_newest_connection_wins_and_the_older_one_is_closed() -> None:
    intake = FakeIntake(at_once=False)
    async with link("tcp-listen://127.0.0.1:0", intake) as running:
        await intake.down()
        async with dialled(running.state.listening_on) as old:
            await old.send(b"good\nhal")
            await intake.until(lambda: len(intake.judgings) == 1)
            async with dialled(running.state.listening_on) as new:
                await new.send(b"f\nbad\n")
                assert await old.hear_end() == b""
                intake.complete(0)
                await intake.until(lambda: b"bad" in intake.raws)
                for index in range(1, len(intake.judgings)):
                    intake.complete(index)
                await new.hear(b"OK\r\nNG\r\n")
    assert intake.raws == [b"good", b"f", b"bad"]
    assert intake.of("unsaid") == [("unsaid", 0, 0, "a newer connection took its place")]


async def test_a_connection_that_sends_nothing_replaces_nobody_and_takes_over_when_it_is_alone() -> None:
    intake = FakeIntake()
    async with link("tcp-listen://127.0.0.1:0", intake) as running:
        await intake.down()
        async with dialled(running.state.listening_on) as old, dialled(running.state.listening_on):
            async with dialled(running.state.listening_on) as silent:
                await old.send(b"good\n")
                await old.hear(b"OK\r\n")
                await silent.hang_up()
            async with dialled(running.state.listening_on) as other:
                await old.send(b"bad\n")
                await old.hear(b"NG\r\n")
                assert running.state.connections == 1
                await old.hang_up()
                await intake.up(2)
                await other.send(b"good\n")
                await other.hear(b"OK\r\n")
                assert running.state.connections == 2


async def test_what_has_arrived_on_the_older_connection_is_read_and_answered_before_the_newer_one_is() -> None:
    intake = FakeIntake(at_once=False)
    limits = LinkLimits(chunk_bytes=6, unanswered_frames=1, part_s=BOUND_S)
    async with link("tcp-listen://127.0.0.1:0", intake, limits=limits) as running:
        await intake.down()
        async with dialled(running.state.listening_on) as old, dialled(running.state.listening_on) as new:
            await old.send(b"good1\ngood2\nbad33\ngood4\nha")
            await intake.until(lambda: len(intake.judgings) == 1)  # reading pauses until it is answered
            await new.send(b"good5\n")
            for index in range(5):
                await intake.until(lambda index=index: len(intake.judgings) == index + 1)  # type: ignore[misc]
                intake.complete(index)
            await old.hear(b"OK\r\nOK\r\nNG\r\nOK\r\n")
            await new.hear(b"OK\r\n")
    assert intake.raws == [b"good1", b"good2", b"bad33", b"good4", b"good5"]
    assert not intake.of("unsaid")
    assert not intake.of("unacknowledged")


async def test_a_connection_that_pours_and_pours_gives_way_all_the_same() -> None:
    intake = FakeIntake()
    async with link("tcp-listen://127.0.0.1:0", intake) as running:
        await intake.down()
        async with dialled(running.state.listening_on) as old:
            pouring = asyncio.create_task(_pour(old))
            await intake.until(lambda: len(intake.judgings) > 10)
            async with dialled(running.state.listening_on) as new:
                await new.send(b"bad-of-the-newer\n")
                await new.hear(b"NG\r\n")
            await pouring
    assert running.state.connections >= 2


async def _pour(peer: Peer) -> None:
    with suppress(ConnectionError):
        async with asyncio.timeout(BOUND_S):
            while True:
                await peer.send(b"good\n" * 1_000)
                with suppress(TimeoutError):
                    async with asyncio.timeout(0.001):
                        await peer.reader.read(65_536)


async def test_one_that_dials_and_dials_holds_a_bounded_number_of_connections() -> None:
    intake = FakeIntake()
    async with link("tcp-listen://127.0.0.1:0", intake) as running:
        await intake.down()
        async with AsyncExitStack() as open_ones:
            first = await open_ones.enter_async_context(dialled(running.state.listening_on))
            await intake.up()
            others = [await open_ones.enter_async_context(dialled(running.state.listening_on)) for _ in range(12)]
            for turned_away in others[:4]:
                assert await turned_away.hear_end() == b""
            await first.send(b"good\n")
            await first.hear(b"OK\r\n")
            await others[-1].send(b"bad\n")
            await others[-1].hear(b"NG\r\n")


async def test_what_the_older_connection_was_not_told_is_listed_before_the_next_read_is_judged() -> None:
    """Else the same item, read again at once, would be a duplicate of itself."""
    intake = FakeIntake(at_once=False)
    async with link("tcp-listen://127.0.0.1:0", intake) as running:
        await intake.down()
        async with dialled(running.state.listening_on) as old:
            await old.send(b"good\n")
            await intake.until(lambda: len(intake.judgings) == 1)
        async with dialled(running.state.listening_on) as new:
            await new.send(b"good\n")
            await intake.up(2)
            for _ in range(20):  # time enough for the read to be judged, were it not for the older one
                await asyncio.sleep(0.005)
            assert len(intake.judgings) == 1
            intake.complete(0)
            await intake.until(lambda: len(intake.judgings) == 2)
            assert [event[:2] for event in intake.of("unsaid")] == [("unsaid", 0)]
            intake.complete(1)
            await new.hear(b"OK\r\n")


async def test_of_many_connections_at_once_the_last_one_is_served() -> None:
    intake = FakeIntake()
    async with link("tcp-listen://127.0.0.1:0", intake) as running:
        await intake.down()
        host, _, port = running.state.listening_on.rpartition(":")
        socks = [socket.create_connection((host, int(port))) for _ in range(6)]  # before the loop turns once
        try:
            reader, writer = await asyncio.open_connection(sock=socks.pop())
            writer.write(b"good\n")
            async with asyncio.timeout(60):
                assert await reader.readexactly(4) == b"OK\r\n"
            writer.close()
        finally:
            for sock in socks:
                sock.close()


async def test_a_port_in_use_is_a_problem_until_it_is_free() -> None:
    intake = FakeIntake()
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        async with link(f"tcp-listen://127.0.0.1:{port}", intake) as running:
            await intake.down("Address already in use")
            assert "Address already in use" in (running.state.problem or "")
            other.close()
            await intake.down("no device is connected")
            async with dialled(running.state.listening_on) as peer:
                await peer.send(b"good\n")
                await peer.hear(b"OK\r\n")
    assert [event[1] for event in intake.of("connected")] == [False, False, True]


@pytest.mark.skipif(not has_ipv6(), reason="no IPv6 here")
async def test_ipv6_works_in_both_directions() -> None:
    intake, other = FakeIntake(), FakeIntake()
    async with link("tcp-listen://[::1]:0", intake) as running:
        await intake.down()
        assert running.state.listening_on.startswith("[::1]:")
        async with link(f"tcp://{running.state.listening_on}", other, reply=(b"", b"")):
            await other.up()
            await intake.up()


async def test_a_name_with_several_addresses_is_listened_on_at_each() -> None:
    intake = FakeIntake()
    async with link("tcp-listen://localhost:0", intake) as running:
        await intake.down("no device is connected")
        async with dialled(running.state.listening_on) as peer:
            await peer.send(b"good\n")
            await peer.hear(b"OK\r\n")


async def test_stopping_closes_the_port() -> None:
    intake = FakeIntake()
    async with link("tcp-listen://127.0.0.1:0", intake) as running:
        await intake.down()
        async with dialled(running.state.listening_on) as peer:
            await intake.up()
            running.stopping.set()
            assert await peer.hear_end() == b""
            await peer.hang_up()
            async with asyncio.timeout(60):
                await running.task
        with pytest.raises(ConnectionRefusedError):
            async with dialled(running.state.listening_on):
                pass
