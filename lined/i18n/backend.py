"""The build backend of `pyproject.toml`: that of setuptools, which finds the catalogues compiled."""

from __future__ import annotations

from typing import Any

from compiling import compile_catalogues  # beside this file, which `backend-path` has on the path of a build
from setuptools import build_meta
from setuptools.build_meta import (
    build_sdist,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]


def build_wheel(*arguments: Any, **named: Any) -> Any:
    compile_catalogues()
    return build_meta.build_wheel(*arguments, **named)


def build_editable(*arguments: Any, **named: Any) -> Any:
    compile_catalogues()
    return build_meta.build_editable(*arguments, **named)
