from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from listener.errors import EarnestError, Unreachable
from listener.store.base import Migrations, Tx
from listener.store.sqlite import SqliteStore

_STEPS = {"001": ("CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT NOT NULL)",)}


def _migrations(**more: tuple[str, ...]) -> Migrations:
    return Migrations("test", {**_STEPS, **more})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(f"sqlite:///{tmp_path}/a.db", (_migrations(),))
    yield opened
    opened.close()


def _add(tx: Tx, name: str | None) -> int:
    return tx.insert("INSERT INTO things (name) VALUES (:name)", name=name)


def test_what_is_written_is_there_after_reopening(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/a.db"
    first = SqliteStore(url, (_migrations(),))
    first.write(lambda tx: _add(tx, "kept"))
    first.close()
    second = SqliteStore(url, (_migrations(),))
    assert second.read().all("SELECT name FROM things") == [{"name": "kept"}]
    second.close()


def test_a_job_that_fails_undoes_only_itself(store: SqliteStore) -> None:
    def half(tx: Tx) -> None:
        _add(tx, "half")
        message = "changed my mind"
        raise EarnestError(message)

    store.write(lambda tx: _add(tx, "before"))
    with pytest.raises(EarnestError, match="changed my mind"):
        store.write(half)
    store.write(lambda tx: _add(tx, "after"))
    assert [row["name"] for row in store.read().all("SELECT name FROM things ORDER BY id")] == ["before", "after"]


def test_of_columns_with_one_name_the_first_counts(store: SqliteStore) -> None:
    assert store.read().all("SELECT 1 AS a, 2 AS b, 3 AS a") == [{"a": 1, "b": 2}]
    assert store.read().one("SELECT 1 AS a, 2 AS b, 3 AS a") == {"a": 1, "b": 2}


async def test_many_jobs_at_once_all_commit(store: SqliteStore) -> None:
    ids = await asyncio.gather(*(store.awrite(lambda tx, n=n: _add(tx, f"n{n}")) for n in range(300)))
    assert len(set(ids)) == 300
    row = store.read().one("SELECT COUNT(*) AS n FROM things")
    assert row is not None
    assert row["n"] == 300


async def test_one_bad_job_among_many_does_not_lose_the_others(store: SqliteStore) -> None:
    jobs = [store.awrite(lambda tx, n=n: _add(tx, None if n == 5 else f"n{n}")) for n in range(10)]
    results = await asyncio.gather(*jobs, return_exceptions=True)
    assert isinstance(results[5], Exception)
    row = store.read().one("SELECT COUNT(*) AS n FROM things")
    assert row is not None
    assert row["n"] == 9


def test_a_newer_store_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/a.db"
    newer = _migrations(later=("CREATE TABLE later (id INTEGER)",))
    SqliteStore(url, (newer,)).close()
    with pytest.raises(Unreachable, match="newer Earnest"):
        SqliteStore(url, (_migrations(),))
    SqliteStore(url, (newer,)).close()


@pytest.mark.parametrize("content", [b"this is no database, it only looks like a file", b"SQLite format 3\x00" + b"\xff" * 4_000])
def test_a_damaged_file_is_never_replaced(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(content)
    with pytest.raises(Unreachable, match=r"a\.db"):
        SqliteStore(f"sqlite:///{path}", (_migrations(),))
    assert path.read_bytes()[:40] == content[:40]


def test_a_missing_store_is_not_made_where_it_is_only_read(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="there is no store"):
        SqliteStore(f"sqlite:///{tmp_path}/none.db", (_migrations(),), create=False)
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize("url", ["postgresql://somewhere/db", "sqlite:///", "a.db"])
def test_an_unknown_kind_of_store_is_named(url: str) -> None:
    with pytest.raises(Unreachable, match="not a store"):
        SqliteStore(url, ())


def test_a_second_daemon_is_refused_and_the_first_is_seen(store: SqliteStore) -> None:
    assert not store.held()
    store.hold_alone()
    other = SqliteStore(store.url, (_migrations(),))
    assert other.held()
    with pytest.raises(Unreachable, match="another daemon"):
        other.hold_alone()
    other.close()


def test_a_full_disk_is_an_error_for_a_person_and_loses_nothing_stored(store: SqliteStore) -> None:
    store.write(lambda tx: _add(tx, "safe"))
    store.write(lambda tx: tx.one("PRAGMA max_page_count = 1"))
    pages = store.read().one("PRAGMA page_count")
    assert pages is not None
    with pytest.raises(Unreachable, match="cannot be used"):
        store.write(lambda tx: _add(tx, "x" * 5_000_000))
    assert [row["name"] for row in store.read().all("SELECT name FROM things")] == ["safe"]


def test_writing_is_durable_at_a_power_cut(store: SqliteStore) -> None:
    # NORMAL may lose a claim at a power cut; the setting is per connection, so it is asked of the one that writes.
    assert store.write(lambda tx: tx.one("PRAGMA synchronous")) == {"synchronous": 2}
    assert store.write(lambda tx: tx.one("PRAGMA foreign_keys")) == {"foreign_keys": 1}
    connection = sqlite3.connect(store.path)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_what_may_be_undone_goes_into_no_file_besides_the_store(store: SqliteStore) -> None:
    assert store.write(lambda tx: tx.one("PRAGMA temp_store")) == {"temp_store": 2}  # in memory


def test_a_job_that_changed_much_is_undone_alone(store: SqliteStore) -> None:
    def much(tx: Tx) -> None:
        for n in range(2_000):
            _add(tx, f"{n} {'x' * 500}")
        raise LookupError

    store.write(lambda tx: _add(tx, "before"))
    with pytest.raises(LookupError):
        store.write(much)
    store.write(lambda tx: _add(tx, "after"))
    assert [row["name"] for row in store.read().all("SELECT name FROM things ORDER BY name")] == ["after", "before"]
