"""The default store: one SQLite file, one writer thread that commits many small jobs together.

WAL with `synchronous=FULL`: with NORMAL a power cut may lose the claim of a reply that has left. Every transaction begins IMMEDIATE,
since a deferred one fails at its first write beside a busy writer.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypeVar

from listener import clock
from listener.errors import EarnestError, Unreachable
from listener.store import scrubbing
from listener.store.atonce import AtOnce
from listener.store.base import Migrations, NoStore, Row, Tx, Value, storable

if TYPE_CHECKING:
    from sqlite_utils import Database

    from listener.store.committing import Committer

T = TypeVar("T")
Columns = dict[str, tuple[str, ...]]
_PATIENCE = 5.0
_STATEMENTS = 512  # of which the names of columns are remembered
_MOST = 2**63 - 1
# What one transaction added to the posts is indexed at its end, all at once: post by post it would take longer than all else.
_INDEXED = "008_indexed_at_the_end"  # the step since which that is so
_INDEX = """INSERT INTO words (rowid, text, handle) SELECT seq, text, handle FROM posts
    WHERE seq > (SELECT COALESCE(MAX(id), 0) FROM words_docsize)"""


class SqliteTx:
    """Statements on one connection; used for reading and inside a transaction."""

    def __init__(self, connection: sqlite3.Connection, columns: Columns | None = None) -> None:
        """Use `connection`, which another object owns; `columns` remembers what the columns of each statement are called."""
        self._connection = connection
        self._columns = {} if columns is None else columns

    def all(self, sql: str, **values: Value) -> list[Row]:
        """Return every row."""
        rows = self._execute(sql, values).fetchall()
        return self._dicts(sql, rows) if rows else []

    def one(self, sql: str, **values: Value) -> Row | None:
        """Return the first row, or None."""
        row = self._execute(sql, values).fetchone()
        return None if row is None else self._dicts(sql, [row])[0]

    def run(self, sql: str, **values: Value) -> int:
        """Change rows; return how many."""
        return self._execute(sql, values).rowcount

    def run_many(self, sql: str, many: Sequence[Mapping[str, Value]]) -> int:
        """Change rows by the same statement, once for each of `many`; return how many in all."""
        self._connection.execute("SAVEPOINT many")
        try:
            return self._connection.executemany(sql, many).rowcount
        except (UnicodeEncodeError, OverflowError):  # some of them were done before the one that could not be
            self._connection.execute("ROLLBACK TO many")
            return sum(self.run(sql, **values) for values in many)
        finally:
            self._connection.execute("RELEASE many")

    def insert(self, sql: str, **values: Value) -> int:
        """Insert one row; return its id."""
        return self._execute(sql, values).lastrowid or 0

    def ids(self, table: str, many: int) -> Sequence[int]:
        """Return ids for new rows of a table: those that SQLite would give them."""
        ((last,),) = self._connection.execute(f"SELECT COALESCE(MAX(id), 0) FROM {table}")
        return range(last + 1, last + 1 + many)

    def now(self) -> datetime:
        """Return this machine's time: nobody else works on the file."""
        return clock.now()

    def lock(self, names: Sequence[str]) -> None:
        """There is one writer: whoever writes has locked everything."""

    def try_lock(self, names: Sequence[str]) -> frozenset[str]:
        """All of them; see `lock`."""
        return frozenset(names)

    def ring(self, bell: str) -> None:
        """Nobody waits for bells here: a daemon looks at its own file often."""

    def _execute(self, sql: str, values: dict[str, Value]) -> sqlite3.Cursor:
        try:
            return self._connection.execute(sql, values)
        except (UnicodeEncodeError, OverflowError):  # one such value must not keep a page from being stored
            return self._connection.execute(sql, {name: _storable(value) for name, value in values.items()})

    def _dicts(self, sql: str, rows: list[sqlite3.Row]) -> list[Row]:
        """Return rows as dictionaries. By position, since looking each column up by its name takes the square of their number."""
        names = self._columns.get(sql)
        if names is None or len(names) != len(rows[0]):
            names = tuple(rows[0].keys())
            if len(set(names)) < len(names):
                return [dict(row) for row in rows]  # of columns with one name, the first counts
            if len(self._columns) > _STATEMENTS:
                self._columns.clear()
            self._columns[sql] = names
        return [dict(zip(names, row, strict=True)) for row in rows]


