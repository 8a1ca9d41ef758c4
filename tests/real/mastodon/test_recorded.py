"""Our source and channel on what Mastodon itself answered (recorded; see tests/servers/mastodon_recorded.py)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import pytest
from yarl import URL

from listener.clock import now
from listener.errors import SignInNeeded
from listener.mastodon_wire import WireAccount, WireNotification, WireStatus, post_of
from listener.model import Post, Visibility
from listener.rules.rulebook import Brand, Route, Rulebook
from listener.sources.mastodon import KIND as SOURCE
from responders.channels.base import Barred, Channel, Refused, Sent, Withdrawn
from responders.channels.mastodon import KIND as CHANNEL
from responders.model import Delivery, DeliveryState, Kind
from tests.servers.mastodon_recorded import Exchange, Recorded, things

BOOK = Rulebook(version=1, brands={"acme": Brand(names=("Acme",))}, routes=(Route(name="all", when="always"),))
STATUS = ("id", "content", "visibility", "account", "in_reply_to_id", "created_at")

Play = Callable[..., Awaitable[Recorded]]


@pytest.fixture
async def play(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Play]:
    async with AsyncExitStack() as stack:

        async def start(*names: str) -> Recorded:
            server = await stack.enter_async_context(Recorded.of(*names))
            monkeypatch.setenv("EARNEST_ALLOW_HOSTS", server.url.removeprefix("http://"))
            monkeypatch.setenv("EARNEST_SECRET_MASTODON_READ", "reading")
            monkeypatch.setenv("EARNEST_SECRET_MASTODON_WRITE", "writing")
            return server

        yield start


def _heard(status: dict[str, Any]) -> Post:
    return post_of(WireStatus.model_validate(status), str(status["id"]), own=False)


def test_every_recorded_status_is_read() -> None:
    found = things(*STATUS)
    assert len(found) > 500
    posts = [_heard(status) for status in found]
    assert all(post.author.handle and post.url and post.version for post in posts)
    assert not any("</" in post.text or "<p>" in post.text for post in posts)
    assert {post.visibility for post in posts} == set(Visibility)
    assert any(post.mentions for post in posts)
    assert any(post.tags for post in posts)
    assert any("https://" in post.text for post in posts)


def test_every_recorded_account_and_notification_is_read() -> None:
    accounts = things("id", "acct", "note", "followers_count")
    assert len(accounts) > 500
    for account in accounts:
        WireAccount.model_validate(account)
    told = [each for each in things("id", "type", "account", "created_at", "group_key") if "status" in each]
    assert told
    for each in told:
        WireNotification.model_validate(each)


async def test_a_real_mention_is_heard(play: Play) -> None:
    server = await play("test_notifications_mentions_only", "test_verify_credentials")
    source = SOURCE.make("mastodon", {"instance": server.url}, BOOK)
    page = await source.fetch(None)
    await source.close()
    assert [post.text for post in page.posts] == ["@mastodonpy_test hello!"]
    (post,) = page.posts
    assert {"mastodonpy_test", "mastodonpy_test@localhost"} <= set(post.mentions)
    (asked,) = [URL(one.partition(" ")[2]).query for one in server.asked if "/api/v1/notifications?" in one]
    assert dict(asked) == {"types[]": "mention", "include_filtered": "true", "limit": "40"}


async def test_a_real_hashtag_timeline_is_heard(play: Play) -> None:
    server = await play("test_hashtag_tl", "test_verify_credentials")
    source = SOURCE.make("art", {"instance": server.url, "tags": ["hoot"]}, BOOK)
    page = await source.fetch(None)
    await source.close()
    assert [(post.text, post.tags) for post in page.posts] == [("#hoot (hashtag toot)", ("hoot",))]


async def test_a_real_refusal_of_a_token_asks_for_another(play: Play) -> None:
    server = await play("test_home_tl_anonymous_throws")
    refusal = next(one for one in server.exchanges if one.status == 401)
    server.exchanges.insert(0, replace(refusal, path="/api/v1/accounts/verify_credentials"))
    source = SOURCE.make("mastodon", {"instance": server.url}, BOOK)
    with pytest.raises(SignInNeeded):
        await source.fetch(None)
    await source.close()


async def test_a_real_refusal_of_a_token_bars_the_account(play: Play) -> None:
    server = await play("test_home_tl_anonymous_throws", "test_verify_credentials", "test_instance")
    refusal = next(one for one in server.exchanges if one.status == 401)
    server.exchanges.insert(0, replace(refusal, method="POST", path="/api/v1/statuses"))
    channel = CHANNEL.make({"instance": server.url}, BOOK)
    parent = replace(_heard(things(*STATUS)[0]), visibility=Visibility.PUBLIC)
    assert isinstance(await channel.send(await _delivery(channel, parent, "hello"), 10.0), Barred)
    await channel.close()


async def _delivery(channel: Channel, parent: Post, words: str, kind: Kind = Kind.PUBLIC) -> Delivery:
    return Delivery(
        id=1,
        case="A-1",
        draft_id=1,
        kind=kind,
        network="mastodon",
        account=(await channel.identify()).id,
        parent=parent,
        visibility=Visibility.UNLISTED,
        text=CHANNEL.address(words, parent, kind),
        key=CHANNEL.new_key(),
        created_at=now(),
        bound="",
        state=DeliveryState.CLAIMED,
    )


async def test_a_real_reply_is_sent_and_found_again(play: Play) -> None:
    server = await play("test_status_reply", "test_instance")
    answers = [one for one in server.exchanges if one.method == "POST"]
    server.exchanges.remove(answers[0])  # the post that is answered
    reply = answers[1].json
    account = reply["account"]["id"]
    server.exchanges.append(Exchange("GET", f"/api/v1/accounts/{account}/statuses", 200, b"[" + answers[1].body + b"]", {}))
    channel = CHANNEL.make({"instance": server.url}, BOOK)
    parent = replace(_heard(answers[0].json), visibility=Visibility.PUBLIC)
    parent = replace(parent, author=replace(parent.author, handle="mastodonpy_test_2"))
    wanted = replace(await _delivery(channel, parent, "same!"), visibility=Visibility(reply["visibility"]))
    sent = await channel.send(wanted, 10.0)
    assert sent == Sent(reply["id"], reply["url"])
    assert await channel.find(wanted) == sent
    await channel.close()


@pytest.mark.parametrize("tape", ["test_status_empty", "test_lang_for_errors"])
async def test_a_real_validation_error_is_a_refusal(play: Play, tape: str) -> None:
    server = await play(tape, "test_verify_credentials", "test_instance")
    channel = CHANNEL.make({"instance": server.url}, BOOK)
    parent = _heard(things(*STATUS)[0])
    result = await channel.send(await _delivery(channel, replace(parent, visibility=Visibility.PUBLIC), "hello"), 10.0)
    assert isinstance(result, Refused)
    await channel.close()


async def test_a_real_post_that_is_gone_is_not_there(play: Play) -> None:
    server = await play("test_status_missing")
    channel = CHANNEL.make({"instance": server.url}, BOOK)
    parent = replace(_heard(things(*STATUS)[0]), id="0")
    assert not (await channel.look(parent)).there
    await channel.close()


async def test_a_real_status_is_withdrawn_and_a_second_time_is_harmless(play: Play) -> None:
    server = await play("test_status_delete_media", "test_verify_credentials")
    told = [one.status for one in server.exchanges if one.method == "DELETE" and "/statuses/" in one.path]
    assert {200, 404} == set(told)
    channel = CHANNEL.make({"instance": server.url}, BOOK)
    parent = _heard(things(*STATUS)[0])
    sent = replace(await _delivery(channel, parent, "hello"), remote_id="117440834327875693")
    assert [await channel.withdraw(sent, 10.0) for _ in told] == [Withdrawn()] * len(told)
    await channel.close()


async def test_a_real_post_and_its_thread_are_looked_at(play: Play) -> None:
    server = await play("test_status", "test_status_context", "test_verify_credentials")
    status = server.told("GET", "/api/v1/statuses/117440830896259821").json
    channel = CHANNEL.make({"instance": server.url}, BOOK)
    post = _heard(status)
    seen = await channel.look(post)
    assert (seen.there, seen.text, seen.version, seen.ours) == (True, post.text, post.version, ())
    await channel.close()


async def test_real_mastodon_is_known_by_what_it_says_of_itself(play: Play) -> None:
    server = await play("test_instance")
    channel = CHANNEL.make({"instance": server.url}, BOOK)
    assert await channel.keyed(Kind.PUBLIC)
    await channel.close()
