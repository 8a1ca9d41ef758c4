"""Opening a store by its URL, whichever kind it is."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from listener.errors import Unreachable
from listener.store import addresses
from listener.store.base import Migrations, Store
from listener.store.sqlite import SqliteStore, beside, path_of


def open_store(url: str, migrations: tuple[Migrations, ...], *, create: bool, patience: float) -> Store:
    """Open the store behind a URL, brought up to date; `create` makes a new one where there is none.

    `patience` is how many seconds to wait, at each write, while another program keeps the store locked.

    Raises:
        NoStore: there is none, and `create` is false.
        Unreachable: it cannot be opened.
    """
    if not addresses.is_postgres(url):
        return SqliteStore(url, migrations, create=create, patience=patience)
    need_postgres()
    from listener.store.postgres.store import PostgresStore  # noqa: PLC0415  # whoever works with a file need not have it

    return PostgresStore(url, migrations, create=create, patience=patience)


def need_postgres() -> None:
    """Raise Unreachable where what speaks with PostgreSQL is not installed."""
    if find_spec("psycopg") is None:
        message = "a store in PostgreSQL needs a part of Earnest that is not installed here"
        raise Unreachable(message, 'install it: pip install "earnest[postgres]"')


def file_of(url: str) -> Path | None:
    """Return the file that a store is; None for a store on a server.

    Raises:
        Unreachable: the URL names no kind of store.
    """
    return None if addresses.is_postgres(url) else path_of(url)


def is_absent(url: str) -> bool:
    """Return whether a store is a file that is not there. Whether a server has one is found out by asking it.

    Raises:
        Unreachable: the URL names no kind of store.
    """
    path = file_of(url)
    return path is not None and not path.exists()


def beside_store(url: str, ending: str) -> Path:
    """Return the path of a file that belongs to a store, as `Store.beside` does, without opening it.

    Raises:
        Unreachable: the URL names no kind of store.
    """
    path = file_of(url)
    return addresses.beside_database(url, ending) if path is None else beside(path, ending)


def shown(url: str) -> str:
    """Return how a store is named to people: its file, or its URL without a password.

    Raises:
        Unreachable: the URL names no kind of store.
    """
    path = file_of(url)
    return addresses.shown(url) if path is None else str(path)
