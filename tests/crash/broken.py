"""Copies of the program with one promise broken on purpose, to show that a test can fail."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.crash.plant import module_program

ROOT = Path(__file__).parents[2]


def broken(into: Path, changes: dict[str, list[tuple[str, str]]]) -> tuple[str, ...]:
    """Copy the packages, replace texts in files; the command that runs the copy.

    Fails where a text is not there exactly once: a control that changes nothing would prove nothing.
    """
    for package in ("lined", "drivers"):
        shutil.copytree(ROOT / package, into / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name, replacements in changes.items():
        path = into / name
        text = path.read_text()
        for old, new in replacements:
            assert text.count(old) == 1, f"{name} holds {text.count(old)} times: {old}"
            text = text.replace(old, new)
        path.write_text(text)
    return module_program(into)


ACCEPT_BEFORE_COMMIT = {
    "lined/journal/writer.py": [
        (
            'self._crash_point("before-commit")\n',
            (
                "self._deliver([pair for pair in outcome if pair[0].work.intake])\n"
                "            time.sleep(0.2)\n"
                '            self._crash_point("before-commit")\n'
            ),
        ),
    ]
}
SYNCHRONOUS_OFF = {"lined/journal/database.py": [('("synchronous", 2)', '("synchronous", 0)')]}
SEND_AGAIN_WITHOUT_LOOKING = {
    "lined/reports/outcomes/sending.py": [
        (
            "class NoAnswer(ReportOutcome, edges={_S.SENDING: _S.IN_DOUBT}):",
            "class NoAnswer(ReportOutcome, edges={_S.SENDING: _S.SEALED}):",
        ),
        (
            "class CutShort(ReportOutcome, edges={_S.SENDING: _S.IN_DOUBT}):",
            "class CutShort(ReportOutcome, edges={_S.SENDING: _S.SEALED}):",
        ),
    ],
    "lined/reports/delivery/loops.py": [
        ("        if isinstance(outcome, NoAnswer):\n            self._close_gate()\n", ""),
    ],
}
