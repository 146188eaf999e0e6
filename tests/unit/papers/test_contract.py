"""docs/contract.md says what the code has: every name of it that can be enumerated, no more and no fewer."""

from __future__ import annotations

import ast
import itertools
import json
import re
import tomllib
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo

import drivers
from drivers.parts.generic_options import OPTIONS
from lined.api import answers
from lined.cli import exits
from lined.cli.app import build
from lined.config.models import Config
from lined.mqtt import asyncapi
from lined.mqtt.spec import TOPICS
from lined.vocabulary import errors
from lined.vocabulary.alarms import AlarmKind
from lined.vocabulary.reports import TRANSITIONS, ReportKind
from lined.vocabulary.tasks import TaskKind
from lined.vocabulary.verdicts import Reason
from tests.unit.papers import journal
from tests.unit.papers.pages import REPOSITORY, column, names, table

CONTRACT = "docs/contract.md"


# ── configuration ───────────────────────────────────────────────────────────────────────────────────────────────────
def test_every_setting_stands_there_with_its_default() -> None:
    said = {names(row[0])[0]: row[1] for row in table(CONTRACT, "Configuration")}
    fields = dict(settings(Config, ""))
    assert said.keys() == fields.keys()
    for path, field in fields.items():
        if not field.is_required() and field.default not in (None, ()) and "`" in said[path]:
            assert tomllib.loads(f"x = {names(said[path])[0]}")["x"] == shown(field.default), path
        if path not in {"product.package.gtin", "station.level"}:
            assert field.is_required() == (said[path] == "required"), path


def settings(model: type[BaseModel], path: str) -> Iterator[tuple[str, FieldInfo]]:
    """Keys of the file, dotted, without the numbers of tables. The reports that may be left out are one row each."""
    for name, field in model.model_fields.items():
        here = f"{path}{field.alias or name}"
        inner = inner_model(field.annotation)
        if inner is None or here in {"report.validation", "report.aggregation"}:
            yield here, field
        else:
            yield from settings(inner, f"{here}.")


def inner_model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if typing.get_origin(annotation) in {tuple, list, typing.Union, types.UnionType}:
        return next((found for part in typing.get_args(annotation) if (found := inner_model(part)) is not None), None)
    return None


def shown(default: object) -> object:
    return list(default) if isinstance(default, tuple) else default


def test_the_options_of_the_generic_driver_stand_there_with_their_defaults() -> None:
    options = {option.name: option for option in OPTIONS}
    assert sorted(column(CONTRACT, "Configuration", 1)) == sorted(options)
    for row in table(CONTRACT, "Configuration", 1):
        for name, said in itertools.product(names(row[0]), names(row[1])):
            default = options[name].default
            assert tomllib.loads(f"x = {said}")["x"] == (list(default) if isinstance(default, tuple) else default), name


def test_the_options_of_the_families_stand_there() -> None:
    generic = {option.name for option in OPTIONS}
    of_families = {
        (name, option.name)
        for name in drivers.driver_names()
        for option in drivers.load(name).OPTIONS
        if option.name not in generic
    }
    rows = table(CONTRACT, "Configuration", 2)
    assert {(names(row[0])[0], option) for row in rows for option in names(row[1])} == of_families


# ── the command line ────────────────────────────────────────────────────────────────────────────────────────────────
def test_every_command_of_the_shell_stands_there() -> None:
    said = {" ".join(name.split()[1:]) for name in column(CONTRACT, "Command line")}
    assert {re.sub(r" \[.*", "", name) for name in said} == set(commands(typer.main.get_command(build()), ""))


def commands(command: Any, path: str) -> Iterator[str]:
    """Of a group those in it, else the command itself."""
    inside: dict[str, Any] | None = getattr(command, "commands", None)
    if inside is None:
        yield path
        return
    for name, inner in inside.items():
        yield from commands(inner, f"{path} {name}".strip())


def test_every_exit_code_stands_there() -> None:
    said = [int(row[0]) for row in table(CONTRACT, "Exit codes")]
    assert said == sorted(value for name, value in vars(exits).items() if name.isupper() and isinstance(value, int))


# ── MQTT ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_every_topic_stands_there_as_it_is_published() -> None:
    rows = {names(row[0])[0]: row for row in table(CONTRACT, "MQTT")}
    assert list(rows) == list(TOPICS)
    for name, told in asyncapi.PUBLISHED.items():
        _, direction, qos, retained, what = rows[name]
        assert (direction, int(qos), retained == "yes") == ("out", told.qos, told.retain), name
        fields = re.search(r"`\{(.+?)\}`", what)
        if fields is not None:
            assert re.findall(r'"(\w+)"', fields[1]) == list(told.message.model_fields), name


def test_every_command_of_the_plc_stands_there() -> None:
    channels = json.loads((REPOSITORY / "lined/mqtt/asyncapi.json").read_text("utf-8"))["channels"]
    known = [name.removeprefix("command-") for name in channels if name.startswith("command-")]
    assert column(CONTRACT, "MQTT", 1) == known


# ── words ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_reasons_stand_there_in_the_order_in_which_they_are_found() -> None:
    assert column(CONTRACT, "Verdicts") == list(Reason)


def test_states_of_a_report_and_their_edges_stand_there() -> None:
    said = [(names(row[0])[0], names(row[1])[0]) for row in table(CONTRACT, "Reports")]
    assert set(said) == {(before, after) for before, edges in TRANSITIONS.items() for after in edges}
    assert len(said) == len(set(said))


def test_kinds_of_reports_stand_there() -> None:
    text = (REPOSITORY / CONTRACT).read_text("utf-8")
    kinds = re.search(r"^Kinds: (.+)\.$", text, re.MULTILINE)
    assert kinds is not None
    assert names(kinds[1]) == list(ReportKind)


def test_alarms_stand_there_with_their_severity() -> None:
    said = {names(row[0])[0]: names(row[1])[0] for row in table(CONTRACT, "Alarms")}
    assert said == {kind: kind.severity for kind in AlarmKind}
    happened = re.search(r"^An alarm of (.+?) ends when", (REPOSITORY / CONTRACT).read_text("utf-8"), re.MULTILINE)
    assert happened is not None
    assert set(names(happened[1])) == {kind for kind in AlarmKind if kind.happened}


def test_tasks_stand_there() -> None:
    assert column(CONTRACT, "Tasks") == list(TaskKind)


# ── errors ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_every_code_of_an_error_stands_there() -> None:
    said = {name for row in table(CONTRACT, "Errors") for name in names(row[1])}
    given = {code for path in sorted((REPOSITORY / "lined").rglob("*.py")) for code in codes_in(path)}
    assert given | set(answers._WORDS.values()) | {errors.DEFECT} == said


REFUSING = {"CommandError", "Refusal", "refusal"} | {kind.__name__ for kind in errors.CommandError.__subclasses__()}


def codes_in(path: Path) -> Iterator[str]:
    """The first text that each refusal in a file is given; what only the shell says is no answer of the endpoint."""
    if {"sandbox", "cli"} & set(path.relative_to(REPOSITORY).parts):
        return
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if called in REFUSING:
            texts = [one.value for one in node.args[:2] if isinstance(one, ast.Constant) and isinstance(one.value, str)]
            yield from (text for text in texts[:1] if re.fullmatch(r"[a-z-]+", text))


# ── the journal ─────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_tables_of_the_journal_are_those_of_the_page() -> None:
    """After a migration: `python -m tests.unit.papers.journal > docs/journal.sql`."""
    assert (REPOSITORY / "docs/journal.sql").read_text("utf-8") == journal.text()
