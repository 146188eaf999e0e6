"""The table of methods against the regulator's text: every method of it, every printed sample, every dictionary."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import TypeAdapter

from lined.regulator.account import Account
from lined.regulator.asked import asked, field_names, place_of
from lined.regulator.methods import CALLS, Body
from lined.regulator.models.base import ENVELOPE, Dictionary, Part, marked, unknown_of
from lined.regulator.profile import BY_ID, BY_TIN, Dictionaries, Limits, Methods
from tests.profiles import PROFILE
from tests.unit.papers.pages import names, table

TEXT = Path(__file__).with_name("text")
PRINTED = [tuple(line.split("\t")) for line in (TEXT / "methods.tsv").read_text("utf-8").splitlines()]
"""Section, verb and path of every heading (API 1.21.1 §2 to §12) that has an address, as it is printed."""
SAMPLES = [json.loads(line) for line in (TEXT / "samples.jsonl").read_text("utf-8").splitlines()]
"""Every printed body that is whole, or that could be mended without guessing (a comma, a quote, a backslash, a page
break). Four of the newer text are left out, whose base64 does not decode.
"""
# How an address is printed, where that is not how it is meant (docs/regulator.md, Slips in the texts).
MEANT = {
    "/parties/tin/": "/parties/{tin}/", "/product/id": "/product/{id}", "/file/id": "/file/{id}",
    "/docs/documentId/": "/docs/{id}/", "{documentId}": "{id}", "{reportId}": "{id}",
}  # fmt: skip
ACCOUNT = Account("https://regulator.test", "307797292", 27, PROFILE, api_key=lambda: "none")
BY_SECTION = {call.section: name for name, call in CALLS.items()}


def meant(path: str) -> str:
    if path == "/codes/packs":  # its sample has it
        return "/api/codes/packs"
    for printed, ours in MEANT.items():
        path = path.replace(printed, ours)
    return path


def test_every_method_of_the_text_is_in_the_table_and_no_other() -> None:
    ours = [(call.section, PROFILE.methods[name].verb, PROFILE.methods[name].path) for name, call in CALLS.items()]
    assert sorted(ours) == sorted((section, verb, meant(path)) for section, verb, path in PRINTED)
    assert len(PRINTED) == 39


def test_the_profile_has_the_methods_of_the_table() -> None:
    assert list(Methods.model_fields) == list(CALLS)


@pytest.mark.parametrize("name", CALLS)
def test_what_stands_in_a_path_is_asked_for(name: str) -> None:
    places = PROFILE.methods[name].places
    fields = field_names(CALLS[name])
    assert all(fields[place].is_required() for place in places)
    assert places == ({"id"} if name in BY_ID else {"tin"} if name in BY_TIN or name.startswith("key_") else set())


@pytest.mark.parametrize("name", CALLS)
def test_an_entry_fits_its_verb_its_models_and_the_limits(name: str) -> None:
    call, rule = CALLS[name], PROFILE.methods[name]
    assert rule.verb == "POST" or call.body is Body.NONE
    assert call.most.keys() <= {place for place, _ in places(call.request)} and set(call.most.values()) <= limits()
    if call.paging is not None:
        assert {call.paging.cursor, "limit"} <= field_names(call).keys() and call.paging.limit in limits()
        row = row_of(call.answer, call.paging.rows)
        assert not call.paging.key or call.paging.key in {info.alias for info in row.model_fields.values()}
    for model in (call.request, *(model for model in parts(call.answer))):
        assert "API 1." in (model.__doc__ or ""), f"{model.__name__} cites no section"


def limits() -> set[str]:
    return set(Limits.model_fields)


def places(model: type[Part], before: str = "") -> Iterator[tuple[str, type[Part] | None]]:
    for name, info in model.model_fields.items():
        part = marked(info, type(Part))
        yield f"{before}{info.alias or name}", part
        if part is not None:
            yield from places(part, f"{before}{info.alias or name}.")


def parts(annotation: Any) -> Iterator[type[Part]]:
    """The models that an annotation names at its top."""
    if isinstance(annotation, type) and issubclass(annotation, Part):
        yield annotation
    for inner in get_args(annotation):
        yield from parts(inner)


def row_of(annotation: Any, rows: str) -> type[Part]:
    (model,) = parts(annotation)
    return model if not rows else next(part for place, part in places(model) if place == rows and part is not None)


def test_every_dictionary_has_a_field_and_every_field_a_dictionary() -> None:
    named = {
        found.name
        for call in CALLS.values()
        for top in (call.request, *parts(call.answer))
        for model in {top, *(part for _, part in places(top) if part is not None)}
        for info in model.model_fields.values()
        if (found := marked(info, Dictionary)) is not None
    }
    named |= {"list_status"}  # the whole answer of 8.2
    assert named == set(Dictionaries.model_fields) | {"product_group", "product_group_id", "country", "release_type"}
    assert all(PROFILE.words(name) for name in named)


# ── printed samples ─────────────────────────────────────────────────────────────────────────────────────────────────
def of_kind(kind: str) -> list[Any]:
    return [
        pytest.param(one, id=f"{one['section']}-{one['text']}-{number}")
        for number, one in enumerate(SAMPLES)
        if one["kind"] == kind
    ]


def adapter_of(name: str) -> TypeAdapter[Any]:
    answer = CALLS[name].answer
    return TypeAdapter(answer)


@pytest.mark.parametrize("sample", of_kind("answer"))
def test_a_printed_answer_is_read_and_written_as_it_was(sample: dict[str, Any]) -> None:
    adapter = adapter_of(BY_SECTION[sample["section"]])
    found = adapter.validate_python(sample["value"])
    assert adapter.dump_python(found, mode="json", by_alias=True, exclude_unset=True) == sample["value"]
    read = found if isinstance(found, tuple) else (found,)
    assert [place for part in read if isinstance(part, Part) for place in unknown_of(part)] == []


@pytest.mark.parametrize("sample", of_kind("request"))
def test_a_printed_request_is_what_we_would_send(sample: dict[str, Any]) -> None:
    name = BY_SECTION[sample["section"]]
    call, given = CALLS[name], sample["value"]
    body = given
    if call.body is Body.ENVELOPE:
        body = json.loads(base64.b64decode("".join(given["documentBody"].split())))
        given = {**body, **{key: value for key, value in given.items() if place_of(call, key) == ENVELOPE}}
        given = {"signature": "none"} | given if field_names(call)["signature"].is_required() else given
    if call.body is Body.BARE:
        given = {"codes": given}
    if name == "utilisation":  # it stands in the query
        given = {"productGroup": "vegetableoil"} | given
    wanted = asked(name, given, ACCOUNT)
    sent = json.loads(wanted.request.body or b"null")
    if call.body is Body.ENVELOPE:
        sent = json.loads(base64.b64decode(sent["documentBody"]))
    assert sent == body


def test_every_method_that_answers_json_has_a_printed_answer() -> None:
    """But for those of which the texts print none that is whole."""
    printed = {(one["section"], one["kind"]) for one in SAMPLES}
    assert {call.section for call in CALLS.values() if call.answer is not None} == {
        section for section, kind in printed if kind == "answer"
    }


def test_an_unknown_member_is_kept_and_bounded() -> None:
    call = CALLS["order_packs"]
    value = {
        "orderId": "1",
        "gtin": "2",
        "packs": [{"packId": "3", "packDateTime": "", "quantity": 1, "new": "\ud800"}],
    }
    found = TypeAdapter(call.answer).validate_python(value)
    assert list(unknown_of(found)) == ["packs[0].new"]
    assert found.packs[0].model_extra == {"new": "�"}


def test_a_credential_is_in_no_representation() -> None:
    tokens = CALLS["authenticate"].answer(
        access_token="s3cret-a", access_token_type="BEARER", access_token_expires_in=1, refresh_token="s3cret-b"
    )
    assert "s3cret" not in repr(tokens) + str(tokens) and "BEARER" in repr(tokens)


def test_the_page_tells_of_every_method_what_it_is_used_for() -> None:
    rows = table("docs/regulator.md", "Methods")
    told = [pair for row in rows for pair in zip(names(row[0]), row[1].split(", "), strict=True)]
    assert told == [(name, call.section) for name, call in sorted_like_the_page()]


def sorted_like_the_page() -> list[tuple[str, Any]]:
    """Methods by section."""
    return sorted(CALLS.items(), key=lambda one: [int(step) for step in one[1].section.split(".")])


def test_a_daemon_starts_without_the_models() -> None:
    """They take a tenth of a second, and only people ask for them."""
    code = "import lined.service, sys; sys.exit('lined.regulator.models' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
