"""Reading known posts once more, on every network whose posts can be read by their ids."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from listener.bluesky_session import Options
from listener.sources import bluesky, feeds, hackernews, mastodon, reddit, x
from listener.sources._bluesky_stream import BlueskyStream
from listener.sources.base import Following, Source
from tests.contracts.following import FollowingContract, Known
from tests.contracts.test_bluesky_source import book as bluesky_book
from tests.contracts.test_hackernews_source import BOOK as HACKERNEWS_BOOK
from tests.contracts.test_mastodon_source import book as mastodon_book
from tests.contracts.test_x_source import book as x_book
from tests.servers.hackernews import FakeHackerNews
from tests.servers.jetstream import Jetstream
from tests.servers.jetstream_stage import book as stream_book
from tests.servers.jetstream_stage import options as stream_options
from tests.servers.pds import Pds
from tests.servers.pds_records import Ref
from tests.servers.proxy import Proxy, answer
from tests.servers.reddit_town import BOOK as REDDIT_BOOK
from tests.servers.reddit_town import open_town
from tests.servers.town import BRAND, Town, token
from tests.servers.x import MARTA, TOKEN, FakeX

POSTS = "/xrpc/app.bsky.feed.getPosts"


class TestMastodon(FollowingContract):
    @pytest.fixture
    async def town(self, running_town: Town) -> Town:
        await running_town.reset()
        return running_town

    @pytest.fixture
    async def known(self, town: Town, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Known]:
        monkeypatch.setenv("EARNEST_SECRET_MASTODON_READ", token(BRAND))
        async with Proxy(town.url) as proxy:
            monkeypatch.setenv("EARNEST_ALLOW_HOSTS", proxy.host)
            source = mastodon.KIND.make("mastodon", {"instance": proxy.url}, mastodon_book(BRAND))

            async def say(words: str) -> str:
                return str((await town.write("marta", f"@{BRAND} {words}"))["id"])

            yield Known(
                source,
                proxy,
                "/api/v1/statuses",
                say,
                lambda each, words: town.edit("marta", each, f"@{BRAND} {words}"),
                lambda each: town.delete("marta", each),
                "999999999999999999",
            )
            await source.close()

    async def test_a_server_that_knows_no_batch_is_asked_one_by_one(self, known: Known) -> None:
        said = [await known.say(f"number {number}") for number in range(10)]
        await known.delete(said[0])
        known.proxy.once("GET", "/api/v1/statuses", answer(404, {"error": "Record not found"}, forward=False))
        looked = await known.following.look_again(said)
        assert looked.gone == (said[0],)
        assert [post.id for post in looked.posts] == said[1:8]
        assert looked.left == tuple(said[8:])

    async def test_a_server_that_passes_over_the_ids_deletes_nothing(self, known: Known) -> None:
        said = await known.say("still here")
        known.proxy.once("GET", "/api/v1/statuses", answer(200, []))
        looked = await known.following.look_again([said])
        assert ([post.id for post in looked.posts], looked.gone) == ([said], ())

    async def test_who_has_only_blocked_us_has_deleted_nothing(self, known: Known) -> None:
        said = await known.say("leave me alone")
        hidden = answer(404, {"error": "Record not found"}, forward=False)
        known.proxy.once("GET", "/api/v1/statuses", answer(200, []))
        known.proxy.once("GET", f"/api/v1/statuses/{said}", hidden)
        looked = await known.following.look_again([said])
        assert (looked.posts, looked.gone) == ((), ())

    async def test_a_closed_server_shows_strangers_nothing_so_the_words_go(self, known: Known) -> None:
        said = await known.say("goodbye")
        known.proxy.once("GET", "/api/v1/statuses", answer(200, []))
        known.proxy.once("GET", f"/api/v1/statuses/{said}", answer(404, {"error": "Record not found"}, forward=False))
        known.proxy.once("GET", f"/api/v1/statuses/{said}", answer(401, {"error": "sign in"}, forward=False))
        assert (await known.following.look_again([said])).gone == (said,)


class _OnBluesky(FollowingContract):
    @pytest.fixture
    async def pds(self) -> AsyncIterator[Pds]:
        async with Pds() as pds:
            yield pds

    @pytest.fixture
    async def known(self, pds: Pds, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Known]:
        async with Proxy(pds.url) as proxy:
            monkeypatch.setenv("EARNEST_ALLOW_HOSTS", f"{proxy.host},{pds.url.removeprefix('http://')}")
            brand, alice = pds.account("brand.test"), pds.account("alice.test")
            monkeypatch.setenv("EARNEST_SECRET_BLUESKY_READ", brand.password)
            source = bluesky.KIND.make("bluesky", {"service": proxy.url, "appview": pds.url}, bluesky_book(brand.handle))

            async def say(words: str) -> str:
                return str(pds.post(alice, f"@brand.test {words}").uri)

            async def edit(uri: str, words: str) -> None:
                pds.edit(alice, Ref(uri, ""), f"@brand.test {words}")

            async def delete(uri: str) -> None:
                pds.delete(alice, Ref(uri, ""))

            yield Known(source, proxy, POSTS, say, edit, delete, f"at://{alice.did}/app.bsky.feed.post/3lnobody")
            await source.close()


class TestBluesky(_OnBluesky):
    async def test_who_has_only_blocked_us_has_deleted_nothing(self, known: Known, pds: Pds) -> None:
        said = await known.say("leave me alone")
        brand, alice = pds.people.values()
        pds.blocks.add((alice.did, brand.did))
        looked = await known.following.look_again([said])
        assert (looked.posts, looked.gone) == ((), ())

    async def test_where_the_public_view_cannot_be_asked_nothing_is_gone(self, known: Known, pds: Pds) -> None:
        said = await known.say("still here?")
        await known.source.identify()
        await known.delete(said)
        pds.answer_next("app.bsky.feed.getPosts", 200, {"posts": []}, {"Content-Type": "application/json"})
        pds.answer_next("app.bsky.feed.getPosts", 502)
        looked = await known.following.look_again([said])
        assert looked.gone == ()


class TestBlueskyStream(FollowingContract):
    @pytest.fixture
    async def known(self, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Known]:
        async with Jetstream() as stream, Proxy(f"http://{stream.host}") as proxy:
            monkeypatch.setenv("EARNEST_ALLOW_HOSTS", f"{stream.host},{proxy.host}")
            stream.account("brand.test")
            alice = stream.account("alice.test")
            wanted = Options.model_validate({**stream_options(stream), "appview": proxy.url})
            source = BlueskyStream("bluesky", wanted, stream_book())
            yield Known(
                source,
                proxy,
                POSTS,
                lambda words: stream.say(alice, f"@brand.test {words}"),
                lambda uri, words: stream.edit(alice, uri, f"@brand.test {words}"),
                lambda uri: stream.delete(alice, uri),
                f"at://{alice.did}/app.bsky.feed.post/3lnobody",
            )
            await source.close()


class TestX(FollowingContract):
    @pytest.fixture
    async def fake(self) -> AsyncIterator[FakeX]:
        async with FakeX() as fake:
            yield fake

    @pytest.fixture
    async def known(self, fake: FakeX, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Known]:
        monkeypatch.setenv("EARNEST_SECRET_X_READ", TOKEN)
        async with Proxy(fake.url) as proxy:
            monkeypatch.setenv("EARNEST_ALLOW_HOSTS", proxy.host)
            source = x.KIND.make("x", {"service": proxy.url}, x_book("acme"))

            async def say(words: str) -> str:
                return fake.say(MARTA, f"@acme {words}").id

            async def edit(post_id: str, words: str) -> None:
                found = fake.post(post_id)
                assert found is not None
                fake.edit(found, f"@acme {words}")

            async def delete(post_id: str) -> None:
                found = fake.post(post_id)
                assert found is not None
                found.gone = True

            yield Known(source, proxy, "/2/tweets", say, edit, delete, "1999999999999999999")
            await source.close()

    async def test_whoever_protects_their_posts_has_deleted_nothing(self, known: Known, fake: FakeX) -> None:
        said = await known.say("not for everybody")
        await known.source.identify()
        fake.protected.add(MARTA)
        looked = await known.following.look_again([said])
        assert (looked.posts, looked.gone) == ((), ())


class TestReddit(FollowingContract):
    @pytest.fixture
    async def known(self, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Known]:
        async with open_town(monkeypatch) as town:
            source = reddit.KIND.make("reddit", {"service": town.proxy.url, "sign_in": town.proxy.url}, REDDIT_BOOK)
            town.end.push_async_callback(source.close)

            async def say(words: str) -> str:
                return town.reddit.reply(town.marta, town.article, f"u/acme {words}").fullname

            async def edit(name: str, words: str) -> None:
                town.reddit.things[name].text = f"u/acme {words}"

            async def delete(name: str) -> None:
                town.reddit.things[name].deleted = True

            yield Known(source, town.proxy, "/api/info", say, edit, delete, "t1_nobody", told_gone=False)


class TestHackerNews(FollowingContract):
    @pytest.fixture
    async def fake(self) -> AsyncIterator[FakeHackerNews]:
        async with FakeHackerNews() as fake:
            yield fake

    @pytest.fixture
    async def known(self, fake: FakeHackerNews, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Known]:
        async with Proxy(fake.url) as proxy:
            monkeypatch.setenv("EARNEST_ALLOW_HOSTS", proxy.host)
            source = hackernews.KIND.make("hackernews", {"query": "shoes", "service": proxy.url}, HACKERNEWS_BOOK)

            async def say(words: str) -> str:
                return str(fake.say("marta", f"shoes: {words}").id)

            async def edit(number: str, words: str) -> None:
                next(one for one in fake.ledger if str(one.id) == number).text = f"shoes: {words}"

            async def delete(number: str) -> None:
                fake.gone.add(int(number))

            yield Known(source, proxy, "/api/v1/items/", say, edit, delete, "49999999")
            await source.close()

    async def test_the_dead_and_deleted_that_are_told_without_words_are_gone(self, known: Known, fake: FakeHackerNews) -> None:
        said = await known.say("flagged")
        fake.dead.add(int(said))
        assert (await known.following.look_again([said])).gone == (said,)

    async def test_a_story_reads_as_the_search_tells_it(self, known: Known, fake: FakeHackerNews) -> None:
        story = fake.say("tom", "Which <ones>?\n\nI need new ones.", title="Ask HN: Shoes & <socks>?")
        (heard,) = (await known.source.fetch(None)).posts
        (again,) = (await known.following.look_again([str(story.id)])).posts
        assert (again.version, again.text) == (heard.version, heard.text)


def test_a_feed_cannot_be_asked_for_one_post(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARNEST_ALLOW_HOSTS", "127.0.0.1:1")
    made: Source = feeds.KIND.make("feeds", {"urls": ["http://127.0.0.1:1/feed"]}, HACKERNEWS_BOOK)
    assert not isinstance(made, Following)
