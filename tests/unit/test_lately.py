"""What came before a mention, as conditions ask for it: from hearing to the route that took it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from listener.store import mentions as heard_ledger
from responders.circumstances import circumstances, world
from responders.conditions import asked_in
from tests.asking import Asking
from tests.mouth import NETWORK, House

ANGRY = "@acme this is terrible, awful and broken"
Make = Callable[..., House]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[House] = []

    def build(when: dict[str, object], **changes: object) -> House:
        routes = [{"name": "asked", "when": when}, {"name": "rest", "when": "always", "reply": "hello"}]
        brakes = {"limits": {"per_thread": 100, "per_author": 100, "per_hour": 100}, "pause_when": []}
        made.append(House(tmp_path / str(len(made)), routes=routes, boundaries=brakes, **changes))
        return made[-1]

    yield build
    for house in made:
        house.store.close()


async def route_of(house: House, post_id: str, words: str = "@acme hello there", by: str = "marta", **more: object) -> str:
    await house.hear(house.post(post_id, words, by, **more))  # type: ignore[arg-type]
    (noted,) = await house.think()
    return noted.decision.route


async def test_the_third_post_of_one_person_within_the_hour(make: Make) -> None:
    house = make({"count": {"by": "author", "at_least": 3, "within": "1h"}})
    assert [await route_of(house, "p1", age=7_200), await route_of(house, "p2", age=600)] == ["rest", "rest"]
    assert await route_of(house, "p3", by="tom", age=400) == "rest"
    assert await route_of(house, "p4", age=300) == "rest"
    assert await route_of(house, "p5", age=200) == "asked"


async def test_the_second_cry_in_one_thread_by_whomever(make: Make) -> None:
    house = make({"count": {"of": "negative", "by": "thread", "at_least": 2, "within": "1d"}})
    assert await route_of(house, "p1", ANGRY, thread="t") == "rest"
    assert await route_of(house, "p2", thread="t", by="tom") == "rest"
    assert await route_of(house, "p3", ANGRY, by="eve") == "rest"
    assert await route_of(house, "p4", ANGRY, thread="t", by="tom") == "asked"


async def test_a_signal_is_counted_for_the_brand_and_an_edit_counts_once(make: Make) -> None:
    house = make({"count": {"of": "money", "at_least": 3, "within": "1h"}})
    words = "@acme charged me twice"
    assert await route_of(house, "p1", words) == "rest"
    for version in ("2", "3", "4"):
        assert await route_of(house, "p1", f"{words} {version}", version=version) == "rest"
    assert await route_of(house, "p2", by="tom") == "rest"
    assert await route_of(house, "p3", words, by="tom") == "rest"
    assert await route_of(house, "p4", words, by="eve") == "asked"


async def test_a_spike_is_more_than_the_same_hour_of_the_days_before(make: Make) -> None:
    house = make({"spike": {"of": "mentions", "over": "1h", "times": 2, "at_least": 3}})
    for day in range(3):
        for number in range(3):
            await house.hear(house.post(f"d{day}-{number}", "@acme hello there", f"p{number}"))
            await house.think()
        house.clock.forward(days=1)
    routes = [await route_of(house, f"now{number}", by=f"q{number}") for number in range(7)]
    assert routes == ["rest"] * 5 + ["asked"] * 2


async def test_who_wrote_in_another_thread_before_is_a_known_customer(make: Make) -> None:
    house = make({"customer": "known"})
    assert await route_of(house, "p1", age=600) == "rest"
    assert await route_of(house, "p2", thread="p1", age=500) == "rest", "the same conversation makes nobody known"
    assert await route_of(house, "p3", age=400) == "asked"
    assert await route_of(house, "p4", by="tom", age=300) == "rest"


async def test_nobody_is_known_by_what_they_write_later(make: Make) -> None:
    house = make({"customer": "known"})
    house.clock.forward(hours=1)
    await house.hear(house.post("p1", "@acme hello there", age=60), house.post("p2", "@acme hello again", age=1800))
    assert {one.heard.mention.post.id: one.decision.route for one in await house.think()}["p2"] == "rest"


async def test_who_still_waits_after_two_posts_and_an_answer_that_ends_the_waiting(make: Make) -> None:
    house = make({"thread": {"waiting": 2}})
    assert await route_of(house, "p1", age=60) == "rest"
    house.desk().approve("A-1")
    await house.speak(seconds=11)
    house.clock.forward(minutes=5)
    assert await route_of(house, "p2", thread="p1", age=0) == "rest"
    house.clock.forward(minutes=5)
    assert await route_of(house, "p3", thread="p1", age=0) == "asked"


async def test_an_answer_of_ours_in_the_thread(make: Make) -> None:
    house = make({"thread": {"answered": True}})
    assert await route_of(house, "p1", age=60) == "rest"
    house.desk().approve("A-1")
    await house.speak(seconds=11)
    house.clock.forward(minutes=5)
    assert await route_of(house, "p2", thread="p1", age=0) == "asked"
    assert await route_of(house, "p3", thread="p1", by="tom", age=0) == "rest", "it was no answer to tom"


async def test_what_a_colleague_wrote_by_hand_ends_the_waiting_of_whom_they_answered(make: Make) -> None:
    house = make({"thread": {"waiting": 2}})
    assert await route_of(house, "p1", thread="t", age=900) == "rest"
    ours = house.post("o1", "On it.", "acme", thread="t", age=600, own=True, parent_id="p1", parent_author_id="id-marta")
    await house.hear(ours)
    assert await route_of(house, "t1", thread="t", by="tom", age=800) == "rest"
    assert await route_of(house, "t2", thread="t", by="tom", age=400) == "asked", "nobody answered tom"
    assert await route_of(house, "p2", thread="t", age=300) == "rest"


@pytest.mark.in_a_file
async def test_no_question_about_the_past_reads_a_whole_table(make: Make) -> None:
    both = [{"count": {"of": of, "by": by, "at_least": 3, "within": "1h"}} for of in ("negative", "money") for by in ("author", "thread")]
    more = [{"customer": "known"}, {"thread": {"waiting": 2}}, {"spike": {}}, {"count": {"at_least": 3, "within": "1h"}}]
    house = make({"any": [*both, *more]})
    assert await route_of(house, "p1", thread="t") == "rest"
    mention = heard_ledger.mention(house.store.read(), NETWORK, "p1", "acme")
    assert mention

    def look(tx: Asking) -> list[str]:
        around = world(tx, at=house.clock() + timedelta(seconds=1), asked=asked_in(house.book))
        circumstances(tx, mention, around, late=False)
        return tx.slow()

    assert house.store.write(lambda tx: look(Asking(tx))) == []


async def test_the_words_of_one_signal_are_not_counted_as_another_signal(make: Make) -> None:
    signals = {"vogel": {"points": 1, "words": ["money", "zugvogel"]}, "money": {"points": 1, "words": ["geldgeld"]}}
    count = {"count": {"of": "money", "by": "author", "at_least": 2, "within": "1d"}}
    house = make(count, scoring={"urgency": {"signals": signals}})
    assert await route_of(house, "p1", "@acme money, zugvogel", age=600) == "rest"
    assert await route_of(house, "p2", "@acme money, zugvogel again", age=500) == "rest"
    assert await route_of(house, "p3", "@acme geldgeld", age=400) == "rest"
    assert await route_of(house, "p4", "@acme geldgeld", age=300) == "asked"
