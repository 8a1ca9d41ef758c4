"""Where programs are not wanted: a subreddit that turned us away is not tried again, and whoever sends a program away is left alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from listener.model import Post
from listener.rules.rulebook import Scoring
from listener.scoring.assessor import Assessor
from responders.channels.base import MayLeave, Refused, SendResult, always
from responders.ledger import places
from responders.model import Delivery
from tests.mouth import NETWORK, House, Mouth
from tests.program import Program
from tests.unit.deciding import NOON, by


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.store.close()


class Closed(Mouth):
    """A network of which one part turns us away."""

    async def send(self, delivery: Delivery, timeout: float, may_leave: MayLeave = always) -> SendResult:
        assert timeout > 0
        assert may_leave()
        assert delivery.network == self.network
        return Refused("our account is banned from r/shoes", closes="shoes")


async def test_a_part_of_a_network_that_turned_us_away_is_remembered(house: House) -> None:
    house.channels[NETWORK] = Closed()
    await house.approved()
    await house.speak(seconds=11)
    assert places.closed(house.store.read()) == {(NETWORK, "shoes"): "our account is banned from r/shoes"}
    assert house.store.write(lambda tx: places.open_(tx, NETWORK, "Shoes", by="jo", at=house.clock()))
    assert places.closed(house.store.read()) == {}
    assert house.store.write(lambda tx: places.close(tx, NETWORK, "shoes", "again", by="earnest", at=house.clock()))
    assert places.closed(house.store.read()) == {(NETWORK, "shoes"): "again"}


async def test_its_posts_get_drafts_that_a_person_posts_by_hand(house: House) -> None:
    house.store.write(lambda tx: places.close(tx, "reddit", "shoes", "our account is banned from r/shoes", by="earnest", at=house.clock()))
    there = Post(
        "reddit", "t1_a", "u/acme hello there, one thing", by("marta", network="reddit"), house.clock(), "t3_a", mentions=("acme",)
    )
    for post, hand in ((with_url(there, "Shoes"), True), (with_url(there, "running", "t1_b"), False)):
        await house.hear(post)
        (noted,) = await house.think()
        gates = [hold.reason for hold in noted.decision.holds if hold.by_hand and "subreddit" in hold.reason]
        assert bool(gates) is hand, post.url


def with_url(post: Post, place: str, post_id: str = "t1_a") -> Post:
    return Post(
        post.network, post_id, post.text, post.author, post.created_at, f"t3_{place}", f"https://www.reddit.com/r/{place}/comments/a/x/b/",
        mentions=post.mentions,
    )  # fmt: skip


def wishes(words: str) -> list[str]:
    said = Post("reddit", "t1_a", words, by("marta", network="reddit"), NOON, "t3_a")
    return [wish.name for wish in Assessor(Scoring()).assess(said).wishes]


@pytest.mark.parametrize(
    "words",
    ["stop", "Stop!", "u/acme stop", "bad bot", "Bad bot.", "!optout", "opt out", "@acme please stop", "you are a bad bot", "Unsubscribe"],
)
def test_whoever_sends_a_program_away_asks_us_to_stop(words: str) -> None:
    assert wishes(words) == ["stop"]


@pytest.mark.parametrize(
    "words", ["I can't make it stop", "the bus did not stop", "good bot", "one more bad bottle", "my shoes never stop squeaking"]
)
def test_other_stops_are_none(words: str) -> None:
    assert wishes(words) == []


@pytest.mark.parametrize("words", ["please dm me", "DM me the details", "you can message me", "send me a dm", "schickt mir eine DM"])
def test_asking_for_a_private_message_is_consent(words: str) -> None:
    assert wishes(words) == ["dm_me"]


@pytest.mark.parametrize("words", ["don't dm me", "please do not dm me", "stop messaging me"])
def test_asking_for_none_is_not(words: str) -> None:
    assert "dm_me" not in wishes(words)


def test_a_person_reopens_a_place_by_name(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.store.write(lambda tx: places.close(tx, "reddit", "shoes", "banned", by="earnest", at=house.clock()))
    house.store.close()
    rules = tmp_path / "rules.yaml"
    rules.write_text(
        "version: 1\nbrands: {acme: {names: [Acme]}}\nsources: {reddit: {search: acme, skip_subreddits: [depression]}}\n"
        "routes: [{name: all, when: always}]\n",
        encoding="utf-8",
    )
    run = Program(f"sqlite:///{tmp_path}/earnest.db", rules, {"EARNEST_NAME": "jo"})
    assert "closed shoes since" in run("sources", "test", "reddit").out
    assert run("sources", "reopen", "reddit", "r/shoes").code == 0
    assert run("sources", "reopen", "reddit", "r/shoes").code == 1
    assert "reopened" in run("log").out


async def test_what_was_approved_before_a_gate_closed_is_not_sent_by_a_program(house: House) -> None:
    """A yes may wait for two hours; where a network takes no program's answer by then, the next yes gives the words to a person."""
    await house.approved("p1")
    assert await house.speak(seconds=1) == []
    house.store.write(lambda tx: tx.run("UPDATE mentions SET addressed = 0"))  # the gate "mentioned" asks for this
    await house.speak(seconds=11)
    assert (house.mouth.published, house.states()) == ([], ["held"])
    assert house.desk().approve("A-1").copy
