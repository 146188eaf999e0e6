"""Tasks of outcomes for people: refused codes, and the packages that hold one. Written with the outcome itself."""

from __future__ import annotations

from lined.journal.database import Connection
from lined.journal.tables import packages, tasks
from lined.vocabulary.tasks import TaskKind


def refused_code(connection: Connection, ident: str, report_id: int, reason: str, at_ms: int) -> None:
    """A code that the regulator refused, and every package around it: the innermost first."""
    tasks.add(connection, TaskKind.REFUSED_CODE, at_ms, ident=ident, report_id=report_id, reason=reason)
    containing = packages.containing(connection, ident)
    for package in containing:
        tasks.add(
            connection,
            TaskKind.PACKAGE_HOLDS_REFUSED,
            at_ms,
            ident=package.ident,
            package_id=package.id,
            report_id=report_id,
            reason=reason,
            about=ident,
        )


def refused_package(
    connection: Connection, package_id: int, report_id: int, reason: str, at_ms: int, child: str = ""
) -> None:
    """A package that the regulator refused to form, perhaps because of a child, and those around it."""
    package = packages.get(connection, package_id)
    assert package is not None
    tasks.add(
        connection,
        TaskKind.REFUSED_PACKAGE,
        at_ms,
        ident=package.ident,
        package_id=package.id,
        report_id=report_id,
        reason=reason,
        about=child or None,
    )
    for outer in packages.above(connection, package):
        tasks.add(
            connection,
            TaskKind.PACKAGE_HOLDS_REFUSED,
            at_ms,
            ident=outer.ident,
            package_id=outer.id,
            report_id=report_id,
            reason=reason,
            about=package.ident,
        )
