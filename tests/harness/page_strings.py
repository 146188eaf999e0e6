"""Every string of the page, as the catalogues have to have it: out of the templates, and marked `N_` in the sources."""

from __future__ import annotations

from pathlib import Path

from babel.messages.extract import extract_from_dir

ROOM = Path(__file__).parents[2] / "lined"
KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}
METHODS = [("**.html", "jinja2"), ("**.py", "python")]
OPTIONS = {"**.html": {"trimmed": "false", "newstyle_gettext": "true", "silent": "false", "encoding": "utf-8"}}


def every_string() -> dict[str, str]:
    """Each string with the first place where it stands."""
    found: dict[str, str] = {}
    for name, line, message, _comments, _context in extract_from_dir(
        ROOM, method_map=METHODS, options_map=OPTIONS, keywords=KEYWORDS
    ):
        assert isinstance(message, str), (name, line, message)
        found.setdefault(message, f"{name}:{line}")
    return found


if __name__ == "__main__":
    for text in every_string():
        print(text)
