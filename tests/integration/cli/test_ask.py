"""A code looked up at the regulator by a person: ours, another's, nobody's; and what a package holds there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lined.vocabulary.errors import CallError, Denied
from tests.harness.desk import Desk, served

SSCC = "00030779729200012315"
OTHER_TIN = "123456789"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with served(tmp_path) as desk:
        yield desk


def test_an_own_code_is_told_in_full_with_the_document_that_applied_it(desk: Desk) -> None:
    (code,) = desk.issue()
    ident = code.partition("\x1d")[0]
    fresh = desk.answer("code", "ask", code)["regulator"]
    assert (fresh["status"], fresh["ours"], fresh["level"]) == ("RECEIVED", True, "UNIT")
    document = desk.apply([code])
    seen = desk.answer("code", "ask", code)
    assert (seen["code"], seen["here"]) == (ident, None)
    assert (seen["regulator"]["status"], seen["regulator"]["issued_to"]) == ("INTRODUCED", "307797292")
    assert document in {event["document"] for event in seen["regulator"]["events"]}
    told = desk.lined("code", "ask", code)
    assert told.exit_code == 0 and "INTRODUCED" in told.output and document in told.output
    assert code.partition("\x1d")[2] not in told.output


def test_a_code_of_another_is_told_as_everybody_may_know_it_and_an_unknown_one_is_exit_1(desk: Desk) -> None:
    (others,) = desk.issue(tin=OTHER_TIN)
    seen = desk.answer("code", "ask", others)["regulator"]
    assert (seen["ours"], seen["issued_to"], seen["events"]) == (False, OTHER_TIN, [])
    unknown = desk.lined("code", "ask", "010489921512237121NOBODY+KNOWS")
    assert unknown.exit_code == 1 and "is not known to the regulator" in unknown.output


def test_what_cannot_be_asked_is_said(desk: Desk) -> None:
    short = desk.lined("code", "ask", "010489921512237121A")
    assert isinstance(short.exception, CallError)
    (desk.folder / "password").write_text(desk.server.credentials.password)
    desk.configure({"business_place_id = 27\n": 'business_place_id = 27\nlogin = "line"\npassword_file = "password"\n'})
    assert isinstance(desk.lined("code", "ask", desk.issue()[0]).exception, Denied)


def test_what_a_package_holds_is_told(desk: Desk) -> None:
    codes = desk.issue(3)
    idents = [code.partition("\x1d")[0] for code in codes]
    desk.apply(codes)
    desk.pack(SSCC, idents)
    seen = desk.answer("package", "ask", SSCC)["regulator"]
    assert (seen["ours"], seen["level"], sorted(seen["children"])) == (True, "BOX_LV_1", sorted(idents))
    told = desk.lined("package", "ask", SSCC)
    assert "It holds 3:" in told.output and all(ident in told.output for ident in idents)
    nobody = desk.lined("package", "ask", "00030779729277777889")
    assert nobody.exit_code == 1 and "is not known to the regulator" in nobody.output
