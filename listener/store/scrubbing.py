"""Taking what was deleted out of the files too, not only out of the tables.

`secure_delete` overwrites what a table lets go of. Two places keep it longer: the search index, which holds the words of deleted rows until
its parts are merged (sqlite.org/fts5.html, "the merge command", November 2026), and the write-ahead log, which holds pages as they were
until it is emptied. Both are done in small steps, so that nobody who writes waits for long.
"""

from __future__ import annotations

import sqlite3

_PAGES = 500  # of the search index, merged in one transaction
_STEPS = 200


def scrub(connection: sqlite3.Connection, index: str) -> bool:
    """Merge the search index `index` and empty the log; return whether all is done (if not, do it again later).

    Raises:
        sqlite3.Error: the file cannot be written.
    """
    return _merge(connection, index) and _empty_log(connection)


def _merge(connection: sqlite3.Connection, index: str) -> bool:
    """Merge all parts of the index into one, by which deleted words fall out of it. A negative number begins that, positive ones go on."""
    pages = -_PAGES
    for _ in range(_STEPS):
        before = connection.total_changes
        connection.execute(f"INSERT INTO {index} ({index}, rank) VALUES ('merge', ?)", (pages,))
        if connection.total_changes - before < 2:  # noqa: PLR2004 - as the documentation says: nothing was left to merge
            return True
        pages = _PAGES
    return False


def _empty_log(connection: sqlite3.Connection) -> bool:
    busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy
