"""The command about the regulator: have the API key replaced."""

from __future__ import annotations

from typing import Any

from lined.commands.registry.command import SHELL, Answer, Body, command
from lined.commands.registry.execution import Call


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
