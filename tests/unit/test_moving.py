"""A store moves whole: every row of every table, compared, or it does not move at all."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from listener.errors import EarnestError
from listener.store import searching
from listener.store.base import Row, Store
from responders import flag, moving
from responders.house import open_store
from tests import keeping
from tests.mouth import House
from tests.program import Program


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = House(tmp_path)
    await made.approved()
    made.store.write(lambda tx: tx.run("UPDATE posts SET text = :text", text='nul \0 quote \' % :x {"a": 1} \N{PILE OF POO}'))
    yield made
    made.store.close()


@pytest.fixture(params=["file", pytest.param("server", marks=pytest.mark.on_a_server)])
def elsewhere(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Store]:
    """An empty store: the one on a server is what people move to, and one in a file is as strict with what it is given."""
    name = f"moved_{tmp_path.name}"
    there = open_store(keeping.server().make(name) if request.param == "server" else f"sqlite:///{tmp_path}/elsewhere.db", create=True)
    yield there
    there.close()
    if request.param == "server":
        keeping.server().drop(name)


def readable(row: Row) -> str:
    """Return a row as every store can hold it."""
    return str(dict(row)).replace(r"\x00", "\N{REPLACEMENT CHARACTER}")


def empty(store: Store) -> bool:
    """Return whether nothing of a house is in a store."""
    return not any(store.read().all(f"SELECT 1 FROM {table} LIMIT 1") for table in ("posts", "cases", "deliveries", "audit"))


def quiet(_table: str, _rows: int) -> None:
    """Nobody wants to know."""


def test_every_row_of_every_table_moves(house: House, elsewhere: Store) -> None:
    told: list[str] = []
    moved = moving.move(house.store, elsewhere, lambda table, _rows: told.append(table))
    assert told == [one.table for one in moved]
    assert {"posts", "mentions", "cases", "drafts", "approvals", "deliveries", "audit"} <= {one.table for one in moved if one.rows}
    for one in moved:
        rows = [store.read().all(f"SELECT * FROM {one.table}") for store in (house.store, elsewhere)]
        assert len(rows[0]) == one.rows
        assert sorted(map(readable, rows[1])) == sorted(map(readable, rows[0]))
    assert told.index("cases") < told.index("drafts") < told.index("approvals"), "those first to which others refer"


def test_what_is_found_by_its_words_is_found_there_too(house: House, elsewhere: Store) -> None:
    moving.move(house.store, elsewhere, quiet)
    assert elsewhere.read().all(searching.FOUND, words=searching.query("quote"))


def test_a_place_that_is_used_already_is_left_alone(house: House, elsewhere: Store) -> None:
    elsewhere.write(lambda tx: tx.run("INSERT INTO facts (name, value, at) VALUES ('mode', 'draft', '2026-11-22')"))
    with pytest.raises(EarnestError, match="not empty: facts has rows"):
        moving.move(house.store, elsewhere, quiet)
    assert elsewhere.read().all("SELECT 1 FROM posts") == []


@pytest.mark.parametrize(
    "harm",
    [
        "AFTER INSERT ON cases BEGIN UPDATE cases SET points = points + 1; END",
        "AFTER INSERT ON audit BEGIN DELETE FROM audit WHERE id = 1; END",
        "AFTER INSERT ON cases BEGIN INSERT INTO watches (name, state, words, since) VALUES ('~', 'x', 'x', '2026-11-22'); END",
    ],
)
def test_a_row_that_reads_otherwise_is_noticed_and_nothing_is_kept(house: House, tmp_path: Path, harm: str) -> None:
    elsewhere = open_store(f"sqlite:///{tmp_path}/elsewhere.db", create=True)
    elsewhere.write(lambda tx: tx.run(f"CREATE TRIGGER harm {harm}"))
    with pytest.raises(EarnestError, match="does not read the same at both places"):
        moving.move(house.store, elsewhere, quiet)
    assert empty(elsewhere)


def test_what_is_written_meanwhile_at_the_old_place_is_noticed(house: House, elsewhere: Store) -> None:
    def approved(table: str, _rows: int) -> None:
        if table == "deliveries":
            house.store.write(lambda tx: tx.run("INSERT INTO facts (name, value, at) VALUES ('mode', 'draft', '2026-11-22')"))
            house.store.write(lambda tx: tx.run("DELETE FROM facts WHERE name = 'mode'"))

    with pytest.raises(EarnestError, match="somebody wrote to the store while it was copied"):
        moving.move(house.store, elsewhere, approved)
    assert empty(elsewhere)


def test_a_move_that_is_broken_off_leaves_no_half_of_a_store(house: House, elsewhere: Store) -> None:
    def broken(table: str, _rows: int) -> None:
        if table == "deliveries":
            raise KeyboardInterrupt

    paused: list[bool] = []
    with pytest.raises(KeyboardInterrupt):
        moving.move(house.store, elsewhere, broken, lambda: paused.append(True))
    assert empty(elsewhere)
    assert not paused


def test_a_pause_that_is_only_a_file_keeps_a_store_where_it_is(house: House) -> None:
    moving.not_by_flag(house.store)
    house.store.beside(flag.ENDING).touch()
    with pytest.raises(EarnestError, match=r"sending is stopped by the file .*\.paused alone"):
        moving.not_by_flag(house.store)


def test_more_rows_than_are_read_at_once_move_in_order(house: House, elsewhere: Store) -> None:
    many = [{"name": f"{n % 7} \N{GREEK SMALL LETTER ALPHA} {n}", "at": f"{n}"} for n in range(1_234)]
    house.store.write(lambda tx: tx.run_many("INSERT INTO facts (name, value, at) VALUES (:name, 'x', :at)", many))
    moved = {one.table: one.rows for one in moving.move(house.store, elsewhere, quiet)}
    assert moved["facts"] == 1_234


def test_rows_that_are_all_the_same_move_too(house: House, elsewhere: Store) -> None:
    moment = {"at": "2026-11-22T10:00:00Z"}  # at which many posts were found to be gone
    house.store.write(lambda tx: tx.run_many("INSERT INTO remains (since) VALUES (:at)", [moment] * 1_234))
    moved = {one.table: one.rows for one in moving.move(house.store, elsewhere, quiet)}
    assert moved["remains"] == 1_234
    assert len(elsewhere.read().all("SELECT since FROM remains")) == 1_234


def test_a_file_is_moved_to_a_database_only(house: House, tmp_path: Path) -> None:
    program = Program(house.store.url, tmp_path / "rules.yaml", {})
    ran = program("migrate", "--to", f"sqlite:///{tmp_path}/other.db")
    assert ran.code == 2
    assert "a store is moved to a database, and this is a file" in ran.err
    assert not (tmp_path / "other.db").exists()
    ran = Program("postgresql://nobody@127.0.0.1:1/none", tmp_path / "rules.yaml", {})("migrate", "--to", "postgresql:///other")
    assert ran.code == 2
    assert "only a store that is a file is moved" in ran.err


def test_a_store_that_a_daemon_works_on_is_not_moved(house: House, tmp_path: Path) -> None:
    house.store.hold_alone()
    ran = Program(house.store.url, tmp_path / "rules.yaml", {})("migrate", "--to", "postgresql://nobody@127.0.0.1:1/none")
    assert ran.code == 5
    assert "another daemon already works on" in ran.err


@pytest.mark.on_a_server
def test_what_is_suggested_afterwards_connects_as_the_move_did_and_tells_no_secret(house: House, tmp_path: Path) -> None:
    server, name = keeping.server(), f"suggested_{tmp_path.name}"
    target = server.make(name) + "&password=hunter%2F2&sslmode=prefer&connect_timeout=7&sslpassword=hunter3"
    ran = Program(house.store.url, tmp_path / "rules.yaml", {})("migrate", "--to", target)
    server.drop(name)
    assert ran.code == 0
    suggested = ran.err.partition("Work with the new one")[2]
    assert suggested.startswith(", its password in the secret store_password: EARNEST_STORE='postgresql://")
    assert "sslmode=prefer&connect_timeout=7' earnest run" in suggested
    assert "hunter" not in ran.out + ran.err
    assert "copied posts: 1 row\n" in ran.err
    assert ": 0 rows" not in ran.err
    assert " tables had no row." in ran.out
