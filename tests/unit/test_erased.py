"""Deleted means gone: a word that stood in a deleted post stands nowhere afterwards, neither in a table nor in the bytes of the files."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from listener import cleaning
from listener.model import Author, Page
from listener.polling import Ear
from listener.store import following
from responders.ledger import audit
from tests import keeping
from tests.mouth import NETWORK, House
from tests.program import Program
from tests.stores import make_rules

CANARY = "zugvogel"
_BRANDS = {"acme": {"names": ["Acme", f"Acme{CANARY}"], "handles": {"mastodon": "acme"}}}
_SCORING = {"urgency": {"signals": {"vogel": {"points": 30, "words": [CANARY]}}}}
_ROUTES = [
    {"name": "vogel", "when": {"signals": ["vogel"]}, "reply": "hello", "private": "ask", "escalate": "on-call"},
    {"name": "rest", "when": "always", "reply": "hello"},
]


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path, brands=_BRANDS, scoring=_SCORING, routes=_ROUTES)


IN_A_FILE = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'words_%'"
ON_A_SERVER = "SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"


def rows_with(house: House, word: str = CANARY) -> set[str]:
    """Return the tables that hold the word, of all there are."""
    tables = [str(row["name"]) for row in house.rows(ON_A_SERVER if keeping.ON_POSTGRES else IN_A_FILE)]
    return {
        table
        for table in tables
        if any(word in str(value).casefold() for row in house.rows(f"SELECT * FROM {table}") for value in row.values())
    }


def files_with(house: House, word: str = CANARY) -> list[str]:
    return [file.name for file in sorted(house.folder.glob("earnest.db*")) if word.encode() in file.read_bytes().lower()]


async def through_the_street(house: House, *, sent: bool) -> None:
    """Let four posts with the word be heard, judged, drafted, alerted; one draft quotes it, one answer leaves, one person says stop."""
    author = Author(NETWORK, "id-marta", "marta", display_name=f"Marta {CANARY}", bio=f"I love {CANARY}")
    words = {
        "p1": f"@acme you charged me twice, {CANARY}, and Acme{CANARY} too",
        "p2": f"@acme {CANARY} hello there, one thing",
        "p3": f"@acme stop messaging me, {CANARY}, never write to me again",
        "p4": f"@acme {CANARY} is what I said before the edit",
    }
    people = {"p3": replace(author, id="id-tom", handle="tom")}
    for post_id, text in words.items():
        post = house.post(post_id, text, parent_id=None)
        await house.hear(
            replace(post, author=people.get(post_id, author), tags=(CANARY,), mentions=("acme", f"{CANARY}@elsewhere.example"))
        )
        await house.think()
    house.store.write(lambda tx: tx.run("UPDATE suppressions SET words = :words", words=f"stop, {CANARY}"))
    await house.hear(house.post("p5", "@acme one more word", "tom"))
    await house.think()
    house.desk().edit("A-1", public=f"{CANARY}, you wrote", private="")
    house.desk().edit("A-1", public=f"You wrote {CANARY}, and that is wrong", private=f"About {CANARY}: which order was it?")
    if sent:
        house.desk().edit("A-2", public="Could you say a little more about the bird?")
        house.desk().edit("A-2", public="Could you say a little more?")
        house.desk().approve("A-2")
        await house.speak(seconds=11)
    await house.hear(replace(house.post("p4", "@acme something else altogether", version="2"), author=author))
    await house.think()


async def delete(house: House, *ids: str) -> None:
    await Ear(house.store, house.book, house.clock).take(NETWORK, Page((), "c", gone=ids))
    await house.think()


async def test_a_deleted_word_stands_nowhere(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    await through_the_street(house, sent=True)
    assert {"posts", "mentions", "assessments", "decisions", "drafts", "approvals", "suppressions", "words"} <= rows_with(house)
    await delete(house, "p1", "p2", "p3", "p4")
    assert rows_with(house) == set(), "the hold of tom's other post does not quote it either"
    assert house.rows("SELECT rowid FROM words WHERE words MATCH :word", word=f'"{CANARY}"') == []
    assert await cleaning.clean(house.store, house.clock)
    assert files_with(house) == []
    assert CANARY not in caplog.text.casefold()


async def test_what_we_said_stays_and_so_does_a_stop(house: House) -> None:
    await through_the_street(house, sent=True)
    said = [(row["text"], row["bound"]) for row in house.rows("SELECT text, bound FROM deliveries WHERE state = 'sent' ORDER BY id")]
    assert said
    await delete(house, "p1", "p2", "p3", "p4")
    assert [(row["text"], row["bound"]) for row in house.rows("SELECT text, bound FROM deliveries ORDER BY id")] == said
    assert house.rows("SELECT handle FROM suppressions WHERE lifted_at IS NULL") == [{"handle": "tom"}]
    assert audit.broken_at(house.store.read()) is None


async def test_the_words_before_an_edit_stand_nowhere_either(house: House) -> None:
    await house.hear(house.post("p1", f"@acme {CANARY} charged me twice"))
    await house.think()
    await house.hear(house.post("p1", "@acme you charged me twice", version="2"))
    await house.think()
    assert rows_with(house) == set()
    assert await cleaning.clean(house.store, house.clock)
    assert files_with(house) == []


async def test_among_many_posts_only_the_deleted_one_is_gone(house: House) -> None:
    many = [house.post(f"m{number}", f"@acme sparrow{number} " + f"word{number % 7} " * (number % 60)) for number in range(300)]
    await house.hear(*many)
    gone = [f"m{number}" for number in range(0, 300, 30)]
    await delete(house, *gone)
    while await house.think():
        pass
    assert await cleaning.clean(house.store, house.clock)
    assert [each for each in gone if files_with(house, f"sparrow{each.removeprefix('m')} ")] == []
    assert len(house.rows("SELECT rowid FROM words WHERE words MATCH :word", word='"sparrow1"')) == 1


async def test_on_a_network_that_wants_it_the_name_goes_too(house: House) -> None:
    mine = replace(house.post("t1_a", "acme is lovely"), network="reddit", url="https://www.reddit.com/r/x/comments/1/zugvogel/")
    post = replace(mine, author=Author("reddit", "t2_bird", CANARY))
    ear = Ear(house.store, house.book, house.clock)
    await ear.take("reddit", Page((post,), "c"))
    await house.think()
    await ear.take("reddit", Page((), "c", gone=("t1_a",)))
    await house.think()
    assert rows_with(house) == set()
    assert house.rows("SELECT author_id FROM cases") == [{"author_id": "t2_bird"}]


async def test_people_are_told_in_words(house: House, tmp_path: Path) -> None:
    await through_the_street(house, sent=False)
    run = Program(keeping.store_url(tmp_path), make_rules(tmp_path), {"EARNEST_NAME": "jo"})
    assert "edited, noticed" in run("show", "A-4").out
    assert run.case("A-4")["thread"][0]["edited_at"]
    await delete(house, "p1")
    told = run("show", "A-1").out
    assert "deleted by its author, noticed" in told
    assert "nothing will be answered" in told
    assert "A-1  closed" in told
    assert CANARY not in told.casefold()
    assert run.case("A-1")["thread"][0]["deleted_at"]
    refused = run("approve", "A-1")
    assert refused.code != 0
    assert "deleted this post" in refused.err
    assert "was deleted" in run("explain", "A-1").err
    assert "A-1" not in run("inbox").out
    assert following.fate(house.store.read(), NETWORK, "p1").deleted_at is not None
