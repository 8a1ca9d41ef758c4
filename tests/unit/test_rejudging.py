"""Reasons of a stored judgement: those of then where the judge is the same, and never passed off as that where it is another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from listener.model import Assessment, Mood, Sentiment, Signal
from listener.rules.rulebook import Rulebook, SignalSettings
from listener.scoring.assessor import Assessor
from listener.scoring.judge import judge_name
from listener.scoring.raising import raised
from listener.store import intake
from listener.store import mentions as heard
from listener.store.sqlite import SqliteStore
from responders.cli.screen import pages
from responders.cli.screen.lines import plain
from responders.cli.screen.pile import Pile
from responders.house import channel_kind, open_store
from responders.ledger import cases, judged
from responders.rejudging import Rejudged, of_case
from responders.rulefile import load
from responders.views import Filters
from tests.program import Program
from tests.stores import make_rules, make_store

THEN = datetime(2026, 11, 20, 9, tzinfo=UTC)
EARLIER = "by an earlier judge: by other rules, another version of Earnest, or before something was learned"


@pytest.fixture
def run(tmp_path: Path) -> Program:
    return Program(make_store(tmp_path), make_rules(tmp_path), {"EARNEST_NAME": "jo"})


@pytest.fixture
def store(run: Program) -> Iterator[SqliteStore]:
    with closing(open_store(run.store)) as opened:
        yield opened


@pytest.fixture
def book(run: Program) -> Rulebook:
    return load(run.rules)


def judge_again(store: SqliteStore, book: Rulebook, *, judge: str | None = None, **changes: object) -> Assessment:
    """Store how today's judge judges the post of A-1, with some changes, in the name of a judge."""
    post = heard.post(store.read(), "mastodon", "p1")
    assert post
    seen = replace(Assessor(book.scoring).assess(post), **changes)  # type: ignore[arg-type]
    name = judge_name(book.scoring) if judge is None else judge
    store.write(lambda tx: intake.store_assessment(tx, post, seen, judged_at=THEN, judge=name))
    return seen


def why(store: SqliteStore, book: Rulebook) -> Rejudged:
    reader = store.read()
    found = of_case(reader, Assessor(book.scoring), cases.find(reader, "A-1"))
    assert found
    return found


