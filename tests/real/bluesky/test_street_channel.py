"""Bluesky's real code: what our source hears, what our channel says, and that it stands there once.

Run by name, since it needs install.sh: pytest tests/real/bluesky/test_street_channel.py
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from listener.errors import NetworkError, SignInNeeded
from listener.matching import Matcher
from listener.model import Post, Visibility
from listener.rules.rulebook import Brand, Route, Rulebook
from listener.settings import secret
from listener.sources import bluesky as hearing
from listener.sources.base import Source
from responders.channels import bluesky as speaking
from responders.channels._bluesky_session import WritingSession
from responders.channels.base import Channel, Refused, Sent, Unknown, Unsent, Withdrawn
from responders.model import Delivery, DeliveryState, Kind
from tests.real.bluesky.devnet import Account, DevNet, Json, Ref, now
from tests.servers.proxy import AFTER_STORING, RESET, Fault, Proxy
from tests.street import Hands

POST = "app.bsky.feed.post"
_NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def net() -> Iterator[DevNet]:
    with DevNet(rate_limits=True) as running:
        yield running


@dataclass(frozen=True, slots=True)
class Street:
    """A brand with its source and channel, and a customer."""

    net: DevNet
    brand: Account
    alice: Account
    book: Rulebook
    source: Source
    channel: Channel

    async def hear(self, cursor: str | None = None) -> tuple[list[Post], str | None]:
        """Hear all that waits, once the network knows it."""
        await self.net.settle()
        pages = [await self.source.fetch(cursor)]
        while pages[-1].more:
            pages.append(await self.source.fetch(pages[-1].cursor))
        assert not any(page.gap for page in pages)
        return [post for page in pages for post in page.posts], pages[-1].cursor

    async def asked(self, text: str = "my router is broken 😡") -> Post:
        """Let the customer ask, and hear it."""
        await self.net.post(self.alice, f"@{self.brand.handle} {text}")
        (post,), _ = await self.hear()
        return post

    def reply(self, parent: Post, text: str = "Sorry about that. What happened?") -> Delivery:
        return Delivery(
            id=1,
            case="A-1",
            draft_id=1,
            kind=Kind.PUBLIC,
            network="bluesky",
            account=self.brand.did,
            parent=parent,
            visibility=Visibility.PUBLIC,
            text=text,
            key=speaking.KIND.new_key(),
            created_at=datetime.now(UTC),
            bound="",
            state=DeliveryState.CLAIMED,
        )

    async def under(self, post: Post) -> list[Json]:
        """What a visitor sees below a post."""
        return [one["post"] for one in (await self.net.thread(post.id))["replies"]]


async def app_password(net: DevNet, account: Account) -> str:
    answer = await net.call("POST", "com.atproto.server.createAppPassword", token=account.access_jwt, body={"name": "earnest"})
    return str(answer.body["password"])


@asynccontextmanager
async def signed_in_through(proxy: Proxy, street: Street, clock: Hands) -> AsyncIterator[WritingSession]:
    """A session of the brand that reaches the server through `proxy` and is signed in."""
    password = secret("bluesky_write")
    assert password
    session = WritingSession(proxy.url, street.brand.handle, password, "bluesky_write", clock)
    try:
        await session.account()
        yield session
    finally:
        await session.close()


@pytest.fixture
async def street(net: DevNet, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Street]:
    # New people for each test, so that none sees another's posts.
    number = next(_NUMBERS)
    brand, alice = await net.create_account(f"brand{number}"), await net.create_account(f"alice{number}")
    monkeypatch.setenv("EARNEST_ALLOW_HOSTS", net.pds_url.removeprefix("http://"))
    password = await app_password(net, brand)
    monkeypatch.setenv("EARNEST_SECRET_BLUESKY_READ", password)
    monkeypatch.setenv("EARNEST_SECRET_BLUESKY_WRITE", password)
    brands = {"acme": Brand(handles={"bluesky": brand.handle})}
    book = Rulebook(version=1, brands=brands, routes=(Route(name="all", when="always"),))
    options = {"service": net.pds_url}
    made = Street(net, brand, alice, book, hearing.KIND.make("bluesky", options, book), speaking.KIND.make(options, book))
    yield made
    await made.source.close()
    await made.channel.close()


async def test_a_mention_is_heard_and_the_reply_stands_under_it_once(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    post = await street.asked()
    account = await street.source.identify()
    assert account
    (mention,) = Matcher(street.book.brands).match(post, [account])
    assert mention.addressed
    assert (await street.channel.look(post)).version == post.version

    sent = await street.channel.send(street.reply(post), 20)
    assert isinstance(sent, Sent)
    (shown,) = await street.under(post)
    assert (shown["uri"], shown["record"]["text"]) == (sent.remote_id, "Sorry about that. What happened?")
    assert (await street.channel.look(post)).ours == (sent.remote_id,)
    monkeypatch.setattr(speaking, "_OWN_PAGES", 0)  # as for an account that wrote very much since
    assert (await street.channel.look(post)).ours == (sent.remote_id,)
    # And our own words come back to nobody's inbox but the customer's.
    assert [one.id for one in (await street.hear())[0]] == [post.id]


async def test_the_same_reply_twice_stands_once(street: Street) -> None:
    reply = street.reply(await street.asked())
    first, second = await street.channel.send(reply, 20), await street.channel.send(reply, 20)
    assert isinstance(first, Sent)
    assert first == second
    assert len(await street.under(reply.parent)) == 1


async def test_after_a_crash_the_reply_is_found_by_its_key(street: Street) -> None:
    reply = street.reply(await street.asked())
    assert await street.channel.find(reply) is None
    await street.channel.send(reply, 20)  # and the answer is lost with the process
    anew = speaking.KIND.make({"service": street.net.pds_url}, street.book)
    found = await anew.find(reply)
    await anew.close()
    assert isinstance(found, Sent)
    assert [shown["uri"] for shown in await street.under(reply.parent)] == [found.remote_id]


@pytest.mark.parametrize("fault", AFTER_STORING, ids=lambda fault: fault.name)
async def test_stored_then_misbehaved_is_doubt_until_the_look_finds_it(
    fault: Fault, street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    reply = street.reply(await street.asked())
    async with Proxy(street.net.pds_url) as proxy, AsyncExitStack() as closing:
        monkeypatch.setenv("EARNEST_ALLOW_HOSTS", proxy.host)
        channel = speaking.KIND.make({"service": proxy.url}, street.book)
        closing.push_async_callback(channel.close)
        await channel.identify()
        proxy.once("POST", "/xrpc/com.atproto.repo.putRecord", fault)
        assert isinstance(await channel.send(reply, 3), Unknown)
        proxy.honest()
        found = await channel.find(reply)
        assert isinstance(found, Sent)
        assert await channel.send(reply, 20) == found
    assert [shown["uri"] for shown in await street.under(reply.parent)] == [found.remote_id]


async def test_a_reply_is_withdrawn_for_everybody_and_twice_is_harmless(street: Street) -> None:
    reply = street.reply(await street.asked())
    sent = await street.channel.send(reply, 20)
    assert isinstance(sent, Sent)
    assert len(await street.under(reply.parent)) == 1
    for _ in range(2):
        assert await street.channel.withdraw(replace(reply, remote_id=sent.remote_id), 20) == Withdrawn()
        assert (await street.channel.look(reply.parent)).ours == ()
        assert await street.channel.find(reply) is None
    await street.net.settle()
    assert await street.under(reply.parent) == []


async def test_a_renewed_token_writes_and_twenty_ask_for_one(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    reply = street.reply(await street.asked())
    clock = Hands()
    async with Proxy(street.net.pds_url) as proxy, AsyncExitStack() as closing:
        monkeypatch.setenv("EARNEST_ALLOW_HOSTS", proxy.host)
        session = await closing.enter_async_context(signed_in_through(proxy, street, clock))
        clock.forward(minutes=116)
        assert len({(await one).id for one in asyncio.as_completed([session.account() for _ in range(20)])}) == 1
        assert isinstance(await speaking.Bluesky(session).send(reply, 20), Sent)
        assert len(proxy.asked("POST", "/xrpc/com.atproto.server.refreshSession")) == 1
        assert len(proxy.asked("POST", "/xrpc/com.atproto.server.createSession")) == 1


async def test_a_renewal_lost_after_it_was_carried_out_can_be_made_again(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    reply = street.reply(await street.asked())
    clock = Hands()
    async with Proxy(street.net.pds_url) as proxy, AsyncExitStack() as closing:
        monkeypatch.setenv("EARNEST_ALLOW_HOSTS", proxy.host)
        session = await closing.enter_async_context(signed_in_through(proxy, street, clock))
        clock.forward(hours=3)
        proxy.once("POST", "/xrpc/com.atproto.server.refreshSession", RESET)
        assert isinstance(await speaking.Bluesky(session).send(reply, 20), Unsent)
        assert isinstance(await speaking.Bluesky(session).send(reply, 20), Sent)
        assert len(proxy.asked("POST", "/xrpc/com.atproto.server.createSession")) == 1


async def test_another_text_under_the_same_key_changes_nothing(street: Street) -> None:
    reply = street.reply(await street.asked())
    await street.channel.send(reply, 20)
    other = replace(reply, text="Something else")
    assert isinstance(await street.channel.send(other, 20), Unknown)
    with pytest.raises(NetworkError, match="another record"):
        await street.channel.find(other)
    assert [shown["record"]["text"] for shown in await street.under(reply.parent)] == [reply.text]


async def test_a_deleted_post_gets_no_reply(street: Street) -> None:
    reply = street.reply(await street.asked())
    await street.net.delete(street.alice, reply.parent.id)
    await street.net.settle()
    assert not (await street.channel.look(reply.parent)).there
    assert isinstance(await street.channel.send(reply, 20), Unsent)
    assert await street.channel.find(reply) is None


async def test_an_edited_post_is_heard_again_and_no_longer_the_one_approved(street: Street) -> None:
    await street.net.post(street.alice, f"@{street.brand.handle} lovely")
    (post,), cursor = await street.hear()
    body = {"repo": street.alice.did, "collection": POST, "rkey": Ref(post.id, "").rkey}
    old = (await street.net.call("GET", "com.atproto.repo.getRecord", params=body)).body["value"]
    await street.net.call(
        "POST",
        "com.atproto.repo.putRecord",
        token=street.alice.access_jwt,
        body={**body, "record": old | {"text": f"@{street.brand.handle} awful"}},
    )
    (edited,), _ = await street.hear(cursor)
    assert (edited.id, edited.text) == (post.id, f"@{street.brand.handle} awful")
    now_there = await street.channel.look(post)
    assert now_there.version == edited.version != post.version
    assert isinstance(await street.channel.send(street.reply(post), 20), Unsent)


async def test_who_takes_no_replies_or_blocked_us_gets_none(street: Street) -> None:
    post = await street.asked()
    token = street.alice.access_jwt
    gate = {"$type": "app.bsky.feed.threadgate", "post": post.id, "allow": [], "createdAt": now()}
    order = {"repo": street.alice.did, "collection": "app.bsky.feed.threadgate", "rkey": Ref(post.id, "").rkey, "record": gate}
    await street.net.call("POST", "com.atproto.repo.createRecord", token=token, body=order)
    await street.net.settle()
    assert (await street.channel.look(post)).reason == "its author does not let us reply"
    block = {"$type": "app.bsky.graph.block", "subject": street.brand.did, "createdAt": now()}
    order = {"repo": street.alice.did, "collection": "app.bsky.graph.block", "record": block}
    await street.net.call("POST", "com.atproto.repo.createRecord", token=token, body=order)
    await street.net.settle()
    assert not (await street.channel.look(post)).there


async def test_a_thread_keeps_its_root_and_knows_whom_it_answers(street: Street) -> None:
    start = await street.net.post(street.alice, "who makes good routers?")
    ours = await street.net.post(street.brand, "we do", start)
    await street.net.settle()  # the network tells of an answer only where it knows the answered post already
    await street.net.post(street.alice, "do you?", ours)
    (post,), _ = await street.hear()
    assert (post.thread_id, post.parent_id, post.parent_author_id) == (start.uri, ours.uri, street.brand.did)
    assert isinstance(await street.channel.send(street.reply(post), 20), Sent)
    (shown,) = await street.under(post)
    assert shown["record"]["reply"]["root"] == {"uri": start.uri, "cid": start.cid}


async def test_a_quote_of_ours_is_heard_as_spoken_to_us(street: Street) -> None:
    ours = await street.net.post(street.brand, "new router out now")
    record = {"$type": POST, "text": "look", "createdAt": now(), "embed": {"$type": "app.bsky.embed.record", "record": ours._asdict()}}
    body = {"repo": street.alice.did, "collection": POST, "record": record}
    await street.net.call("POST", "com.atproto.repo.createRecord", token=street.alice.access_jwt, body=body)
    (post,), _ = await street.hear()
    account = await street.source.identify()
    assert account
    assert Matcher(street.book.brands).match(post, [account])


async def test_nothing_falls_between_pages_or_below_known_posts(street: Street) -> None:
    await street.net.post(street.alice, f"@{street.brand.handle} the first")
    _, cursor = await street.hear()
    base = datetime.now(UTC) - timedelta(minutes=10)
    # Thirty posts of one instant lie across the end of the first page of 100; all lie below the one that is known already.
    times = [base + timedelta(milliseconds=max(0, number - 30)) for number in range(120)]
    facet = {"index": {"byteStart": 0, "byteEnd": 5}, "features": [{"$type": "app.bsky.richtext.facet#mention", "did": street.brand.did}]}
    writes = [
        {
            "$type": "com.atproto.repo.applyWrites#create",
            "collection": POST,
            "value": {
                "$type": POST,
                "text": f"@acme {number}",
                "createdAt": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                "facets": [facet],
            },
        }
        for number, at in enumerate(times)
    ]
    body = {"repo": street.alice.did, "writes": writes}
    answer = await street.net.call("POST", "com.atproto.repo.applyWrites", token=street.alice.access_jwt, body=body)
    assert answer.status == 200
    posts, cursor = await street.hear(cursor)
    assert {post.text for post in posts} == {f"@acme {number}" for number in range(120)}
    assert (await street.hear(cursor))[0] == []


async def test_links_and_handles_of_a_reply_lead_where_they_should(street: Street) -> None:
    text = f"Größe 😔 @{street.alice.handle} https://acme.test/hilfe(a). @nobody.test"
    reply = street.reply(await street.asked(), text)
    assert isinstance(await street.channel.send(reply, 20), Sent)
    (shown,) = await street.under(reply.parent)
    marked = {}
    for facet in shown["record"]["facets"]:
        (feature,) = facet["features"]
        part = text.encode()[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode()
        marked[part] = feature.get("uri") or feature.get("did")
    assert marked == {f"@{street.alice.handle}": street.alice.did, "https://acme.test/hilfe(a)": "https://acme.test/hilfe(a)"}


@pytest.mark.parametrize(
    "text",
    ["x" * 300, "👨‍👩‍👧‍👦" * 120, "क्षि" * 200, "각" * 300, "e\u0301" * 300, "\r\n" * 10 + "ก็" * 290],
    ids=["letters", "families", "hindi", "korean", "accents", "thai"],
)
async def test_what_we_count_as_fitting_the_network_takes(text: str, street: Street) -> None:
    assert speaking.KIND.limits(Kind.PUBLIC).problem(text) == ""
    assert isinstance(await street.channel.send(street.reply(await street.asked(), text), 20), Sent)


async def test_a_key_that_is_none_is_refused(street: Street) -> None:
    reply = replace(street.reply(await street.asked()), key="not-a-tid")
    assert isinstance(await street.channel.send(reply, 20), Refused)
    assert await street.under(reply.parent) == []


async def test_a_wrong_password_asks_a_person(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARNEST_SECRET_BLUESKY_WRITE", "wrong")
    made = speaking.KIND.make({"service": street.net.pds_url}, street.book)
    with pytest.raises(SignInNeeded, match="Invalid identifier or password"):
        await made.identify()
    await made.close()
