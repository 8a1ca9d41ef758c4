"""Answers that a person posts by hand: drafted and approved as usual, never sent by Earnest, and counted as ours once they are posted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from listener.errors import EarnestError, UsageError
from listener.model import Author, Post
from listener.store import following
from responders import views
from responders.dispatch import Dispatch
from responders.house import channel_kind
from responders.ledger import deliveries
from responders.model import DeliveryState, Kind
from responders.sending.byhand import look_after
from responders.unsettled import ToPost
from responders.views import Filters
from tests.mouth import NETWORK, House, kind

WORDS = "my Acme shoes are odd, one thing"
HALF, WHOLE = 13 * 3_600, 25 * 3_600  # of the 24 hours in which answers are given


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.store.close()


def dispatch(house: House, who: str = "jo") -> Dispatch:
    return Dispatch(house.store, house.clock, channel_kind, who=who)


async def approved(house: House, post_id: str = "p1", words: str = WORDS, **more: object) -> str:
    """Have a post heard that speaks of us and not to us, and its draft approved; return the case."""
    await house.hear(house.post(post_id, words, mentions=(), url=f"https://town.example/{post_id}", **more))
    (noted,) = await house.think()
    assert noted.state == "waiting", noted
    done = house.desk().approve(noted.case)
    assert done.copy == "@marta Could you say a little more? ^Acme"
    assert done.link == f"https://town.example/{post_id}"
    return noted.case


async def look(house: House) -> list[str]:
    found = await look_after(house.store, house.book, house.clock, {NETWORK: kind()})
    return [one.reason for one in found]


async def test_earnest_makes_no_request_for_it_ever(house: House) -> None:
    await approved(house)
    for _ in range(20):
        assert await house.speak(seconds=600) == []
    assert house.states() == ["by_hand"]
    assert house.mouth.published == []


async def test_posted_it_counts_as_our_answer_with_who_when_and_where(house: House) -> None:
    name = await approved(house)
    house.clock.forward(seconds=300)
    dispatch(house, "kim").posted(name, "https://town.example/@acme/99")
    (one,) = views.story(house.store.read(), name).sent
    assert (one.state, one.remote_id, one.remote_url, one.by_hand) == (DeliveryState.SENT, "99", "https://town.example/@acme/99", True)
    assert "by kim" in one.reason
    row = house.rows("SELECT sent_at, last_attempt_at FROM deliveries")[0]
    assert row["sent_at"] == row["last_attempt_at"]
    assert house.rows("SELECT state FROM cases")[0]["state"] == "answered"
    await house.hear(house.post("p2", "@acme the same again, one thing", thread="p1", age=1))
    noted = await house.think()
    assert "per_thread" in {hold.gate for hold in noted[-1].decision.holds} or house.book.boundaries.limits.per_thread is None
    with pytest.raises(EarnestError, match="no answer of it waits"):
        dispatch(house).posted(name)


async def test_nobody_is_answered_twice(house: House) -> None:
    name = await approved(house)
    dispatch(house).posted(name)
    with pytest.raises(EarnestError, match="approved already"):
        house.desk().edit(name, public="Something else? ^Jo")


async def test_limits_count_what_was_posted_by_hand(tmp_path: Path) -> None:
    house = House(tmp_path, boundaries={"limits": {"per_author": "1/24h"}})
    dispatch(house).posted(await approved(house))
    await house.hear(house.post("p2", "@acme hello there, another thing", age=1))
    (noted,) = await house.think()
    assert "per_author" in {hold.gate for hold in noted.decision.holds}
    house.store.close()


async def test_two_people_must_agree_where_the_route_asks_for_it(tmp_path: Path) -> None:
    routes = [{"name": "all", "when": "always", "reply": "hello", "approval": "two-people"}]
    house = House(tmp_path, routes=routes)
    await house.hear(house.post("p1", WORDS, mentions=()))
    await house.think()
    assert not house.desk("jo").approve("A-1").copy
    assert house.states() == []
    assert house.desk("kim").approve("A-1").copy
    assert house.states() == ["by_hand"]
    house.store.close()


async def test_an_approval_is_taken_back(house: House) -> None:
    name = await approved(house)
    dispatch(house).take_back(name)
    assert house.states() == []
    assert house.rows("SELECT state FROM drafts") == [{"state": "waiting"}]
    assert house.desk().approve(name).copy


async def test_whoever_will_not_post_it_says_so_and_the_draft_waits(house: House) -> None:
    name = await approved(house)
    dispatch(house).absent(name)
    assert (house.states(), house.rows("SELECT state FROM drafts")) == (["held"], [{"state": "waiting"}])


async def test_what_was_posted_by_hand_is_taken_away_by_hand(house: House) -> None:
    name = await approved(house)
    dispatch(house).posted(name, "https://town.example/@acme/99")
    with pytest.raises(EarnestError, match="posted by hand"):
        dispatch(house).withdraw(name, "the wrong customer")
    dispatch(house).absent(name)
    assert house.states() == ["withdrawn"]
    assert house.mouth.withdrawals == []
    house.desk().edit(name, public="@marta Which ones are odd? ^Jo")
    assert house.desk().approve(name).copy  # its place is free again


@pytest.mark.parametrize(
    "url",
    [
        *("town.example/1", "https://town.example/p1", "https://", "https://[bad", "https://town.example:99999/1"),
        *("https://town.example:abc/1", "https://a\u2100b/1", "https://ex\u202eample/1", "https://x\x00/1", "https://x\x1b[31m/1"),
        "https://town.example/" + "a" * 2_000,
    ],
)
async def test_an_address_that_cannot_be_ours_is_refused(house: House, url: str) -> None:
    name = await approved(house)
    with pytest.raises(UsageError):
        dispatch(house).posted(name, url)
    assert house.states() == ["by_hand"]


async def test_our_own_answer_that_is_heard_there_is_taken_for_it(house: House) -> None:
    await approved(house)
    ours = replace(
        house.post("o1", "Could you say more?", thread="p1", age=1, parent_id="p1"), own=True, author=Author(NETWORK, "us", "acme")
    )
    await house.hear(ours)
    assert await look(house) == ["our account's answer was heard there"]
    assert house.rows("SELECT state, remote_id FROM deliveries") == [{"state": "sent", "remote_id": "o1"}]


async def test_nobody_is_asked_to_post_to_somebody_who_said_stop(house: House) -> None:
    await approved(house)
    await house.hear(house.post("p2", "@acme stop messaging me, leave me alone", thread="p9", age=1))
    await house.think()
    (why,) = await look(house)
    assert "asked us to stop" in why
    assert house.states() == ["held"]


async def test_a_post_that_was_changed_or_deleted_is_not_answered(house: House) -> None:
    await approved(house)
    assert await look(house) == []
    house.store.write(lambda tx: following.mark_gone(tx, NETWORK, ["p1"], at=house.clock()))
    assert await look(house) == ["the post is gone"]


async def test_somebody_is_reminded_once_and_in_the_end_nobody_is_asked_any_more(house: House) -> None:
    name = await approved(house)
    house.clock.forward(seconds=HALF)
    assert await look(house) == await look(house) == []
    told = [str(row["words"]) for row in house.rows("SELECT words FROM incidents WHERE ended_at IS NULL")]
    assert len(told) == 1
    assert name in told[0]
    assert "Acme shoes" not in told[0]
    house.clock.forward(seconds=WHOLE - HALF)
    assert await look(house) == ["nobody posted it within 1 d"]
    assert house.rows("SELECT 1 FROM incidents WHERE ended_at IS NULL") == []
    assert house.states() == ["held"]


async def test_a_reminder_ends_with_the_posting(house: House) -> None:
    name = await approved(house)
    house.clock.forward(seconds=HALF)
    await look(house)
    dispatch(house).posted(name)
    assert house.rows("SELECT 1 FROM incidents WHERE ended_at IS NULL") == []


async def test_a_private_message_is_neither_posted_by_hand_nor_sent_beside(house: House) -> None:
    await house.hear(house.post("p1", "Acme charged me twice and support ignores me", mentions=()))
    (noted,) = await house.think()
    assert noted.proposal
    assert noted.proposal.private is None
    assert "posted by hand" in noted.proposal.problems[0]  # its text promises a private message
    house.desk().edit(noted.case, public="@marta Which day was that? ^Jo", private="@marta This is Jo.")
    with pytest.raises(EarnestError, match="private message"):
        house.desk().approve(noted.case)
    assert house.states() == []


async def test_what_the_network_refused_because_nobody_called_us_is_posted_by_hand_then(house: House) -> None:
    await house.approved()
    gate = "A program answers only people who mentioned its account."
    house.mouth.lies = ["refused"]
    await house.speak(seconds=11)
    house.store.write(lambda tx: tx.run("UPDATE deliveries SET reason = :why", why=f"it said no: {gate}"))
    assert house.desk().approve("A-1").copy
    assert sorted(house.states()) == ["by_hand", "refused"]


async def test_it_waits_in_the_row_of_what_asks_for_a_person(house: House) -> None:
    name = await approved(house)
    (one,) = views.inbox(house.store.read(), Filters(), at=house.clock())
    assert isinstance(one, ToPost)
    line = one.to_json()
    assert (line["case"], line["state"], line["url"]) == (name, "by_hand", "https://town.example/p1")
    assert line["answer"] == "@marta Could you say a little more? ^Acme"
    assert "only people who mentioned" in str(line["reason"])
    assert views.health(house.store, running=False, at=house.clock()).deliveries["by_hand"] == 1


async def test_a_post_about_which_another_account_of_ours_was_used_is_not_answered_again(house: House) -> None:
    """Whoever posts by hand may use any account: the place is taken all the same."""
    name = await approved(house)
    dispatch(house).posted(name)
    (one,) = views.story(house.store.read(), name).sent
    again = deliveries.Order("us-too", NETWORK, one.parent, one.visibility, "Hi", Kind.PUBLIC, 1, 1, "k", False, "all", 0, house.clock())
    assert house.store.write(lambda tx: deliveries.add(tx, again)) is None


@pytest.mark.parametrize("words", ["my Acme shoes are great, thank you all", "my other shoes are odd", ""])
async def test_nobody_is_asked_to_post_what_was_written_for_other_words_or_none(house: House, words: str) -> None:
    """Edited, edited so that it speaks of us no more, or deleted: nothing waits for a hand, and no empty draft comes back."""
    name = await approved(house)
    house.clock.forward(seconds=HALF)
    await look(house)
    if words:
        await house.hear(replace(house.post("p1", words, mentions=(), url="https://town.example/p1"), version="2"))
    else:
        house.store.write(lambda tx: following.mark_gone(tx, NETWORK, ["p1"], at=house.clock()))
    await house.think()
    assert [one for one in views.inbox(house.store.read(), Filters(), at=house.clock()) if isinstance(one, ToPost)] == []
    with pytest.raises(EarnestError, match="no answer of it waits"):
        dispatch(house).posted(name)
    await look(house)
    assert house.states() == []
    assert house.rows("SELECT 1 FROM drafts WHERE state = 'waiting' AND public_text IS NULL") == []
    assert house.rows("SELECT 1 FROM incidents WHERE ended_at IS NULL") == []


def our_own(house: House, post_id: str = "o1", *, age: float = 1) -> Post:
    post = house.post(post_id, "Could you say more?", thread="p1", age=age, parent_id="p1")
    return replace(post, own=True, author=Author(NETWORK, "us", "acme"))


async def test_nobody_is_asked_to_say_what_our_account_said_already(house: House) -> None:
    """A colleague answered on the network itself, before anybody said yes to the draft."""
    await house.hear(house.post("p1", WORDS, mentions=()))
    (noted,) = await house.think()
    await house.hear(our_own(house))
    house.clock.forward(seconds=3_600)
    with pytest.raises(EarnestError, match="answered this post already"):
        house.desk().approve(noted.case)
    assert house.states() == []


async def test_an_older_answer_of_ours_that_is_heard_late_ends_the_asking(house: House) -> None:
    await house.hear(house.post("p1", WORDS, mentions=(), age=7_200))
    (noted,) = await house.think()
    house.desk().approve(noted.case)
    await house.hear(our_own(house, age=3_600))
    assert await look(house) == ["somebody already answered this post for us"]
    with pytest.raises(EarnestError, match="answered this post already"):
        house.desk().approve(noted.case)


async def test_an_answer_that_a_person_took_away_leaves_room_for_another(house: House) -> None:
    name = await approved(house)
    dispatch(house).posted(name)
    await house.hear(our_own(house))
    dispatch(house).absent(name)
    house.desk().edit(name, public="@marta Which ones are odd? ^Jo")
    assert house.desk().approve(name).copy
