"""What hearing Bluesky's public stream promises, against a small Jetstream that can misbehave."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from listener.errors import NetworkError, RateLimited
from listener.rules.rulebook import Brand
from listener.sources.base import Source
from tests.contracts.test_source_contract import Scene, SourceContract, drain
from tests.servers.jetstream import POSTS, Jetstream, Person
from tests.servers.jetstream_stage import Listen, book, listeners, texts
from tests.servers.proxy import GATEWAY_TIMEOUT, RESET, TRUNCATE, Fault, answer

pytestmark = pytest.mark.usefixtures("brand")


@pytest.fixture
async def stream(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Jetstream]:
    async with Jetstream() as server:
        monkeypatch.setenv("EARNEST_ALLOW_HOSTS", server.host)
        yield server


@pytest.fixture
def brand(stream: Jetstream) -> Person:
    return stream.account("brand.test")


@pytest.fixture
def alice(stream: Jetstream) -> Person:
    return stream.account("alice.test", name="Alice", bio="a person", followers=12_000)


@pytest.fixture
async def listening(stream: Jetstream) -> AsyncIterator[Listen]:
    async with listeners(stream) as listen:
        yield listen


@pytest.fixture
def source(listening: Listen) -> Source:
    return listening()


class TestBlueskyStream(SourceContract):
    """The promises of every source. What asks for an account does not apply: there is none."""

    @pytest.fixture
    async def scene(self, stream: Jetstream, alice: Person, source: Source) -> Scene:
        async def say(words: str) -> str:
            return await stream.say(alice, f"@brand.test {words}")

        return Scene(source, stream, "/subscribe", say)  # type: ignore[arg-type]  # it breaks its lines where a proxy answers otherwise

    @pytest.mark.parametrize("fault", [GATEWAY_TIMEOUT, RESET, TRUNCATE], ids=lambda fault: fault.name)
    async def test_a_failure_says_so_and_loses_nothing(self, scene: Scene, fault: Fault, stream: Jetstream) -> None:
        _, cursor = await drain(scene.source, None)
        stream.hold = True
        said = await scene.say("through the storm")
        stream.always("GET", scene.read, fault)
        with pytest.raises(NetworkError):
            await scene.source.fetch(cursor)
        stream.hold = False
        stream.honest()
        posts, _ = await drain(scene.source, cursor)
        assert [post.id for post in posts] == [said]

    @pytest.mark.parametrize("status", [401, 403, 500])
    async def test_a_refused_sign_in_says_which_secret_to_set(self, scene: Scene, status: int) -> None:
        scene.proxy.always("GET", scene.read, answer(status, {"error": "no"}, forward=False))
        with pytest.raises(NetworkError, match=f"answered {status} instead of beginning a stream"):
            await scene.source.fetch(None)


# ---- what is heard


async def test_a_post_arrives_whole_with_its_author(stream: Jetstream, alice: Person, source: Source) -> None:
    alice.bot = True
    tag = {"features": [{"$type": "app.bsky.richtext.facet#tag", "tag": "shoes"}], "index": {"byteStart": 0, "byteEnd": 1}}
    uri = await stream.say(alice, "Grüße 😡, Acme is broken", facets=[tag], tags=["help"])
    (post,) = (await source.fetch(None)).posts
    assert (post.id, post.text, post.tags, post.language) == (uri, "Grüße 😡, Acme is broken", ("shoes", "help"), "en")
    assert (post.author.id, post.author.handle, post.author.display_name) == (alice.did, "alice.test", "Alice")
    assert (post.author.followers, post.author.bio, post.author.bot) == (12_000, "a person", True)
    assert post.url == f"https://bsky.app/profile/alice.test/post/{uri.rpartition('/')[2]}"
    assert (post.thread_id, post.parent_id, post.own) == (uri, None, False)
    assert post.version.startswith("bafy")
    assert abs(post.created_at - datetime.now(UTC)) < timedelta(minutes=1)


async def test_what_is_not_about_us_is_let_go_and_nobody_is_asked_about_it(stream: Jetstream, alice: Person, source: Source) -> None:
    await stream.chatter(200)
    await stream.say(alice, "my acmeish lunch, and an Äcme")
    page = await source.fetch(None)
    assert (page.posts, page.gone, page.gap) == ((), (), None)
    assert stream.looked_up == [["brand.test"]]
    assert stream.asked[0]["wantedCollections"] == POSTS


@pytest.mark.parametrize(
    ("words", "more"),
    [
        ("@brand.test hello", {}),
        ("ACME, why", {}),
        ("\uff41\uff43\uff4d\uff45 in wide letters", {}),
        ("Ac\u200bme, hidden", {}),
        ('he said "Acme"\n\\o/', {}),
        ("no words of ours", {"tags": ["AcmeFail"]}),
        ("look", {"embed": {"$type": "app.bsky.embed.record", "record": {"cid": "x", "uri": "at://BRAND/app.bsky.feed.post/3kabc"}}}),
        ("you", {"facets": [{"features": [{"$type": "app.bsky.richtext.facet#mention", "did": "BRAND"}], "index": {}}]}),
        ("why", {"reply": {side: {"cid": "x", "uri": "at://BRAND/app.bsky.feed.post/3kabc"} for side in ("root", "parent")}}),
    ],
    ids=["handle", "capitals", "wide", "hidden letter", "escapes", "tag", "quote", "facet", "reply"],
)
async def test_every_ground_is_heard_however_it_is_written(
    words: str, more: dict[str, object], stream: Jetstream, brand: Person, source: Source
) -> None:
    at = int(time.time() * 1_000_000)
    record = json.loads(json.dumps(more).replace("BRAND", brand.did))
    frames = [stream.event(stream.account(f"{rkey}.test"), at, "create", rkey, words, **record) for rkey in ("3ka", "3kb")]
    await stream.put(frames[0], at)
    await stream.put(json.dumps(json.loads(frames[1])), at)  # as others write JSON: with spaces, and letters as escapes
    assert texts(list((await source.fetch(None)).posts)) == [words, words]


async def test_our_own_posts_are_heard_as_our_own(stream: Jetstream, brand: Person, source: Source) -> None:
    await stream.say(brand, "a word of ours about nothing")
    (post,) = (await source.fetch(None)).posts
    assert (post.own, post.author.handle) == (True, "brand.test")
    assert await source.identify() is not None


async def test_with_two_accounts_an_answer_to_each_is_heard(stream: Jetstream, alice: Person, listening: Listen) -> None:
    one, two = stream.account("one.test"), stream.account("two.test")
    source = listening(book(one=Brand(handles={"bluesky": "one.test"}), two=Brand(handles={"bluesky": "two.test"})))
    assert await source.identify() is None
    for person in (one, two):
        above = {"cid": "x", "uri": f"at://{person.did}/{POSTS}/3kabc"}
        await stream.say(alice, "and now?", reply={"root": above, "parent": above})
    first, second = (await source.fetch(None)).posts
    assert ("one.test" in first.mentions, "two.test" in second.mentions) == (True, True)


async def test_a_handle_that_nobody_has_does_not_keep_us_from_hearing(stream: Jetstream, alice: Person, listening: Listen) -> None:
    source = listening(book(acme=Brand(names=("Acme",), handles={"bluesky": "nobody.test"})))
    assert await source.identify() is None
    await stream.say(alice, "Acme again")
    assert texts(list((await source.fetch(None)).posts)) == ["Acme again"]


async def test_what_is_deleted_is_gone(stream: Jetstream, alice: Person, source: Source) -> None:
    uri = await stream.say(alice, "Acme, my address is 5 Elm Street")
    _, cursor = await drain(source, None)
    await stream.delete(alice, uri)
    page = await source.fetch(cursor)
    assert (page.posts, page.gone) == ((), (uri,))


async def test_what_is_said_and_deleted_at_once_is_never_stored(stream: Jetstream, alice: Person, source: Source) -> None:
    uri = await stream.say(alice, "Acme, oh no")
    await stream.delete(alice, uri)
    page = await source.fetch(None)
    assert (page.posts, page.gone) == ((), (uri,))


async def test_an_edit_is_heard_also_where_it_leaves_us_out(stream: Jetstream, alice: Person, source: Source) -> None:
    uri = await stream.say(alice, "Acme is lovely")
    (first,), cursor = await drain(source, None)
    await stream.edit(alice, uri, "Acme is awful")
    (edited,), cursor = await drain(source, cursor)
    assert (edited.id, edited.text) == (uri, "Acme is awful")
    assert edited.version != first.version
    await stream.edit(alice, uri, "somebody is awful")
    page = await source.fetch(cursor)
    assert ([post.text for post in page.posts], page.gone) == (["somebody is awful"], ())


# ---- who wrote it


async def test_authors_are_asked_for_together_and_once(stream: Jetstream, source: Source) -> None:
    people = [stream.account(f"person{number}.test") for number in range(30)]
    for person in people:
        await stream.say(person, "Acme!")
        await stream.say(person, "Acme?")
    posts, cursor = await drain(source, None)
    assert {post.author.handle for post in posts} == {person.handle for person in people}
    assert [len(asked) for asked in stream.looked_up] == [1, 25, 5]
    await stream.say(people[0], "Acme.")
    await drain(source, cursor)
    assert len(stream.looked_up) == 3


async def test_where_nobody_says_who_is_who_the_post_is_heard_by_its_authors_id(stream: Jetstream, alice: Person, source: Source) -> None:
    await source.identify()
    stream.view = 502
    uri = await stream.say(alice, "Acme is on fire")
    (post,), cursor = await drain(source, None)
    assert (post.author.handle, post.author.followers) == (alice.did, None)
    assert post.url == f"https://bsky.app/profile/{alice.did}/post/{uri.rpartition('/')[2]}"
    stream.view = 200
    await stream.say(alice, "Acme still is")
    assert (await source.fetch(cursor)).posts[0].author.handle == "alice.test"


async def test_without_knowing_ourselves_nothing_is_heard(stream: Jetstream, source: Source) -> None:
    stream.view = 500
    with pytest.raises(NetworkError, match="who is who"):
        await source.identify()
    stream.view = 429
    with pytest.raises(RateLimited):
        await source.fetch(None)
