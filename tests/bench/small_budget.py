"""A line with 40 codes a second, full reports, and a regulator that allows 10 requests a minute: what waits how long.

    python -m tests.bench.small_budget                            an hour of work, 144,000 codes
    python -m tests.bench.small_budget --minutes 1 --max-codes 300   for breakage, not for figures

The whole plant of `lined demo`: each unit is applied, graded, packed into boxes and those onto pallets, through the
daemon as a program. The stand-in for the regulator turns away what is above its limit (429). Documents are decided
within 2 s. Every second /status is asked: how old the oldest code is that no report has taken yet, how old the oldest
without an outcome. What was told beforehand (`lined check --rate 40`) stands beside it. Exit 1 where a report is held,
a code is missing or stands twice in the stand-in's books, or a code grew older than was told.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from lined.cli.check_budget import budget_document
from lined.commands.registry import registry
from lined.config import load
from lined.sandbox import SandboxServer
from lined.sandbox.demo.plant import GTIN, DemoPlant
from lined.service.forecast import forecast

RATE, PER_MINUTE = 40.0, 10
USUAL_MAX, USUAL_AGE_S = 30_000, 900
SETTLED_S = 1_200.0
DECIDED_S = 2.0  # until the stand-in has decided a document
SLACK_S = 60.0  # polls back off to a minute
LOOK_S = 1.0
HELD = "held"
KINDS = ("utilisation", "validation", "aggregation")


class SmallBudget(DemoPlant):
    """The demo's plant with the settings of a line at work, under a small limit."""

    def __init__(self, folder: Path, codes: int, max_codes: int, max_age_s: float) -> None:
        super().__init__(folder, codes=codes, rate=RATE, seed=7)
        settings = replace(self.sandbox.settings, requests_per_minute=PER_MINUTE)
        self.sandbox = SandboxServer(settings, state_path=folder / "sandbox.db")
        self._reports = f"max_codes = {max_codes}\nmax_age_s = {max_age_s}\n"

    def _write_configuration(self) -> None:
        super()._write_configuration()
        file = self.folder / "lined.toml"
        text, _, status = file.read_text("utf-8").partition("[report.utilisation]")
        reports = "".join(
            f"[report.{kind}]\n{self._reports}\n" for kind in ("utilisation", "validation", "aggregation")
        )
        budget = f"requests_per_minute = {PER_MINUTE}\nlimits = {{ requests_per_minute = {PER_MINUTE} }}\npoll_s = 1"
        text = text.replace("poll_s = 1", budget)
        file.write_text(text + reports + status[status.index("[status]") :], "utf-8")


async def measured(folder: Path, seconds: float, max_codes: int, max_age_s: float) -> dict[str, Any]:
    """The figures of one run."""
    codes = int(RATE * seconds)
    async with SmallBudget(folder, codes, max_codes, max_age_s) as plant:
        told = await asyncio.to_thread(forecast, load(folder / "lined.toml"), RATE)
        await plant.issue()
        await plant.command(registry.path_of("job-start"), {"gtin": GTIN})
        began = time.monotonic()
        playing = asyncio.create_task(plant.play())
        oldest, held, working_s = 0, 0, 0.0
        try:
            until = began + seconds * 3 + SETTLED_S
            stopped = False
            while time.monotonic() < until:
                status = await plant.status()
                oldest = max(oldest, status["backlog"]["oldest_age_s"] or 0)
                held = max(held, status["reports"][HELD])
                if playing.done() and not stopped:
                    await playing
                    working_s = time.monotonic() - began
                    await plant.command(registry.path_of("job-stop"), {})
                    stopped = True
                if stopped and status["codes"]["accepted"] == codes and not await plant.unreported_packages():
                    break
                await asyncio.sleep(LOOK_S)
        finally:
            playing.cancel()
            await asyncio.gather(playing, return_exceptions=True)
        settled_s = time.monotonic() - began
        status, books, reports = await plant.status(), await plant.control.books(), await plant.reports()
    return {
        "codes": codes,
        "codes_per_s": round(codes / working_s, 1) if working_s else None,
        "told": budget_document(told),
        "oldest_age_s": oldest,
        "held": held,
        "settled_after_the_last_code_s": round(settled_s - working_s, 1),
        "reports": {kind: _sizes(reports, kind) for kind in KINDS},
        "accepted": status["codes"]["accepted"],
        "applied": books["codes"]["applied"],
        "applied_more_than_once": books["codes"]["applied_more_than_once"],
        "turned_away": books["answers"].get("429", 0),
    }


def _sizes(reports: list[dict[str, Any]], kind: str) -> list[int]:
    return [report["codes"] for report in reports if report["kind"] == kind]


def wrong(found: dict[str, Any]) -> list[str]:
    """What broke a promise."""
    most = found["told"]["oldest_s"]
    checks = {
        "a report was held": found["held"] == 0,
        "a code is missing": found["accepted"] == found["applied"] == found["codes"],
        "a code stands twice in the books": found["applied_more_than_once"] == 0,
        "a code grew older than was told": most is not None and found["oldest_age_s"] <= most + DECIDED_S + SLACK_S,
    }
    return [what for what, holds in checks.items() if not holds]


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.small_budget")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--max-codes", type=int, default=USUAL_MAX)
    parser.add_argument("--max-age-s", type=float, default=USUAL_AGE_S)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lined-budget-") as folder:
        found = asyncio.run(measured(Path(folder), given.minutes * 60, given.max_codes, given.max_age_s))
    print(json.dumps(found, indent=2))
    for what in wrong(found):
        print(what, file=sys.stderr)
    return 1 if wrong(found) else 0


if __name__ == "__main__":
    sys.exit(main())
