"""Another regulator with no change in code: the twin that is shipped, and a profile file of one's own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

import lined.sandbox.server as serving
import lined.sandbox.settings as sandbox_settings
from lined.sandbox.contracts import ASL_BELGISI, CONTRACTS
from lined.sandbox.injection import Injection
from lined.sandbox.sandbox import Sandbox
from tests.harness.daemon import GTIN, Line
from tests.harness.programs import run

OWN = """
[profile]
extends = "asl-belgisi"
version = "1.45"
texts = ["OPEN API of one's own"]

[methods]
utilisation.path = "/public/api/v2/utilisation"
document.path = "/public/api/v2/docs/{id}/card"

[groups.tea]
demands = ["production_date", "expiration_date"]
"""
MOVED = {"/public/api/v2/utilisation": "/api/utilisation"}


@pytest.mark.bound(120)
async def test_the_demo_runs_against_the_twin(tmp_path: Path) -> None:
    done = await run("demo", "--profile", "ismet", "--codes", "300", "--json", "--keep", tmp_path, within_s=110)
    assert done.code == 0, done.errors
    assert done.json["ok"], done.json["checks"]
    assert 'profile = "ismet"' in (tmp_path / "lined.toml").read_text("utf-8")
    assert done.json["status"]["codes"]["accepted"] == done.json["books"]["codes"]["applied"] == 300


@pytest.mark.bound(120)
async def test_a_profile_of_ones_own_with_a_twelfth_group_and_moved_paths_runs_from_end_to_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = CONTRACTS[ASL_BELGISI]
    with_tea = usual._replace(groups=usual.groups | {"tea"})
    monkeypatch.setattr(sandbox_settings, "CONTRACTS", {ASL_BELGISI: with_tea})
    asked: set[str] = set()
    monkeypatch.setattr(serving, "make_app", moved(serving.make_app, asked))
    (tmp_path / "my.toml").write_text(OWN)
    settings = {'profile = "asl-belgisi"': 'profile = "./my.toml"', 'group = "vegetableoil"': 'group = "tea"'}
    async with Line(tmp_path, ["tcp-listen://127.0.0.1:0"], settings=settings) as line:
        codes = await line.control.issue(GTIN, 20, group="tea")
        line.items[0] += [code.encode() for code in codes]
        await line.start_job()
        await line.play()
        await line.command("job/stop")
        status = await line.until_settled()
        (report,) = await line.reports()
        assert (report["state"], status["codes"]["accepted"]) == ("succeeded", 20)
        assert await line.applied() == {code.encode() for code in codes}
    assert any(path == "/public/api/v2/utilisation" for path in asked)
    assert any(path.startswith("/public/api/v2/docs/") for path in asked)
    assert not any(path == "/api/utilisation" for path in asked)


def moved(make: Callable[[Sandbox], Injection], asked: set[str]) -> Callable[[Sandbox], Callable[..., Awaitable[None]]]:
    """The sandbox's application where the regulator has moved some of its paths."""

    def made(sandbox: Sandbox) -> Callable[..., Awaitable[None]]:
        app = make(sandbox)

        async def serve(scope: dict[str, object], receive: object, send: object) -> None:
            path = str(scope.get("path", ""))
            asked.add(path)
            if path.startswith("/public/api/v2/docs/"):
                path = "/public/api/v1/doc/storage/docs/" + path.split("/")[5]
            await app({**scope, "path": MOVED.get(path, path)}, receive, send)  # type: ignore[arg-type]

        return serve

    return made
