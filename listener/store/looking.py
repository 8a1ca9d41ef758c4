"""Looking at a store without changing a byte of it: for whoever only reads what has been, beside a daemon or without one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.parse import quote

from listener.errors import Unreachable
from listener.store.addresses import is_postgres
from listener.store.base import Migrations, NoStore, Reader
from listener.store.opening import need_postgres
from listener.store.sqlite import SqliteTx, path_of, steps_taken


@contextmanager
def looking(url: str, migrations: tuple[Migrations, ...]) -> Iterator[Reader]:
    """Open the store behind `url` for reading only: one view of it, as it stood at the first look.

    Raises:
        NoStore: there is none.
        Unreachable: it cannot be read, or its tables are not those of this version.
    """
    if is_postgres(url):
        need_postgres()
        from listener.store.postgres.looking import looking_at_server  # noqa: PLC0415  # whoever works with a file need not have it

        with looking_at_server(url, migrations) as reader:
            yield reader
        return
    path = path_of(url)
    if not path.exists():
        raise NoStore(str(path), demo=True)
    try:
        connection = sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True, isolation_level=None)
    except sqlite3.Error as problem:
        message = f"the store {path} cannot be read: {problem}"
        raise Unreachable(message, "check that the file may be read") from None
    with closing(connection):
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA query_only = ON")
        connection.execute("BEGIN")
        taken = steps_taken(connection)
        if any(set(wanted.steps) != taken.get(wanted.part, set()) for wanted in migrations):
            message = f"the store {path} was written by another version of Earnest"
            raise Unreachable(message, "open it once with this version, which brings it up to date: earnest status")
        yield SqliteTx(connection)
