"""Connections to a PostgreSQL server: how one is made, the few that readers share, and those that stand for as long as the store is open.

Every connection commits each statement by itself; whoever wants a transaction begins one. One that was lost is made anew by whoever wants
it next, so a server may be stopped and started under a program that goes on.
"""

from __future__ import annotations

import os
import secrets
import select
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import contextmanager, suppress
from typing import Any
from weakref import WeakSet

import psycopg
from psycopg.raw_cursor import RawCursor

from listener import settings
from listener.errors import EarnestError, Unreachable
from listener.store import addresses
from listener.store.postgres import values
from listener.store.postgres.errors import LENT_HINT, Refused, told

Link = psycopg.Connection[tuple[Any, ...]]
_PREPARED = 1_000  # statements that the server keeps ready on one connection; more than there are in the program
_REPEATED = 3  # as often a statement is run before it is kept ready
_LEAST_PATIENCE = 2  # seconds; libpq's own least
_RESTS = (0.1, 0.5, 2.0, 5.0)  # seconds between two tries to make a standing connection anew
_LAST_PATIENCE = 2.0  # seconds that a server has to answer what was asked when the store is closed
_GOODBYE = 0.5  # seconds for a standing connection to end
_LENT = "a pooler stands before the server, and lends a connection for one transaction at a time"
_LEAST_AWAKE = 5.0  # seconds: a machine that is only busy is not taken for one that sleeps, however short its turns


class Server:
    """Where the database is, and how one connects to it."""

    def __init__(self, url: str, patience: float) -> None:
        """Read the URL. `patience` is how many seconds to wait for an answer, and for whoever keeps the store locked.

        Raises:
            Unreachable: the URL cannot be read.
        """
        self.shown = addresses.shown(url)
        try:
            self._given = psycopg.conninfo.conninfo_to_dict(url)
        except psycopg.Error:
            raise addresses.unreadable() from None
        self._url = url
        self._patience = patience
        self._door = threading.Lock()
        self._links: WeakSet[Link] = WeakSet()
        self._opening: set[Future[Link]] = set()
        self._ended = False

    def connect(self) -> Link:
        """Make a connection.

        Raises:
            Unreachable: the server is not there, or refuses; or the store was closed.
        """
        wait = max(_LEAST_PATIENCE, round(self._patience))
        asked: dict[str, Any] = {"connect_timeout": wait, "application_name": "earnest", "client_encoding": "utf8"}
        asked |= {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 20_000}
        try:
            password = None if addresses.has_password(self._url) else settings.secret("store_password")
            secret = {"password": password.reveal()} if password else {}
            link = self._opened({**asked, **self._given} | secret)
            self._know(link)
            _set_up(link, self._patience)
        except (psycopg.Error, OSError) as problem:
            raise told(self.shown, problem) from None
        return link

    def _opened(self, asked: dict[str, Any]) -> Link:
        """Connect in a thread of its own: no call of libpq's can be broken off before there is a connection, and a close need not wait."""
        opened: Future[Link] = Future()

        def connect() -> None:
            try:
                link = psycopg.connect(self._url, autocommit=True, cursor_factory=RawCursor, **asked)
            except BaseException as problem:  # noqa: BLE001  # whatever it is, it belongs to the one who waits
                with suppress(InvalidStateError):
                    opened.set_exception(problem)
                return
            try:
                opened.set_result(link)
            except InvalidStateError:
                link.close()

        with self._door:
            if self._ended:
                raise self._closed()
            self._opening.add(opened)
        threading.Thread(target=connect, name="store-connecting", daemon=True).start()
        try:
            return opened.result()
        finally:
            with self._door:
                self._opening.discard(opened)

    def _know(self, link: Link) -> None:
        with self._door:
            if not self._ended:
                self._links.add(link)
                return
        link.close()
        raise self._closed()

    @contextmanager
    def ending(self) -> Iterator[None]:
        """Have all that waits for the server end while the context lasts: with its answer, or soon with an error that says it is lost.

        A server whose answers are swallowed on the way would keep whoever waits for it for ever.
        """
        guard = threading.Timer(_LAST_PATIENCE, self._cut_off)
        guard.daemon = True
        guard.start()
        try:
            yield
        finally:
            guard.cancel()
            self._ended = True

    def _closed(self) -> Refused:
        return Refused(f"the store {self.shown} was closed before the server answered", "look whether the server can be reached")

    def _cut_off(self) -> None:
        with self._door:
            self._ended = True
            links, opening = list(self._links), list(self._opening)
        for opened in opening:
            with suppress(InvalidStateError):
                opened.set_exception(self._closed())
        for link in links:
            with suppress(psycopg.Error, OSError):
                _shut_down(link)


def _shut_down(link: Link) -> None:
    """End the way to the server under a connection that another thread waits on, which is told so by libpq; it is closed there."""
    with socket.socket(fileno=os.dup(link.fileno())) as way:
        link.fileno()  # raises where it was closed meanwhile: then the copy may be of something else
        way.shutdown(socket.SHUT_RDWR)


def longest_sleep() -> float:
    """Return after how many seconds the server ends a transaction of a program that was put to sleep in the middle of it: a turn.

    All others wait meanwhile. Whoever slept finds the connection gone, and nothing of the transaction stored.
    """
    return max(_LEAST_AWAKE, settings.turn().total_seconds())


