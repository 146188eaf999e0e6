"""What people are told about alarms: everything that stands, not too often, and nothing twice."""

from __future__ import annotations

import itertools
import random

from lined.notify.notices import GATHER_MS, HOUR_MS, PENDING_MAX, Alarm, Notices, Pending

T0 = 1_780_000_000_000
QUIET_MS = 600_000


class People:
    """Alarms of a line, and somebody who reads what is sent."""

    def __init__(self, per_hour: int = 12, quiet_ms: int = QUIET_MS) -> None:
        self.now = T0
        self.per_hour, self.quiet_ms = per_hour, quiet_ms
        self.notices = Notices(per_hour, quiet_ms, T0)
        self.standing: dict[str, Alarm] = {}
        self.times: dict[str, int] = {}
        self.messages: list[tuple[int, list[Pending]]] = []
        self.believed: dict[str, bool] = {}

    def raise_(self, kind: str) -> None:
        self.times[kind] = self.times.get(kind, 0) + 1
        self.standing[kind] = Alarm((kind, "here"), True, (1, self.times[kind]), None)
        self.notices.on_alarm(self.standing[kind], self.now)

    def clear(self, kind: str) -> None:
        gone = self.standing.pop(kind)
        self.notices.on_alarm(gone._replace(raised=False), self.now)

    def send(self) -> None:
        """Whatever may be sent now."""
        message = self.notices.due(self.now)
        if message:
            self.messages.append((self.now, message))
            self.believed |= {one.alarm.key[0]: one.alarm.raised for one in message}
            self.notices.told(message, self.notices.left_out, self.now)

    def pass_by(self, span_ms: int, step_ms: int = 1_000) -> None:
        until = self.now + span_ms
        while self.now < until:
            self.now += step_ms
            self.send()

    def restart(self) -> None:
        self.notices = Notices(self.per_hour, self.quiet_ms, self.now, self.notices.state())
        for alarm in self.standing.values():
            self.notices.on_alarm(alarm, self.now)
        for key in self.notices.believed():
            if key[0] not in self.standing:
                self.notices.on_alarm(Alarm(key, False, (1, self.times[key[0]]), None), self.now)

    @property
    def told(self) -> list[list[tuple[str, bool, int]]]:
        return [[(one.alarm.key[0], one.alarm.raised, one.raisings) for one in message] for _, message in self.messages]


def test_what_goes_wrong_together_is_one_message_and_so_is_its_end() -> None:
    people = People()
    people.raise_("device")
    people.raise_("mqtt")
    assert people.notices.due(people.now) == []
    people.pass_by(10_000)
    assert people.told == [[("device", True, 1), ("mqtt", True, 1)]]
    people.clear("mqtt")
    people.pass_by(10_000)
    assert people.told[1:] == [[("mqtt", False, 0)]]
    assert people.notices.wait_ms(people.now) is None


def test_acknowledging_or_writing_an_alarm_again_is_no_news() -> None:
    people = People()
    people.raise_("device")
    people.pass_by(10_000)
    people.notices.on_alarm(people.standing["device"]._replace(about="acknowledged"), people.now)
    assert people.notices.wait_ms(people.now) is None


def test_an_alarm_that_comes_and_goes_is_told_once_and_summed_up_after_its_quiet_time() -> None:
    people = People()
    people.raise_("device")
    people.pass_by(5_000)
    for _ in range(20):
        people.clear("device")
        people.pass_by(8_000)
        people.raise_("device")
        people.pass_by(8_000)
    assert people.told == [[("device", True, 1)], [("device", False, 0)]]
    people.pass_by(QUIET_MS)
    assert people.told[2:] == [[("device", True, 20)]]
    assert people.messages[2][0] - people.messages[0][0] >= QUIET_MS
    assert people.messages[2][1][0].told_before


def test_an_alarm_that_is_over_before_it_was_told_is_told_as_such() -> None:
    people = People()
    people.raise_("disk")
    people.clear("disk")
    people.pass_by(10_000)
    assert people.told == [[("disk", False, 1)]]


