"""A store in memory that is soon thrown away: the same tables and the same SQL, no file, no thread, nothing durable.

Rules are tried out on it. It keeps no search index, since nobody searches it, and does not hold rows to what they refer to, since a part of
the past may be put into it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from listener.store.base import Migrations, Row, Tx
from listener.store.sqlite import SqliteTx

T = TypeVar("T")
_STATEMENTS = 512  # kept ready by SQLite's Python module; more than there are in the program


class Scratch:
    """A `listener.store.base.Store` for one thread, without a file."""

    url = "scratch"

    def __init__(self, migrations: Iterable[Migrations]) -> None:
        """Make every table, empty."""
        self._connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False, cached_statements=_STATEMENTS)
        for wanted in migrations:
            for statements in wanted.steps.values():
                for statement in statements:
                    self._connection.execute(statement)
        triggers = [name for (name,) in self._connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]
        for name in triggers:
            self._connection.execute(f"DROP TRIGGER {name}")
        self._connection.execute("DROP TABLE words")
        self._tables = [name for (name,) in self._connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        self._connection.row_factory = sqlite3.Row
        self._tx = SqliteTx(self._connection)

    def read(self) -> Tx:
        """Return a reader; it sees what a transaction under way has written."""
        return self._tx

    def write(self, work: Callable[[Tx], T]) -> T:
        """Run `work` in one transaction; an exception undoes it."""
        self._connection.execute("BEGIN")
        try:
            result = work(self._tx)
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")
        return result

    async def awrite(self, work: Callable[[Tx], T]) -> T:
        """Do the same; there is nothing to wait for."""
        return self.write(work)

    def take(self, table: str, rows: Iterable[Row]) -> None:
        """Put rows that were read from another store into a table."""
        columns = [str(row["name"]) for row in self._connection.execute(f"PRAGMA table_info({table})")]
        names, marks = ", ".join(columns), ", ".join(f":{column}" for column in columns)
        self._connection.executemany(f"INSERT OR REPLACE INTO {table} ({names}) VALUES ({marks})", rows)

    def index(self, statement: str) -> None:
        """Add an index that only trying out needs."""
        self._connection.execute(statement)

    def clear(self) -> None:
        """Empty every table."""
        for table in self._tables:
            self._connection.execute(f"DELETE FROM {table}")

    def scrub(self) -> bool:
        """There are no files to take anything out of."""
        return True

    def beside(self, ending: str) -> Path:
        """Return a path where no file is: nothing belongs to this store."""
        return Path("/nonexistent") / f"scratch{ending}"

    def close(self) -> None:
        """Forget all of it."""
        self._connection.close()
