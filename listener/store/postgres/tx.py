"""Statements on one connection to PostgreSQL."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

import psycopg

from listener.store.base import Row, Value
from listener.store.postgres.dialect import INSERTED, Dialect, Said
from listener.store.postgres.errors import told
from listener.store.postgres.growing import Growth
from listener.store.postgres.links import Link
from listener.store.postgres.many import Bulk

_COLUMNS = 2_000  # statements of which the names of columns are remembered


class Talk:
    """What all connections of one store have in common: how it is named, its dialect, its locks and its bell."""

    def __init__(self, shown: str, dialect: Dialect, schema: str) -> None:
        """Derive the numbers of the store's locks from its schema, so that two stores in one database do not wait for each other."""
        self.shown = shown
        self.dialect = dialect
        self.bulk = Bulk()
        self.growth = Growth()
        self.columns: dict[str, tuple[str, ...]] = {}
        self._schema = schema
        self.place = int.from_bytes(hashlib.blake2b(f"earnest {schema}".encode(), digest_size=4).digest(), signed=True)
        self.channel = f"earnest_{self.place & 0xFFFFFFFF:08x}"

    def lock_of(self, name: str) -> int:
        """Return the number of the lock that has this name."""
        return int.from_bytes(hashlib.blake2b(f"{self._schema}\0{name}".encode("utf-8", "replace"), digest_size=8).digest(), signed=True)


class PostgresTx:
    """Statements on one connection; used for reading and inside a transaction. Whatever goes wrong is `Unreachable`."""

    def __init__(self, link: Link, talk: Talk) -> None:
        """Use `link`, which another object owns."""
        self._link = link
        self._talk = talk
        self._numbered: set[str] = set()

    def all(self, sql: str, **values: Value) -> list[Row]:
        """Return every row."""
        with self._execute(self._talk.dialect.say(sql, values), values) as cursor:
            rows = cursor.fetchall()
            return self._dicts(sql, cursor, rows) if rows else []

    def one(self, sql: str, **values: Value) -> Row | None:
        """Return the first row, or None."""
        with self._execute(self._talk.dialect.say(sql, values), values) as cursor:
            row = cursor.fetchone()
            return None if row is None else self._dicts(sql, cursor, [row])[0]

    def run(self, sql: str, **values: Value) -> int:
        """Change rows; return how many."""
        self._note(sql)
        with self._execute(self._talk.dialect.say(sql, values), values) as cursor:
            return cursor.rowcount

    def run_many(self, sql: str, many: Sequence[Mapping[str, Value]]) -> int:
        """Change rows by the same statement, once for each of `many`; return how many in all."""
        self._note(sql)
        if inserted := INSERTED.match(sql):
            self._talk.growth.note(inserted[1], len(many))
        if together := self._talk.bulk.say(sql, many):
            with self._plain(together[0], [together[1]]) as cursor:
                return cursor.rowcount
        changed = 0
        shaped = ((self._talk.dialect.say(sql, values), values) for values in many)
        for said, group in groupby(shaped, key=lambda one: one[0]):
            bound = [said.bound(values) for _, values in group]
            try:
                with self._link.cursor() as cursor:
                    cursor.executemany(said.sql, bound)
                    changed += cursor.rowcount
            except psycopg.Error as problem:
                raise told(self._talk.shown, problem) from problem
        return changed

    def insert(self, sql: str, **values: Value) -> int:
        """Insert one row; return its id."""
        self._note(sql)
        said = self._talk.dialect.say(sql, values, returning=True)
        with self._execute(said, values) as cursor:
            row = cursor.fetchone() if cursor.description else None
            return int(row[0]) if row else 0

    def now(self) -> datetime:
        """Return the server's time."""
        with self._execute(Said("SELECT clock_timestamp()", ()), {}) as cursor:
            row = cursor.fetchone()
        moment: datetime = row[0] if row else datetime.now(UTC)
        return moment.astimezone(UTC)

    def lock(self, names: Sequence[str]) -> None:
        """Keep every other transaction that locks one of these names waiting until this one has ended; in one order, whoever asks."""
        wanted = sorted({self._talk.lock_of(name) for name in names})
        if wanted:
            self._plain("SELECT pg_advisory_xact_lock(one) FROM unnest($1::bigint[]) AS one", [wanted])

    def try_lock(self, names: Sequence[str]) -> frozenset[str]:
        """Lock those of these names that no other transaction has locked, without waiting, and return them."""
        numbers = {name: self._talk.lock_of(name) for name in names}
        with self._plain(
            "SELECT one FROM unnest($1::bigint[]) AS one WHERE pg_try_advisory_xact_lock(one)", [sorted(set(numbers.values()))]
        ) as cursor:
            free = {one for (one,) in cursor}
        return frozenset(name for name, number in numbers.items() if number in free)

    def ids(self, table: str, many: int) -> Sequence[int]:
        """Return ids for new rows of a table, from the sequence that numbers it."""
        sequence = f"pg_get_serial_sequence('{table}', '{self._talk.dialect.numbered[table]}')"
        with self._plain(f"SELECT nextval({sequence}) FROM generate_series(1, $1::bigint)", [many]) as cursor:
            return sorted(number for (number,) in cursor)

    def ring(self, bell: str) -> None:
        """Ring for whoever waits for this bell, on any machine, once the transaction is stored."""
        self._plain("SELECT pg_notify($1, $2)", [self._talk.channel, bell])

    def count_on(self) -> None:
        """Have the database go on counting above the numbers that rows were put under by hand; to be done before the commit."""
        for table in sorted(self._numbered):
            column = self._talk.dialect.numbered[table]
            sequence = f"pg_get_serial_sequence('{table}', '{column}')"
            self._plain(
                f"SELECT setval({sequence}, highest) FROM (SELECT MAX({column}) AS highest FROM {table}) AS known"
                f" WHERE highest > COALESCE(pg_sequence_last_value({sequence}), 0)",
                [],
            )
        self._numbered.clear()

    def _note(self, sql: str) -> None:
        if table := self._talk.dialect.sets_numbers(sql):
            self._numbered.add(table)

    def _execute(self, said: Said, values: Mapping[str, Value]) -> psycopg.Cursor[tuple[Any, ...]]:
        try:
            return self._link.execute(said.sql, said.bound(values) or None, prepare=None if said.kept else False)
        except psycopg.Error as problem:
            raise told(self._talk.shown, problem) from problem

    def _plain(self, sql: str, values: Sequence[object]) -> psycopg.Cursor[tuple[Any, ...]]:
        try:
            return self._link.execute(sql, values or None)
        except psycopg.Error as problem:
            raise told(self._talk.shown, problem) from problem

    def _dicts(self, sql: str, cursor: psycopg.Cursor[tuple[Any, ...]], rows: list[tuple[Any, ...]]) -> list[Row]:
        columns = self._talk.columns
        names = columns.get(sql)
        if names is None or len(names) != len(rows[0]):
            names = tuple(column.name for column in cursor.description or ())
            if len(set(names)) < len(names):  # of columns with one name, the first counts
                return [dict(_first(names, row)) for row in rows]
            if len(columns) > _COLUMNS:
                columns.clear()
            columns[sql] = names
        return [dict(zip(names, row, strict=True)) for row in rows]


def _first(names: Sequence[str], row: Sequence[Any]) -> Iterator[tuple[str, Value]]:
    seen: set[str] = set()
    for name, value in zip(names, row, strict=True):
        if name not in seen:
            seen.add(name)
            yield name, value
