"""Commands about the regulator: have the API key replaced, look a code up there."""

from __future__ import annotations

from typing import Any

from lined.commands.registry.command import PAGE, SHELL, Answer, Body, command
from lined.commands.registry.execution import Call
from lined.commands.registry.fields import Code
from lined.vocabulary.errors import (
    CallError,
    Conflict,
    Denied,
    Invalid,
    LookupFailed,
    NotFound,
    NotNow,
    NotSent,
    Refused,
    clause,
)
from lined.vocabulary.people import PersonRole


class RenewedKey(Answer):
    key_id: str | None
    expires_at: str | None


@command(
    "key-renew",
    Body,
    RenewedKey,
    "Replace the API key; the old one is dead at once, for every program that has it.",
    path="regulator/renew-key",
    tag="regulator",
    sources=SHELL,
    is_there=lambda context: context.renew_key is not None,
)
async def renew(call: Call, body: Body) -> dict[str, Any]:
    """What is between question and file is not cut short: see the operation."""
    assert call.context.renew_key is not None
    return await call.context.renew_key(body.given(), command_id=call.id, by=call.by)


class CodeAsk(Body):
    """`code`: with or without its check part, which is not sent."""

    code: Code


class CodeEventThere(Answer):
    """One thing that happened to a code, in the regulator's words. `document`: what caused it."""

    at: str
    what: str
    status: str | None
    document: str | None
    document_type: str | None


class CodeThere(Answer):
    """What the regulator says of a code, in its own words. `ours`: told in full; else only what everybody may know."""

    code: str
    ours: bool
    status: str
    extended_status: str | None
    level: str | None
    gtin: str | None
    issued_to: str | None
    owner: str | None
    produced_at: str | None
    expires_at: str | None
    series: str | None
    country: str | None
    lies_in: str | None
    holds: int | None
    events: list[CodeEventThere]


@command(
    "code-ask",
    CodeAsk,
    CodeThere,
    "Look a code up at the regulator. Nothing is changed, so it may be asked again.",
    path="codes/ask",
    tag="regulator",
    sources=PAGE,
    role=PersonRole.OPERATOR,
    audited=False,
    is_there=lambda context: context.look_up is not None,
)
async def ask(call: Call, body: CodeAsk) -> dict[str, Any]:
    """A request of the account's, or two; what holds it back is told."""
    assert call.context.look_up is not None
    ident = call.context.line.identification(body.code)
    try:
        seen = await call.context.look_up(ident)
    except CallError as error:
        raise Invalid("malformed", str(error)) from error
    except Denied as error:
        raise Conflict("not-allowed", f"Not asked: {error}") from error
    except Refused as error:
        raise Conflict("refused", f"The regulator refuses the question: {error}") from error
    except (LookupFailed, NotSent) as error:
        raise NotNow("not-answered", f"The regulator does not answer: {clause(error)}.") from error
    if seen is None:
        raise NotFound("unknown-there", f"{ident} is not known to the regulator.")
    return {**seen._asdict(), "events": [one._asdict() for one in seen.events]}
