from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from lined.commands.registry import registry
from lined.commands.registry.command import Source
from lined.mqtt import asyncapi
from lined.mqtt.messages import Reply, Verdict
from lined.vocabulary.errors import Invalid

FILE = Path(asyncapi.__file__).with_suffix(".json")
START = {"id": "1", "gtin": "04899215122371"}


def wrong(command: str, body: object) -> list[tuple[str, str]]:
    try:
        registry.accepted(command, body, Source.MQTT)
    except Invalid as refused:
        return [(problem.path, problem.message) for problem in refused.details]
    return []


def fits(model: type[BaseModel], document: object) -> bool:
    try:
        model.model_validate(document, strict=True)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize(
    ("command", "body", "path"),
    [
        ("job-start", {"id": "1"}, "gtin"),
        ("job-start", {**START, "gtin": 4899215122371}, "gtin"),
        ("job-start", {**START, "gtin": "0489921512237X"}, "gtin"),
        ("job-start", {**START, "gtin": "04899215122371\n"}, "gtin"),
        ("job-start", {**START, "replace": 1}, "replace"),
        ("job-start", {**START, "mode": "tset"}, "mode"),
        ("job-start", {**START, "serie": "A"}, "serie"),
        ("job-start", {"gtin": "04899215122371"}, "id"),
        ("job-start", {**START, "id": ""}, "id"),
        ("job-start", {**START, "id": "x" * 201}, "id"),
        ("job-start", {**START, "order": ["x"]}, "order"),
        ("withdraw", {"id": "1", "code": "x", "reason": "lost"}, "reason"),
        ("reject-confirm", {"id": "1", "session": "a", "seq": True}, "seq"),
        ("reject-confirm", {"id": "1", "session": "a", "seq": 0}, "seq"),
        ("reject-confirm", {"id": "1", "session": "a", "seq": 10**30}, "seq"),
        ("reject-confirm", {"id": "1", "session": "a", "seq": 1.5}, "seq"),
        ("count", {"id": "1", "station": "s", "triggers": -1}, "triggers"),
        ("count", {"id": "1", "station": "s", "ejected": 10**10}, "ejected"),
        ("seal", {"id": "1", "kind": "everything"}, "kind"),
        ("seal", [], "body"),
        ("seal", None, "body"),
        ("seal", "text", "body"),
    ],
)
def test_a_command_that_does_not_fit_is_told_where(command: str, body: object, path: str) -> None:
    assert [where for where, _ in wrong(command, body)] == [path]


@pytest.mark.parametrize(
    ("command", "body"),
    [
        ("job-start", START),
        ("job-start", {**START, "by": "PLC 1", "order": None, "series": "A", "replace": True, "packages": "close"}),
        ("job-stop", {"id": "1"}),
        ("seal", {"id": "1", "kind": None}),
        ("count", {"id": "1", "station": "s", "triggers": 0, "ejected": 3}),
        ("reject-confirm", {"id": "1", "session": "a", "seq": 2**53 - 1}),
        ("package-close", {"id": "1", "station": "s", "parent": None}),
    ],
)
def test_a_command_of_the_contract_fits(command: str, body: object) -> None:
    assert wrong(command, body) == []


def test_a_fault_never_repeats_the_value() -> None:
    text = str(wrong("withdraw", {"id": "1", "code": "x" * 501, "reason": "0104899215122371-secret-check-part"}))
    assert "secret" not in text
    assert "xxx" not in text


def test_error_of_a_reply_is_null_or_whole() -> None:
    assert fits(Reply, ({"id": "1", "ok": True, "error": None}))
    assert fits(Reply, ({"id": None, "ok": False, "error": {"code": "c", "message": "m", "details": []}}))
    assert not fits(Reply, ({"id": "1", "ok": False, "error": {"code": "c"}}))


def test_a_verdict_with_a_check_part_field_is_not_ours() -> None:
    good = {
        "seq": 1,
        "session": "s",
        "station": "m",
        "device": "c",
        "verdict": "accept",
        "reason": None,
        "code": None,
        "at": "2026-11-23T08:00:00.250Z",
    }
    assert fits(Verdict, (good))
    assert not fits(Verdict, ({**good, "tail": "x"}))
    assert not fits(Verdict, ({**good, "reason": "because"}))
    assert not fits(Verdict, ({**good, "at": "2026-11-23 08:00"}))


# ── the AsyncAPI document ───────────────────────────────────────────────────────────────────────────────────────────


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "$ref":
                yield inner
            else:
                yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def test_the_file_in_docs_is_what_the_code_makes() -> None:
    assert FILE.read_text() == asyncapi.text(), "python -m lined.mqtt.asyncapi > lined/mqtt/asyncapi.json"


def test_every_reference_of_the_document_leads_somewhere() -> None:
    made = json.loads(asyncapi.text())
    found = list(references(made))
    assert len(found) > 50
    for reference in found:
        place = made
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


def test_the_document_has_the_contracts_topics_and_commands() -> None:
    made = asyncapi.document()
    topics = {channel["address"].removeprefix("{root}/{line}/") for channel in made["channels"].values()}
    told = {"availability", "permit", "status", "verdict", "report", "package", "alarm"}
    commands = ("job-start", "job-stop", "job-correct", "seal", "package-close", "withdraw", "read")
    names = {*commands, "reject-confirm", "count"}
    assert topics == told | {f"command/{name}" for name in names} | {f"reply/{name}" for name in names}
    assert list(registry.from_source(Source.MQTT)) == [*commands, "reject-confirm", "count"]
    retained = {n for n in told if made["operations"][f"tell-{n}"]["bindings"]["mqtt"]["retain"]}
    assert retained == {"availability", "permit", "status"}
    assert made["operations"]["tell-verdict"]["bindings"]["mqtt"]["qos"] == 0
