"""Where tests keep their stores: in files, or (EARNEST_TEST_STORE=postgres) each in a database of its own on a real PostgreSQL server.

A database is a copy of one with all tables in it and nothing else, so a store that a test did not make is there already, and empty.
"""

from __future__ import annotations

import atexit
import os
from contextlib import ExitStack
from functools import cache
from itertools import count
from pathlib import Path

from responders.house import open_store
from tests.servers.postgres import Postgres

ON_POSTGRES = os.environ.get("EARNEST_TEST_STORE") == "postgres"
_TEMPLATE = "empty_store"
_NUMBERS = count()
_made: dict[Path, str] = {}


def store_url(folder: Path, name: str = "earnest.db") -> str:
    """Return the URL of the store of that name in a test's folder; the same whenever it is asked for in one test."""
    path = folder / name
    if not ON_POSTGRES:
        return f"sqlite:///{path}"
    if path not in _made:
        _made[path] = server().make(f"store_{next(_NUMBERS)}", template=_TEMPLATE)
    return _made[path]


@cache
def server() -> Postgres:
    """Return the server of this run of tests, started when it is first asked for."""
    running = ExitStack()
    atexit.register(running.close)
    found = running.enter_context(Postgres())
    open_store(found.make(_TEMPLATE), create=True).close()
    return found


def forget() -> None:
    """Remove the databases of a test that has ended."""
    while _made:
        _, url = _made.popitem()
        server().drop(url.partition("@/")[2].partition("?")[0])
