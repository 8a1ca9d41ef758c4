"""A store in memory that is soon thrown away: the same tables and the same SQL, no file, no thread, nothing durable.

Rules are tried out on it. It keeps no search index, since nobody searches it, and does not hold rows to what they refer to, since a part of
the past may be put into it.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import chain
from pathlib import Path
from typing import TypeVar

from listener.store.atonce import AtOnce
from listener.store.base import Migrations, Row, Tx, Value
from listener.store.sqlite import SqliteTx

T = TypeVar("T")
_STATEMENTS = 512  # kept ready by SQLite's Python module; more than there are in the program
_CHANGES = re.compile(r"\s*(?:INSERT\s+(?:OR\s+\w+\s+)?INTO|UPDATE|DELETE\s+FROM)\s+(\w+)")
_FROM = re.compile(r"\b(?:FROM|JOIN)\s+(\w+)")
_PARTS = re.compile(r"\b(SELECT|FROM)\b")
_AMONG = re.compile(r"\bIN \(SELECT value FROM json_each\(:\w+\)\)")  # what is asked for, and no table
_HARMLESS = ("SAVEPOINT", "RELEASE")


class _Noting(SqliteTx):
    """Statements on one connection that note which tables they change.

    What is asked of tables into which nothing was put yet, and was answered by no row, is not asked again: whatever the values, there is
    no row to find.
    """

    def __init__(self, connection: sqlite3.Connection, tables: Iterable[str]) -> None:
        super().__init__(connection)
        self.changes = dict.fromkeys(tables, 0)
        self.filled: set[str] = set()
        self._changed: dict[str, str] = {}
        self._unanswered: dict[str, frozenset[str]] = {}

    def run(self, sql: str, **values: Value) -> int:
        """Change rows; return how many."""
        self._note(sql)
        return self._execute(sql, values).rowcount

    def run_many(self, sql: str, many: Sequence[Mapping[str, Value]]) -> int:
        """Change rows by the same statement, once for each of `many`; return how many in all."""
        self._note(sql)
        return super().run_many(sql, many)

    def insert(self, sql: str, **values: Value) -> int:
        """Insert one row; return its id."""
        self._note(sql)
        return self._execute(sql, values).lastrowid or 0

    def all(self, sql: str, **values: Value) -> list[Row]:
        """Return every row."""
        if self._surely_none(sql):
            return []
        rows = self._execute(sql, values).fetchall()
        if rows:
            return self._dicts(sql, rows)
        self._keep(sql)
        return []

    def one(self, sql: str, **values: Value) -> Row | None:
        """Return the first row, or None."""
        if self._surely_none(sql):
            return None
        row = self._execute(sql, values).fetchone()
        if row is not None:
            return self._dicts(sql, [row])[0]
        self._keep(sql)
        return None

    def touched(self, *tables: str) -> None:
        """Note that tables were changed."""
        for table in tables:
            self.changes[table] += 1
        self.filled.update(tables)

    def _note(self, sql: str) -> None:
        table = self._changed.get(sql)
        if table is None:
            found = _CHANGES.match(sql)
            table = self._changed[sql] = found[1] if found else "" if sql.startswith(_HARMLESS) else "*"
        if table == "*":
            self.touched(*self.changes)
        elif table:
            self.changes[table] += 1
            self.filled.add(table)

    def _surely_none(self, sql: str) -> bool:
        tables = self._unanswered.get(sql)
        return tables is not None and not self.filled & tables

    def _keep(self, sql: str) -> None:
        """Remember that a statement found nothing, where each of its parts reads a table of ours."""
        if sql not in self._unanswered:
            sql, asked = _AMONG.sub("", sql), sql
            tables, parts = frozenset(_FROM.findall(sql)), _PARTS.findall(sql)
            known = tables and tables <= self.changes.keys() and parts.count("SELECT") == parts.count("FROM")
            self._unanswered[asked] = tables if known else frozenset(self.changes)


class Scratch(AtOnce):
    """A `listener.store.base.Store` for one thread, without a file."""

    url = "scratch"
    shared = False

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
        self._tx = _Noting(self._connection, self._tables)

    def read(self) -> Tx:
        """Return a reader; it sees what a transaction under way has written."""
        return self._tx

    def hold_alone(self) -> None:
        """Nobody else can reach it."""

    def held(self) -> bool:
        """No daemon works on it."""
        return False

    def bells(self, heard: Callable[[str], object]) -> AbstractContextManager[None]:  # noqa: ARG002  # nobody rings
        """There are no bells here."""
        return nullcontext()

    def write(self, work: Callable[[Tx], T], *, alongside: bool = False) -> T:  # noqa: ARG002  # there is one thread
        """Run `work` in one transaction; an exception undoes it."""
        self._connection.execute("BEGIN")
        try:
            result = work(self._tx)
        except BaseException:
            self._connection.execute("ROLLBACK")
            self._tx.touched(*self._tables)
            raise
        self._connection.execute("COMMIT")
        return result

    def write_first(self, work: Callable[[Tx], T]) -> T:
        """Do the same: there is nobody to wait for."""
        return self.write(work)

    async def awrite_first(self, work: Callable[[Tx], T]) -> T:
        """Do the same."""
        return self.write(work)

    async def awrite(self, work: Callable[[Tx], T], *, alongside: bool = False) -> T:  # noqa: ARG002  # there is one thread
        """Do the same; there is nothing to wait for."""
        return self.write(work)

    def take(self, table: str, rows: Iterable[Row]) -> None:
        """Put rows that were read from another store into a table."""
        first = next(found := iter(rows), None)
        if first is None:
            return
        self._tx.touched(table)
        columns = [str(row["name"]) for row in self._connection.execute(f"PRAGMA table_info({table})")]
        names, marks = ", ".join(columns), ", ".join(f":{column}" for column in columns)
        self._connection.executemany(f"INSERT OR REPLACE INTO {table} ({names}) VALUES ({marks})", chain([first], found))

    def stamp(self, tables: Iterable[str]) -> tuple[int, ...]:
        """Return something that is another one as soon as one of the tables may have been changed."""
        return tuple(self._tx.changes[table] for table in tables)

    def index(self, statement: str) -> None:
        """Add an index that only trying out needs."""
        self._connection.execute(statement)

    def clear(self) -> None:
        """Empty every table."""
        for table in self._tables:
            self._connection.execute(f"DELETE FROM {table}")
        self._tx.touched(*self._tables)
        self._tx.filled.clear()

    def scrub(self) -> bool:
        """There are no files to take anything out of."""
        return True

    def beside(self, ending: str) -> Path:
        """Return a path where no file is: nothing belongs to this store."""
        return Path("/nonexistent") / f"scratch{ending}"

    def close(self) -> None:
        """Forget all of it."""
        self._connection.close()
