"""What becomes of answers on their way: accounts that rest, networks that set a pace, gates asked once more, arrows."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest

from listener.errors import EarnestError, UsageError
from listener.model import Post
from listener.rules.rulebook import Rulebook
from listener.store.base import Tx
from responders.channels.base import MayLeave, Pace, Parent, SendResult, Sent
from responders.ledger import incidents, moves, people
from responders.lifecycle import Arrow
from responders.model import Delivery, DeliveryState, Kind
from responders.outbox import Outbox
from tests.mouth import ALONE, NETWORK, House, kind
from tests.street import RULES

TWO_HALVES = "@acme you charged me twice and support ignores me"  # a private message, then a public word
WHERE = "https://town.example/@acme/4711"


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


async def test_rules_that_turn_to_observing_stop_what_is_about_to_leave(house: House) -> None:
    for number in range(8):
        await house.approved(f"p{number}", "@acme hello there, one thing", f"author{number}")
    house.mouth.before_post = lambda: setattr(house, "book", house.book.model_copy(update={"mode": "observe"}))
    await house.speak(seconds=11)
    assert house.mouth.published == []


async def test_a_network_that_asks_us_to_wait_for_long_is_asked_again_only_then(house: House) -> None:
    house.mouth.wait = 300.0
    house.mouth.lies = ["unsent"]
    await house.approved()
    await house.speak(seconds=11)
    await house.approved("p2", "@acme another thing", "lea")
    await house.speak(seconds=200)
    assert house.mouth.published == []
    await house.speak(seconds=101)
    assert len(house.mouth.published) == 2


async def test_an_account_that_is_told_to_rest_between_the_look_and_the_claim_does_not_post(house: House) -> None:
    await house.approved()
    until = house.clock() + timedelta(minutes=5)
    house.mouth.on_look = lambda: house.store.write(
        lambda tx: people.rest(tx, NETWORK, "wait", by="earnest", until=until, at=house.clock())
    )
    await house.speak(seconds=11)
    assert (house.mouth.published, house.states()) == ([], ["ready"])


async def test_a_look_that_fails_for_one_post_lets_the_others_finish(house: House) -> None:
    for number in range(4):
        await house.approved(f"p{number}", "@acme hello there, one thing", f"author{number}")
    look = house.mouth.look

    async def odd(post: Post) -> Parent:
        if post.id == "p1":
            message = "odd"
            raise UsageError(message)
        return await look(post)

    house.mouth.look = odd  # type: ignore[method-assign]
    await house.speak(seconds=11)
    assert sorted(one.parent.id for one in house.mouth.published) == ["p0", "p2", "p3"]


async def test_an_answer_without_an_id_is_a_doubt(house: House) -> None:
    await house.approved()

    async def nameless(_delivery: Delivery, _timeout: float, _may_leave: MayLeave) -> SendResult:
        return Sent("", "")

    house.mouth.send = nameless  # type: ignore[method-assign]
    await house.speak(seconds=11)
    assert house.states() == ["unknown"]


async def test_a_refusal_after_a_doubt_is_no_proof_that_nothing_is_there(house: House) -> None:
    house.mouth.lies, house.mouth.blind = ["stored", "refused"], True
    await house.approved()
    await house.speak(seconds=11)
    for _ in range(3):
        await house.speak(seconds=100)
    assert house.mouth.lies == [], "it was tried once more, with its key"
    assert house.states() == ["parked"]
    assert "too rude" in str(house.rows("SELECT reason FROM deliveries")[0]["reason"])
    with pytest.raises(EarnestError):
        house.desk().edit("A-1", public="Something else?")


async def test_an_account_that_was_turned_away_rests_and_ops_are_told_once(house: House) -> None:
    house.mouth.lies = ["barred"] * 9
    for number in range(7):
        await house.approved(f"p{number}", "@acme hello there, one thing", f"author{number}")
    await house.speak(seconds=11)
    assert set(house.states()) == {"ready"}
    tried = 9 - len(house.mouth.lies)
    assert tried <= 5, "those that were on their way already, and no other"
    await house.speak(minutes=10)
    assert len(house.mouth.lies) == 9 - tried
    assert [row["name"] for row in incidents.open_(house.store.read())] == ["account mastodon"]
    house.mouth.lies = []
    await house.speak(minutes=6)
    assert len(house.mouth.published) == 7
    assert incidents.open_(house.store.read()) == []


async def test_a_network_that_asks_us_to_wait_is_left_alone_by_all_of_ours(house: House) -> None:
    await house.approved()
    await house.approved("p2", "@acme another thing", "lea")
    house.store.write(
        lambda tx: people.rest(
            tx, NETWORK, "it asks us to wait", by="earnest", until=house.clock() + timedelta(minutes=5), at=house.clock()
        )
    )
    await house.speak(seconds=11)
    assert house.mouth.published == []
    await house.speak(minutes=5)
    assert len(house.mouth.published) == 2


async def test_the_pace_of_a_network_keeps_room_for_the_urgent(house: House) -> None:
    for number in range(10):
        await house.approved(f"p{number}", "@acme hello there, one thing", f"author{number}")
    box = Outbox(house.store, lambda: house.book, house.clock, house.channels, {NETWORK: kind(pace=Pace(5, 600.0))})
    house.clock.forward(seconds=11)
    await box.round()
    assert len(house.mouth.published) == 4  # a fifth of the five is kept
    await house.approved("cry", TWO_HALVES, "lea")
    house.store.write(lambda tx: tx.run("UPDATE deliveries SET points = 80 WHERE parent_id = 'cry'"))
    house.clock.forward(seconds=11)
    await box.round()
    assert [one.parent.id for one in house.mouth.published[4:]] == ["cry"]
    house.clock.forward(minutes=11)
    await box.round(limit=1)  # of several that leave at once, any may be there first
    assert [one.parent.id for one in house.mouth.published[5:]] == ["cry"]  # its public word goes before the rest
    for _ in range(4):
        house.clock.forward(minutes=11)
        await box.round()
    assert len(house.mouth.published) == 12


async def test_a_sender_whose_claim_another_took_over_does_not_post(house: House) -> None:
    await house.approved()

    def taken_over() -> None:
        """Let another sender find the claim, settle it, and claim anew, while the first one slept; on its clock no time has passed."""

        def work(tx: Tx) -> None:
            moves.move(tx, 1, Arrow.DOUBT, at=house.clock())
            moves.move(tx, 1, Arrow.REPEAT, not_before=house.clock(), at=house.clock())
            assert moves.claim(tx, 1, at=house.clock()) == 2

        house.store.write(work)

    house.mouth.before_post = taken_over
    await house.speak(seconds=11)
    assert house.mouth.published == []
    assert house.states() == ["claimed"]  # the other's, untouched


@pytest.mark.parametrize(("seconds", "there"), [(0.9, 1), (1.1, 0), (-1.0, 0)])
async def test_what_the_store_says_late_counts_for_nothing(house: House, seconds: float, there: int) -> None:
    await house.approved()
    house.clock.forward(seconds=11)

    passes: list[float] = []
    house.mouth.before_post = lambda: passes.append(seconds)

    def slow() -> Rulebook:
        """Let time pass in the last that is asked before the POST; whoever else looks for something to send asks too, but before."""
        with suppress(IndexError):
            house.clock.forward(seconds=passes.pop())
        return house.book

    await Outbox(house.store, slow, house.clock, house.channels, {NETWORK: kind()}).round()
    assert len(house.mouth.published) == there


async def test_a_network_s_yes_that_comes_late_is_believed(house: House) -> None:
    await house.approved()
    original = house.mouth.send

    async def slow(*args: object) -> object:
        result = await original(*args)  # type: ignore[arg-type]
        house.store.write(lambda tx: moves.move(tx, 1, Arrow.DOUBT, at=house.clock()))
        return result

    house.mouth.send = slow  # type: ignore[method-assign, assignment]
    await house.speak(seconds=11)
    assert house.states() == ["sent"]
    assert house.rows("SELECT remote_id FROM deliveries")[0]["remote_id"]


async def test_a_colleague_s_public_answer_beside_our_private_half_is_noticed(house: House) -> None:
    await house.approved(words=TWO_HALVES)
    looks = 0

    def look() -> None:
        nonlocal looks
        looks += 1
        house.mouth.answered = looks > 1  # between the private message and the public word

    house.mouth.on_look = look
    await house.speak(seconds=11)
    assert [one.kind for one in house.mouth.published] == [Kind.PRIVATE]
    assert house.states() == ["sent", "held"]


async def test_an_answer_by_hand_to_a_profile_that_says_nobot_does_not_leave(house: House) -> None:
    await house.approved()
    house.store.write(lambda tx: tx.run("UPDATE posts SET bio = 'please #nobot'"))
    await house.speak(seconds=11)
    assert house.states() == ["held"]


async def test_an_answer_that_ops_let_name_its_author_leaves(tmp_path: Path) -> None:
    named = {**RULES["templates"], "hello": "Hello {author}, could you say a little more? ^{agent}"}  # type: ignore[dict-item]
    house = House(tmp_path, templates=named)
    try:
        await house.approved()
        await house.speak(seconds=11)
        assert [one.text for one in house.mouth.published] == ["@marta Hello marta, could you say a little more? ^Acme"]
    finally:
        house.store.close()


async def test_limits_that_were_lowered_meanwhile_hold_what_was_about_to_leave_by_itself(alone: House) -> None:
    await alone.hear(alone.post("p1", "@acme hello there, one thing"))
    await alone.think()
    assert alone.states() == ["ready"]
    lower = {**ALONE, "boundaries": {"limits": {"per_thread": 1, "per_author": "0/24h"}}}
    alone.book = Rulebook.model_validate({**RULES, **lower})
    await alone.speak(seconds=11)
    assert (alone.mouth.published, alone.states()) == ([], ["held"])


def test_every_arrow_moves_only_what_stands_where_it_begins(house: House) -> None:
    asyncio.run(house.approved())
    for state, arrow in product(DeliveryState, [arrow for arrow in Arrow if arrow.source and arrow.target]):

        def try_it(tx: Tx, state: DeliveryState = state, arrow: Arrow = arrow) -> tuple[bool, DeliveryState | None]:
            tx.run("UPDATE deliveries SET state = :state", state=state.value)
            moved = moves.move(tx, 1, arrow, at=house.clock())
            return moved, moves.state_of(tx, 1)

        assert house.store.write(try_it) == ((True, arrow.target) if state is arrow.source else (False, state)), (state, arrow)
    letters = [arrow.value.letter for arrow in Arrow]
    assert letters == sorted(set(letters))
    assert {arrow.target for arrow in Arrow} - {None} == set(DeliveryState)
