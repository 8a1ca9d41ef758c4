"""A store in PostgreSQL, for daemons on several machines, and for people who reach it from theirs.

Writes happen one after the other on all machines together, as in a file: each transaction takes one lock of the database exclusively.
Those that say `alongside` share that lock, and take finer ones. Every statement commits durably (`synchronous_commit = on`).

A connection that is lost in the middle of a commit leaves open whether it was stored. That is said so (`Unreachable`), and neither may be
taken for granted; every other failure has stored nothing.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import psycopg

from listener.errors import EarnestError
from listener.store import addresses
from listener.store.base import Migrations, Reader, Row, Tx, Value
from listener.store.committing import Committer
from listener.store.postgres.dialect import Dialect, numbered
from listener.store.postgres.errors import Refused, told, unsure
from listener.store.postgres.growing import look_again
from listener.store.postgres.links import Link, Pool, Server, Standing, check_stays, only_reads
from listener.store.postgres.schema import bring_up_to_date, check_encoding
from listener.store.postgres.tx import PostgresTx, Talk

T = TypeVar("T")
_PATIENCE = 5.0
_READERS = 8  # connections at most, besides the one that writes
_BESIDE = 4  # writers beside each other
_TRIES = 6
_REST = 0.02  # seconds before the second try, at most; twice as long before each further one
_FREELY = "BEGIN"  # a transaction without the lock of the store
_WRITING, _DAEMON = 1, 2  # the locks of a store, by their second number


class PostgresHand:
    """The connection that writes serially; see `committing.Hand`."""

    def __init__(self, server: Server, talk: Talk, link: Link) -> None:
        """Write by `link`, or by a new one where that is lost."""
        self._server = server
        self._talk = talk
        self._link = link
        self._tx = PostgresTx(link, talk)
        self._marked = 0

    def begin(self) -> PostgresTx:
        """Begin a transaction beside which nobody writes. A server that was started again meanwhile makes no difference."""
        if only_reads(self._link):
            self._link.close()
        try:
            self._open()
        except psycopg.OperationalError:
            if not self._link.closed:
                raise
            self._link = self._server.connect()
            self._open()
        return self._tx

    def _open(self) -> None:
        self._marked = 0
        self._link.execute(f"BEGIN; SELECT pg_advisory_xact_lock({self._talk.place}, {_WRITING})", prepare=False)
        self._tx = PostgresTx(self._link, self._talk)

    def mark(self) -> None:
        """Mark where one job begins; the first one begins with the transaction."""
        self._marked += 1
        if self._marked > 1:
            self._link.execute("SAVEPOINT job")

    def settle(self) -> None:
        """Keep what was done since the mark."""
        if self._link.info.transaction_status == psycopg.pq.TransactionStatus.INERROR:
            raise _half_done(self._talk.shown)
        if self._marked > 1:
            self._link.execute("RELEASE SAVEPOINT job")

    def undo_to_mark(self) -> None:
        """Undo what was done since the mark."""
        if self._marked > 1:
            self._link.execute("ROLLBACK TO SAVEPOINT job; RELEASE SAVEPOINT job", prepare=False)
        else:
            self._link.execute("ROLLBACK")
            self._open()

    def commit(self) -> None:
        """Store all of it."""
        self._tx.count_on()
        _commit(self._link, self._talk.shown)

    def undo(self) -> None:
        """Undo all of it."""
        with suppress(psycopg.Error):
            self._link.execute("ROLLBACK")

    def ends_all(self, problem: BaseException) -> bool:  # noqa: ARG002  # whatever it was: a lost connection ends all
        """Return whether the connection is lost."""
        return self._link.closed

    def told(self, problem: BaseException) -> EarnestError:
        """Return what went wrong as a person is told it."""
        return told(self._talk.shown, problem)

    def close(self) -> None:
        """Let go of the connection."""
        self._link.close()


def _commit(link: Link, shown: str) -> None:
    try:
        done = link.execute("COMMIT").statusmessage
    except psycopg.OperationalError as problem:
        raise unsure(shown) if link.closed else told(shown, problem) from problem
    if done != "COMMIT":
        raise _half_done(shown)


def _half_done(shown: str) -> EarnestError:
    return Refused(
        f"the store {shown} refused a statement, so nothing of its transaction is stored", "this is a mistake in Earnest: report it"
    )


def schema_of(link: Link, shown: str) -> str:
    """Return the schema that the tables are in, the first one of `search_path`.

    Raises:
        Unreachable: there is none.
    """
    row = link.execute("SELECT current_schema()").fetchone()
    if not row or not row[0]:
        message = f"the store {shown} cannot be used: there is no schema to put tables in"
        raise Refused(message, "let the user own one, and name it in search_path (docs/howto/postgresql.md)")
    return str(row[0])


class PostgresReader:
    """Questions, each on whatever connection is free. One that was lost is made anew: to ask again changes nothing."""

    def __init__(self, pool: Pool, talk: Talk) -> None:
        """Ask on the connections of `pool`."""
        self._pool = pool
        self._talk = talk

    def all(self, sql: str, **values: Value) -> list[Row]:
        """Return every row."""
        return self._ask(lambda tx: tx.all(sql, **values))

    def one(self, sql: str, **values: Value) -> Row | None:
        """Return the first row, or None."""
        return self._ask(lambda tx: tx.one(sql, **values))

    def now(self) -> datetime:
        """Return the server's time."""
        return self._ask(PostgresTx.now)

    def _ask(self, question: Callable[[PostgresTx], T]) -> T:
        with self._pool.lend() as link:
            try:
                return question(PostgresTx(link, self._talk))
            except Refused:
                if not link.closed:
                    raise
        self._pool.drop()
        with self._pool.lend() as link:
            return question(PostgresTx(link, self._talk))


