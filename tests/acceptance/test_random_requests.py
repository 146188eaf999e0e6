"""Requests made of our own OpenAPI by a program that knows nothing else of us, schemathesis: whatever it sends, no
answer is a 5xx, and the line goes on. The same seed every time; by itself it ends within two minutes.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.harness.daemon import Line
from tests.harness.programs import free_port, run_program

TOOL = Path(sys.executable).with_name("schemathesis")
SEED, EXAMPLES, LONGEST_S = "1", "12", "110"
BOUND_S = 200.0
END = 6_000  # characters of what it printed that a failure shows


@pytest.mark.slow
@pytest.mark.bound(240)
async def test_no_request_that_the_openapi_describes_is_a_defect(tmp_path: Path) -> None:
    async with Line(tmp_path, [f"raw:tcp-listen://127.0.0.1:{free_port()}"]) as line:
        await line.issue(1)
        await line.start_job()
        done = await run_program(
            TOOL, "run", f"{line.daemon.url}/openapi.json", "--checks", "not_a_server_error", "--continue-on-failure",
            "--header", f"Authorization: Bearer {line.daemon.token}", "--seed", SEED, "--max-examples", EXAMPLES,
            "--max-time", LONGEST_S, "--request-timeout", "40", "--no-color",
            cwd=tmp_path, within_s=BOUND_S,
        )  # fmt: skip
        assert done.code == 0, (done.out + done.errors)[-END:]
        assert (await line.request("GET", "/readyz"))[0] == 200
        assert "defect" not in {one["kind"] for one in (await line.status())["problems"]}
