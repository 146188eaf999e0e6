"""Sessions that end, PINs that are kept as digests, wrong ones that are slowed down."""

from __future__ import annotations

from typing import Any, cast

import pytest

from lined.api import sign_in
from lined.api.sign_in import SignIn
from lined.commands.registry.caller import Caller
from lined.journal.tables.people import PersonRow
from lined.vocabulary.people import PersonRole, Way

ANNA = PersonRow("Anna", "master", True, False, 0, "")


class Clock:
    now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def people(clock: Clock) -> SignIn:
    return SignIn(cast("Any", None), "secret", clock)


def test_a_session_says_who_it_is(people: SignIn) -> None:
    cookie = people.begin(ANNA, "10.0.0.7")
    assert people.caller(cookie) == Caller("Anna", PersonRole.MASTER, Way.PERSON)
    assert people.caller(cookie + "x") is None and people.caller("") is None


@pytest.mark.parametrize(
    ("pauses", "stands"), [([1_700], True), ([1_801], False), ([1_700] * 25, True), ([1_700] * 26, False)]
)
def test_a_session_ends_unused_and_after_a_shift(people: SignIn, clock: Clock, pauses: list[int], stands: bool) -> None:
    cookie = people.begin(ANNA, "10.0.0.7")
    for pause_s in pauses[:-1]:
        clock.now_s += pause_s
        assert people.caller(cookie) is not None
    clock.now_s += pauses[-1]
    assert (people.caller(cookie) is not None) is stands


def test_who_signs_out_or_is_changed_has_no_session_any_more(people: SignIn) -> None:
    mine, other = people.begin(ANNA, "a"), people.begin(ANNA._replace(name="Bek"), "a")
    people.end(mine)
    assert people.caller(mine) is None and people.caller(other) is not None
    people.changed("Bek")
    assert people.caller(other) is None


def test_sessions_are_bounded_and_the_least_used_goes(
    people: SignIn, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in, "SESSIONS_MAX", 2)
    first = people.begin(ANNA, "a")
    clock.now_s += 1
    second = people.begin(ANNA, "a")
    clock.now_s += 1
    assert people.caller(first) is not None
    third = people.begin(ANNA, "a")
    assert people.caller(second) is None
    assert people.caller(first) is not None and people.caller(third) is not None


def test_five_wrong_ones_lock_that_address_for_a_minute(people: SignIn, clock: Clock) -> None:
    for _ in range(sign_in.WRONG_MAX - 1):
        people.was_wrong("10.0.0.7")
    assert people.locked_s("10.0.0.7") == 0
    people.was_wrong("10.0.0.7")
    assert people.locked_s("10.0.0.7") == sign_in.LOCKED_S
    assert people.locked_s("10.0.0.8") == 0
    clock.now_s += sign_in.LOCKED_S
    assert people.locked_s("10.0.0.7") == 0


def test_addresses_that_guess_are_bounded(people: SignIn) -> None:
    for number in range(sign_in.ADDRESSES_MAX + 10):
        people.was_wrong(str(number))
    assert len(people._wrong) == sign_in.ADDRESSES_MAX


def test_a_digest_depends_on_the_secret_the_person_and_the_kind(people: SignIn) -> None:
    other = SignIn(cast("Any", None), "another secret", Clock())
    found = {
        *(people.of_pin("Anna", "482915"), people.of_pin("Bek", "482915"), people.of_badge("482915")),
        *(other.of_pin("Anna", "482915"), other.of_badge("482915")),
    }
    assert len(found) == 5 and all(len(one) == 32 for one in found)
    assert people.of_pin("Anna", "482915") == people.of_pin("Anna", "482915")
