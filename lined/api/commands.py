"""Commands over HTTP: `POST`, a token, JSON; one route for each command of the registry that may come this way."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterable
from typing import Any

import structlog
from fastapi import APIRouter, Request, Response, Security
from fastapi.security import HTTPBearer

from lined.api.answers import answer, in_language
from lined.api.described import answering
from lined.api.gate import CALLER
from lined.commands.registry.caller import Caller
from lined.commands.registry.command import Body, Command
from lined.commands.registry.execution import Commands
from lined.vocabulary.errors import CommandError

log = structlog.get_logger()

COMMAND_S = 30.0  # for the commit; later the disk has a problem that /status names


def routes(commands: Commands, those: Iterable[Command]) -> APIRouter:
    """The POSTs of `those`. The gate has judged the token; here it only stands in the OpenAPI document."""
    router = APIRouter(dependencies=[Security(HTTPBearer(auto_error=False))])
    for command in those:
        router.add_api_route(
            command.route,
            _endpoint(commands, command),
            methods=["POST"],
            name=command.handler.__name__,
            tags=[command.tag],
            description=command.summary,
            responses=answering(command.answer, "Done, and durable"),
        )
    return router


def _endpoint(commands: Commands, command: Command) -> Any:
    """A function as the framework reads one: the body's model and, where there is one, the id in the path."""

    async def endpoint(**parameters: Any) -> Response:
        body: Body = parameters["body"]
        subject = parameters[command.subject.parameter] if command.subject else ""
        request: Request = parameters["request"]
        found = await carried_out(commands, command, body, subject, request.scope[CALLER])
        return answer(await in_language(found, request.query_params.get("lang"), commands.context.reports.timezone))

    fields: dict[str, Any] = {"request": Request, "body": command.body}
    fields |= {command.subject.parameter: str} if command.subject else {}
    endpoint.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=kind) for name, kind in fields.items()],
        return_annotation=Response,
    )
    return endpoint


async def carried_out(commands: Commands, command: Command, body: Body, subject: str, caller: Caller) -> dict[str, Any]:
    """The command's answer, durable. Raises CommandError, JournalError, TimeoutError."""
    by = caller.name(body.by)
    try:
        async with asyncio.timeout(COMMAND_S):
            found = await commands.execute(command, body, subject=subject, caller=caller)
    except CommandError as refused:
        log.info("command_refused", command=command.name, by=by, error=refused.code)
        raise
    log.info("command_done", command=command.name, by=by)
    return found
