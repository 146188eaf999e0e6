"""A process of its own for each message: the only file that knows Apprise. Run by its path, not imported.

Why a process: Apprise and its 150 services take 36 MB and a second's half of imports that no line needs to carry, and
what hangs in one of them can be ended, which a thread cannot. It reads one JSON object from stdin, `{"url", "title",
"body"}`, so that the address, a secret, stands in no list of processes; it answers with one line of JSON on stdout,
`{"ok", "why"}`. Without a body nothing is sent, and `ok` says whether Apprise knows what to do with the address.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Mapping

import apprise

WHY_MAX = 500  # characters


class LastWarning(logging.Handler):
    """What Apprise says about its troubles, the last of it."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.text = record.getMessage()


def answer(request: Mapping[str, str]) -> dict[str, object]:
    """Do it once: who asked decides whether to try again."""
    warning = LastWarning()
    logging.getLogger("apprise").addHandler(warning)
    asset = apprise.AppriseAsset(app_id="lined", storage_mode=apprise.PersistentStoreMode.MEMORY, async_mode=False)
    to = apprise.Apprise(asset=asset)
    if not to.add(request["url"]):
        return {"ok": False, "why": "Apprise knows no service with such an address"}
    if not request.get("body"):
        return {"ok": True, "why": ""}
    sent = to.notify(body=request["body"], title=request["title"], body_format=apprise.NotifyFormat.TEXT)
    return {"ok": bool(sent), "why": "" if sent else warning.text[:WHY_MAX]}


if __name__ == "__main__":
    os.nice(10)  # verdicts come first
    sys.stdout.write(json.dumps(answer(json.load(sys.stdin))))
