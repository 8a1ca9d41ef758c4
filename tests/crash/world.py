"""A simulated world for the real sender: a clock that jumps, a process that dies, a store in memory that keeps what was committed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from listener.store.atonce import AtOnce
from listener.store.base import Tx
from listener.store.sqlite import SqliteTx
from tests.crash.choices import Budget, Choices

T = TypeVar("T")
Stored = tuple[Any, ...]
Rows = Mapping[str, tuple[Stored, ...]]
_TABLES = """SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE TABLE%' AND name NOT LIKE 'words%'
    AND name <> '_sqlite_migrations' ORDER BY name"""
_NOWHERE = str(Path(__file__).parent / "no-such-folder" / "store")
STALL = timedelta(minutes=3)  # three leases of a claim


class Died(BaseException):
    """The process ended here: nothing of it runs any more."""


@dataclass
class World:
    """What is chosen, what may still go wrong, and the time.

    `calm` is when something went wrong last. `news` says that something was stored or published since the last checkpoint; without any,
    dying here is dying there, and is not tried twice.
    """

    choices: Choices
    budget: Budget
    moment: datetime
    calm: datetime
    dead: bool = False
    news: bool = True

    def clock(self) -> datetime:
        """Return the time."""
        return self.moment

    def forward(self, seconds: float) -> None:
        """Let time pass."""
        self.moment += timedelta(seconds=seconds)

    def spend(self, kind: str) -> None:
        """Let one more thing have gone wrong."""
        self.budget = self.budget.less(kind)
        self.calm = self.moment

    def fails(self, where: str) -> bool:
        """Choose whether a look fails here."""
        if not self.budget.allows("blinks") or self.choices.pick(where, ("works", "fails")) == "works":
            return False
        self.spend("blinks")
        return True

    def checkpoint(self, where: str, *, may_stall: bool = False) -> bool:
        """Choose whether the process dies here; return whether it stands still instead."""
        if self.dead:
            raise Died
        stalls = ("stands still",) if may_stall and self.budget.allows("stalls") else ()
        deaths = ("dies",) if self.budget.allows("crashes") and self.news else ()
        self.news = False
        what = self.choices.pick(where, ("goes on", *deaths, *stalls))
        if what == "dies":
            self.dead = True
            self.spend("crashes")
            raise Died
        if what == "stands still":
            self.spend("stalls")
            return True
        return False


class MemoryStore(AtOnce):
    """The store's contract over one connection in memory; the process may die just before and just after each commit."""

    url = "memory"
    shared = False

    def __init__(self, database: bytes, *, forgetful: bool = False) -> None:
        """Begin as `database`. A forgetful store loses its last commit when the process dies, as a careless disk does."""
        self._forgetful = forgetful
        self._connection = sqlite3.connect(":memory:", isolation_level=None)
        self._connection.deserialize(database)
        self._connection.row_factory = sqlite3.Row
        tables = tuple(str(row["name"]) for row in self._connection.execute(_TABLES))
        self._columns = {table: [str(row["name"]) for row in self._connection.execute(f"PRAGMA table_info({table})")] for table in tables}
        self._connection.execute("PRAGMA foreign_keys=ON")
        self._holds: Rows = {}
        self.save()
        self._before: Rows | None = None
        self.world: World | None = None

    def load(self, rows: Rows) -> None:
        """Hold what `save` gave. Only rows that differ are put back, so that no cascade follows and the statements stay prepared."""
        self._connection.execute("BEGIN")
        for table, wanted in rows.items():
            if wanted != self._holds[table]:
                self._put_back(table, {row[0]: row for row in self._holds[table]}, {row[0]: row for row in wanted})
        self._connection.execute("COMMIT")
        self._holds, self._before = rows, None

    def _put_back(self, table: str, held: Mapping[object, Stored], wanted: Mapping[object, Stored]) -> None:
        """Change one table's rows; the first column tells them apart in every table that sending changes."""
        if table == "incidents":  # of one name only one is open, so they cannot be changed one by one
            self._connection.execute("DELETE FROM incidents")
            held = {}
        key, *others = self._columns[table]
        for name in held.keys() - wanted.keys():
            self._connection.execute(f"DELETE FROM {table} WHERE {key} = ?", (name,))
        for name, row in wanted.items():
            if name not in held:
                self._connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)
            elif row != held[name]:
                values = ", ".join(f"{column} = ?" for column in others)
                self._connection.execute(f"UPDATE {table} SET {values} WHERE {key} = ?", (*row[1:], name))

    def die(self) -> None:
        """Hold what is found after a death."""
        if self._forgetful and self._before:
            self.save()
            self.load(self._before)

    def save(self) -> Rows:
        """Return all that was committed, but for the index of words, which follows the posts."""
        found = {table: tuple(map(tuple, self._connection.execute(f"SELECT * FROM {table}"))) for table in self._columns}
        self._holds = {table: self._holds[table] if self._holds.get(table) == rows else rows for table, rows in found.items()}
        return self._holds

    def read(self) -> SqliteTx:
        """Return a reader."""
        return SqliteTx(self._connection)

    def write(self, work: Callable[[Tx], T], *, alongside: bool = False) -> T:  # noqa: ARG002  # there is one writer
        """Run `work` in one transaction."""
        if self._forgetful:
            self._before = self.save()
        before = self._connection.total_changes
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            done = work(SqliteTx(self._connection))
            if self.world:
                self.world.checkpoint("before a commit")
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")
        if self.world and self._connection.total_changes != before:
            self.world.news = True
            self.world.checkpoint("after a commit")
        return done

    def write_first(self, work: Callable[[Tx], T]) -> T:
        """Do the same."""
        return self.write(work)

    async def awrite_first(self, work: Callable[[Tx], T]) -> T:
        """Do the same, at once."""
        return self.write(work)

    async def awrite(self, work: Callable[[Tx], T], *, alongside: bool = False) -> T:  # noqa: ARG002  # there is one writer
        """Do the same, at once."""
        return self.write(work)

    def beside(self, ending: str) -> Path:
        """Return a path at which nothing lies."""
        return Path(f"{_NOWHERE}{ending}")

    def close(self) -> None:
        """Let go of it."""
        self._connection.close()
