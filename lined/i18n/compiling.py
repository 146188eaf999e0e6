"""The compiler of catalogues: `page.po` of each language into the `page.mo` beside it, which the program reads.

The build of a wheel runs it (`backend.py`), an editable installation too; after a change of a translation:
`python -m lined.i18n.compiling`. Needs Babel; nothing that runs imports this.
"""

from __future__ import annotations

import os
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALE = Path(__file__).parent / "locale"


def compile_catalogues(locale: Path = LOCALE) -> list[Path]:
    """Compile every catalogue below `locale`; the files written: those that are older than their source, or not there.
    Raises OSError, PoFileError.
    """
    return [_compiled(source) for source in sorted(locale.glob("*/LC_MESSAGES/*.po")) if _is_due(source)]


def _is_due(source: Path) -> bool:
    compiled = source.with_suffix(".mo")
    return not compiled.exists() or compiled.stat().st_mtime_ns <= source.stat().st_mtime_ns


def _compiled(source: Path) -> Path:
    """Written whole or not at all: two processes may do it at once."""
    with source.open("rb") as file:
        found = read_po(file, locale=source.parts[-3], abort_invalid=True)
    final = source.with_suffix(".mo")
    part = final.with_suffix(f".{os.getpid()}.part")
    with part.open("wb") as file:
        write_mo(file, found)
    return part.replace(final)


if __name__ == "__main__":
    compile_catalogues()
