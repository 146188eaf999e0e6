"""Packing, rework and reporting in any order: the tree never becomes impossible, and the reports reproduce it."""

from __future__ import annotations

from functools import partial
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from lined.commands.codes import withdraw_code
from lined.commands.packages import close
from lined.journal.tables import packages, rescans
from lined.line.stations import rehearsing, rework
from lined.line.stations.read import Read
from lined.vocabulary.errors import CommandError
from tests.property.packing_world import World
from tests.rows import packages_where

PICK = st.integers(0, 10_000)


def ident(code: str) -> str:
    return code.partition("\x1d")[0]


class Packing(RuleBasedStateMachine):
    """Reads at four stations in three modes, what people do at the bench, and reports on their way meanwhile."""

    world: World

    @initialize(seed=st.integers(0, 2**32))
    def start(self, seed: int) -> None:
        self.world = World(seed)

    def one(self, pool: list[str], pick: int) -> str | None:
        return pool[pick % len(pool)] if pool else None

    def parents(self, level: str = "") -> list[str]:
        found = packages_where(self.world.connection, "ident IS NOT NULL AND (? = '' OR level = ?)", level, level)
        return [str(package.ident) for package in found]

    # ── the line ────────────────────────────────────────────────────────────────────────────────────────────────────

    @rule(count=st.integers(1, 4))
    def apply_new_units(self, count: int) -> None:
        for _ in range(count):
            assert self.world.say("cam", self.world.new_unit()) == "accept"

    @rule(pick=PICK)
    def wrap_a_unit(self, pick: int) -> None:
        unit = self.one(self.world.units, pick)
        if unit is not None:
            self.world.say("wrapper", unit)

    @rule(pick=PICK, fresh=st.booleans())
    def close_a_group(self, pick: int, fresh: bool) -> None:
        group = self.world.new_group() if fresh else self.one(self.world.groups, pick)
        if group is not None:
            self.world.say("wrapper", group)

    @rule(count=st.integers(1, 3))
    def wrap_groups(self, count: int) -> None:
        """The usual way, so that deep trees come up often."""
        for _ in range(count):
            self.apply_new_units(2)
            for unit in self.world.units[-2:]:
                self.world.say("wrapper", unit)
            self.world.say("wrapper", self.world.new_group())

    @rule(pick=PICK, fresh=st.booleans())
    def open_a_box(self, pick: int, fresh: bool) -> None:
        sscc = self.world.new_sscc() if fresh else self.one(self.parents(), pick)
        if sscc is not None and sscc.startswith("00"):
            self.world.say("packer", sscc)

    @rule(pick=PICK)
    def put_a_group_in(self, pick: int) -> None:
        group = self.one(self.parents("GROUP"), pick)
        if group is not None:
            self.world.say("packer", group)

    @rule(count=st.integers(1, 2))
    def fill_boxes(self, count: int) -> None:
        for _ in range(count):
            self.wrap_groups(2)
            self.world.say("packer", self.world.new_sscc())
            for group in self.parents("GROUP")[-2:]:
                self.world.say("packer", group)

    @rule(first=PICK, second=PICK, fresh=st.booleans())
    def stack_a_pallet(self, first: int, second: int, fresh: bool) -> None:
        boxes = self.parents("BOX_LV_1")
        if not boxes:
            return
        chosen = [boxes[first % len(boxes)], boxes[second % len(boxes)]]
        parent = self.world.new_sscc() if fresh else self.one(self.parents(), first)
        self.world.say("stacker", *chosen, str(parent))

    # ── people ──────────────────────────────────────────────────────────────────────────────────────────────────────

    @rule(pick=PICK, what=st.sampled_from(["unit", "package"]))
    def take_out(self, pick: int, what: str) -> None:
        pool = [ident(unit) for unit in self.world.units] if what == "unit" else self.parents()
        code = self.one(pool, pick)
        if code is not None:
            world = self.world
            world.do(lambda: rework.take_out(world.connection, world.state, code, "a", world.now))

    @rule(pick=PICK, other=PICK, units=st.booleans())
    def replace(self, pick: int, other: int, units: bool) -> None:
        pool = [ident(unit) for unit in self.world.units] if units else self.parents()
        old, new = self.one(pool, pick), self.one(pool, other)
        world = self.world
        child = world.child(new) if new is not None else None
        if old is not None and child is not None:
            world.do(lambda: rework.replace(world.connection, world.state, old, child, "a", world.now))

    @rule(pick=PICK)
    def dissolve(self, pick: int) -> None:
        world = self.world
        found = packages_where(world.connection, "state <> 'dissolved' ORDER BY id")
        if found:
            package = found[pick % len(found)]
            world.do(lambda: rework.dissolve(world.connection, world.state, package, "a", world.now))

    @rule(pick=PICK)
    def withdraw(self, pick: int) -> None:
        unit = self.one(self.world.units, pick)
        if unit is not None:
            world = self.world
            world.do(lambda: withdraw_code(world.connection, world.state, ident(unit), "other", "a", world.now))

    @rule(station=st.sampled_from(["groups", "boxes", "pallets"]))
    def close_short(self, station: str) -> None:
        at = Read(self.world.plant.stations[station], f"{station}/typed", 9, self.world.now)
        world = self.world
        world.do(
            lambda: world.judging.decide(world.connection, lambda tx: close(rehearsing.for_command(tx, at), at, None))
        )

    @rule(station=st.sampled_from(["groups", "boxes"]))
    def doubt_a_package(self, station: str) -> None:
        package = packages.open_at(self.world.connection, station)
        if package is not None:
            self.world.do(lambda: rescans.suspect(self.world.connection, package.id, "test"))

    # ── reports ─────────────────────────────────────────────────────────────────────────────────────────────────────

    @rule()
    def plan(self) -> None:
        self.world.plan()

    @rule()
    def seal(self) -> None:
        self.world.seal()

    @rule(pick=PICK)
    @precondition(lambda self: self.world.in_state("sealed"))
    def send(self, pick: int) -> None:
        sealed = self.world.in_state("sealed")
        self.world.send(sealed[pick % len(sealed)])

    @rule(pick=PICK, refuse=st.sampled_from([0, 0, 0, 1]))
    @precondition(lambda self: self.world.in_state("submitted"))
    def finish(self, pick: int, refuse: int) -> None:
        under_way = self.world.in_state("submitted")
        self.world.finish(under_way[pick % len(under_way)], refuse)

    @rule()
    def deliver_everything(self) -> None:
        self.world.deliver_all()

    # ── what must hold ──────────────────────────────────────────────────────────────────────────────────────────────

    @invariant()
    def the_tree_is_possible(self) -> None:
        if hasattr(self, "world"):
            self.world.check()

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        world = self.world
        world.deliver_all()
        world.check()
        tree, theirs = world.tree(), world.model.parent
        for child, parent in theirs.items():
            assert tree.get(child) == parent, f"the regulator has {child} in {parent}, the journal in {tree.get(child)}"
        for child, parent in tree.items():
            if not self.spoiled(parent):
                assert theirs.get(child) == parent, f"{child} in {parent} was never reported"
        world.connection.close()

    def spoiled(self, parent: str) -> bool:
        """A package that holds, at any depth, something the regulator refused, or is a refused group."""
        world = self.world
        if parent in world.refused:
            return True
        package = packages.by_ident(world.connection, parent)
        assert package is not None
        inside = packages.children(world.connection, package)
        if package.child_level == "UNIT":
            return any(child in world.refused for child in inside)
        return any(self.spoiled(child) for child in inside)


