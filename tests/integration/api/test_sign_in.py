"""People at the page from other computers: who may what, and what is kept of it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from lined.api import people as people_api
from lined.commands.registry import registry
from lined.commands.registry.command import Source
from lined.journal.database import Connection
from lined.journal.tables import audit
from lined.vocabulary.people import PersonRole
from tests.harness.served import GTIN, Line, Reply, code
from tests.harness.served_lines import a_line

ELSEWHERE = {"X-Forwarded-For": "10.0.0.7"}  # a proxy on this computer: what comes through it is not of this computer
BROWSER = {**ELSEWHERE, "Accept": "text/html,*/*"}
PIN = "482915"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people_api, "PACE_S", 0.0)


def on_a_line(test: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """The test with a line as its first argument; what else it takes comes from pytest."""

    @functools.wraps(test)
    async def run(tmp_path: Path, **more: Any) -> None:
        async with a_line(tmp_path) as line:
            await test(line, **more)

    signature = inspect.signature(test)
    others = list(signature.parameters.values())[1:]
    path = inspect.Parameter("tmp_path", inspect.Parameter.KEYWORD_ONLY)
    run.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[*(one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in others), path]
    )
    return run


async def add(line: Line, role: str, name: str = "Anna", **more: str) -> None:
    reply = await line.post("/api/v1/people/set", {"name": name, "role": role, "pin": PIN, **more})
    assert reply.status == 200, reply


async def asks(line: Line, path: str, body: object, headers: Mapping[str, str] | None = None) -> Reply:
    """A command from elsewhere, without the token."""
    return await line.post(path, body, headers={**ELSEWHERE, "Authorization": "", **(headers or {})})


async def cookie_of(line: Line, name: str = "Anna", pin: str = PIN) -> dict[str, str]:
    reply = await asks(line, "/api/v1/sign-in", {"name": name, "pin": pin})
    assert reply.status == 200, reply
    said = reply.headers["set-cookie"]
    assert "HttpOnly" in said and "SameSite=strict" in said and "Max-Age=" in said
    return {"Cookie": said.partition(";")[0]}


@on_a_line
async def test_from_elsewhere_nobody_sees_anything_before_signing_in(line: Line) -> None:
    await add(line, "viewer")
    for path in ("/status", "/api/v1/reports", "/metrics", "/api/v1/people", "/openapi.json"):
        reply = await line.get(path, headers=ELSEWHERE)
        assert (reply.status, reply.error) == (401, "token-required"), path
    for path, leads in (("/", "%2F"), ("/codes?code=1", "%2Fcodes%3Fcode%3D1")):
        reply = await line.get(path, headers=BROWSER)
        assert (reply.status, reply.headers["location"]) == (303, f"/sign-in?to={leads}")
    page = await line.get("/sign-in", headers=BROWSER)
    assert page.status == 200 and b"Anna" not in page.body and GTIN.encode() not in page.body
    assert (await line.get("/static/page.css", headers=ELSEWHERE)).status == 200


@on_a_line
async def test_who_has_signed_in_sees_the_page_and_is_named_on_it(line: Line) -> None:
    await add(line, "viewer")
    signed_in = await cookie_of(line)
    page = await line.get("/", headers={**BROWSER, **signed_in})
    assert page.status == 200 and b'data-person="Anna"' in page.body
    assert (await line.get("/api/v1/session", headers={**ELSEWHERE, **signed_in})).json == {
        "name": "Anna",
        "role": "viewer",
    }
    assert (await asks(line, "/api/v1/sign-out", {}, signed_in)).status == 200
    assert (await line.get("/status", headers={**ELSEWHERE, **signed_in})).status == 401


@pytest.mark.parametrize("role", PersonRole)
@on_a_line
async def test_each_command_takes_its_role(line: Line, role: PersonRole) -> None:
    """Of every command there is: too little is 403 and nothing is done; enough is not 403, whatever else it is."""
    await add(line, role)
    signed_in = await cookie_of(line)
    for command in registry.from_source(Source.HTTP).values():
        if command.is_there(line.line.context) and not command.name.startswith("person-"):
            reply = await asks(line, command.path_of("1"), {}, signed_in)
            if reply.status != 422:  # the body is looked at first
                assert (reply.status == 403) is not role.may(command.role), (command.name, reply)


@on_a_line
async def test_who_began_a_capture_stands_in_the_log(line: Line) -> None:
    await add(line, "engineer")
    cookie = await cookie_of(line)
    with capture_logs() as logged:
        await line.get("/api/v1/devices/cam-1/capture?begin=60", headers={**ELSEWHERE, **cookie})
        await line.get("/api/v1/devices/cam-2/capture?begin=60", headers={"Authorization": f"Bearer {line.token}"})
    began = [(one["device"], one["by"], one["way"]) for one in logged if one["event"] == "capture_begins"]
    assert began == [("cam-1", "Anna", "person"), ("cam-2", "", "token")]


@on_a_line
async def test_a_person_is_who_commanded_whatever_the_body_says(line: Line) -> None:
    await add(line, "operator")
    signed_in = await cookie_of(line)
    reply = await asks(line, "/api/v1/job/start", {"gtin": GTIN, "by": "somebody else"}, signed_in)
    assert (await line.get("/status")).json["job"]["started_by"] == "Anna", reply
    refused = await asks(line, "/api/v1/reports/seal", {}, signed_in)
    assert (refused.status, refused.error) == (403, "role-required")
    assert refused.json["error"]["message"] == "seal takes the role master or more; Anna has the role operator."


@on_a_line
async def test_a_badge_is_enough_and_belongs_to_one(line: Line) -> None:
    await add(line, "operator", badge="0008675309")
    await add(line, "operator", name="Bek", badge="0008675309")
    signed_in = await cookie_of(line, name="", pin="0008675309")
    assert (await line.get("/api/v1/session", headers={**ELSEWHERE, **signed_in})).json["name"] == "Bek"
    assert [one["badge"] for one in (await line.get("/api/v1/people")).json["items"]] == [False, True]


@pytest.mark.parametrize("body", [{"name": "Anna", "pin": "1111"}, {"pin": PIN}, {"name": "anna", "pin": PIN}])
@on_a_line
async def test_wrong_ones_are_refused_alike_and_locked_out(line: Line, body: dict[str, str]) -> None:
    await add(line, "operator")
    for _ in range(5):
        reply = await asks(line, "/api/v1/sign-in", body)
        assert (reply.status, reply.error) == (401, "wrong-pin")
    right = await asks(line, "/api/v1/sign-in", {"name": "Anna", "pin": PIN})
    assert (right.status, right.error) == (429, "too-many")


@on_a_line
async def test_a_change_ends_the_session(line: Line) -> None:
    await add(line, "engineer")
    signed_in = await cookie_of(line)
    await add(line, "viewer")
    assert (await line.get("/status", headers={**ELSEWHERE, **signed_in})).status == 401
    signed_in = await cookie_of(line)
    assert (await line.post("/api/v1/people/remove", {"name": "Anna"})).status == 200
    assert (await line.get("/status", headers={**ELSEWHERE, **signed_in})).status == 401
    assert (await line.post("/api/v1/people/remove", {"name": "Anna"})).error == "unknown-person"


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"name": "Anna", "pin": PIN}, "role"),
        ({"name": "Anna", "role": "operator"}, "pin"),
        ({"name": "Anna", "role": "boss", "pin": PIN}, "role"),
        ({"name": "Anna", "role": "operator", "pin": "12a4"}, "pin"),
        ({"name": " Anna", "role": "operator", "pin": PIN}, "name"),
        ({"name": "Anna", "role": "operator", "badge": "short"}, "badge"),
    ],
)
@on_a_line
async def test_a_new_person_needs_a_role_and_something_to_sign_in_with(
    line: Line, body: dict[str, str], path: str
) -> None:
    reply = await line.post("/api/v1/people/set", body)
    assert (reply.status, reply.json["error"]["details"][0]["path"]) == (422, path)


@on_a_line
async def test_the_reading_token_reads_and_commands_nothing(line: Line) -> None:
    token = line.journal.reading_token_path.read_text().strip()
    assert token != line.token and line.journal.reading_token_path.stat().st_mode & 0o777 == 0o600
    headers = {**ELSEWHERE, "Authorization": f"Bearer {token}"}
    assert (await line.get("/status", headers=headers)).status == 200
    reply = await line.post("/api/v1/reports/seal", {}, headers=headers)
    assert (reply.status, reply.error) == (403, "role-required")


@pytest.mark.parametrize(
    ("host", "status"),
    [
        *(("line-1.plant.example", 200), ("line-1.plant.example:443", 200), ("LINE-1.plant.example", 200)),
        *(("line-2.plant.example", 403), ("line-1.plant.example:x", 403), ("xline-1.plant.example", 403)),
    ],
)
@on_a_line
async def test_a_name_that_was_allowed_is_ours(line: Line, host: str, status: int) -> None:
    assert (await line.get("/livez", headers={"Host": host})).status == status


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP", "X-Forwarded-Host"])
@on_a_line
async def test_what_came_through_a_proxy_is_not_of_this_computer(line: Line, header: str) -> None:
    assert (await line.get("/status", headers={header: "x"})).status == 401


# ── the audit trail ─────────────────────────────────────────────────────────────────────────────────────────────────


@on_a_line
async def test_who_commanded_what_is_kept_without_secrets_and_check_parts(line: Line) -> None:
    await add(line, "operator")
    signed_in = await cookie_of(line)
    await asks(line, "/api/v1/job/start", {"gtin": GTIN}, signed_in)
    await line.codes([1])
    await line.post("/api/v1/codes/withdraw", {"code": code(1), "reason": "sample", "by": "lab", "id": "w-1"})
    await line.post("/api/v1/codes/withdraw", {"code": code(1), "reason": "sample", "by": "lab", "id": "w-1"})
    await line.post("/api/v1/job/start", {"gtin": GTIN})  # refused: nothing was done
    rows = (await line.get("/api/v1/audit")).json["items"]
    assert [(row["no"], row["by"], row["way"], row["command"]) for row in rows] == [
        (3, "lab", "token", "withdraw"),
        (2, "Anna", "person", "job-start"),
        (1, "", "token", "person-set"),
    ]
    said = "".join(row["said"] for row in rows)
    assert PIN not in said and "vuzv" not in said and "sample" in said
    journal = b"".join(path.read_bytes() for path in line.journal.path.parent.glob("line-1.db*"))
    assert PIN.encode() not in journal


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ("UPDATE audit SET by = 'nobody' WHERE no = 2", 2),
        ("DELETE FROM audit WHERE no = 2", 2),
        ("DELETE FROM audit WHERE no = 1", 1),
        ("UPDATE audit SET said = '{}' WHERE no = 1", 1),
        ("UPDATE audit SET hash = zeroblob(32) WHERE no = 3", 3),
    ],
)
@on_a_line
async def test_a_trail_that_somebody_changed_shows_where(line: Line, change: str, broken: int) -> None:
    await add(line, "operator")
    await line.start()
    await line.post("/api/v1/job/stop")
    before = (await line.get("/api/v1/audit/verify")).json
    assert (before["rows"], before["broken"]) == (3, None) and len(before["end"]) == 64

    def step(connection: Connection) -> None:
        connection.execute(change)

    await line.journal.do(step)
    assert (await line.get("/api/v1/audit/verify")).json["broken"] == broken


@on_a_line
async def test_a_row_that_was_rewritten_with_a_hash_that_fits_shows_at_the_next(line: Line) -> None:
    await add(line, "operator")
    await line.start()
    await line.post("/api/v1/job/stop")

    def rewrite(connection: Connection) -> None:
        rows, _ = audit.page(connection)
        before = bytes(connection.execute("SELECT hash FROM audit WHERE no = 1").fetchone()[0])
        forged = rows[1]._replace(by="nobody")
        connection.execute("UPDATE audit SET by = ?, hash = ? WHERE no = 2", (forged.by, audit._hash(before, forged)))

    await line.journal.do(rewrite)
    assert (await line.get("/api/v1/audit/verify")).json["broken"] == 3
