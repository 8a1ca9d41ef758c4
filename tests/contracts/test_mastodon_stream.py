"""With its stream on, the Mastodon source keeps every promise, hears news at once, and learns of edits and deletions."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from listener.polling import Ear
from listener.sources._mastodon_changes import Changes
from listener.sources.base import Remarking, Stirring
from listener.watching import Watcher
from tests.contracts.test_source_contract import Scene, SourceContract, drain
from tests.mouth import House
from tests.servers.proxy import UNAVAILABLE, Proxy
from tests.servers.stream_stage import QUICK, Listen, listeners, town_with_streams
from tests.servers.streams import Streams
from tests.servers.town import BRAND, Town

HOUR = 3_600
PATIENCE = 30.0
STATUSES = "/api/v1/statuses"


@pytest.fixture
async def both(town: Town, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Proxy, Streams]]:
    async with town_with_streams(town, monkeypatch) as both:
        yield both


@pytest.fixture
def proxy(both: tuple[Proxy, Streams]) -> Proxy:
    return both[0]


@pytest.fixture
def streams(both: tuple[Proxy, Streams]) -> Streams:
    return both[1]


@pytest.fixture
async def listening(proxy: Proxy) -> AsyncIterator[Listen]:
    async with listeners(proxy) as listen:
        yield listen


class TestWithStream(SourceContract):
    @pytest.fixture
    async def scene(self, town: Town, proxy: Proxy, streams: Streams, listening: Listen) -> AsyncIterator[Scene]:
        async def say(words: str) -> str:
            return str((await town.write("marta", f"@{BRAND} {words}"))["id"])

        source = listening()
        listens = asyncio.create_task(source.stir())
        await streams.subscribed(1)
        yield Scene(source, proxy, "/api/v1/notifications", say)
        listens.cancel()
        await asyncio.wait({listens})


async def stirred(source: Stirring) -> None:
    await asyncio.wait_for(source.stir(), PATIENCE)


async def opened(source: object, streams: Streams, count: int) -> str | None:
    """Listen until all that was asked for is open and all that came before is fetched; return the cursor."""
    assert isinstance(source, Stirring)
    await stirred(source)
    await streams.subscribed(count)
    _, cursor = await drain(source, None)  # type: ignore[arg-type]
    return cursor


async def test_news_come_in_long_before_the_next_poll(tmp_path: Path, town: Town, streams: Streams, listening: Listen) -> None:
    house = House(tmp_path)
    ear, stop = Ear(house.store, house.book, house.clock), asyncio.Event()
    heard: asyncio.Queue[str] = asyncio.Queue()
    watcher = Watcher(
        listening(),
        lambda: ear,
        house.store,
        house.clock,
        every=HOUR,
        heard=lambda taken: [heard.put_nowait(each.post.id) for each in taken.mentions] and None,
    )
    running = asyncio.create_task(watcher.run(stop))
    await streams.subscribed(1)
    said = [(await town.write("marta", f"@{BRAND} help {number}"))["id"] for number in range(3)]
    assert [await asyncio.wait_for(heard.get(), PATIENCE) for _ in said] == said
    stop.set()
    await asyncio.wait_for(running, PATIENCE)
    await watcher.close()
    house.store.close()


async def test_the_token_goes_in_a_header_and_never_into_an_address(streams: Streams, listening: Listen) -> None:
    await opened(listening("shoes", "boots"), streams, 3)
    assert [asked["query"] for asked in streams.asked] == [{"stream": "user"}]
    assert streams.asked[0]["headers"]["Authorization"] == "Bearer acme-token"
    tags = [{"type": "subscribe", "stream": "hashtag", "tag": tag} for tag in ("shoes", "boots")]
    assert streams.messages == tags


async def test_a_post_under_any_of_the_tags_rings(town: Town, streams: Streams, listening: Listen) -> None:
    source = listening("shoes", "boots")
    cursor = await opened(source, streams, 3)
    for tag in ("shoes", "boots"):
        said = await town.write("tom", f"new #{tag}")
        await stirred(source)
        posts, cursor = await drain(source, cursor)
        assert [post.id for post in posts] == [said["id"]]


async def follow(town: Town, who: str) -> None:
    """Let the brand follow somebody, whose every word its own stream then brings."""
    account = await town.ask("GET", f"/api/v1/accounts/lookup?acct={who}")
    await town.ask("POST", f"/api/v1/accounts/{account['id']}/follow", by=BRAND)


async def test_what_only_people_say_whom_we_follow_does_not_ring(town: Town, streams: Streams, listening: Listen) -> None:
    await follow(town, "marta")
    source = listening()
    cursor = await opened(source, streams, 1)
    chatter = await town.write("marta", "lunch with acme")
    await town.edit("marta", str(chatter["id"]), "dinner with acme")
    said = await town.write("tom", f"@{BRAND} help")
    await stirred(source)
    posts, _ = await drain(source, cursor)
    assert [post.id for post in posts] == [said["id"]]


async def test_an_edit_is_heard_with_its_new_words_and_version(town: Town, streams: Streams, listening: Listen) -> None:
    source = listening("shoes")
    said = await town.write("marta", "lovely #shoes")
    cursor = await opened(source, streams, 2)
    await town.edit("marta", str(said["id"]), "my foot bleeds #shoes")
    await stirred(source)
    (post,), cursor = await drain(source, cursor)
    edited = await town.ask("GET", f"{STATUSES}/{said['id']}")
    assert (post.id, post.text) == (said["id"], "my foot bleeds #shoes")
    assert post.version.startswith(str(edited["edited_at"])[:19])
    assert await drain(source, cursor) == ([], cursor)


async def test_an_edit_of_a_mention_is_heard_where_our_own_stream_tells_of_it(town: Town, streams: Streams, listening: Listen) -> None:
    await follow(town, "marta")
    said = await town.write("marta", f"@{BRAND} lovely")
    source = listening()
    cursor = await opened(source, streams, 1)
    await town.edit("marta", str(said["id"]), "it burns, and nobody is named any more")
    await stirred(source)
    (post,), _ = await drain(source, cursor)
    assert post.text.startswith("it burns")


async def test_a_deletion_is_told_until_it_is_stored_and_then_no_more(town: Town, streams: Streams, listening: Listen) -> None:
    said = await town.write("marta", "old #shoes")
    source = listening("shoes")
    cursor = await opened(source, streams, 2)
    await town.delete("marta", str(said["id"]))
    await stirred(source)
    page = await source.fetch(cursor)
    assert (page.gone, page.posts) == ((said["id"],), ())
    assert await source.fetch(cursor) == page, "what was not stored is told again"
    after = await source.fetch(page.cursor)
    assert (after.gone, after.cursor) == ((), page.cursor)


async def test_a_deletion_that_is_none_is_not_believed(town: Town, streams: Streams, listening: Listen) -> None:
    said = await town.write("marta", f"@{BRAND} still here")
    chatter = await town.write("tom", "lunch with acme")
    source = listening()
    cursor = await opened(source, streams, 1)
    for post in (chatter, said):
        await streams.put(json.dumps({"stream": ["user"], "event": "delete", "payload": post["id"]}))
        await stirred(source)
    page = await source.fetch(cursor)
    assert page.gone == ()
    assert [post.id for post in page.posts] == [said["id"]], "what was never heard is not heard by this"


async def test_what_cannot_be_read_again_now_is_in_nobody_s_way_and_read_later(
    town: Town, proxy: Proxy, streams: Streams, listening: Listen
) -> None:
    one, two = [await town.write("marta", f"#shoes {number}") for number in range(2)]
    source = listening("shoes")
    cursor = await opened(source, streams, 2)
    proxy.once("GET", f"{STATUSES}/{one['id']}", UNAVAILABLE)
    for gone in (one, two):
        await town.delete("marta", str(gone["id"]))
        await stirred(source)
        source._bell.heard()  # type: ignore[union-attr]  # noqa: SLF001 - both must wait before the first is fetched
    said = await town.write("marta", f"@{BRAND} help")
    await stirred(source)
    gone_ids: list[str] = []
    heard: list[str] = []
    for _ in range(3):
        page = await source.fetch(cursor)
        gone_ids += page.gone
        heard += [post.id for post in page.posts]
        cursor = page.cursor
    assert sorted(gone_ids) == sorted(str(each["id"]) for each in (one, two))
    assert heard == [said["id"]]


async def test_many_deletions_are_read_a_part_at_a_time(town: Town, proxy: Proxy, streams: Streams, listening: Listen) -> None:
    source = listening()
    cursor = await opened(source, streams, 1)
    await town.write("marta", f"@{BRAND} help")
    ids = [f"1{number:012d}" for number in range(50)]
    for post_id in ids:
        await streams.put(json.dumps({"stream": ["user"], "event": "delete", "payload": post_id}))
    gone: list[str] = []
    while len(gone) < len(ids):
        await stirred(source)
        page = await source.fetch(cursor)
        assert len(page.gone) <= 20
        assert not page.more, "the rest waits for the bell, and for the server's rest"
        gone += page.gone
        cursor = page.cursor
    assert sorted(gone) == ids
    assert len(proxy.asked("GET", f"{STATUSES}/")) == 2 * len(ids), "once with our token, once as anybody"


def test_of_changes_only_so_many_are_held_each_once_and_the_newest() -> None:
    changes = Changes(most=3)
    for post_id in ("a", "b", "c", "b", "d", "e"):
        changes.add(post_id)
    held = changes.since("")
    assert [post_id for post_id, _ in held] == ["b", "d", "e"]
    assert changes.since("another-7") == held, "a mark of an earlier run says nothing about this one"
    assert changes.since("-") == changes.since(f"{held[0][1]}x") == held
    assert changes.since(held[1][1]) == held[2:]


async def test_the_watcher_stores_what_became_of_a_heard_post(tmp_path: Path, town: Town, streams: Streams, listening: Listen) -> None:
    house = House(tmp_path)
    ear, stop = Ear(house.store, house.book, house.clock), asyncio.Event()
    pages: asyncio.Queue[None] = asyncio.Queue()
    said = [str((await town.write("marta", f"acme #shoes {number}"))["id"]) for number in range(2)]
    source = listening("shoes")
    watcher = Watcher(source, lambda: ear, house.store, house.clock, every=HOUR, heard=lambda _: pages.put_nowait(None))
    running = asyncio.create_task(watcher.run(stop))
    await streams.subscribed(2)
    await town.delete("marta", said[0])
    await town.edit("marta", said[1], "acme #shoes, and they burn")

    def stored() -> list[tuple[object, object]]:
        rows = house.rows("SELECT text, deleted_at FROM posts ORDER BY length(id), id")
        return [(row["text"], bool(row["deleted_at"])) for row in rows]

    async with asyncio.timeout(PATIENCE):
        while stored() != [("", True), ("acme #shoes, and they burn", False)]:
            await pages.get()
    stop.set()
    await asyncio.wait_for(running, PATIENCE)
    await watcher.close()
    house.store.close()


async def test_without_a_token_listening_goes_on_and_says_what_the_stream_needs(town: Town, listening: Listen) -> None:
    source = listening("shoes", signed_in=False)
    await town.write("marta", "new #shoes")
    assert len((await source.fetch(None)).posts) == 1
    assert isinstance(source, Remarking)
    assert "mastodon_read" in source.remark


async def test_the_server_is_given_a_rest_after_each_fetch(town: Town, streams: Streams, listening: Listen) -> None:
    source = listening(patience=replace(QUICK, per_request=10_000.0))
    await stirred(source)
    await streams.subscribed(1)
    await source.fetch(None)
    await town.write("marta", f"@{BRAND} help")
    told = asyncio.create_task(source.stir())
    await asyncio.wait_for(source._bell.rung(), PATIENCE)  # type: ignore[union-attr]  # noqa: SLF001 - news are there, and yet
    await asyncio.sleep(0)
    assert not told.done()
    told.cancel()
    await asyncio.wait({told})


async def test_mentions_that_the_account_s_filters_put_aside_are_heard_all_the_same(town: Town, listening: Listen) -> None:
    await town.ask("PATCH", "/api/v2/notifications/policy", by=BRAND, json={"for_not_following": "filter"})
    said = await town.write("marta", f"@{BRAND} my foot bleeds")
    assert [post.id for post in (await listening().fetch(None)).posts] == [said["id"]]
