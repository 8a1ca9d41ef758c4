"""Attacks on what leaves: doubles, what comes back after doubt, the pause, limits, and one bad row among good ones."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from listener.errors import EarnestError
from listener.store import mentions as heard_ledger
from listener.store.base import Tx
from responders.house import open_store
from responders.model import Kind
from responders.switch import Switch
from tests.mouth import ALONE, NETWORK, House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.store.close()


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path, **ALONE)
    yield made
    made.store.close()


def _pause(house: House, span: timedelta | None = None) -> None:
    Switch(house.store, house.clock, who="kim").pause("a storm", span)


def _meanwhile(work: Coroutine[object, object, None]) -> None:
    """Do something in another thread while everything here waits."""
    other = threading.Thread(target=asyncio.run, args=(work,))
    other.start()
    other.join()


def _resume(house: House) -> None:
    Switch(house.store, house.clock, who="kim").resume()


async def test_a_key_that_ran_out_while_sending_was_paused_is_not_used_again(house: House) -> None:
    await house.approved()
    house.mouth.lies, house.mouth.blind = ["stored, then silence"], True  # it is there, and shows only an hour later
    await house.speak(seconds=11)
    _pause(house)
    await house.speak(seconds=100)
    house.clock.forward(hours=2)
    _resume(house)
    for _ in range(20):
        await house.speak(seconds=60)
    assert house.mouth.of("p1") == 1
    assert house.states() == ["parked"]


async def test_a_colleague_who_answered_while_we_waited_for_the_network_is_not_talked_over(house: House) -> None:
    await house.approved()
    house.mouth.lies = ["unsent"]
    await house.speak(seconds=11)
    house.mouth.answered = True
    await house.speak(seconds=60)
    assert house.mouth.of("p1") == 0
    assert house.states() == ["held"]


async def test_a_colleague_who_answered_while_we_were_in_doubt_is_not_talked_over(house: House) -> None:
    await house.approved()
    house.mouth.lies = ["lost"]
    await house.speak(seconds=11)
    house.mouth.answered = True
    for _ in range(5):
        await house.speak(seconds=100)
    assert house.mouth.of("p1") == 0
    assert house.states() == ["parked"]


async def test_doubt_with_a_key_ends_in_exactly_one(house: House) -> None:
    for lie in ("lost", "stored", "raise"):
        await house.approved(lie, by=lie)
        house.mouth.lies = [lie]
        for _ in range(4):
            try:
                await house.speak(seconds=100)
            except RuntimeError:  # what a plug-in does
                continue
        assert house.mouth.of(lie) == 1
    assert set(house.states()) == {"sent"}


async def test_doubt_on_a_network_whose_channel_is_gone_ends_with_a_person(house: House) -> None:
    await house.approved()
    house.mouth.lies = ["lost"]
    await house.speak(seconds=11)
    house.channels.clear()
    for _ in range(9):
        await house.speak(seconds=100)
    assert house.states() == ["parked"]


def _lose(tx: Tx, count: int) -> None:
    """Move the first posts and their deliveries to a network that nobody can speak on any more."""
    tx.run("PRAGMA defer_foreign_keys = ON")
    for table, column in (("posts", "seq"), ("deliveries", "id"), ("mentions", "seq"), ("assessments", "rowid")):
        tx.run(f"UPDATE {table} SET network = 'lost' WHERE {column} <= :count", count=count)


async def test_doubt_on_a_lost_network_does_not_keep_others_in_doubt(house: House) -> None:
    for number in range(25):
        await house.approved(f"p{number}", by=f"a{number}")
    house.mouth.lies = ["stored"] * 25
    await house.speak(seconds=11)
    await house.speak()
    house.store.write(lambda tx: _lose(tx, 21))
    for _ in range(3):
        await house.speak(seconds=100)
    assert house.states()[21:] == ["sent"] * 4


@pytest.mark.parametrize("lies", [[], ["stored"]])
async def test_one_post_that_a_channel_stumbles_over_keeps_no_other_from_leaving(house: House, lies: list[str]) -> None:
    for number in range(3):
        await house.approved(f"p{number}", by=f"a{number}")
    house.mouth.lies = lies * 3
    if not lies:
        house.mouth.unreadable = frozenset({"p0"})
    await house.speak(seconds=11)
    house.mouth.unreadable = frozenset({"p0"})
    for _ in range(10):
        await house.speak(seconds=100)
    assert house.states()[1:] == ["sent", "sent"]
    assert house.states()[0] in {"parked", "ready", "held"}


async def test_a_pause_between_the_claim_and_the_post_stops_the_post(house: House) -> None:
    await house.approved()
    house.mouth.before_post = lambda: _pause(house)  # a slow question stands between the claim and the POST
    await house.speak(seconds=11)
    assert house.mouth.published == []
    house.mouth.before_post = lambda: None
    _resume(house)
    await house.speak(seconds=60)
    assert house.mouth.of("p1") == 1


async def test_a_sender_that_wakes_after_its_claim_has_run_out_does_not_post(house: House) -> None:
    await house.approved()
    house.mouth.before_post = lambda: house.clock.forward(seconds=180)
    await house.speak(seconds=11)
    assert house.mouth.published == []


async def test_a_pause_or_a_stop_that_comes_during_the_look_stops_the_reply(house: House) -> None:
    await house.approved()
    house.mouth.on_look = lambda: _pause(house)
    await house.speak(seconds=11)
    assert house.mouth.published == []
    _resume(house)
    author = house.post("p1", "x").author
    house.mouth.on_look = lambda: house.desk().suppress(author, "she asked on the phone") and None
    await house.speak(seconds=60)
    assert house.mouth.published == []
    assert house.states() == ["held"]


async def test_a_stop_that_was_heard_but_not_yet_read_holds_the_reply_back(house: House) -> None:
    await house.approved()
    await house.hear(house.post("p2", "@acme stop messaging me, leave me alone"))
    await house.speak(seconds=11)
    assert house.mouth.published == []
    await house.think()
    await house.speak(seconds=1)
    assert house.mouth.published == []
    assert house.states() == ["held"]


async def test_a_stop_that_is_heard_during_the_look_holds_the_reply_back(house: House) -> None:
    await house.approved()
    stop = house.post("p2", "@acme stop messaging me, leave me alone")
    # The look at the network takes its time; meanwhile a page is heard, on this machine or another, and nobody has decided it yet.
    house.mouth.on_look = lambda: _meanwhile(house.hear(stop))
    await house.speak(seconds=11)
    assert house.mouth.published == []
    house.mouth.on_look = lambda: None
    await house.think()
    await house.speak(seconds=60)
    assert house.mouth.published == []
    assert house.states() == ["held"]


async def test_a_shorter_pause_never_ends_a_longer_one(house: House) -> None:
    await house.approved()
    _pause(house)
    _pause(house, timedelta(minutes=1))
    await house.speak(minutes=5)
    assert house.mouth.published == []


async def test_what_waited_out_a_long_pause_is_asked_again(house: House) -> None:
    await house.approved()
    _pause(house)
    house.clock.forward(hours=3)
    _resume(house)
    await house.speak()
    assert house.mouth.published == []
    assert house.states() == ["held"]
    house.desk().approve("A-1")
    await house.speak(seconds=11)
    assert house.mouth.of("p1") == 1


async def test_one_author_in_many_threads_gets_no_more_than_the_limit_at_once(alone: House) -> None:
    await alone.hear(*(alone.post(f"p{number}", "@acme hello there, one thing", by="robo") for number in range(30)))
    await alone.think()
    for _ in range(3):
        await alone.speak(seconds=30)
    assert len(alone.mouth.published) == 1


async def test_one_thread_gets_no_more_than_the_limit_at_once(alone: House) -> None:
    everyone = (alone.post(f"p{number}", "@acme hello there, one thing", by=f"a{number}", thread="t") for number in range(30))
    await alone.hear(*everyone)
    await alone.think()
    for _ in range(3):
        await alone.speak(seconds=30)
    assert len(alone.mouth.published) == 1


async def test_rules_that_no_longer_let_it_leave_alone_hold_what_was_about_to(alone: House) -> None:
    await alone.hear(alone.post("p1", "@acme hello there, one thing"))
    await alone.think()
    assert alone.states() == ["ready"]
    alone.book = alone.book.model_copy(update={"mode": "draft"})
    await alone.speak(seconds=11)
    assert alone.mouth.published == []


async def test_a_post_about_two_brands_gets_one_answer(tmp_path: Path) -> None:
    read_first = {"routes": [{"name": "all", "when": "always", "reply": "hello"}]}
    house = House(tmp_path, **{**ALONE, **read_first}, brands={name: {"handles": {"mastodon": name}} for name in ("acme", "apex")})
    await house.hear(house.post("p1", "@acme and @apex, hello there"))
    await house.think()
    for _ in range(3):
        await house.speak(seconds=60)
    house.desk().approve("A-1")
    with pytest.raises(EarnestError, match="already has"):
        house.desk().approve("A-2")
    await house.speak(seconds=60)
    assert house.mouth.of("p1") == 1
    house.store.close()


async def test_what_the_network_refused_can_be_written_anew(house: House) -> None:
    await house.approved()
    house.mouth.lies = ["refused"]
    await house.speak(seconds=11)
    assert house.states() == ["refused"]
    house.desk().edit("A-1", public="@marta Could you tell us which one? ^Jo")
    house.desk().approve("A-1")
    await house.speak(seconds=11)
    assert house.mouth.of("p1") == 1


async def test_a_reply_to_an_older_post_does_not_hide_the_newer_one(house: House) -> None:
    await house.approved()
    await house.hear(house.post("p2", "@acme you charged me twice and support ignores me", thread="p1", age=1))
    await house.think()
    await house.speak(seconds=11)
    assert house.mouth.of("p1") == 1
    assert house.rows("SELECT state FROM cases") == [{"state": "waiting"}]


@pytest.mark.parametrize("act", ["reject", "edit", "approve"])
def test_of_many_hands_at_once_one_wins(tmp_path: Path, act: str) -> None:
    """Approve against approve, reject and edit, from many stores on one file, as from many terminals."""
    house = House(tmp_path)
    asyncio.run(_waiting(house))
    gate = threading.Barrier(8)
    won: list[str] = []

    def hand(number: int) -> None:
        store = open_store(house.store.url)
        desk = house.desk(f"p{number}")
        desk._store = store  # noqa: SLF001
        acts = {"reject": lambda: desk.reject("A-1", "tone"), "edit": lambda: desk.edit("A-1", public=f"Which one? {number} ^Jo")}
        gate.wait()
        try:
            (acts.get(act, lambda: desk.approve("A-1")) if number % 2 else lambda: desk.approve("A-1"))()
            won.append(act if number % 2 else "approve")
        except EarnestError:
            pass
        finally:
            store.close()

    hands = [threading.Thread(target=hand, args=(number,)) for number in range(8)]
    for one in hands:
        one.start()
    for one in hands:
        one.join()
    assert won.count("approve") <= 1
    assert len(house.states()) == won.count("approve")
    if act == "reject":
        assert len(won) == 1
    house.store.close()


async def _waiting(house: House) -> None:
    await house.hear(house.post("p1", "@acme hello there, one thing"))
    await house.think()


async def test_only_one_answer_of_each_kind_whatever_is_tried(house: House) -> None:
    await house.approved(words="@acme you charged me twice and support ignores me")
    for _ in range(4):
        await house.speak(seconds=30)
    assert (house.mouth.of("p1"), house.mouth.of("p1", Kind.PRIVATE)) == (1, 1)
    with pytest.raises(EarnestError):
        house.desk().edit("A-1", public="@marta and again ^Jo")
    with pytest.raises(EarnestError):
        house.desk().approve("A-1")
    await house.speak(seconds=30)
    assert len(house.mouth.published) == 2


async def test_own_account_is_known_to_the_ledger(house: House) -> None:
    ours = house.post("o1", "@acme we answer", by="us")
    await house.hear(replace(ours, author=replace(ours.author, id="us")))
    assert await house.think() == []
    stored = heard_ledger.post(house.store.read(), NETWORK, "o1")
    assert stored is not None
    assert stored.own