def _set_up(link: Link, patience: float) -> None:
    link.prepare_threshold = _REPEATED
    link.prepared_max = _PREPARED
    values.adapt(link.adapters)
    # synchronous_commit: whoever set it to off for the whole server did not think of a reply that has left.
    link.execute(
        f"SET synchronous_commit = on; SET TimeZone = 'UTC'; SET client_min_messages = warning; SET standard_conforming_strings = on;"
        f"SET default_transaction_isolation = 'read committed'; SET lock_timeout = {max(1, round(patience * 1_000))};"
        f"SET idle_in_transaction_session_timeout = {round(longest_sleep() * 1_000)}",
        prepare=False,
    )


def check_stays(server: Server, link: Link) -> None:
    """See that a connection stays ours between two transactions; a pooler may lend each of them another one of the server's.

    Then locks, bells and settings would be others', and statements that were kept ready too: one of theirs might be run with our values.
    What each way of pooling breaks: pgbouncer.org/features.html. A pooler is known by the process number that it made up for us. Then we
    look whether a setting stays ours; what others do meanwhile may hide that it does not, but not often.

    Raises:
        Unreachable: it does not stay.
        psycopg.Error: the server refused.
    """
    if _one(link, "SELECT pg_backend_pid()") == link.info.backend_pid:
        return
    ours = secrets.token_hex()
    _one(link, "SELECT set_config('earnest.ours', $1, false)", ours)
    with server.connect() as other:
        lent = _one(other, "SELECT current_setting('earnest.ours', true)")
    kept = [
        _one(link, "SELECT current_setting('earnest.ours', true)") for _ in range(2)
    ]  # a pooler that lends in turn may lend one by chance
    if lent == ours or kept != [ours, ours]:
        with suppress(psycopg.Error):
            link.execute("RESET ALL", prepare=False)  # whoever is lent it next has settings of their own
        message = f"the store {server.shown} cannot be used: {_LENT}"
        raise Unreachable(message, LENT_HINT)


def _one(link: Link, question: str, *given: str) -> object:
    row = link.execute(question, given, prepare=False).fetchone()
    return row[0] if row else None


def only_reads(link: Link) -> bool:
    """Return whether whoever runs the server had made it read-only when a connection was made (a full disk, say).

    That connection stays so when the server is not any more (postgresql.org/docs/18/libpq-status.html; since PostgreSQL 14), so it is of
    no use to whoever writes.
    """
    return not link.closed and link.info.parameter_status("default_transaction_read_only") == "on"


class Pool:
    """Connections that many threads share, each for one question or one transaction at a time."""

    def __init__(self, server: Server, *, most: int, writes: bool = False) -> None:
        """Make none yet, and never more than `most`; `writes` says whether they are to write."""
        self._writes = writes
        self._server = server
        self._free: list[Link] = []
        self._places = threading.BoundedSemaphore(most)
        self._closed = False

    @contextmanager
    def lend(self) -> Iterator[Link]:
        """Lend a connection; waits while all are in use.

        Raises:
            Unreachable: the server is not there.
        """
        with self._places:
            try:
                link = self._free.pop()
            except IndexError:
                link = self._server.connect()
            try:
                yield link
            finally:
                if not link.closed and (
                    link.info.transaction_status != psycopg.pq.TransactionStatus.IDLE or (self._writes and only_reads(link))
                ):
                    link.close()
                if not link.closed and not self._closed:
                    self._free.append(link)

    def drop(self) -> None:
        """Let go of the connections that nobody uses: the server that they led to is gone."""
        while self._free:
            with suppress(IndexError, psycopg.Error):
                self._free.pop().close()

    def close(self) -> None:
        """Close all that come back, too."""
        self._closed = True
        self.drop()


class Standing:
    """One connection that stands until it is closed, made anew where it is lost, and what is to be said on it each time."""

    def __init__(self, server: Server, opening: Sequence[str], heard: Callable[[str], object] | None = None) -> None:
        """Connect, in a thread of its own; `heard` is called there with each bell that is rung.

        Returns when it stands, or after the first try that failed.
        """
        self._server = server
        self._opening = opening
        self._heard = heard
        self._wake, self._waking = os.pipe()
        self._tried = threading.Event()
        self._closed = False
        self._thread = threading.Thread(target=self._stand, name="store-standing", daemon=True)
        self._thread.start()
        self._tried.wait()

    def close(self) -> None:
        """Give it up. A thread that a silent server keeps waiting is left behind; it ends with its connection."""
        self._closed = True
        with suppress(BrokenPipeError):
            os.write(self._waking, b"x")
        os.close(self._waking)
        self._thread.join(_GOODBYE)

    def _stand(self) -> None:
        try:
            self._keep_up()
        finally:
            os.close(self._wake)

    def _keep_up(self) -> None:
        failed = 0
        ended = False
        while not ended:
            try:
                with self._server.connect() as link:
                    for statement in self._opening:
                        link.execute(statement, prepare=False)
                    failed = 0
                    self._tried.set()
                    ended = self._listen(link)
                    if not self._heard:
                        link.execute("SELECT pg_advisory_unlock_all()")  # the server takes its time to notice that a connection was closed
            except (EarnestError, psycopg.Error, OSError):
                self._tried.set()
                ended = bool(select.select([self._wake], [], [], _RESTS[min(failed, len(_RESTS) - 1)])[0])
                failed += 1

    def _listen(self, link: Link) -> bool:
        """Pass on what is heard until the end; a lost connection raises."""
        while True:
            ready, _, _ = select.select([link.fileno(), self._wake], [], [])
            if self._wake in ready:
                return True
            for bell in link.notifies(timeout=0):
                if self._heard and not self._closed:
                    self._heard(bell.payload)
            if link.closed:
                message = "the connection was lost"
                raise Refused(message, "")
