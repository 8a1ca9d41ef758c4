"""Moving a store to another place: every row of every table, compared afterwards row by row.

Nothing is written at the place it comes from but that it has moved, and only after all was found to be the same, so that a move that fails
or is interrupted leaves everything as it was, at both places.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from threading import Event

from listener.errors import EarnestError, UsageError
from listener.store.base import Reader, Row, Store, Tx, Value, text
from listener.store.opening import file_of
from responders import flag

_AT_ONCE = 500
_OF_THE_FILE = ("sqlite_", "_sqlite", "words")  # SQLite's own tables, and its search index, which a database makes for itself
_OF_NOW = frozenset({"leases", "machines"})  # who works on the store at this moment; nobody does


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its columns, and those by which its rows are read in order; `distinct` where no two rows are the same in those."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    distinct: bool


@dataclass(frozen=True, slots=True)
class Moved:
    """How many rows of a table stand at the new place, each the same as at the old one."""

    table: str
    rows: int


def tables(reader: Reader) -> list[Table]:
    """Return the tables of a SQLite store, those first to which others refer."""
    rows = reader.all("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    wanted = [name for row in rows if not (name := text(row, "name")).startswith(_OF_THE_FILE) and name not in _OF_NOW]
    refers = {name: _refers(reader, name) - {name} for name in wanted}
    found: list[Table] = []
    while refers:
        name = next(name for name, others in refers.items() if not others & refers.keys())
        del refers[name]
        found.append(_table(reader, name))
    return found


def _refers(reader: Reader, name: str) -> set[str]:
    return {text(row, "table") for row in reader.all('SELECT "table" FROM pragma_foreign_key_list(:name)', name=name)}


def _table(reader: Reader, name: str) -> Table:
    rows = reader.all("SELECT name, pk FROM pragma_table_info(:name) ORDER BY cid", name=name)
    columns = tuple(text(row, "name") for row in rows)
    key = tuple(text(row, "name") for row in sorted(rows, key=lambda row: int(row["pk"] or 0)) if row["pk"])
    return Table(name, columns, key or columns, distinct=bool(key))


def move(source: Store, target: Store, tell: Callable[[str, int], None], last: Callable[[], object] = lambda: None) -> list[Moved]:
    """Copy every row of a SQLite store into another one, which must be empty, and compare both; `tell` is told of each table.

    All of it is one transaction of the target, so that there is never half a store at which a daemon might begin to work: one with the
    approved answers and without the list of those who asked us to stop. `last` is done just before it is stored.

    Raises:
        EarnestError: the target holds something already, a row does not read the same there, or somebody writes to the source meanwhile.
        Unreachable: the target refused.
    """
    given_up = Event()

    def told(table: str, rows: int) -> None:
        if given_up.is_set():
            message = "the move was broken off; nothing was changed"
            raise EarnestError(message)
        tell(table, rows)

    def work(tx: Tx) -> list[Moved]:
        found = _copied(source.read(), tx, told)
        last()
        return found

    try:
        return target.write(work)
    except BaseException:  # of a Ctrl-C, too: what is under way in another thread ends with the next table
        given_up.set()
        raise


def _copied(source: Reader, target: Tx, tell: Callable[[str, int], None]) -> list[Moved]:
    wanted = tables(source)
    _must_be_empty(target, wanted)
    before = _writes(source)
    for table in wanted:
        rows = 0
        for portion in _portions(source, table):
            _put(target, table, portion)
            rows += len(portion)
        tell(table.name, rows)
    found = [Moved(table.name, _same(source, target, table)) for table in wanted]
    if _writes(source) != before:
        message = "somebody wrote to the store while it was copied; nothing was changed"
        raise EarnestError(message, "have nobody work with it for a moment, and try again")
    return found


def _writes(source: Reader) -> Value:
    """Return a number that is another one as soon as anybody else has written (sqlite.org/pragma.html#pragma_data_version)."""
    row = source.one("SELECT data_version FROM pragma_data_version")
    return row["data_version"] if row else None


def _must_be_empty(reader: Reader, wanted: Sequence[Table]) -> None:
    for table in wanted:
        if reader.one(f"SELECT 1 AS one FROM {table.name} LIMIT 1"):
            message = f"the store to move to is not empty: {table.name} has rows"
            raise EarnestError(message, "name a database, or a schema of one, that Earnest has not used yet")


def _put(tx: Tx, table: Table, rows: Sequence[Row]) -> None:
    marks = ", ".join(f":{column}" for column in table.columns)
    tx.run_many(f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES ({marks})", rows)


def _portions(reader: Reader, table: Table) -> Iterator[list[Row]]:
    """Yield all rows in the order of their key, some at a time; all at once where rows may be alike, since none could be begun behind."""
    order = ", ".join(table.key)
    if not table.distinct:
        yield reader.all(f"SELECT * FROM {table.name} ORDER BY {order}")
        return
    after: Mapping[str, Value] = {}
    while True:
        further = f"WHERE ({order}) > ({', '.join(f':{column}' for column in table.key)})" if after else ""
        rows = reader.all(f"SELECT * FROM {table.name} {further} ORDER BY {order} LIMIT {_AT_ONCE}", **after)
        if not rows:
            return
        yield rows
        after = {column: rows[-1][column] for column in table.key}


def _same(source: Reader, target: Reader, table: Table) -> int:
    """Return how many rows a table has, all the same at both places.

    Raises:
        EarnestError: one is missing, too many, or reads otherwise.
    """
    before, after = _each(source, table), _each(target, table)
    rows = 0
    for row in before:
        there = next(after, None)
        if there is None or any(_plain(row[column]) != _plain(there[column]) for column in table.columns):
            raise _differs(table, rows)
        rows += 1
    if next(after, None) is not None:
        raise _differs(table, rows)
    return rows


def _each(reader: Reader, table: Table) -> Iterator[Row]:
    for portion in _portions(reader, table):
        yield from portion


def _plain(value: Value) -> Value:
    """Return a value as every store can hold it: text without NUL characters, which PostgreSQL refuses."""
    return value.replace("\0", "\N{REPLACEMENT CHARACTER}") if isinstance(value, str) else value


def _differs(table: Table, rows: int) -> EarnestError:
    message = f"row {rows + 1} of {table.name} does not read the same at both places; nothing was changed where it comes from"
    return EarnestError(message, "empty the new place and try again; is somebody else writing to one of the two?")


def must_fit(source: str, target: str) -> None:
    """Say so where the store to be moved is no file, or the place to move to no database; nothing is opened or made.

    Raises:
        UsageError: one of the two URLs is of the wrong kind.
    """
    if file_of(source) is None:
        message = "only a store that is a file is moved"
        raise UsageError(message, "a database is copied with its own tools: pg_dump and pg_restore")
    if file_of(target) is not None:
        message = "a store is moved to a database, and this is a file"
        raise UsageError(message, "name it as postgresql://user@host/database; a file is copied while no daemon runs")


def not_by_flag(source: Store) -> None:
    """Say so where sending is stopped by a file beside the store: it would not move, and answers would leave from the new place.

    Raises:
        EarnestError: it is so.
    """
    path = source.beside(flag.ENDING)
    if path.exists() or path.is_symlink():
        message = f"sending is stopped by the file {path} alone, and a file does not move with the store"
        raise EarnestError(message, "let the store know of it: earnest pause; or end it: earnest resume")
