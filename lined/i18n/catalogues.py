"""The three languages of the page, from `locale/<language>/LC_MESSAGES/page.po`, compiled when first wanted.

English is the language of the sources and needs no catalogue. A test keeps the other two complete.
"""

from __future__ import annotations

import functools
import gettext
import io
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES = {"uz": "Oʻzbekcha", "ru": "Русский", "en": "English"}
SOURCE = "en"
FOLDER = Path(__file__).parent / "locale"


@functools.cache
def catalogue(language: str) -> gettext.NullTranslations:
    """The words of a language, one of LANGUAGES. Takes some 10 ms the first time: call it in a thread."""
    if language == SOURCE:
        return gettext.NullTranslations()
    with (FOLDER / language / "LC_MESSAGES" / "page.po").open("rb") as source:
        found = read_po(source, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, found)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def chosen(wanted: str | None, remembered: str | None, usual: str) -> str:
    """The language asked for, else the one remembered from before, else the line's own."""
    return next((one for one in (wanted, remembered, usual) if one in LANGUAGES), SOURCE)
