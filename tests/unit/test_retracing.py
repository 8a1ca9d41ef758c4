"""Why not, asked later: what is stored of a decision is small, and the rest is told again by the rules of then."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from listener.model import Author, Page, Post
from listener.rules.reading import read_rulebook
from listener.store.base import number
from responders.ledger import cases, rulebooks
from responders.model import Decision
from responders.playing import Play
from responders.retracing import in_full
from tests.unit.deciding import NOON

RULES = """
version: 1
mode: draft
brands: {acme: {names: [Acme]}}
routes:
  - {name: shop, when: {text: [shop]}}
  - {name: again, when: {customer: known}}
  - {name: often, when: {count: {by: author, at_least: 5, within: 1h}}}
  - {name: sole, when: {text: [sole, soles]}}
  - {name: rest, when: always}
"""
WHY_NOT = {
    "shop": 'none of the words "shop" stands in it',
    "again": "this person had no conversation with us before, asks for the opposite",
    "often": "1 mentions of this person within 1h, asks for 5",
    "sole": 'it says "soles"',
    "rest": "sole won above; alone it would take it: it takes everything",
}


@pytest.fixture
def play() -> Iterator[Play]:
    found = Play(read_rulebook(RULES), {}, begins=NOON)
    found.store.write(lambda tx: rulebooks.keep(tx, found.book.fingerprint, found.book.words, at=NOON))
    say(found, "1", "the soles of my Acme shoes came off")
    yield found
    found.close()


def say(play: Play, name: str, text: str) -> None:
    author = Author("mastodon", "77", "marta")
    play.hear("mastodon", Page((Post("mastodon", name, text, author, NOON, name),), None), at=NOON)


def told(play: Play) -> dict[str, str]:
    decision = in_full(play.store.read(), 1)
    assert isinstance(decision, Decision)
    return {step.route: step.because for step in decision.trace}


def test_every_route_says_why_not_though_only_three_steps_are_stored(play: Play) -> None:
    stored = cases.decision(play.store.read(), 1)
    assert stored is not None
    assert [step.route for step in stored.trace] == ["again", "often", "sole"]
    assert told(play) == WHY_NOT


def test_what_was_found_out_then_is_told_as_it_was_then(play: Play) -> None:
    for name in "23456":
        say(play, name, f"Acme, post {name}")
    assert told(play) == WHY_NOT


def test_other_rules_tell_nothing_about_an_older_decision(play: Play) -> None:
    play.store.write(lambda tx: rulebooks.keep(tx, "another", RULES.replace("shop]", "soles]"), at=NOON))
    assert told(play) == WHY_NOT


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM rulebooks",
        "UPDATE rulebooks SET words = 'version: 7'",
        "UPDATE rulebooks SET words = replace(words, 'sole, ', 'sole, shop, ') || ' '",
        "UPDATE posts SET text = ''",
        "UPDATE posts SET text = 'another Acme shop'",
        "DELETE FROM assessments",
        'UPDATE decisions SET trace = \'[["gone", true, "why"]]\'',
        "UPDATE decisions SET trace = '[]'",
    ],
)
def test_what_cannot_be_told_any_more_is_what_is_stored(play: Play, change: str) -> None:
    play.store.write(lambda tx: tx.run(change))
    stored = cases.decision(play.store.read(), 1)
    assert stored is not None
    if "shop, " in change:
        assert told(play)["sole"] == WHY_NOT["sole"]
    else:
        assert told(play) == {step.route: step.because for step in stored.trace}


def test_nothing_is_told_where_nothing_was_decided(play: Play) -> None:
    (row,) = play.store.read().all("SELECT COUNT(*) AS n FROM cases")
    assert in_full(play.store.read(), number(row, "n") + 1) is None
