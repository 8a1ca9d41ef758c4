"""How a Bluesky session stays signed in: renewed ahead, one renewal at a time, and never in a loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from listener.errors import NetworkError, SignInNeeded
from listener.model import Account, Author, Post, Visibility
from listener.settings import Secret
from responders.channels._bluesky_session import WritingSession
from responders.channels.base import Barred, Channel, Sent, Unsent
from responders.channels.bluesky import KIND, Bluesky
from responders.model import Delivery, DeliveryState, Kind
from tests.servers.pds import Pds
from tests.servers.pds_people import Person
from tests.servers.proxy import AFTER_STORING, HANG, RESET, Fault, Proxy
from tests.street import Hands

SIGN_IN = "com.atproto.server.createSession"
RENEW = "com.atproto.server.refreshSession"
PUT = "com.atproto.repo.putRecord"
GET_POSTS = "app.bsky.feed.getPosts"
NOTHING = {"uris": "at://did:plc:nobody/app.bsky.feed.post/3"}
AT = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> Hands:
    """The server's clock, and ours."""
    return Hands(AT)


@pytest.fixture
async def pds(clock: Hands, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Pds]:
    async with Pds(clock=clock) as server:
        monkeypatch.setenv("EARNEST_ALLOW_HOSTS", server.url.removeprefix("http://"))
        yield server


@pytest.fixture
def brand(pds: Pds) -> Person:
    return pds.account("brand.test")


def opened(url: str, brand: Person, clock: Hands) -> WritingSession:
    return WritingSession(url, brand.handle, Secret(brand.password), "bluesky_write", clock)


@pytest.fixture
async def session(pds: Pds, brand: Person, clock: Hands) -> AsyncIterator[WritingSession]:
    made = opened(pds.url, brand, clock)
    yield made
    await made.close()


@pytest.fixture
async def bumpy(pds: Pds, brand: Person, clock: Hands, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Proxy, WritingSession]]:
    """A session that is signed in, whose token has run out, and the misbehaving proxy through which it reaches the server."""
    async with Proxy(pds.url) as proxy:
        monkeypatch.setenv("EARNEST_ALLOW_HOSTS", proxy.host)
        made = opened(proxy.url, brand, clock)
        await made.account()
        clock.forward(hours=3)
        yield proxy, made
        await made.close()


@pytest.fixture
def channel(session: WritingSession) -> Channel:
    return Bluesky(session)


@pytest.fixture
def reply(pds: Pds, brand: Person) -> Delivery:
    alice = pds.account("alice.test")
    asked = pds.post(alice, "@brand.test help")
    author = Author("bluesky", alice.did, alice.handle)
    parent = Post("bluesky", asked.uri, "@brand.test help", author, AT, thread_id=asked.uri, version=asked.cid)
    return Delivery(
        id=1,
        case="A-1",
        draft_id=1,
        kind=Kind.PUBLIC,
        network="bluesky",
        account=brand.did,
        parent=parent,
        visibility=Visibility.PUBLIC,
        text="Sorry about that. What happened?",
        key=KIND.new_key(),
        created_at=AT,
        bound="",
        state=DeliveryState.CLAIMED,
    )


async def all_at_once(session: WritingSession, timeout: float = 10.0) -> list[Account | BaseException]:
    return await asyncio.gather(*(session.account(timeout) for _ in range(20)), return_exceptions=True)


def calls(pds: Pds) -> list[str]:
    return [one.nsid for one in pds.asked(SIGN_IN, RENEW)]


# ---- before it runs out


async def test_a_token_with_little_left_is_renewed_before_the_write(pds: Pds, clock: Hands, channel: Channel, reply: Delivery) -> None:
    await channel.identify()
    clock.forward(minutes=115, seconds=1)
    assert isinstance(await channel.send(reply, 10), Sent)
    assert [one.nsid for one in pds.ledger if one.nsid in {SIGN_IN, RENEW, PUT}] == [SIGN_IN, RENEW, PUT]
    assert {one.status for one in pds.ledger} == {200}


