"""Answers of routes as the OpenAPI document has them: references to shapes, which cost a running line nothing.

The framework would make a validator of every shape at every route; nobody needs one, for what is answered is made here.
`lined.web.openapi` puts the shapes into the document.
"""

from __future__ import annotations

from typing import Any, get_args, get_origin

from pydantic import BaseModel

Responses = dict[int | str, dict[str, Any]]

SHAPES: dict[str, Any] = {}
"""By their names in the document. Filled by `answering` when routes are made."""


class Detail(BaseModel):
    path: str
    message: str


class Error(BaseModel):
    code: str
    message: str
    details: list[Detail]


class Refusal(BaseModel):
    """Every answer but 2xx."""

    error: Error


REFUSALS = {
    400: "Not JSON",
    401: "Nobody has signed in, or the token is missing or wrong",
    403: "A Host that is not ours, a foreign Origin, or a role that may not",
    404: "Not known here",
    409: "Wrong state",
    415: "Not application/json",
    422: "Wrong values; details name each",
    503: "The journal cannot commit",
}
OF_QUESTIONS = (401, 403, 404, 422, 503)
OF_HEALTH = (401, 403, 503)


def answering(shape: Any, description: str = "As asked") -> Responses:
    """A route answers with this shape: a TypedDict, a model, or a Page of one."""
    return {200: _response(shape, description)}


def refusing(statuses: tuple[int, ...] = tuple(REFUSALS)) -> Responses:
    """Routes refuse with these statuses."""
    return {status: _response(Refusal, REFUSALS[status]) for status in statuses}


def shape_in(responses: Responses) -> Any:
    """The shape that `answering` was given; None where a route answers something else than JSON."""
    content = responses.get(200, {}).get("content", {}).get("application/json")
    return None if content is None else SHAPES[content["schema"]["$ref"].rpartition("/")[2]]


def _response(shape: Any, description: str) -> dict[str, Any]:
    name = _name(shape)
    assert SHAPES.setdefault(name, shape) == shape, f"two shapes are called {name}"
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
    return {"description": description, "content": content}


def _name(shape: Any) -> str:
    """`PageOfReport` of Page[Report]."""
    inner = [_name(one) for one in get_args(shape)]
    return "Of".join([(get_origin(shape) or shape).__name__, *inner])
