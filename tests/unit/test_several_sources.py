"""Several sources of one network: what two of them hear is one post, one mention, one draft, and is not changed to and fro."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from listener.errors import EarnestError
from listener.listening import Listening, home
from listener.model import Account, Page, Post
from listener.polling import Ear
from listener.rules.checking import check
from listener.rules.rulebook import Rulebook, SourceSettings
from listener.sources.base import Source, kind
from listener.watching import Hearing, Watcher
from responders.house import channel_kind
from responders.pipeline import Mind, Noted
from responders.surroundings import known
from tests.mouth import House
from tests.servers import jetstream
from tests.servers.jetstream import Jetstream
from tests.servers.pds import Pds
from tests.servers.pds_people import Person
from tests.servers.pds_records import POSTS, Ref
from tests.servers.town import BRAND, Town, token

BRANDS = {"acme": {"names": ["Acme"], "handles": {"mastodon": "acme", "bluesky": "brand.test"}}}


class Said:
    """A source that brings what a test puts into it."""

    network = "mastodon"

    def __init__(self, name: str, account: Account | None = None) -> None:
        self.name = name
        self.account = account
        self.posts: list[Post] = []

    async def identify(self) -> Account | None:
        return self.account

    async def fetch(self, cursor: str | None) -> Page:
        await asyncio.sleep(0)  # so that another source's poll comes in between
        posts, self.posts = tuple(self.posts), []
        return Page(posts, cursor)

    async def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path, brands=BRANDS)
    yield made
    made.store.close()


def watcher(house: House, source: Source, **more: object) -> Watcher:
    ear = Ear(house.store, house.book, house.clock)
    return Watcher(source, lambda: ear, house.store, house.clock, every=60, heard=lambda _: None, **more)  # type: ignore[arg-type]


async def think(house: House) -> list[Noted]:
    kinds = {name: found for name in ("mastodon", "bluesky") if (found := channel_kind(name))}
    return await Mind(house.store, house.book, house.clock, kinds, undo=timedelta(0)).round()


def stored(house: House) -> list[tuple[str, str]]:
    return [(str(row["text"]), str(row["version"])) for row in house.rows("SELECT text, version FROM posts")]


def counts(house: House) -> tuple[int, ...]:
    return tuple(len(house.rows(f"SELECT 1 FROM {table}")) for table in ("posts", "mentions", "cases", "drafts"))


async def test_two_pollers_that_bring_one_post_at_once_make_one_of_everything(house: House) -> None:
    first, second = Said("mastodon"), Said("mastodon-tags")
    rounds = [watcher(house, first), watcher(house, second)]
    for number in range(20):
        first.posts = [house.post(f"p{number}", "@acme charged me twice", by=f"tom{number}")]
        second.posts = list(first.posts)
        await asyncio.gather(*(one.round() for one in rounds))
    assert len(await think(house)) == 20
    assert counts(house) == (20, 20, 20, 20)
    assert await think(house) == []


async def test_a_source_that_is_behind_takes_no_edit_back(house: House) -> None:
    ahead, behind = Said("mastodon"), Said("mastodon-tags")
    one, other = watcher(house, ahead), watcher(house, behind)
    old, new = house.post("p", "Acme is late", version="1"), house.post("p", "Acme is late again", version="2")
    ahead.posts = [old]
    await one.round()
    ahead.posts = [new]
    await one.round()
    await think(house)
    for _ in range(3):
        behind.posts = [old]
        await other.round()
        ahead.posts = [new]
        await one.round()
        assert await think(house) == []
    assert stored(house) == [("Acme is late again", "2")]
    behind.posts = [house.post("p", "Acme is late for the third time", version="3")]
    await other.round()
    assert stored(house) == [("Acme is late for the third time", "3")]
    assert len(await think(house)) == 1


async def test_who_edits_back_is_followed_back(house: House) -> None:
    source = Said("mastodon")
    one = watcher(house, source)
    for text, version in (("Acme a", "1"), ("Acme b", "2"), ("Acme a", "1"), ("Acme b", "2")):
        source.posts = [house.post("p", text, version=version)]
        await one.round()
        assert stored(house) == [(text, version)]


async def test_a_stream_that_catches_up_ends_at_the_present(house: House) -> None:
    """The list told the newest version first; the stream then tells both, in order."""
    list_, stream = Said("bluesky"), Said("bluesky-public")
    old, new = house.post("p", "Acme a", version="1"), house.post("p", "Acme b", version="2")
    list_.posts = [new]
    await watcher(house, list_).round()
    for said in (old, new):
        stream.posts = [said]
        await watcher(house, stream).round()
    assert stored(house) == [("Acme b", "2")]


async def test_two_sources_are_not_two_accounts(house: House) -> None:
    ours: dict[str, tuple[str, str]] = {}
    us, them = Account("mastodon", "us", "acme"), Account("mastodon", "them", "other")
    for name, account in (("mastodon", us), ("mastodon-tags", None), ("mastodon-again", us)):
        await watcher(house, Said(name, account), ours=ours).round()
    with pytest.raises(EarnestError, match=r"another account \(@other\) than mastodon") as caught:
        await watcher(house, Said("mastodon-de", them), ours=ours).round()
    assert "one account on a network" in caught.value.hint
    assert [row["id"] for row in house.rows("SELECT id FROM accounts")] == ["us"]


# ---- Mastodon: mentions and hashtags


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with Town() as town:
        yield town


async def test_a_mention_with_a_hashtag_is_one_post_however_often_it_is_edited(
    house: House, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EARNEST_ALLOW_HOSTS", town.host)
    monkeypatch.setenv("EARNEST_SECRET_MASTODON_READ", token(BRAND))
    mentions = kind("mastodon").make("mastodon", {"instance": town.url}, house.book)
    tags = kind("mastodon").make("mastodon-tags", {"instance": town.url, "tags": ["acme"]}, house.book)
    both = [watcher(house, mentions), watcher(house, tags)]
    try:
        for one in both:
            await one.round()
        said = await town.write("marta", "@acme charged me twice #acme")
        for one in both:
            await one.round()
        assert len(await think(house)) == 1
        await town.edit("marta", str(said["id"]), "@acme charged me three times #acme")
        before = stored(house)
        for _ in range(3):
            for one in both:
                await one.round()
            assert len(stored(house)) == 1
            changed = stored(house) != before
            assert len(await think(house)) == int(changed)
            before = stored(house)
        assert counts(house)[:3] == (1, 1, 1)
    finally:
        for one in both:
            await one.close()


# ---- Bluesky: notifications and the public stream


@pytest.fixture
async def bluesky(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Pds, Jetstream]]:
    async with Pds() as server, Jetstream() as stream:
        monkeypatch.setenv("EARNEST_ALLOW_HOSTS", f"{server.url.removeprefix('http://')},{stream.host}")
        yield server, stream


async def relay(server: Pds, stream: Jetstream, author: Person, ref: Ref, operation: str) -> None:
    """Have the stream tell what the server has, as the network does."""
    cid, record = author.records[ref.rkey]
    commit = {"rev": "3l", "operation": operation, "collection": POSTS, "rkey": ref.rkey, "record": record, "cid": cid}
    at = int(time.time() * 1_000_000)
    assert server.people[author.did] is author
    await stream.put(json.dumps({"did": author.did, "time_us": at, "kind": "commit", "commit": commit}, separators=(",", ":")), at)


async def test_a_mention_that_stream_and_notifications_tell_is_one_post_and_so_is_its_edit(
    house: House, bluesky: tuple[Pds, Jetstream], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, stream = bluesky
    brand, alice = server.account("brand.test"), server.account("alice.test")
    for one in (brand, alice):
        stream.people[one.did] = jetstream.Person(one.did, one.handle)
    monkeypatch.setenv("EARNEST_SECRET_BLUESKY_READ", brand.password)
    addresses = {"stream": "public", "jetstream": stream.url, "appview": f"http://{stream.host}"}
    ours: dict[str, tuple[str, str]] = {}
    told = watcher(house, kind("bluesky").make("bluesky", {"service": server.url, "handle": "brand.test"}, house.book), ours=ours)
    public = watcher(house, kind("bluesky").make("bluesky-public", addresses, house.book), ours=ours)
    try:
        for both in ((public, told), (told, public)):
            ref = server.post(alice, "@brand.test Acme charged me twice")
            await relay(server, stream, alice, ref, "create")
            for one in both:
                await one.round()
            assert len(await think(house)) == 1
            edited = server.edit(alice, ref, "@brand.test Acme charged me three times")
            await relay(server, stream, alice, edited, "update")
            for one in (*both, *both):
                await one.round()
            assert len(await think(house)) == 1
            for one in (*both, *both):
                await one.round()
            assert await think(house) == []
        assert counts(house)[:3] == (2, 2, 2)
        assert {text for text, _ in stored(house)} == {"@brand.test Acme charged me three times"}
    finally:
        await told.close()
        await public.close()


# ---- which source is which


def book(sources: dict[str, dict[str, object]]) -> Rulebook:
    return Rulebook.model_validate(
        {"version": 1, "brands": BRANDS, "sources": sources, "routes": [{"name": "all", "when": "always"}]},
    )


PUBLIC = {"kind": "bluesky", "stream": "public"}


@pytest.mark.parametrize(
    ("sources", "secrets", "expected"),
    [
        ({"bluesky-public": PUBLIC, "bluesky": {"service": "https://a.example"}}, {}, "bluesky"),
        ({"bluesky-public": PUBLIC}, {}, "bluesky-public"),
        ({"first": {"kind": "bluesky"}, "second": {"kind": "bluesky"}}, {}, "first"),
        ({"first": {"kind": "bluesky"}, "second": {"kind": "bluesky"}}, {"second_read"}, "second"),
        ({"news": {"kind": "feeds", "urls": ["https://a.example"]}}, {}, None),
    ],
)
def test_the_account_is_reached_by_the_options_of_the_source_that_has_one(
    sources: dict[str, dict[str, object]], secrets: set[str], expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in secrets:
        monkeypatch.setenv(f"EARNEST_SECRET_{name.upper()}", "x")
    found = book(sources)
    assert home(found, "bluesky") is (found.sources[expected] if expected else None)


TWO_SERVERS: dict[str, dict[str, object]] = {
    "mastodon": {"instance": "one.example", "tags": ["acme"]},
    "tags": {"kind": "mastodon", "instance": "HTTPS://two.example/", "tags": ["acme"]},
}


async def test_two_servers_are_not_mixed_even_where_nobody_checked_the_file(house: House) -> None:
    told: list[Hearing] = []
    everything = Listening(house.store, book(TWO_SERVERS), house.clock, ear=lambda: None, heard=lambda _: None, tell=told.append)  # type: ignore[arg-type, return-value]
    await everything.tell_missing()
    assert [one.name for one in everything.watchers] == ["mastodon"]
    (only,) = told
    assert only.source == "tags"
    assert "two servers of mastodon" in only.problem
    (row,) = house.rows("SELECT name, kind, state FROM sources")
    assert row == {"name": "tags", "kind": "mastodon", "state": "failing"}
    await everything.stop()
    one_less = book({name: each for name, each in TWO_SERVERS.items() if name != "tags"})
    after = Listening(house.store, one_less, house.clock, ear=lambda: None, heard=lambda _: None, tell=told.append)  # type: ignore[arg-type, return-value]
    await after.tell_missing()
    assert house.rows("SELECT name FROM sources") == [], "what is in the rules no more is in the status no more"
    await after.stop()


def test_the_ids_of_feeds_and_searches_are_the_same_everywhere() -> None:
    sources = {
        "hackernews": {"query": "acme"},
        "boots": {"kind": "hackernews", "query": "acme boots", "service": "https://other.example"},
        "feeds": {"urls": ["https://a.example/feed"]},
        "news": {"kind": "feeds", "urls": ["https://b.example/feed"]},
    }
    text = json.dumps({"version": 1, "brands": BRANDS, "sources": sources, "routes": [{"name": "all", "when": "always"}]})
    assert [problem for problem in check(text, known=known()) if problem.severity == "error"] == []


def test_a_public_source_reads_no_secret_and_one_of_another_name_its_own() -> None:
    bluesky, mastodon = kind("bluesky"), kind("mastodon")
    assert bluesky.secrets_of("bluesky-public", SourceSettings.model_validate(PUBLIC).options) == ()
    assert bluesky.secrets_of("bluesky", {}) == ("bluesky_read",)
    assert mastodon.secrets_of("mastodon-tags", {"instance": "a.example"}) == ("mastodon-tags_read",)
    assert kind("feeds").secrets_of("news", {}) == ()
