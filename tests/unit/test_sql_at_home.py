"""All SQL stands in the journal: no other room executes a statement, or hands a part of one over."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.papers import journal

REPOSITORY = Path(__file__).parents[2]
AT_HOME = ("lined/journal", "lined/sandbox")  # the sandbox has a database of its own
EXECUTE = {"execute", "executemany", "executescript"}
OTHERWISE = {"commands", "_commands", "self"}  # what else executes: commands of people, not of the database

SQL = re.compile(
    r"\b(SELECT|INSERT (OR [A-Z]+ )?INTO|UPDATE \w+ SET|DELETE FROM|REPLACE INTO|(CREATE|ALTER|DROP) [A-Z]+|PRAGMA)\b"
    r"|\b(WHERE|ORDER BY|GROUP BY|LIMIT [\d?:{]|IS (NOT )?NULL|NOT IN \(|EXISTS \(|UNION)"
    r"|^(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|VACUUM)\b"
    r"|\w (=|<|>|<=|>=|<>|IN|LIKE) \(?(\?|:[a-z])"
    r"|\b[a-z_]+ (=|<>) '|\b[a-z_]+ IN \("
)


def files(*rooms: str) -> list[Path]:
    return sorted(
        path for room in rooms for path in REPOSITORY.glob(room if room.endswith(".py") else f"{room}/**/*.py")
    )


def abroad() -> list[Path]:
    home = set(files(*AT_HOME))
    return [path for path in files("lined", "drivers") if path not in home]


def statements(tree: ast.AST) -> Iterator[str]:
    """Where a statement is executed, or what looks like SQL stands in a string that is no docstring."""
    prose = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in EXECUTE:
            by = ast.unparse(node.func.value)
            if by.rpartition(".")[2] not in OTHERWISE:
                yield f"{node.lineno}: {by}.{node.func.attr}"
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            found = SQL.search(node.value)
            if found:
                yield f"{node.lineno}: {found[0]}"


@pytest.mark.parametrize("path", abroad(), ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_no_other_room_has_a_statement(path: Path) -> None:
    assert list(statements(ast.parse(path.read_text("utf-8")))) == []


@pytest.mark.parametrize("table", files("lined/journal/tables"), ids=lambda path: path.stem)
def test_every_statement_is_described(table: Path) -> None:
    for node in ast.parse(table.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{table.stem}.{node.name}"


def heads(paths: list[Path]) -> str:
    return "\n".join(ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "" for path in paths)


@pytest.mark.parametrize("table", re.findall(r"^CREATE TABLE (\w+)", journal.text(), re.MULTILINE))
def test_every_table_is_told_of_in_the_schema_and_has_a_file(table: str) -> None:
    assert re.search(rf"^    (\w+, )?{table}(, \w+)?  ", heads(files("lined/journal/schema.py")), re.MULTILINE)
    assert f"`{table}`" in heads(files("lined/journal/tables"))


@pytest.mark.parametrize(
    "source",
    [
        'connection.execute("BEGIN")',
        "tx.connection.executemany(query, rows)",
        "state.cursor.executescript(text)",
        """reports.select(connection, "state = 'open' ORDER BY id")""",
        """which(f"{column} = ? AND kind = 'x'")""",
        'where = f"batch_id = ? AND {more}"',
        'part = "own IS NULL"',
        'tail = "SELECT tail FROM code"',
        'lists = "state IN (" + marks + ")"',
    ],
)
def test_a_statement_is_seen(source: str) -> None:
    assert list(statements(ast.parse(source)))


@pytest.mark.parametrize(
    "source",
    [
        "await self._commands.execute(command, body)",
        '"""Rows that fit a WHERE clause."""',
        'told = "Select a product, then begin: where = the line"',
        'name = f"{key} = {value}"',
    ],
)
def test_what_is_none_is_let_be(source: str) -> None:
    assert not list(statements(ast.parse(source)))


def test_there_is_something_to_see() -> None:
    found = [one for path in files("lined/journal/tables") for one in statements(ast.parse(path.read_text("utf-8")))]
    assert len(found) > 300
