"""Questions about devices: what each does to codes, which of its settings is to blame, and captures of its bytes
(docs/contract.md, HTTP).
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from lined import __version__
from lined.api.answers import answer
from lined.api.described import answering, refusing
from lined.api.document import job
from lined.api.gate import CALLER
from lined.api.ports import DeviceSeen, PlantView
from lined.api.schemas import CapturedPart, DeviceFinding, ExaminedDevice, Page, SeenSign
from lined.commands.registry.caller import Caller
from lined.journal.tables import jobs
from lined.line.intake.capture import SECONDS_MAX
from lined.line.watch.scanners import Finding, Scanner, Seen
from lined.vocabulary.errors import Forbidden, NotFound, NotKnown
from lined.vocabulary.people import PersonRole
from lined.vocabulary.times import moment


def device_routes(view: PlantView) -> APIRouter:
    """`GET /api/v1/devices`."""
    router = APIRouter(prefix="/api/v1/devices", tags=["devices"])

    @router.get("", responses=answering(Page[ExaminedDevice]))
    async def list_devices() -> Response:
        """What each device does to codes, counted since the start of the program."""
        return answer({"items": examined(view), "next": None})

    @router.get("/{device_id}/capture", responses={**refusing(), **answering(CapturedPart)})
    async def capture(
        request: Request,
        device_id: str,
        begin: Annotated[
            float | None, Query(ge=1, le=SECONDS_MAX, description="Begin one of so many seconds at the most.")
        ] = None,
        end: Annotated[bool, Query(description="It is enough.")] = False,
    ) -> Response:
        """What a device and lined send each other, with the times: part by part, ends by itself. An engineer's."""
        caller = _let_in(request.scope.get(CALLER))
        if device_id not in view.devices:
            raise NotFound("unknown-device", f"There is no device {device_id!r}.")
        if begin is not None:
            running = await view.journal.read(jobs.running)
            head = {
                "lined": __version__,
                "line": view.line_id,
                "station": view.stations.get(device_id),
                "at": moment(view.wall_ms()),
                "job": None if running is None else job(running),
            }
            view.captures.begin(view, device_id, begin, head, caller)
        return answer(view.captures.take(view, device_id, enough=end))

    return router


def _let_in(caller: Caller | None) -> Caller:
    """A capture holds check parts: also from this computer it is not for everybody."""
    if caller is None:
        raise NotKnown("token-required", "Codes with their check parts need Authorization: Bearer with the token.")
    if not caller.role.may(PersonRole.ENGINEER):
        raise Forbidden("role-required", "Codes with their check parts are for an engineer.")
    return caller


def examined(view: PlantView) -> list[ExaminedDevice]:
    """Every device, in the configuration's order."""
    return [_examined(device_id, view, seen) for device_id, seen in view.devices.items()]


def _examined(device_id: str, view: PlantView, seen: DeviceSeen) -> ExaminedDevice:
    scanners = view.intake.scanners
    scanner: Scanner = scanners[device_id]
    return {
        "id": device_id,
        "station": view.stations.get(device_id),
        "since": moment(scanners.since_ms),
        "reads": scanner.reads,
        "no_reads": scanner.no_reads,
        "no_read_share": round(scanner.no_reads / scanner.reads, 4) if scanner.reads else None,
        "missed": view.intake.parsing.triggers.missed.get(device_id, 0),
        "silent": seen.silent,
        "retransmissions": seen.retransmissions,
        "garbled": seen.garbled,
        "dropped_bytes": seen.dropped_bytes,
        "reconnects": seen.reconnects,
        "heartbeats": seen.heartbeats,
        "last_heartbeat_at": _seconds(seen.last_heartbeat_at),
        "last_read_at": _seconds(seen.last_read_at),
        "signs": [_sign(one) for one in scanner.signs()],
        "findings": [_finding(one) for one in scanner.findings()],
    }


def _sign(one: Seen) -> SeenSign:
    return {
        "sign": one.sign,
        "detail": one.detail,
        "n": one.n,
        "first_at": moment(one.first_ms),
        "last_at": moment(one.last_ms),
    }


def _finding(one: Finding) -> DeviceFinding:
    return {"symptom": one.symptom, "text": one.text, "setting": one.setting, "since": moment(one.since_ms)}


def _seconds(at_s: float | None) -> str | None:
    return None if at_s is None else moment(at_s * 1000)
