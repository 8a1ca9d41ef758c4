"""Our source and channel on what Reddit itself answered (recorded; see tests/servers/reddit_recorded.py)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import pytest

from listener.clock import now
from listener.errors import EarnestError, Malformed, NetworkError, SignInNeeded
from listener.model import Author, Post, Visibility
from listener.reddit_wire import WireEntry, WireThing, post_of, read_thing
from listener.rules.rulebook import Brand, Route, Rulebook
from listener.sources.base import Source
from listener.sources.reddit import KIND as SOURCE
from responders.channels.base import Barred, Channel, Sent, Unknown, Withdrawn
from responders.channels.reddit import KIND as CHANNEL
from responders.model import Delivery, DeliveryState, Kind
from tests.contracts.test_source_contract import drain
from tests.servers.mastodon_recorded import Exchange, Recorded
from tests.servers.reddit_recorded import ME, SIGN_IN, door, of, tapes, things

BOOK = Rulebook(version=1, brands={"acme": Brand(names=("Acme",))}, routes=(Route(name="all", when="always"),))
INBOX, COMMENT, INFO, OWN = "/message/inbox", "/api/comment", "/api/info", "/user/PyAPITestUser2/comments"
NOTHING = b'{"kind": "Listing", "data": {"after": null, "children": [], "before": null}}'

Play = Callable[[Sequence[Exchange]], Awaitable[Recorded]]
Listen = Callable[..., Awaitable[Source]]


def at(path: str, exchanges: Sequence[Exchange]) -> list[Exchange]:
    """Return recorded answers as those to another question of ours: praw asks for some lists by another way."""
    return [replace(one, path=path) for one in exchanges]


def none_at(path: str) -> Exchange:
    return Exchange("GET", path, 200, NOTHING, {})


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
async def play(stack: AsyncExitStack, monkeypatch: pytest.MonkeyPatch) -> Play:
    async def start(exchanges: Sequence[Exchange]) -> Recorded:
        server = await stack.enter_async_context(Recorded([*exchanges, *door()]))
        monkeypatch.setenv("EARNEST_ALLOW_HOSTS", server.url.removeprefix("http://"))
        monkeypatch.setenv("EARNEST_SECRET_REDDIT_READ", "client key token")
        monkeypatch.setenv("EARNEST_SECRET_REDDIT_WRITE", "client key token")
        return server

    return start


@pytest.fixture
async def listen(stack: AsyncExitStack, play: Play) -> Listen:
    async def start(exchanges: Sequence[Exchange], **options: object) -> Source:
        server = await play([*exchanges, none_at(INFO), none_at("/search")])
        source = SOURCE.make("reddit", {"service": server.url, "sign_in": server.url, **options}, BOOK)
        stack.push_async_callback(source.close)
        return source

    return start


def told(exchanges: Sequence[Exchange]) -> dict[str, WireThing]:
    """Return what a reader of these lists was served, but private messages and what is gone."""
    entries = [WireEntry.model_validate(each) for one in exchanges for each in one.json["data"]["children"]]
    read = [read_thing(entry, "a thing") for entry in entries if entry.kind in {"t1", "t3"}]
    return {thing.name: thing for thing in read if not thing.gone}


def test_every_recorded_comment_and_submission_is_read() -> None:
    found = things()
    assert len(found) > 40_000
    posts = []
    for tape, each in found:
        try:
            posts.append(post_of(read_thing(WireEntry.model_validate(each), tape), own=False))
        except Malformed:
            assert "MISMATCH" in json.dumps(each), tape  # written into it by praw's authors
            continue
        where = each["data"].get("permalink") or each["data"].get("context")
        # praw's authors also put "<...>" for what they did not want to publish.
        assert posts[-1].url.startswith("https://www.reddit.com/") or "<" in where, tape
    assert len(found) - len(posts) <= 2
    assert not any("&#x200B;" in post.text for post in posts)


async def test_a_real_stream_of_comments_and_submissions_is_heard_whole(listen: Listen) -> None:
    comments = of("TestSubredditStreams.test_comments", "/r/all/comments")
    submissions = of("TestSubredditStreams.test_submissions", "/r/all/new")
    source = await listen([*comments, *submissions, none_at(INBOX)], subreddits=["all"])
    heard: set[str] = set()
    cursor = None
    for _ in range(len(comments)):
        page = await source.fetch(cursor)
        heard |= {post.id for post in page.posts}
        cursor = page.cursor
    served = told([*comments, *submissions])
    assert len(served) > 500
    assert heard == served.keys()


async def test_a_real_inbox_is_heard_without_its_private_messages(listen: Listen) -> None:
    inbox = of("TestInbox.test_all", INBOX)
    posts, cursor = await drain(source := await listen(inbox), None)
    assert {entry["kind"] for entry in inbox[0].json["data"]["children"]} >= {"t1", "t4"}
    assert {post.id for post in posts} == told(inbox[:1]).keys()
    assert cursor
    assert source.network == "reddit"


async def test_a_real_mention_speaks_to_us(listen: Listen) -> None:
    mentions = at(INBOX, of("TestInbox.test_mentions", "/message/mentions"))
    source = await listen(mentions)
    posts = (await source.fetch(None)).posts
    account = await source.identify()
    assert account
    assert len(posts) == len(told(mentions)) > 10
    assert all(account.id in post.mentions for post in posts)
    assert all(post.parent_id and post.url for post in posts)


async def test_a_real_search_is_heard(listen: Listen) -> None:
    found = at("/search", of("TestSubreddit.test_search", "/r/all/search"))
    posts = (await (await listen([*found, none_at(INBOX)], search=["praw oauth search"])).fetch(None)).posts
    assert {post.id for post in posts} == told(found).keys()
    assert posts


@pytest.mark.parametrize(
    ("tape", "status", "problem"),
    [
        ("TestSubredditQuarantine.test_opt_in", 403, SignInNeeded),
        ("TestSubreddit.test_sticky__not_set", 404, NetworkError),
        ("TestReddit.test_bad_request_without_json_text_plain_response", 400, NetworkError),
        ("TestAuthImplicit.test_implicit__with_invalid_token", 401, SignInNeeded),
    ],
)
async def test_a_real_refusal_is_said(listen: Listen, tape: str, status: int, problem: type[EarnestError]) -> None:
    refusal = next(one for one in tapes()[tape] if one.status == status)
    source = await listen([replace(refusal, method="GET", path="/r/shoes/comments"), none_at(INBOX)], subreddits=["shoes"])
    with pytest.raises(problem) as caught:
        await source.fetch(None)
    assert str(status) in caught.value.message or "r/shoes" in caught.value.message or caught.value.hint


# ---- the channel


@pytest.fixture
async def speak(stack: AsyncExitStack, play: Play) -> Callable[..., Awaitable[Channel]]:
    async def start(*exchanges: Exchange) -> Channel:
        server = await play([*exchanges, none_at(OWN), none_at(INFO)])
        channel = CHANNEL.make({"service": server.url, "sign_in": server.url}, BOOK)
        stack.push_async_callback(channel.close)
        return channel

    return start


async def _reply(channel: Channel, parent_id: str, words: str) -> Delivery:
    parent = Post("reddit", parent_id, "Which?", Author("reddit", "t2_1", "marta"), now(), "t3_1")
    return Delivery(
        id=1,
        case="A-1",
        draft_id=1,
        kind=Kind.PUBLIC,
        network="reddit",
        account=(await channel.identify()).id,
        parent=parent,
        visibility=Visibility.PUBLIC,
        text=words,
        key=CHANNEL.new_key(),
        created_at=now(),
        bound="",
        state=DeliveryState.CLAIMED,
    )


def _written(tape: str) -> tuple[Exchange, dict[str, Any]]:
    (answer,) = of(tape, COMMENT, "POST")
    return answer, answer.json["json"]["data"]["things"][0]["data"]


@pytest.mark.parametrize("tape", ["TestComment.test_reply", "TestSubmission.test_reply"])
async def test_a_real_reply_is_sent_once_and_its_place_is_known(speak: Callable[..., Awaitable[Channel]], play: Play, tape: str) -> None:
    answer, written = _written(tape)
    channel = await speak(answer)
    sent = await channel.send(await _reply(channel, written["parent_id"], written["body"]), 10.0)
    assert isinstance(sent, Sent)
    assert sent.remote_id == written["name"]
    assert sent.url.startswith("https://www.reddit.com/")
    assert play


@pytest.mark.parametrize("tape", ["TestComment.test_reply__none", "TestSubmission.test_reply__none"])
async def test_a_real_answer_that_names_no_comment_is_doubt(speak: Callable[..., Awaitable[Channel]], tape: str) -> None:
    channel = await speak(*of(tape, COMMENT, "POST"))
    assert isinstance(await channel.send(await _reply(channel, "t1_abc", "hello"), 10.0), Unknown)


def _noes() -> list[tuple[str, Exchange]]:
    """Return every recorded "no" to a POST, as a status or within a 200."""
    found = []
    for name, tape in tapes().items():
        for one in tape:
            inside = one.status == 200 and b'"errors": [[' in one.body
            if one.method == "POST" and one.path != SIGN_IN and (inside or one.status >= 400):
                found.append((f"{name} {one.status}", one))
    return found


async def test_no_recorded_no_is_ever_taken_for_sent(speak: Callable[..., Awaitable[Channel]]) -> None:
    noes = _noes()
    assert len(noes) > 30
    for name, no in noes:
        channel = await speak(replace(no, path=COMMENT), none_at("/r/shoes/about"))
        result = await channel.send(await _reply(channel, "t1_abc", "hello"), 10.0)
        assert not isinstance(result, Sent), name
        assert isinstance(result, Barred) == (b"USER_REQUIRED" in no.body), name
        await channel.close()


async def test_a_real_comment_is_deleted(speak: Callable[..., Awaitable[Channel]]) -> None:
    tape = tapes()["TestComment.test_delete"]
    gone = of("TestComment.test_delete", INFO)[0].json["data"]["children"][0]["data"]
    channel = await speak(*[one for one in tape if one.path != SIGN_IN])
    sent = replace(await _reply(channel, "t1_abc", "hello"), remote_id=gone["name"])
    assert await channel.withdraw(sent, 10.0) == Withdrawn()


async def test_who_we_are_is_read_from_every_recorded_account(listen: Listen) -> None:
    accounts = [one for name in tapes() for one in of(name, ME) if one.path == ME and one.status == 200 and b'"<' not in one.body]
    assert accounts
    for one in accounts[:10]:
        account = await (await listen([one])).identify()
        assert account
        assert (account.handle, account.id) == (one.json["name"], f"t2_{one.json['id']}")
