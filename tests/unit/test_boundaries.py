"""What no route may do, and until when."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.model import Assessment, Intent, Level, Mood
from listener.rules.rulebook import Rulebook
from responders.boundaries import GATES, again, gist, holds, may_draft, quiet_until, same_text
from responders.model import Circumstances, Heard, Hold, Proposal
from responders.routing import Router
from tests.unit.deciding import NOON, at, by, heard, judged, post, rulebook, signal

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def found(mention: Heard | None = None, world: Circumstances | None = None, book: Rulebook | None = None) -> dict[str, Hold]:
    book = book or rulebook()
    route = next(route for route in book.routes if route.name == "thanks")
    return {hold.gate: hold for hold in holds(book, route, mention or heard(), world or at())}


def bounded(**boundaries: object) -> Rulebook:
    return rulebook(boundaries=boundaries)


def test_plain_praise_meets_no_boundary() -> None:
    assert found() == {}


def test_who_asked_us_to_stop_is_never_written_to_and_the_reason_is_in_their_words() -> None:
    hold = found(world=at(suppressed="leave me alone\x1b[2J")).pop("suppressed")
    assert hold.forbids
    assert hold.reason == 'this person asked us to stop: "leave me alone\\x1b[2J"'


def test_a_post_that_asks_us_to_stop_is_obeyed_at_once() -> None:
    hold = found(heard(judged(wishes=(signal("stop", "stop messaging me"),))))["wish"]
    assert hold.forbids
    assert '"stop messaging me"' in hold.reason


def test_another_wish_asks_for_a_person_but_forbids_nothing() -> None:
    hold = found(heard(judged(wishes=(signal("no_dm", "no DMs"),))))["wish"]
    assert not hold.forbids
    assert "no dm" in hold.reason


def test_we_never_answer_ourselves() -> None:
    assert found(world=at(author_is_us=True))["own_account"].forbids
    assert found(heard(said=post(own=True)))["own_account"].forbids


def test_a_declared_bot_gets_nothing_by_itself() -> None:
    said = post(author=by("newsbot", bot=True))
    decision = Router(rulebook()).decide(heard(said=said), at())
    assert [(hold.gate, hold.forbids) for hold in decision.holds] == [("bot", False)]
    assert decision.actions == ("draft:thanks",)
    assert not may_draft(decision), "a person may ask for it"
    routes = [{"name": "all", "when": "always", "reply": "thanks", "approval": "none"}]
    urgent = Router(rulebook(routes=routes)).decide(heard(judged(mood=Mood.NEUTRAL, level=Level.HIGH), said=said), at())
    assert may_draft(urgent)
    assert "send" not in urgent.actions


@pytest.mark.parametrize(
    "bio",
    ["I knit. #nobot", "#NoBot", "# nobot", "#no\u200bbot", "#\u2060no\u00adbot", "\uff03\uff4eobot", "#no-bot", "#no.bot!", "#nobots"],
)
def test_nobot_in_a_profile_forbids_every_answer(bio: str) -> None:
    assert found(heard(said=post(author=by("marta", bio=bio))))["bot"].forbids


def test_nobot_beside_a_name_forbids_every_answer_too() -> None:
    assert found(heard(said=post(author=by("marta", display_name="Marta #NoBot"))))["bot"].forbids


@pytest.mark.parametrize("bio", ["nobody here", "#botany", "#nobotany is not a word", "I build bots", "#notabot", "#nobridge", "no bot"])
def test_other_profiles_forbid_nothing(bio: str) -> None:
    assert "bot" not in found(heard(said=post(author=by("marta", bio=bio))))


def test_what_is_answered_or_paused_waits() -> None:
    gates = found(world=at(answered=True, paused="checking"))
    assert gates["paused"].reason == "sending is paused: checking"
    assert set(gates) == {"answered", "paused"}


def test_the_past_is_not_answered_by_itself() -> None:
    assert "answer_within" in found(world=at(heard_late=True))
    assert "answer_within" in found(heard(said=post(created_at=NOON - DAY - timedelta(seconds=1))))
    assert "answer_within" not in found(heard(said=post(created_at=NOON - DAY)))
    hold = found(heard(said=post(created_at=NOON - 2 * HOUR)), book=bounded(answer_within="90m"))["answer_within"]
    assert hold.reason == "the post is older than 90m"


@pytest.mark.parametrize(
    ("between", "zone", "now", "until"),
    [
        ("22:00-07:00", "Europe/Berlin", "2026-11-20T22:30+00:00", "2026-11-21T06:00+00:00"),
        ("22:00-07:00", "Europe/Berlin", "2026-11-20T21:00+00:00", "2026-11-21T06:00+00:00"),
        ("22:00-07:00", "Europe/Berlin", "2026-11-20T20:59+00:00", None),
        ("22:00-07:00", "Europe/Berlin", "2026-11-20T05:59+00:00", "2026-11-20T06:00+00:00"),
        ("22:00-07:00", "Europe/Berlin", "2026-11-20T06:00+00:00", None),
        ("22:00-07:00", "America/New_York", "2026-11-20T05:59+00:00", "2026-11-20T12:00+00:00"),
        ("12:00-13:30", "UTC", "2026-11-20T12:00+00:00", "2026-11-20T13:30+00:00"),
        ("12:00-13:30", "UTC", "2026-11-20T13:30+00:00", None),
        ("22:00-24:00", "UTC", "2026-11-20T23:59+00:00", "2026-11-21T00:00+00:00"),
        ("08:00-08:00", "UTC", "2026-11-20T07:59+00:00", "2026-11-20T08:00+00:00"),
        ("22:00-07:00", "Europe/Berlin", "2026-10-24T23:00+00:00", "2026-10-25T06:00+00:00"),  # the clocks go back that night
    ],
)
def test_quiet_hours_follow_the_clock_on_the_wall(between: str, zone: str, now: str, until: str | None) -> None:
    ends = quiet_until(between, zone, datetime.fromisoformat(now))
    assert ends == (datetime.fromisoformat(until) if until else None)
    assert ends is None or ends.tzinfo is UTC


def test_quiet_hours_hold_until_they_end_except_for_the_routes_named() -> None:
    night = NOON.replace(hour=23)
    quiet = {"between": "22:00-07:00"}
    said = heard(said=post(created_at=night))
    assert found(said, at(night), bounded(quiet_hours=quiet))["quiet_hours"].until == NOON.replace(hour=7) + DAY
    assert found(said, at(night), bounded(quiet_hours=quiet | {"except": ["thanks"]})) == {}


@pytest.mark.parametrize(
    ("between", "zone"), [("late", "UTC"), ("25:00-07:00", "UTC"), ("22:61-07:00", "UTC"), ("22:00-07:00", "Mars/Base")]
)
def test_quiet_hours_that_cannot_be_read_hold(between: str, zone: str) -> None:
    book = rulebook(boundaries={"quiet_hours": {"between": between}}, timezone=zone)
    assert "cannot be read" in found(book=book)["quiet_hours"].reason


def test_limits_hold_until_the_oldest_answer_that_counts_is_past() -> None:
    sent = (NOON - HOUR, NOON - 2 * DAY, NOON - 6 * DAY, NOON - 8 * DAY)
    hold = found(world=at(sent_to_author=sent), book=bounded(limits={"per_author": "2/7d"}))["per_author"]
    assert hold.until == NOON - 2 * DAY + 7 * DAY
    assert hold.reason == "answers to this person: 3 sent, the limit is 2/7d"
    assert found(world=at(sent_to_author=sent), book=bounded(limits={"per_author": "4/7d"})) == {}


def test_a_limit_without_a_time_ends_only_by_a_person() -> None:
    hold = found(world=at(sent_in_thread=(NOON - 300 * DAY,)), book=bounded(limits={"per_thread": 1}))["per_thread"]
    assert hold.until is None


def test_per_hour_counts_what_left_by_itself_in_the_last_hour() -> None:
    book = bounded(limits={"per_hour": 2})
    times = (NOON - timedelta(minutes=10), NOON - timedelta(minutes=40))
    assert found(world=at(sent_automatically=times), book=book)["per_hour"].until == NOON + timedelta(minutes=20)
    assert found(world=at(sent_automatically=(*times[:1], NOON - HOUR)), book=book) == {}


def test_a_limit_of_zero_lets_nothing_leave() -> None:
    hold = found(book=bounded(limits={"per_hour": 0}))["per_hour"]
    assert hold.until is None


@pytest.mark.parametrize(
    ("gate", "world"),
    [
        ("per_thread", at(sent_in_thread=(NOON - 300 * DAY,))),
        ("per_author", at(sent_to_author=(NOON - 23 * HOUR,))),
        ("per_hour", at(sent_automatically=(NOON - timedelta(minutes=59),) * 20)),
    ],
)
def test_where_no_limit_is_set_there_is_one(gate: str, world: Circumstances) -> None:
    assert set(found(world=world)) == {gate}
    assert set(found(world=world, book=bounded(limits={"per_author": "5/7d"}))) == {gate} - {"per_author"}
    freer = at(sent_to_author=(NOON - 25 * HOUR,), sent_automatically=(NOON - timedelta(minutes=59),) * 19)
    assert found(world=freer) == {}


def test_what_answers_our_own_automatic_answer_is_left_to_a_person_who_finds_a_draft() -> None:
    decision = Router(rulebook()).decide(heard(), at(answers_ours_alone=True))
    assert [hold.gate for hold in decision.holds] == ["loop"]
    assert decision.actions == ("draft:thanks",)
    assert may_draft(decision)


@pytest.mark.parametrize(
    ("level", "world", "drafts"),
    [
        (Level.LOW, at(crowd=True), False),
        (Level.NORMAL, at(crowd=True), False),
        (Level.HIGH, at(crowd=True), True),
        (Level.CRITICAL, at(crowd=True), True),
        (Level.LOW, at(crowd=True, our_thread=True), True),
        (Level.LOW, at(our_thread=True), True),
    ],
)
def test_a_crowd_gets_no_drafts_unasked_and_never_an_automatic_answer(level: Level, world: Circumstances, drafts: bool) -> None:  # noqa: FBT001
    routes = [{"name": "all", "when": "always", "reply": "thanks", "approval": "none"}]
    decision = Router(rulebook(routes=routes)).decide(heard(judged(mood=Mood.NEUTRAL, level=level)), world)
    assert "draft:thanks" in decision.actions, "a person may ask for it"
    assert may_draft(decision) is drafts
    assert ("send" in decision.actions) is not world.crowd
    assert ("a person may ask for a draft" in str(decision.holds)) is not drafts


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Thank you, that made our day!", "thank you that made our day"),
        ("@marta@town.example Thank you.", "@jo Thank you."),
        ("@marta @jo Thank you.", "Thank you."),
        ("I have opened A-12. ^Jo", "I have opened A-340. ^Jo"),
        ("うれしいお言葉を、ありがとう", "うれしいお言葉を ありがとう。"),
        ("❤️", " ❤️ "),
    ],
)
def test_texts_are_the_same_where_a_reader_sees_the_same(one: str, other: str) -> None:
    assert gist(one) == gist(other)


@pytest.mark.parametrize(("one", "other"), [("Thank you.", "No thank you."), ("❤️", "🎉"), ("@marta", "@jo"), ("Thanks, Jo", "Thanks, Kim")])
def test_other_texts_are_others(one: str, other: str) -> None:
    assert gist(one) != gist(other)


def test_the_third_equal_text_within_the_hour_asks_a_person() -> None:
    world = at(texts_alone=("@jo Thank you.", "@kim Thank you!", "Hello."))
    (hold,) = same_text(["@marta thank you", "something else"], world)
    assert (hold.gate, hold.until, hold.forbids) == ("same_text", None, False)
    assert hold.gate in GATES
    assert same_text(["@marta hello"], world) == same_text([], world) == ()
    alone, proposal = Router(rulebook()).decide(heard(), at()), Proposal("@marta thank you", None, "thanks", None)
    held = again(alone, proposal, world)
    assert (held.actions, held.holds) == (("draft:thanks",), (hold,))
    assert again(alone, proposal, at()) == again(alone, None, world) == alone


def test_an_answer_from_the_future_counts_because_the_clock_jumped() -> None:
    assert "per_hour" in found(world=at(sent_automatically=(NOON + 5 * HOUR,)), book=bounded(limits={"per_hour": 1}))


def test_a_route_has_limits_of_its_own() -> None:
    limits = {"per_author": "1/30d", "per_hour": 1, "per_thread": 1}
    book = rulebook(routes=[{"name": "thanks", "when": "always", "limits": limits}])
    other = at(sent_by_route=(("upset", NOON),), sent_by_route_to_author=(("upset", NOON),))
    assert found(world=other, book=book) == {}
    same = at(sent_by_route=(("thanks", NOON),), sent_by_route_to_author=(("thanks", NOON),), sent_in_thread=(NOON,))
    gates = found(world=same, book=book)
    assert set(gates) == {"per_author", "per_hour", "per_thread"}
    assert 'route "thanks"' in gates["per_author"].reason
    assert gates["per_author"].until == NOON + 30 * DAY


@pytest.mark.parametrize(
    ("gate", "assessment"),
    [
        ("failed_scoring", judged(failed="the scorer took too long")),
        ("hidden", judged(hidden=True)),
        ("moment_of_truth", judged(moment_of_truth=True)),
        ("sarcasm", judged(sarcasm=True)),
        ("sarcasm", judged(intent=Intent.COMPLAINT)),
        ("sarcasm", judged(level=Level.NORMAL)),
        ("unknown", judged(mood=Mood.UNKNOWN, score=0.0)),
        ("unknown", judged(score=float("nan"))),
    ],
)
def test_what_cannot_be_trusted_asks_for_a_person(gate: str, assessment: Assessment) -> None:
    hold = found(heard(assessment))[gate]
    assert not hold.forbids
    assert hold.reason


def test_a_post_that_only_names_us_is_never_answered_by_itself_but_may_be_drafted() -> None:
    routes = [{"name": "thanks", "when": "always", "reply": "thanks", "approval": "none"}]
    decision = Router(rulebook(routes=routes)).decide(heard(said=post(network="lemmy"), addressed=False), at())
    assert [hold.gate for hold in decision.holds] == ["not_addressed"]
    assert decision.actions == ("draft:thanks",)
    assert may_draft(decision)


@pytest.mark.parametrize(
    ("world", "drafts"),
    [
        (at(), True),
        (at(paused="checking"), True),
        (at(heard_late=True), False),
        (at(answered=True), False),
        (at(suppressed="stop"), False),
        (at(author_is_us=True), False),
    ],
)
def test_drafts_are_made_unasked_only_where_an_answer_may_follow(world: Circumstances, drafts: bool) -> None:  # noqa: FBT001
    assert may_draft(Router(rulebook()).decide(heard(), world)) is drafts


def test_nothing_is_drafted_where_nothing_is_wanted() -> None:
    assert not may_draft(Router(rulebook(mode="observe")).decide(heard(), at()))
    assert not may_draft(Router(rulebook()).decide(heard(judged(mood=Mood.NEUTRAL)), at()))


def test_what_forbids_any_answer_is_told_from_what_asks_a_person() -> None:
    every = holds(rulebook(), rulebook().routes[0], heard(judged(hidden=True)), at(suppressed="stop", paused="crisis", answered=True))
    assert [hold.gate for hold in every if hold.forbids] == ["suppressed"]


TIMES = st.lists(st.integers(-5_000, 60).map(lambda minutes: NOON + timedelta(minutes=minutes)), max_size=6).map(tuple)
LIMITED = bounded(limits={"per_thread": 2, "per_author": "2/7d", "per_hour": 3}, quiet_hours={"between": "11:00-13:00"})
WORLDS = st.builds(
    Circumstances,
    now=st.just(NOON),
    suppressed=st.sampled_from(["", "stop"]),
    paused=st.sampled_from(["", "checking"]),
    heard_late=st.booleans(),
    author_is_us=st.booleans(),
    answered=st.booleans(),
    sent_to_author=TIMES,
    sent_in_thread=TIMES,
    sent_automatically=TIMES,
    answers_ours_alone=st.booleans(),
    crowd=st.booleans(),
    lowered=st.sampled_from([{}, {"thanks": "it went bad"}]),
)
SEEN = st.builds(
    judged,
    mood=st.sampled_from(Mood),
    level=st.sampled_from(Level),
    sarcasm=st.booleans(),
    hidden=st.booleans(),
    failed=st.sampled_from(["", "it took too long"]),
)


def both(one: Circumstances, other: Circumstances) -> Circumstances:
    """Return a world in which all holds that holds in either."""
    changes: dict[str, object] = {}
    for field in fields(one):
        mine, theirs = getattr(one, field.name), getattr(other, field.name)
        changes[field.name] = mine + theirs if isinstance(mine, tuple) else mine or theirs
    return replace(one, **changes)  # type: ignore[arg-type]


@given(one=WORLDS, other=WORLDS, seen=SEEN)
def test_a_hold_is_never_lost_by_adding_to_the_world(one: Circumstances, other: Circumstances, seen: Assessment) -> None:
    before, after = (set(found(heard(seen), world, LIMITED)) for world in (one, both(one, other)))
    assert before <= after
    assert after <= set(GATES)


@given(world=WORLDS, seen=SEEN, boundaries=st.sampled_from([{}, {"answer_within": "365d"}]))
def test_a_suppressed_person_is_never_sent_or_drafted_anything(
    world: Circumstances, seen: Assessment, boundaries: dict[str, object]
) -> None:
    routes = [{"name": "all", "when": "always", "reply": "thanks", "private": "details", "approval": "none", "escalate": "care"}]
    decision = Router(rulebook(routes=routes, boundaries=boundaries)).decide(heard(seen), replace(world, suppressed="stop"))
    assert decision.forbidden
    assert decision.actions == ("escalate:care", "nothing")


@given(world=WORLDS, seen=SEEN)
def test_nothing_leaves_by_itself_while_anything_holds(world: Circumstances, seen: Assessment) -> None:
    routes = [{"name": "all", "when": "always", "reply": "thanks", "approval": "none"}]
    decision = Router(rulebook(routes=routes)).decide(heard(seen), world)
    assert ("send" in decision.actions) is (decision.holds == ())
