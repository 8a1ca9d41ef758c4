"""How much Earnest says by itself: what it is asked before it speaks, with everything real but the network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from listener.store import mentions as heard_ledger
from listener.store.base import Tx
from responders.circumstances import circumstances, world
from responders.explaining import explain
from responders.model import Circumstances, Decision
from responders.praise import doubt
from tests.asking import Asking
from tests.mouth import NETWORK, US, House

CALM = "@acme hello there, one more thing"
CRY = "@acme the charger started smoking and burned my daughter's hand"
FREE = {"limits": {"per_thread": 100, "per_author": 100, "per_hour": 100}, "pause_when": []}
ALL_ALONE = {"mode": "send", "routes": [{"name": "all", "when": "always", "reply": "hello", "approval": "none"}]}
Make = Callable[..., House]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[House] = []

    def build(**changes: object) -> House:
        made.append(House(tmp_path / str(len(made)), **changes))
        return made[-1]

    yield build
    for house in made:
        house.store.close()


async def decide(house: House, name: str, words: str = CALM, by: str = "", **more: object) -> tuple[Decision, str]:
    """Let somebody write something; return what was decided, and the state of the case."""
    await house.hear(house.post(name, words, by or name, **more))
    (noted,) = await house.think()
    return noted.decision, noted.state


def gates(decision: Decision) -> list[str]:
    return [hold.gate for hold in decision.holds]


async def test_without_any_setting_a_person_and_a_thread_get_one_answer_a_day(make: Make) -> None:
    house = make(**ALL_ALONE)
    assert (await decide(house, "p1", by="robo"))[1] == "approved"
    await house.speak(seconds=11)
    assert gates((await decide(house, "p2", by="robo"))[0]) == ["per_author"]
    assert "per_thread" in gates((await decide(house, "p3", by="mia", thread="p1"))[0])
    house.clock.forward(hours=24)
    assert gates((await decide(house, "p4", by="robo"))[0]) == []
    await house.speak(seconds=11)
    assert len(house.mouth.published) == 2


async def test_without_any_setting_twenty_answers_leave_by_themselves_in_an_hour(make: Make) -> None:
    texts = {"hello": [f"Hello {chr(letter)}{chr(letter)}" for letter in range(ord("a"), ord("l"))]}
    house = make(**ALL_ALONE, templates=texts)
    await house.hear(*(house.post(f"p{number}", CALM, f"a{number}") for number in range(25)))
    held = [gates(noted.decision) for noted in await house.think()]
    assert held == [[]] * 20 + [["per_hour"]] * 5


async def test_what_answers_our_automatic_answer_waits_for_a_person(make: Make) -> None:
    house = make(**ALL_ALONE, boundaries=FREE)
    await decide(house, "p1", by="robo")
    await house.speak(seconds=11)
    ours = house.mouth.remote_id(house.mouth.published[0])
    reply = {"by": "robo", "thread": "p1", "parent_author_id": US.id}
    decision, state = await decide(house, "p2", parent_id=ours, **reply)
    assert (gates(decision), state) == (["loop"], "waiting")
    assert await house.speak(seconds=11) == []
    assert gates((await decide(house, "p3", parent_id="p1", **{**reply, "parent_author_id": "id-robo"}))[0]) == []


async def test_what_answers_an_answer_of_a_person_is_no_loop(make: Make) -> None:
    house = make(**{**ALL_ALONE, "mode": "draft"}, boundaries=FREE)
    await house.approved("p1", CALM, "mia")
    await house.speak(seconds=11)
    ours = house.mouth.remote_id(house.mouth.published[0])
    assert gates((await decide(house, "p2", by="mia", thread="p1", parent_id=ours, parent_author_id=US.id))[0]) == []


async def test_an_automatic_answer_whose_fate_is_unknown_is_a_loop_too(make: Make) -> None:
    house = make(**ALL_ALONE, boundaries=FREE)
    await decide(house, "p1", by="robo")
    house.mouth.lies, house.mouth.blind = ["stored, then silence"], True
    await house.speak(seconds=11)
    assert house.states() == ["unknown"]
    decision, _ = await decide(house, "p2", by="robo", thread="p1", parent_id="a-name-we-never-learned", parent_author_id=US.id)
    assert gates(decision) == ["loop"]


async def test_only_the_first_of_a_crowd_gets_a_draft_unasked_and_a_cry_gets_one_anyway(make: Make) -> None:
    house = make(boundaries=FREE)
    assert (await decide(house, "p1", thread="t"))[1] == "waiting"
    decision, state = await decide(house, "p2", thread="t")
    assert (gates(decision), state) == (["crowd"], "noted")
    assert (await decide(house, "p3", CRY, thread="t"))[1] == "waiting"
    assert (await decide(house, "p4", thread="elsewhere"))[1] == "waiting"
    assert [row["handle"] for row in house.rows("SELECT handle FROM cases c JOIN drafts d ON d.case_id = c.id ORDER BY d.id")] == [
        "p1",
        "p3",
        "p4",
    ]


async def test_who_wants_something_in_a_crowd_is_left_for_a_person_to_see(make: Make) -> None:
    house = make(boundaries=FREE)
    await decide(house, "p1", thread="t")
    decision, state = await decide(house, "p2", "@acme my parcel is lost, where is it?", thread="t")
    assert ("crowd" in gates(decision), state) == (True, "open")
    assert any(action.startswith("draft:") for action in decision.actions), "a person may ask for it"


async def test_whoever_we_speak_to_is_no_crowd_and_keeps_a_draft(make: Make) -> None:
    house = make(boundaries=FREE)
    await decide(house, "p1", by="mia", thread="t")
    await decide(house, "p2", CRY, by="tom", thread="t")
    decision, state = await decide(house, "p3", "@acme my parcel is lost too, where is it?", by="mia", thread="t")
    assert ("crowd" in gates(decision), state) == (False, "waiting")
    assert gates((await decide(house, "p4", by="lena", thread="t"))[0]) == ["crowd"]


async def test_what_left_makes_a_crowd_and_the_same_person_is_none(make: Make) -> None:
    house = make(boundaries=FREE)
    await house.approved("p1", CALM, "mia")
    await house.speak(seconds=11)
    assert gates((await decide(house, "p2", by="mia", thread="p1"))[0]) == []
    assert gates((await decide(house, "p3", by="tom", thread="p1"))[0]) == ["crowd"]


async def test_under_our_own_post_everybody_gets_a_draft(make: Make) -> None:
    house = make(boundaries=FREE)
    await house.hear(house.post("ours", "Our new shoes are here", "us", own=True))
    for name in ("p1", "p2", "p3"):
        _, state = await decide(house, name, thread="ours", parent_id="ours", parent_author_id="id-us")
        assert state == "waiting"


async def test_the_third_equal_text_within_the_hour_waits_and_the_case_says_why(make: Make) -> None:
    house = make(**ALL_ALONE, boundaries=FREE)
    states = [(await decide(house, f"p{number}"))[1] for number in range(3)]
    assert states == ["approved", "approved", "waiting"]
    assert "same_text" in str(house.rows("SELECT holds FROM decisions ORDER BY id DESC LIMIT 1"))
    await house.speak(seconds=11)
    assert len(house.mouth.published) == 2
    house.clock.forward(minutes=61)
    assert (await decide(house, "later"))[1] == "approved"


async def test_explain_names_every_bound_that_holds_a_stored_case(make: Make) -> None:
    house = make(**ALL_ALONE, boundaries=FREE)
    for name in ("p1", "p2"):
        await decide(house, name)
    await house.speak(seconds=11)
    ours = house.mouth.remote_id(house.mouth.published[0])
    post = house.post("p3", CALM + ". An earthquake.", "mia", thread="p1", parent_id=ours, parent_author_id=US.id)
    await house.hear(post)
    reader = house.store.read()
    mention = heard_ledger.mention(reader, NETWORK, "p3", "acme")
    assert mention is not None
    facts = circumstances(reader, mention, world(reader, at=house.clock()), late=False)
    told = explain(house.book, post, facts, mention=mention)
    assert gates(told.decision) == ["loop", "crowd", "crisis"]
    assert not told.unasked
    alone = explain(house.book, house.post("p4", CALM), Circumstances(now=house.clock(), texts_alone=facts.texts_alone))
    assert gates(alone.decision) == ["same_text"]
    assert "send" not in alone.decision.actions
    assert any("same_text" in line for line in alone.lines())


async def test_what_a_draft_itself_is_about_to_send_does_not_count_against_it(make: Make) -> None:
    house = make(**ALL_ALONE)
    await decide(house, "p1", by="mia")
    (draft,) = house.rows("SELECT draft_id FROM deliveries")
    reader = house.store.read()
    mention = heard_ledger.mention(reader, NETWORK, "p1", "acme")
    assert mention is not None
    mine = int(draft["draft_id"] or 0)
    others = circumstances(reader, mention, world(reader, at=house.clock(), without=mine), late=False, without=mine)
    assert (others.sent_to_author, others.sent_automatically, others.texts_alone, others.crowd) == ((), (), (), False)
    everything = circumstances(reader, mention, world(reader, at=house.clock()), late=False)
    assert (len(everything.sent_to_author), len(everything.sent_automatically), len(everything.texts_alone)) == (1, 1, 1)


@pytest.mark.in_a_file
async def test_nothing_that_is_asked_before_speaking_takes_longer_the_more_is_stored(make: Make) -> None:
    house = make(**ALL_ALONE)
    await decide(house, "p1", parent_id="p0", parent_author_id=US.id)

    def ask(tx: Tx) -> tuple[list[str], int]:
        asking = Asking(tx)
        mention = heard_ledger.mention(tx, NETWORK, "p1", "acme")
        assert mention is not None
        for without in (None, 1):
            circumstances(asking, mention, world(asking, at=house.clock(), without=without), late=False, without=without)
        return asking.slow(), len(asking.asked)

    slow, asked = house.store.write(ask)
    assert slow == []
    assert asked > 6


async def test_a_post_that_speaks_of_a_death_is_never_answered_by_itself(make: Make) -> None:
    house = make(**ALL_ALONE, boundaries={**FREE, "pause_when": [{"mentions": 9, "words": ["recall"], "within": "1h"}]})
    assert gates((await decide(house, "p1", "@acme hello, two people were killed"))[0]) == ["crisis"]
    assert gates((await decide(house, "p2", "@acme hello, is this the recall"))[0]) == ["crisis"]
    assert gates((await decide(house, "p3", "@acme is this overkill for a small room?"))[0]) == []


@pytest.mark.parametrize(
    "text",
    [
        "@acme love the new shoes!!",
        "@acme thank you so much, great service",
        "Best pizza ever! Keep up the good work guys! @acme",
        "Just got my new boots from @acme and they are gorgeous #happy",
        "@acme Vielen Dank für den tollen Service!",
        "@acme Merci beaucoup, super équipe",
        "@acme Grazie mille, servizio eccellente",
        "I love my Acme Shoes",
        "@acme ❤️❤️",
    ],
)
def test_plain_praise_is_plain(text: str) -> None:
    assert doubt(text, ("Acme", "Acme Shoes")) == ""


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Great, ANOTHER outage. Thanks @acme", "another"),
        ("@acme thank you for the lovely bruise, your lock is a joy", "lock"),
        ("Love you @acme 🙄", "🙄"),
        ("@acme thanks for nothing", "nothing"),
        ("@acme wunderbar, wieder zu spät", "wieder"),
        ("@acme best coffee, but cold", "but"),
        ("@acme superb, the zip came off in my hand", "came"),
        ("Amazing @acme, my internet is as fast as a snail", "snail"),
        ("@acme super service https://example.org/a", "example"),
        ("@acme さすがですね", "さすが"),
    ],
)
def test_kind_words_that_say_more_are_read_by_a_person(text: str, word: str) -> None:
    assert doubt(text, ("Acme",)) == word
