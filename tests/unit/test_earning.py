"""Earning: what of people's decisions counts for a route, and when they are enough."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from listener.polling import Ear
from listener.rules.rulebook import Rulebook
from responders import earning
from responders.outbox import expire
from responders.verdicts import Rung
from tests.braking import reply
from tests.climbing import ALONE, ASKING, CALM, approved, dispatch, draft, house, standing, words
from tests.mouth import House
from tests.street import RULES

Make = Callable[..., House]
TEMPLATES = dict(RULES["templates"])  # type: ignore[call-overload]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[House] = []

    def build(*routes: dict[str, object], **changes: object) -> House:
        made.append(house(tmp_path / str(len(made)), *routes, **changes))
        return made[-1]

    yield build
    for one in made:
        one.store.close()


def test_a_share_is_only_worth_what_its_number_bears_out() -> None:
    sure = {(good, of): round(earning.surely(good, of), 2) for good, of in ((58, 60), (6, 6), (50, 50), (45, 50), (0, 9), (0, 0))}
    assert sure == {(58, 60): 0.9, (6, 6): 0.69, (50, 50): 0.95, (45, 50): 0.81, (0, 9): 0.0, (0, 0): 0.0}


async def test_fifty_drafts_approved_as_they_are_by_several_people_on_several_days_earn_it(make: Make) -> None:
    here = make(ladder={})
    await approved(here, 49)
    assert standing(here).judged.rung is Rung.TOO_LITTLE
    assert words(here) == "too little to say: 49 of 50 decisions"
    await approved(here, 1, name="q")
    assert standing(here).judged.rung is Rung.EARNED
    assert words(here) == "has earned `approval: none`: 50 of 50 approved unchanged, no rejection, no reversal, no upset reply"


async def test_what_was_earned_changes_nothing_until_somebody_writes_it(make: Make) -> None:
    here = make()
    await approved(here, 12)
    assert standing(here).judged.rung is Rung.EARNED
    await here.hear(here.post("new", CALM, by="new", age=1))
    (noted,) = await here.think()
    assert "send" not in noted.decision.actions
    assert noted.state == "waiting"


async def test_edits_count_with_how_much_was_changed_and_weigh_against_a_route(make: Make) -> None:
    here = make()
    await approved(here, 12)
    for number in range(4):
        case = await draft(here, f"e{number}")
        old = str(here.rows("SELECT public_text FROM drafts ORDER BY id DESC LIMIT 1")[0]["public_text"])
        here.desk("kim").edit(case, public=old.replace("a little more", "much more" if number else "more of it, please"))
        here.desk("jo").approve(case)
    record = standing(here).record
    assert (record.counts["unchanged"], record.counts["edited"], record.decided) == (12, 4, 16)
    assert record.median_edit is not None
    assert 0.05 < record.median_edit < 0.5
    assert words(here) == f"keep asking: 4 of 16 edited, surely {record.surely:.2f} unchanged, 0.8 is asked"


async def test_a_draft_counts_once_and_by_the_strictest_word(make: Make) -> None:
    here = make()
    case = await draft(here, "p")
    here.desk("jo").approve(case)
    dispatch(here, "jo").take_back(case)
    here.desk("jo").approve(case)
    assert standing(here).record.counts == {"unchanged": 0, "edited": 0, "rejected": 0, "reversed": 1}
    for number, reason in enumerate(("tone", "tone", "made of stone")):
        here.desk("kim").reject(await draft(here, f"r{number}"), reason)
    record = standing(here).record
    assert (record.counts["rejected"], record.reasons, record.reversals) == (3, {"tone": 2, "other": 1}, 1)
    assert words(here) == "keep asking: 0 of 4 approved unchanged, 3 rejected (tone 2, other), 1 reversal, no upset reply"


async def test_what_is_taken_back_from_the_network_or_answered_in_anger_or_lapses_is_counted(make: Make) -> None:
    here = make()
    cases = await approved(here, 3)
    await here.speak(seconds=11)
    await reply(here, "p0", "angry")
    await reply(here, "p0", "angry-again")
    dispatch(here).withdraw(cases[1], "wrong")
    await draft(here, "late")
    here.clock.forward(days=3)
    await expire(here.store, here.clock)
    record = standing(here).record
    assert (record.upset, record.reversals, record.expired, record.alone) == (1, 1, 1, 0)
    assert record.counts["reversed"] == 1


async def test_one_persons_busy_afternoon_earns_nothing(make: Make) -> None:
    here = make()
    await approved(here, 20, people=["jo", "JO", " j o"], a_day=1_000)
    assert words(here) == "too little to say: 10 of 12 decisions (20 were made; of one person and day, ten yeses count)"


async def test_one_person_alone_earns_nothing_over_many_days_either(make: Make) -> None:
    here = make()
    await approved(here, 14, people=["jo"])
    here.desk("kim").approve(await draft(here, "one"))
    assert words(here) == "keep asking: 2 people must know it, and that is jo"


async def test_a_text_that_nobody_has_seen_is_not_earned_by_another(make: Make) -> None:
    texts = {**TEMPLATES, "hello": ["Could you say a little more? ^{agent}", {"de": "Wir verklagen Sie. ^{agent}"}]}
    here = make(templates=texts)
    await approved(here, 14)
    assert words(here) == 'keep asking: one of its texts was hardly ever approved, such as "Wir verklagen Sie. ^{agent}"'


@pytest.mark.parametrize(
    "change",
    [
        {"templates": {**TEMPLATES, "hello": "Go away. ^{agent}"}},
        {"routes": [{**ASKING, "reply": "thanks"}]},
        {"routes": [{"name": "other", "when": {"urgency": ["critical"]}, "reply": "holding"}, ASKING]},
    ],
)
async def test_other_words_or_conditions_begin_anew(make: Make, change: dict[str, object]) -> None:
    here = make()
    await approved(here, 12)
    here.book = Rulebook.model_validate({**here.book.model_dump(mode="json", by_alias=True, exclude_none=True), **change})
    record = standing(here).record
    assert (record.decided, record.earlier) == (0, 12)
    assert words(here) == "too little to say: 0 of 12 decisions"


async def test_clocks_teams_examples_and_another_rule_are_no_other_words(make: Make) -> None:
    here = make()
    await approved(here, 12)
    same = {**ASKING, "team": "on-call", "sla": {"first_response": "1h"}, "limits": {"per_hour": 3}, "examples": [{"post": "Acme"}]}
    here.book = Rulebook.model_validate({**here.book.model_dump(mode="json", by_alias=True, exclude_none=True), "routes": [same]})
    assert standing(here).judged.rung is Rung.EARNED


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"moment_of_truth": True}, "it is a moment of truth"),
        ({"escalate": "on-call"}, "it tells on-call at once"),
        ({"approval": "two-people"}, "two people must agree"),
        ({"private": "ask"}, "it writes in private"),
    ],
)
def test_some_routes_never_earn_it(make: Make, more: dict[str, object], why: str) -> None:
    assert words(make({**ASKING, **more})) == f"always asks: {why}"


def test_a_route_without_words_says_nothing(make: Make) -> None:
    assert words(make({"name": "all", "when": "always"})) == "says nothing"


async def test_a_route_on_trial_says_nothing_and_is_no_other_condition_for_those_below(make: Make) -> None:
    here = make()
    await approved(here, 12)
    trial = {"name": "trial", "when": {"sentiment": ["negative"]}, "reply": "hello", "approval": "none", "shadow": True}
    same = here.book.model_dump(mode="json", by_alias=True, exclude_none=True)
    here.book = Rulebook.model_validate({**same, "routes": [trial, ASKING]})
    assert words(here, "trial") == "on trial, says nothing: earnest report shadow"
    assert standing(here).judged.rung is Rung.EARNED


async def test_what_two_people_agreed_on_is_a_rung_of_its_own(make: Make) -> None:
    here = make({**ASKING, "approval": "two-people"})
    for number in range(4):
        case = await draft(here, f"p{number}")
        here.desk("jo").approve(case)
        here.desk("kim").approve(case)
    assert standing(here).record.decided == 4
    here.book = Rulebook.model_validate({**here.book.model_dump(mode="json", by_alias=True, exclude_none=True), "routes": [ASKING]})
    assert words(here) == "too little to say: 0 of 12 decisions"


async def test_history_and_answers_that_a_person_wrote_from_nothing_are_no_record(make: Make) -> None:
    here = make(boundaries={"pause_when": [], "answer_within": "1s"})
    case = await draft(here, "p", age=60)
    here.desk("jo").edit(case, public="In my own words")
    here.desk("jo").approve(case)
    ear = Ear(here.store, here.book, here.clock)
    past = ear.judge_past("file", [here.post(f"i{number}", CALM, by=f"i{number}") for number in range(3)], "acme")
    here.store.write(lambda tx: ear.take_past(tx, "file", past))
    for noted in await here.think():
        here.desk("jo").edit(noted.case, public="In my own words")
        here.desk("jo").approve(noted.case)
    assert standing(here).record.decided == 0


async def test_decisions_older_than_the_window_are_forgotten(make: Make) -> None:
    here = make()
    await approved(here, 12)
    here.clock.forward(days=31)
    assert words(here) == "too little to say: 0 of 12 decisions"


async def test_a_route_that_sends_by_itself_keeps_that_while_nothing_speaks_against_it(make: Make) -> None:
    here = make(ALONE)
    assert words(here) == "too little to say: nothing left by itself yet"
    for number in range(2):
        await here.hear(here.post(f"p{number}", CALM, by=f"p{number}", age=1))
        await here.think()
        await here.speak(hours=2)
    assert words(here) == "keeps `approval: none`: 2 left by themselves, no rejection, no reversal, no upset reply"


async def test_whoever_calls_himself_a_rule_or_the_daemon_is_no_person(make: Make) -> None:
    here = make()
    await approved(here, 20, people=["rule all", "earnest", "RULE x"])
    assert standing(here).record.decided == 0
