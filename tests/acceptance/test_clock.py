"""The installed program under a clock that is set by days, forward and back, while the regulator's is right."""

from __future__ import annotations

import json
import time
from datetime import datetime
from pathlib import Path

import pytest

from lined.journal.database import open_readonly
from lined.reports.delivery.frozen import stored_body
from tests.harness.daemon import Line, device
from tests.harness.programs import free_port

DAY_S = 86_400
OFF_CLOCK = """
import os, time

_file, _real = os.environ["CLOCK_OFF"], time.time_ns

def _off_ns():
    try:
        return int(float(open(_file).read()) * 1e9)
    except (OSError, ValueError):
        return 0

time.time_ns = lambda: _real() + _off_ns()
time.time = lambda: time.time_ns() / 1e9
"""


class OffLine(Line):
    """Its daemon's clock is off by what stands in a file, each time it is asked."""

    def __init__(self, folder: Path, off_s: float = 0) -> None:
        environment = {"PYTHONPATH": str(folder), "CLOCK_OFF": str(folder / "off")}
        url = f"raw:tcp-listen://127.0.0.1:{free_port()}"
        super().__init__(folder, [url], environment=environment, max_age_s=2, first_batch_s=1)
        (folder / "sitecustomize.py").write_text(OFF_CLOCK)
        self.read_s: dict[str, float] = {}
        self.set_clock(off_s)

    def set_clock(self, off_s: float) -> None:
        new = self.folder / "off.new"
        new.write_text(str(off_s))
        new.replace(self.folder / "off")

    async def reads(self, codes: list[bytes]) -> None:
        async with device(self) as (reader, writer):
            for code in codes:
                writer.write(code + b"\r\n")
                assert await reader.readline() == b"OK\r\n"
                self.read_s[code.decode().partition("\x1d")[0]] = time.time()

    def is_dated_right(self) -> bool:
        """Each code's document, by its journal."""
        connection = open_readonly(self.folder / "line-1.db")
        try:
            ids = [row[0] for row in connection.execute("SELECT report_id FROM body").fetchall()]
            bodies = [json.loads(stored_body(connection, report_id)) for report_id in ids]
        finally:
            connection.close()
        assert sum(len(body["sntins"]) for body in bodies) == len(self.read_s)
        for body in bodies:
            read_s = min(self.read_s[code.partition("\x1d")[0]] for code in body["sntins"])
            assert abs(datetime.fromisoformat(body["productionDate"]).timestamp() - read_s) < 5, body
        return True


@pytest.mark.bound(180)
@pytest.mark.parametrize(
    "off_s", [-2 * DAY_S, 3600, 365 * DAY_S], ids=["2 days behind", "an hour ahead", "a year ahead"]
)
async def test_what_was_read_while_the_clock_was_wrong_is_reported_with_its_right_date(
    tmp_path: Path, off_s: float
) -> None:
    async with OffLine(tmp_path) as line:
        codes = await line.issue(9)
        await line.start_job()
        await line.reads(codes[:3])
        line.set_clock(off_s)
        await line.reads(codes[3:6])
        line.set_clock(0)
        await line.reads(codes[6:])
        await line.command("job/stop")
        status = await line.until_settled()
        assert status["codes"]["accepted"] == 9
        assert line.is_dated_right()


@pytest.mark.bound(180)
async def test_a_clock_that_is_put_right_while_the_program_is_off(tmp_path: Path) -> None:
    async with OffLine(tmp_path, 365 * DAY_S) as line:
        codes = await line.issue(6)
        await line.start_job()
        await line.reads(codes[:3])

        async def told() -> bool:
            return any(problem["kind"] == "clock" for problem in (await line.status())["problems"])

        await line.until(told, "nobody was told")
        assert await line.terminate() == 0
        line.set_clock(0)
        await line.start()
        await line.reads(codes[3:])
        await line.command("job/stop")
        status = await line.until_settled()
        assert status["codes"]["accepted"] == 6
        assert line.is_dated_right()
