"""A word that was told of goes where its posts go, also after the days for which uses of words are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from listener.model import Page
from listener.polling import Ear
from responders.watchkeeper import WatchKeeper
from tests.mouth import NETWORK, House

WORD = "zugvogel"
WATCH = [{"name": "news", "brand": "acme", "new_term": {"over": "6h", "at_least": 3, "authors": 3}, "tell": "on-call"}]


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path, watch=WATCH)


async def told(house: House) -> list[str]:
    """Let a new word be told of; return the posts that hold it."""
    await house.hear(house.post("old", "@acme hello there from yesterday", by="ana"))
    await house.think()
    house.clock.forward(hours=40)
    ids = [f"p{number}" for number in range(3)]
    for number, one in enumerate(ids):
        await house.hear(house.post(one, f"@acme {WORD}", by=f"customer{number}", age=5))
    await house.think()
    await WatchKeeper(house.store, lambda: house.book, house.clock).round()
    assert _words(house) == [f'news: new within 6h, about acme: "{WORD}". Look: earnest mentions --since 6h']
    return ids


def _words(house: House) -> list[str]:
    return [str(row["words"]) for row in house.rows("SELECT words FROM incidents WHERE name = 'watch news'")]


@pytest.mark.parametrize("days", [0, 9])
async def test_a_word_that_was_told_of_goes_with_its_posts_however_late_they_go(house: House, days: int) -> None:
    ids = await told(house)
    house.clock.forward(days=days)
    await WatchKeeper(house.store, lambda: house.book, house.clock).round()
    await Ear(house.store, house.book, house.clock).take(NETWORK, Page((), "c", gone=ids))
    await house.think()
    assert [words for words in _words(house) if WORD in words] == []
    assert not any(WORD in str(row["words"]) for row in house.rows("SELECT words FROM watches"))
    house.store.close()


async def test_a_word_also_goes_from_what_was_told_where_new_uses_push_the_old_ones_out(house: House) -> None:
    ids = await told(house)
    house.clock.forward(days=9)
    await house.hear(house.post("late", "@acme something else entirely", by="ana", age=5))
    await house.think()
    await Ear(house.store, house.book, house.clock).take(NETWORK, Page((), "c", gone=ids))
    await house.think()
    assert [words for words in _words(house) if WORD in words] == []
    house.store.close()
