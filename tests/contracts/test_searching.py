"""What sources that search ask over the wire, and what of the answers they keep, against searches that keep the networks' rules."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs

import pytest

from listener.errors import UsageError
from listener.rules.rulebook import Brand, Route, Rulebook
from listener.sources import hackernews, reddit, x
from listener.sources.base import Searching, Source, SourceKind
from tests.contracts.test_source_contract import drain
from tests.servers.hackernews import FakeHackerNews
from tests.servers.proxy import Proxy
from tests.servers.reddit_town import Town, open_town
from tests.servers.x import TOKEN, TOM, FakeX

BRANDS = {
    "acme": Brand(
        names=("Acme", "Acme Shoes"),
        handles={"x": "acme", "reddit": "acme", "mastodon": "acme@mastodon.social"},
        hashtags=("acmefail",),
        queries=("zenith NEAR/2 boots -jobs",),
    )
}
BOOK = Rulebook(version=1, brands=BRANDS, routes=(Route(name="all", when="always"),))
SEARCHES = {"x": "/2/tweets/search/recent", "hackernews": "/api/v1/search_by_date", "reddit": "/search"}


class Stage:
    """One network with its search, and a source that hears it."""

    def __init__(self, kind: SourceKind, proxy: Proxy, say: Any) -> None:  # noqa: ANN401 - a function of each network
        self.kind, self.proxy, self.say = kind, proxy, say
        self.made: list[Source] = []

    def listen(self, book: Rulebook = BOOK, **options: object) -> Source:
        places = {"service": self.proxy.url} | ({"sign_in": self.proxy.url} if self.kind.network == "reddit" else {})
        self.made.append(self.kind.make(self.kind.network, {**places, **options}, book))
        return self.made[-1]

    def sent(self) -> list[str]:
        """Return every query that went over the wire, each once."""
        asked = self.proxy.asked("GET", SEARCHES[self.kind.network])
        found = [parse_qs(one.query) for one in asked]
        return list(dict.fromkeys((one.get("query") or one["q"])[0] for one in found))


@pytest.fixture
async def on_x(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    async with FakeX() as fake, Proxy(fake.url) as proxy:
        monkeypatch.setenv("EARNEST_ALLOW_HOSTS", f"{proxy.host},{fake.host}")
        monkeypatch.setenv("EARNEST_SECRET_X_READ", TOKEN)
        stage = Stage(x.KIND, proxy, lambda words: fake.say(TOM, words))
        yield stage
        for source in stage.made:
            await source.close()


@pytest.fixture
async def on_hackernews(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    async with FakeHackerNews() as fake, Proxy(fake.url) as proxy:
        monkeypatch.setenv("EARNEST_ALLOW_HOSTS", f"{proxy.host},{fake.host}")
        stage = Stage(hackernews.KIND, proxy, lambda words: fake.say("tom", words))
        yield stage
        for source in stage.made:
            await source.close()


@pytest.fixture
async def on_reddit(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    town: Town
    async with open_town(monkeypatch) as town:
        town.reddit.things.clear()
        stage = Stage(reddit.KIND, town.proxy, lambda words: town.reddit.submit(town.marta, "elsewhere", words))
        yield stage
        for source in stage.made:
            await source.close()


@pytest.fixture(params=["on_x", "on_hackernews", "on_reddit"])
def stage(request: pytest.FixtureRequest) -> Stage:
    found: Stage = request.getfixturevalue(request.param)
    return found


def option(stage: Stage, text: str) -> dict[str, object]:
    return {"search" if stage.kind.network == "reddit" else "query": text}


async def texts(source: Source) -> set[str]:
    return {post.text for post in (await drain(source, None))[0]}


async def test_a_query_goes_over_the_wire_in_the_networks_own_words(stage: Stage) -> None:
    stage.say("late: charged twice by zenith")
    stage.say("zenith refund, no jobs")
    stage.say("zenith boots")
    stage.say("charged me twice, zenith")
    heard = await texts(stage.listen(**option(stage, 'zenith (refund OR "charged twice") -jobs')))
    assert heard == {"late: charged twice by zenith"}
    assert (
        stage.sent()
        == {
            "x": ['zenith (refund OR "charged twice") -jobs'],
            "reddit": ['zenith AND (refund OR "charged twice") AND NOT jobs'],
            "hackernews": ["zenith refund", 'zenith "charged twice"'],
        }[stage.kind.network]
    )


async def test_what_the_network_does_not_know_is_judged_here(stage: Stage) -> None:
    stage.say("zenith makes boots")
    stage.say("zenith is far away from all of these boots")
    source = stage.listen(**option(stage, "zenith NEAR/3 boots"))
    assert await texts(source) == {"zenith makes boots"}
    assert isinstance(source, Searching)
    assert [(one.question in stage.sent(), one.here) for one in source.asks()] == [(True, ("zenith NEAR/3 boots",))]


async def test_what_comes_later_is_judged_the_same_way(stage: Stage) -> None:
    source = stage.listen(**option(stage, "zenith NEAR/1 boots"))
    stage.say("an old one: zenith boots")
    _, cursor = await drain(source, None)
    stage.say("far: zenith and then boots")
    stage.say("near: boots, zenith")
    posts, cursor = await drain(source, cursor)
    assert [post.text for post in posts] == ["near: boots, zenith"]
    assert await drain(source, cursor) == ([], cursor)


async def test_without_a_query_all_that_the_brands_say_is_searched_for(stage: Stage) -> None:
    for words in ("my Acme Shoes", "so #acmefail", "zenith boots!", "zenith and yet other things, boots", "lunch"):
        stage.say(words)
    heard = await texts(stage.listen())
    assert {"my Acme Shoes", "so #acmefail", "zenith boots!"} <= heard
    assert "lunch" not in heard
    assert (
        stage.sent()
        == {
            "x": ['@acme OR Acme OR "Acme Shoes" OR #acmefail OR (zenith boots -jobs)'],
            "reddit": ['"u/acme" OR Acme OR "Acme Shoes" OR acmefail OR (zenith AND boots AND NOT jobs)'],
            "hackernews": ["Acme", '"Acme Shoes"', "acmefail", "zenith boots"],
        }[stage.kind.network]
    )


async def test_an_empty_query_searches_for_nothing_on_x(on_x: Stage) -> None:
    await on_x.listen(query="").fetch(None)
    assert on_x.sent() == []


async def test_an_empty_list_searches_for_nothing_on_reddit(on_reddit: Stage) -> None:
    await on_reddit.listen(search=[]).fetch(None)
    assert on_reddit.sent() == []


async def test_a_network_is_not_asked_for_accounts_that_it_cannot_have(on_x: Stage) -> None:
    brands = {"acme": Brand(names=("Acme",), handles={"x": "acme.example"}, queries=("@tom.bsky.social boots",))}
    source = on_x.listen(BOOK.model_copy(update={"brands": brands}))
    await source.fetch(None)
    assert on_x.sent() == ["Acme"]


def test_more_than_a_network_can_be_asked_is_told_when_the_source_is_made(on_hackernews: Stage) -> None:
    brands = {"acme": Brand(names=tuple(f"Acme{number}" for number in range(20)))}
    with pytest.raises(UsageError, match="Hacker News cannot be searched for all that the brands say") as caught:
        on_hackernews.listen(BOOK.model_copy(update={"brands": brands}))
    assert "query of its own" in caught.value.hint


def test_a_search_for_nothing_is_no_source(on_hackernews: Stage) -> None:
    brands = {"acme": Brand(handles={"x": "acme"})}
    with pytest.raises(UsageError, match="nothing says what"):
        on_hackernews.listen(BOOK.model_copy(update={"brands": brands}))
