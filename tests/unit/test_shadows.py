"""Shadow routes judge beside the live ones: what they would have done is known and kept, and nothing is changed by it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.model import Assessment, Intent, Level, Mood, Page
from listener.polling import Ear
from listener.rules.rulebook import Rulebook
from responders.explaining import explain
from responders.ledger import cases
from responders.model import Circumstances, Decision, Shadow, Step
from responders.rehearsal import rehearse
from responders.routing import Router
from responders.tracing import kept
from tests.mouth import House
from tests.street import RULES
from tests.unit.deciding import NOON, ROUTES, at, heard, judged, post, rulebook, signal

BUYING = judged(mood=Mood.NEUTRAL, score=0.0, intent=Intent.BUYING)
LEADS: Mapping[str, object] = {
    "name": "leads",
    "shadow": True,
    "when": {"intent": "buying"},
    "reply": "thanks",
    "team": "care",
    "approval": "none",
}


def with_shadow(place: int, **changes: object) -> Rulebook:
    """Return the usual rulebook with a shadow route at a place in the list."""
    return rulebook(routes=[*ROUTES[:place], {**LEADS, **changes}, *ROUTES[place:]])


def decide(book: Rulebook, seen: Assessment = BUYING, world: Circumstances | None = None) -> Decision:
    return Router(book).decide(heard(seen), world or at())


def test_a_shadow_route_never_takes_a_mention_and_says_what_it_would_have_done() -> None:
    decision = decide(with_shadow(0))
    assert (decision.route, decision.actions) == ("everything-else", ("nothing",))
    because = "would have taken it: intent is buying"
    assert decision.shadows == (Shadow("leads", "", because, ("team:care", "draft:thanks", "send"), drafts=True),)
    assert decision.trace[0] == Step("leads", matched=False, because=because, shadow=True)
    assert [step.route for step in decision.trace if step.matched] == ["everything-else"]


def test_boundaries_and_modes_hold_for_it_as_if_it_were_live() -> None:
    (held,) = decide(with_shadow(0), world=at(paused="checking")).shadows
    assert held.actions == ("team:care", "draft:thanks")
    assert held.held_by == ("paused",)
    (lower,) = decide(with_shadow(0, mode="observe")).shadows
    assert (lower.actions, lower.drafts) == (("team:care", "nothing"), False)
    (stopped,) = decide(with_shadow(0), world=at(suppressed="stop")).shadows
    assert (stopped.actions, stopped.held_by, stopped.drafts) == (("team:care", "nothing"), ("suppressed",), False)
    (late,) = decide(with_shadow(0), world=at(heard_late=True)).shadows
    assert (late.actions, late.drafts) == (("team:care", "draft:thanks"), False)  # a draft on request only


def test_what_a_live_route_above_takes_it_only_matched() -> None:
    decision = decide(with_shadow(3), judged(mood=Mood.NEGATIVE, intent=Intent.BUYING))
    assert decision.route == "upset"
    assert decision.shadows == (Shadow("leads", "upset", "would have taken it, had upset above not: intent is buying"),)
    assert [step.route for step in decision.trace] == ["safety", "billing", "upset", "leads", "thanks", "everything-else"]
    missed = decide(with_shadow(3), judged(mood=Mood.NEGATIVE, intent=Intent.COMPLAINT))
    assert missed.shadows == ()
    assert missed.trace[3] == Step("leads", matched=False, because="intent is complaint, asks for buying", shadow=True)


def test_shadow_routes_are_not_there_for_each_other() -> None:
    both = rulebook(routes=[LEADS, {**LEADS, "name": "again", "when": "always"}, *ROUTES])
    assert [(one.route, one.above) for one in decide(both).shadows] == [("leads", ""), ("again", "")]


def test_where_no_live_route_takes_it_a_shadow_route_still_would_have() -> None:
    decision = decide(rulebook(routes=[LEADS]))
    assert decision.route == "no-route"
    assert [one.above for one in decision.shadows] == [""]


SOME = st.fixed_dictionaries(
    {},
    optional={
        "urgency": st.lists(st.sampled_from([one.value for one in Level]), min_size=1, unique=True),
        "sentiment": st.lists(st.sampled_from([one.value for one in Mood]), min_size=1, unique=True),
        "signals": st.sampled_from(["none", ["safety"], ["money"]]),
        "addressed": st.booleans(),
        "customer": st.sampled_from(["known", "new"]),
    },
)
WHENS = st.one_of(SOME, st.just("always"), st.builds(lambda one: {"not": one}, SOME))
ROUTE = st.fixed_dictionaries(
    {"when": WHENS, "approval": st.sampled_from(["none", "one-person"]), "reply": st.sampled_from(["none", "thanks"])},
    optional={
        "escalate": st.just("on-call"),
        "team": st.just("care"),
        "private": st.just("details"),
        "moment_of_truth": st.booleans(),
        "mode": st.sampled_from(["observe", "draft", "send"]),
        "limits": st.just({"per_hour": 0}),
    },
)
SEEN = st.builds(
    judged,
    mood=st.sampled_from(Mood),
    level=st.sampled_from(Level),
    signals=st.lists(st.sampled_from([signal("safety", "smoke"), signal("money", "refund")]), max_size=2),
    sarcasm=st.booleans(),
)
WORLDS = st.builds(Circumstances, now=st.just(NOON), paused=st.sampled_from(["", "checking"]), suppressed=st.sampled_from(["", "stop"]))


@given(
    live=st.lists(ROUTE, min_size=1, max_size=4),
    beside=st.lists(st.tuples(st.integers(0, 4), ROUTE), min_size=1, max_size=2),
    seen=SEEN,
    world=WORLDS,
)
def test_adding_a_shadow_route_anywhere_changes_nothing_that_is_decided(
    live: list[dict[str, object]], beside: list[tuple[int, dict[str, object]]], seen: Assessment, world: Circumstances
) -> None:
    routes = [{**route, "name": f"live-{number}"} for number, route in enumerate(live)]
    more = list(routes)
    for number, (place, route) in enumerate(beside):
        more.insert(place, {**route, "name": f"shadow-{number}", "shadow": True})
    without, decision = decide(rulebook(routes=routes), seen, world), decide(rulebook(routes=more), seen, world)
    assert without.shadows == ()
    assert [step.route for step in decision.trace] == [route["name"] for route in more]
    bare = replace(decision, shadows=(), trace=tuple(step for step in decision.trace if not step.shadow))
    assert bare == without
    # What it says is what comes true: live at its place, the route decides just that.
    for one in decision.shadows:
        alone = [route if route["name"] != one.route else {**route, "shadow": False} for route in more]
        came = decide(rulebook(routes=alone), seen, world)
        assert one.above or one.held_by == tuple(dict.fromkeys(hold.gate for hold in came.holds))
        assert (came.route, came.actions) == ((decision.route, decision.actions) if one.above else (one.route, one.actions))


def test_examples_are_played_as_if_the_route_were_live() -> None:
    taken, left = {"post": "@acme where can I buy the blue shoes?"}, {"not": "@acme love the new shoes!!"}
    assert rehearse(with_shadow(0, examples=[taken, left])) == ()
    (failure,) = rehearse(with_shadow(0, examples=[{"not": taken["post"]}]))
    assert "it went to" in str(failure)
    # The examples of live routes are not touched by it.
    routes = [{**LEADS, "when": "always"}, *ROUTES[:-1], {**ROUTES[-1], "examples": [{"post": "Acme is here"}]}]
    assert rehearse(rulebook(routes=routes)) == ()


def test_explain_says_it_in_words_and_to_scripts() -> None:
    told = explain(with_shadow(0), post("@acme where can I buy the blue shoes?"), at())
    why = "would have taken it: intent is buying"
    lines = told.lines()
    assert lines[lines.index(f"shadow    leads (shadow): {why}") + 1] == (
        "          it would want team:care, draft:thanks, send; nothing of it is done"
    )
    shown = json.loads(json.dumps(told.to_json()))
    assert shown["trace"][0] == {"route": "leads", "matched": False, "because": why, "shadow": True}
    wants = {"actions": ["team:care", "draft:thanks", "send"], "held_by": []}
    assert shown["shadow"] == [{"route": "leads", "would_take": True, "above": None, "because": why, **wants}]
    passed = explain(with_shadow(0), post("@acme love the new shoes!!"), at()).lines()
    assert "why not   leads (shadow): intent is praise, asks for buying" in passed


SHADOW = {
    "name": "trial",
    "shadow": True,
    "when": {"text": ["blue"]},
    "reply": "hello",
    "escalate": "on-call",
    "sla": {"first_response": "1m"},
}


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path, mode="send", routes=[SHADOW, *RULES["routes"]])  # type: ignore[misc]


async def test_the_daemon_does_nothing_of_it_and_keeps_that_it_matched(house: House) -> None:
    await house.hear(house.post("p1", "@acme what about the blue ones, one thing"))
    (noted,) = await house.think()
    assert (noted.decision.route, noted.alerted) == ("rest", "")
    assert house.rows("SELECT * FROM escalations") == []
    case = cases.find(house.store.read(), "A-1")
    assert (case.route, case.team) == ("rest", "")
    assert house.rows("SELECT respond_by, resolve_by FROM cases") == [{"respond_by": None, "resolve_by": None}]
    stored = cases.decision(house.store.read(), case.id)
    assert stored is not None
    assert stored.shadows == noted.decision.shadows
    assert stored.trace == kept(noted.decision.trace)
    assert stored.shadows[0].actions == ("escalate:on-call", "draft:hello")


async def test_nothing_is_kept_where_no_shadow_route_matched(house: House) -> None:
    await house.hear(house.post("p1", "@acme hello there, one thing"))
    await house.think()
    assert house.rows("SELECT * FROM shadows") == []


async def test_it_goes_with_the_decision_and_its_words_with_the_post(house: House) -> None:
    await house.hear(house.post("p1", "@acme what about the blue ones, one thing"))
    await house.think()
    await Ear(house.store, house.book, house.clock).take("mastodon", Page((), "c", gone=("p1",)))
    await house.think()
    stored = cases.decision(house.store.read(), 1)
    assert stored is not None
    assert [(one.route, "blue" in one.because) for one in stored.shadows] == [("trial", False)]
    assert "blue" not in str(house.rows("SELECT * FROM decisions"))
    house.store.write(lambda tx: tx.run("DELETE FROM cases"))
    assert house.rows("SELECT * FROM shadows") == []


async def test_what_waits_of_a_route_that_became_a_shadow_does_not_leave_by_itself(tmp_path: Path) -> None:
    alone = {"name": "all", "when": "always", "reply": "hello", "approval": "none"}
    house = House(tmp_path, mode="send", routes=[alone])
    await house.hear(house.post("p1", "@acme love the new shoes"))
    await house.think()
    assert house.states() == ["ready"]
    house.book = Rulebook.model_validate(
        {**RULES, "mode": "send", "routes": [{**alone, "shadow": True}, {"name": "rest", "when": "always"}]}
    )
    await house.speak(seconds=11)
    assert house.mouth.published == []
