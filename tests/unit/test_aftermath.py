"""What follows for a case when its post is deleted, edited, or edited so that it speaks of us no more."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from listener.errors import EarnestError
from listener.model import Page
from listener.polling import Ear
from responders import views
from responders.dispatch import Dispatch
from responders.house import channel_kind
from responders.ledger import cases, moves
from responders.lifecycle import Arrow
from responders.unsettled import Parked
from tests.mouth import ALONE, NETWORK, House
from tests.street import RULES

CHARGE = "@acme you charged me twice and support ignores me"
URGENT = "@acme my charger burned my hand"


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


async def delete(house: House, *ids: str) -> None:
    await Ear(house.store, house.book, house.clock).take(NETWORK, Page((), "c", gone=ids))
    await house.think()


async def edit(house: House, post_id: str, words: str, **more: object) -> None:
    old = house.post(post_id, words, **more)  # type: ignore[arg-type]
    await house.hear(replace(old, mentions=("acme",) if "@acme" in words else (), version=words))
    await house.think()


def case(house: House, name: str = "A-1") -> cases.Case:
    return cases.find(house.store.read(), name)


def drafts(house: House) -> list[tuple[object, object]]:
    return [(row["state"], row["reason"]) for row in house.rows("SELECT state, reason FROM drafts ORDER BY id")]


def day(house: House) -> str:
    return f"{house.clock():%Y-%m-%d}"


async def test_a_draft_for_a_deleted_post_is_dropped_and_the_case_closed(house: House) -> None:
    await house.hear(house.post("p1", CHARGE))
    await house.think()
    await delete(house, "p1")
    assert drafts(house) == [("dropped", f"its author deleted this post (noticed on {day(house)}); nothing will be answered")]
    assert (case(house).state, case(house).clocks.respond_by) == ("closed", None)
    assert views.inbox(house.store.read(), views.Filters(), at=house.clock()) == []
    with pytest.raises(EarnestError, match="deleted this post"):
        house.desk().approve("A-1")
    with pytest.raises(EarnestError, match="deleted this post"):
        house.desk().edit("A-1", public="Sorry!")


async def test_an_approved_answer_does_not_leave_for_a_post_deleted_before(house: House) -> None:
    await house.approved()
    await delete(house, "p1")
    await house.speak(seconds=11)
    assert (house.mouth.of("p1"), house.states()) == (0, [])
    assert case(house).state == "closed"


async def test_an_approved_answer_does_not_leave_before_the_deletion_was_acted_on(house: House) -> None:
    await house.approved()
    await Ear(house.store, house.book, house.clock).take(NETWORK, Page((), "c", gone=("p1",)))
    await house.speak(seconds=11)
    assert house.mouth.of("p1") == 0
    await house.think()
    assert house.states() == []


async def test_both_halves_of_an_answer_are_taken_back(house: House) -> None:
    await house.approved(words=CHARGE)
    assert house.states() == ["ready", "ready"]
    await delete(house, "p1")
    assert house.states() == []


async def test_what_was_sent_stays_on_record(house: House) -> None:
    await house.approved()
    await house.speak(seconds=11)
    await delete(house, "p1")
    assert house.states() == ["sent"]
    (row,) = house.rows("SELECT text FROM deliveries")
    assert row["text"] == house.mouth.published[0].text
    assert case(house).state == "answered"


async def test_what_is_in_doubt_stays_with_a_person(house: House) -> None:
    house.mouth.lies, house.mouth.blind = ["doubt"], True
    await house.approved()
    await house.speak(seconds=11)
    await delete(house, "p1")
    assert house.states() == ["unknown"]
    house.mouth.blind, house.mouth.gone = False, True
    for _ in range(3):
        await house.speak(seconds=301)
    assert (house.states(), house.mouth.of("p1")) == (["sent"], 1), "it is found, and kept as said"


async def test_what_came_back_from_doubt_is_parked_not_sent(house: House) -> None:
    house.mouth.lies, house.mouth.blind = ["lost"], True
    await house.approved()
    await house.speak(seconds=11)
    (row,) = house.rows("SELECT id FROM deliveries")
    house.store.write(lambda tx: moves.move(tx, int(row["id"] or 0), Arrow.REPEAT, at=house.clock()))
    await delete(house, "p1")
    assert house.states() == ["parked"]
    assert case(house).state == "open"


async def test_of_two_posts_the_other_still_asks_for_a_person(house: House) -> None:
    await house.hear(house.post("p1", "@acme hello there, one thing", age=90))
    await house.think()
    await house.hear(house.post("p2", CHARGE, thread="p1", parent_id="p1"))
    await house.think()
    await delete(house, "p2")
    assert (case(house).state, case(house).post_id) == ("open", "p1")
    house.desk().edit("A-1", public="What can we do?")
    await delete(house, "p1")
    assert case(house).state == "closed"


async def test_deleting_an_older_post_leaves_the_draft_for_the_newer(house: House) -> None:
    await house.hear(house.post("p1", "@acme hello there, one thing", age=90))
    await house.hear(house.post("p2", CHARGE, thread="p1", parent_id="p1"))
    await house.think()
    await delete(house, "p1")
    assert case(house).state == "waiting"
    assert [state for state, _ in drafts(house)] == ["dropped", "waiting"]


async def test_a_post_deleted_before_it_was_decided_makes_no_case(house: House) -> None:
    await house.hear(house.post("p1", CHARGE))
    await delete(house, "p1")
    assert house.rows("SELECT * FROM cases") == []


async def test_an_edit_voids_the_approval_of_the_words_before(house: House) -> None:
    await house.approved(words="@acme hello there, one thing")
    await edit(house, "p1", "@acme you are all liars and I hate you")
    assert house.states() == []
    assert [state for state, _ in drafts(house)] == ["dropped", "waiting"]
    assert "edited" in str(drafts(house)[0][1])
    await house.speak(seconds=11)
    assert house.mouth.of("p1") == 0
    house.desk().approve("A-1")
    await house.speak(seconds=11)
    assert house.mouth.of("p1") == 1


async def test_an_edit_that_reads_the_same_voids_nothing(house: House) -> None:
    await house.approved(words="@acme hello there, one thing")
    await house.hear(house.post("p1", "@acme hello there, one thing", version="another picture"))
    await house.think()
    await house.speak(seconds=11)
    assert (house.states(), house.mouth.of("p1")) == (["sent"], 1)


async def test_an_answer_that_leaves_by_itself_is_void_too(tmp_path: Path) -> None:
    house = House(tmp_path, **ALONE)
    await house.hear(house.post("p1", "@acme hello there, one thing"))
    await house.think()
    assert house.states() == ["ready"]
    await delete(house, "p1")
    await house.speak(seconds=11)
    assert (house.states(), house.mouth.of("p1")) == ([], 0)


async def test_an_edit_to_something_urgent_rings(house: House) -> None:
    await house.hear(house.post("p1", "@acme hello there, one thing"))
    await house.think()
    assert house.rows("SELECT * FROM escalations") == []
    await edit(house, "p1", URGENT)
    (row,) = house.rows("SELECT team FROM escalations")
    assert row["team"] == "on-call"


async def test_an_edit_that_makes_it_worse_rings_a_team_that_was_told_before(tmp_path: Path) -> None:
    routes = [{"name": "all", "when": "always", "reply": "hello", "escalate": "on-call"}]
    house = House(tmp_path, routes=routes, templates=RULES["templates"])
    await house.hear(house.post("p1", "@acme hello there, one thing"))
    await house.think()
    house.store.write(lambda tx: tx.run("UPDATE escalations SET told_at = raised_at, next_at = NULL"))
    await edit(house, "p1", "@acme hello there, two things")
    assert house.rows("SELECT * FROM escalations WHERE told_at IS NULL") == [], "it is no more urgent than it was"
    await edit(house, "p1", URGENT)
    (row,) = house.rows("SELECT words FROM escalations WHERE told_at IS NULL")
    assert "critical" in str(row["words"])


async def test_an_edit_to_thanks_ends_what_waited(house: House) -> None:
    await house.hear(house.post("p1", CHARGE))
    await house.think()
    await edit(house, "p1", "@acme never mind, found it")
    waiting = [state for state, _ in drafts(house) if state == "waiting"]
    assert case(house).state == ("waiting" if waiting else "noted")
    assert drafts(house)[0][0] == "dropped"


async def test_a_post_that_speaks_of_us_no_more_is_followed(house: House) -> None:
    await house.approved(words="@acme you charged me twice")
    await edit(house, "p1", "somebody charged me twice")
    (post,) = house.rows("SELECT text FROM posts")
    assert post["text"] == "somebody charged me twice"
    assert house.states() == []
    assert drafts(house) == [
        ("dropped", f"its author took our name out of this post (noticed on {day(house)}); nothing is answered unasked")
    ]
    assert case(house).state == "closed"
    await edit(house, "p1", CHARGE + "!")
    assert case(house).state == "waiting", "it speaks of us again"


async def test_whoever_cried_for_help_is_looked_at_without_our_name_too(house: House) -> None:
    await house.hear(house.post("p1", URGENT))
    await house.think()
    await edit(house, "p1", "my charger burned my hand")
    assert case(house).state == "open"


async def test_a_deletion_that_cannot_be_acted_on_keeps_no_cry_for_help_waiting_and_is_tried_again(house: House) -> None:
    await house.hear(house.post("p1", CHARGE))
    await house.think()
    (whole,) = house.rows("SELECT trace FROM decisions")
    house.store.write(lambda tx: tx.run("UPDATE decisions SET trace = '{broken'"))
    await Ear(house.store, house.book, house.clock).take(NETWORK, Page((house.post("p2", URGENT, "tom"),), "c", gone=("p1",)))
    await house.think()
    assert [row["team"] for row in house.rows("SELECT team FROM escalations")] == ["on-call"]
    with pytest.raises(EarnestError, match="deleted"):
        house.desk().approve("A-1")
    (told,) = house.rows("SELECT words, ended_at FROM incidents")
    assert "may still stand in the store" in str(told["words"])
    assert told["ended_at"] is None

    house.store.write(lambda tx: tx.run("UPDATE decisions SET trace = :trace WHERE trace = '{broken'", trace=str(whole["trace"])))
    await house.think()
    assert house.rows("SELECT 1 FROM turns"), "not before its time"
    house.clock.forward(hours=1)
    await house.think()
    assert house.rows("SELECT 1 FROM turns") == []
    assert house.rows("SELECT 1 FROM incidents WHERE ended_at IS NULL") == []


async def test_a_parked_answer_to_a_deleted_post_can_still_be_settled(house: House) -> None:
    house.mouth.lies, house.mouth.blind = ["lost"], True
    await house.approved()
    await house.speak(seconds=11)
    house.store.write(lambda tx: tx.run("UPDATE deliveries SET state = 'parked'"))
    await delete(house, "p1")
    (one,) = views.inbox(house.store.read(), views.Filters(), at=house.clock())
    assert isinstance(one, Parked)
    dispatch = Dispatch(house.store, house.clock, channel_kind, who="jo")
    dispatch.resend("A-1")
    house.mouth.gone = True
    await house.speak(seconds=11)
    assert (house.mouth.of("p1"), house.states()) == (0, ["parked"])