class PostgresStore:
    """A PostgreSQL database (or a schema of one), open and up to date."""

    shared = True

    def __init__(self, url: str, migrations: tuple[Migrations, ...], *, create: bool = True, patience: float = _PATIENCE) -> None:
        """Connect to `url` (`postgresql://…`, as libpq takes it) and apply what is missing of `migrations`.

        `patience` is how many seconds to wait for the server, and where another program keeps the store locked.

        Raises:
            NoStore: it is absent, and `create` is false.
            Unreachable: the server is not there or refuses, or the store is newer than this program.
        """
        self.url = url
        self._server = Server(url, patience)
        shown = self._server.shown
        link = self._server.connect()
        try:
            check_stays(self._server, link)
            schema = schema_of(link, shown)
            check_encoding(link)
            self._talk = Talk(shown, Dialect(numbered(migrations)), schema)
            lock = f"SELECT pg_advisory_xact_lock({self._talk.place}, {_WRITING})"
            bring_up_to_date(link, migrations, lock, create=create, shown=shown)
        except psycopg.Error as problem:
            link.close()
            raise told(shown, problem) from None
        except EarnestError:
            link.close()
            raise
        self._hand = PostgresHand(self._server, self._talk, link)
        self._committer = Committer(self._hand)
        self._pool = Pool(self._server, most=_READERS)
        self._beside = Pool(self._server, most=_BESIDE, writes=True)
        self._threads = ThreadPoolExecutor(_BESIDE, "store-beside")
        self._askers = ThreadPoolExecutor(_READERS, "store-reader")
        self._daemon: Standing | None = None

    def hold_alone(self) -> None:
        """Be known as a daemon on this store until this process ends. It does not keep others away: they share the work."""
        if self._daemon is None:
            self._daemon = Standing(self._server, [f"SELECT pg_advisory_lock_shared({self._talk.place}, {_DAEMON})"])

    def held(self) -> bool:
        """Return whether a daemon works on this store now, on any machine."""
        found = self.read().one(
            """SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND classid = CAST(:place AS bigint)::oid
            AND objid = CAST(:daemon AS bigint)::oid AND objsubid = 2 AND granted
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) LIMIT 1""",
            place=self._talk.place & 0xFFFFFFFF,
            daemon=_DAEMON,
        )
        return found is not None

    def read(self) -> PostgresReader:
        """Return a reader."""
        return PostgresReader(self._pool, self._talk)

    async def aread(self, question: Callable[[Reader], T]) -> T:
        """Return what `question` finds, asked in another thread: a network that swallows packets says so only after many seconds."""
        return await asyncio.wrap_future(self._askers.submit(question, self.read()))

    def read_within(self, question: Callable[[Reader], T], seconds: float) -> T:
        """Return what `question` finds, waiting no longer than `seconds`; see `Store.read_within`."""
        return self._askers.submit(question, self.read()).result(seconds)

    def write(self, work: Callable[[Tx], T], *, alongside: bool = False) -> T:
        """Run `work` in one transaction; see `Store.write`, and above for what a lost connection means."""
        result = self._write_beside(work) if alongside else self._committer.submit(work).result()
        self._watch_growth()
        return result

    async def awrite(self, work: Callable[[Tx], T], *, alongside: bool = False) -> T:
        """Do the same without blocking the event loop."""
        if alongside:
            result = await asyncio.get_running_loop().run_in_executor(self._threads, self._write_beside, work)
        else:
            result = await asyncio.wrap_future(self._committer.submit(work))
        self._watch_growth()
        return result

    def _watch_growth(self) -> None:
        """Have the server look at tables that have grown, beside everything else; nothing depends on it but speed."""
        if grown := self._talk.growth.due():
            self._threads.submit(self._look_again, grown)

    def _look_again(self, grown: dict[str, int]) -> None:
        with suppress(EarnestError, psycopg.Error), self._pool.lend() as link:
            look_again(link, grown)

    def write_first(self, work: Callable[[Tx], T]) -> T:
        """Run `work` beside all others, without the lock of the store; see `Store.write_first`."""
        return self._write_beside(work, _FREELY)

    async def awrite_first(self, work: Callable[[Tx], T]) -> T:
        """Do the same without blocking the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._write_beside, work, _FREELY)

    def _write_beside(self, work: Callable[[Tx], T], begin: str = "") -> T:
        begin = begin or f"BEGIN; SELECT pg_advisory_xact_lock_shared({self._talk.place}, {_WRITING})"
        for tried in range(1, _TRIES):
            try:
                return self._once_beside(work, begin)
            except Refused as problem:
                if not problem.again:
                    raise
            time.sleep(random.uniform(0, _REST * 2**tried))  # noqa: S311  # so that two that met do not meet again
        return self._once_beside(work, begin)

    def _once_beside(self, work: Callable[[Tx], T], begin: str) -> T:
        with self._begun_beside(begin) as link:
            tx = PostgresTx(link, self._talk)
            try:
                result = work(tx)
                tx.count_on()
                _commit(link, self._talk.shown)
            except BaseException:
                with suppress(psycopg.Error):
                    link.execute("ROLLBACK")
                raise
        return result

    @contextmanager
    def _begun_beside(self, begin: str) -> Iterator[Link]:
        """Lend a connection with a transaction begun on it. One that was lost while nobody used it makes no difference."""
        for last in (False, True):
            with self._beside.lend() as link:
                try:
                    link.execute(begin, prepare=False)
                except psycopg.Error as problem:
                    if last or not link.closed:
                        raise told(self._talk.shown, problem) from problem
                else:
                    yield link
                    return
            self._beside.drop()

    @contextmanager
    def bells(self, heard: Callable[[str], object]) -> Iterator[None]:
        """Call `heard`, from a thread of its own, for each bell that is rung; while the server is away none is heard."""
        standing = Standing(self._server, [f"LISTEN {self._talk.channel}"], heard)
        try:
            yield
        finally:
            standing.close()

    def scrub(self) -> bool:
        """Take what was deleted out of the tables' files. The write-ahead log, its archive and backups keep it as long as they are kept.

        Raises:
            Unreachable: the server refused.
        """
        try:
            with self._pool.lend() as link:
                tables = link.execute(
                    "SELECT quote_ident(relname) FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
                ).fetchall()
                for (table,) in tables:
                    link.execute(f"VACUUM {table}", prepare=False)
        except psycopg.Error as problem:
            raise told(self._talk.shown, problem) from None
        return True

    def beside(self, ending: str) -> Path:
        """Return where this machine keeps a file that belongs to this store; see `addresses.beside_database`."""
        return addresses.beside_database(self.url, ending)

    def close(self) -> None:
        """Finish what is queued and close. What a silent server keeps waiting ends with an error, as with any connection that is lost."""
        with self._server.ending():
            self._committer.close()
            self._threads.shutdown()
            self._askers.shutdown()
            if self._daemon:
                self._daemon.close()
        for pool in (self._pool, self._beside):
            pool.close()
        self._hand.close()
