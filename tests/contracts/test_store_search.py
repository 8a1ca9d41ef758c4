"""Finding words in posts: the same posts in a file and on a server, whatever is asked for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from listener.clock import now
from listener.model import Author, Post
from listener.store import mentions, searching
from listener.store.base import Store
from responders.house import open_store
from tests import keeping

pytestmark = pytest.mark.on_a_server

TEXTS = {
    "plain": "My parcel is lost, and support ignores me.",
    "case": "PARCEL! Where is my Parcel?",
    "accents": "Über Straße: naïve café, Ångström, Żółw, ĐẶNG",
    "decomposed": "Cafe\u0301 u\u0308ber",
    "joined": "don't e-mail me; foo_bar, a.b.c, 1,000 and 3.14 at acme.example/path?x=1",
    "quotes": 'she said "not again" and „nie wieder“ — or «jamais»',
    "numbers": "order 12345 costs 99€ on 2026-11-22, 1e5 times",
    "scripts": "привет Мир, γειά Σου, 助けて, مرحبا, नमस्ते",
    "emoji": "love❤️it 👩‍👩‍👧great #Acme @acme_help",
    "hostile": "'; drop table posts -- NEAR( col:x * ^ AND OR NOT",
    "mixed": "Nextの充電器 NEXT充電器から煙",
    "empty": "",
    "long": "x" * 5_000 + " end",
}
ASKED = (
    "parcel", "PARCEL", "lost parcel", "parcel lost", "parce", "uber", "über", "ÜBER", "strasse", "straße", "cafe", "café", "Cafe\u0301",
    "angstrom", "zolw", "dang", "don't", "don t", "dont",
    "e-mail", "email", "foo_bar", "foo", "bar", "a.b.c", "a.c", "1,000", "1000", "3.14",
    "acme.example", "path?x=1", '"not again"', "not", "„nie", "wieder“", "jamais", "12345", "1234", "99€", "99", "2026-11-22", "1e5",
    "привет", "МИР", "мир", "γειά", "助けて", "助け", "مرحبا", "love", "it", "great", "#acme", "@acme_help", "acme", "help",
    '"', "''", "NEAR(", "text:x", "col:x", "'; drop table posts --", "*", "^", "drop -- table", "and", "AND OR", "\x00", "marta", "marta_k",
    "k", "me marta", "end", "👩‍👩‍👧", "❤️ love", "%", "\\", "' OR 1=1", '"""', "handle : marta", "{", "lost -parcel",
)  # fmt: skip


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Store]]:
    folder = tmp_path_factory.mktemp("search")
    opened = [open_store(url, create=True) for url in (f"sqlite:///{folder}/a.db", keeping.server().make("search"))]
    for store in opened:
        for name, words in TEXTS.items():
            post = Post("mastodon", name, words, Author("mastodon", "1", "marta_k"), now(), name, "")
            store.write(lambda tx, post=post: mentions.store_post(tx, post, heard_at=now(), source="s", late=False))  # type: ignore[misc]
    yield opened
    for store in opened:
        store.close()
    keeping.server().drop("search")


def _found(store: Store, search: str) -> list[str]:
    words = searching.query(search)
    found = store.read().all(f"SELECT id FROM posts WHERE seq IN ({searching.FOUND})", words=words) if words else []
    some = store.read().all(searching.BETWEEN, words=words, first=3, last=6) if words else []
    return sorted(str(row["id"]) for row in found) + sorted(str(row["seq"]) for row in some)


@pytest.mark.parametrize("search", ASKED, ids=range(len(ASKED)))
def test_a_file_and_a_server_find_the_same(stores: list[Store], search: str) -> None:
    in_file, on_server = (_found(store, search) for store in stores)
    assert on_server == in_file


def test_it_finds_something(stores: list[Store]) -> None:
    assert _found(stores[1], "lost parcel") == ["plain"]
    assert _found(stores[1], "γεια \u03c3\u03bf\u03c5") == ["scripts"]
    assert _found(stores[1], "x" * 5_000) == []  # as listener/store/postgres/schema.py says
    assert _found(stores[1], "uber") == ["accents", "decomposed", "3", "4"]


@pytest.mark.parametrize(
    ("search", "ids"),
    [("助け", ["scripts"]), ("けて 助", ["scripts"]), ("助けて мир", ["scripts"]), ("助からない", []), ("NEXT充電", ["mixed"])],
)
def test_words_of_a_script_without_spaces_are_found_within_a_text(stores: list[Store], search: str, ids: list[str]) -> None:
    for store in stores:
        words, unspaced = searching.parted(search)
        asked = {f"part{n}": part for n, part in enumerate(unspaced)}
        where = " AND ".join(searching.CONTAINS.format(name=f":{name}") for name in asked)
        held = f" AND p.seq IN ({searching.FOUND})" if words else ""
        found = store.read().all(
            f"SELECT p.id FROM posts p WHERE {where}{held}", **asked, **({"words": searching.query(words)} if words else {})
        )
        assert [row["id"] for row in found] == ids


def test_a_text_of_any_length_can_be_stored(stores: list[Store]) -> None:
    words = " ".join(f"w{number}" for number in range(300_000))
    for store in stores:
        store.write(lambda tx: tx.run("UPDATE posts SET text = :words WHERE id = 'empty'", words=words))
        assert _found(store, "w7 w8 w9") == ["empty"]


def test_what_was_changed_and_deleted_is_not_found_any_more(stores: list[Store]) -> None:
    for store in stores:
        store.write(lambda tx: tx.run("UPDATE posts SET text = 'fresh words' WHERE id = 'long'"))
        assert (_found(store, "end"), _found(store, "fresh words")) == ([], ["long"])
        store.write(lambda tx: tx.run("DELETE FROM posts WHERE id = 'long'"))
        assert _found(store, "fresh") == []
    assert stores[1].read().all("SELECT 1 FROM words WHERE seq NOT IN (SELECT seq FROM posts)") == []


@pytest.mark.parametrize("search", ["word " * 1_000, "a." * 5_000, '"' * 10_000], ids=["words", "parts", "signs"])
def test_as_many_words_as_a_search_may_have_are_looked_for(stores: list[Store], search: str) -> None:
    assert [_found(store, search) for store in stores] == [[], []]
