"""The rules of tests/conftest.py are themselves tested: a leak fails the test that leaks."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

RULES = Path(__file__).parents[1] / "conftest.py"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("import threading\n    threading.Thread(target=STOP.wait, daemon=True, name='lost').start()", "thread lost"),
        ("import subprocess\n    KEEP.append(subprocess.Popen(['sleep', '30']))", "process"),
        ("import socket\n    KEEP.append(socket.create_server(('127.0.0.1', 0)))", "socket listening on"),
    ],
)
def test_what_a_test_leaves_running_fails_it(pytester: pytest.Pytester, body: str, words: str) -> None:
    pytester.makeconftest(RULES.read_text().replace("GRACE_S = 5.0", "GRACE_S = 0.2"))
    pytester.makepyfile(
        f"""
import threading

import pytest

STOP = threading.Event()
KEEP = []

@pytest.fixture(scope="module", autouse=True)
def ended():
    yield
    STOP.set()
    for kept in KEEP:
        kept.kill() if hasattr(kept, "kill") else kept.close()
        kept.wait() if hasattr(kept, "wait") else None

def test_leaks():
    {body}
"""
    )
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines([f"*left behind: *{words}*"])


def test_a_task_left_running_fails_its_test(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(RULES.read_text().replace("GRACE_S = 5.0", "GRACE_S = 0.2"))
    pytester.makepyfile(
        """
import asyncio

KEEP = []

async def test_leaks():
    KEEP.append(asyncio.create_task(asyncio.Event().wait()))
"""
    )
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*tasks are left*"])


@pytest.mark.bound(5)
async def test_an_async_test_runs_in_a_loop() -> None:
    assert asyncio.get_running_loop().is_running()
