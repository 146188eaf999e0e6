"""What is wrong with the computer and what is around it, each with what to do."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.integration.cli.test_at_work import configure, lined, served_line, silent_port


def states(found: dict[str, list[dict[str, str]]]) -> dict[str, list[str]]:
    told: dict[str, list[str]] = {}
    for one in found["items"]:
        told.setdefault(one["what"], []).append(one["state"])
    return told


async def test_a_line_that_runs_is_found_with_its_devices_and_what_is_wrong(tmp_path: Path) -> None:
    async with served_line(tmp_path) as line:
        line.devices["cam-1"].connected = False
        done = await lined(tmp_path, "doctor", "--json")
    found = states(done.json)
    assert found["service"] and "bad" in found["cam-1"] and found["disk"][0] in {"ok", "warning"}
    assert done.code == 1
    assert all(one["do"] for one in done.json["items"] if one["state"] == "bad")


async def test_where_nothing_runs_it_looks_itself(tmp_path: Path) -> None:
    with silent_port() as port:
        configure(tmp_path, port)
        done = await lined(tmp_path, "doctor")
    assert "lined does not run here" in done.out
    assert "✗ cam-1: tcp://127.0.0.1:9004: Connection refused" in done.out
    assert "Check its power, cable, address and port" in done.out
    assert "a sync takes" in done.out and "there is none in" in done.out


async def test_a_port_that_somebody_else_holds_is_told(tmp_path: Path) -> None:
    async def say_nothing(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    async with server:
        configure(tmp_path, server.sockets[0].getsockname()[1])
        done = await lined(tmp_path, "doctor")
    assert done.code == 1 and "something else answers at" in done.out and "ss -ltnp" in done.out


async def test_a_wrong_configuration_is_all_there_is_to_say(tmp_path: Path) -> None:
    (tmp_path / "lined.toml").write_text("[line]\nid = 7\n")
    done = await lined(tmp_path, "doctor", "--json")
    assert done.code == 1 and {one["what"] for one in done.json["items"]} == {"configuration"}
