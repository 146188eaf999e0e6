"""The parts of the balance: the sums of one commit, and what lies in packages."""

from __future__ import annotations

from typing import NamedTuple

from lined.journal.database import Connection
from lined.journal.tables import counters, jobs, rolls

ROLLS_MOST = 20  # told one by one; the others are in the sum


class Counted(NamedTuple):
    """Counters of the journal's life and of the running job; `job_id` is None where none runs. `rolls`: codes given out
    into files and how many of these were applied since; `unseen`: the same of the newest of which some were not, by the
    print order's name.
    """

    life: dict[str, int]
    job_id: int | None
    of_job: dict[str, int]
    rolls: tuple[int, int] = (0, 0)
    unseen: tuple[tuple[str, int, int], ...] = ()


class Packed(NamedTuple):
    """Codes that lie in packages: as the packages have it, and (`by_codes`) as the codes themselves have it."""

    life: int
    of_job: int
    by_codes: int


def counted(connection: Connection) -> Counted:
    job = jobs.running(connection)
    of_job = counters.of_job(connection, job.id) if job is not None else {}
    unseen = tuple((row.name, row.codes, row.seen) for row in rolls.unseen(connection, ROLLS_MOST))
    job_id = job.id if job is not None else None
    return Counted(counters.of_job(connection), job_id, of_job, rolls.sums(connection), unseen)


def packed(connection: Connection, job_id: int | None) -> Packed:
    """Looks at every package and at the index of packed codes: seconds for millions. Ask seldom."""
    life, of_job = connection.execute(
        "SELECT coalesce(sum(holds), 0), coalesce(sum(CASE WHEN job_id = ? THEN holds ELSE 0 END), 0) FROM package "
        "WHERE state <> 'dissolved' AND child_level IN ('UNIT', 'GROUP')",
        (job_id or 0,),
    ).fetchone()
    codes = connection.execute("SELECT count(*) FROM code WHERE package_id IS NOT NULL").fetchone()[0]
    groups = connection.execute(
        "SELECT count(*) FROM package WHERE level = 'GROUP' AND state <> 'dissolved' AND package_id IS NOT NULL"
    ).fetchone()[0]
    return Packed(int(life), int(of_job), int(codes) + int(groups))
