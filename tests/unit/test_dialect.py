"""Names have the terms of the trade and of stream libraries: a stranger has no dialect to learn."""

from __future__ import annotations

import io
import re
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Words that this code once had for them -> what libraries call it.
DIALECT = {
    "aboard": "allocated",
    "around": "context, containing",
    "asking": "requester, answers",
    "bench": "station",
    "desk": "consumer, routes",
    "door": "gate, endpoint",
    "ear": "subscriber",
    "farewell": "publish offline",
    "heard": "received, on_…",
    "hear": "receive",
    "hearing": "receiving",
    "said": "replied, confirmed, given",
    "say": "reply, publish, send",
    "sayer": "writer",
    "saying": "pending",
    "sayings": "pending",
    "telling": "publishing",
    "turn": "permit, pending",
    "turns": "scheduler, queue",
    "voice": "sink",
    "voiced": "published",
    "voices": "sinks",
    "wish": "request",
}
# Columns of the journal's, and the word of the API for them.
_COLUMNS = (
    *("api/people.py", "api/schemas.py", "api/shapes.py", "journal/tables/audit.py", "journal/tables/grades.py"),
    *("journal/views/work_items.py", "line/stations/verifying.py"),
)
STANDING = {f"lined/{file}": {"said"} for file in _COLUMNS}


def words_of(name: str) -> set[str]:
    """The words of an identifier: `_lastWord_s` has `last`, `word`, `s`."""
    return set(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().split("_"))


def names(path: Path) -> set[str]:
    tokens = tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline)
    return {path.stem, *(token.string for token in tokens if token.type == tokenize.NAME)}


ROOMS = sorted(path for path in (ROOT / "lined").iterdir() if path.is_dir())


@pytest.mark.parametrize("room", ROOMS, ids=lambda path: path.name)
def test_no_name_is_dialect(room: Path) -> None:
    found = {
        f"{path.relative_to(ROOT)}: {name}: {', '.join(DIALECT[word] for word in sorted(dialect))}"
        for path in room.rglob("*.py")
        for name in names(path) - STANDING.get(str(path.relative_to(ROOT)), set())
        if (dialect := words_of(name) & DIALECT.keys())
    }
    assert found == set()