async def test_a_token_with_enough_left_is_kept(pds: Pds, clock: Hands, session: WritingSession) -> None:
    await session.account()
    clock.forward(minutes=114)
    await session.account()
    assert calls(pds) == [SIGN_IN]


async def test_twenty_who_ask_at_once_cause_one_sign_in_and_one_renewal(pds: Pds, clock: Hands, session: WritingSession) -> None:
    assert {type(one) for one in await all_at_once(session)} == {Account}
    assert calls(pds) == [SIGN_IN]
    clock.forward(hours=3)
    assert {type(one) for one in await all_at_once(session)} == {Account}
    assert calls(pds) == [SIGN_IN, RENEW]


async def test_twenty_whose_token_is_refused_at_once_cause_one_renewal(pds: Pds, session: WritingSession) -> None:
    await session.account()
    pds.expire_tokens()  # and nothing in the token says so
    assert await asyncio.gather(*(session.ask(GET_POSTS, NOTHING) for _ in range(20))) == [{"posts": []}] * 20
    assert calls(pds) == [SIGN_IN, RENEW]


async def test_whoever_leaves_does_not_end_the_renewal_for_the_others(pds: Pds, clock: Hands, session: WritingSession) -> None:
    await session.account()
    clock.forward(hours=3)
    first, second = (asyncio.create_task(session.account()) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).handle == "brand.test"
    assert calls(pds) == [SIGN_IN, RENEW]


@pytest.mark.parametrize("hours", [-3, 3])
async def test_a_clock_that_is_hours_off_renews_no_more_often(hours: int, pds: Pds, brand: Person, clock: Hands) -> None:
    ours = Hands(clock.moment + timedelta(hours=hours))
    session = opened(pds.url, brand, ours)
    for _ in range(10):
        await session.account()
    assert calls(pds) == [SIGN_IN]
    for hands in (ours, clock):
        hands.forward(minutes=116)
    for _ in range(10):
        await session.account()
    assert calls(pds) == [SIGN_IN, RENEW]
    await session.close()


async def test_a_token_that_lives_for_a_minute_is_not_renewed_at_every_step(pds: Pds, clock: Hands, session: WritingSession) -> None:
    pds.tokens.lives = timedelta(minutes=1)
    for _ in range(10):
        await session.account()
    assert calls(pds) == [SIGN_IN]
    clock.forward(seconds=31)
    for _ in range(10):
        await session.account()
    assert calls(pds) == [SIGN_IN, RENEW]


async def test_a_token_that_says_nothing_is_used_until_it_is_refused(pds: Pds, clock: Hands, channel: Channel, reply: Delivery) -> None:
    pds.tokens.plain = True
    await channel.identify()
    clock.forward(hours=3)
    assert isinstance(await channel.send(reply, 10), Sent)
    assert calls(pds) == [SIGN_IN, RENEW]


async def test_no_write_starts_with_a_token_that_may_run_out_during_it(pds: Pds, clock: Hands, channel: Channel, reply: Delivery) -> None:
    await channel.identify()
    clock.forward(minutes=119, seconds=55)
    pds.answer_next(RENEW, 503, "<html>")
    assert isinstance(await channel.send(reply, 60), Unsent)
    assert pds.written() == []
    clock.forward(minutes=1)
    assert isinstance(await channel.send(reply, 60), Sent)


# ---- when it is refused


async def test_a_token_that_runs_out_at_the_write_sends_nothing_and_the_next_attempt_renews_it(
    pds: Pds, channel: Channel, reply: Delivery
) -> None:
    await channel.identify()
    pds.answer_next(PUT, 400, {"error": "ExpiredToken", "message": "Token has expired"})
    assert isinstance(await channel.send(reply, 10), Unsent)
    assert len(pds.written()) == 1
    assert isinstance(await channel.send(reply, 10), Sent)
    assert calls(pds) == [SIGN_IN, RENEW]


