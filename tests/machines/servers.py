"""The servers of the stories: one that most share, each with a database of its own in it, and those that a story ends and starts itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from tests.servers.postgres import Postgres

PASSWORD = "a-canary-in-the-coal-mine"
CONNECTIONS = 600
"""How many the shared server takes: up to sixteen for each machine of all stories that are lived through at a time."""

shared: Postgres | None = None
"""The server that stories share, as long as there is one (`sharing`)."""


@contextmanager
def sharing() -> Iterator[None]:
    """Have the server that stories share, in this process and in those that it forks."""
    global shared  # noqa: PLW0603  # one for all
    with own(CONNECTIONS) as shared:
        yield
    shared = None


@contextmanager
def own(connections: int = 200) -> Iterator[Postgres]:
    """Have a server that a story may end and start as it likes. A user with a password, who owns the tables, is let in."""
    with Postgres(connections=connections) as server:
        with psycopg.connect(server.url("postgres"), autocommit=True) as link:
            link.execute(f"CREATE ROLE earnest LOGIN SUPERUSER PASSWORD '{PASSWORD}'")
        yield server


@contextmanager
def alone(server: Postgres, number: int) -> Iterator[psycopg.Connection[Any]]:
    """Keep every other story that asks for this number waiting meanwhile."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as link:
        link.execute("SELECT pg_advisory_lock(%s)", (number,))
        yield link
