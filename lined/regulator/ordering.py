"""Orders of codes at the regulator (API 1.21.1 §4): placed, found again, followed, fetched in packs, closed.

Guarantees: placing is decided as a submission is (`submission`): `NotSent` only where certainly nothing was registered.
Every question ends in a value, in `Unavailable` or in `Denied`. Codes are given as they came, separators included. All
of it takes from the budget what reports leave over.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from enum import Enum, auto
from typing import Final, NamedTuple

from lined.regulator import answers, bounds
from lined.regulator.answers import Unreadable
from lined.regulator.budget import PATIENCE_S, BudgetSpent, Permit
from lined.regulator.credentials import NoCredential
from lined.regulator.lookups import Lookups, moment_text
from lined.regulator.profile import Profile, ReportRules
from lined.regulator.reply import Reply, with_notes
from lined.regulator.rights import missing
from lined.regulator.slices import eaten, in_slices, uncollected
from lined.regulator.submission import with_answer, without_answer
from lined.regulator.wire import NoAnswer, Request
from lined.vocabulary.errors import NotSent, Refused, SendingError

KIND = "order"  # of the budget
ANSWER_BYTES = 1024 * 1024  # of placing and closing: a refusal may blame each product
RECEIPT: Final = ReportRules(document_type="", answer_id="orderId")  # API 1.21.1 §4.1.2
BY_REGULATOR, BY_US = "OPERATOR", "SELF_MADE"  # API 1.21.1 §4.1.1, serialNumberType
SERIALS_AT_ONCE = 5_000  # of a body, between two looks at the event loop


class Condition(Enum):
    """What a sub-order's status means for us. Where it is open, its numbers tell whether there is something to fetch:
    the printed sample is exhausted with 7 codes left (API 1.21.1 §4.3.2).
    """

    PENDING = auto()
    OPEN = auto()
    REFUSED = auto()
    CLOSED = auto()


class OrderSeen(NamedTuple):
    """An order in the regulator's list (API 1.21.1 §4.2.2). `marker`: what we put in as poNumber."""

    order_id: str
    marker: str | None
    product_group: str | None


class SubOrderSeen(NamedTuple):
    """A product of an order (API 1.21.1 §4.3.2). `made`: codes there are in all; `left`: not given out yet; `passed`:
    given out, in packs of which `last_pack` is the newest. `reason`: of a refusal.
    """

    gtin: str
    level: str
    condition: Condition
    made: int
    left: int
    passed: int
    last_pack: str | None
    reason: str | None


class CodePack(NamedTuple):
    """Codes as they were given out together (API 1.21.1 §4.4.2)."""

    pack_id: str
    codes: list[str]


class PackSeen(NamedTuple):
    """A pack that was given out (API 1.21.1 §4.5.2)."""

    pack_id: str
    codes: int


class Ordered(NamedTuple):
    """A product to be ordered. `serials`: where we make them; None: the regulator does."""

    gtin: str
    quantity: int
    level: str
    serials: Sequence[str] | None = None


def order_body(
    profile: Profile, *, group: str, place: int, method: str, marker: str, products: Sequence[Ordered]
) -> bytes:
    """The body of an order (API 1.21.1 §4.1.1). Large where it holds serials: make it in a thread."""
    assert len(products) <= profile.limits.order_products
    listed = [_product(one) for one in products]
    head = {
        "businessPlaceId": place,
        "poNumber": marker,
        "productGroup": group,
        "releaseMethodType": method,
    }
    text = json.dumps(head, separators=(",", ":"))
    return f'{text[:-1]},"products":[{",".join(listed)}]}}'.encode()


