"""The configuration: one TOML file a line, checked as a whole before anything is touched.

`load(path)` gives a frozen `Config` or raises `SettingsError` with every problem at once, each with its
path as people write it (`device[1].url`). Nothing is opened but the file itself and the secrets it names, nothing is
written, nobody is connected to.
"""

from lined.config.load import from_tables, load
from lined.config.models import (
    Config,
    Device,
    Journal,
    Line,
    Mqtt,
    Notify,
    Package,
    Printer,
    Product,
    Regulator,
    Reply,
    Report,
    Reports,
    Sscc,
    Station,
    Status,
)
from lined.config.secret import Secret

__all__ = [
    "Config",
    "Device",
    "Journal",
    "Line",
    "Mqtt",
    "Notify",
    "Package",
    "Printer",
    "Product",
    "Regulator",
    "Reply",
    "Report",
    "Reports",
    "Secret",
    "Sscc",
    "Station",
    "Status",
    "from_tables",
    "load",
]
