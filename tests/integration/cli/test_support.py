"""The archive for whoever helps: everything of interest, and nothing that must not leave the computer."""

from __future__ import annotations

import tarfile
from pathlib import Path

from tests.harness.programs import Done
from tests.harness.served import code
from tests.integration.cli.test_at_work import configure, lined, served_line, silent_port

SECRET = "9d0b9b1e-77f2-4f0a-8f3e-5f6d7a8b9c0d"
CHECK_PART = "vuzv"  # of every code of the harness


async def archived(folder: Path, *words: str) -> tuple[Done, dict[str, str]]:
    path = folder / "support.tar.gz"
    done = await lined(folder, "support", "--to", str(path), *words)
    with tarfile.open(path) as archive:
        found = {}
        for name in archive.getnames():
            file = archive.extractfile(name)
            assert file is not None
            found[name.partition("/")[2]] = file.read().decode()
    assert path.stat().st_mode & 0o077 == 0
    return done, found


async def test_it_holds_what_whoever_helps_asks_for_and_no_secret(tmp_path: Path) -> None:
    async with served_line(tmp_path) as line:
        (tmp_path / "no-such-key").write_text(SECRET)
        await line.start(order="PO-77")
        await line.codes([1, 2])
        log = tmp_path / "lined.log"
        log.write_text(f'{{"event": "x", "raw": "{code(1)}", "header": "Bearer {SECRET}"}}\nplain {SECRET}\n')
        token = line.token
        done, found = await archived(tmp_path, "--log", str(log))
    assert done.code == 0 and "support.tar.gz" in done.out
    assert found.keys() >= {"about.txt", "packages.txt", "configuration.json", "status.json", "alarms.json", "log.txt"}
    assert (
        '"PO-77"' in found["status.json"] and "lined:" in found["about.txt"] and "pydantic==" in found["packages.txt"]
    )
    assert "line" in found["configuration.json"] and '"event": "x"' in found["log.txt"]
    everything = "".join(found.values())
    assert CHECK_PART in code(1) and CHECK_PART not in everything
    assert SECRET not in everything and token not in everything


async def test_it_is_made_of_what_there_is_where_nothing_runs(tmp_path: Path) -> None:
    with silent_port() as port:
        configure(tmp_path, port)
        done, found = await archived(tmp_path)
    assert done.code == 0
    assert "not to be had" in found["status.json"] and "lined:" in found["about.txt"]


async def test_a_configuration_that_is_wrong_is_no_reason_to_give_nothing(tmp_path: Path) -> None:
    (tmp_path / "lined.toml").write_text("[line]\nid = 7\n")
    done, found = await archived(tmp_path)
    assert done.code == 0 and "line.id" in found["configuration.txt"]
