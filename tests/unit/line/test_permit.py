"""The permit: every reason for which items should not come, and which of several is told."""

from __future__ import annotations

from itertools import product

import pytest

from lined.line.plant import Plant, Station
from lined.line.watch.permit import Permit, PermitWatch, permit
from lined.vocabulary.line import Role, Stop

WELL = {"ending": False, "can_commit": True, "job": True}


@pytest.mark.parametrize(
    ("wrong", "because"),
    [
        *(({}, None), ({"ending": True}, Stop.ENDING), ({"can_commit": False}, Stop.JOURNAL)),
        ({"job": False}, Stop.NO_JOB),
    ],
)
def test_items_may_come_where_nothing_keeps_them(wrong: dict[str, bool], because: Stop | None) -> None:
    found = permit(**{**WELL, **wrong}, needed=[("cam-1", True)])
    assert found == Permit(because is None, because)


def test_a_device_that_is_gone_stops_it_and_is_named() -> None:
    needed = [("cam-1", True), ("cam-2", False), ("cam-3", False)]
    assert permit(**WELL, needed=needed) == Permit(False, Stop.DEVICE, "cam-2")


@pytest.mark.parametrize(("ending", "committing", "there", "job"), list(product([True, False], repeat=4)))
def test_it_runs_only_where_all_is_well_and_else_says_the_gravest(
    ending: bool, committing: bool, there: bool, job: bool
) -> None:
    found = permit(ending=ending, can_commit=committing, job=job, needed=[("cam-1", there)])
    reasons = [
        *((Stop.ENDING, ending), (Stop.JOURNAL, not committing), (Stop.DEVICE, not there), (Stop.NO_JOB, not job)),
    ]
    first = next((reason for reason, holds in reasons if holds), None)
    assert (found.run, found.because) == (first is None, first)


@pytest.mark.parametrize("role", Role)
def test_only_devices_that_items_pass_have_to_be_there(role: Role) -> None:
    plant = Plant("line-1", "UTC", 27, {}, {"one": Station("one", role, ("cam-1",))})
    watch = PermitWatch(plant, "run", lambda: True, lambda: True, lambda _device: False, lambda: 0)
    assert watch.now().run is (role in (Role.REJECT, Role.REWORK))


def test_each_telling_has_a_number_of_its_own() -> None:
    plant = Plant("line-1", "UTC", 27, {}, {})
    watch = PermitWatch(plant, "run", lambda: True, lambda: True, lambda _device: True, lambda: 0)
    first, second = watch.told(watch.now()), watch.told(watch.now())
    assert first == {
        "run": True,
        "because": None,
        "where": None,
        "session": "run",
        "n": 1,
        "at": "1970-01-01T00:00:00.000Z",
    }
    assert second["n"] == 2
