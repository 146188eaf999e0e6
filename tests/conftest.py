"""What holds for every test: `async def` tests run, each within a bound, and nothing is left running behind them.

After each test there may be no new task, thread, child process or listening socket. Things that end by themselves (a
thread on its way out) get `GRACE_S`; whatever is left then fails the test that left it. Parts shared by a whole module
or session (a broker) are fixtures of that scope: they exist before the test's snapshot is taken and are not counted.
"""

from __future__ import annotations

import asyncio
import inspect
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import settings
from structlog.dev import plain_traceback as plain

from lined.i18n.compiling import compile_catalogues

# With the values of every variable in it, a traceback of the framework's takes seconds.
structlog.configure(
    processors=[*structlog.get_config()["processors"][:-1], structlog.dev.ConsoleRenderer(exception_formatter=plain)]
)

settings.register_profile("usual", deadline=None)  # a busy machine is no counterexample
settings.register_profile("many", settings.get_profile("usual"), max_examples=3_000)  # --hypothesis-profile=many
settings.load_profile("usual")

BOUND_S = 120.0  # against what hangs: a machine half as fast and busy comes nowhere near
GRACE_S = 5.0
TCP_LISTEN = "0A"  # state column of /proc/net/tcp


def pytest_configure(config: pytest.Config) -> None:
    """The catalogues are those of the sources, also where somebody has just changed a translation."""
    if not hasattr(config, "workerinput"):
        compile_catalogues()


# ---------------------------------------------------------------------------------------------- async tests
@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run an `async def` test in a loop of its own; under @given one loop for each example."""
    marker = pyfuncitem.get_closest_marker("bound")
    bound_s = max(BOUND_S, float(marker.args[0])) if marker else BOUND_S
    hypothesis = getattr(pyfuncitem.obj, "hypothesis", None)
    if hypothesis is not None and inspect.iscoroutinefunction(hypothesis.inner_test):
        hypothesis.inner_test = _in_a_loop(hypothesis.inner_test, bound_s)
        return None
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    _in_a_loop(pyfuncitem.obj, bound_s)(**arguments)
    return True


def _in_a_loop(test: Callable[..., Awaitable[None]], bound_s: float) -> Callable[..., None]:
    async def bounded(*args: object, **kwargs: object) -> None:
        async with asyncio.timeout(bound_s):
            await test(*args, **kwargs)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        if left:  # done callbacks and cancelled tasks get one more moment
            await asyncio.wait(left, timeout=GRACE_S / 5)
            left = {task for task in left if not task.done()}
        if left:
            pytest.fail(f"tasks are left: {sorted(map(repr, left))}", pytrace=False)

    def run(*args: object, **kwargs: object) -> None:
        with asyncio.Runner() as runner:
            runner.run(bounded(*args, **kwargs))

    return run


# ---------------------------------------------------------------------------------------------- nothing is left
@pytest.fixture(autouse=True)
def _nothing_is_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Set up before and torn down after the test's other fixtures, so that they too have to clean up."""
    excused = {kind for mark in request.node.iter_markers("leaves") for kind in mark.args}
    before = _running()
    yield
    left = _left(before, excused)
    deadline = time.monotonic() + GRACE_S
    while left and time.monotonic() < deadline:
        time.sleep(0.02)
        left = _left(before, excused)
    if left:
        pytest.fail("left behind: " + "; ".join(sorted(left)), pytrace=False)


def _left(before: dict[str, str], excused: set[str]) -> list[str]:
    return [text for key, text in _running().items() if key not in before and key.partition(" ")[0] not in excused]


def _running() -> dict[str, str]:
    """Everything that runs or listens in this process, as {"<kind> <identity>": text}."""
    found = {f"thread {thread.ident}": f"thread {thread.name}" for thread in threading.enumerate()}
    for pid in _children():
        found[f"process {pid}"] = f"process {pid} ({_command(pid)})"
    for inode, address in _listening().items():
        found[f"socket {inode}"] = f"socket listening on {address}"
    return found


def _children() -> list[str]:
    pids: list[str] = []
    for children in Path("/proc/self/task").glob("*/children"):
        try:
            pids += children.read_text().split()
        except OSError:  # the thread has ended meanwhile
            continue
    return pids


def _command(pid: str) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
    except OSError:
        words = b""
    return words.decode(errors="replace").strip() or "ended"


def _listening() -> dict[str, str]:
    """Inode -> address of the listening TCP sockets that this process has open."""
    ours = set()
    for fd in Path("/proc/self/fd").iterdir():
        try:
            target = str(fd.readlink())
        except OSError:  # closed meanwhile
            continue
        if target.startswith("socket:["):
            ours.add(target[8:-1])
    listening = {}
    for table in ("/proc/self/net/tcp", "/proc/self/net/tcp6"):
        try:
            rows = Path(table).read_text().splitlines()[1:]
        except OSError:  # no IPv6 here
            continue
        for row in rows:
            columns = row.split()
            if columns[3] == TCP_LISTEN and columns[9] in ours:
                listening[columns[9]] = columns[1]
    return listening
