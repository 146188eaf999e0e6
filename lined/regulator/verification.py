"""Codes verified before they are used: genuine by their check part (API 1.21.1 §9.4), ours and unused by what everybody
may know of them (API 1.21.1 §9.1).

Guarantees: a code is usable only where both answers say so; what an answer does not mention is not usable. It reads,
and changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter, ValidationError

from lined.codes import MarkingCode, without_separators
from lined.regulator.asked import asked
from lined.regulator.calls import Calls
from lined.regulator.client import Regulator
from lined.regulator.models.codes import FRESH, PublicCode, VerifiedCode
from lined.vocabulary.errors import Denied, Unavailable


class Standing(StrEnum):
    """What the regulator says of a code."""

    USABLE = "usable"
    NO_CHECK_PART = "no-check-part"
    NOT_GENUINE = "not-genuine"
    OTHER_GROUP = "other-group"
    UNKNOWN = "unknown"
    OTHERS = "others"
    USED = "used"
    UNANSWERED = "unanswered"


MEANS: Mapping[Standing, str] = {
    Standing.USABLE: "genuine, ours, not used yet",
    Standing.NO_CHECK_PART: "has no check part, so that nobody can say whether it is genuine",
    Standing.NOT_GENUINE: "is not genuine: the regulator did not make it, or its check part is another",
    Standing.OTHER_GROUP: "is of another product group than the product",
    Standing.UNKNOWN: "is not known to the regulator",
    Standing.OTHERS: "was issued to another participant",
    Standing.USED: "was used already: it has another status than a code that was just issued",
    Standing.UNANSWERED: "the regulator's answer does not mention it",
}


class Verification:
    """Raises Denied where this user may not ask. `group`: the product group of the codes' product."""

    def __init__(self, regulator: Regulator, group: str) -> None:
        account, profile = regulator.account, regulator.profile
        closed = any(profile.methods[name].business for name in ("code_verification", "public_codes"))
        if closed and not account.business:
            raise Denied("code verification is closed to technical users: use an API key", status=403)
        self.page = min(profile.limits.verification_codes, profile.limits.code_information)
        """Codes in one question."""
        self._account = account
        self._calls: Calls = regulator.calls()
        self._group_id = profile.groups[group].id
        self._shortest = profile.limits.code_information_min_length

    async def judge(self, codes: Sequence[MarkingCode]) -> list[Standing]:
        """The standing of each, in two questions for at most `page` codes. Raises LookupFailed, NotSent, Refused."""
        assert len(codes) <= self.page
        full = list({code.ident: code for code in codes if code.tail}.values())
        found = dict.fromkeys((code.ident for code in codes), Standing.NO_CHECK_PART)
        found |= await self._genuine(full) if full else {}
        genuine = [ident for ident, standing in found.items() if standing is Standing.USABLE]
        found |= dict.fromkeys(genuine, Standing.UNANSWERED)  # as those stay that are too short to be asked about
        genuine = [ident for ident in genuine if len(ident) >= self._shortest]
        found |= await self._ours(genuine) if genuine else {}
        return [found[code.ident] for code in codes]

    async def _genuine(self, codes: Sequence[MarkingCode]) -> dict[str, Standing]:
        rows = await self._ask(tuple[VerifiedCode, ...], "code_verification", [code.full for code in codes])
        told = {without_separators(row.code): row for row in rows}
        return {code.ident: self._verdict(told.get(without_separators(code.full))) for code in codes}

    def _verdict(self, row: VerifiedCode | None) -> Standing:
        if row is None:
            return Standing.UNANSWERED
        if not row.verified:
            return Standing.NOT_GENUINE
        other = None not in {row.product_group, self._group_id} and row.product_group != self._group_id
        return Standing.OTHER_GROUP if other else Standing.USABLE

    async def _ours(self, idents: Sequence[str]) -> dict[str, Standing]:
        """Codes that nobody knows are absent from the answer (API 1.21.1 §9.1.2)."""
        rows = await self._ask(tuple[PublicCode, ...], "public_codes", list(idents))
        told = {row.code: row for row in rows}
        return {ident: self._known(told.get(ident)) for ident in idents}

    def _known(self, row: PublicCode | None) -> Standing:
        if row is None:
            return Standing.UNKNOWN
        if row.issuer_short_info.issuer_tin != self._account.tin:
            return Standing.OTHERS
        return Standing.USABLE if row.status == FRESH else Standing.USED

    async def _ask(self, model: Any, name: str, codes: Sequence[str]) -> Any:
        answer = await self._calls.one(asked(name, {"codes": codes}, self._account))
        try:
            return TypeAdapter(model).validate_python(answer.value)
        except ValidationError:
            raise Unavailable(f"{name}: its answer is not as the text says: lined profile watch tells how") from None
