"""A look at whether the regulator still answers as its text says, before a shift meets it: some questions, none of
which changes anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from lined.regulator.account import Account
from lined.regulator.asked import asked
from lined.regulator.calls import Calls
from lined.regulator.strange import MOST, Strange
from lined.vocabulary.errors import LinedError

DOCUMENTS, ROWS = 3, 20  # of each kind, and of each list: enough to see a new word, few enough to be no load


class Looked(NamedTuple):
    """What one method answered: `strange` is what its text does not have; `problem`: why it could not be asked."""

    method: str
    strange: tuple[Strange, ...] = ()
    problem: str = ""


class Watch:
    """Each method is asked as often as there is something to ask it about; what it showed is in `looked`."""

    def __init__(self, calls: Calls, account: Account) -> None:
        self.looked: dict[str, Looked] = {}
        self._calls = calls
        self._account = account

    async def look(self, gtins: Iterable[str]) -> None:
        """Ask about the key, the participant, orders, the newest documents and their codes, and these products."""
        for name in ("key_check", "participant", "orders", "sub_orders"):
            await self._ask(name)
        codes: list[str] = []
        for document_id in _newest(await self._ask("search")):
            await self._ask("document", id=document_id)
            await self._ask("document_errors", id=document_id, limit=ROWS)
            outcomes = await self._ask("code_outcomes", id=document_id, limit=ROWS)
            codes += [row["code"] for row in outcomes or [] if isinstance(row, dict) and row.get("code")]
        if codes:
            some = list(dict.fromkeys(codes))[:ROWS]
            await self._ask("public_codes", codes=some)
            await self._ask("code_histories", codes=some)
        for gtin in gtins:
            await self._ask("products_by_gtin", gtin=gtin)

    async def _ask(self, name: str, **values: object) -> Any:
        """The answer; None where there is none, or where this user may not ask."""
        before = self.looked.get(name, Looked(name))
        if self._account.profile.methods[name].business and not self._account.business:
            self.looked[name] = before._replace(problem="closed to technical users")
            return None
        try:
            answer = await self._calls.one(asked(name, values, self._account))
        except LinedError as error:
            self.looked[name] = before._replace(problem=str(error))
            return None
        strange = tuple(dict.fromkeys((*before.strange, *answer.strange)))[:MOST]
        self.looked[name] = before._replace(strange=strange)
        return answer.value


def _newest(found: Any) -> list[str]:
    """The newest documents of each type, as they are listed."""
    rows = found.get("documentInfos") if isinstance(found, dict) else None
    by_type: dict[object, list[str]] = {}
    for row in rows if isinstance(rows, list) else []:
        of_type = by_type.setdefault(row.get("type"), [])
        if len(of_type) < DOCUMENTS:
            of_type.append(str(row.get("documentId")))
    return [document_id for listed in by_type.values() for document_id in listed]
