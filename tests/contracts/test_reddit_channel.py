"""What the Reddit channel promises, against a Reddit on loopback with a misbehaving proxy before it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from types import FrameType

import praw
import prawcore
import pytest

from responders.channels._reddit_text import markdown
from responders.channels.base import Barred, Refused, Sent, Unknown, Unsent, Withdrawn
from responders.channels.reddit import KIND
from responders.model import Delivery, Kind
from tests.contracts.test_channel_contract import ChannelContract, Stage, reached, sent_as, suspended_in
from tests.servers.proxy import AFTER_STORING, HANG, RESET, UNAVAILABLE, Fault, answer, too_many
from tests.servers.reddit import CLIENT, KEY
from tests.servers.reddit_town import COMMENT, DEL, INFO, ME, TOKEN, Town, open_town, wanted

WRITER = "responders.channels._reddit_session"


@pytest.fixture
async def town(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    async with open_town(monkeypatch) as town:
        yield town


@pytest.fixture
def stage(town: Town) -> Stage:
    return town.stage()


class TestReddit(ChannelContract):
    keyed = False
    timeout = 1.5  # half of it is for three questions before the POST

    def is_client(self, frame: FrameType, method: str) -> bool:
        """The request is made by a task of its own, which praw's thread waits for."""
        del frame
        chains = [list(suspended_in(task.get_coro())) for task in asyncio.all_tasks()]
        ours = [chain for chain in chains if any(inner.f_globals["__name__"] == WRITER for inner in chain)]
        return any(super(TestReddit, self).is_client(inner, method) for chain in ours for inner in chain)

    @pytest.fixture
    async def stage(self, stage: Stage) -> Stage:
        return stage


async def test_a_submission_is_answered_like_a_comment(town: Town, stage: Stage) -> None:
    post = town.heard(town.reddit.submit(town.marta, "shoes", "Is #7 in stock?", "I need _two_"))
    assert (await stage.channel.look(post)).text == post.text == "Is #7 in stock?\n\nI need _two_"
    sent = await stage.channel.send(await wanted(stage, post), 5.0)
    assert isinstance(sent, Sent)
    assert sent.url.startswith("https://www.reddit.com/r/shoes/comments/")
    assert (await stage.channel.look(post)).ours == (sent.remote_id,)
    town.thing(post).deleted = True
    assert not (await stage.channel.look(post)).there


# ---- one POST, whatever is answered


