"""Brakes: each trips on its own evidence, pauses, is told once, and does not trip again on what came before a person resumed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from listener.polling import Ear
from listener.rules.rulebook import BRAKES, Boundaries, Brake
from listener.store.base import Tx
from responders import brakes
from responders.brakes import Seen
from responders.ledger import people, tallies
from responders.ledger.caseload import Caseload
from responders.model import Heard
from responders.switch import Switch
from tests.asking import Asking
from tests.braking import ANGRY, check, pause, reply, resume, say, told
from tests.mouth import House

CALM = "@acme hello there, one more thing"
HOUR = timedelta(hours=1)
Make = Callable[..., House]
OPEN = {"per_thread": 100, "per_author": 100, "per_hour": 100}
ALL_ALONE = {"mode": "send", "routes": [{"name": "all", "when": "always", "reply": "hello", "approval": "none"}]}


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[House] = []

    def build(*pause_when: dict[str, object], **changes: object) -> House:
        limits = {"limits": OPEN, "pause_when": list(pause_when)}
        house = House(tmp_path / str(len(made)), **{"boundaries": limits, **changes})
        made.append(house)
        return house

    yield build
    for house in made:
        house.store.close()


@pytest.mark.parametrize(
    ("brake", "seen", "words"),
    [
        ({"same_text": 3}, Seen(2), ""),
        ({"same_text": 3}, Seen(3), "the same text left 3 times within 1h"),
        ({"answers": 5}, Seen(4), ""),
        ({"answers": 5}, Seen(6), "6 answers left by themselves within 1h"),
        ({"upset_replies": 3}, Seen(3), "3 unhappy replies to our answers within 1h"),
        ({"mentions": 2, "words": ["recall"]}, Seen(2), "2 mentions within 1h with one of the words recall"),
        ({"mentions": 2, "words": list("abcd")}, Seen(9), "9 mentions within 1h with one of the words a, b, c, …"),
        ({"negative": 20}, Seen(19), ""),
        ({"negative": 20}, Seen(20), "20 negative mentions within 1h, and no day yet to compare with"),
        ({"negative": 20}, Seen(23, 6.0), ""),
        ({"negative": 20}, Seen(24, 6.0), "24 negative mentions within 1h, 6.0 are usual"),
        ({"negative": 20, "times": 2}, Seen(20, 6.0), "20 negative mentions within 1h, 6.0 are usual"),
        ({"negative": 20}, Seen(20, 0.0), "20 negative mentions within 1h, 0.0 are usual"),
    ],
)
def test_a_brake_trips_from_its_number_on_and_says_what_it_counted(brake: dict[str, object], seen: Seen, words: str) -> None:
    assert brakes.reason(Brake.model_validate({**brake, "within": "1h"}), seen) == words


def test_where_nothing_is_set_three_brakes_hold_and_an_empty_list_switches_them_off() -> None:
    assert Boundaries().pause_when == BRAKES
    assert [(one.upset_replies, one.negative, one.mentions, one.within) for one in BRAKES] == [
        (3, None, None, HOUR),
        (None, 20, None, HOUR),
        (None, None, 20, timedelta(minutes=20)),
    ]
    assert Boundaries.model_validate({"pause_when": []}).pause_when == ()


async def test_unhappy_replies_to_our_answers_stop_what_waits_to_leave(make: Make) -> None:
    house = make({"upset_replies": 3, "within": "1h"})
    for number in range(3):
        await house.approved(f"p{number}", CALM, by=f"a{number}")
    await house.speak(seconds=11)
    for number in range(2):
        await reply(house, f"p{number}", f"r{number}")
    assert pause(house) == ""
    await house.approved("q", CALM, by="q")
    await reply(house, "p2", "r2")
    assert pause(house) == "3 unhappy replies to our answers within 1h"
    assert await house.speak(seconds=20) == [], "what was on its way stays"
    assert len(house.mouth.published) == 3
    assert told(house) == ["brake"]
    assert house.rows("SELECT who, action FROM audit WHERE action = 'paused'") == [{"who": "earnest", "action": "paused"}]


async def test_unhappy_words_that_answer_nobody_are_no_reply_and_kind_replies_are_not_unhappy(make: Make) -> None:
    house = make({"upset_replies": 1, "within": "1h"}, **ALL_ALONE)
    await say(house, CALM)
    await house.speak(seconds=11)
    await reply(house, "p0", "r0", "@acme thank you, that helped")
    await say(house, ANGRY, ANGRY, name="q")
    await say(house, ANGRY, name="s", thread="other", parent_id="q0", parent_author_id="id-q0")
    assert pause(house) == ""


async def test_what_a_colleague_answered_by_hand_counts_as_ours(make: Make) -> None:
    house = make({"upset_replies": 1, "within": "1h"})
    await say(house, CALM)
    by_hand = house.post("hand", "We are on it", by="us", thread="p0", parent_id="p0", own=True)
    await house.hear(by_hand)
    await house.hear(house.post("r", ANGRY, by="p0", thread="p0", parent_id="hand", parent_author_id="id-us"))
    await house.think()
    assert pause(house) == "1 unhappy replies to our answers within 1h"


async def test_words_of_a_crisis_are_found_in_any_script_and_only_as_whole_words(make: Make) -> None:
    house = make({"mentions": 3, "words": ["killed", "地震"], "within": "20m"})
    await say(house, "@acme two people KILLED", "@acme skilled staff", "@acme 大きな地震でした", "@acme overkilled")
    assert pause(house) == ""
    await say(house, "@acme he was \u200bkilled", name="q")
    assert pause(house) == "3 mentions within 20m with one of the words killed, 地震"


async def test_only_what_was_written_within_the_span_counts(make: Make) -> None:
    house = make({"mentions": 3, "words": ["killed"], "within": "20m"})
    await say(house, *["@acme killed"] * 2, age=25 * 60)
    await say(house, *["@acme killed"] * 2, name="q")
    assert pause(house) == ""
    await say(house, "@acme killed", name="r", age=-3 * 3_600)  # a network whose clock runs ahead
    assert pause(house)


async def test_the_past_of_a_first_poll_and_an_import_trip_nothing(make: Make) -> None:
    house = make({"negative": 3, "within": "1h"})
    await say(house, *[ANGRY] * 10, age=40 * 86_400)
    await say(house, *[ANGRY] * 10, name="q", age=7_200)
    ear = Ear(house.store, house.book, house.clock)
    past = ear.judge_past("file", [house.post(f"i{number}", ANGRY, by=f"i{number}") for number in range(10)], "acme")
    house.store.write(lambda tx: ear.take_past(tx, "file", past))
    await house.think()
    assert pause(house) == ""


async def test_whoever_is_decided_in_the_same_breath_finds_sending_paused(make: Make) -> None:
    house = make({"negative": 2, "within": "1h"}, **ALL_ALONE)
    words = [ANGRY, CALM, ANGRY, CALM]
    await house.hear(*(house.post(f"p{place}", text, by=f"p{place}", age=60 - place) for place, text in enumerate(words)))
    held = [[hold.gate for hold in noted.decision.holds] for noted in await house.think()]
    assert held == [[], [], ["paused"], ["paused"]]


async def test_an_edit_and_a_second_brand_count_once(make: Make) -> None:
    brands = {name: {"names": [name], "handles": {"mastodon": "acme"}} for name in ("acme", "zenith")}
    house = make({"negative": 3, "within": "1h"}, brands=brands)
    for version in ("", "2", "3"):
        words = f"zenith and acme are terrible, the worst, I hate it {version}"
        await house.hear(house.post("p", words, version=version))
        await house.think()
    assert house.rows("SELECT COUNT(*) AS n FROM mentions") == [{"n": 2}]
    assert house.rows("SELECT SUM(n) AS n FROM tallies") == [{"n": 1}]


async def test_negative_mentions_trip_only_where_they_are_many_times_the_usual(make: Make) -> None:
    house = make({"negative": 5, "times": 4, "within": "1h"})
    usual = 3
    for day in range(1, 8):
        for number in range(usual):
            at = house.clock() - timedelta(days=day, minutes=10 + number)
            house.store.write(lambda tx, at=at: tallies.add(tx, "negative", at, epoch=0))  # type: ignore[misc]
    began = house.clock() - timedelta(days=8)
    house.store.write(lambda tx: tallies.add(tx, "negative", began, epoch=0))
    await say(house, *[ANGRY] * 11)
    assert pause(house) == ""
    await say(house, ANGRY, name="q")
    assert pause(house) == "12 negative mentions within 1h, 3.0 are usual"


async def test_days_before_the_first_count_are_no_quiet_days(make: Make) -> None:
    house = make({"negative": 5, "times": 2, "within": "1h"})
    yesterday = house.clock() - timedelta(days=1)
    for minutes in (*[90] * 3, *[20] * 6):
        house.store.write(lambda tx, ago=minutes: tallies.add(tx, "negative", yesterday - timedelta(minutes=ago), epoch=0))  # type: ignore[misc]
    await say(house, *[ANGRY] * 11)
    assert pause(house) == "", "six are usual, by the one day that was heard"
    await say(house, ANGRY, name="q")
    assert pause(house)


@pytest.mark.parametrize("brake", [{"same_text": 3}, {"answers": 3}])
async def test_too_many_answers_or_too_much_of_the_same_stops_the_next(make: Make, brake: dict[str, object]) -> None:
    house = make({**brake, "within": "1h"})
    for number in range(4):
        await house.approved(f"p{number}", CALM, by=f"a{number}")
    house.clock.forward(seconds=11)
    for number in range(3):
        assert check(house) == "", number
        await house.outbox().round(1)
        house.store.write(lambda tx: tx.run("UPDATE deliveries SET automatic = 1 WHERE state = 'sent'"))
    assert check(house)
    assert check(house) == "", "it says so once"
    assert (len(house.mouth.published), told(house)) == (3, ["brake"])
    assert await house.speak(seconds=30) == []


async def test_what_left_long_ago_or_in_other_words_is_not_the_same_text(make: Make) -> None:
    house = make({"same_text": 2, "within": "1h"})
    await house.approved("p0", CALM, by="a0")
    await house.speak(seconds=11)
    house.clock.forward(hours=2)
    await house.approved("p1", CALM, by="a1")
    await house.hear(house.post("p2", "@acme the charger started smoking and burned my hand", by="a2"))
    await house.think()
    await house.speak(seconds=11)
    assert check(house) == ""


async def test_an_answer_of_a_person_is_no_answer_by_itself(make: Make) -> None:
    house = make({"answers": 1, "within": "1h"})
    await house.approved()
    await house.speak(seconds=11)
    assert check(house) == ""


async def test_after_a_resume_only_what_comes_later_counts(make: Make) -> None:
    house = make({"negative": 3, "times": 1, "within": "1h"}, {"same_text": 1, "within": "1h"})
    await house.approved("a", CALM, by="a")
    await house.speak(seconds=11)
    assert check(house) == "the same text left 1 times within 1h"
    await say(house, *[ANGRY] * 10)
    resume(house)
    assert check(house) == ""
    await say(house, ANGRY, ANGRY, name="q")
    assert pause(house) == ""
    await say(house, ANGRY, name="r")
    assert pause(house).startswith("3 negative mentions")
    assert told(house) == ["brake", "brake"]
    assert [row["ended_at"] is None for row in house.rows("SELECT ended_at FROM incidents")] == [False, True]


async def test_a_pause_by_a_person_is_lengthened_by_a_brake_and_not_the_other_way_round(make: Make) -> None:
    house = make({"negative": 1, "within": "1h"})
    switch = Switch(house.store, house.clock, who="kim")
    switch.pause("lunch", timedelta(minutes=30))
    await say(house, ANGRY)
    assert pause(house)
    switch.pause("I am looking", timedelta(minutes=5))
    house.clock.forward(hours=2)
    assert people.paused(house.store.read(), at=house.clock()), "only a person ends it"
    await say(house, ANGRY, name="q")
    assert told(house) == ["brake"]


async def test_with_an_empty_list_nothing_is_counted_and_nothing_trips(make: Make) -> None:
    house = make(**ALL_ALONE)
    await say(house, *[ANGRY + ", people were killed"] * 60)
    assert (check(house), pause(house), told(house)) == ("", "", [])
    assert house.rows("SELECT * FROM tallies") == []


async def test_a_cry_for_help_is_told_while_a_brake_holds(make: Make) -> None:
    house = make({"negative": 1, "within": "1h"}, teams={"on-call": {"members": ["kim"]}})
    await say(house, ANGRY)
    assert pause(house)
    await say(house, "@acme the charger started smoking and burned my daughter's hand", name="q")
    assert house.rows("SELECT team FROM escalations") == [{"team": "on-call"}]


async def test_a_brake_that_stumbles_keeps_no_mention_from_being_decided(make: Make) -> None:
    house = make({"negative": 1, "within": "1h"})
    house.store.write(lambda tx: tx.run("DROP TABLE tallies"))
    await house.hear(house.post("p", ANGRY))
    (noted,) = await house.think()
    assert noted.state == "waiting"


async def test_steps_older_than_nine_days_are_dropped(make: Make) -> None:
    house = make({"negative": 100, "within": "1h"})
    for day in range(30):
        await say(house, ANGRY, name=f"d{day}")
        house.clock.forward(days=1)
    assert house.rows("SELECT COUNT(*) AS n FROM tallies") == [{"n": 10}]


@pytest.mark.in_a_file
def test_every_question_a_brake_asks_has_an_index(make: Make) -> None:
    kinds = ({kind: 1, "within": "1h"} for kind in ("same_text", "answers", "upset_replies", "negative"))
    house = make(*kinds, {"mentions": 2, "words": ["killed"], "within": "1h"})
    post = house.post("r", ANGRY + " killed", parent_id="x", parent_author_id="us")
    (judged,) = Ear(house.store, house.book, house.clock).judge_past("file", [post], "acme")
    assert judged.assessment is not None
    heard = Heard(judged.mentions[0], judged.assessment)

    def ask(tx: Tx) -> tuple[list[str], int]:
        asking = Asking(tx)
        brakes.check(asking, house.book, at=house.clock())
        load = Caseload(asking, [heard.mention], at=house.clock())  # type: ignore[arg-type]
        assert brakes.Brakes(load, house.book).note(heard)
        load.finish()
        assert brakes.check(asking, house.book, at=house.clock())
        return asking.slow(), len(asking.asked)

    slow, asked = house.store.write(ask)
    assert slow == []
    assert asked > 10
