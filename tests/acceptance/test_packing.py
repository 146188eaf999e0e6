"""Apply, verify and pack with the installed program, over real sockets, up to the regulator's tree."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from lined.sandbox import SandboxSettings
from tests.harness.daemon import GTIN, Line
from tests.harness.programs import free_port

STATIONS = """
[[product.package]]
level = "BOX_LV_1"
capacity = 3
[[product.package]]
level = "BOX_LV_2"
capacity = 2
"""
DEVICE = """
[[device]]
id = "{name}"
driver = "generic"
url = "tcp-listen://127.0.0.1:{port}"
options = {options}
reply = {{ accept = "OK\\r\\n", reject = "NG\\r\\n" }}
[[station]]
id = "{name}-station"
devices = ["{name}"]
{role}
"""
ROLES = {
    "cam": 'role = "apply"',
    "grader": 'role = "verify"',
    "packer": 'role = "pack"\nlevel = "BOX_LV_1"',
    "stacker": 'role = "pack"\nlevel = "BOX_LV_2"\nmode = "frame"',
}
OPTIONS = {"grader": r"{ pattern = '(?P<code>[^\t]+)\t(?P<grade>.*)' }", "stacker": '{ separator = "," }'}
REPORTS = """
[report.validation]
max_age_s = 1
[report.aggregation]
max_age_s = 1
"""


class PackingLine(Line):
    """A line with four stations; `tell` says a frame at one of them and returns its reply."""

    def configure(self) -> None:
        super().configure()
        self.ports = {name: free_port() for name in ROLES}
        path = self.folder / "lined.toml"
        devices = "".join(
            DEVICE.format(name=name, port=self.ports[name], role=role, options=OPTIONS.get(name, "{}"))
            for name, role in ROLES.items()
        )
        head, _, tail = path.read_text().partition("[report.utilisation]")
        path.write_text(f"{head}{STATIONS}{devices}[report.utilisation]{tail}{REPORTS}")

    async def connect(self) -> None:
        self.wires = {name: await asyncio.open_connection("127.0.0.1", port) for name, port in self.ports.items()}

    async def hang_up(self) -> None:
        for _, writer in self.wires.values():
            writer.close()
            await writer.wait_closed()

    async def tell(self, name: str, *frames: bytes) -> list[str]:
        reader, writer = self.wires[name]
        replies = []
        for frame in frames:
            writer.write(frame + b"\r\n")
            replies.append((await asyncio.wait_for(reader.readline(), 60)).decode().strip())
        return replies


async def tree(line: Line) -> dict[str, str]:
    page: Any = await line.control.ask("GET", "/sandbox/books/codes")
    return {item["code"]: item["parent"] for item in page["items"] if item["parent"]}


@pytest.mark.bound(120)
async def test_boxes_on_a_pallet_reach_the_regulator_and_survive_a_kill(tmp_path: Path) -> None:
    quick = SandboxSettings(final_after_s=(0.1, 0.2), validating_after_s=0.0, in_process_after_s=0.05)
    async with PackingLine(tmp_path, sandbox=quick, max_age_s=1, first_batch_s=0) as line:
        codes = await line.issue(6)
        boxes = [b"00030779729200012315", b"00189011350000000028"]
        pallet = b"00421564332131432211"
        await line.command("job/start", gtin=GTIN)
        await line.connect()
        assert await line.tell("cam", *codes) == ["OK"] * 6
        assert await line.tell("grader", *(code + b"\t3.7" for code in codes)) == ["OK"] * 6
        assert await line.tell("grader", codes[0] + b"\tB 2.6") == ["OK"]
        said = await line.tell("packer", *codes[:3], boxes[0], *codes[3:5])
        assert said == ["OK"] * 6, (codes, (await line.status())["reads"])
        await line.kill()
        await line.hang_up()
        await line.start()
        await line.connect()
        assert await line.tell("packer", codes[4], codes[5], boxes[1]) == ["NG", "OK", "OK"]
        assert await line.tell("stacker", b",".join([boxes[0], boxes[1], pallet])) == ["OK"]
        packages = (await line.request("GET", "/api/v1/packages"))[1]["items"]
        assert {package["parent"] for package in packages} == {box.decode() for box in [*boxes, pallet]}

        async def whole() -> bool:
            return len(await tree(line)) == 8

        await line.until(whole, "the tree")
        kinds = ("utilisation", "validation", "aggregation")

        async def succeeded() -> bool:
            found = {(report["kind"], report["state"]) for report in await line.reports()}
            return found == {(kind, "succeeded") for kind in kinds}

        await line.until(succeeded, "every report")
        status, story = await line.request("GET", f"/api/v1/codes?code={quote(codes[0].decode(), safe='')}")
        assert status == 200 and [grade["class"] for grade in story["grades"]] == ["A", "B"]
        assert [package["level"] for package in story["packages"]] == ["BOX_LV_1", "BOX_LV_2"]
        assert {report["kind"] for report in story["reports"]} == set(kinds)
        assert (await line.request("GET", "/api/v1/tasks"))[1]["items"] == []
        await line.hang_up()


@pytest.mark.bound(120)
async def test_a_child_of_a_reported_box_is_replaced_by_command_and_the_regulators_tree_follows(tmp_path: Path) -> None:
    quick = SandboxSettings(final_after_s=(0.1, 0.2), validating_after_s=0.0, in_process_after_s=0.05)
    async with PackingLine(tmp_path, sandbox=quick, max_age_s=1, first_batch_s=0) as line:
        codes = await line.issue(4)
        box = b"00030779729200012315"
        await line.command("job/start", gtin=GTIN)
        await line.connect()
        assert await line.tell("cam", *codes) == ["OK"] * 4
        assert await line.tell("packer", *codes[:3], box) == ["OK"] * 4
        idents = [code.split(b"\x1d")[0].decode() for code in codes]

        async def holds(children: list[str]) -> bool:
            return await tree(line) == dict.fromkeys(children, box.decode())

        async def known() -> bool:
            return {report["state"] for report in await line.reports()} == {"succeeded"}

        await line.until(lambda: holds(idents[:3]), "the box as it was packed")
        await line.until(known, "the outcome of every report")
        replaced = await line.run("package", "replace", idents[0], "--with", idents[3])
        assert replaced.code == 0, replaced
        await line.until(lambda: holds(idents[1:]), "the box with the other child")
        await line.hang_up()
