"""What the Bluesky channel promises, against a small honest server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from listener.errors import NetworkError, SignInNeeded
from listener.model import Post, Visibility
from responders.channels.base import Barred, Channel, Refused, Sent, Unknown, Unsent, Withdrawn
from responders.channels.bluesky import KIND
from responders.model import Delivery, DeliveryState, Kind
from tests.contracts.test_channel_contract import ChannelContract, Stage
from tests.servers.pds import Pds
from tests.servers.pds_people import Person
from tests.servers.pds_records import POSTS, Ref
from tests.servers.pds_stage import BOOK, DELETE, NOW, PUT, heard, stage_on
from tests.servers.proxy import HANG, Proxy


@pytest.fixture
async def pds(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Pds]:
    async with Pds() as server:
        monkeypatch.setenv("EARNEST_ALLOW_HOSTS", server.url.removeprefix("http://"))
        yield server


@pytest.fixture
def brand(pds: Pds, monkeypatch: pytest.MonkeyPatch) -> Person:
    person = pds.account("brand.test")
    monkeypatch.setenv("EARNEST_SECRET_BLUESKY_WRITE", person.password)
    return person


@pytest.fixture
def alice(pds: Pds) -> Person:
    return pds.account("alice.test")


@pytest.fixture
async def channel(pds: Pds, brand: Person) -> AsyncIterator[Channel]:
    assert brand
    made = KIND.make({"service": pds.url}, BOOK)
    yield made
    await made.close()


@pytest.fixture
def asked(pds: Pds, alice: Person) -> Post:
    return heard(alice, pds.post(alice, "@brand.test help"))


@pytest.fixture
def reply(brand: Person, asked: Post) -> Delivery:
    return Delivery(
        id=1,
        case="A-1",
        draft_id=1,
        kind=Kind.PUBLIC,
        network="bluesky",
        account=brand.did,
        parent=asked,
        visibility=Visibility.PUBLIC,
        text="Sorry about that. What happened?",
        key=KIND.new_key(),
        created_at=NOW,
        bound="",
        state=DeliveryState.CLAIMED,
    )


def stands(pds: Pds, reply: Delivery) -> list[dict[str, object]]:
    return pds.replies_to(Ref(reply.parent.id, ""))


async def test_a_reply_stands_under_the_post_once_with_its_key_and_time(pds: Pds, brand: Person, channel: Channel, reply: Delivery) -> None:
    sent = await channel.send(reply, 10)
    assert sent == Sent(f"at://{brand.did}/{POSTS}/{reply.key}", f"https://bsky.app/profile/brand.test/post/{reply.key}")
    ref = {"uri": reply.parent.id, "cid": reply.parent.version}
    assert stands(pds, reply) == [
        {
            "$type": POSTS,
            "text": reply.text,
            "createdAt": "2026-11-20T12:00:00.123000Z",
            "reply": {"root": ref, "parent": ref},
        }
    ]
    assert len(pds.written()) == 1


async def test_a_reply_deep_in_a_thread_names_the_first_post_even_if_that_is_gone(
    pds: Pds, brand: Person, alice: Person, channel: Channel, reply: Delivery
) -> None:
    start = pds.post(alice, "start")
    ours = pds.post(brand, "ours", reply_to=start)
    deep = pds.post(alice, "and now?", reply_to=ours)
    pds.delete(alice, start)
    assert isinstance(await channel.send(replace(reply, parent=heard(alice, deep)), 10), Sent)
    (record,) = pds.replies_to(deep)
    assert record["reply"]["root"] == start._asdict()


async def test_links_and_handles_are_marked_by_bytes(pds: Pds, alice: Person, channel: Channel, reply: Delivery) -> None:
    text = "Größe 😔 @alice.test: https://acme.test/hilfe(a). @nobody.test"
    assert isinstance(await channel.send(replace(reply, text=text), 10), Sent)
    (record,) = stands(pds, reply)
    assert record["text"] == text
    marked = {}
    for facet in record["facets"]:  # type: ignore[attr-defined]
        index = facet["index"]
        (feature,) = facet["features"]
        marked[text.encode()[index["byteStart"] : index["byteEnd"]].decode()] = feature.get("uri") or feature.get("did")
    assert marked == {"@alice.test": alice.did, "https://acme.test/hilfe(a)": "https://acme.test/hilfe(a)"}


class TestBluesky(ChannelContract):
    """The promises of every channel, with the misbehaving proxy in between."""

    @pytest.fixture
    async def stage(self, pds: Pds, brand: Person, alice: Person, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
        async with Proxy(pds.url) as proxy:
            monkeypatch.setenv("EARNEST_ALLOW_HOSTS", proxy.host)
            async with stage_on(pds, proxy, brand, alice) as stage:
                yield stage


# ---- what stands there now


async def test_it_sees_the_post_as_it_is_now(pds: Pds, alice: Person, channel: Channel, asked: Post) -> None:
    seen = await channel.look(asked)
    assert (seen.there, seen.text, seen.version, seen.ours) == (True, asked.text, asked.version, ())
    edited = pds.edit(alice, Ref(asked.id, asked.version), "@brand.test never mind")
    seen = await channel.look(asked)
    assert (seen.text, seen.version) == ("@brand.test never mind", edited.cid)


async def test_it_sees_that_we_answered_already(pds: Pds, brand: Person, alice: Person, channel: Channel, asked: Post) -> None:
    pds.post(alice, "me too", reply_to=Ref(asked.id, asked.version))
    assert (await channel.look(asked)).ours == ()
    by_hand = pds.post(brand, "done by hand", reply_to=Ref(asked.id, asked.version))
    for number in range(120):
        pds.post(brand, f"another {number}")
    assert (await channel.look(asked)).ours == (by_hand.uri,)


@pytest.mark.parametrize("answered", [True, False])
async def test_it_sees_an_old_answer_behind_very_many_newer_posts_of_ours(
    answered: bool,  # noqa: FBT001 - a case of the table
    pds: Pds,
    brand: Person,
    channel: Channel,
    asked: Post,
) -> None:
    by_hand = [pds.post(brand, "done by hand", reply_to=Ref(asked.id, asked.version)).uri] if answered else []
    for number in range(505):
        pds.post(brand, f"another {number}")
    assert list((await channel.look(asked)).ours) == by_hand


async def test_a_look_goes_to_the_account_that_was_approved(
    pds: Pds, channel: Channel, reply: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = await channel.send(reply, 10)
    assert isinstance(sent, Sent)
    other = pds.account("other.test")
    monkeypatch.setenv("EARNEST_SECRET_BLUESKY_WRITE", other.password)
    stranger = KIND.make({"service": pds.url, "handle": other.handle}, BOOK)
    found = await stranger.find(reply)
    await stranger.close()
    assert found
    assert found.remote_id == sent.remote_id


async def test_a_deleted_post_is_not_there(pds: Pds, alice: Person, channel: Channel, reply: Delivery) -> None:
    pds.delete(alice, Ref(reply.parent.id, ""))
    assert not (await channel.look(reply.parent)).there
    assert isinstance(await channel.send(reply, 10), Unsent)
    assert pds.written() == []


async def test_who_blocked_us_or_takes_no_replies_gets_none(pds: Pds, brand: Person, alice: Person, channel: Channel, asked: Post) -> None:
    pds.gated.add(asked.id)
    seen = await channel.look(asked)
    assert (seen.there, seen.reason) == (False, "its author does not let us reply")
    pds.blocks.add((alice.did, brand.did))
    assert not (await channel.look(asked)).there


async def test_a_post_edited_at_the_last_moment_is_not_answered(pds: Pds, alice: Person, channel: Channel, reply: Delivery) -> None:
    pds.edit(alice, Ref(reply.parent.id, ""), "@brand.test my father died")
    assert isinstance(await channel.send(reply, 10), Unsent)
    assert pds.written() == []


@pytest.mark.parametrize("body", ["", "[]", '{"posts": [{}]}', '{"posts": 5}', "<html>"])
async def test_a_look_that_makes_no_sense_sends_nothing(body: str, pds: Pds, channel: Channel, reply: Delivery) -> None:
    await channel.identify()
    for _ in range(2):
        pds.answer_next("app.bsky.feed.getPosts", 200, body)
    with pytest.raises(NetworkError):
        await channel.look(reply.parent)
    assert isinstance(await channel.send(reply, 10), Unsent)
    assert pds.written() == []


# ---- doubt, and how it is settled


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (504, "<html>"),
        (500, {"error": "InternalServerError", "message": "Internal Server Error"}),
        (502, ""),
        (200, ""),
        (200, '{"uri": "at://'),
        (200, {}),
        (200, []),
        (200, {"uri": 5}),
        (200, {"uri": "at://did:plc:somebody/app.bsky.feed.post/else"}),
        (400, "nobody knows why"),
        (400, {"error": "InvalidRequest", "message": "something new"}),
        (403, {"error": "Forbidden", "message": "no"}),
        (409, ""),
    ],
)
async def test_stored_but_not_said_is_doubt_until_it_is_found(
    status: int, body: object, pds: Pds, channel: Channel, reply: Delivery
) -> None:
    pds.answer_next(PUT, status, body, carried_out=True)
    assert isinstance(await channel.send(reply, 10), Unknown)
    assert len(pds.written()) == 1
    found = await channel.find(reply)
    assert isinstance(found, Sent)
    assert await channel.send(reply, 10) == found
    assert len(stands(pds, reply)) == 1


async def test_not_stored_and_not_said_is_found_missing_and_sent_with_the_same_key(pds: Pds, channel: Channel, reply: Delivery) -> None:
    pds.answer_next(PUT, 504, "<html>")
    assert isinstance(await channel.send(reply, 10), Unknown)
    assert await channel.find(reply) is None
    assert isinstance(await channel.send(reply, 10), Sent)
    assert len(stands(pds, reply)) == 1


async def test_a_different_record_under_the_key_is_never_overwritten(pds: Pds, channel: Channel, reply: Delivery) -> None:
    await channel.send(reply, 10)
    other = replace(reply, text="Something else")
    assert isinstance(await channel.send(other, 10), Unknown)
    with pytest.raises(NetworkError, match="another record"):
        await channel.find(other)
    (record,) = stands(pds, reply)
    assert record["text"] == reply.text


async def test_a_look_that_fails_says_nothing(pds: Pds, channel: Channel, reply: Delivery) -> None:
    await channel.identify()
    pds.answer_next("com.atproto.repo.getRecord", 502, "<html>")
    with pytest.raises(NetworkError):
        await channel.find(reply)


async def test_a_server_too_slow_to_be_read_from_is_no_doubt_because_nothing_was_sent(
    pds: Pds, reply: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Proxy(pds.url) as proxy:
        monkeypatch.setenv("EARNEST_ALLOW_HOSTS", proxy.host)
        made = KIND.make({"service": proxy.url}, BOOK)
        await made.identify()
        proxy.always("GET", "/xrpc/app.bsky.feed.getPosts", HANG)
        assert isinstance(await made.send(reply, 0.2), Unsent)
        proxy.honest()
        await made.close()
    assert pds.written() == []


# ---- a plain no


@pytest.mark.parametrize("text", ["x" * 301, "👨‍👩‍👧‍👦" * 121, "", "\ud83d"])
async def test_a_text_that_does_not_fit_is_refused_before_it_leaves(text: str, pds: Pds, channel: Channel, reply: Delivery) -> None:
    assert isinstance(await channel.send(replace(reply, text=text), 10), Refused)
    assert pds.written() == []


async def test_a_record_that_the_server_checks_and_rejects_is_refused(pds: Pds, channel: Channel, reply: Delivery) -> None:
    answer = await channel.send(replace(reply, key="not-a-tid"), 10)
    assert isinstance(answer, Refused)
    assert "Invalid TID" in answer.reason
    assert stands(pds, reply) == []


async def test_an_answer_that_the_thread_does_not_show_yet_is_ours(pds: Pds, brand: Person, channel: Channel, asked: Post) -> None:
    by_hand = pds.post(brand, "done by hand", reply_to=Ref(asked.id, asked.version))
    pds.answer_next("app.bsky.feed.getPostThread", 200, {"thread": {"replies": []}})
    assert (await channel.look(asked)).ours == (by_hand.uri,)


async def test_an_answer_that_the_thread_still_shows_but_is_gone_is_not_ours(
    pds: Pds, brand: Person, alice: Person, channel: Channel, asked: Post
) -> None:
    gone = pds.post(brand, "taken back", reply_to=Ref(asked.id, asked.version))
    pds.delete(brand, gone)
    shown = [{"post": {"uri": gone.uri, "author": {"did": brand.did}}}, {"post": {"uri": asked.id, "author": {"did": alice.did}}}]
    pds.answer_next("app.bsky.feed.getPostThread", 200, {"thread": {"replies": shown}})
    assert (await channel.look(asked)).ours == ()


@pytest.mark.parametrize(
    ("status", "body", "ends"),
    [
        (200, "", Unknown),
        (200, [], Unknown),
        (502, "<html>", Unknown),
        (400, {"error": "InvalidRequest", "message": "something new"}, Unknown),
        (400, {"error": "ExpiredToken", "message": "Token has expired"}, Unsent),
        (429, {"error": "RateLimitExceeded"}, Unsent),
        (401, {"error": "AuthenticationRequired", "message": "Authentication Required"}, Barred),
        (401, {"error": "AccountTakedown", "message": "Account has been taken down"}, Barred),
    ],
)
async def test_what_a_withdrawal_is_told_is_not_called_more_than_it_is(  # noqa: PLR0917 - a case of the table, and fixtures
    status: int, body: object, ends: type, pds: Pds, channel: Channel, reply: Delivery
) -> None:
    sent = await channel.send(reply, 10)
    assert isinstance(sent, Sent)
    pds.answer_next(DELETE, status, body)
    assert isinstance(await channel.withdraw(replace(reply, remote_id=sent.remote_id), 10), ends)
    assert len(pds.asked(DELETE)) == 1
    assert len(stands(pds, reply)) == 1


async def test_only_a_post_of_the_approved_account_is_withdrawn(pds: Pds, alice: Person, channel: Channel, reply: Delivery) -> None:
    theirs = pds.post(alice, "not ours")
    for strange in (theirs.uri, f"at://{reply.account}/app.bsky.feed.like/{theirs.rkey}", f"at://{reply.account}/{POSTS}/"):
        assert isinstance(await channel.withdraw(replace(reply, remote_id=strange), 10), Refused)
    assert isinstance(await channel.withdraw(replace(reply, account=alice.did), 10), Refused)
    assert pds.asked(DELETE) == []


async def test_a_delivery_without_an_id_is_withdrawn_by_its_key(pds: Pds, channel: Channel, reply: Delivery) -> None:
    await channel.send(reply, 10)
    assert await channel.withdraw(reply, 10) == Withdrawn()
    assert stands(pds, reply) == []


def test_without_a_password_it_is_not_made() -> None:
    with pytest.raises(SignInNeeded) as told:
        KIND.make({}, BOOK)
    assert "EARNEST_SECRET_BLUESKY_WRITE" in told.value.hint


def test_the_key_for_reading_does_not_open_writing(brand: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EARNEST_SECRET_BLUESKY_WRITE")
    monkeypatch.setenv("EARNEST_SECRET_BLUESKY_READ", brand.password)
    with pytest.raises(SignInNeeded):
        KIND.make({}, BOOK)
