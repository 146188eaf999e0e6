"""The regulator in simulation, and devices: shipped, for commissioning a line and for tests.

The sandbox answers as the regulator's text says and is strict where the regulator is: authentication, shapes, product
groups, statuses and owners of codes, limits. It reads the text for itself: nothing of lined's own client, profile or
reports is used here, so that a misreading there shows. What it is asked to do wrong it does, see `faults`. Its books
tell what became of every code.
"""

from lined.sandbox.accounts import Credentials
from lined.sandbox.server import SandboxServer, run_sandbox
from lined.sandbox.settings import SandboxSettings

__all__ = ["Credentials", "SandboxServer", "SandboxSettings", "run_sandbox"]
