from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import replace

import pytest

from lined.line.intake.ports import Judgement
from lined.line.stations.verdicts import PublishedVerdict
from lined.mqtt.outbox import TOO_LATE, UNCONFIRMED, Event, Outbox, moment, verdict_document
from lined.mqtt.spec import MqttLimits, MqttSpec, broker_address

SPEC = MqttSpec("localhost", 1883, "line-1", published={"mute": None, "hasty": 0.02})
LIMITS = MqttLimits(late_s=0.05, events_most=3, verdicts_most=4)
NOW_MS = 1_795_420_800_250


class Receiver:
    def __init__(self) -> None:
        self.replied: list[int] = []
        self.unsaid: list[tuple[int, int, str]] = []

    def outbox(self, limits: MqttLimits = LIMITS) -> Outbox:
        return Outbox(
            SPEC,
            lambda _device, judgement: self.replied.append(judgement.mark),
            lambda _device, judgement, first, why: self.unsaid.append((judgement.mark, first, why)),
            lambda: NOW_MS,
            limits,
        )


def put(outbox: Outbox, mark: int, device: str = "mute", verdicts: int = 1, age_ms: int = 0) -> None:
    made = [
        PublishedVerdict(mark * 10 + n, "run", "marking", device, "accept", None, None, NOW_MS - age_ms)
        for n in range(verdicts)
    ]
    outbox.enqueue(device, Judgement([True] * verdicts, mark), made)


async def test_a_confirmed_verdict_was_said_and_an_unconfirmed_one_was_not() -> None:
    receiver = Receiver()
    outbox = receiver.outbox()
    put(outbox, 1)
    put(outbox, 2)
    first, second = outbox.take(), outbox.take()
    assert first is not None
    assert second is not None
    outbox.confirmed(first)
    outbox.unconfirmed(second)
    assert receiver.replied == [1]
    assert receiver.unsaid == [(2, 0, UNCONFIRMED)]
    assert outbox.take() is None
    await outbox.drained()


async def test_a_verdict_that_waited_too_long_is_dropped_and_counted_and_unsaid() -> None:
    receiver = Receiver()
    outbox = receiver.outbox()
    put(outbox, 1, verdicts=2)
    await asyncio.sleep(LIMITS.late_s)
    assert outbox.take() is None
    assert receiver.unsaid == [(1, 0, TOO_LATE)]
    assert outbox.state.verdicts_late == 2


async def test_a_device_with_a_reply_hears_its_verdicts_from_its_link_and_is_not_reported_here() -> None:
    receiver = Receiver()
    outbox = receiver.outbox()
    for mark in (1, 2):
        put(outbox, mark, device="has-a-reply")
    pending = outbox.take()
    assert pending is not None
    outbox.confirmed(pending)
    outbox.drop_all()
    assert (receiver.replied, receiver.unsaid) == ([], [])
    assert outbox.state.verdicts == 1


async def test_a_deadline_counts_from_the_read() -> None:
    receiver = Receiver()
    outbox = receiver.outbox()
    put(outbox, 1, device="hasty", age_ms=10)
    assert outbox.take() is not None
    put(outbox, 2, device="hasty", age_ms=20)
    assert outbox.take() is None
    assert receiver.unsaid == [(2, 0, TOO_LATE)]


async def test_reads_without_codes_are_said() -> None:
    receiver = Receiver()
    outbox = receiver.outbox()
    put(outbox, 1, verdicts=0)
    assert receiver.replied == [1]


async def test_verdicts_are_bounded_and_the_oldest_goes() -> None:
    receiver = Receiver()
    outbox = receiver.outbox(replace(LIMITS, late_s=10))
    for mark in range(1, 7):
        put(outbox, mark)
    assert [mark for mark, _, _ in receiver.unsaid] == [1, 2]


async def test_events_are_bounded_and_the_oldest_goes() -> None:
    outbox = Receiver().outbox()
    for number in range(5):
        outbox.event(Event("t", str(number).encode()))
    assert outbox.state.events_dropped == 2
    left = []
    while (event := outbox.first_event()) is not None:
        left.append(event.payload)
        outbox.done(event)
    assert left == [b"2", b"3", b"4"]


async def test_an_event_that_had_to_make_room_while_it_was_published_takes_no_other_with_it() -> None:
    outbox = Receiver().outbox()
    for number in range(3):
        outbox.event(Event("t", str(number).encode()))
    under_way = outbox.first_event()
    assert under_way is not None
    outbox.event(Event("t", b"3"))
    outbox.done(under_way)
    head = outbox.first_event()
    assert head is not None
    assert head.payload == b"1"


async def test_it_is_not_quiet_while_a_verdict_is_on_its_way() -> None:
    outbox = Receiver().outbox()
    put(outbox, 1)
    pending = outbox.take()
    assert pending is not None
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await outbox.drained()
    outbox.confirmed(pending)
    async with asyncio.timeout(1):
        await outbox.drained()


def test_a_verdict_has_the_contracts_fields() -> None:
    document = verdict_document(PublishedVerdict(7, "run", "marking", "cam-1", "reject", "duplicate", "0104", NOW_MS))
    assert document == {
        "seq": 7,
        "session": "run",
        "station": "marking",
        "device": "cam-1",
        "verdict": "reject",
        "reason": "duplicate",
        "code": "0104",
        "at": moment(NOW_MS),
    }
    assert moment(NOW_MS) == "2026-11-23T08:00:00.250Z"


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("mqtt://localhost", ("localhost", 1883, False)),
        ("mqtts://broker.example", ("broker.example", 8883, True)),
        ("mqtts://10.0.0.5:18883", ("10.0.0.5", 18883, True)),
        ("mqtt://[::1]:1884", ("::1", 1884, False)),
    ],
)
def test_addresses_of_brokers(url: str, address: tuple[str, int, bool]) -> None:
    assert broker_address(url) == address


def test_a_line_keeps_its_client_id_and_shares_it_with_no_other_line() -> None:
    other_root = replace(SPEC, root="plant/hall-2")
    other_line = replace(SPEC, line="line-2")
    assert len({SPEC.client_id, other_root.client_id, other_line.client_id}) == 3
    assert replace(SPEC, port=1).client_id == SPEC.client_id
    assert not set(other_root.client_id) & set("/+#")


def test_the_library_is_not_imported_before_the_devices_are_connected() -> None:
    program = "import sys, lined.service; assert not {'aiomqtt', 'paho'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=30)