def test_no_hour_has_more_messages_than_allowed_and_no_burst_silences_it_for_long() -> None:
    for per_hour in (1, 2, 3, 12, 60):
        people = People(per_hour)
        for number in range(900):
            people.raise_(f"kind-{number}")
            people.pass_by(10_000, 5_000)
        at = [moment for moment, _ in people.messages]
        worst = max(sum(first <= moment < first + HOUR_MS for moment in at) for first in at)
        assert worst <= per_hour
        gaps = [later - earlier for earlier, later in itertools.pairwise(at)]
        assert max(gaps) <= max(2 * HOUR_MS // per_hour, 10_000) + 10_000 or per_hour <= 2
        people.pass_by(2 * HOUR_MS, 60_000)
        assert all(people.believed.values()) and len(people.believed) == 900  # further ones came summed up


def test_what_goes_over_the_bound_is_counted_and_the_count_is_told() -> None:
    people = People(per_hour=1)
    people.raise_("first")
    people.pass_by(10_000)
    for number in range(PENDING_MAX + 7):
        people.raise_(f"kind-{number}")
    assert people.notices.left_out == 7
    people.pass_by(HOUR_MS, 60_000)
    assert people.notices.left_out == 0
    assert len(people.messages[1][1]) == PENDING_MAX


def test_a_restart_tells_nothing_twice_and_keeps_the_hours_count() -> None:
    people = People(per_hour=1)
    people.raise_("device")
    people.pass_by(10_000)
    people.restart()
    people.raise_("disk")
    people.pass_by(HOUR_MS // 2)
    assert people.told == [[("device", True, 1)]]
    people.pass_by(HOUR_MS)
    assert people.told[1:] == [[("disk", True, 1)]]


def test_a_state_that_cannot_be_read_or_lies_in_the_future_delays_nothing() -> None:
    for state in ("", "{", '{"sent": 5, "told": []}', '{"sent": [], "told": [["a"]]}'):
        notices = Notices(12, QUIET_MS, T0, state)
        notices.on_alarm(Alarm(("a", "b"), True, (1, 1), None), T0)
        assert notices.wait_ms(T0) == GATHER_MS
    ahead = People(per_hour=1)
    ahead.now += 50 * HOUR_MS
    ahead.raise_("device")
    ahead.pass_by(10_000)
    notices = Notices(1, QUIET_MS, T0, ahead.notices.state())
    notices.on_alarm(Alarm(("a", "b"), True, (1, 1), None), T0)
    assert notices.wait_ms(T0) == HOUR_MS


def test_what_could_not_be_sent_goes_on_waiting_but_for_what_is_over() -> None:
    people = People()
    people.raise_("device")
    people.raise_("disk")
    people.clear("disk")
    people.now += GATHER_MS
    message = people.notices.due(people.now)
    people.notices.give_up(message)
    assert people.notices.left_out == 1
    assert [one.alarm.key[0] for one in people.notices.due(people.now)] == ["device"]


def test_what_changes_while_it_is_being_sent_is_told_next() -> None:
    people = People()
    people.raise_("device")
    people.now += GATHER_MS
    message = people.notices.due(people.now)
    people.clear("device")
    people.notices.told(message, 0, people.now)
    people.pass_by(10_000)
    assert people.told == [[("device", False, 0)]]


def test_whatever_happens_people_come_to_believe_what_is_true() -> None:
    for seed in range(30):
        chance = random.Random(seed)
        people = People(per_hour=chance.choice((1, 5, 60)))
        for _ in range(300):
            kind = f"kind-{chance.randrange(6)}"
            if kind in people.standing:
                people.clear(kind)
            else:
                people.raise_(kind)
            if chance.random() < 0.05:
                people.restart()
            people.pass_by(chance.choice((0, 1_000, 30_000, 900_000)), 5_000)
        people.pass_by(3 * HOUR_MS, 30_000)
        assert {kind for kind, stands in people.believed.items() if stands} == set(people.standing)