class SqliteHand:
    """The connection that writes; see `committing.Hand`."""

    def __init__(self, path: Path, connection: sqlite3.Connection, columns: Columns, *, indexed: bool) -> None:
        """Write by `connection`, which another object owns; `indexed` says whether there are posts whose words can be searched."""
        self._indexed = indexed
        self._path = path
        self._connection = connection
        self._tx = SqliteTx(connection, columns)
        # Pages as they were before a savepoint: put into a file of their own, they took as long to write as what is stored.
        connection.execute("PRAGMA temp_store=MEMORY")

    def begin(self) -> SqliteTx:
        """Begin a transaction, as the only writer of the file."""
        self._connection.execute("BEGIN IMMEDIATE")
        return self._tx

    def mark(self) -> None:
        """Mark where one job begins."""
        self._connection.execute("SAVEPOINT job")

    def settle(self) -> None:
        """Keep what was done since the mark."""
        self._connection.execute("RELEASE job")

    def undo_to_mark(self) -> None:
        """Undo what was done since the mark."""
        self._connection.execute("ROLLBACK TO job")
        self._connection.execute("RELEASE job")

    def commit(self) -> None:
        """Store all of it."""
        if self._indexed:
            self._connection.execute(_INDEX)
        self._connection.execute("COMMIT")

    def undo(self) -> None:
        """Undo all of it."""
        with suppress(sqlite3.Error):  # a writer that cannot even undo must go on answering
            self._connection.execute("ROLLBACK")

    def ends_all(self, problem: BaseException) -> bool:
        """Return whether the file refused: the disk is full, or it is locked or broken."""
        return isinstance(problem, sqlite3.OperationalError)

    def told(self, problem: BaseException) -> EarnestError:
        """Return what went wrong as a person is told it."""
        return _unreachable(self._path, problem)


class SqliteStore(AtOnce):
    """A SQLite file, open and up to date."""

    shared = False

    def __init__(self, url: str, migrations: tuple[Migrations, ...], *, create: bool = True, patience: float = _PATIENCE) -> None:
        """Open the file behind `url` (`sqlite:///path`) and apply what is missing of `migrations`.

        `patience` is how many seconds to wait where another program keeps the file locked.

        Raises:
            NoStore: it is absent, and `create` is false.
            Unreachable: it is no database, is damaged, newer than this program, or not writable.
        """
        self.url = url
        self.path = path_of(url)
        self._patience = patience
        self._local = threading.local()
        self._readers: list[sqlite3.Connection] = []
        self._lock_file: IO[str] | None = None
        self._columns: Columns = {}
        self._starting = threading.Lock()
        self._committer: Committer | None = None
        self._closed = False
        try:
            if create:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            elif not self.path.exists():
                raise NoStore(str(self.path), demo=True)
            self._writer = self._connect()
            _migrate(self.path, self._writer, migrations)
        except (sqlite3.Error, OSError) as problem:
            raise _unreachable(self.path, problem) from None

    def hold_alone(self) -> None:
        """Make this process the only daemon on the file, until it ends.

        Raises:
            Unreachable: another daemon has it.
        """
        lock = self.beside(".lock").open("a+", encoding="utf-8")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            message = f"another daemon already works on {self.path}"
            raise Unreachable(message, "stop that one first, or give this one a store of its own with --store") from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        self._lock_file = lock

    def held(self) -> bool:
        """Return whether a daemon works on this file now."""
        try:
            with self.beside(".lock").open("r", encoding="utf-8") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except OSError:
            return True
        return False

    def read(self) -> SqliteTx:
        """Return a reader for this thread."""
        connection = getattr(self._local, "connection", None)
        if connection is None:
            try:
                connection = self._connect()
            except sqlite3.Error as problem:
                raise _unreachable(self.path, problem) from None
            self._local.connection = connection
            self._readers.append(connection)
        return SqliteTx(connection, self._columns)

    def write(self, work: Callable[[Tx], T], *, alongside: bool = False) -> T:  # noqa: ARG002  # there is one writer
        """Run `work` in one transaction; see `Store.write`."""
        return self._committing.submit(work).result()

    def write_first(self, work: Callable[[Tx], T]) -> T:
        """Do the same: a file has one writer, and who keeps it locked is seen by the flag file; see `Store.write_first`."""
        return self.write(work)

    async def awrite_first(self, work: Callable[[Tx], T]) -> T:
        """Do the same without blocking the event loop."""
        return await self.awrite(work)

    async def awrite(self, work: Callable[[Tx], T], *, alongside: bool = False) -> T:  # noqa: ARG002  # there is one writer
        """Run `work` in one transaction without blocking the event loop."""
        import asyncio  # noqa: PLC0415  # whoever waits like this has it already; a command that only looks does without

        return await asyncio.wrap_future(self._committing.submit(work))

    def bells(self, heard: Callable[[str], object]) -> AbstractContextManager[None]:  # noqa: ARG002  # nobody rings
        """There are no bells here; see `SqliteTx.ring`."""
        return nullcontext()

    def scrub(self) -> bool:
        """Take what was deleted out of the search index and the log; see `Store.scrub`. Writers go on meanwhile."""
        try:
            with closing(self._connect()) as connection:
                return scrubbing.scrub(connection, "words")
        except sqlite3.Error as problem:
            raise _unreachable(self.path, problem) from None

    def beside(self, ending: str) -> Path:
        """Return where a file that belongs to this store lies; see `Store.beside`."""
        return beside(self.path, ending)

    def close(self) -> None:
        """Finish what is queued and close."""
        with self._starting:
            self._closed = True
        if self._committer:
            self._committer.close()
        for reader in self._readers:
            reader.close()
        self._writer.close()
        if self._lock_file:
            self._lock_file.close()

    @property
    def _committing(self) -> Committer:
        """The thread that writes, begun by the first who writes: most commands only look."""
        with self._starting:  # of several threads, one begins it
            if self._committer is None:
                from listener.store.committing import Committer, closed  # noqa: PLC0415  # slow to import

                if self._closed:
                    raise closed()
                indexed = any(_INDEXED in steps for steps in steps_taken(self._writer).values())
                self._committer = Committer(SqliteHand(self.path, self._writer, self._columns, indexed=indexed))
            return self._committer

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=self._patience)
        connection.row_factory = sqlite3.Row
        # What is deleted is overwritten in the file: see `scrubbing`.
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}")
        return connection