@pytest.mark.parametrize("fault", [UNAVAILABLE, RESET], ids=lambda fault: fault.name)
async def test_praw_as_it_comes_posts_again_and_our_channel_does_not(
    town: Town, stage: Stage, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prawcore.sessions.FiniteRetryStrategy.sleep", lambda _: None)  # it would wait seconds before it repeats
    left_alone = praw.Reddit(
        client_id=CLIENT,
        client_secret=KEY,
        refresh_token="refresh-acme",
        user_agent="praw as it comes",
        oauth_url=town.proxy.url,
        reddit_url=town.proxy.url,
        check_for_updates=False,
        check_for_async=False,
    )
    post = await stage.ask("my order never came")
    for _ in range(3):
        town.proxy.once(*COMMENT, Fault(fault.name, forward=True, act=fault.act))
    with pytest.raises(prawcore.PrawcoreException):
        await asyncio.to_thread(left_alone.comment(post.id.removeprefix("t1_")).reply, "one reply")
    assert len(town.answers(post)) == 3
    town.proxy.honest()
    other = await stage.ask("nor did mine")
    town.proxy.always(*COMMENT, Fault(fault.name, forward=True, act=fault.act))
    assert isinstance(await stage.channel.send(await wanted(stage, other), 5.0), Unknown)
    assert len(town.answers(other)) == 1


@pytest.mark.parametrize("fault", AFTER_STORING, ids=lambda fault: fault.name)
async def test_a_fault_that_never_ends_still_leaves_one_copy(town: Town, stage: Stage, fault: Fault) -> None:
    sending = await wanted(stage)
    town.proxy.always(*COMMENT, fault)
    assert isinstance(await stage.channel.send(sending, 1.5), Unknown)
    assert len(town.answers(sending.parent)) == 1
    assert len(town.proxy.asked(*COMMENT)) == 1


async def test_a_cancelled_attempt_is_made_once_and_the_next_question_is_answered(town: Town, stage: Stage) -> None:
    sending = await wanted(stage)
    stored = asyncio.Event()
    town.proxy.once(*COMMENT, reached(HANG, stored))
    attempt = asyncio.create_task(stage.channel.send(sending, 30.0))
    await stored.wait()
    attempt.cancel()
    with pytest.raises(asyncio.CancelledError):
        await attempt
    assert isinstance(await stage.channel.find(sending), Sent)
    assert len(town.proxy.asked(*COMMENT)) == 1


async def test_the_event_loop_goes_on_and_one_thread_is_all_it_takes(town: Town, stage: Stage) -> None:
    sending = await wanted(stage)
    town.proxy.once(*COMMENT, HANG)
    attempt = asyncio.create_task(stage.channel.send(sending, 1.5))
    turns = 0
    while not attempt.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 100
    await asyncio.gather(*(stage.channel.look(sending.parent) for _ in range(5)))
    assert len([thread for thread in threading.enumerate() if thread.name.startswith("reddit")]) == 1


async def test_sent_again_it_is_found_and_not_published_twice(town: Town, stage: Stage) -> None:
    sending = await wanted(stage)
    first = await stage.channel.send(sending, 5.0)
    assert isinstance(first, Sent)
    assert await stage.channel.send(sending, 5.0) == first
    assert len(town.proxy.asked(*COMMENT)) == 1


async def test_a_no_at_the_last_moment_keeps_it_back(town: Town, stage: Stage) -> None:
    sending = await wanted(stage)
    asked: list[int] = []

    def no() -> bool:
        asked.append(len(town.proxy.ledger))
        return False

    assert isinstance(await stage.channel.send(sending, 5.0, no), Unsent)
    assert asked == [len(town.proxy.ledger)]
    assert not town.proxy.asked(*COMMENT)
    assert isinstance(await stage.channel.send(sending, 5.0), Sent)


async def test_a_token_that_ran_out_is_renewed_before_the_last_question_is_asked(town: Town, stage: Stage) -> None:
    town.reddit.expires_in = 0
    sending = await wanted(stage)
    asked: list[str] = []

    def yes() -> bool:
        asked.append(town.proxy.ledger[-1].path)
        return True

    assert isinstance(await stage.channel.send(sending, 5.0, yes), Sent)
    assert asked == [TOKEN]
    assert [one.path for one in town.proxy.ledger][-2:] == [TOKEN, "/api/comment"]


async def test_what_was_sent_before_and_shows_late_is_parked_and_not_repeated(town: Town, stage: Stage) -> None:
    sending = await wanted(stage)
    town.reddit.late = True
    town.proxy.once(*COMMENT, RESET)
    assert isinstance(await stage.channel.send(sending, 5.0), Unknown)
    assert await stage.channel.find(sending) is None
    assert KIND.settle_after >= 60
    assert (await stage.channel.keyed(Kind.PUBLIC), KIND.key_lifetime) == (False, 0.0)
    town.reddit.reveal()
    assert isinstance(await stage.channel.find(sending), Sent)


@pytest.mark.parametrize(
    "words",
    [
        "Two lines:\n\nand & <b> *stars* order_no_7 \\ https://acme.example/a_b?c=1&d=2 \N{WAVING HAND SIGN}\nbye ~~",
        "#1 is yours",
        "1. one\n2. two\n- three",
    ],
)
async def test_words_are_found_again_as_they_were_written(town: Town, stage: Stage, words: str) -> None:
    sending = await wanted(stage, words=words)
    sent = await stage.channel.send(sending, 5.0)
    assert isinstance(sent, Sent)
    (stored,) = town.answers(sending.parent)
    assert stored.text == markdown(words)
    assert await stage.channel.find(sending) == sent


async def test_a_private_message_is_never_sent(town: Town, stage: Stage) -> None:
    assert not KIND.private
    assert "consent" in KIND.limits(Kind.PRIVATE).problem("Your number?")
    assert isinstance(await stage.channel.send(await wanted(stage, kind=Kind.PRIVATE), 5.0), Refused)
    assert not town.proxy.asked(*COMMENT)


# ---- taking back


async def said(stage: Stage) -> Delivery:
    sending = await wanted(stage)
    return sent_as(sending, await stage.channel.send(sending, 5.0))


async def test_what_was_said_is_taken_back_once(town: Town, stage: Stage) -> None:
    sent = await said(stage)
    assert await stage.channel.withdraw(sent, 5.0) == Withdrawn()
    assert not town.answers(sent.parent)
    assert await stage.channel.withdraw(sent, 5.0) == Withdrawn()
    assert len(town.proxy.asked(*DEL)) == 1
    assert not (await stage.channel.look(sent.parent)).ours


async def test_only_what_is_ours_is_taken_back(town: Town, stage: Stage) -> None:
    sent = await said(stage)
    assert isinstance(await stage.channel.withdraw(replace(sent, remote_id=sent.parent.id), 5.0), Refused)
    assert isinstance(await stage.channel.withdraw(replace(sent, remote_id=""), 5.0), Refused)
    assert not town.proxy.asked(*DEL)


@pytest.mark.parametrize(
    ("fault", "ends"),
    [
        (RESET, Unknown),
        (HANG, Unknown),
        (UNAVAILABLE, Unknown),
        (answer(200, b"<html>"), Unknown),
        (answer(200, []), Unknown),
        (answer(403, {"error": 403}, forward=False), Unknown),
        (too_many({"Retry-After": "7"}), Unsent),
        (answer(401, {"error": 401}, forward=False), Barred),
        (answer(200, {"json": {"errors": [["RATELIMIT", "Take a break for 4 seconds", "ratelimit"]]}}, forward=False), Unsent),
    ],
    ids=lambda value: getattr(value, "name", None),
)
async def test_a_withdrawal_says_what_it_knows(town: Town, stage: Stage, fault: Fault, ends: type) -> None:
    sent = await said(stage)
    town.proxy.once(*DEL, fault)
    assert isinstance(await stage.channel.withdraw(sent, 1.5), ends)
    assert len(town.proxy.asked(*DEL)) == 1


@pytest.mark.parametrize("path", [ME, INFO])
async def test_a_withdrawal_that_cannot_look_first_does_nothing(town: Town, stage: Stage, path: str) -> None:
    sent = await said(stage)
    town.proxy.always("GET", path, UNAVAILABLE)
    assert isinstance(await town.speak().withdraw(sent, 5.0), Unsent)
    assert not town.proxy.asked(*DEL)
