"""Our source and channel against what X itself once answered. The recordings hold people's words, so no test names any."""

from __future__ import annotations

import html
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest
from pydantic import TypeAdapter

from listener import x_wire
from listener.clock import from_text
from listener.errors import Malformed
from listener.model import Author, Post, Visibility
from listener.settings import Secret
from listener.sources.x import X as Source
from listener.x_wire import Options
from responders.channels import _x_messages, _x_verdicts
from responders.channels.base import Refused, Sent, Withdrawn
from responders.channels.x import X as Channel
from responders.model import Delivery, DeliveryState, Kind
from tests.real.x.recorded import Recorded, Replay, at, person, tapes

TOKEN = "a-token"
READERS: dict[tuple[str, str], TypeAdapter[Any]] = {
    ("GET", "/2/users/me"): x_wire.me,
    ("GET", "/2/users/*/mentions"): x_wire.page,
    ("GET", "/2/users/*/tweets"): x_wire.page,
    ("GET", "/2/tweets/search/recent"): x_wire.page,
    ("GET", "/2/tweets/*/quote_tweets"): x_wire.page,
    ("GET", "/2/tweets/*"): x_wire.one,
    ("POST", "/2/tweets"): _x_verdicts._published,  # noqa: SLF001 - the very model that reads it
    ("DELETE", "/2/tweets/*"): _x_verdicts._taken,  # noqa: SLF001
    ("POST", "/2/dm_conversations"): _x_verdicts._message,  # noqa: SLF001
    ("POST", "/2/dm_conversations/*/messages"): _x_verdicts._message,  # noqa: SLF001
    ("POST", "/2/dm_conversations/with/*/messages"): _x_verdicts._message,  # noqa: SLF001
    ("GET", "/2/dm_events"): _x_messages._messages,  # noqa: SLF001
    ("GET", "/2/dm_conversations/*/dm_events"): _x_messages._messages,  # noqa: SLF001
    ("GET", "/2/dm_conversations/with/*/dm_events"): _x_messages._messages,  # noqa: SLF001
}
NEVER_ASKED = {("PUT", "/2/tweets/*/hidden"), ("GET", "/2/tweets")}


@pytest.fixture
async def replay(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Replay]:
    async with Replay() as replay:
        monkeypatch.setenv("EARNEST_ALLOW_HOSTS", replay.url.removeprefix("http://"))
        replay.us = recorded("GET", "/2/users/me").answer["data"]["id"]
        yield replay
        assert not replay.unknown


@pytest.fixture
async def listen(replay: Replay) -> AsyncIterator[Callable[..., Source]]:
    made: list[Source] = []

    def make(query: str = "") -> Source:
        made.append(Source("x", Options(service=replay.url, query=query), (), Secret(TOKEN)))
        return made[-1]

    yield make
    for source in made:
        await source.close()


@pytest.fixture
async def channel(replay: Replay) -> AsyncIterator[Channel]:
    channel = Channel(replay.url, Secret(TOKEN), ())
    yield channel
    await channel.close()


def recorded(method: str, place: str) -> Recorded:
    return next(one for one in tapes() if (one.method, one.place) == (method, place))


def post(post_id: str, us: str) -> Post:
    author = Author("x", person(), "somebody")
    moment = from_text(at(post_id))
    return Post("x", post_id, "hello", author, moment, post_id, "https://x.com", Visibility.PUBLIC, mentions=(us,), version=post_id)


def delivery(parent: Post, us: str, kind: Kind, words: str) -> Delivery:
    seen = Visibility.PUBLIC if kind is Kind.PUBLIC else Visibility.DIRECT
    return Delivery(1, "A-1", 1, kind, "x", us, parent, seen, words, "key", parent.created_at, "", DeliveryState.CLAIMED)


def test_our_models_read_every_recorded_answer() -> None:
    read = set()
    for one in tapes():
        if (one.method, one.place) in NEVER_ASKED:
            continue
        answer = Replay(us="2")._dress(one)  # noqa: SLF001 - what the server would answer
        x_wire.read(READERS[one.method, one.place], answer, one.tape)
        read.add((one.method, one.place))
    assert read == set(READERS)


def test_every_recorded_post_is_read_by_its_words_and_versions() -> None:
    posts = [post for one in tapes() if one.method == "GET" for post in _listed(one.answer) if "edit_history_tweet_ids" in post]
    for bare in posts:
        whole = {**Replay()._more(bare), **bare}  # noqa: SLF001
        wire = x_wire.read(x_wire.single, whole, "a post")
        assert (wire.id, wire.text) == (bare["id"], html.unescape(bare["text"]))
        assert wire.history == tuple(bare["edit_history_tweet_ids"])
    assert len(posts) > 20


