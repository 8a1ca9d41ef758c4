"""What the feeds source promises, against a stand of feeds with a misbehaving proxy before it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from listener.errors import Malformed, NetworkError, UsageError
from listener.matching import Matcher
from listener.rules.rulebook import Brand, Route, Rulebook
from listener.sources.base import Source
from listener.sources.feeds import KIND, MOST_ENTRIES, Feeds, Options
from tests.contracts.test_source_contract import Scene, SourceContract, drain
from tests.servers.newsstand import Newsstand
from tests.servers.proxy import GATEWAY_TIMEOUT, Proxy, answer, too_many

ATOM, RSS = "/reviews.atom", "/forum/rss"
BOOK = Rulebook(version=1, brands={"acme": Brand(names=("Acme",))}, routes=(Route(name="all", when="always"),))


@pytest.fixture
async def stand() -> AsyncIterator[Newsstand]:
    async with Newsstand() as stand:
        yield stand


@pytest.fixture
async def proxy(stand: Newsstand, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Proxy]:
    async with Proxy(stand.url) as proxy:
        monkeypatch.setenv("EARNEST_ALLOW_HOSTS", f"{proxy.host},{stand.host}")
        yield proxy


@pytest.fixture
async def listening(proxy: Proxy) -> AsyncIterator[Callable[..., Source]]:
    made: list[Source] = []

    def listen(*paths: str) -> Source:
        made.append(KIND.make("feeds", {"urls": [proxy.url + path for path in paths or (ATOM,)]}, BOOK))
        return made[-1]

    yield listen
    for source in made:
        await source.close()


class TestAtom(SourceContract):
    path = ATOM

    @pytest.fixture
    async def scene(self, stand: Newsstand, proxy: Proxy, listening: Callable[..., Source]) -> Scene:
        source = listening(self.path)

        async def say(words: str) -> str:
            said = stand.say(self.path, words)
            (post,) = [post for post in (await listening(self.path).fetch(None)).posts if post.id.endswith(said.guid)]
            return post.id

        return Scene(source, proxy, self.path, say)

    @pytest.mark.parametrize("status", [401, 403])
    async def test_a_refused_sign_in_says_which_secret_to_set(self, scene: Scene, status: int) -> None:
        """There is no sign-in here: a feed that is not for everybody does not send anybody looking for a secret."""
        scene.proxy.always("GET", scene.read, answer(status, b"no", forward=False))
        with pytest.raises(NetworkError) as caught:
            await scene.source.fetch(None)
        assert "rules.yaml" in caught.value.hint


class TestRss(TestAtom):
    path = RSS


async def test_an_entry_is_told_whole(stand: Newsstand, listening: Callable[..., Source], proxy: Proxy) -> None:
    stand.say(ATOM, "The sole came off.", title="Acme <Trail> & more", author="@marta")
    stand.say(RSS, "The sole came off.", title="Acme <Trail> & more", author="marta@x.example (Marta P)")
    posts = (await listening(ATOM, RSS).fetch(None)).posts
    assert [post.text for post in posts] == ["Acme <Trail> & more\n\nThe sole came off."] * 2
    assert {post.author.handle for post in posts} == {"marta", "Marta P"}
    assert {post.url for post in posts} == {f"{proxy.url}/read/0", "http://stand.example/read/0"}
    assert all(post.thread_id == post.id and post.parent_id is None for post in posts)


async def test_only_what_changed_is_asked_for(stand: Newsstand, proxy: Proxy, listening: Callable[..., Source]) -> None:
    stand.say(ATOM, "hello")
    source = listening()
    _, cursor = await drain(source, None)
    assert await drain(source, cursor) == ([], cursor)
    first, second = proxy.asked("GET", ATOM)
    assert "If-None-Match" not in first.headers
    assert second.headers["If-None-Match"].startswith('"')
    assert second.headers["If-Modified-Since"] == "Fri, 20 Nov 2026 10:00:00 GMT"
    assert "xml" in second.headers["Accept"]
    assert "Authorization" not in second.headers


async def test_an_entry_that_reads_otherwise_is_the_same_post_in_another_version(
    stand: Newsstand, listening: Callable[..., Source]
) -> None:
    said = stand.say(ATOM, "lovely")
    source = listening()
    (first,), cursor = await drain(source, None)
    said.html = "<p>it broke</p>"
    (second,), _ = await drain(source, cursor)
    assert (first.id, second.text) == (second.id, "it broke")
    assert first.version != second.version


async def test_a_feed_that_moved_on_too_far_is_a_gap(stand: Newsstand, listening: Callable[..., Source]) -> None:
    stand.window = 5
    for number in range(3):
        stand.say(ATOM, f"before {number}")
    source = listening()
    _, cursor = await drain(source, None)
    for number in range(4):
        stand.say(ATOM, f"after {number}")
    page = await source.fetch(cursor)
    assert (len(page.posts), page.gap) == (4, None)
    for number in range(5):
        stand.say(ATOM, f"much later {number}")
    page = await source.fetch(page.cursor)
    assert len(page.posts) == 5
    assert page.gap is not None
    assert "127.0.0.1" in page.gap.reason
    assert "missed" in page.gap.reason
    assert (await source.fetch(page.cursor)).gap is None


async def test_a_feed_that_was_empty_for_a_while_may_have_lost_some(stand: Newsstand, listening: Callable[..., Source]) -> None:
    stand.say(ATOM, "before")
    source = listening()
    _, cursor = await drain(source, None)
    stand.feeds[ATOM].clear()
    page = await source.fetch(cursor)
    assert (page.posts, page.gap) == ((), None)
    stand.say(RSS, "elsewhere")
    stand.feeds[ATOM] = stand.feeds[RSS]
    page = await source.fetch(page.cursor)
    assert [post.text for post in page.posts] == ["elsewhere"]
    assert page.gap is not None


async def test_an_entry_from_the_future_counts_as_written_now(stand: Newsstand, listening: Callable[..., Source]) -> None:
    stand.say(ATOM, "tomorrow", ago=-86_400)
    (post,) = (await listening().fetch(None)).posts
    assert post.created_at <= datetime.now(UTC)


async def test_an_entry_that_is_taken_away_is_no_gap(stand: Newsstand, listening: Callable[..., Source]) -> None:
    for number in range(3):
        stand.say(ATOM, f"before {number}")
    source = listening()
    _, cursor = await drain(source, None)
    del stand.feeds[ATOM][0]
    page = await source.fetch(cursor)
    assert (page.posts, page.gap, page.gone) == ((), None, ())


async def test_a_feed_that_is_down_does_not_silence_the_others(stand: Newsstand, proxy: Proxy, listening: Callable[..., Source]) -> None:
    stand.say(RSS, "before")
    source = listening(ATOM, RSS)
    _, cursor = await drain(source, None)
    proxy.always("GET", RSS, GATEWAY_TIMEOUT)
    stand.say(ATOM, "heard")
    missed = stand.say(RSS, "meanwhile")
    page = await source.fetch(cursor)
    assert [post.text for post in page.posts] == ["heard"]
    assert page.gap is not None
    assert "504" in page.gap.reason
    page = await source.fetch(page.cursor)
    assert (page.posts, page.gap) == ((), None), "what is known is not told again"
    proxy.honest()
    page = await source.fetch(page.cursor)
    assert [post.id.endswith(missed.guid) for post in page.posts] == [True]
    proxy.always("GET", "/", GATEWAY_TIMEOUT)
    with pytest.raises(NetworkError, match="504"):
        await source.fetch(page.cursor)


async def test_a_feed_that_hangs_keeps_no_other_waiting(stand: Newsstand, listening: Callable[..., Source]) -> None:
    stand.say(ATOM, "heard")
    stand.held[RSS] = asyncio.Event()
    fetching = asyncio.create_task(listening(RSS, ATOM).fetch(None))
    async with asyncio.timeout(10):
        while await stand.seen.get() != ATOM:
            pass
    assert not fetching.done()
    stand.held[RSS].set()
    assert [post.text for post in (await fetching).posts] == ["heard"]


async def test_a_feed_that_asks_us_to_wait_is_left_alone_until_then(stand: Newsstand, proxy: Proxy) -> None:
    at = datetime.now(UTC)
    source = Feeds("feeds", Options(urls=(proxy.url + ATOM, proxy.url + RSS)), clock=lambda: at)
    proxy.once("GET", ATOM, too_many({"Retry-After": "300"}))
    cursor = None
    for _ in range(3):
        cursor = (await source.fetch(cursor)).cursor
    assert len(proxy.asked("GET", ATOM)) == 1
    at += timedelta(seconds=301)
    stand.say(ATOM, "hello", ago=-200)
    assert [post.text for post in (await source.fetch(cursor)).posts] == ["hello"]
    await source.close()


async def test_one_that_was_down_at_first_brings_its_past_late(stand: Newsstand, proxy: Proxy, listening: Callable[..., Source]) -> None:
    stand.say(ATOM, "of old", ago=3 * 86_400)
    source = listening(ATOM, RSS)
    proxy.once("GET", ATOM, GATEWAY_TIMEOUT)
    page = await source.fetch(None)
    assert page.posts == ()
    page = await source.fetch(page.cursor)
    assert page.late == tuple(post.id for post in page.posts)
    assert len(page.late) == 1


async def test_the_past_of_the_first_poll_is_late(stand: Newsstand, listening: Callable[..., Source]) -> None:
    stand.say(ATOM, "of old", ago=3 * 86_400)
    stand.say(ATOM, "without a date", dated=False)
    stand.say(ATOM, "of today", ago=60)
    source = listening()
    page = await source.fetch(None)
    texts = {post.id: post.text for post in page.posts}
    assert {texts[late] for late in page.late} == {"of old", "without a date"}
    stand.say(ATOM, "new without a date", dated=False)
    page = await source.fetch(page.cursor)
    assert ([post.text for post in page.posts], page.late) == (["new without a date"], ())


async def test_one_id_in_two_feeds_is_two_posts(stand: Newsstand, listening: Callable[..., Source]) -> None:
    for path, words in ((ATOM, "praise"), (RSS, "blame")):
        stand.say(path, words).guid = "1"
    posts = (await listening(ATOM, RSS).fetch(None)).posts
    assert {post.text for post in posts} == {"praise", "blame"}
    assert len({post.id for post in posts}) == 2


async def test_an_entry_without_an_id_is_known_by_its_link_and_one_without_both_by_its_words(
    stand: Newsstand, listening: Callable[..., Source]
) -> None:
    item = "<item><title>A</title><link>http://x.example/1</link></item><item><description>B</description></item>"
    stand.raw[RSS] = (f"<rss><channel>{item}</channel></rss>".encode(), "text/xml")
    source = listening(RSS)
    page = await source.fetch(None)
    assert sorted(post.text for post in page.posts) == ["A", "B"]
    assert any(post.id.endswith(":http://x.example/1") for post in page.posts)
    assert (await source.fetch(page.cursor)).posts == ()


async def test_a_feed_that_moved_is_followed_and_still_asked_only_for_what_changed(
    stand: Newsstand, proxy: Proxy, listening: Callable[..., Source]
) -> None:
    stand.say(ATOM, "hello")
    stand.away["/old"] = stand.url + ATOM
    source = listening("/old")
    page = await source.fetch(None)
    assert [post.text for post in page.posts] == ["hello"]
    assert await source.fetch(page.cursor) == page.__class__((), page.cursor)
    assert len(proxy.asked("GET", "/old")) == 2


@pytest.mark.parametrize("target", ["http://127.0.0.1:9/x", "https://169.254.169.254/x", "file:///etc/passwd", "https://a:b@x.example/"])
async def test_a_feed_cannot_send_us_to_a_private_place(stand: Newsstand, listening: Callable[..., Source], target: str) -> None:
    stand.away["/old"] = target
    with pytest.raises(NetworkError):
        await listening("/old").fetch(None)


@pytest.mark.parametrize("fault", [b"x" * 10_000_000, b"<rss><channel><item><title>" + b"x" * 10_000_000], ids=["text", "feed"])
async def test_ten_megabytes_are_refused(stand: Newsstand, listening: Callable[..., Source], fault: bytes) -> None:
    stand.raw[RSS] = (fault, "text/xml")
    with pytest.raises(Malformed, match="too large"):
        await listening(RSS).fetch(None)


async def test_a_feed_that_breaks_off_is_heard_as_far_as_it_goes_and_told_once(stand: Newsstand, listening: Callable[..., Source]) -> None:
    stand.raw[RSS] = (b"<rss><channel><item><title>Acme</title></item><item><title>lost</item></channel></rss>", "text/xml")
    source = listening(RSS)
    page = await source.fetch(None)
    assert [post.text for post in page.posts] == ["Acme"]
    assert page.gap is not None
    assert "no XML from line 1" in page.gap.reason
    assert (await source.fetch(page.cursor)).gap is None


async def test_more_entries_than_are_looked_at_is_a_gap(stand: Newsstand, listening: Callable[..., Source]) -> None:
    for number in range(MOST_ENTRIES + 5):
        stand.feeds.setdefault(RSS, [])
        stand.say(RSS, f"number {number}", ago=MOST_ENTRIES - number)
    stand.window = 10_000
    page = await listening(RSS).fetch(None)
    assert len(page.posts) == MOST_ENTRIES
    assert page.posts[-1].text == f"number {MOST_ENTRIES + 4}"
    assert page.gap is not None


async def test_a_cursor_holds_nothing_of_what_people_wrote(stand: Newsstand, listening: Callable[..., Source]) -> None:
    stand.say(ATOM, "canary words", title="canary title", author="canary author")
    cursor = (await listening().fetch(None)).cursor or ""
    assert "canary" not in cursor
    assert "127.0.0.1" not in cursor, "nor the address, which may hold a key"
    assert json.loads(cursor)


async def test_nothing_there_speaks_to_us_unless_it_names_our_handle(stand: Newsstand, listening: Callable[..., Source]) -> None:
    stand.say(ATOM, "my Acme shoes", ago=20)
    stand.say(ATOM, "hey @acme, my shoes", ago=10)
    brand = Brand(names=("Acme",), handles={"mastodon": "acme@mastodon.social"})
    posts = (await listening().fetch(None)).posts
    assert [[found.addressed for found in Matcher({"acme": brand}).match(post)] for post in posts] == [[False], [True]]


async def test_it_needs_no_key_and_knows_no_account_of_ours(listening: Callable[..., Source]) -> None:
    assert await listening().identify() is None
    assert KIND.public
    assert KIND.secrets == ()


@pytest.mark.parametrize(
    "url", ["", "example.org/feed", "ftp://x.example/", "file:///etc/passwd", "https://me:pw@x.example/", "https://[x", "https://"]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        KIND.options.model_validate({"urls": [url]})


def test_a_password_in_an_address_is_not_repeated() -> None:
    with pytest.raises(ValidationError) as caught:
        KIND.options.model_validate({"urls": ["https://me:canary@x.example/"]})
    (found,) = caught.value.errors()
    assert "canary" not in found["msg"]
    assert "x.example" in found["msg"]


def test_plain_http_is_refused_where_it_is_not_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EARNEST_ALLOW_HOSTS", raising=False)
    with pytest.raises(UsageError):
        KIND.make("feeds", {"urls": ["http://stand.example/rss"]}, BOOK)
