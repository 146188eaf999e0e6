"""Questions about devices: what each does to codes, and which of its settings is to blame (docs/contract.md, HTTP)."""

from __future__ import annotations

from fastapi import APIRouter, Response

from lined.api.answers import answer
from lined.api.described import answering
from lined.api.ports import DeviceSeen, PlantView
from lined.api.schemas import DeviceFinding, ExaminedDevice, Page, SeenSign
from lined.line.watch.scanners import Finding, Scanner, Seen
from lined.vocabulary.times import moment


def device_routes(view: PlantView) -> APIRouter:
    """`GET /api/v1/devices`."""
    router = APIRouter(prefix="/api/v1/devices", tags=["devices"])

    @router.get("", responses=answering(Page[ExaminedDevice]))
    async def list_devices() -> Response:
        """What each device does to codes, counted since the start of the program."""
        return answer({"items": examined(view), "next": None})

    return router


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
