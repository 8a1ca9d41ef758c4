"""A pooler before a PostgreSQL server: one that leaves a connection with its client is as good as the server, any other is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import errors

from listener.errors import Unreachable
from listener.store.base import NoStore
from listener.store.looking import looking
from listener.store.opening import open_store
from listener.store.postgres.errors import told
from tests import keeping
from tests.contracts.storing import Place, add, database, only, steps
from tests.servers.pooler import Pooler

pytestmark = pytest.mark.on_a_server


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with database(tmp_path) as made:
        yield made


@pytest.mark.parametrize("how", [{}, {"most": 1}, {"in_turn": True}], ids=["the last one first", "one for all", "in turn"])
def test_a_pooler_that_lends_a_connection_for_one_transaction(place: Place, how: dict[str, Any]) -> None:
    with Pooler(keeping.server().folder, keeping.server().port, **how) as pooler:
        with pytest.raises(Unreachable, match="a pooler stands before the server") as said:
            open_store(pooler.url(place.url), (steps(),), create=True, patience=2)
        assert "by session" in said.value.hint
        with pytest.raises(Unreachable, match="a pooler stands before the server"), looking(pooler.url(place.url), (steps(),)):
            """Whoever only looks is told the same."""
    with pytest.raises(NoStore):
        open_store(place.url, (steps(),), create=False, patience=2)


def test_a_pooler_that_leaves_a_connection_with_its_client_is_as_good_as_the_server(place: Place) -> None:
    with Pooler(keeping.server().folder, keeping.server().port, stays=True) as pooler:
        store = open_store(pooler.url(place.url), (steps(),), create=True, patience=2)
        store.write(lambda tx: add(tx, "kim"))
        assert only(store.read().one("SELECT COUNT(*) AS n FROM things")) == 1
        store.close()


@pytest.mark.parametrize(
    ("problem", "lent"),
    [
        (errors.ProtocolViolation('bind message supplies 0 parameters, but prepared statement "_pg3_1" requires 1'), True),
        (errors.InvalidSqlStatementName("vorbereitete Anweisung »_pg3_1« existiert nicht"), True),
        (errors.DuplicatePreparedStatement('prepared statement "_pg3_0" already exists'), True),
        (errors.ProtocolViolation("server conn crashed?"), False),  # PgBouncer, of a server that was stopped
    ],
)
def test_a_pooler_that_begins_to_lend_later(problem: psycopg.Error, *, lent: bool) -> None:
    assert ("by session" in told("postgresql://db.example/shop", problem).hint) == lent
