"""Many rows by one call: the same is stored as row after row, whatever they hold, in a file and on a server."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType

import pytest

from listener.store import intake
from listener.store.base import Migrations, Row, Store, Value
from listener.store.postgres.many import FEW, Bulk
from responders.ledger import casework, drafts
from tests import keeping
from tests.contracts.storing import Place

TABLES = Migrations(
    "test",
    {
        "001": (
            "CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, n INTEGER, share REAL, note TEXT NOT NULL DEFAULT '')",
            "CREATE TABLE barred (name TEXT PRIMARY KEY)",
            "CREATE TABLE parts (thing TEXT NOT NULL REFERENCES things (name), n INTEGER)",
        )
    },
)
ADD = "INSERT INTO things (name, n, share) VALUES (:name, :n, :share)"
RENEW = f"{ADD} ON CONFLICT (name) DO UPDATE SET n = excluded.n, note = things.note || '+'"
NEW_ONLY = """INSERT INTO things (name, n, share) SELECT :name, :n, :share WHERE NOT EXISTS (SELECT 1 FROM barred WHERE name = :name)
    ON CONFLICT (name) DO NOTHING"""
HOSTILE = [
    "plain",
    "quo'te\"s",
    "\\u0000",
    "back\\slash",
    "nul\0",
    "{brace}",
    "%s $1 :name",
    "\ud800 alone",
    "naïve 助けて 😀",
    "two\nlines",
    "",
]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.on_a_server)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    server = keeping.server() if request.param == "postgres" else None
    name = f"rows_{tmp_path.name}"
    place = Place(server.make(name) if server else f"sqlite:///{tmp_path}/store.db", tmp_path)
    yield place.open(TABLES)
    place.close()
    if server:
        server.drop(name)


def rows(*names: str, n: int | None = 1, share: float | None = 0.5) -> list[dict[str, Value]]:
    return [{"name": name, "n": n, "share": share} for name in names]


def things(store: Store) -> list[Row]:
    return store.read().all("SELECT name, n, share, note FROM things ORDER BY id")


def both_ways(store: Store, sql: str, many: Sequence[Mapping[str, Value]]) -> tuple[list[Row], list[Row]]:
    """Return what is stored by one call, and what by one for each row."""
    store.write(lambda tx: tx.run_many(sql, many))
    at_once = things(store)
    store.write(lambda tx: tx.run("DELETE FROM things"))
    store.write(lambda tx: [tx.run(sql, **row) for row in many])
    return at_once, things(store)


class TestRows:
    def test_every_text_is_stored_as_it_would_be_by_itself(self, store: Store) -> None:
        texts = HOSTILE if store.shared else [text for text in HOSTILE if "\ud800" not in text]  # a file refuses it; see base.storable
        at_once, one_by_one = both_ways(store, ADD, rows(*texts))
        assert at_once == one_by_one
        assert len(at_once) == len(texts)

    @pytest.mark.parametrize("text", HOSTILE)
    def test_so_is_each_among_ordinary_ones(self, store: Store, text: str) -> None:
        if "\ud800" in text and not store.shared:
            text = "a file refuses it"
        at_once, one_by_one = both_ways(store, ADD, rows("a", "b", text, "c", "d", "e"))
        assert at_once == one_by_one

    @pytest.mark.parametrize(
        "numbers",
        [
            [1, 2, 3, 4, 5],
            [None, 1, None, 2, None],
            [None] * 5,
            [True, False, True, 7, None],
            [2**63 - 1, -(2**63) + 1, 0, 1, 2],
            [2**80, 1, 2, 3, 4],
        ],
    )
    def test_every_whole_number_too(self, store: Store, numbers: list[int | None]) -> None:
        at_once, one_by_one = both_ways(store, ADD, [{"name": f"{at}", "n": n, "share": None} for at, n in enumerate(numbers)])
        assert at_once == one_by_one
        assert [row["n"] for row in at_once] == [None if n is None else min(n, 2**63 - 1) for n in numbers]

    @pytest.mark.parametrize("shares", [[0.1 + 0.2, 1e-300, 1e300, -0.0, 1 / 3], [1, 2.5, None, 3, 4], [float("inf"), 1.0, 2.0, 3.0, 4.0]])
    def test_and_every_real_one(self, store: Store, shares: list[float | None]) -> None:
        at_once, one_by_one = both_ways(store, ADD, [{"name": f"{at}", "n": 1, "share": share} for at, share in enumerate(shares)])
        assert at_once == one_by_one
        assert [row["share"] for row in at_once] == shares

    def test_they_are_numbered_in_their_order(self, store: Store) -> None:
        names = [f"{(7 * at) % 501:04}" for at in range(501)]
        assert store.write(lambda tx: tx.run_many(NEW_ONLY, rows(*names))) == len(names)
        assert [row["name"] for row in things(store)] == names

    def test_what_is_there_is_renewed_or_left_alone(self, store: Store) -> None:
        store.write(lambda tx: tx.run_many(ADD, rows("a", "b", n=1)))
        store.write(lambda tx: tx.run("INSERT INTO barred (name) VALUES ('x')"))
        assert store.write(lambda tx: tx.run_many(NEW_ONLY, rows("a", "c", "x", "d", "c", n=2))) == 2
        assert [(row["name"], row["n"]) for row in things(store)] == [("a", 1), ("b", 1), ("c", 2), ("d", 2)]
        assert store.write(lambda tx: tx.run_many(RENEW, rows("a", "b", "c", "e", n=3))) == 4
        assert [(row["name"], row["n"], row["note"]) for row in things(store)] == [
            ("a", 3, "+"), ("b", 3, "+"), ("c", 3, "+"), ("d", 2, ""), ("e", 3, ""),
        ]  # fmt: skip

    def test_a_row_that_comes_twice_is_renewed_by_the_later_one(self, store: Store) -> None:
        twice = [*rows("a", "b", "c", n=1), *rows("a", n=9)]
        store.write(lambda tx: tx.run_many(RENEW, twice))
        assert [(row["name"], row["n"], row["note"]) for row in things(store)] == [("a", 9, "+"), ("b", 1, ""), ("c", 1, "")]


@pytest.mark.parametrize("room", [intake, casework, drafts])
def test_what_every_mention_brings_goes_by_one_statement(room: ModuleType) -> None:
    statements = [words for words in vars(room).values() if isinstance(words, str) and words.startswith("INSERT INTO")]
    assert statements
    for sql in statements:
        many = [dict.fromkeys(re.findall(r":(\w+)", sql), f"{at}") for at in range(FEW)]
        said = Bulk().say(sql, many)
        assert said, sql
        assert said[0].count("json_to_recordset") == 1


@pytest.mark.on_a_server
def test_a_server_looks_at_tables_again_that_have_just_grown(tmp_path: Path) -> None:
    url = keeping.server().make(f"grown_{tmp_path.name}")
    asked = "SELECT CAST(reltuples AS BIGINT) AS n FROM pg_class WHERE relname = 'things'"
    place = Place(url, tmp_path)
    store = place.open(TABLES)
    store.write(lambda tx: tx.run_many(ADD, rows(*map(str, range(500)))))
    store.close()  # waits for what goes on beside
    assert place.open(TABLES).read().one(asked) == {"n": 500}
    place.close()
    keeping.server().drop(f"grown_{tmp_path.name}")
