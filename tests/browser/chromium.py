"""A real Chromium, driven over its DevTools pipe: JSON messages, each ended by a zero byte, on descriptors 3 and 4.

No library is needed for that. `async with Chromium() as browser`, `page = await browser.page(url)`.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

PROGRAM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions"),
    *("--hide-scrollbars", "--mute-audio", "--disable-crash-reporter", "--disable-breakpad", "--no-zygote"),
)
ANSWER_S = 60.0
SEEN_S = 60.0
LOOK_S = 0.02


class Failed(AssertionError):
    """The browser did not do what was asked, or the page never came to show what was waited for."""


class Chromium:
    """One browser with a profile of its own, gone with it."""

    def __init__(self) -> None:
        self._profile = tempfile.TemporaryDirectory(prefix="lined-chromium-", ignore_cleanup_errors=True)
        self._process: subprocess.Popen[bytes] | None = None
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._number = 0
        self._out = -1
        self._reading: asyncio.Task[None] | None = None
        self.messages: list[str] = []
        """What pages wrote to the console, and exceptions nobody caught."""

    async def __aenter__(self) -> Self:
        assert PROGRAM is not None
        to_read, self._out = (fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 20) for fd in os.pipe())
        incoming, to_write = (fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 20) for fd in os.pipe())

        def wire() -> None:
            os.dup2(to_read, 3)
            os.dup2(to_write, 4)

        self._process = subprocess.Popen(
            [PROGRAM, *FLAGS, "--remote-debugging-pipe", f"--user-data-dir={self._profile.name}", "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(3, 4),
            preexec_fn=wire,  # noqa: PLW1509 - before the loop has threads of its own
            start_new_session=True,
        )
        os.close(to_read)
        os.close(to_write)
        reader = asyncio.StreamReader(limit=64 * 1024 * 1024)
        source = os.fdopen(incoming, "rb", 0)
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), source)
        self._reading = asyncio.create_task(self._read(reader))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None and self._reading is not None
        with contextlib.suppress(Failed, OSError):
            await self.ask("Browser.close", timeout_s=3)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await asyncio.to_thread(self._process.wait)
        self._reading.cancel()
        self._transport.close()
        os.close(self._out)
        self._profile.cleanup()

    async def ask(
        self, method: str, parameters: dict[str, Any] | None = None, session: str = "", timeout_s: float = ANSWER_S
    ) -> dict[str, Any]:
        """One DevTools command. Raises Failed."""
        self._number += 1
        number = self._number
        message = {"id": number, "method": method, "params": parameters or {}}
        if session:
            message["sessionId"] = session
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        os.write(self._out, json.dumps(message).encode() + b"\0")
        try:
            async with asyncio.timeout(timeout_s):
                found = await answer
        except TimeoutError:
            raise Failed(f"{method}: no answer") from None
        finally:
            self._answers.pop(number, None)
        if "error" in found:
            raise Failed(f"{method}: {found['error']['message']}")
        return dict(found["result"])

    async def page(self, url: str, width: int = 1024, height: int = 768, *, touch: bool = False) -> Page:
        """A new tab that shows the address."""
        target = await self.ask("Target.createTarget", {"url": "about:blank"})
        attached = await self.ask("Target.attachToTarget", {"targetId": target["targetId"], "flatten": True})
        page = Page(self, attached["sessionId"])
        for domain in ("Page", "Runtime", "Log"):
            await page.ask(f"{domain}.enable")
        await page.size(width, height, touch=touch)
        await page.open(url)
        return page

    async def _read(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                message = json.loads((await reader.readuntil(b"\0"))[:-1])
                answer = self._answers.get(message.get("id", -1))
                if answer is not None and not answer.done():
                    answer.set_result(message)
                elif message.get("method") in {"Runtime.exceptionThrown", "Log.entryAdded"}:
                    level = message["params"].get("entry", {}).get("level")
                    self.messages += [json.dumps(message["params"])[:600]] if level != "info" else []


class Page:
    """One tab."""

    def __init__(self, browser: Chromium, session: str) -> None:
        self._browser = browser
        self._session = session

    async def ask(self, method: str, parameters: dict[str, Any] | None = None) -> dict[str, Any]:
        return await self._browser.ask(method, parameters, self._session)

    async def open(self, url: str) -> None:
        """Go there, until the page's script has run."""
        found = await self.ask("Page.navigate", {"url": url})
        if "errorText" in found:
            raise Failed(f"{url}: {found['errorText']}")
        await self.until("document.readyState === 'complete'")

    async def size(self, width: int, height: int, *, touch: bool = False) -> None:
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": touch}
        await self.ask("Emulation.setDeviceMetricsOverride", metrics)
        await self.ask("Emulation.setTouchEmulationEnabled", {"enabled": touch})

    async def run(self, script: str) -> Any:
        """The value of an expression in the page; promises are waited for."""
        wanted = {"expression": script, "returnByValue": True, "awaitPromise": True}
        found = await self.ask("Runtime.evaluate", wanted)
        if "exceptionDetails" in found:
            raise Failed(json.dumps(found["exceptionDetails"])[:800])
        return found["result"].get("value")

    async def until(self, script: str, within_s: float = SEEN_S) -> Any:
        """Wait until an expression is true; its value. Raises Failed."""
        loop = asyncio.get_running_loop()
        until = loop.time() + within_s
        while True:
            with contextlib.suppress(Failed):  # while it navigates there is nothing to ask
                found = await self.run(script)
                if found:
                    return found
            if loop.time() > until:
                shown = await self.run("document.body ? document.body.innerText.slice(0, 1500) : ''")
                raise Failed(f"not within {within_s} s: {script}\n{shown}")
            await asyncio.sleep(LOOK_S)

    async def text(self, selector: str) -> str:
        return str(await self.run(f"(document.querySelector({json.dumps(selector)}) || {{}}).innerText || ''"))

    async def click(self, selector: str) -> None:
        """A real click in the middle of the element, once it is there and can be seen."""
        await self.click_at(f"document.querySelector({json.dumps(selector)})")

    async def click_at(self, element: str) -> None:
        """The same, for an expression that gives the element."""
        where = await self.until(
            f"(() => {{ const e = {element}; if (!e) return null;"
            " e.scrollIntoView({block: 'center'}); const r = e.getBoundingClientRect();"
            " return r.width ? [r.x + r.width / 2, r.y + r.height / 2] : null; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            event = {"type": kind, "x": where[0], "y": where[1], "button": "left", "clickCount": 1}
            await self.ask("Input.dispatchMouseEvent", event)

    async def type(self, selector: str, text: str) -> None:
        """Into a field, in place of what stands there."""
        found = json.dumps(selector)
        await self.until(f"document.querySelector({found}) !== null")
        await self.run(f"(() => {{ const e = document.querySelector({found}); e.focus(); e.value = ''; }})()")
        await self.ask("Input.insertText", {"text": text})

    async def key(self, name: str) -> None:
        codes = {"Tab": 9, "Enter": 13, "Escape": 27}
        for kind in ("keyDown", "keyUp"):
            event = {"type": kind, "key": name, "code": name, "windowsVirtualKeyCode": codes[name]}
            if name == "Enter" and kind == "keyDown":
                event["text"] = "\r"
            await self.ask("Input.dispatchKeyEvent", event)

    async def picture(self, path: Path, *, whole: bool = False) -> None:
        """A screenshot, PNG."""
        found = await self.ask("Page.captureScreenshot", {"format": "png", "captureBeyondViewport": whole})
        path.write_bytes(base64.b64decode(found["data"]))


def sizes() -> Iterator[tuple[str, int, int, bool]]:
    """Screens that the page must fit: name, width, height, touch."""
    yield "line", 1024, 768, False
    yield "wide", 1920, 1080, False
    yield "phone", 390, 844, True