TestPacking: Any = Packing.TestCase
TestPacking.settings = settings(
    max_examples=120,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def test_the_world_can_fail() -> None:
    """A negative control: a package put into two others is noticed."""
    world = World(1)
    for _ in range(2):
        world.say("cam", world.new_unit())
    for unit in world.units:
        world.say("wrapper", unit)
    world.say("wrapper", world.new_group())
    world.connection.execute("UPDATE package SET holds = 3")
    try:
        world.check()
    except AssertionError:
        return
    finally:
        world.connection.close()
    raise AssertionError("holds = 3 in a package of 2 was not noticed")


def test_a_group_that_was_dissolved_is_formed_again_with_its_own_code() -> None:
    """Its code was withdrawn unreported, and comes back: a way on which the machine comes rarely."""
    world = World(1)
    for _ in range(2):
        assert world.say("cam", world.new_unit()) == "accept"
    group = world.new_group()
    for _ in range(2):
        assert [world.say("wrapper", text) for text in (*world.units, group)] == ["accept"] * 3
        package = packages.by_ident(world.connection, ident(group))
        assert package is not None
        world.do(partial(rework.dissolve, world.connection, world.state, package, "a", world.now))
        world.check()
    world.connection.close()


def test_what_lies_in_a_package_is_not_put_into_another_by_a_person() -> None:
    """Units and whole packages: a way on which the machine comes rarely with a package."""
    world = World(1)
    boxes = []
    for _ in range(2):
        groups = []
        for _ in range(2):
            units = [world.new_unit(), world.new_unit()]
            group = world.new_group()
            assert {world.say("cam", unit) for unit in units} == {"accept"}
            assert [world.say("wrapper", text) for text in (*units, group)] == ["accept"] * 3
            groups.append((ident(group), ident(units[0])))
        box = world.new_sscc()
        assert world.say("packer", box) == "accept"
        for group, _ in groups:
            assert world.say("packer", group) == "accept"
        boxes.append(groups)
    tree = world.tree()
    for ours, theirs in zip(boxes[0][0], boxes[1][0], strict=True):
        child = world.child(theirs)
        assert child is not None
        found = world.do(partial(rework.replace, world.connection, world.state, ours, child, "a", world.now))
        assert isinstance(found, CommandError)
        assert found.code == "already-packed"
    assert world.tree() == tree
    world.check()
    world.connection.close()
