"""What the Hacker News source promises, against a fake of its search with a misbehaving proxy before it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from listener.errors import NetworkError, UsageError
from listener.matching import Matcher
from listener.model import Gap
from listener.rules.rulebook import Brand, Route, Rulebook
from listener.sources.base import Source
from listener.sources.hackernews import KIND, MOST_PAGES, PAGE_SIZE, HackerNews, Options
from tests.contracts.test_source_contract import Scene, SourceContract, drain
from tests.servers.hackernews import FakeHackerNews
from tests.servers.proxy import Proxy, answer, changed

SEARCH = "/api/v1/search_by_date"
ITEMS = "/api/v1/items/"
BOOK = Rulebook(version=1, brands={"acme": Brand(names=("Acme",))}, routes=(Route(name="all", when="always"),))


@pytest.fixture
async def fake() -> AsyncIterator[FakeHackerNews]:
    async with FakeHackerNews() as fake:
        yield fake


@pytest.fixture
async def proxy(fake: FakeHackerNews, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Proxy]:
    async with Proxy(fake.url) as proxy:
        monkeypatch.setenv("EARNEST_ALLOW_HOSTS", f"{proxy.host},{fake.host}")
        yield proxy


@pytest.fixture
async def listening(proxy: Proxy) -> AsyncIterator[Callable[..., Source]]:
    made: list[Source] = []

    def listen(query: str = "shoes") -> Source:
        made.append(KIND.make("hackernews", {"query": query, "service": proxy.url}, BOOK))
        return made[-1]

    yield listen
    for source in made:
        await source.close()


class TestComments(SourceContract):
    @pytest.fixture
    async def scene(self, fake: FakeHackerNews, proxy: Proxy, listening: Callable[..., Source]) -> Scene:
        async def say(words: str) -> str:
            return str(fake.say("marta", f"my shoes: {words}").id)

        return Scene(listening(), proxy, SEARCH, say)

    @pytest.mark.parametrize("status", [401, 403])
    async def test_a_refused_sign_in_says_which_secret_to_set(self, scene: Scene, status: int) -> None:
        """There is no sign-in here: a search that refuses us does not send anybody looking for a secret."""
        scene.proxy.always("GET", scene.read, answer(status, {"message": "no"}, forward=False))
        with pytest.raises(NetworkError) as caught:
            await scene.source.fetch(None)
        assert "_read" not in caught.value.hint
        assert str(status) in caught.value.message


class TestStories(TestComments):
    @pytest.fixture
    async def scene(self, fake: FakeHackerNews, proxy: Proxy, listening: Callable[..., Source]) -> Scene:
        async def say(words: str) -> str:
            return str(fake.say("marta", words, title="Ask HN: shoes?").id)

        return Scene(listening(), proxy, SEARCH, say)


async def test_it_needs_no_key_and_knows_no_account_of_ours(listening: Callable[..., Source]) -> None:
    assert await listening().identify() is None
    assert KIND.public
    assert KIND.secrets == ()


async def test_story_and_comment_tell_where_they_stand(fake: FakeHackerNews, listening: Callable[..., Source]) -> None:
    story = fake.say("tom", "Which ones?\n\nI need new ones.", title="Ask HN: Shoes & <socks>?", ago=30)
    first = fake.say("marta", 'Acme\'s shoes, "of course"', under=story, ago=20)
    second = fake.say("zoe", "shoes? no", under=first, ago=10)
    posts = (await listening().fetch(None)).posts
    assert [post.text for post in posts] == [
        "Ask HN: Shoes & <socks>?\n\nWhich ones?\n\nI need new ones.",
        'Acme\'s shoes, "of course"',
        "shoes? no",
    ]
    assert [(post.thread_id, post.parent_id) for post in posts] == [
        (str(story.id), None),
        (str(story.id), str(story.id)),
        (str(story.id), str(first.id)),
    ]
    assert posts[2].url == f"https://news.ycombinator.com/item?id={second.id}"
    assert (posts[1].author.handle, posts[1].author.id) == ("marta", "marta")


async def test_a_phrase_is_searched_for_as_one(fake: FakeHackerNews, listening: Callable[..., Source], proxy: Proxy) -> None:
    fake.say("tom", "shoes by acme")
    said = fake.say("tom", "my acme shoes (100%) & more")
    posts = (await listening('"acme shoes" (100%)').fetch(None)).posts
    assert [post.id for post in posts] == [str(said.id)]
    assert "typoTolerance=false" in proxy.asked("GET", SEARCH)[0].query


async def test_what_the_search_brings_late_is_still_heard(fake: FakeHackerNews, listening: Callable[..., Source]) -> None:
    source = listening()
    _, cursor = await drain(source, None)
    late = fake.say("tom", "shoes, seen late", ago=3600)
    fake.unseen.add(late.id)
    fake.say("zoe", "shoes")
    posts, cursor = await drain(source, cursor)
    assert len(posts) == 1
    fake.unseen.clear()
    posts, cursor = await drain(source, cursor)
    assert [post.id for post in posts] == [str(late.id)]
    assert await drain(source, cursor) == ([], cursor)


async def test_an_edit_within_two_hours_is_the_same_post_in_another_version(fake: FakeHackerNews, listening: Callable[..., Source]) -> None:
    said = fake.say("tom", "lovely shoes")
    source = listening()
    (first,), cursor = await drain(source, None)
    said.text = "the shoes broke"
    (second,), cursor = await drain(source, cursor)
    assert (first.id, second.text) == (second.id, "the shoes broke")
    assert first.version != second.version
    assert await drain(source, cursor) == ([], cursor)


async def test_what_is_deleted_is_gone_and_what_only_reads_otherwise_is_not(
    proxy: Proxy, fake: FakeHackerNews, listening: Callable[..., Source]
) -> None:
    one, two, three = (fake.say("tom", f"shoes {number}") for number in range(3))
    source = listening()
    _, cursor = await drain(source, None)
    fake.gone.add(one.id)
    two.text = "boots"
    proxy.once("GET", ITEMS, answer(500, b""))
    page = await source.fetch(cursor)
    assert page.gone == ()
    page = await source.fetch(page.cursor)
    assert page.gone == (str(one.id),)
    assert (page.posts, page.gap) == ((), None)
    assert (await source.fetch(page.cursor)).gone == ()
    assert str(three.id) in (page.cursor or "")


async def test_a_long_silence_is_caught_up_whole(fake: FakeHackerNews, listening: Callable[..., Source]) -> None:
    source = listening()
    fake.say("tom", "shoes", ago=9 * 86_400)
    _, cursor = await drain(source, None)
    said = [str(fake.say("zoe", f"shoes {number}", ago=8 * 86_400 - 400 * number).id) for number in range(PAGE_SIZE * 3 + 5)]
    page = await source.fetch(cursor)
    assert [post.id for post in page.posts] == said
    assert (page.gap, page.late) == (None, ())


async def test_more_than_can_be_read_is_a_gap_that_is_told(fake: FakeHackerNews, listening: Callable[..., Source]) -> None:
    source = listening()
    fake.say("tom", "shoes", ago=90_000)
    _, cursor = await drain(source, None)
    for number in range(PAGE_SIZE * MOST_PAGES + 5):
        fake.say("zoe", f"shoes {number}", ago=80_000 - 60 * number)
    page = await source.fetch(cursor)
    assert page.gap is not None
    assert str(PAGE_SIZE * MOST_PAGES) in page.gap.reason
    assert page.gone == ()
    after = fake.say("zoe", "shoes after")
    page = await source.fetch(page.cursor)
    assert str(after.id) in {post.id for post in page.posts}
    assert page.gap is None


async def test_too_many_in_one_second_is_a_gap_and_not_the_end(fake: FakeHackerNews, listening: Callable[..., Source]) -> None:
    source = listening()
    fake.say("tom", "shoes", ago=60)
    _, cursor = await drain(source, None)
    for number in range(PAGE_SIZE + 5):
        fake.say("zoe", f"shoes {number}").at = fake.ledger[0].at + 30
    page = await source.fetch(cursor)
    assert page.gap is not None
    assert "one second" in page.gap.reason
    assert len(page.posts) == PAGE_SIZE


async def test_one_odd_post_does_not_silence_the_others_and_is_told_once(
    proxy: Proxy, fake: FakeHackerNews, listening: Callable[..., Source]
) -> None:
    said = fake.say("tom", "shoes")
    proxy.always("GET", SEARCH, changed(lambda page: {**page, "hits": [{"objectID": 7}, *page["hits"], {"objectID": "8"}]}))
    source = listening()
    page = await source.fetch(None)
    assert [post.id for post in page.posts] == [str(said.id)]
    assert page.gap is not None
    page = await source.fetch(page.cursor)
    assert (page.posts, page.gap) == ((), None)


@pytest.mark.parametrize(
    "change", [{"objectID": "../x"}, {"created_at_i": 10**18}, {"created_at_i": "1"}, {"author": ""}, {"story_id": "x"}]
)
async def test_a_post_that_makes_no_sense_is_left_out(
    proxy: Proxy, fake: FakeHackerNews, listening: Callable[..., Source], change: dict[str, object]
) -> None:
    fake.say("tom", "shoes one")
    said = fake.say("tom", "shoes two")
    proxy.always("GET", SEARCH, changed(lambda page: {**page, "hits": [page["hits"][0], {**page["hits"][1], **change}]}))
    page = await listening().fetch(None)
    assert [post.id for post in page.posts] == [str(said.id)]
    assert isinstance(page.gap, Gap)


async def test_the_past_of_the_first_poll_is_late_and_yesterday_s_outage_is_not(
    fake: FakeHackerNews, proxy: Proxy, listening: Callable[..., Source]
) -> None:
    old = fake.say("tom", "shoes of old", ago=2 * 86_400)
    fake.say("zoe", "shoes of today", ago=600)
    page = await listening().fetch(None)
    assert page.late == (str(old.id),)
    later = HackerNews("hn", Options(query="shoes", service=proxy.url), clock=lambda: datetime.now(UTC) + timedelta(days=9))
    fake.say("zoe", "shoes of tonight")
    page = await later.fetch(page.cursor)
    assert (len(page.posts), page.late) == (1, ())
    await later.close()


async def test_a_post_from_the_future_makes_nobody_deaf(fake: FakeHackerNews, listening: Callable[..., Source]) -> None:
    fake.say("tom", "shoes of tomorrow", ago=-30 * 86_400)
    source = listening()
    _, cursor = await drain(source, None)
    said = fake.say("zoe", "shoes of today", ago=60)
    posts, cursor = await drain(source, cursor)
    assert [post.id for post in posts] == [str(said.id)]
    assert await drain(source, cursor) == ([], cursor)


async def test_another_query_begins_anew_and_says_so(fake: FakeHackerNews, listening: Callable[..., Source]) -> None:
    fake.say("tom", "shoes and boots")
    _, cursor = await drain(listening(), None)
    page = await listening("boots").fetch(cursor)
    assert len(page.posts) == 1
    assert page.gap is not None


async def test_nothing_there_speaks_to_us_unless_it_names_our_handle(fake: FakeHackerNews, listening: Callable[..., Source]) -> None:
    fake.say("tom", "my Acme shoes", ago=20)
    fake.say("tom", "hey @acme, my shoes", ago=10)
    brand = Brand(names=("Acme",), handles={"mastodon": "acme@mastodon.social"})
    posts = (await listening().fetch(None)).posts
    assert [[found.addressed for found in Matcher({"acme": brand}).match(post)] for post in posts] == [[False], [True]]


def test_a_search_for_nothing_is_refused() -> None:
    for options in ({"query": ""}, {"query": "x" * 513}):
        with pytest.raises(ValidationError):
            KIND.options.model_validate(options)


def test_plain_http_is_refused_where_it_is_not_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EARNEST_ALLOW_HOSTS", raising=False)
    with pytest.raises(UsageError):
        KIND.make("hackernews", {"query": "x", "service": "http://hn.algolia.com"}, BOOK)


async def test_an_address_on_this_machine_is_refused_where_it_is_not_allowed(fake: FakeHackerNews, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EARNEST_ALLOW_HOSTS", raising=False)
    source = KIND.make("hackernews", {"query": "x", "service": fake.url.replace("http:", "https:")}, BOOK)
    with pytest.raises(NetworkError, match="private network"):
        await source.fetch(None)
    await source.close()
