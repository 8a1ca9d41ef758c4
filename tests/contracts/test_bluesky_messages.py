"""What the Bluesky channel promises about private messages, against a stand-in for the chat service behind an honest server."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from listener.errors import NetworkError
from listener.model import Visibility
from responders.channels.base import Refused, Sent, Unknown, Unsent
from responders.channels.bluesky import KIND
from responders.model import Delivery, Kind
from tests.contracts.test_channel_contract import Stage, delivery
from tests.servers.pds import Pds
from tests.servers.pds_people import Person
from tests.servers.pds_stage import stage_on
from tests.servers.proxy import AFTER_STORING, UNAVAILABLE, Fault, Proxy, answer

CHAT = "/xrpc/chat.bsky.convo."
SEND = ("POST", CHAT + "sendMessage")
OPEN = ("GET", CHAT + "getConvoForMembers")


@pytest.fixture
async def pds() -> AsyncIterator[Pds]:
    async with Pds() as server:
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
async def stage(pds: Pds, brand: Person, alice: Person, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    async with Proxy(pds.url) as proxy:
        monkeypatch.setenv("EARNEST_ALLOW_HOSTS", f"{proxy.host},{pds.url.removeprefix('http://')}")
        async with stage_on(pds, proxy, brand, alice) as stage:
            yield stage


@pytest.fixture
async def wanted(stage: Stage) -> Delivery:
    return await delivery(
        stage, await stage.ask("@brand.test help"), "About A-1: your number, please? https://acme.example/f", kind=Kind.PRIVATE
    )


async def refused(stage: Stage, wanted: Delivery) -> str:
    result = await stage.channel.send(wanted, 10.0)
    assert isinstance(result, Refused), result
    return result.reason


async def test_a_message_reaches_one_person_in_private_and_is_found_again(pds: Pds, brand: Person, stage: Stage, wanted: Delivery) -> None:
    sent = await stage.channel.send(wanted, 10.0)
    (message,) = pds.chat.said_by(brand.did)
    assert isinstance(sent, Sent)
    assert (message.text, sent.remote_id, sent.url) == (wanted.text, message.id, "https://bsky.app/messages/convo0")
    assert [facet["features"][0]["uri"] for facet in message.facets] == ["https://acme.example/f"]
    assert await stage.channel.find(wanted) == sent
    assert brand.records == {}
    assert len(stage.proxy.asked(*SEND)) == 1


@pytest.mark.parametrize("fault", AFTER_STORING, ids=lambda fault: fault.name)
async def test_stored_then_misbehaved_is_unknown_until_a_look_finds_it(stage: Stage, wanted: Delivery, fault: Fault) -> None:
    await stage.channel.identify()
    stage.proxy.once(*SEND, fault)
    assert isinstance(await stage.channel.send(wanted, 1.0), Unknown)
    assert len(stage.proxy.asked(*SEND)) == 1
    stage.proxy.honest()
    assert isinstance(await stage.channel.find(wanted), Sent)


async def test_what_never_arrived_is_not_found_and_never_sent_twice_by_itself(stage: Stage, wanted: Delivery) -> None:
    assert await stage.channel.find(wanted) is None
    stage.proxy.once(*SEND, UNAVAILABLE)
    assert isinstance(await stage.channel.send(wanted, 10.0), Unknown)
    stage.proxy.honest()
    assert await stage.channel.find(wanted) is None
    assert await stage.channel.keyed(Kind.PRIVATE) is False
    assert await stage.channel.keyed(Kind.PUBLIC) is True


async def test_the_same_words_of_long_ago_or_by_the_other_are_not_ours(
    pds: Pds, brand: Person, alice: Person, stage: Stage, wanted: Delivery
) -> None:
    pds.chat.say(brand.did, alice.did, wanted.text, at=datetime.now(UTC) - timedelta(days=2))
    pds.chat.say(alice.did, brand.did, wanted.text)
    assert await stage.channel.find(wanted) is None


async def test_it_is_found_behind_many_others(pds: Pds, brand: Person, alice: Person, stage: Stage, wanted: Delivery) -> None:
    ours = pds.chat.say(brand.did, alice.did, wanted.text)
    for number in range(120):
        pds.chat.say(alice.did, brand.did, f"word {number}")
    found = await stage.channel.find(wanted)
    assert isinstance(found, Sent)
    assert found.remote_id == ours.id


async def test_a_conversation_too_long_to_look_through_says_nothing(
    pds: Pds, brand: Person, alice: Person, stage: Stage, wanted: Delivery
) -> None:
    for number in range(501):
        pds.chat.say(alice.did, brand.did, f"word {number}")
    with pytest.raises(NetworkError, match="did not look further"):
        await stage.channel.find(wanted)


@pytest.mark.parametrize(
    ("why", "words"),
    [
        ("MessagesDisabled", "from nobody"),
        ("NotFollowedBySender", "do not follow us"),
        ("BlockedActor", "blocked"),
        ("RecipientNotFound", "gone"),
        ("SomethingNew", "opens no conversation"),
    ],
)
async def test_a_closed_door_is_respected_and_nothing_is_written(pds: Pds, stage: Stage, wanted: Delivery, why: str, words: str) -> None:
    pds.chat.closed[wanted.parent.author.id] = why
    assert words in await refused(stage, wanted)
    assert not stage.proxy.asked("POST", SEND[1])


async def test_a_conversation_that_is_closed_meanwhile_is_a_no(
    pds: Pds, brand: Person, alice: Person, stage: Stage, wanted: Delivery
) -> None:
    pds.chat.open(brand.did, alice.did).locked = True
    assert "closed" in await refused(stage, wanted)


async def test_a_password_without_the_right_says_so_and_public_replies_go_on(
    pds: Pds, brand: Person, stage: Stage, wanted: Delivery
) -> None:
    pds.chat.unprivileged.add(brand.did)
    assert "app password" in await refused(stage, wanted)
    public = replace(wanted, kind=Kind.PUBLIC, visibility=Visibility.PUBLIC, text="Sorry about that.")
    assert isinstance(await stage.channel.send(public, 10.0), Sent)
    assert len(stage.proxy.asked("POST", "/xrpc/com.atproto.server.createSession")) == 1


@pytest.mark.parametrize("status", [401, 403])
async def test_what_the_chat_service_refuses_does_not_end_our_sign_in(stage: Stage, wanted: Delivery, status: int) -> None:
    stage.proxy.always(*OPEN, answer(status, {"error": "Forbidden", "message": "not you"}, forward=False))
    assert "not you" in await refused(stage, wanted)
    stage.proxy.honest()
    stage.proxy.once(*SEND, answer(status, {"error": "Forbidden", "message": "not you"}, forward=False))
    assert isinstance(await stage.channel.send(wanted, 10.0), Unknown)
    stage.proxy.honest()
    assert isinstance(await stage.channel.send(wanted, 10.0), Sent)
    assert len(stage.proxy.asked("POST", "/xrpc/com.atproto.server.createSession")) == 1


async def test_what_fails_before_the_write_leaves_nothing(stage: Stage, wanted: Delivery) -> None:
    stage.proxy.always(*OPEN, UNAVAILABLE)
    assert isinstance(await stage.channel.send(wanted, 10.0), Unsent)
    assert not stage.proxy.asked(*SEND)


async def test_an_expired_token_is_renewed_once_and_the_message_leaves(pds: Pds, stage: Stage, wanted: Delivery) -> None:
    await stage.channel.identify()
    pds.expire_tokens()
    assert isinstance(await stage.channel.send(wanted, 10.0), Sent)
    assert len(stage.proxy.asked("POST", "/xrpc/com.atproto.server.refreshSession")) == 1


async def test_being_asked_to_wait_leaves_nothing(stage: Stage, wanted: Delivery) -> None:
    stage.proxy.once(*SEND, answer(429, {"error": "RateLimitExceeded"}, {"Retry-After": "20"}, forward=False))
    result = await stage.channel.send(wanted, 10.0)
    assert isinstance(result, Unsent)
    assert result.retry_after == 20


async def test_another_conversation_than_theirs_is_never_written_into(pds: Pds, brand: Person, stage: Stage, wanted: Delivery) -> None:
    other = pds.account("eve.test")
    convo = pds.chat.open(brand.did, other.did)
    stage.proxy.always(*OPEN, answer(200, {"convo": convo.view()}, forward=False))
    assert "another conversation" in await refused(stage, wanted)
    assert not stage.proxy.asked(*SEND)


@pytest.mark.parametrize(
    "body", [{}, {"id": "m1", "text": "something else", "sender": {"did": "did:plc:x"}, "sentAt": "2026-11-20T12:00:00Z"}]
)
async def test_an_answer_that_names_no_message_of_ours_is_doubt(stage: Stage, wanted: Delivery, body: object) -> None:
    stage.proxy.once(*SEND, answer(200, json.dumps(body)))
    assert isinstance(await stage.channel.send(wanted, 10.0), Unknown)


async def test_a_no_at_the_last_moment_leaves_nothing(stage: Stage, wanted: Delivery) -> None:
    assert isinstance(await stage.channel.send(wanted, 10.0, lambda: False), Unsent)
    assert not stage.proxy.asked(*SEND)


async def test_a_message_cannot_be_taken_back(stage: Stage, wanted: Delivery) -> None:
    await stage.channel.send(wanted, 10.0)
    result = await stage.channel.withdraw(replace(wanted, remote_id="m0001"), 10.0)
    assert isinstance(result, Refused)
    assert "keeps it" in result.reason


async def test_how_long_a_message_may_be(stage: Stage, wanted: Delivery) -> None:
    limits = KIND.limits(Kind.PRIVATE)
    assert (limits.limit, KIND.limits(Kind.PUBLIC).limit) == (1000, 300)
    assert isinstance(await stage.channel.send(replace(wanted, text="é" * 1000), 10.0), Sent)
    assert "1,000" in limits.problem("é" * 1001) or "1000" in limits.problem("é" * 1001)
    assert "1000" in await refused(stage, replace(wanted, text="é" * 1001))
