"""The vocabulary: each of its words is spelled in one place, and known in full to whoever shows it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from lined.vocabulary.alarms import AlarmKind, Severity
from lined.vocabulary.codes import CodeEvent, CodeState, Withdrawal
from lined.vocabulary.errors import CommandError
from lined.vocabulary.facts import FactCode
from lined.vocabulary.line import JobMode, LineState, Role, Stop
from lined.vocabulary.orders import ORDER_FINAL, ORDER_TRANSITIONS, OrderState, SubOrderState
from lined.vocabulary.packages import Level, OpenPackages, PackageState, PackMode
from lined.vocabulary.people import PersonRole, Way
from lined.vocabulary.printing import LabelState, RollState
from lined.vocabulary.reports import CODES_OF, FINAL, TRANSITIONS, Outcome, ReportKind, ReportState
from lined.vocabulary.scanners import ScannerSign, Symptom
from lined.vocabulary.tasks import TaskKind
from lined.vocabulary.verdicts import Answer, Decision, Reason
from lined.vocabulary.word import Word

LINED = Path(__file__).parents[2] / "lined"
ENUMS: tuple[type[Word], ...] = (
    *(AlarmKind, Severity, Answer, CodeEvent, CodeState, Decision, JobMode, Level, LineState, OpenPackages),
    *(Outcome, PackageState, PackMode, Reason, ReportKind, ReportState, Role, TaskKind, Withdrawal),
    *(OrderState, PersonRole, Stop, SubOrderState, Way, LabelState, RollState, ScannerSign, Symptom),
)
# Those of their words that are plain ones name sections of the configuration, tasks and tags of the API as well.
PLAIN = (AlarmKind, PersonRole, Stop, Symptom, Way)
WORDS = frozenset(str(word) for enum in ENUMS for word in enum if enum not in PLAIN or "-" in word)

# Rooms with words of their own, which only look the same: the regulator's, and those of a terminal's command line.
OTHER_WORDS = ("vocabulary", "sandbox", "regulator", "cli")
# Calls whose arguments name a field of a document, a setting, an error's code, a process's task or a message's place.
NAMING = {
    *(kind.__name__ for kind in CommandError.__subclasses__()),
    "get",
    "pop",
    "getattr",
    "setdefault",
    "Problem",
    "found",
    "info",
    "warning",
    "error",
    "critical",
}


def sources() -> list[Path]:
    return [path for path in sorted(LINED.rglob("*.py")) if path.relative_to(LINED).parts[0] not in OTHER_WORDS]


def bare_words(tree: ast.Module) -> Iterator[ast.Constant]:
    """Constants that spell a word, other than where a field, a setting or an error has that name."""
    names: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            names |= {id(key) for key in node.keys}
        elif isinstance(node, ast.Subscript):
            names.add(id(node.slice))
        elif isinstance(node, ast.Call):
            function = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if function in NAMING:
                names |= {id(one) for argument in node.args for one in ast.walk(argument)}
        elif isinstance(node, ast.Compare) and isinstance(node.left, ast.Attribute) and node.left.attr == "code":
            names |= {id(one) for right in node.comparators for one in ast.walk(right)}  # the code of an error
        elif isinstance(node, ast.JoinedStr):
            names |= {id(one) for one in node.values}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or id(node) in names:
            continue
        if isinstance(node.value, str) and node.value in WORDS:
            yield node


# Where a word is the name of something else.
OTHERWISE: dict[str, dict[str, str]] = {
    "commands/plc.py": {"ejected": "a field"},
    "config/rules_line.py": {"apply": "a setting"},
    "i18n/words.py": dict.fromkeys(("accepted", "applied", "ejected"), "parts of a balance"),
    "journal/care/damage.py": {"damaged": "part of a file's name"},
    "mqtt/bridge.py": {"queued": "a field"},
    "line/intake/parsing.py": {"no-read": "a driver's word for its frame"},
    "line/stations/reforming.py": {"reported": "how a package stands with the regulator"},
    "line/watch/balance.py": dict.fromkeys(("accepted", "no-read", "applied", "ejected"), "parts of a balance"),
    "notify/message.py": {"again": "a state of a message"},
    "reports/delivery/loops.py": {"sending": "a task of the process"},
    "service/outward.py": {"sending": "a task of the process"},
    "web/server.py": {"critical": "a level of logging"},
    "web/summary.py": dict.fromkeys(("accepted", "no-read"), "parts of a balance"),
}


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(LINED)))
def test_no_other_file_spells_a_word(path: Path) -> None:
    name = str(path.relative_to(LINED))
    known = OTHERWISE.get(name, {})
    found = list(bare_words(ast.parse(path.read_text("utf-8"))))
    assert [f"{name}:{one.lineno} {one.value!r}" for one in found if one.value not in known] == []
    if len(known) < len(WORDS):
        assert set(known) == {one.value for one in found}, f"{name} has no need of its exception any more"


def test_every_enum_is_looked_at() -> None:
    def below(kind: type[Word]) -> Iterator[type[Word]]:
        for one in kind.__subclasses__():
            yield one
            yield from below(one)

    found = {one for one in below(Word) if len(one) and not issubclass(one, FactCode)}  # see test_facts
    assert found == set(ENUMS)


def test_every_state_of_a_report_leads_somewhere_or_is_final() -> None:
    assert set(CODES_OF) == set(ReportState) == set(TRANSITIONS) | FINAL and not set(TRANSITIONS) & FINAL
    for before, edges in TRANSITIONS.items():
        assert edges and before not in edges and all(len(why) > 10 for why in edges.values())
    reached = {after for edges in TRANSITIONS.values() for after in edges}
    assert reached | {ReportState.OPEN} == set(ReportState)


def test_every_state_of_an_order_leads_somewhere_or_is_final() -> None:
    assert set(OrderState) == set(ORDER_TRANSITIONS) | ORDER_FINAL and not set(ORDER_TRANSITIONS) & ORDER_FINAL
    for before, edges in ORDER_TRANSITIONS.items():
        assert edges and before not in edges and all(len(why) > 10 for why in edges.values())
    reached = {after for edges in ORDER_TRANSITIONS.values() for after in edges}
    assert reached == set(OrderState)