async def test_a_refused_renewal_signs_in_once_with_the_password(
    pds: Pds, channel: Channel, session: WritingSession, reply: Delivery
) -> None:
    await channel.identify()
    pds.revoke_sessions()
    assert isinstance(await channel.send(reply, 10), Sent)
    assert calls(pds) == [SIGN_IN, RENEW, SIGN_IN]
    assert {type(one) for one in await all_at_once(session)} == {Account}
    assert calls(pds) == [SIGN_IN, RENEW, SIGN_IN]


async def test_a_refused_sign_in_rests_for_a_quarter_of_an_hour_and_never_loops(
    pds: Pds, brand: Person, clock: Hands, session: WritingSession
) -> None:
    await session.account()
    clock.forward(hours=3)
    brand.password = "changed"
    pds.revoke_sessions()
    for _ in range(3):
        assert {type(one) for one in await all_at_once(session)} == {SignInNeeded}
    assert calls(pds) == [SIGN_IN, RENEW, SIGN_IN]
    clock.forward(minutes=14, seconds=59)
    assert {type(one) for one in await all_at_once(session)} == {SignInNeeded}
    assert calls(pds) == [SIGN_IN, RENEW, SIGN_IN]
    clock.forward(seconds=1)
    assert {type(one) for one in await all_at_once(session)} == {SignInNeeded}
    assert calls(pds) == [SIGN_IN, RENEW, SIGN_IN, SIGN_IN]
    clock.forward(hours=-3)  # set back: it must not rest until the old time has come again
    assert {type(one) for one in await all_at_once(session)} == {SignInNeeded}
    assert {type(one) for one in await all_at_once(session)} == {SignInNeeded}
    assert calls(pds) == [SIGN_IN, RENEW, SIGN_IN, SIGN_IN, SIGN_IN]


async def test_a_sign_in_that_is_refused_bars_the_account_and_says_what_to_set(
    pds: Pds, brand: Person, channel: Channel, reply: Delivery
) -> None:
    brand.password = "changed"
    with pytest.raises(SignInNeeded) as told:
        await channel.identify()
    assert "EARNEST_SECRET_BLUESKY_WRITE" in told.value.hint
    answer = await channel.send(reply, 10)
    assert isinstance(answer, Barred)
    assert "EARNEST_SECRET_BLUESKY_WRITE" in answer.hint
    assert len(pds.ledger) == 1


async def test_a_token_refused_even_after_its_renewal_rests_too(pds: Pds, session: WritingSession) -> None:
    await session.account()
    for _ in range(2):
        pds.answer_next(GET_POSTS, 401, {"error": "AuthMissing", "message": "Authentication Required"})
    for _ in range(5):
        with pytest.raises(SignInNeeded):
            await session.ask(GET_POSTS, NOTHING)
    assert calls(pds) == [SIGN_IN, RENEW]
    assert len(pds.asked(GET_POSTS)) == 2


@pytest.mark.parametrize("closed", ["takendown", "deactivated"])
async def test_a_closed_account_is_barred_and_the_next_question_tells_whether_it_is_open(
    closed: str, pds: Pds, brand: Person, channel: Channel, reply: Delivery
) -> None:
    await channel.identify()
    brand.closed = closed
    answer = await channel.send(reply, 10)
    assert isinstance(answer, Barred)
    assert {"takendown": "suspended"}.get(closed, closed) in answer.reason
    assert answer.hint
    assert reply.key not in brand.records
    for _ in range(5):
        with pytest.raises(SignInNeeded):
            await channel.identify()
    assert calls(pds) == [SIGN_IN, SIGN_IN]
    assert len(pds.written()) == 1


async def test_an_account_suspended_while_its_token_ran_out_says_so(pds: Pds, brand: Person, clock: Hands, session: WritingSession) -> None:
    await session.account()
    clock.forward(hours=3)
    brand.closed = "takendown"
    for _ in range(3):
        with pytest.raises(SignInNeeded, match="suspended"):
            await session.account()
    assert calls(pds) == [SIGN_IN, RENEW]


