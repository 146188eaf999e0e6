"""The three languages of the page, from the compiled `locale/<language>/LC_MESSAGES/page.mo`: see `compiling`.

English is the language of the sources and needs no catalogue. A test keeps the other two complete.
"""

from __future__ import annotations

import functools
import gettext
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)

LANGUAGES = {"uz": "Oʻzbekcha", "ru": "Русский", "en": "English"}
SOURCE = "en"
FOLDER = Path(__file__).parent / "locale"


@functools.cache
def catalogue(language: str) -> gettext.NullTranslations:
    """The words of a language, one of LANGUAGES; those of the sources where its compiled catalogue is not there, which
    is logged. Reads a file the first time.
    """
    if language == SOURCE:
        return gettext.NullTranslations()
    try:
        return gettext.translation("page", FOLDER, [language])
    except OSError as error:
        log.warning("no_catalogue", language=language, error=str(error))
        return gettext.NullTranslations()


def chosen(wanted: str | None, remembered: str | None, usual: str) -> str:
    """The language asked for, else the one remembered from before, else the line's own."""
    return next((one for one in (wanted, remembered, usual) if one in LANGUAGES), SOURCE)
