"""The regulator as delivery sees it: asked by our kind of report, where the regulator has types of documents."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from lined.regulator.answers import Document
from lined.regulator.client import Regulator


class KindSearch:
    """A lined.reports.delivery.ports.RegulatorPort."""

    def __init__(self, regulator: Regulator) -> None:
        self._regulator = regulator
        self.wait_for_permit = regulator.wait_for_permit
        self.submit = regulator.submit
        self.document = regulator.document
        self.code_outcomes = regulator.code_outcomes
        self.document_errors = regulator.document_errors
        self.content = regulator.content

    @property
    def server_skew_s(self) -> float | None:
        return self._regulator.server_skew_s

    @property
    def server_time(self) -> datetime | None:
        return self._regulator.server_time

    async def search(self, *, kind: str, since: datetime, cursor: str | None) -> list[Document]:
        """One page of our documents of a kind since a moment."""
        document_type = self._regulator.profile.reports[kind].document_type or None
        return await self._regulator.search(type=document_type, since=since, cursor=cursor)

    async def touching(self, *, kind: str, codes: Sequence[str], since: datetime) -> list[str]:
        """See RegulatorPort. An event without a type of document, or without a readable date, counts."""
        shortest = self._regulator.profile.limits.code_information_min_length
        document_type = self._regulator.profile.reports[kind].document_type or None
        histories = await self._regulator.code_histories([code for code in codes if len(code) >= shortest])
        events = [event for history in histories for event in history.events if event.document_id]
        right = [event for event in events if document_type is None or event.document_type in (document_type, None)]
        return list(dict.fromkeys(event.document_id for event in right if event.since(since)))
