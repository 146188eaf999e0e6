"""The OpenAPI document says what the endpoint does."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lined.api.described import shape_in
from lined.mqtt import asyncapi
from lined.web import openapi as openapi_document
from tests.harness.served import questions_asked
from tests.harness.served_lines import a_line

# docs/contract.md, HTTP
QUESTIONS = (
    "/livez /readyz /status /metrics /api/v1/reports /api/v1/reports/{report_id} /api/v1/packages /api/v1/codes".split()
)
COMMANDS = [
    *("/api/v1/job/start", "/api/v1/job/stop", "/api/v1/job/correct", "/api/v1/reports/seal"),
    *("/api/v1/reports/{report_id}/retry", "/api/v1/reports/{report_id}/release", "/api/v1/packages/close"),
    *("/api/v1/codes/withdraw", "/api/v1/reads"),
]

# ours: packing, rework and the work list
MORE_QUESTIONS = [
    "/api/v1/journal",
    *("/api/v1/tasks", "/api/v1/alarms", "/api/v1/pools", "/api/v1/labels", "/api/v1/session", "/api/v1/people"),
    *("/api/v1/permit", "/api/v1/devices", "/api/v1/devices/{device_id}/capture"),
    *("/api/v1/orders", "/api/v1/orders/{order_id}", "/api/v1/rolls", "/api/v1/stock"),
    *("/api/v1/audit", "/api/v1/audit/verify"),
]
SESSIONS = ["/api/v1/sign-in", "/api/v1/sign-out"]
MORE_COMMANDS = [
    *("/api/v1/orders/new", "/api/v1/orders/{order_id}/close", "/api/v1/orders/{order_id}/confirm"),
    *("/api/v1/rolls/new", "/api/v1/rolls/{roll_id}/codes", "/api/v1/rolls/{roll_id}/written"),
    *("/api/v1/reports/correct", "/api/v1/packages/dissolve", "/api/v1/packages/take-out", "/api/v1/packages/replace"),
    *(
        "/api/v1/tasks/done",
        "/api/v1/pools/load",
        "/api/v1/pools/drop",
        "/api/v1/labels/reprint",
        "/api/v1/people/set",
        "/api/v1/people/remove",
    ),
    *("/api/v1/alarms/{alarm_id}/acknowledge", "/api/v1/regulator/renew-key", "/api/v1/codes/ask"),
    *("/api/v1/journal/backup", "/api/v1/journal/confirm"),
]


def references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def resolved(document: dict[str, Any], reference: str) -> Any:
    node: Any = document
    for part in reference.removeprefix("#/").split("/"):
        node = node[part.replace("~1", "/").replace("~0", "~")]
    return node


async def openapi(path: Path) -> dict[str, Any]:
    async with a_line(path) as line:
        reply = await line.get("/openapi.json")
        assert reply.status == 200 and reply.headers["content-type"] == "application/json"
        document: dict[str, Any] = reply.json
        return document


async def test_it_names_exactly_the_contract_s_paths(tmp_path: Path) -> None:
    document = await openapi(tmp_path)
    found = {(path, method) for path, methods in document["paths"].items() for method in methods}
    assert found == {(path, "get") for path in [*QUESTIONS, *MORE_QUESTIONS]} | {
        (path, "post") for path in [*COMMANDS, *MORE_COMMANDS, *SESSIONS]
    }


async def test_it_is_a_valid_document(tmp_path: Path) -> None:
    """OpenAPI 3.1: what is required is there, references lead somewhere, ids are unique, paths name parameters."""
    document = await openapi(tmp_path)
    assert re.fullmatch(r"3\.1\.\d+", document["openapi"])
    assert document["info"]["title"] and document["info"]["version"]
    for reference in references(document):
        assert reference.startswith("#/components/")
        assert resolved(document, reference)
    operations = [operation for methods in document["paths"].values() for operation in methods.values()]
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    for path, methods in document["paths"].items():
        for operation in methods.values():
            named = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "path"}
            assert named == set(re.findall(r"{(\w+)}", path))
            assert operation["responses"] and all(
                re.fullmatch(r"[1-5]\d\d", status) for status in operation["responses"]
            )
            assert all(response["description"] for response in operation["responses"].values())


async def test_commands_need_the_token_and_refusals_have_one_shape(tmp_path: Path) -> None:
    document = await openapi(tmp_path)
    for path in COMMANDS:
        operation = document["paths"][path]["post"]
        (scheme,) = operation["security"][0]
        assert document["components"]["securitySchemes"][scheme] == {"type": "http", "scheme": "bearer"}
        assert {"400", "401", "403", "404", "409", "415", "422", "503"} <= set(operation["responses"])
        body = operation["requestBody"]["content"]["application/json"]["schema"]
        fields = resolved(document, body["$ref"])
        assert {"id", "by"} <= set(fields["properties"])
        assert fields["additionalProperties"] is False
    for methods in document["paths"].values():
        for operation in methods.values():
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    assert response["content"]["application/json"]["schema"]["$ref"].endswith("/Refusal")
    assert "HTTPValidationError" not in json.dumps(document)


async def test_every_answer_says_what_it_holds(tmp_path: Path) -> None:
    """Each 200 in JSON leads to a shape with fields, so that a client can be generated. `Line.get` compares."""
    document = await openapi(tmp_path)
    for path, methods in document["paths"].items():
        for operation in methods.values():
            for kind, said in operation["responses"]["200"]["content"].items():
                if kind == "application/json":
                    assert resolved(document, said["schema"]["$ref"])["properties"], path


def test_every_question_has_its_shape() -> None:
    assert [route.path for route in questions_asked() if shape_in(route.responses) is None] == ["/metrics"]


def test_the_file_is_what_the_routes_make() -> None:
    file = Path(openapi_document.__file__).with_suffix(".json")
    assert file.read_text("utf-8") == openapi_document.text(), "python -m lined.web.openapi > lined/web/openapi.json"


async def test_the_mqtt_interface_is_described_too(tmp_path: Path) -> None:
    """Also where there is no broker."""
    async with a_line(tmp_path) as line:
        described = (await line.get("/asyncapi.json")).json
    assert described == asyncapi.document()
