"""The readers of answers to every method, built when this file is imported.

That takes a twentieth of a second and holds everything else meanwhile: it is for the beginning, after the devices are
connected and before the line is ready.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from lined.regulator.methods import CALLS


def _built(answer: Any) -> TypeAdapter[Any]:
    """Whole: the models put off what they can."""
    adapter: TypeAdapter[Any] = TypeAdapter(answer)
    adapter.rebuild()
    return adapter


ADAPTERS: Mapping[str, TypeAdapter[Any]] = {name: _built(call.answer) for name, call in CALLS.items()}
"""By the method's name."""
