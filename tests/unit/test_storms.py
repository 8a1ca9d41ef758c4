"""Storm signals: points for every mention of a brand while more is said of it than is usual, the same way everywhere."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from listener.model import Intent, Level, Mood, Sentiment, Signal, Urgency
from listener.rules.rulebook import Rulebook, Scoring, UrgencySettings
from listener.scoring.judge import judge_name
from listener.scoring.raising import raised
from listener.store import mentions as heard_ledger
from listener.store.base import Row, Tx, Value
from responders import heardlist, views
from responders.circumstances import circumstances, world
from responders.cli.records import mention_json
from responders.conditions import asked_in
from responders.explaining import explain
from responders.ledger import judged as ledger
from responders.ledger.bygone import Span
from responders.replaying import replay
from responders.trials import run_tests
from tests import street
from tests.asking import Asking
from tests.mouth import NETWORK, House
from tests.unit.deciding import judged

ANGRY = "@acme this is terrible, the worst service I ever had, I hate it"
CALM = "@acme where is your shop in town"
STORM = {"points": 30, "spike": {"of": "negative", "over": "1h", "times": 2, "at_least": 3}}
SCORING = {"urgency": {"signals": {"storm": STORM}}}
ROUTES = [{"name": "stormy", "when": {"signals": ["storm"]}, "reply": "hello"}, {"name": "rest", "when": "always", "reply": "hello"}]
FREE = {"limits": {"per_thread": 100, "per_author": 100, "per_hour": 100}, "pause_when": []}
RULES = {"scoring": SCORING, "routes": ROUTES, "boundaries": FREE}
SETTINGS = UrgencySettings.model_validate(SCORING["urgency"])
Make = Callable[..., House]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[House] = []

    def build(**changes: object) -> House:
        made.append(House(tmp_path / str(len(made)), **{**RULES, **changes}))
        return made[-1]

    yield build
    for house in made:
        house.store.close()


async def routes(house: House, *words: str, name: str = "p") -> list[str]:
    found = []
    for place, text in enumerate(words):
        await house.hear(house.post(f"{name}{place}", text, by=f"{name}{place}", age=5))
        found += [one.decision.route for one in await house.think()]
    return found


async def test_every_mention_has_the_signal_while_the_storm_lasts_and_none_after_it(make: Make) -> None:
    house = make()
    assert await routes(house, ANGRY, ANGRY, ANGRY, CALM) == ["rest", "rest", "stormy", "stormy"]
    house.clock.forward(minutes=70)
    assert await routes(house, CALM, name="later") == ["rest"]


async def test_a_storm_is_of_one_brand(make: Make) -> None:
    brands = {name: {"names": [name], "handles": {"mastodon": name}} for name in ("acme", "zenith")}
    house = make(brands=brands)
    assert await routes(house, ANGRY, ANGRY, ANGRY) == ["rest", "rest", "stormy"]
    await house.hear(house.post("z", "zenith is here and acme is not"))
    assert {one.heard.mention.brand: one.decision.route for one in await house.think()} == {"acme": "stormy", "zenith": "rest"}


async def test_what_is_usual_at_that_hour_is_no_storm(make: Make) -> None:
    house = make()
    for day in range(2):
        await routes(house, *[ANGRY] * 3, name=f"d{day}")
        house.clock.forward(days=1)
    assert await routes(house, *[ANGRY] * 6, name="now") == ["rest"] * 5 + ["stormy"]


async def test_the_reason_stands_wherever_a_signal_does(make: Make) -> None:
    house = make()
    await routes(house, ANGRY, ANGRY, ANGRY, CALM)
    words = "3 negative mentions within 1h, no day yet to compare with"
    reader = house.store.read()
    story = views.story(reader, "A-4")
    assert story.assessment
    assert story.assessment.signals == (Signal("storm", 30, (words,)),)
    assert (story.assessment.urgency.points, story.case.points) == (30, 30)
    assert story.decision
    assert story.decision.trace[0].because == f'signals are storm ("{words[:59]}…")' or words[:50] in story.decision.trace[0].because
    (pending,) = [one for one in views.inbox(reader, views.Filters(), at=house.clock()) if one.case.name == "A-4"]
    assert pending.assessment
    assert pending.assessment.signals == story.assessment.signals
    newest = mention_json(heardlist.heard(reader, views.Filters(), search="", at=house.clock(), limit=1)[0])
    assert newest["signals"] == [{"name": "storm", "points": 30, "because": [words]}]
    assert newest["urgency"] == {"level": "normal", "points": 30}


async def test_a_list_by_urgency_knows_what_the_storm_added(make: Make) -> None:
    house = make(scoring={"urgency": {"signals": {"storm": {**STORM, "points": 60}}}})
    await routes(house, *["@acme this is awful"] * 3, "acme is in town")
    reader = house.store.read()
    high = heardlist.heard(reader, views.Filters(urgency=Level.HIGH), search="", at=house.clock(), limit=9)
    assert [str(row["id"]) for row in high] == ["p3", "p2"]


async def test_the_stored_judgement_of_the_post_stays_as_its_words_made_it(make: Make) -> None:
    house = make()
    await routes(house, ANGRY, ANGRY, ANGRY, CALM)
    reader = house.store.read()
    bare = heard_ledger.assessment(reader, NETWORK, "p3")
    assert bare
    assert not bare.signals
    with_storm = ledger.assessment(reader, NETWORK, "p3", "acme")
    assert with_storm
    assert [one.name for one in with_storm.signals] == ["storm"]


def test_judges_who_differ_in_their_storms_only_are_one() -> None:
    one, other, third = (
        judge_name(Scoring.model_validate({"urgency": {"signals": {"storm": storm}}}))
        for storm in (STORM, {**STORM, "spike": {"of": "mentions", "times": 9}}, {**STORM, "points": 31})
    )
    assert one == other != third


async def test_explain_says_the_same_of_a_stored_case(make: Make) -> None:
    house = make()
    await routes(house, ANGRY, ANGRY, ANGRY, CALM)
    reader = house.store.read()
    mention = heard_ledger.mention(reader, NETWORK, "p3", "acme")
    assert mention
    around = world(reader, at=house.clock(), asked=asked_in(house.book))
    found = explain(house.book, mention.post, circumstances(reader, mention, around, late=False), mention=mention)
    assert found.to_json()["route"] == "stormy"
    assert 'signal    storm "3 negative mentions within 1h, no day yet to compare with" +30' in found.lines()


async def test_a_replay_finds_the_storm_again_by_judgements_that_are_stored(make: Make) -> None:
    house = make()
    began = house.clock()
    assert await routes(house, ANGRY, ANGRY, ANGRY, CALM) == ["rest", "rest", "stormy", "stormy"]
    house.clock.forward(minutes=1)
    story = replay(house.store.url, house.book, Span(began - timedelta(minutes=1), house.clock()))
    assert {post: told.route for (_, post, _), told in story.mentions.items()} == {
        "p0": "rest",
        "p1": "rest",
        "p2": "stormy",
        "p3": "stormy",
    }


def test_a_test_of_the_rules_proves_a_storm() -> None:
    now = [{"post": ANGRY, "ago": "10m", "times": 3}]
    yesterday = [{"post": ANGRY, "ago": "1450m", "times": 3}, {"post": ANGRY, "ago": "27h"}]
    tests = [
        {"name": "in a storm", "post": CALM, "history": now, "route": "stormy", "urgency": "normal"},
        {"name": "in the calm", "post": CALM, "history": [{"post": ANGRY, "ago": "2h", "times": 3}], "route": "rest"},
        {"name": "as yesterday", "post": CALM, "history": [*now, *yesterday], "route": "rest"},
        {"name": "no storm at all", "post": CALM, "history": now, "route": "rest"},
    ]
    (fell,) = run_tests(Rulebook.model_validate({**street.RULES, **RULES, "tests": tests}))
    assert fell.name == "no storm at all"
    assert 'it went to "stormy"' in fell.got


def test_a_storm_presses_and_makes_no_emergency_out_of_annoyance() -> None:
    settings = UrgencySettings.model_validate({"signals": {"storm": {**STORM, "points": 60}}})
    annoyed = judged(signals=(Signal("money", 40, ("charged twice",)),), urgency=Urgency(Level.NORMAL, 40), needs_reply=True)
    seen = raised(annoyed, [Signal("storm", 60, ("a storm",))], settings)
    assert seen.urgency == Urgency(Level.HIGH, 74)
    assert [(one.name, one.points) for one in seen.signals] == [("money", 40), ("storm", 34)]
    alone = raised(annoyed, [Signal("storm", 80, ("a storm",))], settings)
    assert alone.urgency == Urgency(Level.CRITICAL, 100), "rules that want a critical storm get one"


def test_no_urgency_sinks_by_a_storm_and_spam_stays_spam() -> None:
    storm = [Signal("storm", 30, ("a storm",))]
    failed = judged(signals=(), urgency=Urgency(Level.HIGH, 50), failed="a scorer failed", sentiment=Sentiment(Mood.UNKNOWN, 0.0))
    assert raised(failed, storm, SETTINGS).urgency == Urgency(Level.HIGH, 50)
    spam = judged(signals=(), urgency=Urgency(Level.LOW, 0), intent=Intent.SPAM)
    assert raised(spam, storm, SETTINGS) == spam


def test_a_signal_with_words_too_has_both_reasons_and_its_points_once() -> None:
    settings = UrgencySettings.model_validate({"signals": {"outage": {**STORM, "words": ["down"]}}})
    down = judged(signals=(Signal("outage", 30, ("down",)),), urgency=Urgency(Level.NORMAL, 30), needs_reply=True)
    (seen,) = raised(down, [Signal("outage", 30, ("12 mentions",))], settings).signals
    assert (seen.points, seen.because) == (30, ("down", "12 mentions"))


class _Counting(Asking):
    """Counts the questions."""

    def __init__(self, tx: Tx) -> None:
        super().__init__(tx)
        self.many = 0

    def all(self, sql: str, **values: Value) -> list[Row]:
        self.many += 1
        return super().all(sql, **values)

    def one(self, sql: str, **values: Value) -> Row | None:
        self.many += 1
        return super().one(sql, **values)

    def run(self, sql: str, **values: Value) -> int:
        self.many += 1
        return super().run(sql, **values)


@pytest.mark.in_a_file
async def test_a_storm_of_two_thousand_keeps_counting_cheap(make: Make) -> None:
    house = make()

    def questions(tx: Tx) -> int:
        counting = _Counting(tx)
        mention = heard_ledger.mention(tx, NETWORK, "s0", "acme")
        assert mention
        around = world(counting, at=house.clock(), asked=asked_in(house.book))  # type: ignore[arg-type]
        circumstances(counting, mention, around, late=False)  # type: ignore[arg-type]
        assert counting.slow() == []
        return counting.many

    await house.hear(house.post("s0", ANGRY, by="s0", age=30))
    await house.think()
    before = house.store.write(questions)
    for page in range(10):
        await house.hear(*(house.post(f"s{page}-{one}", ANGRY, by=f"s{page}-{one}", age=one % 20) for one in range(200)))
    while await house.think():
        pass
    assert house.store.write(questions) == before
    assert house.rows("SELECT SUM(n) AS n FROM tallies") == [{"n": 2_001}]
    assert len(house.rows("SELECT * FROM tallies")) <= 5, "a row for ten seconds, whatever comes in them"
    assert json.loads(str(house.rows("SELECT raised FROM decisions ORDER BY id DESC LIMIT 1")[0]["raised"]))["points"] >= 30
