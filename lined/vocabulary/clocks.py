"""Bounds of clocks: how far one may be off, in milliseconds, and why so far. Each stands here and nowhere else."""

from __future__ import annotations

NOTICED_MS = 500
"""A step of the time of day against the machine's uptime. Time synchronisation that slews moves both alike and is no
step; what it sets at once is 128 ms (ntpd), 400 ms (systemd-timesyncd) or a second (chrony) at least, and a date is
told to the second.
"""

SYNCED_MS = 5_000
"""A step of time synchronisation on a machine that is well: batches go on, nobody is told, nothing waits."""

DATE_MS = 1_000
"""A Date header tells the regulator's clock to about a second."""

WRONG_MS = 5 * 60 * 1000
"""Off by more than this a clock is wrong (contract: such a one seals nothing). A date so little ahead of the
regulator's clock is waited for; one further ahead is for a person.
"""
