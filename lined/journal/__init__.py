"""The journal: the only SQLite. What was acknowledged is in here, synced, and is found again after any crash.

It keeps rows and answers questions; it decides nothing. `journal` opens the file, `writer` is the one thread that
writes, `reports`, `codes`, `counters`, `commands` are the statements, `queries` and `stories` what people ask.
"""

from lined.journal.journal import Journal

__all__ = ["Journal"]
