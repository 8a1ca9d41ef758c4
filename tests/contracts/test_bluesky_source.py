"""What the Bluesky source promises, against a small honest server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from listener.errors import Malformed, NotConnected, RateLimited, SignInNeeded, UsageError
from listener.model import Page, Post
from listener.rules.rulebook import Brand, Route, Rulebook
from listener.sources.base import Source
from listener.sources.bluesky import KIND
from tests.contracts.test_source_contract import Scene, SourceContract
from tests.servers.pds import Pds
from tests.servers.pds_people import Person
from tests.servers.pds_records import Ref, stamp
from tests.servers.proxy import Proxy

LIST = "app.bsky.notification.listNotifications"


def book(*handles: str) -> Rulebook:
    brands = {f"brand{number}": Brand(handles={"bluesky": handle}) for number, handle in enumerate(handles)}
    return Rulebook(version=1, brands=brands, routes=(Route(name="all", when="always"),))


@pytest.fixture
async def pds(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Pds]:
    async with Pds() as server:
        monkeypatch.setenv("EARNEST_ALLOW_HOSTS", server.url.removeprefix("http://"))
        yield server


@pytest.fixture
def brand(pds: Pds, monkeypatch: pytest.MonkeyPatch) -> Person:
    person = pds.account("brand.test")
    monkeypatch.setenv("EARNEST_SECRET_BLUESKY_READ", person.password)
    return person


@pytest.fixture
def alice(pds: Pds) -> Person:
    return pds.account("alice.test")


@pytest.fixture
async def source(pds: Pds, brand: Person) -> AsyncIterator[Source]:
    made = KIND.make("bluesky", {"service": pds.url}, book(brand.handle))
    yield made
    await made.close()


async def hear(source: Source, cursor: str | None) -> tuple[list[Post], str | None, list[Page]]:
    """Hear all that waits, as the daemon does."""
    pages = [await source.fetch(cursor)]
    while pages[-1].more:
        pages.append(await source.fetch(pages[-1].cursor))
    return [post for page in pages for post in page.posts], pages[-1].cursor, pages


def ago(seconds: float) -> str:
    return stamp(datetime.now(UTC) - timedelta(seconds=seconds))


def texts(posts: list[Post]) -> list[str]:
    return [post.text for post in posts]


async def test_a_mention_arrives_whole(pds: Pds, brand: Person, alice: Person, source: Source) -> None:
    alice.followers, alice.bot = 12_000, True
    ref = pds.post(alice, "Grüße 😡 @brand.test is broken", langs=["en-GB"], tags=["acmefail"])
    (post,) = (await source.fetch(None)).posts
    assert (post.network, post.id, post.version, post.text) == ("bluesky", ref.uri, ref.cid, "Grüße 😡 @brand.test is broken")
    assert (post.author.id, post.author.handle, post.author.bio) == (alice.did, "alice.test", "a person")
    assert (post.author.followers, post.author.bot) == (12_000, True)
    assert post.mentions == (brand.did, "brand.test")
    assert (post.tags, post.language) == (("acmefail",), "en")
    assert (post.thread_id, post.parent_id, post.parent_author_id, post.own) == (ref.uri, None, None, False)
    assert post.url == f"https://bsky.app/profile/alice.test/post/{ref.rkey}"
    assert post.created_at.tzinfo is UTC


async def test_a_reply_knows_its_thread_and_whom_it_answers(pds: Pds, brand: Person, alice: Person, source: Source) -> None:
    start = pds.post(alice, "start")
    ours = pds.post(brand, "ours", reply_to=start)
    pds.post(alice, "and now?", reply_to=ours)
    (post,) = (await source.fetch(None)).posts
    assert (post.thread_id, post.parent_id, post.parent_author_id) == (start.uri, ours.uri, brand.did)


async def test_a_quote_of_ours_speaks_to_us(pds: Pds, brand: Person, alice: Person, source: Source) -> None:
    ours = pds.post(brand, "ours")
    pds.post(alice, "look at this", embed={"$type": "app.bsky.embed.record", "record": ours._asdict()})
    (post,) = (await source.fetch(None)).posts
    assert brand.did in post.mentions


async def test_it_knows_our_own_account(brand: Person, source: Source) -> None:
    account = await source.identify()
    assert account
    assert (account.network, account.id, account.handle) == ("bluesky", brand.did, "brand.test")


async def test_nothing_is_told_twice_and_nothing_left_out(pds: Pds, alice: Person, source: Source) -> None:
    pds.post(alice, "@brand.test one")
    first, cursor, _ = await hear(source, None)
    again, cursor, _ = await hear(source, cursor)
    pds.post(alice, "@brand.test two")
    third, _, _ = await hear(source, cursor)
    assert (texts(first), texts(again), texts(third)) == (["@brand.test one"], [], ["@brand.test two"])


async def test_a_cursor_that_was_never_stored_loses_nothing(pds: Pds, alice: Person, source: Source) -> None:
    pds.post(alice, "@brand.test one")
    first, _, _ = await hear(source, None)
    again, _, _ = await hear(source, None)
    assert texts(first) == texts(again) == ["@brand.test one"]


async def test_many_pages_are_read_back_to_what_is_known(pds: Pds, alice: Person, source: Source) -> None:
    pds.page = 5
    pds.post(alice, "@brand.test old")
    _, cursor, _ = await hear(source, None)
    for number in range(23):
        pds.post(alice, f"@brand.test {number}", at=ago(30 - number))
    posts, cursor, pages = await hear(source, cursor)
    assert sorted(texts(posts)) == sorted(f"@brand.test {number}" for number in range(23))
    assert len(pages) > 3
    assert not any(page.gap for page in pages)
    assert (await hear(source, cursor))[0] == []


async def test_posts_of_the_same_instant_do_not_fall_between_two_pages(pds: Pds, alice: Person, source: Source) -> None:
    pds.page = 4
    _, cursor, _ = await hear(source, None)
    at = ago(30)
    for number in range(3):
        pds.post(alice, f"@brand.test after {number}", at=ago(20 - number))
    for number in range(3):
        pds.post(alice, f"@brand.test at once {number}", at=at)
    assert len((await hear(source, cursor))[0]) == 6


async def test_more_posts_of_one_instant_than_a_page_holds_are_a_gap(pds: Pds, alice: Person, source: Source) -> None:
    _, cursor, _ = await hear(source, None)
    at = ago(30)
    for number in range(103):
        pds.post(alice, f"@brand.test {number}", at=at)
    _, cursor, pages = await hear(source, cursor)
    assert [bool(page.gap) for page in pages].count(True) == 1


async def test_a_post_from_a_slow_clock_is_heard_though_it_stands_below_known_ones(pds: Pds, alice: Person, source: Source) -> None:
    pds.page = 2
    for number in range(6):
        pds.post(alice, f"@brand.test {number}", at=ago(30 - number))
    _, cursor, _ = await hear(source, None)
    pds.post(alice, "@brand.test my clock is slow, and my hand is burned", at=ago(1_200))
    assert "@brand.test my clock is slow, and my hand is burned" in texts((await hear(source, cursor))[0])


@pytest.mark.parametrize("claimed", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00", "2999-01-01T00:00:00Z"])
async def test_a_clock_that_makes_no_sense_harms_nothing(claimed: str, pds: Pds, alice: Person, source: Source) -> None:
    ref = pds.post(alice, "@brand.test hello")
    note = {**notice(alice, ref), "indexedAt": claimed}
    note["record"] |= {"createdAt": claimed}
    pds.answer_next(LIST, 200, {"notifications": [note]})
    (post,) = (await source.fetch(None)).posts
    assert datetime(1970, 1, 1, tzinfo=UTC) <= post.created_at


async def test_an_edit_is_heard(pds: Pds, alice: Person, source: Source) -> None:
    ref = pds.post(alice, "@brand.test lovely")
    first, cursor, _ = await hear(source, None)
    pds.edit(alice, ref, "@brand.test awful")
    (edited,) = (await hear(source, cursor))[0]
    assert (edited.id, edited.text) == (first[0].id, "@brand.test awful")
    assert edited.version != first[0].version


async def test_more_than_can_be_read_is_a_gap(pds: Pds, alice: Person, source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("listener.sources.bluesky._MOST_PAGES", 3)
    pds.page = 2
    pds.post(alice, "@brand.test old", at=ago(60))
    _, cursor, _ = await hear(source, None)
    for number in range(20):
        pds.post(alice, f"@brand.test {number}", at=ago(30 - number))
    posts, cursor, pages = await hear(source, cursor)
    assert len(posts) == 4  # each page begins with the last post of the one before
    assert pages[-1].gap
    assert pages[-1].gap.since is not None
    assert (await hear(source, cursor))[2][0].gap is None


async def test_an_account_that_shows_only_people_it_follows_hears_everybody(pds: Pds, brand: Person, alice: Person, source: Source) -> None:
    brand.followed_only = True
    pds.post(alice, "@brand.test from a stranger")
    assert texts((await hear(source, None))[0]) == ["@brand.test from a stranger"]


@pytest.mark.parametrize(
    "cursor", ["", "nonsense", "[]", '{"seen":5}', "null", '{"seen":"x","known":[],"onward":"","newest":"x","pages":0}']
)
async def test_a_cursor_that_cannot_be_read_is_a_gap_and_a_new_start(cursor: str, pds: Pds, alice: Person, source: Source) -> None:
    pds.post(alice, "@brand.test hello")
    page = await source.fetch(cursor)
    assert texts(list(page.posts)) == ["@brand.test hello"]
    assert page.gap


class TestBluesky(SourceContract):
    """The promises of every source, with the misbehaving proxy in between."""

    @pytest.fixture
    async def scene(self, pds: Pds, brand: Person, alice: Person, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
        async with Proxy(pds.url) as proxy:
            monkeypatch.setenv("EARNEST_ALLOW_HOSTS", proxy.host)
            made = KIND.make("bluesky", {"service": proxy.url}, book(brand.handle))

            async def say(words: str) -> str:
                return pds.post(alice, f"@brand.test {words}").uri

            yield Scene(made, proxy, f"/xrpc/{LIST}", say)
            await made.close()


# ---- signing in


async def test_an_expired_token_is_renewed_once_without_a_new_sign_in(pds: Pds, alice: Person, source: Source) -> None:
    await source.fetch(None)
    pds.expire_tokens()
    pds.post(alice, "@brand.test hello")
    assert texts(list((await source.fetch(None)).posts)) == ["@brand.test hello"]
    calls = [asked.nsid for asked in pds.ledger]
    assert calls.count("com.atproto.server.refreshSession") == 1
    assert calls.count("com.atproto.server.createSession") == 1


async def test_many_at_once_renew_only_once(pds: Pds, source: Source) -> None:
    await source.fetch(None)
    pds.expire_tokens()
    await asyncio.gather(*(source.fetch(None) for _ in range(5)))
    assert [asked.nsid for asked in pds.ledger].count("com.atproto.server.refreshSession") == 1


async def test_a_session_that_was_ended_elsewhere_signs_in_anew(pds: Pds, source: Source) -> None:
    await source.fetch(None)
    pds.revoke_sessions()
    assert (await source.fetch(None)).cursor
    assert [asked.nsid for asked in pds.ledger].count("com.atproto.server.createSession") == 2


@pytest.mark.parametrize(("status", "code"), [(400, "InvalidToken"), (400, "ExpiredToken"), (401, "AuthMissing")])
async def test_a_token_refused_again_and_again_asks_a_person(status: int, code: str, pds: Pds, source: Source) -> None:
    for _ in range(5):
        pds.answer_next(LIST, status, {"error": code, "message": "no"})
    with pytest.raises(SignInNeeded, match=r"brand\.test") as told:
        await source.fetch(None)
    assert "EARNEST_SECRET_BLUESKY_READ" in told.value.hint
    assert [asked.nsid for asked in pds.ledger].count(LIST) == 2


async def test_a_wrong_password_says_what_to_set_and_is_not_tried_again_at_once(pds: Pds, brand: Person, source: Source) -> None:
    brand.password = "changed"
    for _ in range(3):
        with pytest.raises(SignInNeeded) as told:
            await source.fetch(None)
        assert "EARNEST_SECRET_BLUESKY_READ" in told.value.hint
        assert "password-of" not in f"{told.value} {told.value.hint}"
    assert len(pds.ledger) == 1


async def test_a_closed_account_is_said(brand: Person, source: Source) -> None:
    brand.closed = "deactivated"
    with pytest.raises(SignInNeeded, match="deactivated"):
        await source.identify()


def test_without_a_password_it_is_not_made() -> None:
    with pytest.raises(SignInNeeded, match="account") as told:
        KIND.make("bluesky", {}, book("brand.test"))
    assert "EARNEST_SECRET_BLUESKY_READ" in told.value.hint


@pytest.mark.usefixtures("brand")
def test_with_two_brands_it_asks_which_account() -> None:
    with pytest.raises(UsageError, match="which"):
        KIND.make("bluesky", {}, book("a.test", "b.test"))


@pytest.mark.usefixtures("brand")
def test_plain_http_needs_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EARNEST_ALLOW_HOSTS")
    with pytest.raises(UsageError, match="https"):
        KIND.make("bluesky", {"service": "http://127.0.0.1:1"}, book("brand.test"))


# ---- answers that make no sense


def notice(author: Person, ref: Ref) -> dict[str, object]:
    cid, record = author.records[ref.rkey]
    person = {"did": author.did, "handle": author.handle}
    return {
        "uri": ref.uri,
        "cid": cid,
        "author": person,
        "reason": "mention",
        "record": dict(record),
        "indexedAt": stamp(datetime.now(UTC)),
    }


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html>",
        '{"notifications": [',
        "[]",
        "null",
        "{}",
        '{"notifications": {}}',
        '{"notifications": ["x"]}',
        '{"notifications": [], "cursor": 7}',
        '{"notifications": [{"uri": 5}]}',
        "[" * 100_000,
    ],
)
async def test_what_makes_no_sense_is_malformed(body: str, pds: Pds, source: Source) -> None:
    await source.identify()
    pds.answer_next(LIST, 200, body)
    with pytest.raises(Malformed):
        await source.fetch(None)


@pytest.mark.parametrize("session", ["{}", '{"did": 5}', "[]", '{"did": "x", "handle": "y", "accessJwt": "a", "refreshJwt": "b"}'])
async def test_a_session_that_makes_no_sense_is_malformed(session: str, pds: Pds, source: Source) -> None:
    pds.answer_next("com.atproto.server.createSession", 200, session)
    with pytest.raises(Malformed):
        await source.identify()


async def test_one_record_that_cannot_be_read_does_not_hide_the_others(pds: Pds, alice: Person, source: Source) -> None:
    good, bad = pds.post(alice, "@brand.test hello"), pds.post(alice, "@brand.test broken")
    alice.records[bad.rkey][1]["text"] = {"not": "text"}
    page = await source.fetch(None)
    assert [post.id for post in page.posts] == [good.uri]
    assert page.gap
    assert "could not be read" in page.gap.reason
    assert (await source.fetch(page.cursor)).gap is None


async def test_posts_are_heard_also_where_profiles_cannot_be_asked(pds: Pds, alice: Person, source: Source) -> None:
    pds.post(alice, "@brand.test help")
    pds.answer_next("app.bsky.actor.getProfiles", 502, "<html>")
    (post,) = (await source.fetch(None)).posts
    assert (post.text, post.author.followers) == ("@brand.test help", None)


async def test_too_many_requests_say_how_long_to_wait(pds: Pds, source: Source) -> None:
    await source.identify()
    pds.answer_next(LIST, 429, {"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"}, {"Retry-After": "40"})
    with pytest.raises(RateLimited) as told:
        await source.fetch(None)
    assert told.value.retry_after == 40


async def test_a_server_that_is_not_there_is_not_connected(brand: Person, unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARNEST_ALLOW_HOSTS", f"127.0.0.1:{unused_tcp_port}")
    made = KIND.make("bluesky", {"service": f"http://127.0.0.1:{unused_tcp_port}"}, book(brand.handle))
    with pytest.raises(NotConnected):
        await made.fetch(None)
    await made.close()


async def test_what_the_server_says_is_shown_without_escapes(pds: Pds, source: Source) -> None:
    pds.answer_next("com.atproto.server.createSession", 401, {"error": "AuthenticationRequired", "message": "\x1b[31mno"})
    with pytest.raises(SignInNeeded) as told:
        await source.identify()
    assert "\x1b" not in told.value.message


async def test_the_cursor_stays_small(pds: Pds, alice: Person, source: Source) -> None:
    for number in range(30):
        pds.post(alice, f"@brand.test {number}")
    _, cursor, _ = await hear(source, None)
    assert cursor
    assert len(cursor) < 2_000
    assert json.loads(cursor)["seen"]
