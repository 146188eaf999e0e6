"""Every parameter of every question and page, and every field of every command, with every value of the table of
monsters. What there is, is read from the application itself: a new field is covered without a new test.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from lined.vocabulary.errors import LinedError
from lined.web.app import make_app
from tests.harness.served import GTIN, Line, code
from tests.harness.served_lines import a_line
from tests.monsters import JSON, LONG, TEXTS

LONG_QUERY = "x" * 60_000  # what fits into a request's head
GOOD: dict[str, Any] = {
    "gtin": GTIN,
    "station": "marking",
    "code": code(1),
    "with": code(2),
    "reason": "scrap",
    "codes": [code(1)],
    "task": "1",
}
"""A value that may stand in the other fields, by name."""


def app_of(line: Line) -> FastAPI:
    server = line.server
    gate = make_app(server.view, server.document, server.page, line.token, lambda: (server.host, server.port))
    assert isinstance(gate.app, FastAPI)
    return gate.app


def routes_of(routes: Iterable[Any]) -> Iterator[APIRoute]:
    """Those of included routers, too."""
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        elif hasattr(route, "original_router"):
            yield from routes_of(route.original_router.routes)


def parameters(app: FastAPI) -> Iterator[tuple[str, str, str]]:
    """Path, name and place (`query` or `path`) of every parameter of a GET."""
    for route in routes_of(app.routes):
        if "GET" in (route.methods or ()):
            for name in (one.alias for one in route.dependant.query_params):
                yield route.path, name, "query"
            for name in (one.alias for one in route.dependant.path_params):
                yield route.path, name, "path"


def fields(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Path, name of a field, and a body with what else is required, of every command."""
    for path, methods in document["paths"].items():
        if "post" not in methods:
            continue
        schema = methods["post"]["requestBody"]["content"]["application/json"]["schema"]
        shape = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        required = {name: GOOD.get(name, "accepted") for name in shape.get("required", ())}
        for name in shape["properties"]:
            yield path.replace("{report_id}", "1").replace("{alarm_id}", "1"), name, required


async def alive(line: Line) -> None:
    """Nothing has ended, and the line can be told what to do."""
    async with asyncio.timeout(60):
        assert line.journal.writer.broken is None and not line.intake.defects.counts, line.intake.defects.counts
        assert (await line.get("/readyz")).status == 200
        await line.post("/api/v1/job/stop", {})
        assert (await line.post("/api/v1/job/start", {"gtin": GTIN})).status == 200


@pytest.mark.bound(300)
async def test_no_value_in_a_question_or_a_page_is_a_defect(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        await line.start()
        found = list(parameters(app_of(line)))
        assert {("/api/v1/tasks", "after", "query"), ("/api/v1/reports/{report_id}", "report_id", "path")} <= set(found)
        assert {path for path, _, _ in found} >= {"/codes", "/work", "/report/shift", "/alarms"}
        for path, name, place in found:
            for monster, text in {**TEXTS, "long": LONG_QUERY}.items():
                value = quote(text, safe="")
                target = path.replace(f"{{{name}}}", value) if place == "path" else f"{path}?{name}={value}"
                if path == "/events" and place == "query":
                    continue  # answered without end: the parts of its name are looked at below
                reply = await line.get(target)
                assert reply.status < 500, (path, name, monster, reply)
        await alive(line)


@pytest.mark.bound(300)
async def test_no_value_of_a_command_is_a_defect(tmp_path: Path) -> None:
    async with a_line(tmp_path) as line:
        await line.start()
        await line.codes([1, 2])
        document = (await line.get("/openapi.json")).json
        found = list(fields(document))
        assert len({path for path, _, _ in found}) >= 16 and len(found) > 70
        for path, name, body in found:
            for monster, text in JSON.items():
                if len(text) >= LONG:
                    continue
                rest = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in body.items() if key != name]
                raw = "{" + ", ".join([*rest, f"{json.dumps(name)}: {text}"]) + "}"
                try:
                    reply = await line.post(path, raw=raw.encode())
                except (ConnectionError, asyncio.IncompleteReadError) as fault:
                    raise AssertionError((path, name, monster)) from fault
                assert reply.status < 500, (path, name, monster, reply)
                assert reply.status < 400 or reply.error, (path, name, monster)
        with contextlib.suppress(ConnectionResetError):  # refused, and closed, before all of it is sent
            reply = await line.post("/api/v1/job/start", raw=f'{{"gtin": {JSON["long"]}}}'.encode())
            assert (reply.status, reply.error) == (413, "too-large")
        await alive(line)


async def test_the_operations_behind_the_models_are_bounded_too(tmp_path: Path) -> None:
    """What MQTT hands to the line."""
    async with a_line(tmp_path) as line:
        await line.start()
        for date in ("9999-12-31", "9999-12-31T23:59:59+23:59", "0001-01-01T00:00:00+23:59", "0001-01-01"):
            for name in ("production_date", "expiration_date"):
                for command, body in (("job-start", {"gtin": GTIN, "replace": True}), ("job-correct", {})):
                    with pytest.raises(LinedError, match=name):
                        await line.line.do(command, {**body, name: date})
        await alive(line)
