"""Jinja2, one environment a language: everything is escaped unless it was made here."""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from lined.commands.registry import registry
from lined.i18n import commanded, shown, words
from lined.i18n.catalogues import LANGUAGES, catalogue
from lined.i18n.facts import in_words
from lined.i18n.shown import Clock
from lined.reports.reasons import advice

TEMPLATES = Path(__file__).parent / "templates"
_FIRST = ("base", "macros", "operator", "parts/job", "parts/packages", "parts/counts", "parts/alarms")


class Rendering:
    """Templates of the page. `render` takes milliseconds: call it in a thread."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._environments: dict[str, Environment] = {}
        self._making = threading.Lock()

    def render(self, template: str, language: str, values: dict[str, Any]) -> str:
        """HTML. Raises jinja2.TemplateError for a mistake of ours."""
        return self._environment(language).get_template(template).render(values)

    def translate(self, language: str, text: str) -> str:
        """A text of `words` in a language."""
        return catalogue(language).gettext(text)

    def warm_up(self, language: str) -> None:
        """Compile what will be wanted first."""
        for name in _FIRST:
            self._environment(language).get_template(f"{name}.html")

    def _environment(self, language: str) -> Environment:
        with self._making:
            if language not in self._environments:
                self._environments[language] = self._make(language)
            return self._environments[language]

    def _make(self, language: str) -> Environment:
        environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            extensions=["jinja2.ext.i18n"],
        )
        found = catalogue(language)
        environment.install_gettext_translations(found, newstyle=True)  # type: ignore[attr-defined]
        clock = self.clock
        environment.filters |= {
            "moment": clock.day_and_time,
            "time": clock.time,
            "day": clock.day_or_moment,
            "n": shown.number,
            "size": shown.size,
            "code_end": shown.code_end,
            "visible": shown.visible,
            "said": partial(in_words, translate=found.gettext, clock=clock),
            "meaning": lambda reason: advice(reason or "", language).meaning or reason or "",
        }
        environment.globals |= {
            "words": words,
            "command_path": registry.path_of,
            "commanded": commanded,
            "share": shown.share,
            "language": language,
            "languages": LANGUAGES,
            "timezone": clock.timezone,
        }
        return environment