async def test_an_account_that_is_open_again_speaks_again(brand: Person, channel: Channel, reply: Delivery) -> None:
    await channel.identify()
    brand.closed = "deactivated"
    assert isinstance(await channel.send(reply, 10), Barred)
    brand.closed = ""
    assert (await channel.identify()).id == brand.did
    assert isinstance(await channel.send(reply, 10), Sent)


@pytest.mark.parametrize("token", ["", "a\r\nX-Evil: 1", "\u00e9", "a b", 5, None])
async def test_a_token_that_no_header_may_carry_is_no_session(
    token: object, pds: Pds, brand: Person, channel: Channel, reply: Delivery
) -> None:
    session = {"did": brand.did, "handle": brand.handle, "accessJwt": token, "refreshJwt": "r"}
    for _ in range(2):
        pds.answer_next(SIGN_IN, 200, session)
    assert isinstance(await channel.send(reply, 10), Unsent)
    assert isinstance(await channel.withdraw(reply, 10), Unsent)
    assert calls(pds) == [one.nsid for one in pds.ledger] == [SIGN_IN, SIGN_IN]


# ---- when the renewal's answer is lost


@pytest.mark.parametrize("fault", AFTER_STORING, ids=lambda fault: fault.name)
async def test_a_renewal_whose_answer_is_lost_is_asked_once_an_attempt_and_ends_in_a_session(
    fault: Fault, pds: Pds, bumpy: tuple[Proxy, WritingSession], reply: Delivery
) -> None:
    proxy, session = bumpy
    channel = Bluesky(session)
    proxy.once("POST", f"/xrpc/{RENEW}", fault)
    assert isinstance(await channel.send(reply, 2.0), Unsent)
    assert calls(pds) == [SIGN_IN, RENEW]
    assert pds.written() == []
    proxy.honest()
    await channel.send(reply, 10)  # where the renewal hung, this attempt still learns that it is lost
    assert isinstance(await channel.send(reply, 10), Sent)
    assert calls(pds) == [SIGN_IN, RENEW, RENEW]
    assert len(pds.people[reply.account].records) == 1


@pytest.mark.parametrize("password", ["password-of-brand.test", "changed"])
async def test_where_the_lost_renewal_cannot_be_repeated_the_password_decides(
    password: str, pds: Pds, brand: Person, bumpy: tuple[Proxy, WritingSession]
) -> None:
    proxy, session = bumpy
    proxy.once("POST", f"/xrpc/{RENEW}", RESET)
    assert {type(one) for one in await all_at_once(session)} == {NetworkError}
    pds.revoke_sessions()  # as a server does that takes what renews a token only once
    wanted = Account if brand.password == password else SignInNeeded
    brand.password = password
    for _ in range(3):
        assert {type(one) for one in await all_at_once(session)} == {wanted}
    assert calls(pds) == [SIGN_IN, RENEW, RENEW, SIGN_IN]


async def test_while_the_token_is_good_a_failing_renewal_stops_no_hearing(pds: Pds, clock: Hands, session: WritingSession) -> None:
    await session.account()
    clock.forward(minutes=116)
    for _ in range(2):
        pds.answer_next(RENEW, 503, "<html>")
    for _ in range(10):
        assert await session.ask(GET_POSTS, NOTHING) == {"posts": []}
    assert calls(pds) == [SIGN_IN, RENEW]
    clock.forward(minutes=1)
    for _ in range(10):
        await session.account()
    assert calls(pds) == [SIGN_IN, RENEW, RENEW]
    clock.forward(minutes=1)
    await session.account()
    assert calls(pds) == [SIGN_IN, RENEW, RENEW, RENEW]


async def test_a_renewal_that_hangs_is_asked_once_for_all_and_none_waits_longer_than_it_said(
    bumpy: tuple[Proxy, WritingSession],
) -> None:
    proxy, session = bumpy
    proxy.always("POST", f"/xrpc/{RENEW}", HANG)
    assert {type(one) for one in await all_at_once(session, 0.2)} == {NetworkError}
    assert len(proxy.asked("POST", f"/xrpc/{RENEW}")) == 1