def _listed(answer: Any) -> list[Any]:  # noqa: ANN401 - JSON
    data = answer.get("data", [])
    return data if isinstance(data, list) else [data]


async def test_recorded_mentions_and_finds_are_heard(replay: Replay, listen: Callable[..., Source]) -> None:
    source = listen("Tweepy")
    me = recorded("GET", "/2/users/me").answer["data"]
    account = await source.identify()
    assert (account.id, account.handle) == (me["id"], me["username"])
    page = await source.fetch(None)
    mentions, found = (recorded("GET", place).answer for place in ("/2/users/*/mentions", "/2/tweets/search/recent"))
    said = {one["id"]: html.unescape(one["text"]) for one in mentions["data"] + found["data"]}
    assert {one.id: one.text for one in page.posts} == said
    assert [one.created_at for one in page.posts] == sorted(one.created_at for one in page.posts)
    marks = json.loads(page.cursor or "")
    assert (marks["mentions"], marks["search"]) == (mentions["meta"]["newest_id"], found["meta"]["newest_id"])
    assert page.gap is None
    again = await source.fetch(page.cursor)
    assert again.posts == ()
    tokens = {query.get("pagination_token") or query.get("next_token") for _, _, query, _ in replay.asked}
    assert {mentions["meta"]["next_token"], found["meta"]["next_token"]} <= tokens


async def test_posts_without_what_was_asked_for_are_said_to_make_no_sense(replay: Replay, listen: Callable[..., Source]) -> None:
    replay.dressed = False
    with pytest.raises(Malformed, match="author_id"):
        await listen().fetch(None)
    asked = [query for _, path, query, _ in replay.asked if path.endswith("/mentions")]
    assert ["post.fields" in asked[0], "tweet.fields" in asked[1], len(asked)] == [True, True, 2]


async def test_a_recorded_reply_is_published_and_withdrawn(replay: Replay, channel: Channel) -> None:
    told = recorded("POST", "/2/tweets")
    parent = post(recorded("GET", "/2/tweets/*").answer["data"]["id"], replay.us)
    wanted = delivery(parent, (await channel.identify()).id, Kind.PUBLIC, "Here we are.")
    sent = await channel.send(wanted, 10.0)
    assert isinstance(sent, Sent)
    assert sent.remote_id == told.answer["data"]["id"]
    assert replay.asked[-1][3] == {"text": wanted.text, "reply": {"in_reply_to_tweet_id": parent.id}}
    assert set(told.asked) <= set(replay.asked[-1][3])  # type: ignore[call-overload]
    gone = replace(wanted, remote_id=sent.remote_id, state=DeliveryState.SENT)
    assert isinstance(await channel.withdraw(gone, 10.0), Withdrawn)


async def test_a_recorded_post_is_looked_at_and_has_no_answer_of_ours(replay: Replay, channel: Channel) -> None:
    told = recorded("GET", "/2/tweets/*").answer["data"]
    seen = await channel.look(post(told["id"], replay.us))
    assert (seen.there, seen.version, seen.text) == (True, told["id"], html.unescape(told["text"]))
    assert seen.ours == ()
    timeline = [path for _, path, _, _ in replay.asked if path.endswith("/tweets")]
    assert timeline == [f"/2/users/{replay.us}/tweets"] * 2


async def test_a_recorded_message_is_written_to_whoever_wrote_first(replay: Replay, channel: Channel) -> None:
    events = recorded("GET", "/2/dm_conversations/with/*/dm_events").answer["data"]
    told = recorded("POST", "/2/dm_conversations/with/*/messages")
    us = (await channel.identify()).id
    wanted = delivery(post(events[-1]["id"], us), us, Kind.PRIVATE, events[0]["text"])
    replay.ours = [one["id"] for one in events]
    first = await channel.send(wanted, 10.0)
    assert isinstance(first, Refused)
    assert "not written us" in first.reason
    replay.ours = [events[0]["id"]]
    made = told.answer["data"]
    sent = await channel.send(wanted, 10.0)
    assert sent == Sent(made["dm_event_id"], f"https://x.com/messages/{made['dm_conversation_id']}")
    assert set(replay.asked[-1][3] or ()) == set(told.asked or ())  # type: ignore[call-overload]
    assert await channel.find(wanted) == Sent(events[0]["id"], "https://x.com/messages/1-2")
