"""A utilisation report from its registration to every code's outcome."""

from __future__ import annotations

import time
from typing import Any

import pytest
from tests.integration.sandbox.line_client import GTIN, STORAGE, Client, Open, ident


async def test_codes_are_introduced_once_and_the_books_show_by_which_document(sandbox: Open) -> None:
    async with sandbox() as client:
        codes = await client.issue(3)
        document_id = await client.applied(codes)
        outcomes = await client.outcomes(document_id)
        assert outcomes == [
            {"index": place, "code": ident(code), "state": "SUCCESS"} for place, code in enumerate(codes)
        ]
        books = await client.books()
        assert books["codes"]["by_status"] == {"INTRODUCED": 3}
        assert (books["codes"]["applied"], books["codes"]["applied_more_than_once"]) == (3, 0)
        items = (await client.http.get("/sandbox/books/codes")).json()["items"]
        assert {item["applied_by"] for item in items} == {document_id}


async def test_a_second_report_of_the_same_codes_is_refused_and_shows_as_repeated_attempts(sandbox: Open) -> None:
    async with sandbox() as client:
        codes = await client.issue(2)
        await client.applied(codes)
        second = await client.applied(codes)
        assert {(row["state"], row["result"]) for row in await client.outcomes(second)} == {
            ("ERROR", "invalid-code-status")
        }
        books = (await client.books())["codes"]
        assert (books["applied"], books["applied_more_than_once"], books["repeated_attempts"]) == (2, 0, 2)
