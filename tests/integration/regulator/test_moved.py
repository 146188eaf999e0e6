"""A contract that moved: a profile of one's own is what goes over the wire, with no change in code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lined.regulator import Account, Regulator
from lined.regulator.profiles import load_profile
from tests.harness.raw_server import RawServer, answer, says

OWN = """
[profile]
extends = "asl-belgisi"
version = "1.45"

[headers]
accept = "*/*"

[methods.utilisation]
path = "/public/api/v2/utilisation"

[reports.utilisation]
answer_id = "documentId"
group_in_query = false

[errors]
again = ["1", "17"]

[groups.tea]
demands = []
"""


async def test_a_report_goes_where_the_profile_says_and_as_it_says(
    tmp_path: Path, account: Callable[..., Account]
) -> None:
    (tmp_path / "my.toml").write_text(OWN)
    profile = load_profile(str(tmp_path / "my.toml"), None, {"methods.document.path": "/v2/docs/{id}/card"})
    moved = says(answer(200, {"documentId": "0e33"}))
    card = says(answer(200, {"documentId": "0e33", "type": "UTILISATION", "status": "SUCCESS"}))
    async with RawServer(moved, card) as server, Regulator(account(server.url, profile=profile)) as regulator:
        regulator._permits = 1
        receipt = await regulator.submit("utilisation", b"{}", product_group="tea")
        found = await regulator.document(receipt.document_id)
    assert (receipt.document_id, found.status if found else "") == ("0e33", "SUCCESS")
    assert [(seen.verb, seen.target) for seen in server.seen] == [
        ("POST", "/public/api/v2/utilisation"),
        ("GET", "/v2/docs/0e33/card"),
    ]
    assert all(seen.headers["accept"] == "*/*" for seen in server.seen)
