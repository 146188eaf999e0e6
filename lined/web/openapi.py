"""The OpenAPI document of the endpoint, made from its routes; the file beside this one is what is served.

    python -m lined.web.openapi > lined/web/openapi.json

A test compares the file with what this makes; others check every answer against its shape. It describes every path that
a line can have: without a journal to keep, or with another kind of credentials, some are not there.
"""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace
from typing import Any, cast

from fastapi import FastAPI
from pydantic import TypeAdapter

from lined.api.described import SHAPES
from lined.commands.registry import registry
from lined.commands.registry.command import Source
from lined.web.app import include_described, new_app

REFERENCE = "#/components/schemas/{model}"


def document() -> dict[str, Any]:
    """The document, ready for JSON."""
    app = new_app()
    there: Any = object()
    view = SimpleNamespace(commands=None, permit=there, keeping=there, sign_in=there)
    include_described(app, cast("Any", view), there, registry.from_source(Source.HTTP).values())
    return _with_shapes(app)


def _with_shapes(app: FastAPI) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(app.openapi()))
    schemas = found["components"]["schemas"]
    for name, shape in SHAPES.items():
        schema = TypeAdapter(shape).json_schema(ref_template=REFERENCE, mode="serialization")
        for inner, described in schema.pop("$defs", {}).items():
            _put(schemas, inner, described)
        _put(schemas, name, schema)
    found["components"]["schemas"] = dict(sorted(schemas.items()))
    return found


def _put(schemas: dict[str, Any], name: str, described: dict[str, Any]) -> None:
    described = {**described, "title": name}
    assert schemas.setdefault(name, described) == described, f"two shapes are called {name}"


def text() -> str:
    """The document as the file holds it."""
    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
