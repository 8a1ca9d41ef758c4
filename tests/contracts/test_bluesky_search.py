"""Bluesky's search beside what our account is told: one source, one cursor, over HTTP."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable

import pytest

from listener.errors import Malformed
from listener.rules.rulebook import Brand, Route, Rulebook
from listener.sources._bluesky_search import MOST_PAGES
from listener.sources.base import Searching, Source
from listener.sources.bluesky import KIND
from tests.contracts.test_bluesky_source import ago, hear, texts
from tests.servers.pds import Pds
from tests.servers.pds_people import Person

SEARCH = "app.bsky.feed.searchPosts"
BOOK = Rulebook(version=1, brands={"acme": Brand(handles={"bluesky": "brand.test"})}, routes=(Route(name="all", when="always"),))


@pytest.fixture
async def pds(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Pds]:
    async with Pds() as server:
        monkeypatch.setenv("EARNEST_ALLOW_HOSTS", server.url.removeprefix("http://"))
        yield server


@pytest.fixture
async def listen(pds: Pds, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Callable[..., Source]]:
    monkeypatch.setenv("EARNEST_SECRET_BLUESKY_READ", pds.account("brand.test").password)
    made: list[Source] = []

    def listen(*queries: str) -> Source:
        made.append(KIND.make("bluesky", {"service": pds.url, "search": list(queries)}, BOOK))
        return made[-1]

    yield listen
    for source in made:
        await source.close()


@pytest.fixture
def alice(pds: Pds) -> Person:
    return pds.account("alice.test")


async def test_it_hears_what_it_is_told_and_what_the_search_finds(pds: Pds, alice: Person, listen: Callable[..., Source]) -> None:
    pds.post(alice, "zenith boots are late", at=ago(30))
    pds.post(alice, "zenith is far away from all of these boots", at=ago(20))
    pds.post(alice, "@brand.test zenith boots", at=ago(10))
    pds.post(alice, "lunch")
    source = listen("zenith NEAR/2 (boots OR shoes)")
    posts, cursor, _ = await hear(source, None)
    assert texts(posts) == ["zenith boots are late", "@brand.test zenith boots"]
    assert [asked.what["q"] for asked in pds.asked(SEARCH)] == ["zenith boots", "zenith shoes"]
    assert isinstance(source, Searching)
    assert {one.here for one in source.asks()} == {("zenith NEAR/2 (boots OR shoes)",)}
    assert (await hear(source, cursor))[0] == []


async def test_what_comes_later_is_heard_once_even_from_a_slow_clock(pds: Pds, alice: Person, listen: Callable[..., Source]) -> None:
    source = listen("zenith")
    pds.post(alice, "zenith, the first")
    _, cursor, _ = await hear(source, None)
    pds.post(alice, "zenith, from a slow phone", at=ago(1800))
    pds.post(alice, "zenith, the second")
    posts, cursor, _ = await hear(source, cursor)
    assert sorted(texts(posts)) == ["zenith, from a slow phone", "zenith, the second"]
    assert (await hear(source, cursor))[0] == []


async def test_more_than_can_be_read_is_a_gap(pds: Pds, alice: Person, listen: Callable[..., Source]) -> None:
    pds.page = 2
    source = listen("zenith")
    pds.post(alice, "zenith")
    _, cursor, _ = await hear(source, None)
    for number in range(2 * MOST_PAGES + 3):
        pds.post(alice, f"zenith {number}")
    posts, _, (page,) = await hear(source, cursor)
    assert len(posts) == 2 * MOST_PAGES
    assert page.gap is not None
    assert "zenith" in page.gap.reason


async def test_another_search_begins_anew_and_none_goes_on_where_it_was(pds: Pds, alice: Person, listen: Callable[..., Source]) -> None:
    pds.post(alice, "zenith boots")
    _, cursor, _ = await hear(listen("zenith"), None)
    assert texts((await hear(listen("boots"), cursor))[0]) == ["zenith boots"]
    posts, _, (page,) = await hear(listen(), cursor)
    assert (posts, page.gap) == ([], None)


async def test_our_own_posts_are_no_finding(pds: Pds, listen: Callable[..., Source]) -> None:
    source = listen("zenith")
    (brand,) = (person for person in pds.people.values() if person.handle == "brand.test")
    pds.post(brand, "our zenith boots")
    assert (await hear(source, None))[0] == []


async def test_an_answer_that_makes_no_sense_is_malformed(pds: Pds, listen: Callable[..., Source]) -> None:
    pds.answer_next(SEARCH, 200, json.dumps({"posts": [{"uri": 1}]}))
    with pytest.raises(Malformed):
        await listen("zenith").fetch(None)
