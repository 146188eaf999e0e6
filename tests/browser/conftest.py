"""Browser tests need Chromium; where there is none they say so."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.chromium import PROGRAM


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents and item.get_closest_marker("browser") and PROGRAM is None:
            item.add_marker(pytest.mark.skip(reason="no Chromium on this machine"))