def test_the_same_judge_gives_the_reasons_of_then(store: SqliteStore, book: Rulebook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("responders.rejudging.judge_name", lambda _, _learned="": "0123456789ab")
    seen = judge_again(store, book, judge="0123456789ab")
    found = why(store, book)
    assert (found.earlier, found.differs, found.notes(), found.then) == ("", (), (), seen)
    assert found.found.assessment == seen


def test_another_judge_is_named_and_both_judgements_are_shown(store: SqliteStore, book: Rulebook) -> None:
    judge_again(store, book, judge="ffffffffffff", sarcasm=True, signals=(Signal("anger", 15, ("support",)),))
    found = why(store, book)
    assert found.earlier == f"Judged on 2026-11-20 {EARLIER}"
    assert "sarcasm: then yes, today no" in found.differs
    assert any(line.startswith("signals: then anger +15, today ") for line in found.differs)
    assert found.notes()[0].endswith("these are its reasons, not those of then:")
    assert found.to_json()["same_judge"] is False


def test_another_judge_that_said_the_same_is_still_another(store: SqliteStore, book: Rulebook) -> None:
    judge_again(store, book, judge="ffffffffffff")
    (note,) = why(store, book).notes()
    assert note.endswith("Today's judge says the same; these are its reasons, perhaps not those of then.")


def test_of_a_judge_without_a_name_nobody_knows_whether_it_is_the_same(
    store: SqliteStore, book: Rulebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("responders.rejudging.judge_name", lambda _, _learned="": "")
    judge_again(store, book, judge="")
    assert "nobody can tell whether it was this one" in why(store, book).earlier


def test_the_same_judge_that_says_otherwise_saw_another_thread(store: SqliteStore, book: Rulebook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("responders.rejudging.judge_name", lambda _, _learned="": "0123456789ab")
    judge_again(store, book, judge="0123456789ab", informal=True)
    found = why(store, book)
    assert "with other posts around it than are stored now" in found.earlier
    assert found.differs == ("informal: then yes, today no",)


def test_a_storm_of_then_is_explained_too(store: SqliteStore, book: Rulebook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("responders.rejudging.judge_name", lambda _, _learned="": "0123456789ab")
    bare = judge_again(store, book, judge="0123456789ab", signals=())
    bare = judge_again(store, book, judge="0123456789ab")
    scoring = book.scoring.urgency
    crowd = scoring.model_copy(update={"signals": {**scoring.signals, "crowd": SignalSettings(points=5)}})
    seen = raised(bare, [Signal("crowd", 5, ("40 mentions within 1h",))], crowd)
    kept = judged.kept(bare, seen)
    store.write(lambda tx: tx.run("UPDATE decisions SET raised = :raised WHERE post_id = 'p1'", raised=kept))
    assert "crowd (40 mentions within 1h)" in [step.rule for step in why(store, book).found.urgency.steps]


def test_a_post_whose_words_are_gone_has_no_reasons(store: SqliteStore, book: Rulebook) -> None:
    store.write(lambda tx: tx.run("UPDATE posts SET text = '' WHERE id = 'p1'"))
    assert of_case(store.read(), Assessor(book.scoring), cases.find(store.read(), "A-1")) is None


def test_show_tells_what_was_stored_and_asks_neither_judge_nor_rules(run: Program, store: SqliteStore, book: Rulebook) -> None:
    seen = judge_again(store, book, judge="ffffffffffff", sentiment=Sentiment(Mood.POSITIVE, 0.43, 0.83))
    run.rules.write_text("version: 2", encoding="utf-8")
    shown = run("show", "A-1").out
    assert "   mood positive +0.43, 83 % sure · complaint" in shown
    assert all(
        f"   {one.name} {', '.join(repr(words) for words in one.because)} +{one.points}".replace("'", '"') in shown for one in seen.signals
    )
    assert 'because signals are money ("charged me twice")' in shown
    assert "what each word weighs, and why no other route took it: earnest explain A-1" in shown
    store.write(lambda tx: tx.run("UPDATE posts SET text = '', deleted_at = :at WHERE id = 'p1'", at="2026-11-21T09:00:00.000000Z"))
    assert "what each word weighs" not in run("show", "A-1").out


def test_explain_says_before_the_reasons_that_another_judged(run: Program) -> None:
    shown = run("explain", "A-1").out
    assert shown.index(EARLIER) < shown.index("mood: then negative") < shown.index("Mood: ")
    found = run("explain", "A-1", "--json").object["why"]
    assert (found["same_judge"], EARLIER in found["earlier"]) == (False, True)
    assert any(line.startswith("urgency: then critical 90, today ") for line in found["differs"])


def test_the_review_shows_the_words_that_weigh_most_only_of_its_own_judge(
    store: SqliteStore, book: Rulebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("responders.rejudging.judge_name", lambda _, _learned="": "0123456789ab")

    def around() -> Pile:
        pile = Pile(store, book, lambda: THEN, channel_kind, me="jo", filters=Filters())
        pile.refresh()
        assert pile.current
        assert pile.current.case.name == "A-1"
        return pile

    assert around().around("").strongest == ()
    judge_again(store, book, judge="0123456789ab")
    pile = around()
    assert pile.around("").strongest[0] in "@acme charged me twice and support ignores me"
    assert pile.reasons() is pile.reasons()
    assert pile.current
    page = plain(pages.why(pile.current, pile.decision(), 80, pile.reasons()))
    assert "Mood: negative -" in page
    assert "│" in page
    assert "earlier judge" not in page
