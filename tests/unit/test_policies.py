"""Policy gates: what networks ask of programs, as data with date and source, asked in one place, shown before anything is approved."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from listener.model import Author
from responders import policies
from responders.boundaries import GATES, holds, may_draft
from responders.house import speaking_networks
from responders.policies import Outcome, Reach, Standing, all_gates, by_hand, gates
from responders.routing import Router
from tests.unit.deciding import at, heard, post, rulebook

CALLED = Standing()
BY_HAND = [{"name": "all", "when": "always", "reply": "sorry", "private": "details"}]
ALONE = [{"name": "all", "when": "always", "reply": "sorry", "approval": "none"}]


def names(network: str, facts: Standing) -> set[str]:
    return {gate.name for gate in gates(network, facts)}


def test_every_gate_has_a_plain_sentence_a_date_and_a_source_that_was_read() -> None:
    for gate in all_gates():
        assert gate.says.endswith("."), gate.name
        assert gate.says.count(".") == 1, gate.name
        assert gate.since <= gate.source.read <= date(2026, 11, 22), gate.name
        assert gate.source.title, gate.name
        assert gate.source.confirmed, gate.name
        assert gate.source.address.startswith(("https://", "docs/")), gate.name
        assert gate.applies_to, gate.name
        assert bool(gate.kept_by) is (gate.when == "kept"), gate.name


def test_a_gate_is_named_once_for_a_network_and_every_network_spoken_on_has_some() -> None:
    found = [(gate.network, gate.name) for gate in all_gates()]
    assert len(found) == len(set(found))
    assert set(speaking_networks()) <= {network for network, _ in found}


@pytest.mark.parametrize(
    ("network", "facts", "closed"),
    [
        ("x", CALLED, set()),
        ("x", Standing(called=False), {"summoned", "unsolicited"}),
        ("x", Standing(answered=True), {"one-reply"}),
        ("x", Standing(labelled=False), {"label"}),
        ("bluesky", Standing(called=False), {"tagged"}),
        ("bluesky", Standing(labelled=False), {"label"}),
        ("bluesky", Standing(labelled=None), set()),
        ("mastodon", Standing(called=False), {"mentioned"}),
        ("mastodon", Standing(no_bots=True), {"nobot"}),
        ("reddit", Standing(consent=True, called=False), set()),
        ("reddit", CALLED, {"private-consent"}),
        ("reddit", Standing(consent=True, place_closed="r/shoes bans programs"), {"closed-subreddit"}),
        ("reddit", Standing(consent=True, asked_to_stop=True), {"opt-out"}),
        ("hackernews", Standing(speaks=False), {"no-channel"}),
        ("instagram", Standing(age=timedelta(days=2)), {"window"}),
        ("instagram", Standing(age=timedelta(hours=2)), set()),
    ],
)
def test_a_gate_closes_by_the_facts_alone(network: str, facts: Standing, closed: set[str]) -> None:
    assert names(network, facts) == closed


def test_what_a_person_posts_by_hand_is_said_with_date_and_source() -> None:
    gate = by_hand(gates("x", Standing(called=False)))
    assert gate is not None
    assert gate.reason.startswith("a person posts this by hand: ")
    for part in ("2026-02-23", "https://docs.x.com/", "read 2026-11-22"):
        assert part in gate.reason
    assert by_hand(gates("x", CALLED)) is None


def test_a_source_read_more_than_a_year_ago_wants_another_look() -> None:
    gate = all_gates()[0]
    assert not gate.is_old(gate.source.read + timedelta(days=365))
    assert gate.is_old(gate.source.read + timedelta(days=366))


def test_a_keyword_hit_is_drafted_for_a_person_and_says_nothing_in_private() -> None:
    decision = Router(rulebook(routes=BY_HAND)).decide(heard(said=post(network="x"), addressed=False), at())
    assert decision.by_hand
    assert may_draft(decision)
    assert decision.actions == ("draft:sorry",)
    assert "policy" in {hold.gate for hold in decision.holds}


def test_no_automatic_answer_becomes_work_for_a_hand() -> None:
    decision = Router(rulebook(routes=ALONE, mode="send")).decide(heard(said=post(network="x"), addressed=False), at())
    assert not may_draft(decision)
    assert "send" not in decision.actions


def test_whoever_called_us_is_answered_as_before() -> None:
    decision = Router(rulebook(routes=BY_HAND)).decide(heard(said=post(network="x")), at())
    assert not decision.by_hand
    assert decision.actions == ("draft:sorry", "private:details")


@pytest.mark.parametrize(("labelled", "held"), [(False, True), (None, False), (True, False)])
def test_sending_by_itself_waits_for_the_label_where_our_account_surely_lacks_it(labelled: bool | None, held: bool) -> None:  # noqa: FBT001
    router = Router(rulebook(routes=ALONE, mode="send"))
    decision = router.decide(heard(), replace(at(), labelled=labelled))
    assert ("send" in decision.actions) is not held
    assert any(hold.gate == "policy" for hold in decision.holds) is held
    approved = Router(rulebook(routes=BY_HAND)).decide(heard(), replace(at(), labelled=labelled))
    assert approved.holds == ()  # what a person approves is no automation


def test_a_route_that_only_writes_in_private_is_not_stopped_by_a_gate_about_public_answers() -> None:
    book = rulebook(routes=[{"name": "all", "when": "always", "reply": "none", "private": "details"}])
    assert Router(book).decide(heard(said=post(network="x"), addressed=False), at()).actions == ("private:details",)


def test_nothing_in_the_rules_switches_a_gate_off() -> None:
    assert "policy" in GATES
    book = rulebook(boundaries={"limits": {"per_thread": 9}, "answer_within": "365d"}, mode="send")
    found = holds(book, book.routes[0], heard(said=post(network="bluesky"), addressed=False), at())
    assert any(hold.gate == "policy" and hold.by_hand for hold in found)


def test_nobot_is_cited() -> None:
    shy = replace(post(), author=Author("mastodon", "1", "shy", bio="please # no-bot"))
    book = rulebook()
    (hold,) = [one for one in holds(book, book.routes[0], heard(said=shy), at()) if one.gate == "bot"]
    assert hold.forbids
    assert "since 2018" in hold.reason


def test_a_subreddit_is_read_from_the_address_and_rules_may_leave_it_to_people() -> None:
    said = post(network="reddit", url="https://www.reddit.com/r/Shoes/comments/abc/x/def/")
    assert policies.place_of(said) == "shoes"
    assert policies.place_of(post(network="mastodon", url="https://town.example/r/shoes/1")) == ""
    book = rulebook(sources={"reddit": {"skip_subreddits": ["r/SHOES"]}})
    assert "r/shoes" in policies.skipped(book, said)
    assert policies.skipped(rulebook(), said) == ""


def test_outcomes_and_reaches_are_the_four_and_three_that_people_are_told_of() -> None:
    assert {outcome.words for outcome in Outcome} == {"a person posts this by hand", "never", "only after consent", "label the account"}
    assert set(Reach) == {"automatic", "approved", "private"}


def test_the_table_in_the_docs_is_made_from_the_file() -> None:
    page = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
    assert f"gates: made from responders/policies.toml -->\n{policies.table()}\n<!--" in page
