"""Products out of the regulator's registry: stanzas that can be pasted, and nothing changed by itself."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from lined.vocabulary.errors import Denied
from tests.harness.desk import GROUP_GTIN, GTIN, OTHER_GTIN, Desk, served


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with served(tmp_path, groups=("vegetableoil", "pharma", "water")) as desk:
        yield desk


def test_own_cards_become_stanzas_that_make_a_configuration(desk: Desk) -> None:
    desk.issue()
    desk.issue(gtin=GROUP_GTIN, package="GROUP")
    desk.issue(gtin=OTHER_GTIN, group="pharma")
    bare = desk.text[: desk.text.index("[[product]]")] + desk.text[desk.text.index("[[device]]") :]
    desk.config.write_text(bare)
    done = desk.lined("products", "import")
    assert done.exit_code == 0, (done.output, done.exception)
    products = tomllib.loads(done.stdout)["product"]
    assert [(one["gtin"], one["group"], one["name"]) for one in products] == [
        (OTHER_GTIN, "pharma", f"Product {OTHER_GTIN}"),
        (GTIN, "vegetableoil", f"Product {GTIN}"),
    ]
    assert f'# GROUP gtin = "{GROUP_GTIN}"' in done.stdout
    assert desk.config.read_text() == bare
    desk.config.write_text(bare + "\n" + done.stdout)
    assert desk.lined("check").exit_code == 0
    again = desk.lined("products", "import")
    assert "[[product]]" not in again.stdout
    assert "3 published cards, 2 of them are in the configuration already" in again.stderr
    assert desk.effects() == []


def test_one_group_can_be_asked_for_and_programs_get_json(desk: Desk) -> None:
    desk.issue()
    desk.issue(gtin=OTHER_GTIN, group="pharma")
    answer = desk.answer("products", "import", "--group", "pharma")
    assert [(one["gtin"], one["level"]) for one in answer["items"]] == [(OTHER_GTIN, "UNIT")]
    assert desk.answer("products", "import", "--group", "vegetableoil") == {"items": [], "known": 1, "next": None}


def test_a_name_is_a_text_of_the_file_whatever_stands_in_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from lined.sandbox import cards

    evil = 'Oil "1 l" \\ = [x]\n[[product]]'
    monkeypatch.setattr(cards, "named", lambda _text: dict.fromkeys(("en", "ru", "uz"), evil))
    desk.issue(gtin=OTHER_GTIN)
    (product,) = tomllib.loads(desk.lined("products", "import").stdout)["product"]
    assert product["name"] == evil.replace("\n", " ")


def test_a_technical_user_cannot_ask(desk: Desk) -> None:
    (desk.folder / "password").write_text(desk.server.credentials.password)
    desk.configure({"business_place_id = 27\n": 'business_place_id = 27\nlogin = "line"\npassword_file = "password"\n'})
    assert isinstance(desk.lined("products", "import").exception, Denied)
