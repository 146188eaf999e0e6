"""What happens on the floor in a day: good items, and everything that goes wrong."""

from __future__ import annotations

from functools import partial
from typing import Any

from lined.codes import sscc
from lined.line.watch.confirming import after_crash
from tests.harness.line import WATER, Frame, FullError, frame, oil
from tests.integration.day.belt import Belt
from tests.integration.day.ledger import Box, Item
from tests.integration.day.line import CAPACITY, REPEAT_MS, BrokenError
from tests.rows import reports_where


class Floor(Belt):
    """One `event` after the other; which, says the seed."""

    # ── what may happen ─────────────────────────────────────────────────────────────────────────────────────────────
    async def event(self) -> None:
        self.clock.pass_ms(self.chance.randint(self._step_ms // 2, self._step_ms * 3 // 2))
        if self._test:
            await self._in_a_test()
        elif not self.ledger.job:
            await self._without_a_job()
        else:
            await self.chance.choices(*zip(*self._wishes(), strict=True))[0]()
        if self.chance.random() < 0.3:
            await self.flush()
        await self.line.work()
        self.office.decide()

    def _wishes(self) -> list[tuple[Any, int]]:
        return [
            (self.new_item, 40),
            (self.new_items_at_once, 2),
            (self.check_item, 34),
            (self.pack_item, 34),
            (self.bad_print, 2),
            (self.bad_read, 6),
            (self.silent_camera, 3),
            (self.type_in, 2),
            (self.copy, 4),
            (self.seen_twice, 3),
            (self.unheard, 3),
            (self.put_back, 4),
            (self.full_disk, 2),
            (self.withdraw, 3),
            (self.come_back, 3),
            (self.take_out, 2),
            (self.dissolve, 1),
            (self.odd_at_packing, 4),
            (self.restart, 1),
            (self.broken_disk, 1),
            (self.decide_held, 4),
        ]

    async def new_item(self) -> None:
        number = self._next
        self._next += 1
        await self.tell("camera", frame(oil(number)), "accept")
        self._marked.append(self.ledger.apply(number))

    async def new_items_at_once(self) -> None:
        numbers = range(self._next, self._next + 3)
        self._next = numbers.stop
        await self.tell_at_once("camera", [frame(oil(number)) for number in numbers], "accept")
        self._marked += map(self.ledger.apply, numbers)
        self.happened["at once"] += 1

    async def bad_print(self) -> None:
        """Marked, found too bad, and in the bin before anything was reported."""
        number = self._next
        self._next += 1
        await self.tell("camera", frame(oil(number)), "accept")
        item = self.ledger.apply(number)
        await self.reject("quality", await self.tell("grader", frame(oil(number))._replace(grade="F"), "low-grade"))
        await self.tell("bin", frame(oil(number)), "accept")
        item.withdrawn = "other"
        self.happened["withdrawn at the bin"] += 1

    async def bad_read(self) -> None:
        kind = self.chance.choice(["no-read", "malformed", "wrong-product", "no check part"])
        self.happened[kind] += 1
        sent, word = {
            "no-read": (Frame("no-read", raw=b"NOREAD"), "no-read"),
            "malformed": (frame("garbage"), "malformed"),
            "wrong-product": (frame(f"01{WATER}21A000001\x1d93abcd"), "wrong-product"),
            "no check part": (frame(oil(1).partition("\x1d")[0]), "malformed"),
        }[kind]
        await self.reject("marking", await self.tell("camera", sent, word))

    async def silent_camera(self) -> None:
        """The item passes and the camera says nothing at all."""
        self.trigger("marking")
        self.ledger.count("marking", "missed")
        self.happened["missed"] += 1
        await self.reject("marking", None)

    async def type_in(self) -> None:
        """The camera cannot read a label, and somebody types in what stands beside it."""
        await self.reject("marking", await self.tell("camera", Frame("no-read", raw=b"NOREAD"), "no-read"))
        number = self._next
        self._next += 1
        body = {"station": "marking", "code": oil(number), "reason": "smeared"}
        answer = await self.line.does.do("read", body, id=f"typed-{number}")
        assert answer["verdict"] == "accept"
        self.ledger.read("marking", "accept")
        self.ledger.count("marking", "typed")
        self._marked.append(self.ledger.apply(number))
        self.happened["typed in"] += 1

    async def copy(self) -> None:
        """A label that is there twice."""
        known = [item for item in self.ledger.items.values() if item.applied and item.number not in self._unheard]
        known = [item for item in known if not item.may_come_back]
        if known:
            await self.reject(
                "marking", await self.tell("camera", frame(oil(self.chance.choice(known).number)), "duplicate")
            )

    async def seen_twice(self) -> None:
        """Somebody holds a handheld before the item for too long."""
        number = self._next
        self._next += 1
        await self.tell("handheld", frame(oil(number)), "accept")
        self._marked.append(self.ledger.apply(number))
        self.clock.pass_ms(1_000)
        await self.tell("handheld", frame(oil(number)), "repeat")
        self.happened["repeat"] += 1

    async def unheard(self) -> None:
        """The verdict does not reach the camera: silence rejects, and the item will be put on the belt again."""
        number = self._next
        self._next += 1
        await self.tell("camera", frame(oil(number)), "accept", heard=False)
        self.ledger.apply(number)
        self._unheard.append(number)
        await self.reject("marking", None)

    async def put_back(self) -> None:
        if self._unheard:
            number = self._unheard.pop(0)
            if self.ledger.item(number).withdrawn:
                return
            await self.tell("camera", frame(oil(number)), "again")
            self._marked.append(self.ledger.item(number))
            self.happened["again"] += 1

    async def full_disk(self) -> None:
        self.line.fail_next = FullError("database or disk is full")
        await self.reject("marking", await self.tell("camera", frame(oil(self._next)), "not-durable"))
        self.happened["full"] += 1

    async def check_item(self) -> None:
        if not self._marked:
            return
        item = self._marked.popleft()
        bad = self.chance.random() < 0.12
        sent = frame(oil(item.number))._replace(grade="F" if bad else "A")
        verdict = await self.tell("grader", sent, "low-grade" if bad else "accept")
        if not bad:
            self._checked.append(item)
            return
        await self.reject("quality", verdict)
        if not self.office.is_sure(item.number):
            return
        await self.tell("bin", frame(oil(item.number)), "accept")
        if not item.withdrawn and item.number not in self.office.attempted:
            item.withdrawn = "other"

    async def pack_item(self) -> None:
        if self._open is not None and len(self._open.items) == CAPACITY:
            await self._close_box()
        if not self._checked:
            return
        self._checked.rotate(-next((n for n, item in enumerate(self._checked) if self._is_sure(item)), 0))
        item = self._checked[0]
        if not self._is_sure(item):
            return
        if item.withdrawn or self.office.outcomes.get(item.number) == "refused":
            self._checked.popleft()
            await self.tell("packer", frame(oil(item.number)), "not-applied")
            return
        if self._open is not None and self._open.job != item.job:
            await self.tell("packer", frame(oil(item.number)), "mixed-lot")
            await self._close_early()
            return
        self._checked.popleft()
        await self.tell("packer", frame(oil(item.number)), "accept")
        self._open = self._open or Box(item.job)
        self._open.items.append(item)
        item.box = self._open

    def _is_sure(self, item: Item) -> bool:
        return item.withdrawn != "" or self.office.is_sure(item.number)

    async def _close_box(self) -> None:
        assert self._open is not None
        await self.tell("packer", frame(self._new_sscc()), "accept")
        self._closed.append((self._label(), self._open))
        self._open = None

    async def _close_early(self) -> None:
        assert self._open is not None
        answer = await self.line.does.do("package-close", {"station": "boxing", "parent": self._new_sscc()})
        assert answer["count"] == len(self._open.items)
        self._closed.append((self._label(), self._open))
        self._open = None
        self.happened["short box"] += 1

    def _new_sscc(self) -> str:
        self._sscc += 1
        return self._label()

    def _label(self) -> str:
        return sscc("0307797292", self._sscc)

    async def odd_at_packing(self) -> None:
        """What does not belong there."""
        if self._open is None or not self._open.items:
            await self.tell("packer", frame(self._new_sscc()), "child-expected")
            return
        kinds = ["unknown", "twice"] if len(self._open.items) < CAPACITY else ["unknown", "over"]
        kind = self.chance.choice(kinds)
        self.happened[f"packing {kind}"] += 1
        if kind == "unknown":
            await self.tell("packer", frame(oil(900_000)), "not-applied")
        elif kind == "twice":
            self.clock.pass_ms(2 * REPEAT_MS)
            await self.tell("packer", frame(oil(self._open.items[0].number)), "already-packed")
        else:
            await self._one_too_many()

    async def _one_too_many(self) -> None:
        fitting = [
            item
            for item in self._checked
            if item.job == self._open_job and not item.withdrawn and item.number not in self.office.outcomes
        ]
        if fitting:
            await self.tell("packer", frame(oil(fitting[0].number)), "over-capacity")

    @property
    def _open_job(self) -> int:
        return self._open.job if self._open is not None else 0

    async def withdraw(self) -> None:
        """Somebody takes an item away before it was reported, whether it is packed or not."""
        free = [
            item
            for item in self.ledger.items.values()
            if item.applied and not item.withdrawn and item.number not in self.office.attempted
        ]
        free = [item for item in free if item.number not in self._unheard]
        if not free:
            return
        item = self.chance.choice([one for one in free if one.box is not None] or free)
        self.happened["withdrawn from its box"] += item.box is not None
        reason = self.chance.choice(["sample", "scrap", "damaged", "other"])
        await self.line.does.do("withdraw", {"code": oil(item.number), "reason": reason}, id=f"w-{self.clock.ms}")
        item.withdrawn = reason
        self._leave_box(item)
        self.happened["withdrawn"] += 1

    async def come_back(self) -> None:
        """An item that was withdrawn and is good after all."""
        gone = [item for item in self.ledger.items.values() if item.may_come_back]
        if not gone:
            return
        item = self.chance.choice(gone)
        await self.tell("camera", frame(oil(item.number)), "accept")
        self.ledger.apply(item.number)
        for queue in (self._marked, self._checked):
            while item in queue:
                queue.remove(item)
        self._marked.append(item)
        self.happened["applied again"] += 1

    async def take_out(self) -> None:
        if self._open is not None and len(self._open.items) > 1:
            item = self.chance.choice(self._open.items)
            await self.line.does.do("package-take-out", {"code": oil(item.number)})
            self._leave_box(item)
            self._checked.append(item)
            self.happened["taken out"] += 1

    async def dissolve(self) -> None:
        """A closed box is opened, and what was in it is packed anew."""
        if not self._closed:
            return
        label, box = self._closed.pop(self.chance.randrange(len(self._closed)))
        await self.line.does.do("package-dissolve", {"parent": label})
        for item in list(box.items):
            self._leave_box(item)
            self._checked.append(item)
        self.happened["dissolved"] += 1

    async def restart(self) -> None:
        await self.line.restart()
        self.happened["restart"] += 1

    async def broken_disk(self) -> None:
        """A write fails: the program ends, and its next life recovers."""
        self.line.intake.settle_marks()
        self.line.fail_next = BrokenError("disk I/O error")
        await self.tell("camera", frame(oil(self._next)), "not-durable")
        await self.reject("marking", None)
        await self.line.journal.close()
        await self.line.start()
        assert not self.line.journal.was_clean
        if await self.line.journal.do(partial(after_crash, self.line.plant)):
            await self._see_again()
        self.happened["broken"] += 1

    async def decide_held(self) -> None:
        """Somebody looks at what is held: the one way to go on is to send it again."""
        sure = {"confirm": "not-received"}  # where one attempt before was in doubt, this is asked for
        found = await self.line.journal.read(reports_where, "state = 'held' ORDER BY id")
        for report in found:
            await self.line.people.do(
                "report-retry", sure, id=f"retry-{report.id}-{self.clock.ms}", subject=str(report.id)
            )
            self.happened["held"] += 1

    async def _in_a_test(self) -> None:
        """Verdicts as usual, nothing is remembered."""
        self.happened["test"] += 1
        await self.tell("camera", frame(oil(800_000)), "accept")
        known = next((item for item in self.ledger.items.values() if item.applied and not item.withdrawn), None)
        if known is not None and known.number not in self._unheard:
            await self.reject("marking", await self.tell("camera", frame(oil(known.number)), "duplicate"))

    async def _without_a_job(self) -> None:
        self.happened["no job"] += 1
        await self.reject("marking", await self.tell("camera", frame(oil(700_000)), "no-job"))
        await self.pack_item()

    async def settle(self) -> None:
        """The belt stands until nothing is in doubt and every document is final."""
        self.office.ways = ["good"]
        for _ in range(60):
            self.clock.pass_ms(120_000)
            await self.decide_held()
            await self.line.work()
            self.office.decide()

    async def leave_things_open(self) -> None:
        """At the day's end one report is held, one is on its way, and some codes lie in an open batch."""
        await self.start_job()
        for way in ("nameless", "good", ""):
            for _ in range(3):
                self.clock.pass_ms(1_000)
                await self.new_item()
            if way:
                await self.line.does.do("seal", {})
                self.office.ways = [way]
                await self.line.delivery.send_next()
        await self.flush()
