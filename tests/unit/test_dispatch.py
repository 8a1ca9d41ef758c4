"""What a person does with an answer that was approved: doubt they settle by looking, a yes taken back, words taken off a network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from listener.errors import EarnestError, UsageError
from responders.channels.base import MayLeave, SendResult
from responders.dispatch import Dispatch
from responders.house import channel_kind
from responders.ledger import audit, deliveries, incidents, people
from responders.model import Delivery, Kind
from responders.sending import endings
from tests.mouth import House

TWO_HALVES = "@acme you charged me twice and support ignores me"  # a private message, then a public word
WHERE = "https://town.example/@acme/4711"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.store.close()


def _dispatch(house: House, who: str = "jo") -> Dispatch:
    return Dispatch(house.store, house.clock, channel_kind, who=who)


async def _parked(house: House, words: str = "@acme hello there, one thing", *, lie: str = "stored") -> None:
    """Bring an answer into doubt that no look settles, on a network without a key."""
    house.mouth.keys = False
    house.mouth.lies = [lie]
    house.mouth.blind = True
    await house.approved(words=words)
    await house.speak(seconds=11)
    for _ in range(15):
        await house.speak(seconds=60)
    house.mouth.blind = False


async def test_a_parked_answer_that_a_person_finds_is_sent_with_the_place_they_found(house: House) -> None:
    await _parked(house)
    assert house.states() == ["parked"]
    done = _dispatch(house).found("A-1", WHERE)
    (row,) = house.rows("SELECT * FROM deliveries")
    assert (row["state"], row["remote_id"], row["remote_url"]) == ("sent", "4711", WHERE)
    assert done.complete
    assert "found there by jo" in str(house.rows("SELECT detail FROM audit WHERE who = 'jo' AND action = 'sent'")[0]["detail"])
    assert house.rows("SELECT state FROM cases")[0]["state"] == "answered"


@pytest.mark.parametrize("nowhere", ["", "p1", "javascript:alert(1)", "https://town.example/a b"])
async def test_a_place_must_be_a_web_address(house: House, nowhere: str) -> None:
    await _parked(house)
    with pytest.raises(UsageError):
        _dispatch(house).found("A-1", nowhere)
    assert house.states() == ["parked"]


async def test_a_parked_answer_that_a_person_does_not_find_is_sent_once(house: House) -> None:
    await _parked(house, lie="lost")
    _dispatch(house).resend("A-1")
    assert house.states() == ["ready"]
    await house.speak(seconds=5)
    assert house.mouth.of("p1") == 0  # the person may still change their mind
    await house.speak(seconds=6)
    assert (house.mouth.of("p1"), house.states()) == (1, ["sent"])


async def test_a_last_look_finds_what_a_person_has_overlooked(house: House) -> None:
    await _parked(house)
    _dispatch(house).resend("A-1")
    await house.speak(seconds=11)
    assert (house.mouth.of("p1"), house.states()) == (1, ["sent"])


async def test_a_yes_said_again_can_be_taken_back_and_the_doubt_stands_as_before(house: House) -> None:
    await _parked(house, TWO_HALVES)
    _dispatch(house).resend("A-1")
    assert house.states() == ["ready", "ready"]
    _dispatch(house).take_back("A-1")
    await house.speak(seconds=60)
    assert house.states() == ["parked", "held"]
    assert len(house.mouth.published) == 1
    (there,) = house.mouth.published
    _dispatch(house).found("A-1", house.mouth.sent(there).url)
    assert house.states() == ["sent", "held"]


async def test_what_is_not_there_and_no_longer_fits_waits_for_other_words(house: House) -> None:
    await _parked(house, lie="lost")
    _dispatch(house).absent("A-1")
    assert house.states() == ["held"]
    house.desk().edit("A-1", public="Which day was it?")
    house.desk().approve("A-1")
    await house.speak(seconds=11)
    assert [one.text for one in house.mouth.published] == ["@marta Which day was it?"]


async def test_a_gate_that_says_no_to_what_is_sent_again_leaves_it_in_doubt(house: House) -> None:
    await _parked(house)
    _dispatch(house).resend("A-1")
    house.mouth.gone = True
    house.mouth.blind = True
    await house.speak(seconds=11)
    assert house.states() == ["parked"]


async def test_one_yes_of_two_can_be_taken_back(house: House) -> None:
    await house.hear(house.post("p1", "@acme the charger started smoking and burned my hand"))
    await house.think()
    assert not house.desk("jo").approve("A-1").complete
    _dispatch(house, "jo").take_back("A-1")
    assert not house.desk("kim").approve("A-1").complete
    with pytest.raises(EarnestError, match="already"):
        house.desk("KIM ").approve("A-1")


@pytest.mark.parametrize("elsewhere", ["https://other.example/@acme@town.example/999", "https://town.example/@marta/p1", "https://"])
async def test_an_address_that_cannot_be_our_answer_s_is_refused(house: House, elsewhere: str) -> None:
    await _parked(house)
    with pytest.raises(UsageError):
        _dispatch(house).found("A-1", elsewhere)
    assert house.states() == ["parked"]


async def test_an_address_where_another_answer_of_ours_stands_is_refused(house: House) -> None:
    await house.approved("p0", "@acme something else", "lea")
    await house.speak(seconds=11)
    other = house.mouth.sent(house.mouth.published[0]).url
    await _parked(house)
    with pytest.raises(UsageError, match="another answer"):
        _dispatch(house).found("A-2", other)


async def test_a_withdrawal_at_a_mistaken_address_goes_on_until_the_right_one_is_gone(house: House) -> None:
    await _parked(house)
    _dispatch(house).found("A-1", "https://town.example/@acme/999")
    _dispatch(house).withdraw("A-1", "the wrong shop")
    for _ in range(3):
        await house.speak(seconds=61)
    assert (house.mouth.of("p1"), house.states()) == (0, ["withdrawn"])


async def test_what_has_not_left_does_not_follow_what_is_taken_back(house: House) -> None:
    await house.approved(words=TWO_HALVES)
    channels, send = dict(house.channels), house.mouth.send

    async def only_one(delivery: Delivery, timeout: float, may_leave: MayLeave) -> SendResult:
        result = await send(delivery, timeout, may_leave)
        house.channels.clear()  # nothing more leaves for now
        return result

    house.mouth.send = only_one  # type: ignore[method-assign]
    await house.speak(seconds=11)
    assert house.states() == ["sent", "ready"]
    _dispatch(house).withdraw("A-1", "the wrong person")
    house.channels.update(channels)
    house.mouth.takings = ["refused"]
    for _ in range(3):
        await house.speak(seconds=60)
    assert house.states() == ["sent", "held"]


async def test_what_may_be_there_cannot_be_taken_back(house: House) -> None:
    await _parked(house)
    with pytest.raises(EarnestError, match="may have"):
        _dispatch(house).take_back("A-1")


async def test_the_second_to_settle_a_doubt_is_told_how_it_stands(house: House) -> None:
    await _parked(house)
    _dispatch(house, "jo").found("A-1", WHERE)
    with pytest.raises(EarnestError, match="the public answer is sent"):
        _dispatch(house, "kim").resend("A-1")
    await house.speak(seconds=60)
    assert house.mouth.of("p1") == 1


async def test_the_public_half_waits_for_a_yes_once_the_private_one_is_found(house: House) -> None:
    await _parked(house, TWO_HALVES)
    assert house.states() == ["parked", "held"]
    (there,) = house.mouth.published
    done = _dispatch(house).found("A-1", house.mouth.sent(there).url)
    assert not done.complete
    house.desk().approve("A-1")
    await house.speak(seconds=11)
    assert house.mouth.of("p1", Kind.PRIVATE) == 1  # the one that was in doubt
    assert house.mouth.of("p1", Kind.PUBLIC) == 1
    assert house.states() == ["sent", "sent"]


async def test_words_that_were_sent_already_cannot_be_approved_once_more(house: House) -> None:
    await _parked(house, TWO_HALVES)
    (there,) = house.mouth.published
    _dispatch(house).found("A-1", house.mouth.sent(there).url)
    with pytest.raises(EarnestError, match="sent already"):
        house.desk().approve("A-1", private_only=True)
    assert house.rows("SELECT state FROM drafts")[0]["state"] == "waiting"


async def test_the_network_s_own_late_yes_lets_the_public_half_wait_for_a_person(house: House) -> None:
    await _parked(house, TWO_HALVES)
    (there,) = house.mouth.published
    delivery = deliveries.of_case(house.store.read(), 1)[0]
    house.store.write(lambda tx: endings.sent(tx, delivery, house.mouth.sent(there), "", at=house.clock()))
    assert house.states() == ["sent", "held"]
    assert house.rows("SELECT state FROM drafts")[0]["state"] == "waiting"


async def test_the_public_half_follows_the_private_one_that_is_sent_again(house: House) -> None:
    await _parked(house, TWO_HALVES, lie="lost")
    _dispatch(house).resend("A-1")
    await house.speak(seconds=11)
    assert [one.kind for one in house.mouth.published] == [Kind.PRIVATE, Kind.PUBLIC]
    assert house.states() == ["sent", "sent"]


async def test_an_answer_is_taken_back_from_the_network_with_a_record(house: House) -> None:
    await house.approved()
    await house.speak(seconds=11)
    _dispatch(house).withdraw("A-1", "the wrong shop")
    assert house.states() == ["withdrawing"]
    await house.speak(seconds=1)
    assert (house.mouth.of("p1"), house.states()) == (0, ["withdrawn"])
    actions = [str(row["action"]) for row in house.rows("SELECT action FROM audit ORDER BY id")]
    assert actions[-2:] == ["withdrew", "withdrawn"]
    assert audit.broken_at(house.store.read()) is None


async def test_words_are_taken_back_while_sending_is_paused(house: House) -> None:
    await house.approved()
    await house.speak(seconds=11)
    house.store.write(lambda tx: people.pause(tx, "a storm", by="kim", until=None, at=house.clock()))
    _dispatch(house).withdraw("A-1", "the wrong shop")
    await house.speak(seconds=1)
    assert house.states() == ["withdrawn"]


@pytest.mark.parametrize(("lie", "ends"), [("lost", "withdrawn"), ("raise", "withdrawn"), ("barred", "withdrawn"), ("refused", "sent")])
async def test_a_network_that_does_not_take_it_away_at_once(house: House, lie: str, ends: str) -> None:
    await house.approved()
    await house.speak(seconds=11)
    house.mouth.takings = [lie]
    _dispatch(house).withdraw("A-1", "the wrong shop")
    for _ in range(4):
        await house.speak(seconds=61)
    assert house.states() == [ends]
    told = [str(row["words"]) for row in incidents.open_(house.store.read())]
    assert any("take it away by hand" in words for words in told) == (lie == "refused")


async def test_after_words_were_taken_back_others_may_be_said(house: House) -> None:
    await house.approved()
    await house.speak(seconds=11)
    _dispatch(house).withdraw("A-1", "the wrong shop")
    await house.speak(seconds=1)
    house.desk().edit("A-1", public="You are right. Which shop was it?")
    house.desk().approve("A-1")
    await house.speak(seconds=11)
    assert [one.text for one in house.mouth.published] == ["@marta You are right. Which shop was it?"]
    assert house.states() == ["withdrawn", "sent"]


async def test_nothing_sent_nothing_to_take_back(house: House) -> None:
    await house.approved()
    with pytest.raises(EarnestError, match="no answer of it has been sent"):
        _dispatch(house).withdraw("A-1", "the wrong shop")


async def test_what_had_to_be_taken_away_by_hand_is_over_once_it_is_gone(house: House) -> None:
    await house.approved()
    await house.speak(seconds=11)
    house.mouth.takings = ["refused"]
    _dispatch(house).withdraw("A-1", "the wrong shop")
    await house.speak(seconds=61)
    assert (house.states(), len(incidents.open_(house.store.read()))) == (["sent"], 1)
    _dispatch(house).withdraw("A-1", "taken away by hand")
    await house.speak(seconds=61)
    assert (house.states(), incidents.open_(house.store.read())) == (["withdrawn"], [])
