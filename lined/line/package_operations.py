"""What may be asked about packages and ejected items from outside; the half of LineOperations that packing adds."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Protocol

from lined import codes
from lined.journal.database import Connection
from lined.journal.tables import grades, packages, tasks
from lined.journal.tables.commands import Command
from lined.line import package_commands
from lined.line.commands import Action
from lined.line.ending_tasks import end_group, end_one
from lined.line.intake.intake import LineIntake
from lined.line.plant import Plant, Station
from lined.line.state import LineState
from lined.line.stations import rework
from lined.line.stations.read import Read
from lined.line.watch.confirming import Confirming
from lined.vocabulary.codes import CodeState
from lined.vocabulary.errors import Invalid, NotFound, Problem
from lined.vocabulary.line import Role


class _Orders(Protocol):
    """The part of LineOperations that this half uses."""

    _plant: Plant
    _intake: LineIntake
    confirming: Confirming

    def identification(self, text: str) -> str: ...

    async def _order(
        self, name: str, body: Mapping[str, Any], command_id: str, by: str, action: Action
    ) -> dict[str, Any]: ...


class PackageOperations:
    """Each call as in LineOperations: `command_id` and `by`, durable when answered, CommandError or JournalError."""

    async def close_package(
        self: _Orders, body: Mapping[str, Any], *, command_id: str = "", by: str = ""
    ) -> dict[str, Any]:
        """`station`, `parent`: see package_commands.close."""
        _texts(body)
        at = _at(self, station_of(self._plant, body.get("station")))
        parent = body.get("parent")
        code = _parsed(str(parent), "parent") if parent else None
        action = package_commands.close(self._intake.judging, at, code)
        return await self._order("package-close", body, command_id, by, action)

    async def dissolve_package(
        self: _Orders, body: Mapping[str, Any], *, command_id: str = "", by: str = ""
    ) -> dict[str, Any]:
        """`parent`, or `station` for its open package."""
        _texts(body)
        action = partial(_dissolve, _ident(self, body, "parent"), str(body.get("station") or ""), by)
        return await self._order("package-dissolve", body, command_id, by, action)

    async def take_out(self: _Orders, body: Mapping[str, Any], *, command_id: str = "", by: str = "") -> dict[str, Any]:
        """`code`: leaves its package."""
        _texts(body)
        ident = _ident(self, body, "code")

        def action(connection: Connection, state: LineState, at_ms: int) -> dict[str, Any]:
            return dict(rework.take_out(connection, state, ident, by, at_ms))

        return await self._order("package-take-out", body, command_id, by, action)

    async def replace_child(
        self: _Orders, body: Mapping[str, Any], *, command_id: str = "", by: str = ""
    ) -> dict[str, Any]:
        """`code` leaves its package, `with` takes its place."""
        _texts(body)
        action = partial(_replace, _ident(self, body, "code"), _ident(self, body, "with"), by)
        return await self._order("package-replace", body, command_id, by, action)

    async def reject_confirm(
        self: _Orders, body: Mapping[str, Any], *, command_id: str = "", by: str = ""
    ) -> dict[str, Any]:
        """`session`, `seq` of a verdict: its item is in the reject bin."""
        seq = body.get("seq")
        if isinstance(seq, bool) or not isinstance(seq, int) or not isinstance(body.get("session"), str):
            raise Invalid("wrong-values", "session and seq of a verdict.", [Problem("seq", "a whole number")])
        action = self.confirming.confirm(str(body["session"]), seq, by)
        return await self._order("reject-confirm", body, command_id, by, action)

    async def end_task(self: _Orders, body: Mapping[str, Any], *, command_id: str = "", by: str = "") -> dict[str, Any]:
        """`task`, or `report` for all that it put before people, with `reason` for what of it has that reason; `note`:
        somebody has dealt with it.
        """
        _texts(body)
        if (body.get("task") is None) == (body.get("report") is None):
            raise Invalid("wrong-values", "Give task or report.", [Problem("task", "either this or report")])
        if body.get("task") is not None:
            return await self._order("task-done", body, command_id, by, end_one(body, by))

        async def step(action: Action) -> dict[str, Any]:
            return await self._order("task-done", {}, "", by, action)

        last = await end_group(body, Command(command_id, by, "task-done", dict(body), 0), step)
        return await self._order("task-done", body, command_id, by, last)


def ending_job(operations: _Orders, choice: object, action: Action) -> Action:
    """An action that ends the running job, with its open packages kept, closed or dissolved first."""
    stations = [station for station in operations._plant.stations.values() if station.role == Role.PACK]  # noqa: SLF001
    at_stations = {station.id: _at(operations, station) for station in stations}
    wanted = package_commands.KEEP if choice is None else str(choice)
    return package_commands.at_job_end(operations._intake.judging, at_stations, wanted, action)  # noqa: SLF001


def withdrawing(ident: str, by: str, action: Action) -> Action:
    """An action that withdraws a code; what is withdrawn lies in no package and in no validation report."""

    def withdraw(connection: Connection, state: LineState, at_ms: int) -> dict[str, Any]:
        answer = action(connection, state, at_ms)
        grades.take_out(connection, ident)
        packed = packages.packed_code(connection, ident)
        if packed is not None and packed.package_id is not None:
            rework.take_out(connection, state, ident, by, at_ms)
        rework.without_its_code(connection, state, ident, by, at_ms)
        tasks.end_of_code(connection, ident, at_ms, by, CodeState.WITHDRAWN)
        return answer

    return withdraw


def station_of(plant: Plant, name: object) -> Station:
    """A station by its id. Raises CommandError 404."""
    station = plant.stations.get(str(name))
    if station is None:
        known = ", ".join(plant.stations)
        raise NotFound("unknown-station", f"There is no station {name!r} (there are {known}).")
    return station


def _texts(body: Mapping[str, Any]) -> None:
    """Nothing of a command may stop the thread that writes: every text can be stored. Raises CommandError 422."""
    halves = [key for key, value in body.items() if isinstance(value, str) and not value.isascii() and _is_half(value)]
    if halves:
        problems = [Problem(key, "holds half a character (a lone surrogate)") for key in halves]
        raise Invalid("wrong-values", f"{halves[0]}: {problems[0].message}", problems)


def _is_half(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def _at(operations: _Orders, station: Station) -> Read:
    return operations._intake.command_at(station)  # noqa: SLF001


def _parsed(text: str, path: str) -> codes.MarkingCode:
    try:
        return codes.typed(text)
    except codes.Malformed as fault:
        raise Invalid("malformed", f"{text!r} is no code: {fault}", [Problem(path, str(fault))]) from None


def _ident(operations: _Orders, body: Mapping[str, Any], key: str) -> str:
    text = str(body.get(key) or "")
    return operations.identification(text) if text else ""


def _dissolve(
    ident: str, station: str, by: str, connection: Connection, state: LineState, at_ms: int
) -> dict[str, Any]:
    package = packages.by_ident(connection, ident) if ident else packages.open_at(connection, station)
    if package is None:
        raise NotFound(
            "unknown-package",
            f"There is no package {codes.masked(ident) or f'open at {station!r}'}.",
        )
    return dict(rework.dissolve(connection, state, package, by, at_ms))


def _replace(old: str, new: str, by: str, connection: Connection, state: LineState, at_ms: int) -> dict[str, Any]:
    if not old or not new:
        raise Invalid("wrong-values", "code and with are required.", [Problem("with", "is required")])
    child = rework.child_of_code(connection, new)
    return dict(rework.replace(connection, state, old, child, by, at_ms))