def _product(one: Ordered) -> str:
    fields = {
        "cisType": one.level,
        "gtin": one.gtin,
        "quantity": one.quantity,
        "serialNumberType": BY_REGULATOR if one.serials is None else BY_US,
    }
    text = json.dumps(fields, separators=(",", ":"))
    if one.serials is None:
        return text
    pages = range(0, len(one.serials), SERIALS_AT_ONCE)  # the encoder holds the interpreter for as long as it runs
    parts = (json.dumps(one.serials[at : at + SERIALS_AT_ONCE], separators=(",", ":"))[1:-1] for at in pages)
    return f'{text[:-1]},"serialNumbers":[{",".join(parts)}]}}'


class Ordering(Lookups):
    """What is asked about orders, and the two methods that change one. Each may be cancelled."""

    # ---------------------------------------------------------------------------------------------------- changing
    async def wait_for_order_permit(self) -> None:
        """Wait until budget and credential allow `place`, which then goes out without waiting. Raises NotSent."""
        try:
            self._requester.budget.need_open("order_new")
            await self._requester.credential.bearer()
            await self._requester.budget.acquire(KIND, "order_new")
        except (BudgetSpent, NoCredential) as error:
            raise self._order_not_sent(error) from error

    async def place(self, body: bytes, *, product_group: str) -> str:
        """Place an order; its id. Await `wait_for_order_permit` before. Raises NotSent, OutcomeUnknown, Refused; where
        it is cancelled the outcome is unknown.
        """
        reply = await self._change("order_new", body=body)
        found = with_answer(reply, RECEIPT, self.profile, self._redact, self._requester.evidence(reply.body))
        if reply.ok and isinstance(found, SendingError):
            reply = await with_notes(reply)
            found = with_answer(reply, RECEIPT, self.profile, self._redact, self._requester.evidence(reply.body))
        if isinstance(found, Refused):
            found.lacks(missing(reply, self.profile.methods["order_new"], self.account, product_group))
        if isinstance(found, SendingError):
            self._count("order_new", "failed")
            raise found
        self._count("order_new", "done")
        self.canary.note("order_new", reply.value)
        return found.document_id

    async def close_order(self, order_id: str) -> None:
        """Close an order: what was not fetched is annulled (API 1.21.1 §4.6). Once more does no harm. Raises NotSent,
        OutcomeUnknown, Refused.
        """
        try:
            await self._requester.budget.acquire(KIND, "order_close")
        except BudgetSpent as error:
            raise self._order_not_sent(error) from error
        reply = await self._change("order_close", query=(("orderId", order_id),))
        if reply.ok and not reply.page:
            self._count("order_close", "done")
            return
        found = with_answer(reply, RECEIPT, self.profile, self._redact, self._requester.evidence(reply.body))
        self._count("order_close", "failed")
        assert isinstance(found, SendingError)  # it is no success
        raise found

    async def _change(self, name: str, *, body: bytes | None = None, query: tuple[tuple[str, str], ...] = ()) -> Reply:
        """One request that writes, on a connection of its own. Raises NotSent, OutcomeUnknown."""
        method = self.profile.methods[name]
        request = Request(method.verb, method.path, query, body)
        try:
            return await self._requester.ask_now(
                Permit(KIND, name), request, most_bytes=ANSWER_BYTES, patience_s=PATIENCE_S, alone=True
            )
        except (BudgetSpent, NoCredential) as error:
            raise self._order_not_sent(error) from error
        except NoAnswer as nothing:
            self._count(name, "no-answer")
            raise without_answer(nothing, self._redact, self._requester.evidence(nothing.partial)) from nothing

    def _order_not_sent(self, error: BudgetSpent | NoCredential) -> NotSent:
        lacks = isinstance(error, NoCredential)
        return NotSent(self._redact(f"not sent: {error}"), retry_after_s=error.wait_s, credential=lacks)

    # ---------------------------------------------------------------------------------------------------- questions
    async def orders_since(self, since: datetime, cursor: str | None) -> list[OrderSeen]:
        """One page of the account's orders created since a moment of the regulator's clock, whoever placed them; the
        list is complete when a page is empty. `cursor`: the last id of the page before. Raises Unavailable or Denied.
        """
        query = [("dateFrom", moment_text(since)), ("limit", str(self.profile.limits.orders_page))]
        if cursor is not None:
            query.append(("cursor", cursor))
        value = await self._value(KIND, "orders", {}, tuple(query))
        return self._read("orders", lambda: [_order(row) for row in answers.rows_of(value, "orderInfos")])

    async def sub_orders(self, order_id: str) -> list[SubOrderSeen]:
        """The products of an order. Raises Unavailable or Denied."""
        query = (("orderId", order_id), ("limit", str(self.profile.limits.orders_page)))
        value = await self._value(KIND, "sub_orders", {}, query)
        found = self._read(
            "sub_orders",
            lambda: [self._sub_order(row) for row in answers.rows_of(value, "subOrderInfos")],
        )
        return [one for parent, one in found if parent == order_id]

    async def code_pack(self, order_id: str, gtin: str, quantity: int, last_pack: str | None) -> CodePack:
        """The pack behind `last_pack`; None: the first one. Behind the last one of all a new pack is made, of at most
        `quantity` codes; any other is given as it was made. Raises Unavailable or Denied; a new pack may have been made
        all the same.
        """
        query = [("orderId", order_id), ("gtin", gtin), ("quantity", str(quantity))]
        if last_pack is not None:
            query.append(("lastPackId", last_pack))
        value = await self._value(KIND, "order_codes", {}, tuple(query))
        try:
            pack_id = answers.document_id(value, "packId")
            with uncollected():
                codes = await in_slices(_code, eaten(answers.rows_of(value, "codes")))
        except Unreadable as error:
            raise self._unreadable("order_codes", error) from error
        self._count("order_codes", "done")
        return CodePack(pack_id, codes)

    async def code_packs(self, order_id: str, gtin: str) -> list[PackSeen]:
        """The packs of a product that were given out so far. Raises Unavailable or Denied."""
        value = await self._value(KIND, "order_packs", {}, (("orderId", order_id), ("gtin", gtin)))
        return self._read("order_packs", lambda: [_pack(row) for row in answers.rows_of(value, "packs")])

    def _sub_order(self, row: object) -> tuple[str, SubOrderSeen]:
        fields = answers.members(row)
        status = str(fields.get("bufferStatus") or "").upper()
        found = SubOrderSeen(
            gtin=bounds.code(str(fields.get("gtin") or "")),
            level=bounds.text(str(fields.get("cisType") or "")).upper(),
            condition=self._condition(status),
            made=_number(fields, "availableCodes"),
            left=_number(fields, "leftInBuffer"),
            passed=_number(fields, "totalPassed"),
            last_pack=answers.maybe_id(fields, "lastPackId") or None,
            reason=bounds.text(str(fields["rejectionReason"])) if fields.get("rejectionReason") else None,
        )
        return answers.document_id(row, "parentOrderId"), found

    def _condition(self, status: str) -> Condition:
        statuses = self.profile.statuses
        if status in statuses.order_pending:
            return Condition.PENDING
        if status in statuses.order_refused:
            return Condition.REFUSED
        return Condition.CLOSED if status in statuses.order_closed else Condition.OPEN


def _order(row: object) -> OrderSeen:
    fields = answers.members(row)
    marker, group = fields.get("poNumber"), fields.get("productGroup")
    return OrderSeen(
        answers.document_id(row, "orderId"),
        bounds.text(marker) if isinstance(marker, str) and marker else None,
        bounds.text(group) if isinstance(group, str) and group else None,
    )


def _pack(row: object) -> PackSeen:
    return PackSeen(answers.document_id(row, "packId"), _number(answers.members(row), "quantity"))


def _number(fields: dict[str, object], member: str) -> int:
    found = bounds.whole(fields.get(member))
    if found is None or found < 0:
        raise Unreadable(f"no number {member}")
    return found


def _code(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise Unreadable("a code is no text")
    return bounds.code(value)
