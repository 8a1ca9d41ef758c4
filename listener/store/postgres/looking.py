"""Looking at a store in PostgreSQL without changing a byte of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from listener.errors import Unreachable
from listener.store.base import Migrations, NoStore, Reader
from listener.store.postgres.dialect import Dialect, numbered
from listener.store.postgres.errors import told
from listener.store.postgres.links import Server, check_stays
from listener.store.postgres.schema import steps_taken
from listener.store.postgres.tx import PostgresTx, Talk

_PATIENCE = 5.0


@contextmanager
def looking_at_server(url: str, migrations: tuple[Migrations, ...]) -> Iterator[Reader]:
    """Open the store behind `url` for reading only: one view of it, as it stood at the first look.

    Raises:
        NoStore: there is none.
        Unreachable: it cannot be read, or its tables are not those of this version.
    """
    server = Server(url, _PATIENCE)
    with server.connect() as link:
        try:
            check_stays(server, link)
            link.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            # Whoever looks waits for nobody, and thinks for long between two questions.
            link.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            taken = steps_taken(link)
        except psycopg.Error as problem:
            raise told(server.shown, problem) from None
        if not taken:
            raise NoStore(server.shown)
        if any(set(wanted.steps) != taken.get(wanted.part, set()) for wanted in migrations):
            message = f"the store {server.shown} was written by another version of Earnest"
            raise Unreachable(message, "open it once with this version, which brings it up to date: earnest status")
        yield PostgresTx(link, Talk(server.shown, Dialect(numbered(migrations)), ""))
        link.execute("ROLLBACK")
