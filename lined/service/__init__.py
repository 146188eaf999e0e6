"""The daemon: wiring of all rooms, order of starting and stopping.

`daemon` is the whole, `outward` delivery and endpoint, `assembly` what each room learns of the configuration.
"""

from lined.service.daemon import Service

__all__ = ["Service"]
