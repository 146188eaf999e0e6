"""The daemon: wiring of all rooms, order of starting and stopping. `daemon` is the whole; `outward` is delivery and endpoint."""

from lined.service.daemon import Service

__all__ = ["Service"]
