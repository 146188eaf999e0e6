"""Catalogues are compiled where they are built, and read without Babel."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from lined.i18n import catalogues
from lined.i18n.compiling import LOCALE, compile_catalogues

TEXT = "Language"


@pytest.fixture
def locale(tmp_path: Path) -> Path:
    return Path(shutil.copytree(LOCALE, tmp_path / "locale", ignore=shutil.ignore_patterns("*.mo")))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, locale: Path) -> Iterator[Path]:
    """The catalogues of another folder, none of them read before."""
    monkeypatch.setattr(catalogues, "FOLDER", locale)
    catalogues.catalogue.cache_clear()
    yield locale
    catalogues.catalogue.cache_clear()


def test_each_language_is_compiled_once_and_again_when_it_has_changed(locale: Path) -> None:
    assert sorted(path.parts[-3] for path in compile_catalogues(locale)) == ["ru", "uz"]
    assert compile_catalogues(locale) == []
    changed = locale / "uz/LC_MESSAGES/page.po"
    later = changed.with_suffix(".mo").stat().st_mtime_ns + 1
    os.utime(changed, ns=(later, later))
    assert [path.parts[-3] for path in compile_catalogues(locale)] == ["uz"]
    assert sorted(path.name for path in changed.parent.iterdir()) == ["page.mo", "page.po"]


def test_what_is_compiled_is_read(asked: Path) -> None:
    compile_catalogues(asked)
    found = {language: catalogues.catalogue(language).gettext(TEXT) for language in ("uz", "ru")}
    assert len({*found.values(), TEXT}) == 3


def test_without_its_catalogue_a_language_has_the_words_of_the_sources(asked: Path) -> None:
    assert not list(asked.rglob("*.mo"))
    assert catalogues.catalogue("uz").gettext(TEXT) == TEXT
