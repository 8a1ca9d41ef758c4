"""Whatever Mastodon's stream does, listening goes on at its own pace, `status` says what is wrong, and nothing is lost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from listener.polling import Ear
from listener.sources._mastodon_frames import NOTHING, Told, read
from listener.sources.mastodon import Mastodon
from listener.watching import Watcher
from tests.contracts.test_source_contract import drain
from tests.mouth import House
from tests.running import until
from tests.servers.proxy import HANG, RESET, UNAVAILABLE, Fault, Proxy, answer, changed, too_many
from tests.servers.stream_stage import QUICK, Listen, listeners, named, town_with_streams
from tests.servers.streams import Streams
from tests.servers.town import BRAND, Town

HOUR = 3_600
PATIENCE = 30.0
MEGABYTE = 1_000_000
FAST = replace(QUICK, hello=0.3, silence=0.2, pong=0.2)
"""For what is only seen by waiting for it."""


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


async def stirred(source: Mastodon) -> None:
    """Wait until it rings, as whoever fetches then does."""
    await asyncio.wait_for(source.stir(), PATIENCE)
    source._bell.heard()  # type: ignore[union-attr]  # noqa: SLF001 - a fetch would say so


async def remarks(source: Mastodon, words: str) -> None:
    """Wait until it says so, and see that it rings each time that something else is the case."""
    while words not in source.remark or not source.remark:
        await stirred(source)


async def heard_by_polling(town: Town, source: Mastodon) -> None:
    _, cursor = await drain(source, None)
    said = await town.write("marta", f"@{BRAND} help")
    posts, _ = await drain(source, cursor)
    assert [post.id for post in posts] == [said["id"]]


REFUSALS = [
    (answer(404, b"not here"), "404"),
    (answer(401, b"Invalid access token"), "401"),
    (answer(403, b"no"), "403"),
    (answer(503, b"later"), "503"),
    (answer(200, {"hello": "you"}), "no stream"),
    (answer(302, b"", {"Location": "http://127.0.0.1:9/elsewhere"}), "another address"),
    (too_many({"Retry-After": "0"}), "asks us to wait"),
    (RESET, "broke off"),
    (HANG, "did not answer in time"),
]


@pytest.mark.parametrize(("fault", "words"), REFUSALS, ids=lambda value: getattr(value, "name", value))
async def test_a_stream_that_is_refused_leaves_polling_as_it_was(
    town: Town, streams: Streams, listening: Listen, fault: Fault, words: str
) -> None:
    streams.fault = fault
    source = listening(patience=FAST)
    await remarks(source, words)
    assert source.remark.startswith("the stream is away")
    await heard_by_polling(town, source)
    streams.fault = None
    streams.released.set()
    while source.remark:
        await stirred(source)
    assert len(streams.asked) > 1


NAMED = [
    ("nobody there", changed(named("https://127.0.0.1:9")), "127.0.0.1"),
    ("in the clear", changed(named("ws://stream.example")), "must begin with https://"),
    ("with a password", changed(named("wss://me:secret@stream.example")), "name or password"),
    ("no address", changed(named("what is this")), "no web address"),
    ("page fails", UNAVAILABLE, "503"),
    ("page broken", answer(200, {"version": 4}), "made no sense at version"),
]


@pytest.mark.parametrize(("says", "words"), [one[1:] for one in NAMED], ids=[one[0] for one in NAMED])
async def test_a_server_that_names_no_usable_stream_leaves_polling_as_it_was(
    town: Town, both: tuple[Proxy, Streams], listening: Listen, says: Fault, words: str
) -> None:
    proxy, streams = both
    proxy.honest()
    proxy.always("GET", "/api/v2/instance", says)
    source = listening()
    await remarks(source, words)
    await heard_by_polling(town, source)
    assert not streams.asked


async def test_a_server_that_names_no_stream_is_asked_itself(proxy: Proxy, listening: Listen) -> None:
    proxy.honest()
    proxy.always("GET", "/api/v2/instance", changed(named(None)))
    proxy.always("GET", "/api/v1/streaming", answer(404, b"none", forward=False))
    await remarks(listening(), "404")
    asked = proxy.asked("GET", "/api/v1/streaming")
    assert asked[0].headers["Authorization"] == "Bearer acme-token"
    assert not any("token" in one.query for one in asked)


@pytest.mark.parametrize("stream", ["user", "hashtag"])
async def test_a_refused_subscription_is_told_and_the_others_go_on(town: Town, streams: Streams, listening: Listen, stream: str) -> None:
    streams.refused = frozenset({stream})
    source = listening("shoes")
    await remarks(source, "required scopes")
    await streams.subscribed(1)
    await town.write("marta", f"@{BRAND} new #shoes")
    await stirred(source)
    assert "refuses a part" in source.remark


ODD_FRAMES: list[str | bytes] = [
    "",
    "not json",
    "[1, 2]",
    "7",
    "null",
    "{}",
    '{"event": 7}',
    '{"event": "delete", "payload": 7}',
    '{"event": "delete", "payload": "../../oauth/token"}',
    '{"event": "delete"}',
    '{"event": "status.update", "payload": "{"}',
    '{"event": "status.update", "payload": "{}"}',
    '{"event": "status.update", "payload": "{\\"id\\": 7}"}',
    '{"event": "status.update", "stream": {"a": 1}, "payload": "[]"}',
    "[" * 50_000 + "]" * 50_000,
    json.dumps({"event": "status.update", "payload": '{"id":' + "[" * 100_000}),
    b"\x00\xff binary",
]


async def test_odd_messages_are_passed_over(town: Town, streams: Streams, listening: Listen) -> None:
    source = listening()
    await stirred(source)
    await streams.subscribed(1)
    for frame in ODD_FRAMES:
        await streams.put(frame)
    await town.write("marta", f"@{BRAND} help")
    await stirred(source)
    assert (source.remark, len(streams.asked)) == ("", 1)


@pytest.mark.parametrize(
    "frames",
    [["x" * 50 * MEGABYTE], [b"x" * 2 * MEGABYTE], ["not json"] * 200, [b"\x00"] * 200],
    ids=["50 MB", "2 MB of bytes", "nonsense", "bytes"],
)
async def test_a_stream_that_is_none_is_left_and_begun_anew(
    town: Town, streams: Streams, listening: Listen, frames: list[str | bytes]
) -> None:
    source = listening()
    await stirred(source)
    await streams.subscribed(1)
    for frame in frames:
        await streams.put(frame)
    await streams.connected(2)
    await heard_by_polling(town, source)


@pytest.mark.parametrize("event", ["notification", "update", "delete"])
async def test_a_flood_is_told_as_one_piece_of_news_and_held_in_bounds(streams: Streams, listening: Listen, event: str) -> None:
    source = listening()
    await stirred(source)
    await streams.subscribed(1)
    for number in range(3_000):
        await streams.put(json.dumps({"event": event, "payload": str(number)}))
    await streams.put(json.dumps({"event": "delete", "payload": "last"}))
    bell = source._bell  # noqa: SLF001 - what is held cannot be seen from outside
    assert bell is not None
    await until(lambda: "last" in dict(bell.changes.since("")), "all of it is read")
    assert len(bell.changes.since("")) == (1_000 if event == "delete" else 1)
    await stirred(source)
    assert len(streams.asked) == 1


async def test_a_line_that_is_half_open_is_noticed_and_begun_anew(streams: Streams, listening: Listen) -> None:
    source = listening(patience=FAST)
    streams.dead = True
    await remarks(source, "no sign of life")
    streams.dead = False
    while source.remark:
        await stirred(source)


async def test_a_quiet_line_with_signs_of_life_stays(town: Town, streams: Streams, listening: Listen) -> None:
    source = listening(patience=replace(QUICK, silence=0.05))
    await stirred(source)
    await streams.subscribed(1)
    pings = streams.pings
    await until(lambda: streams.pings >= pings + 3, "it is asked for signs of life")
    await town.write("marta", f"@{BRAND} help")
    await stirred(source)
    assert len(streams.asked) == 1


async def test_it_ends_at_whatever_moment_it_is_told_to(streams: Streams, listening: Listen) -> None:
    """In the very one, too, in which a broken line was put away."""
    for turns in range(40):
        source = listening()
        await stirred(source)
        streams.cut()
        for _ in range(turns):
            await asyncio.sleep(0)
        await asyncio.wait_for(source.close(), PATIENCE)


def test_a_server_that_goes_away_at_once_is_asked_less_and_less_often() -> None:
    patience = replace(QUICK, first_rest=2.0, longest_rest=900.0)
    for failures, longest in ((1, 4.0), (2, 8.0), (8, 512.0), (9, 900.0), (10**9, 900.0)):
        rests = {patience.rest(failures) for _ in range(50)}
        assert longest / 2 <= min(rests) < max(rests) <= longest


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = House(tmp_path)
    yield made
    made.store.close()


@pytest.fixture
async def watched(house: House, listening: Listen) -> AsyncIterator[Callable[[], tuple[str, str]]]:
    """A source watched as the daemon does, polled every hour; what `status` says of it."""
    ear, stop = Ear(house.store, house.book, house.clock), asyncio.Event()
    watcher = Watcher(listening(), lambda: ear, house.store, house.clock, every=HOUR, heard=lambda _: None)
    running = asyncio.create_task(watcher.run(stop))

    def told() -> tuple[str, str]:
        rows = house.rows("SELECT state, detail FROM sources")
        return (str(rows[0]["state"]), str(rows[0]["detail"])) if rows else ("", "")

    yield told
    stop.set()
    await asyncio.wait_for(running, PATIENCE)
    await watcher.close()


async def test_status_says_that_the_stream_is_away_and_what_was_said_meanwhile_is_heard(
    town: Town, streams: Streams, house: House, watched: Callable[[], tuple[str, str]]
) -> None:
    await until(lambda: watched() == ("listening", ""), "it listens")
    await streams.subscribed(1)
    streams.fault = answer(503, b"down")
    streams.cut()
    await until(lambda: "503" in watched()[1], "status says so")
    assert watched()[0] == "listening"
    assert watched()[1].startswith("the stream is away, so news come with the next poll")
    said = await town.write("marta", f"@{BRAND} while it was away")
    streams.fault = None
    await until(lambda: watched() == ("listening", ""), "it is back")
    await until(lambda: bool(house.rows("SELECT 1 FROM posts WHERE id = :id", id=str(said["id"]))), "what was said meanwhile is there")


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        ({"event": "notification", "payload": '{"type": "mention"}'}, Told(news=True)),
        ({"event": "notification", "payload": '{"type": "favourite"}'}, NOTHING),
        ({"event": "notification", "payload": "{"}, Told(news=True)),
        ({"event": "notification", "payload": {"type": "mention"}}, Told(news=True)),
        ({"event": "update", "stream": ["user"], "payload": "{}"}, NOTHING),
        ({"event": "update", "stream": ["hashtag", "shoes"], "payload": "{}"}, Told(news=True)),
        ({"event": "update", "payload": "{}"}, Told(news=True)),
        ({"event": "delete", "stream": ["user"], "payload": "01J0ULID7"}, Told(changed="01J0ULID7")),
        ({"event": "status.update", "stream": ["hashtag", "shoes"], "payload": '{"id": "7"}'}, Told(changed="7")),
        ({"event": "status.update", "stream": ["user"], "payload": '{"id": "7"}'}, NOTHING),
        ({"event": "status.update", "stream": ["user"], "payload": '{"id": "known"}'}, Told(changed="known")),
        ({"event": "filters_changed"}, NOTHING),
        ({"event": "conversation", "payload": "{}"}, NOTHING),
        ({"error": "no \x1b]0;owned\x07", "status": 400}, Told(refused="no \\x1b]0;owned\\x07")),
    ],
)
def test_a_message_is_taken_for_what_it_is(frame: dict[str, object], told: Told) -> None:
    assert read(json.dumps(frame), lambda post_id, _: post_id == "known") == told


def test_a_long_refusal_is_cut() -> None:
    assert len(read(json.dumps({"error": "x" * 10_000}), lambda *_: False).refused) == 200