def _storable(value: Value) -> Value:
    """Return the nearest value that the file can hold: text in UTF-8, whole numbers of 64 bits."""
    if isinstance(value, str):
        return storable(value)
    return max(-_MOST, min(_MOST, value)) if isinstance(value, int) else value


def path_of(url: str) -> Path:
    """Return the file that a `sqlite:///path` URL names.

    Raises:
        Unreachable: it is not such a URL.
    """
    prefix = "sqlite:///"
    if not url.startswith(prefix) or len(url) == len(prefix):
        message = f'"{url}" is not a store this version can open'
        raise Unreachable(message, "write it as sqlite:///data/earnest.db")
    return Path(url.removeprefix(prefix))


def beside(path: Path, ending: str) -> Path:
    """Return the path of a file that belongs to the store at `path`, the same by whatever link the store is reached."""
    whole = path.resolve()
    return whole.with_name(whole.name + ending)


def _migrate(path: Path, connection: sqlite3.Connection, migrations: tuple[Migrations, ...]) -> None:
    applied = steps_taken(connection)
    for wanted in migrations:
        newer = sorted(applied.get(wanted.part, set()) - set(wanted.steps))
        if newer:
            message = f'the store was written by a newer Earnest ("{newer[0]}" is unknown to this one)'
            raise Unreachable(message, "install that version or a later one; nothing was changed")
    if any(set(wanted.steps) - applied.get(wanted.part, set()) for wanted in migrations):
        with _in_turn(path):  # whoever else starts now finds nothing left to apply
            _apply(connection, migrations)


@contextmanager
def _in_turn(path: Path) -> Iterator[None]:
    """Take turns with every other process that does this for the file; locking its folder writes nothing."""
    folder = os.open(path.resolve().parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def steps_taken(connection: sqlite3.Connection) -> dict[str, set[str]]:
    """Return the names of the steps that were taken, by part; read by hand, since most starts have nothing to apply."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = '_sqlite_migrations'").fetchone():
        return {}
    found: dict[str, set[str]] = {}
    for row in connection.execute("SELECT migration_set, name FROM _sqlite_migrations"):
        found.setdefault(str(row["migration_set"]), set()).add(str(row["name"]))
    return found


def _apply(connection: sqlite3.Connection, migrations: tuple[Migrations, ...]) -> None:
    import sqlite_utils  # noqa: PLC0415  # half a second that `earnest inbox` need not wait

    connection.row_factory = None
    database = sqlite_utils.Database(connection)
    for wanted in migrations:
        steps = sqlite_utils.Migrations(wanted.part)
        for name, statements in wanted.steps.items():
            steps(name=name)(_step(statements))
        steps.apply(database)
    connection.row_factory = sqlite3.Row


def _step(statements: tuple[str, ...]) -> Callable[[Database], None]:
    def take(database: Database) -> None:
        for statement in statements:
            database.execute(statement)

    return take


def _unreachable(path: Path, problem: BaseException) -> EarnestError:
    if isinstance(problem, EarnestError):
        return problem
    hint = "check that the folder exists and can be written, and that the disk is not full"
    if isinstance(problem, sqlite3.DatabaseError) and not isinstance(problem, sqlite3.OperationalError):
        hint = "the file is damaged or is no store; keep it, and restore a backup beside it"
    elif "locked" in str(problem):
        hint = "another program keeps it locked; close that one and try again"
    return Unreachable(f"the store {path} cannot be used: {problem}", hint)
