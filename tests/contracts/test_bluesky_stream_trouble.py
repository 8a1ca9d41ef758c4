"""Hearing Bluesky's public stream loses nothing and survives what the stream does, against a small Jetstream that misbehaves."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from listener.clock import now
from listener.errors import Malformed, NetworkError, NotConnected, UsageError
from listener.model import Ground, Post
from listener.polling import Ear
from listener.sources.base import Source
from listener.sources.bluesky import KIND
from listener.store import mentions as ledger
from listener.store.schema import MIGRATIONS
from listener.store.sqlite import SqliteStore
from listener.watching import Watcher
from tests.contracts.test_source_contract import drain
from tests.servers.jetstream import POSTS, Jetstream, Person
from tests.servers.jetstream_stage import Listen, book, listeners, options, texts
from tests.servers.proxy import HANG, RESET, answer

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


# ---- nothing is lost


async def test_a_page_that_was_not_stored_comes_again_and_a_stored_one_does_not(stream: Jetstream, alice: Person, source: Source) -> None:
    _, cursor = await drain(source, None)
    await stream.say(alice, "Acme one")
    first = await source.fetch(cursor)
    await stream.say(alice, "Acme two")
    again = await source.fetch(cursor)
    assert (texts(list(first.posts)), texts(list(again.posts))) == (["Acme one"], ["Acme one"])
    assert texts(list((await source.fetch(first.cursor)).posts)) == ["Acme two"]
    assert len(stream.asked) == 1


async def test_an_older_cursor_goes_back(stream: Jetstream, alice: Person, source: Source) -> None:
    _, before = await drain(source, None)
    await stream.say(alice, "Acme one")
    _, after = await drain(source, before)
    assert (await source.fetch(after)).posts == ()
    assert texts(list((await source.fetch(before)).posts)) == ["Acme one"]


async def test_after_a_restart_it_goes_on_where_it_stopped(stream: Jetstream, alice: Person, listening: Listen) -> None:
    before = listening()
    await stream.say(alice, "Acme one")
    _, cursor = await drain(before, None)
    await before.close()
    await stream.chatter(20)
    await stream.say(alice, "Acme two")
    posts, _ = await drain(listening(), cursor)
    assert "Acme two" in texts(posts)
    assert (await listening().fetch(cursor)).gap is None


async def test_after_a_break_it_goes_on_by_itself_without_repeating(stream: Jetstream, alice: Person, source: Source) -> None:
    await stream.say(alice, "Acme one")
    _, cursor = await drain(source, None)
    for break_off in (stream.cut, stream.half):
        stream.hold = True
        await stream.say(alice, "Acme meanwhile")
        break_off()
        stream.hold = False
        page = await source.fetch(cursor)
        assert texts(list(page.posts)) == ["Acme meanwhile"]
        assert page.gap is None
        cursor = page.cursor


async def test_what_the_stream_forgot_is_a_gap_with_its_beginning_and_end(stream: Jetstream, alice: Person, listening: Listen) -> None:
    await stream.say(alice, "Acme one", ago=7_200)
    first = await listening().fetch(json.dumps({"at": int((time.time() - 8_000) * 1_000_000), "known": False}))
    assert first.gap is None
    stream.forget()
    await stream.say(alice, "Acme two")
    page = await listening().fetch(first.cursor)
    assert texts(list(page.posts)) == ["Acme two"]
    assert page.gap is not None
    assert "does not remember all" in page.gap.reason
    assert page.gap.since is not None
    assert page.gap.until is not None
    assert timedelta(seconds=7_100) < page.gap.until - page.gap.since < timedelta(seconds=7_300)
    assert (await listening().fetch(page.cursor)).gap is None


async def test_a_quiet_network_is_no_gap(stream: Jetstream, alice: Person, listening: Listen) -> None:
    await stream.say(alice, "Acme one", ago=7_200)
    first = await listening().fetch(json.dumps({"at": int((time.time() - 8_000) * 1_000_000), "known": False}))
    await stream.say(alice, "Acme two")
    page = await listening().fetch(first.cursor)
    assert "Acme two" in texts(list(page.posts))
    assert page.gap is None


async def test_many_pages_come_in_order_and_whole(
    stream: Jetstream, alice: Person, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("listener.sources._bluesky_stream._PAGE", 7)
    for number in range(30):
        await stream.say(alice, f"Acme {number}")
    posts, _ = await drain(source, None)
    assert texts(posts) == [f"Acme {number}" for number in range(30)]


async def test_where_nobody_fetches_reading_stops_and_nothing_is_lost(stream: Jetstream, alice: Person, listening: Listen) -> None:
    source = listening(held=20)
    _, cursor = await drain(source, None)
    saying = asyncio.create_task(_say_all(stream, alice, 3_000))
    posts, _ = await _hear(source, cursor, 3_000)
    await saying
    assert len(set(texts(posts))) == 3_000


async def _say_all(stream: Jetstream, alice: Person, count: int) -> None:
    for number in range(count):
        await stream.say(alice, f"Acme {number} " + "and so on " * 100)


async def _hear(source: Source, cursor: str | None, count: int) -> tuple[list[Post], str | None]:
    posts: list[Post] = []
    async with asyncio.timeout(30):
        while len({post.id for post in posts}) < count:
            page = await source.fetch(cursor)
            assert len(page.posts) <= 21
            posts, cursor = [*posts, *page.posts], page.cursor
    return posts, cursor


async def test_a_page_and_its_cursor_are_stored_together(
    stream: Jetstream, brand: Person, alice: Person, source: Source, tmp_path: Path
) -> None:
    store = SqliteStore(f"sqlite:///{tmp_path}/earnest.db", (MIGRATIONS,))
    taken = []
    watcher = Watcher(source, lambda: Ear(store, book(), now), store, now, every=60, heard=taken.append)
    uri = await stream.say(alice, "@brand.test my charger burned my hand")
    await watcher.round()
    await stream.delete(alice, uri)
    above = {"cid": "x", "uri": f"at://{brand.did}/{POSTS}/3kabc"}
    await stream.say(alice, "hello?", reply={"root": above, "parent": above})
    await watcher.round()
    (first,), (second,) = (one.mentions for one in taken)
    assert (first.post.id, second.mentions[0].because[0].ground) == (uri, Ground.REPLY)
    stored = ledger.post(store.read(), "bluesky", uri)
    assert stored is not None
    assert stored.text == ""
    store.close()


# ---- what misbehaves


async def test_a_hello_that_never_comes_is_said(stream: Jetstream, listening: Listen) -> None:
    source = listening(hello=0.2)
    stream.always("GET", "/subscribe", HANG)
    with pytest.raises(NetworkError, match="did not answer in time"):
        await source.fetch(None)
    stream.honest()
    assert (await source.fetch(None)).gap is None


async def test_a_stream_that_falls_silent_is_said_and_begun_anew(stream: Jetstream, alice: Person, listening: Listen) -> None:
    source = listening(silence=0.05)
    _, cursor = await drain(source, None)
    await asyncio.wait({source._stream._task})  # type: ignore[attr-defined] # noqa: SLF001 - until it has noticed
    with pytest.raises(NetworkError, match="sent nothing for 0 s"):
        await source.fetch(cursor)
    await stream.say(alice, "Acme is back")
    posts, _ = await drain(source, cursor)
    assert texts(posts) == ["Acme is back"]


async def test_a_server_that_gives_no_sign_of_life_is_let_go(stream: Jetstream, alice: Person, listening: Listen) -> None:
    source = listening(pong=0.1)
    _, cursor = await drain(source, None)
    stream.dead = True
    with pytest.raises(NetworkError, match="no sign of life"):
        await source.fetch(cursor)
    stream.dead = False
    await stream.say(alice, "Acme is back")
    assert texts(list((await source.fetch(cursor)).posts)) == ["Acme is back"]


JUNK: list[str | bytes] = [
    "",
    "hello",
    "{",
    "[" * 100_000,
    "null",
    "[1]",
    '"text"',
    '{"time_us": "x", "kind": "commit"}',
    '{"time_us": 5, "kind": 7}',
    '{"time_us": true, "kind": "commit"}',
    '{"did":"did:plc:a","time_us":5,"kind":"commit","commit":[]}',
    '{"did":"x","time_us":5,"kind":"commit","commit":{"operation":"create","collection":"app.bsky.feed.post","rkey":"a","cid":"b"}}',
    (
        '{"did":"did:plc:a","time_us":5,"kind":"commit","commit":{"operation":"create","collection":"app.bsky.feed.post","rkey":"a","cid":"b",'
        '"record":{"text":"Acme","createdAt":"never"}}}'
    ),
    '{"did":"did:plc:a","time_us":5,"kind":"commit","commit":{"operation":"sing","collection":"app.bsky.feed.post","rkey":"a"}}',
    b"\x28\xb5\x2f\xfd" + bytes(range(256)),
    Jetstream().event(Person("did:plc:long", "long.test"), 5, "create", "3klong", "Acme " * 2_000_000),
]


@pytest.mark.parametrize("junk", JUNK, ids=range(len(JUNK)))
async def test_a_message_that_makes_no_sense_is_a_gap_and_the_next_is_heard(
    junk: str | bytes, stream: Jetstream, alice: Person, source: Source
) -> None:
    await stream.say(alice, "Acme one")
    await stream.put(junk)
    await stream.say(alice, "Acme two")
    page = await source.fetch(None)
    assert texts(list(page.posts)) == ["Acme one", "Acme two"]
    assert page.gap is not None
    assert "cannot be read" in page.gap.reason
    assert (await source.fetch(page.cursor)).gap is None
    assert len(stream.asked) == 1


async def test_a_server_that_sends_only_what_makes_no_sense_is_malformed(stream: Jetstream, source: Source) -> None:
    for junk in JUNK[:5]:
        await stream.put(junk)
    for _ in range(2):
        with pytest.raises(Malformed, match="nothing that can be read"):
            await source.fetch(None)


async def test_what_breaks_the_connection_again_and_again_is_passed_by_and_told(
    stream: Jetstream, alice: Person, listening: Listen
) -> None:
    source = listening(frame=100_000)
    await stream.say(alice, "Acme one")
    _, cursor = await drain(source, None)
    await stream.put("x" * 200_000)
    await stream.say(alice, "Acme behind it")
    page = await source.fetch(cursor)
    assert page.gap is not None
    assert "cannot be read past" in page.gap.reason
    assert page.gap.since is not None
    assert page.gap.until is not None
    stream.sent = [(at, frame) for at, frame in stream.sent if len(frame) < 200_000]
    await stream.say(alice, "Acme goes on")
    posts, _ = await drain(source, page.cursor)
    assert "Acme goes on" in texts(posts)


@pytest.mark.parametrize("at", [-5, 0, 10**18 - 1, 10**30])
async def test_a_time_that_cannot_be_does_not_lead_astray(at: int, stream: Jetstream, alice: Person, source: Source) -> None:
    await stream.put(stream.event(alice, 0, "create", "3kodd", "Acme odd").replace('"time_us":0', f'"time_us":{at}'))
    await stream.say(alice, "Acme two")
    posts, cursor = await drain(source, None)
    assert texts(posts) == ["Acme odd", "Acme two"]
    assert json.loads(cursor or "")["at"] < (time.time() + 60) * 1_000_000


async def test_our_clock_may_be_wrong(stream: Jetstream, alice: Person, source: Source) -> None:
    stream.ahead = 90_000
    await stream.say(alice, "Acme of tomorrow")
    posts, cursor = await drain(source, None)
    stream.cut()
    await stream.say(alice, "Acme of tomorrow, too")
    later, _ = await drain(source, cursor)
    assert texts([*posts, *later])[-1] == "Acme of tomorrow, too"


async def test_a_stream_that_sends_us_elsewhere_is_not_followed(stream: Jetstream, source: Source) -> None:
    stream.always("GET", "/subscribe", answer(302, b"", {"Location": "http://127.0.0.1:1/"}, forward=False))
    with pytest.raises(NetworkError, match="another address"):
        await source.fetch(None)


async def test_an_unreachable_stream_is_said_and_tried_again(stream: Jetstream, alice: Person, tmp_path: Path, source: Source) -> None:
    store = SqliteStore(f"sqlite:///{tmp_path}/earnest.db", (MIGRATIONS,))
    stop, heard = asyncio.Event(), asyncio.Event()
    watcher = Watcher(source, lambda: Ear(store, book(), now), store, now, every=0.01, heard=lambda taken: taken.mentions and heard.set())
    stream.always("GET", "/subscribe", RESET)
    with pytest.raises(NetworkError, match=r"127\.0\.0\.1 broke off before its stream began"):
        await watcher.round()
    running = asyncio.create_task(watcher.run(stop))
    stream.honest()
    await stream.say(alice, "Acme at last")
    async with asyncio.timeout(10):
        await heard.wait()
    stop.set()
    await running
    store.close()


@pytest.mark.parametrize("key", ["jetstream", "appview"])
def test_what_is_not_encrypted_or_not_public_needs_leave(key: str, stream: Jetstream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EARNEST_ALLOW_HOSTS")
    safe = {"jetstream": "wss://stream.example", "appview": "https://view.example"}
    with pytest.raises(UsageError, match="https://"):
        KIND.make("bluesky", {"stream": "public", **safe, key: options(stream)[key]}, book())


async def test_a_stream_on_a_private_network_is_not_reached(stream: Jetstream) -> None:
    private = {**options(stream), "jetstream": stream.url.replace("ws://", "wss://").replace("127.0.0.1", "localhost")}
    source = KIND.make("bluesky", private, book())
    with pytest.raises(NotConnected, match="private network"):
        await source.fetch(None)
    await source.close()


async def test_closing_ends_everything(stream: Jetstream) -> None:
    source = KIND.make("bluesky", options(stream), book())
    await source.fetch(None)
    before = asyncio.all_tasks()
    await source.close()
    assert not [task for task in before & asyncio.all_tasks() if task.get_name().startswith("stream")]
