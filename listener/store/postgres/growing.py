"""Tables that have just grown: the server is told to look at them again, before it would by itself.

How to look something up the server decides by what it knows of a table's size. Of an empty table it takes any index for as good as another,
and keeps to that on each connection until the table is looked at (autovacuum does so a minute later at the earliest): with a storm as the
first thing that a store hears, every foreign key was checked by reading all posts of a network. (PostgreSQL 18, "Planner Statistics".)
"""

from __future__ import annotations

import threading
from collections import Counter

from psycopg import sql

from listener.store.postgres.links import Link

_FIRST = 100  # rows of one table that this process has put there when the table is looked at
_STEP = 10  # times as many before the next look
_LAST = 100_000  # rows beyond which autovacuum comes soon enough


class Growth:
    """How much this process has put into each table. From any thread."""

    def __init__(self) -> None:
        """Begin at nothing."""
        self._rows: Counter[str] = Counter()
        self._next: dict[str, int] = {}
        self._lock = threading.Lock()

    def note(self, table: str, rows: int) -> None:
        """Note that rows were put into a table."""
        with self._lock:
            self._rows[table] += rows

    def due(self) -> dict[str, int]:
        """Return the tables that are to be looked at now, each with its new rows; each is named once for each size."""
        with self._lock:
            found = {table: rows for table, rows in self._rows.items() if self._next.get(table, _FIRST) <= rows <= _LAST}
            self._next |= {table: rows * _STEP for table, rows in found.items()}
            return found


def look_again(link: Link, grown: dict[str, int]) -> None:
    """Have the server look at those of these tables that it takes for smaller than they have become.

    Raises:
        psycopg.Error: the server is gone, or refused.
    """
    known = link.execute(
        "SELECT relname, reltuples FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
    ).fetchall()
    for table in (str(name) for name, rows in known if rows < grown.get(str(name), 0)):
        link.execute(sql.SQL("ANALYZE (SKIP_LOCKED) {}").format(sql.Identifier(table)), prepare=False)
